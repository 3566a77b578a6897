//! Chats: listed, read, put away, kept on top, silenced, emptied, deleted; and who types in them.

use openwa_core::Gateway;
use openwa_model::{
    Timestamp,
    chat::{Chat, ChatMark, Typing},
    contact::PersonIds,
    content::MessageKind,
    id::SessionId,
    jid::{ChatKind, Jid},
    store::Page,
};
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Path, Query},
};
use serde::Serialize;

use crate::{
    answer::{Answer, Shown},
    app::Tag,
    auth::{Caller, OneChat, Operator, Viewer},
    error::ApiError,
    input::Body,
    wire::{Nullable, SessionPath, Success, chat_of, longest_page, message_id},
    words::Word,
};

pub(crate) struct Chats(pub(crate) Gateway);

/// One chat.
#[derive(Object, Serialize)]
#[oai(rename = "Chat", rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChatSummary {
    /// Its id.
    id: String,
    /// The group's subject, the contact's name, or the number.
    name: String,
    /// Whether it is a group.
    is_group: bool,
    /// What sort of chat it is.
    kind: Word<ChatKind>,
    /// The phone number of the person it is with, digits only, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    /// The hidden id of the person it is with, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    lid: Option<String>,
    /// Messages not read yet.
    unread_count: u32,
    /// When the last message was sent, in seconds; 0 when there is none.
    timestamp: i64,
    /// The text of the last message.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_message: Option<String>,
    /// What the last message is.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_message_type: Option<Word<MessageKind>>,
    /// Whether it is put away.
    archived: bool,
    /// Whether it is kept on top.
    pinned: bool,
    /// Whether it is silent.
    muted: bool,
    /// Until when, in milliseconds; 0 is for good. Only when it is silent.
    #[serde(skip_serializing_if = "Option::is_none")]
    mute_expiration: Option<i64>,
}

impl ChatSummary {
    /// Chats of a session, each with both ids of whom it is with.
    pub(crate) async fn all(gateway: &Gateway, session: SessionId, chats: Vec<Chat>) -> Answer<Vec<Self>> {
        let now = gateway.now();
        let people = gateway.people(session, chats.iter().map(|it| &it.id)).await?;
        let summary = |it: Chat| {
            let ids = people.get(&it.id);
            Self::of(it, ids, now)
        };
        Ok(chats.into_iter().map(summary).collect())
    }

    fn of(chat: Chat, ids: Option<&PersonIds>, now: Timestamp) -> Self {
        let muted_until = chat.muted_until.filter(|it| *it > now);
        let for_good = |it: Timestamp| it == Timestamp::MAX;
        Self {
            name: chat.name.unwrap_or_else(|| chat.id.user().to_owned()),
            is_group: chat.id.is_group(),
            kind: Word(chat.id.kind()),
            phone: ids.and_then(|it| it.phone.as_ref()).map(|it| it.user().to_owned()),
            lid: ids.and_then(|it| it.lid.as_ref()).map(Jid::to_string),
            id: chat.id.to_string(),
            unread_count: chat.unread,
            timestamp: chat.last_at.map_or(0, Timestamp::as_second),
            last_message: chat.last_body,
            last_message_type: chat.last_kind.map(Word),
            archived: chat.archived,
            pinned: chat.pinned,
            muted: muted_until.is_some(),
            mute_expiration: muted_until.map(|it| if for_good(it) { 0 } else { it.as_millisecond() }),
        }
    }
}

/// What to mark as read.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct MarkChatRead {
    /// The chat.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    chat_id: String,
    /// These messages; all that are unread when absent.
    #[oai(validator(min_items = 1, max_items = 100))]
    message_ids: Option<Vec<String>>,
}

/// A chat to show as unread.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct MarkChatUnread {
    /// The chat.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    chat_id: String,
}

/// A chat to put away, or to take out again.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct ArchiveChat {
    /// The chat.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    chat_id: String,
    /// Whether it is put away.
    archive: bool,
}

/// A chat to keep on top, or no longer.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct PinChat {
    /// The chat.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    chat_id: String,
    /// Whether it is kept on top.
    pin: bool,
}

/// A chat to silence, or no longer.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct MuteChat {
    /// The chat.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    chat_id: String,
    /// Until when, in milliseconds; 0 is for good, null ends the silence.
    #[oai(validator(minimum(value = "0")))]
    mute_until: Nullable<i64>,
}

/// A chat to delete.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct DeleteChat {
    /// The chat.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    chat_id: String,
}

/// What the other side of a chat is shown.
#[derive(Enum, Clone, Copy)]
#[oai(rename = "TypingState", rename_all = "lowercase")]
pub(crate) enum TypingState {
    /// Somebody is typing.
    Typing,
    /// Somebody is recording a voice note.
    Recording,
    /// Neither any more.
    Paused,
}

/// What to show in which chat.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct SendTyping {
    /// The chat.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    chat_id: String,
    /// What is shown.
    state: TypingState,
}

#[OpenApi]
impl Chats {
    /// List chats
    ///
    /// The one with the newest message first. A key that is limited to some chats sees those.
    #[oai(path = "/sessions/:sessionId/chats", method = "get", operation_id = "listChats", tag = "Tag::Chats")]
    async fn list(
        &self,
        caller: Caller<Viewer, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// How many at most.
        #[oai(default = "longest_page", validator(minimum(value = "1"), maximum(value = "1000")))]
        limit: Query<u32>,
        /// How many to skip.
        #[oai(default)]
        offset: Query<u32>,
    ) -> Answer<Shown<Vec<ChatSummary>>> {
        let session = session.0.id()?;
        let chats = self.0.chats(session, Page { limit: limit.0, offset: offset.0 }).await?;
        let fence = caller.fence(&self.0, session).await?;
        let seen = chats.into_iter().filter(|it| fence.sees(&it.id)).collect();
        Ok(Shown(ChatSummary::all(&self.0, session, seen).await?))
    }

    /// Mark a chat as read
    ///
    /// All that is unread, or some messages only; senders see it unless the account hides it.
    #[oai(path = "/sessions/:sessionId/chats/read", method = "post", operation_id = "markChatRead", tag = "Tag::Chats")]
    async fn read(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<MarkChatRead>,
    ) -> Answer<Shown<Success>> {
        let MarkChatRead { chat_id, message_ids } = body.value;
        let (session, chat) = (session.0.id()?, chat_of(&chat_id)?);
        caller.may_use(&self.0, session, &chat).await?;
        let one = |it: &String| message_id("each value in messageIds", it);
        let ids = message_ids.map(|ids| ids.iter().map(one).collect::<Result<Vec<_>, _>>()).transpose()?;
        self.0.mark_chat_read(session, &chat, ids.as_deref()).await?;
        Ok(Shown(Success::DONE))
    }

    /// Mark a chat as unread
    ///
    /// On all devices of this account; the other side sees nothing of it.
    #[oai(
        path = "/sessions/:sessionId/chats/unread",
        method = "post",
        operation_id = "markChatUnread",
        tag = "Tag::Chats"
    )]
    async fn unread(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<MarkChatUnread>,
    ) -> Answer<Shown<Success>> {
        let (session, chat) = (session.0.id()?, chat_of(&body.value.chat_id)?);
        caller.may_use(&self.0, session, &chat).await?;
        self.0.mark_chat_unread(session, &chat).await?;
        Ok(Shown(Success::DONE))
    }

    /// Archive a chat
    ///
    /// Puts it away on all devices of this account, or takes it out again.
    #[oai(
        path = "/sessions/:sessionId/chats/archive",
        method = "post",
        operation_id = "archiveChat",
        tag = "Tag::Chats"
    )]
    async fn archive(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<ArchiveChat>,
    ) -> Answer<Shown<Success>> {
        let (session, chat) = (session.0.id()?, chat_of(&body.value.chat_id)?);
        caller.may_use(&self.0, session, &chat).await?;
        let success = self.0.mark_chat(session, &chat, ChatMark::Archived(body.value.archive)).await?;
        Ok(Shown(Success { success }))
    }

    /// Pin a chat
    ///
    /// Keeps it on top on all devices of this account, or no longer. WhatsApp keeps three chats on top; for a fourth
    /// the answer is `success: false`, and nothing changes.
    #[oai(path = "/sessions/:sessionId/chats/pin", method = "post", operation_id = "pinChat", tag = "Tag::Chats")]
    async fn pin(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<PinChat>,
    ) -> Answer<Shown<Success>> {
        let (session, chat) = (session.0.id()?, chat_of(&body.value.chat_id)?);
        caller.may_use(&self.0, session, &chat).await?;
        let success = self.0.mark_chat(session, &chat, ChatMark::Pinned(body.value.pin)).await?;
        Ok(Shown(Success { success }))
    }

    /// Mute a chat
    ///
    /// Silences it on all devices of this account until a time, for good, or no longer.
    #[oai(path = "/sessions/:sessionId/chats/mute", method = "post", operation_id = "muteChat", tag = "Tag::Chats")]
    async fn mute(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<MuteChat>,
    ) -> Answer<Shown<Success>> {
        let (session, chat) = (session.0.id()?, chat_of(&body.value.chat_id)?);
        caller.may_use(&self.0, session, &chat).await?;
        let until = body.value.mute_until.0.map(|it| end_of_silence(it, self.0.now())).transpose()?;
        let success = self.0.mark_chat(session, &chat, ChatMark::MutedUntil(until)).await?;
        Ok(Shown(Success { success }))
    }

    /// Delete a chat
    ///
    /// With its messages, on all devices of this account. The other side keeps everything.
    #[oai(path = "/sessions/:sessionId/chats/delete", method = "post", operation_id = "deleteChat", tag = "Tag::Chats")]
    async fn delete(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<DeleteChat>,
    ) -> Answer<Shown<Success>> {
        let (session, chat) = (session.0.id()?, chat_of(&body.value.chat_id)?);
        caller.may_use(&self.0, session, &chat).await?;
        self.0.delete_chat(session, &chat).await?;
        Ok(Shown(Success::DONE))
    }

    /// Clear the messages of a chat
    ///
    /// On all devices of this account; the chat stays, and the other side keeps everything.
    #[oai(
        path = "/sessions/:sessionId/chats/:chatId/messages",
        method = "delete",
        operation_id = "clearChatMessages",
        tag = "Tag::Chats"
    )]
    async fn clear(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The chat.
        #[oai(name = "chatId")]
        chat_id: Path<String>,
    ) -> Answer<Shown<Success>> {
        let (session, chat) = (session.0.id()?, chat_of(&chat_id.0)?);
        caller.may_use(&self.0, session, &chat).await?;
        self.0.clear_chat(session, &chat).await?;
        Ok(Shown(Success::DONE))
    }

    /// Show that somebody is typing
    ///
    /// The other side sees it for some seconds, or until `paused`. WhatsApp shows it only while this account is on line.
    #[oai(path = "/sessions/:sessionId/chats/typing", method = "post", operation_id = "sendTyping", tag = "Tag::Chats")]
    async fn typing(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<SendTyping>,
    ) -> Answer<Shown<Success>> {
        let (session, chat) = (session.0.id()?, chat_of(&body.value.chat_id)?);
        caller.may_use(&self.0, session, &chat).await?;
        let state = match body.value.state {
            TypingState::Typing => Typing::Composing,
            TypingState::Recording => Typing::Recording,
            TypingState::Paused => Typing::Paused,
        };
        self.0.send_typing(session, &chat, state).await?;
        Ok(Shown(Success::DONE))
    }
}

/// When a silence ends; 0 is never.
fn end_of_silence(millis: i64, now: Timestamp) -> Answer<Timestamp> {
    if millis == 0 {
        return Ok(Timestamp::MAX);
    }
    let until = Timestamp::from_millisecond(millis).map_err(|_| ApiError::invalid("muteUntil is out of range"))?;
    if until <= now {
        return Err(ApiError::invalid("muteUntil must be in the future; null ends the silence"));
    }
    Ok(until)
}

#[cfg(test)]
mod tests {
    use openwa_model::id::SessionId;
    use poem_openapi::types::ToJSON;

    use super::*;

    fn chat(muted_until: Option<Timestamp>) -> Chat {
        Chat {
            session: SessionId(uuid::Uuid::nil()),
            id: Jid::phone("15550000001"),
            name: None,
            unread: 2,
            last_at: Some(Timestamp::UNIX_EPOCH),
            last_body: Some("hi".into()),
            last_kind: Some(MessageKind::Text),
            archived: false,
            pinned: true,
            muted_until,
        }
    }

    #[test]
    fn silence_ends_and_is_told_in_milliseconds() {
        let now = Timestamp::from_second(100).unwrap();
        let until = |seconds| Some(Timestamp::from_second(seconds).unwrap());
        for (muted_until, muted, expiration) in [
            (None, false, None),
            (until(99), false, None),
            (until(101), true, Some(101_000)),
            (Some(Timestamp::MAX), true, Some(0)),
        ] {
            let summary = ChatSummary::of(chat(muted_until), None, now);
            assert_eq!((summary.muted, summary.mute_expiration), (muted, expiration), "{muted_until:?}");
            assert_eq!(summary.name, "15550000001");
        }
    }

    #[test]
    fn a_silence_ends_in_the_future_or_never() {
        let now = Timestamp::from_second(100).unwrap();
        for (millis, until) in [
            (0, Some(Timestamp::MAX)),
            (100_001, Timestamp::from_millisecond(100_001).ok()),
            (100_000, None),
            (i64::MAX, None),
        ] {
            assert_eq!(end_of_silence(millis, now).ok(), until, "{millis}");
        }
    }

    #[test]
    fn both_ways_of_writing_a_chat_agree() {
        let summary = ChatSummary::of(chat(None), None, Timestamp::UNIX_EPOCH);
        assert_eq!(summary.to_json().unwrap(), serde_json::to_value(&summary).unwrap());
    }
}
