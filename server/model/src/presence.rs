//! Who is there and who types. It is heard and forgotten: nothing of it is stored but the event.

use jiff::Timestamp;

use crate::jid::Jid;

/// What a person is seen to be doing, in the contract's words.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PresenceState {
    /// On line.
    Available,
    /// Not on line.
    Unavailable,
    /// Typing.
    Composing,
    /// Recording a voice note.
    Recording,
    /// Neither any more.
    Paused,
}

impl PresenceState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Available, Self::Unavailable, Self::Composing, Self::Recording, Self::Paused];

    /// The contract's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Unavailable => "unavailable",
            Self::Composing => "composing",
            Self::Recording => "recording",
            Self::Paused => "paused",
        }
    }
}

/// What was heard of one person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PresenceHeard {
    /// The chat; the person, in a private one.
    pub chat: Jid,
    /// The person.
    pub participant: Jid,
    /// What the person is doing.
    pub state: PresenceState,
    /// When the person was last on line, where it is told.
    pub last_seen: Option<Timestamp>,
}

/// What was last heard of the people of a chat.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChatPresence {
    /// The chat.
    pub chat: Jid,
    /// The people, who was heard of last at the end.
    pub participants: Vec<ParticipantPresence>,
    /// When anything was heard last.
    pub observed_at: Timestamp,
}

/// What was last heard of one person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParticipantPresence {
    /// The person, by phone number where it is known.
    pub id: Jid,
    /// What the person is doing.
    pub state: PresenceState,
    /// When the person was last on line, where it was told.
    pub last_seen: Option<Timestamp>,
}
