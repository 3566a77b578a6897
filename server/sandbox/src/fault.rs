//! Faults on demand: what goes wrong on this network because a test asked for it.
//!
//! [`Faults`] is the list of what is switched on. The network asks it at the places where things
//! can go wrong: at login, before a stanza is written, when a client sends, when media is fetched.
//! What must strike a live link at once (a dropped link, a ban) is also announced to whoever
//! [subscribed](Faults::strikes).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::broadcast;
use wacore_binary::Node;

use crate::link::Link;

/// More than a test needs; a list that grows without end is a mistake of its author.
const MOST_FAULTS: usize = 1_000;

/// One thing that goes wrong. A `number` of `None` means every account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Closes the live sockets of the account's linked devices, once and at once.
    DropLink { number: Option<String> },
    /// Answers logins with `<failure reason="503">` until then.
    RefuseLogins { number: Option<String>, until: SystemTime },
    /// Holds every stanza to the account's devices back for so long.
    DelayStanzas { number: Option<String>, delay: Duration },
    /// Writes every message, receipt and notification twice.
    DuplicateStanzas { number: Option<String> },
    /// Swaps neighbouring messages, receipts and notifications.
    ReorderStanzas { number: Option<String> },
    /// Answers the next sends with `<ack class="message" error="code">` and delivers nothing.
    NackNextSends { number: Option<String>, code: u16, count: u32 },
    /// Accepts and delivers the next sends, and answers them with `<ack class="message" error="code">` when this is
    /// switched off: by then, senders know that they were accepted.
    NackLater { number: Option<String>, code: u16, count: u32 },
    /// Says the hidden id alone of whoever writes to the account: nothing names a number.
    HideNumbers { number: Option<String> },
    /// Forgets the messages that waited for the account's linked devices when these come back.
    LoseOffline { number: Option<String> },
    /// Throws the account out: `<failure reason="402" code expire>` at login, a stream error on
    /// a live link. `expire` is how long the ban still lasts; `None` is for good.
    Ban { number: String, code: u16, until: Option<SystemTime> },
    /// The account may not write to people it does not know: its sends are nacked with 463.
    Restrict { number: String },
    /// Media uploaded before this moment is gone: downloads answer 410.
    ExpireMedia { before: SystemTime },
}

/// What happens to a live link right away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Strike {
    /// The socket is closed without a word.
    Drop { number: Option<String> },
    /// The account is thrown out with `<stream:error>`.
    Ban { number: String, code: u16 },
}

impl Strike {
    /// Whether the link of this account is meant.
    pub fn hits(&self, account: &str) -> bool {
        match self {
            Self::Drop { number } => number.as_deref().is_none_or(|number| number == account),
            Self::Ban { number, .. } => number == account,
        }
    }
}

/// Why a login is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginRefusal {
    /// `<failure reason="503">`: try again later.
    Unavailable,
    /// `<failure reason="402" code=… expire=…>`; `None` lasts for good.
    Banned { code: u16, expire: Option<Duration> },
}

/// What happens to the stanzas written to one account's devices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StanzaFaults {
    pub delay: Option<Duration>,
    pub duplicate: bool,
    pub reorder: bool,
}

/// A fault that is switched on, with the id by which it is switched off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveFault {
    pub id: u64,
    pub fault: Fault,
}

/// There are too many faults at once.
#[derive(Debug, thiserror::Error)]
#[error("{MOST_FAULTS} faults are already switched on. Clear them first with DELETE /sandbox/faults.")]
pub struct TooManyFaults;

/// What becomes of a send that was accepted, as soon as the fault is switched off.
#[derive(Debug)]
struct LateNack {
    fault: u64,
    sender: Link,
    nack: Node,
}

impl LateNack {
    fn tell(self) {
        self.sender.send(self.nack);
    }
}

#[derive(Debug, Default)]
struct Switched {
    next: u64,
    on: Vec<ActiveFault>,
    late: Vec<LateNack>,
}

/// The list of what is switched on. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Faults {
    switched: Arc<Mutex<Switched>>,
    strikes: broadcast::Sender<Strike>,
}

impl Default for Faults {
    fn default() -> Self {
        Self { switched: Arc::default(), strikes: broadcast::channel(64).0 }
    }
}

impl Faults {
    /// Switches a fault on. A dropped link happens at once and does not stay in the list.
    pub fn add(&self, fault: Fault) -> Result<ActiveFault, TooManyFaults> {
        let mut switched = self.lock();
        if switched.on.len() >= MOST_FAULTS {
            return Err(TooManyFaults);
        }
        switched.next += 1;
        let active = ActiveFault { id: switched.next, fault };
        let strike = match &active.fault {
            Fault::DropLink { number } => Some(Strike::Drop { number: number.clone() }),
            Fault::Ban { number, code, .. } => Some(Strike::Ban { number: number.clone(), code: *code }),
            _ => None,
        };
        if !matches!(active.fault, Fault::DropLink { .. }) {
            switched.on.push(active.clone());
        }
        drop(switched);
        if let Some(strike) = strike {
            // Nobody listening means that no link is up, which is what was wanted.
            let _ = self.strikes.send(strike);
        }
        Ok(active)
    }

    /// What is switched on, oldest first.
    pub fn list(&self) -> Vec<ActiveFault> {
        self.lock().on.clone()
    }

    /// Switches one fault off; says whether it was on.
    pub fn remove(&self, id: u64) -> bool {
        let mut switched = self.lock();
        let before = switched.on.len();
        switched.on.retain(|active| active.id != id);
        switched.late.extract_if(.., |late| late.fault == id).for_each(LateNack::tell);
        switched.on.len() != before
    }

    /// Switches everything off.
    pub fn clear(&self) {
        let mut switched = self.lock();
        switched.on.clear();
        switched.late.drain(..).for_each(LateNack::tell);
    }

    /// What strikes live links from now on. A receiver that lags has missed a strike that may
    /// have been meant for it.
    pub fn strikes(&self) -> broadcast::Receiver<Strike> {
        self.strikes.subscribe()
    }

    /// Whether this account may not log in now.
    pub fn login_refusal(&self, account: &str, now: SystemTime) -> Option<LoginRefusal> {
        let mut switched = self.lock();
        switched.on.retain(|active| !is_over(&active.fault, now));
        switched.on.iter().find_map(|active| match &active.fault {
            Fault::RefuseLogins { number, .. } if meant(number, account) => Some(LoginRefusal::Unavailable),
            Fault::Ban { number, code, until } if number == account => Some(LoginRefusal::Banned {
                code: *code,
                expire: until.map(|until| until.duration_since(now).unwrap_or_default()),
            }),
            _ => None,
        })
    }

    /// What happens to the stanzas written to this account's devices.
    pub fn stanzas(&self, account: &str) -> StanzaFaults {
        let mut found = StanzaFaults::default();
        for active in &self.lock().on {
            match &active.fault {
                Fault::DelayStanzas { number, delay } if meant(number, account) => {
                    found.delay = found.delay.max(Some(*delay));
                }
                Fault::DuplicateStanzas { number } if meant(number, account) => {
                    found.duplicate = true;
                }
                Fault::ReorderStanzas { number } if meant(number, account) => found.reorder = true,
                _ => {}
            }
        }
        found
    }

    /// The code with which the send in hand is nacked, if it is. Counts it.
    pub fn take_nack(&self, account: &str) -> Option<u16> {
        let mut switched = self.lock();
        let index = switched.on.iter().position(
            |active| matches!(&active.fault, Fault::NackNextSends { number, .. } if meant(number, account)),
        )?;
        let Fault::NackNextSends { code, count, .. } = &mut switched.on[index].fault else {
            return None;
        };
        let code = *code;
        *count = count.saturating_sub(1);
        if *count == 0 {
            switched.on.remove(index);
        }
        Some(code)
    }

    /// Keeps the nack of the send in hand, which was accepted, until the fault is switched off, if there is one.
    /// Counts it.
    pub(crate) fn nack_later(&self, account: &str, sender: &Link, nack: impl FnOnce(u16) -> Node) {
        let mut switched = self.lock();
        let Switched { on, late, .. } = &mut *switched;
        let is_meant = |fault: &Fault| match fault {
            Fault::NackLater { number, count, .. } => *count > 0 && meant(number, account),
            _ => false,
        };
        if let Some(active) = on.iter_mut().find(|active| is_meant(&active.fault))
            && let Fault::NackLater { code, count, .. } = &mut active.fault
        {
            *count -= 1;
            late.push(LateNack { fault: active.id, sender: sender.clone(), nack: nack(*code) });
        }
    }

    /// Whether this account is told hidden ids alone.
    pub fn hides_numbers(&self, account: &str) -> bool {
        let hides =
            |active: &ActiveFault| matches!(&active.fault, Fault::HideNumbers { number } if meant(number, account));
        self.lock().on.iter().any(hides)
    }

    /// Whether what waited for this account's linked devices is forgotten when they come back.
    pub fn loses_offline(&self, account: &str) -> bool {
        let loses =
            |active: &ActiveFault| matches!(&active.fault, Fault::LoseOffline { number } if meant(number, account));
        self.lock().on.iter().any(loses)
    }

    /// Whether this account may write only to people it knows.
    pub fn is_restricted(&self, account: &str) -> bool {
        self.lock().on.iter().any(|active| matches!(&active.fault, Fault::Restrict { number } if number == account))
    }

    /// Whether media uploaded at that moment counts as gone.
    pub fn is_media_expired(&self, uploaded: SystemTime) -> bool {
        self.lock().on.iter().any(|active| matches!(&active.fault, Fault::ExpireMedia { before } if uploaded < *before))
    }

    fn lock(&self) -> MutexGuard<'_, Switched> {
        // The list is whole at every point where a holder could panic.
        self.switched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn meant(number: &Option<String>, account: &str) -> bool {
    number.as_deref().is_none_or(|number| number == account)
}

fn is_over(fault: &Fault, now: SystemTime) -> bool {
    match fault {
        Fault::RefuseLogins { until, .. } | Fault::Ban { until: Some(until), .. } => *until <= now,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use wacore_binary::builder::NodeBuilder;

    use super::*;
    use crate::link::Outbound;
    use crate::stanza;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_refusal_ends_by_itself_and_is_meant_for_one_account() {
        let faults = Faults::default();
        faults.add(Fault::RefuseLogins { number: Some("1".into()), until: at(10) }).unwrap();
        assert_eq!(faults.login_refusal("1", at(9)), Some(LoginRefusal::Unavailable));
        assert_eq!(faults.login_refusal("2", at(9)), None);
        assert_eq!(faults.login_refusal("1", at(10)), None);
        assert!(faults.list().is_empty());
    }

    #[test]
    fn a_ban_says_how_long_it_lasts_and_strikes_the_live_link() {
        let faults = Faults::default();
        let mut strikes = faults.strikes();
        faults.add(Fault::Ban { number: "1".into(), code: 101, until: Some(at(100)) }).unwrap();
        assert_eq!(
            faults.login_refusal("1", at(40)),
            Some(LoginRefusal::Banned { code: 101, expire: Some(Duration::from_secs(60)) })
        );
        let strike = strikes.try_recv().unwrap();
        assert!(strike.hits("1"));
        assert!(!strike.hits("2"));
    }

    #[test]
    fn a_dropped_link_happens_once_and_does_not_stay() {
        let faults = Faults::default();
        let mut strikes = faults.strikes();
        faults.add(Fault::DropLink { number: None }).unwrap();
        assert!(strikes.try_recv().unwrap().hits("any"));
        assert!(faults.list().is_empty());
    }

    #[test]
    fn nacks_are_counted_down() {
        let faults = Faults::default();
        faults.add(Fault::NackNextSends { number: None, code: 463, count: 2 }).unwrap();
        assert_eq!(faults.take_nack("1"), Some(463));
        assert_eq!(faults.take_nack("2"), Some(463));
        assert_eq!(faults.take_nack("1"), None);
    }

    #[test]
    fn later_nacks_are_counted_for_themselves_and_told_when_that_is_switched_off() {
        let faults = Faults::default();
        let (link, mut reader) = Link::new(1);
        let nack = |code: u16| NodeBuilder::new("ack").attr("error", code).build();
        let later = faults.add(Fault::NackLater { number: Some("1".into()), code: 479, count: 1 }).unwrap();
        assert_eq!(faults.take_nack("1"), None);
        for account in ["2", "1", "1"] {
            faults.nack_later(account, &link, nack);
        }
        assert!(reader.try_recv().is_none());
        assert!(faults.remove(later.id));
        let told = reader.try_recv();
        assert!(matches!(told, Some(Outbound::Stanza(node)) if stanza::is(&node, "error", "479")));
        assert!(reader.try_recv().is_none());
    }

    #[test]
    fn stanza_faults_add_up_and_can_be_switched_off() {
        let faults = Faults::default();
        let delay = faults.add(Fault::DelayStanzas { number: None, delay: Duration::from_millis(5) }).unwrap();
        faults.add(Fault::DuplicateStanzas { number: Some("1".into()) }).unwrap();
        assert_eq!(
            faults.stanzas("1"),
            StanzaFaults { delay: Some(Duration::from_millis(5)), duplicate: true, reorder: false }
        );
        assert!(!faults.stanzas("2").duplicate);
        assert!(faults.remove(delay.id));
        assert!(!faults.remove(delay.id));
        assert_eq!(faults.stanzas("2"), StanzaFaults::default());
        faults.clear();
        assert_eq!(faults.stanzas("1"), StanzaFaults::default());
    }

    #[test]
    fn a_lost_queue_is_meant_for_one_account() {
        let faults = Faults::default();
        let lost = faults.add(Fault::LoseOffline { number: Some("1".into()) }).unwrap();
        assert!(faults.loses_offline("1"));
        assert!(!faults.loses_offline("2"));
        assert!(faults.remove(lost.id));
        assert!(!faults.loses_offline("1"));
    }

    #[test]
    fn media_expires_by_the_moment_of_its_upload() {
        let faults = Faults::default();
        faults.add(Fault::ExpireMedia { before: at(50) }).unwrap();
        assert!(faults.is_media_expired(at(49)));
        assert!(!faults.is_media_expired(at(50)));
    }
}
