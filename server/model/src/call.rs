//! Calls, as far as a gateway takes part in them: it hears them ring, and may reject them.

use jiff::Timestamp;

use crate::jid::Jid;

/// A call that rings, or how one ended that rang.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallHeard {
    /// Its id.
    pub id: String,
    /// Who calls.
    pub from: Jid,
    /// Whether it is a video call.
    pub is_video: bool,
    /// Whether more than two are to take part.
    pub is_group: bool,
    /// How it ended; `None` while it rings.
    pub outcome: Option<CallOutcome>,
    /// When that was.
    pub at: Timestamp,
}

/// How a call ended for this account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallOutcome {
    /// It was taken on another device of this account.
    Accepted,
    /// It was rejected, here or on another device of this account.
    Rejected,
    /// The other side gave up.
    Missed,
}

impl CallOutcome {
    /// The contract's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Missed => "missed",
        }
    }
}

/// What a call link is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallMedia {
    /// Sound.
    Audio,
    /// Sound and picture.
    Video,
}
