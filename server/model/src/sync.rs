//! Asking the phone for what was said before this gateway was linked, or while it did not hear.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    id::{MessageId, SessionId},
    jid::Jid,
};

/// How it stands about one session. Chats are asked about in runs; there is one at a time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HistorySync {
    /// The session.
    pub session: SessionId,
    /// When its link was last known to be up.
    pub seen_at: Option<Timestamp>,
    /// Since when nothing was heard, while it is still to be looked at what passed.
    pub gap_since: Option<Timestamp>,
    /// The number of the last run, from 1.
    pub run: u32,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How many messages it may still be told.
    pub room: u32,
    /// How many messages it stored that were not here.
    pub stored: u32,
    /// What went wrong last in it.
    pub last_error: Option<String>,
}

impl HistorySync {
    /// Nothing is known.
    pub const fn of(session: SessionId) -> Self {
        Self {
            session,
            seen_at: None,
            gap_since: None,
            run: 0,
            started_at: None,
            ended_at: None,
            room: 0,
            stored: 0,
            last_error: None,
        }
    }
}

/// One chat of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyncChat {
    /// The session.
    pub session: SessionId,
    /// The chat.
    pub chat: Jid,
    /// How many messages are still wanted.
    pub wanted: u32,
    /// Not further back than until something that was sent before this came; `None` is as far as it goes.
    pub until: Option<Timestamp>,
    /// What is wanted comes before this message; `None` is from the newest on.
    pub before: Option<SyncCursor>,
    /// How often it was asked about in vain, in a row.
    pub attempts: u32,
    /// When it is to be asked about; `None` when nothing is left to ask.
    pub due_at: Option<Timestamp>,
}

/// The message to go on from. Stored as JSON: what is added needs a default.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SyncCursor {
    /// Its id.
    pub id: MessageId,
    /// Who sent it.
    pub sender: Jid,
    /// Whether this account sent it.
    pub from_me: bool,
    /// When it was sent.
    pub sent_at: Timestamp,
}

/// The chats of a run, counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SyncProgress {
    /// Of which nothing is left to ask.
    pub done: u32,
    /// Still to be asked about.
    pub left: u32,
    /// When the next of them is.
    pub next_at: Option<Timestamp>,
}

/// Whether anything is being asked.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SyncState {
    /// Nothing is left to ask.
    Idle,
    /// The phone is being asked.
    Running,
    /// Something is left, and waits for the link or for a phone that did not answer.
    Waiting,
}

impl SyncState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Idle, Self::Running, Self::Waiting];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Running => "running",
            Self::Waiting => "waiting",
        }
    }

    /// The state where so many chats are left, of which the next is due then.
    pub fn of(progress: &SyncProgress, is_ready: bool, now: Timestamp) -> Self {
        match progress.next_at {
            None => Self::Idle,
            Some(due) if is_ready && due <= now => Self::Running,
            Some(_) => Self::Waiting,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_waits_for_link_and_time() {
        let now = Timestamp::UNIX_EPOCH;
        let later = Timestamp::from_second(60).unwrap();
        for (next_at, is_ready, state) in [
            (None, true, SyncState::Idle),
            (Some(now), true, SyncState::Running),
            (Some(now), false, SyncState::Waiting),
            (Some(later), true, SyncState::Waiting),
        ] {
            let progress = SyncProgress { next_at, ..SyncProgress::default() };
            assert_eq!(SyncState::of(&progress, is_ready, now), state, "{next_at:?} {is_ready}");
        }
    }

    #[test]
    fn what_an_older_release_stored_is_read() {
        let text = r#"{"id":"3EB0AA","sender":"15550000001@c.us","from_me":false,"sent_at":"2026-10-03T10:00:00Z"}"#;
        let cursor: SyncCursor = serde_json::from_str(text).unwrap();
        assert_eq!((cursor.id.as_str(), cursor.sender), ("3EB0AA", Jid::phone("15550000001")));
    }
}
