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

/// How a chat is kept in the list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChatMark {
    /// Put away, or not.
    Archived(bool),
    /// Kept on top, or not.
    Pinned(bool),
    /// Silent until then; `None` is not silent, the far end of time is for good.
    MutedUntil(Option<Timestamp>),
}

/// What was done to a chat on another device of this account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChatChanged {
    /// The chat.
    pub chat: Jid,
    /// What.
    pub change: ChatChange,
}

/// See [`ChatChanged`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChatChange {
    /// It is kept differently in the list.
    Marked(ChatMark),
    /// It is shown as unread.
    Unread,
    /// All that was sent until then was read.
    ReadUpTo(Timestamp),
    /// All that was sent until then was deleted.
    ClearedUpTo(Timestamp),
    /// The chat was deleted, with all that was sent until then.
    DeletedUpTo(Timestamp),
}

/// What somebody shows to be doing in a chat.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Typing {
    /// Typing.
    Composing,
    /// Recording a voice note.
    Recording,
    /// Neither any more.
    Paused,
}
