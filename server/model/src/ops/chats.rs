//! What can be asked about chats.

use jiff::Timestamp;

use super::MessageRef;
use crate::{chat::Typing, jid::Jid};

/// The newest message of a chat, by which other devices know up to where a change of the chat reaches.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewestMessage {
    /// The message.
    pub message: MessageRef,
    /// When it was sent.
    pub timestamp: Timestamp,
}

/// See [`super::Op::FetchHistory`]. Answers what the phone told, oldest first.
#[derive(Clone, Debug)]
pub struct FetchHistory {
    /// The chat.
    pub chat: Jid,
    /// The message that follows on what is wanted.
    pub before: MessageRef,
    /// When that was sent.
    pub sent_at: Timestamp,
    /// How many messages at most.
    pub count: u32,
}

/// See [`super::Op::StarMessage`].
#[derive(Clone, Debug)]
pub struct StarMessage {
    /// The message.
    pub target: MessageRef,
    /// Whether it has a star.
    pub starred: bool,
}

/// See [`super::Op::PinMessage`].
#[derive(Clone, Debug)]
pub struct PinMessage {
    /// The message.
    pub target: MessageRef,
    /// For how long, in seconds.
    pub seconds: u32,
}

/// See [`super::Op::UnpinMessage`].
#[derive(Clone, Debug)]
pub struct UnpinMessage {
    /// The message.
    pub target: MessageRef,
}

/// See [`super::Op::SetChatUnread`].
#[derive(Clone, Debug)]
pub struct SetChatUnread {
    /// The chat.
    pub chat: Jid,
    /// Whether it is shown as unread.
    pub unread: bool,
    /// Its newest message, where there is one.
    pub newest: Option<NewestMessage>,
}

/// See [`super::Op::ArchiveChat`].
#[derive(Clone, Debug)]
pub struct ArchiveChat {
    /// The chat.
    pub chat: Jid,
    /// Whether it is put away.
    pub archived: bool,
    /// Its newest message, where there is one.
    pub newest: Option<NewestMessage>,
}

/// See [`super::Op::PinChat`].
#[derive(Clone, Debug)]
pub struct PinChat {
    /// The chat.
    pub chat: Jid,
    /// Whether it is kept on top.
    pub pinned: bool,
}

/// See [`super::Op::MuteChat`].
#[derive(Clone, Debug)]
pub struct MuteChat {
    /// The chat.
    pub chat: Jid,
    /// Until when; `None` ends the silence, the far end of time is for good.
    pub until: Option<Timestamp>,
}

/// See [`super::Op::ClearChat`].
#[derive(Clone, Debug)]
pub struct ClearChat {
    /// The chat.
    pub chat: Jid,
    /// Its newest message, where there is one.
    pub newest: Option<NewestMessage>,
}

/// See [`super::Op::DeleteChat`].
#[derive(Clone, Debug)]
pub struct DeleteChat {
    /// The chat.
    pub chat: Jid,
    /// Its newest message, where there is one.
    pub newest: Option<NewestMessage>,
}

/// See [`super::Op::SendTyping`].
#[derive(Clone, Debug)]
pub struct SendTyping {
    /// The chat.
    pub chat: Jid,
    /// What is shown.
    pub state: Typing,
}
