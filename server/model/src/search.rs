//! Finding messages by their words.

use jiff::Timestamp;

use crate::{content::MessageKind, id::SessionId, jid::Jid, message::Message};

/// Before a word that was found, in a [`Hit::snippet`].
pub const MARK_BEGIN: &str = "<mark>";
/// After it.
pub const MARK_END: &str = "</mark>";

/// What to look for, and where.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SearchFilter {
    /// The words; all of them have to be there, the last one may go on.
    pub text: String,
    /// In these sessions only.
    pub sessions: Option<Vec<SessionId>>,
    /// In these chats only.
    pub chats: Option<Vec<Jid>>,
    /// From this sender.
    pub sender: Option<Jid>,
    /// Sent by this account (`true`) or to it.
    pub from_me: Option<bool>,
    /// Of this kind.
    pub kind: Option<MessageKind>,
    /// Sent at or after.
    pub since: Option<Timestamp>,
    /// Sent at or before.
    pub until: Option<Timestamp>,
}

/// One message that was found.
#[derive(Clone, PartialEq, Debug)]
pub struct Hit {
    /// The message.
    pub message: Message,
    /// A piece of its text with the words marked.
    pub snippet: String,
    /// How well it fits; more is better.
    pub score: f64,
}
