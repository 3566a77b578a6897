//! Chats as they are kept.

use jiff::Timestamp;

use crate::{content::MessageKind, id::SessionId, jid::Jid};

/// One chat of a session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chat {
    /// The session.
    pub session: SessionId,
    /// The chat, by phone number where it is known.
    pub id: Jid,
    /// The group's subject or the contact's name.
    pub name: Option<String>,
    /// Messages not read yet.
    pub unread: u32,
    /// When the last message was sent.
    pub last_at: Option<Timestamp>,
    /// The text of the last message.
    pub last_body: Option<String>,
    /// What the last message is.
    pub last_kind: Option<MessageKind>,
    /// Put away.
    pub archived: bool,
    /// Kept on top.
    pub pinned: bool,
    /// Silent until then; the far end of time means for good.
    pub muted_until: Option<Timestamp>,
}

/// What a new message changes in its chat.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChatTouch {
    /// The chat; made when it is not there.
    pub id: Jid,
    /// A name, where one was learned; an older one stays otherwise.
    pub name: Option<String>,
    /// The time of the message; an older one changes nothing but the unread count.
    pub at: Timestamp,
    /// The text of the message.
    pub body: String,
    /// What the message is.
    pub kind: MessageKind,
    /// How many unread messages this adds.
    pub unread: u32,
}
