//! Chats: listed and marked as read.

use openwa_core::Gateway;
use openwa_model::{
    Timestamp,
    chat::Chat,
    contact::PersonIds,
    content::MessageKind,
    jid::{ChatKind, Jid},
    store::Page,
};
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
};
use serde::Serialize;

use crate::{
    answer::{Answer, Shown},
    app::Tag,
    auth::{Caller, OneChat, Operator, Viewer},
    input::Body,
    wire::{SessionPath, Success, chat_of, longest_page, message_id},
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
        let (session, now) = (session.0.id()?, self.0.now());
        let chats = self.0.chats(session, Page { limit: limit.0, offset: offset.0 }).await?;
        let fence = caller.fence(&self.0, session).await?;
        let seen: Vec<_> = chats.into_iter().filter(|it| fence.sees(&it.id)).collect();
        let people = self.0.people(session, seen.iter().map(|it| &it.id)).await?;
        let summary = |it: Chat| {
            let ids = people.get(&it.id);
            ChatSummary::of(it, ids, now)
        };
        Ok(Shown(seen.into_iter().map(summary).collect()))
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
    fn both_ways_of_writing_a_chat_agree() {
        let summary = ChatSummary::of(chat(None), None, Timestamp::UNIX_EPOCH);
        assert_eq!(summary.to_json().unwrap(), serde_json::to_value(&summary).unwrap());
    }
}
