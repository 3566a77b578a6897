//! Sessions, and what a session is doing as a pure machine: no I/O, no clock, so every path is a table test.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{engine::Exit, id::SessionId, login::Account};

/// The contract's session states.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Made, never started.
    Created,
    /// Started; the link is being set up.
    Initializing,
    /// A code waits to be scanned or typed.
    QrReady,
    /// The phone accepted the code; the account is being set up.
    Authenticating,
    /// Linked and on line.
    Ready,
    /// Stopped, or between two attempts to connect.
    Disconnected,
    /// A person has to do something: link again, or look at the account.
    ActionRequired,
    /// Gave up.
    Failed,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 8] = [
        Self::Created,
        Self::Initializing,
        Self::QrReady,
        Self::Authenticating,
        Self::Ready,
        Self::Disconnected,
        Self::ActionRequired,
        Self::Failed,
    ];

    /// The contract's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Initializing => "initializing",
            Self::QrReady => "qr_ready",
            Self::Authenticating => "authenticating",
            Self::Ready => "ready",
            Self::Disconnected => "disconnected",
            Self::ActionRequired => "action_required",
            Self::Failed => "failed",
        }
    }

    /// The status of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

/// What a person may set per session.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct SessionConfig {
    /// Whether incoming calls are refused.
    pub auto_reject_calls: bool,
    /// After how many failed attempts to reconnect the session is `failed`; `None` is never.
    pub max_reconnect_attempts: Option<u32>,
    /// The first wait before a reconnect, in milliseconds; `None` is the default of 5,000.
    pub reconnect_base_delay_ms: Option<u32>,
}

/// A limit that WhatsApp put on the account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Restriction {
    /// `reachout_timelock`, `tos_block` or `proxy_block`.
    pub kind: String,
    /// WhatsApp's code.
    pub code: u32,
    /// When it ends, where it was told.
    pub expires_at: Option<Timestamp>,
}

/// One session as it is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Its name; unique.
    pub name: String,
    /// Which engine runs it.
    pub engine: crate::engine::EngineKind,
    /// Whether it should run. What runs is kept equal to this.
    pub wanted: bool,
    /// What it is doing.
    pub status: Status,
    /// Why it is not ready, for a person.
    pub last_error: Option<String>,
    /// Who it is linked to.
    pub account: Option<Account>,
    /// What a person set.
    pub config: SessionConfig,
    /// The proxy it connects through, with credentials; never echoed.
    pub proxy: Option<String>,
    /// A limit that WhatsApp put on the account.
    pub restriction: Option<Restriction>,
    /// When it last became ready.
    pub connected_at: Option<Timestamp>,
    /// When something last happened on it.
    pub last_active: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the row last changed.
    pub updated_at: Timestamp,
}

/// How long to wait between attempts to connect.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Backoff {
    /// The first wait.
    pub base: Duration,
    /// The longest wait.
    pub cap: Duration,
    /// After how many attempts to give up; `None` is never.
    pub max_attempts: Option<u32>,
    /// How long a session must have been ready before the count starts anew.
    pub settled_after: Duration,
}

impl Backoff {
    /// The longest wait, whatever is set.
    pub const CAP: Duration = Duration::from_secs(300);

    /// What a session's configuration asks for.
    pub fn of(config: &SessionConfig) -> Self {
        let base = Duration::from_millis(config.reconnect_base_delay_ms.unwrap_or(5_000).into());
        Self {
            base,
            cap: Self::CAP,
            max_attempts: config.max_reconnect_attempts,
            settled_after: Duration::from_secs(300),
        }
    }

    /// The wait before attempt number `attempt` (from 1): doubling, capped, then 50 to 100 % of it by `fraction` (0 to 1).
    pub fn delay(&self, attempt: u32, fraction: f64) -> Duration {
        let doubled = self.base.saturating_mul(2u32.saturating_pow(attempt.saturating_sub(1).min(31)));
        doubled.min(self.cap).mul_f64(0.5 + fraction.clamp(0.0, 1.0) / 2.0)
    }
}

/// Where a running session stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Progress {
    /// What it is doing.
    pub status: Status,
    /// Failed attempts to connect in a row.
    pub attempts: u32,
    /// Since when it has been ready.
    pub ready_since: Option<Timestamp>,
    /// Why it is not ready, for a person.
    pub last_error: Option<String>,
}

/// What can happen to a running session.
#[derive(Clone, PartialEq, Debug)]
pub enum Input {
    /// Someone wants it to run, or its wait is over.
    Start,
    /// A code is shown, to be scanned or typed.
    CodeShown,
    /// The phone accepted the code.
    Linked,
    /// The link is up and the account is set up.
    Online,
    /// The link ended.
    Ended(Exit),
}

/// What has to be done about it.
#[derive(Clone, PartialEq, Debug)]
pub enum Effect {
    /// Set up the link.
    Open,
    /// Tell the world the status.
    Announce,
    /// Come back after this long; the attempt's number, from 1.
    ReconnectAfter(Duration, u32),
    /// The credentials are no good any more.
    WipeCredentials,
    /// It should not run any more.
    Unwant,
}

/// One step of the machine. `fraction` (0 to 1) spreads the waits of many sessions.
pub fn step(
    from: &Progress,
    input: Input,
    now: Timestamp,
    backoff: &Backoff,
    fraction: f64,
) -> (Progress, Vec<Effect>) {
    let to = |status, last_error| Progress { status, last_error, attempts: from.attempts, ready_since: None };
    match input {
        Input::Start => (to(Status::Initializing, None), vec![Effect::Open, Effect::Announce]),
        Input::CodeShown if from.status == Status::QrReady => (from.clone(), vec![]),
        Input::CodeShown => (to(Status::QrReady, None), vec![Effect::Announce]),
        Input::Linked => (to(Status::Authenticating, None), vec![Effect::Announce]),
        Input::Online if from.status == Status::Ready => (from.clone(), vec![]),
        Input::Online => (Progress { ready_since: Some(now), ..to(Status::Ready, None) }, vec![Effect::Announce]),
        Input::Ended(Exit::Stopped) => {
            (Progress { attempts: 0, ..to(Status::Disconnected, None) }, vec![Effect::Announce])
        }
        Input::Ended(Exit::Dropped(why)) => dropped(from, why, now, backoff, fraction),
        Input::Ended(Exit::HeldUntil(until, why)) => {
            let wait = until.duration_since(now).unsigned_abs().max(backoff.base);
            let held = Progress { attempts: from.attempts + 1, ..to(Status::Disconnected, Some(why)) };
            let attempt = held.attempts;
            (held, vec![Effect::Announce, Effect::ReconnectAfter(wait, attempt)])
        }
        Input::Ended(Exit::LoggedOut(why)) => {
            let gone = Progress { attempts: 0, ..to(Status::ActionRequired, Some(why)) };
            (gone, vec![Effect::WipeCredentials, Effect::Unwant, Effect::Announce])
        }
        Input::Ended(Exit::Barred(why)) => {
            let barred = Progress { attempts: 0, ..to(Status::ActionRequired, Some(why)) };
            (barred, vec![Effect::Unwant, Effect::Announce])
        }
    }
}

fn dropped(from: &Progress, why: String, now: Timestamp, backoff: &Backoff, fraction: f64) -> (Progress, Vec<Effect>) {
    let settled =
        from.ready_since.is_some_and(|since| now.duration_since(since).unsigned_abs() >= backoff.settled_after);
    let attempts = if settled { 1 } else { from.attempts + 1 };
    let next = |status| Progress { status, attempts, ready_since: None, last_error: Some(why) };
    if backoff.max_attempts.is_some_and(|max| attempts > max) {
        return (next(Status::Failed), vec![Effect::Unwant, Effect::Announce]);
    }
    let wait = backoff.delay(attempts, fraction);
    (next(Status::Disconnected), vec![Effect::Announce, Effect::ReconnectAfter(wait, attempts)])
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff {
        base: Duration::from_secs(5),
        cap: Duration::from_secs(300),
        max_attempts: Some(3),
        settled_after: Duration::from_secs(300),
    };

    fn at(status: Status, attempts: u32) -> Progress {
        Progress {
            status,
            attempts,
            ready_since: (status == Status::Ready).then_some(Timestamp::UNIX_EPOCH),
            last_error: None,
        }
    }

    fn after(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn a_dropped_link_waits_longer_each_time_and_gives_up() {
        let dropped = || Input::Ended(Exit::Dropped("eof".into()));
        let mut progress = at(Status::Ready, 0);
        for seconds in [5, 10, 20] {
            let (next, effects) = step(&progress, dropped(), after(1), &BACKOFF, 1.0);
            assert_eq!(next.status, Status::Disconnected);
            assert!(
                effects.contains(&Effect::ReconnectAfter(Duration::from_secs(seconds), next.attempts)),
                "{effects:?}"
            );
            progress = next;
        }
        let (next, effects) = step(&progress, dropped(), after(1), &BACKOFF, 1.0);
        assert_eq!((next.status, effects), (Status::Failed, vec![Effect::Unwant, Effect::Announce]));
    }

    #[test]
    fn only_five_minutes_of_being_ready_start_the_count_anew() {
        for (ready_for, attempts) in [(299, 4), (300, 1)] {
            let backoff = Backoff { max_attempts: None, ..BACKOFF };
            let (next, _) =
                step(&at(Status::Ready, 3), Input::Ended(Exit::Dropped("eof".into())), after(ready_for), &backoff, 0.0);
            assert_eq!(next.attempts, attempts);
        }
    }

    #[test]
    fn every_ending_leaves_every_state_for_its_own() {
        let endings = [
            (Exit::Stopped, Status::Disconnected),
            (Exit::Dropped("x".into()), Status::Disconnected),
            (Exit::HeldUntil(after(9), "x".into()), Status::Disconnected),
            (Exit::LoggedOut("x".into()), Status::ActionRequired),
            (Exit::Barred("x".into()), Status::ActionRequired),
        ];
        for status in Status::ALL {
            for (exit, then) in &endings {
                let (next, effects) = step(&at(status, 0), Input::Ended(exit.clone()), after(1), &BACKOFF, 0.0);
                assert_eq!(next.status, *then, "{status:?} {exit:?}");
                assert!(effects.contains(&Effect::Announce), "{status:?} {exit:?}");
                assert_eq!(effects.contains(&Effect::WipeCredentials), matches!(exit, Exit::LoggedOut(_)));
            }
        }
    }

    #[test]
    fn a_second_code_or_a_second_online_is_not_news() {
        for (status, input) in [(Status::QrReady, Input::CodeShown), (Status::Ready, Input::Online)] {
            let (next, effects) = step(&at(status, 0), input, after(1), &BACKOFF, 0.0);
            assert_eq!((next, effects), (at(status, 0), vec![]));
        }
    }

    #[test]
    fn the_wait_never_overflows() {
        assert_eq!(BACKOFF.delay(u32::MAX, 1.0), BACKOFF.cap);
    }
}
