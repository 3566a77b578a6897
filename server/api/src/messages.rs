//! Stored messages: listed, downloaded, reacted to, edited, deleted.

use openwa_core::Gateway;
use openwa_model::{
    Timestamp,
    content::{Media, MessageKind},
    id::RowId,
    store::{MessageFilter, Page},
};
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Path, Query},
};
use uuid::Uuid;

use crate::{
    answer::{Answer, SentMessage, Shown},
    app::Tag,
    auth::{Caller, OneChat, Operator, Viewer},
    error::ApiError,
    file_answer::FileAnswer,
    input::Body,
    message_records::{Direction, MessageList, MessageRecord, ReactionGroup, grouped},
    wire::{SessionPath, Success, chat_of, mentions_of, message_id},
    words::Word,
};

/// How many bytes of files one list may carry.
const INLINE_BUDGET_BYTES: u64 = 8 * 1024 * 1024;

pub(crate) struct Messages(pub(crate) Gateway);

/// The order of a list of messages.
#[derive(Enum, Clone, Copy, PartialEq, Debug)]
#[oai(rename = "MessageOrder")]
pub(crate) enum Order {
    /// By when they were stored, newest first.
    #[oai(rename = "createdAt")]
    CreatedAt,
    /// By when they were sent, newest first.
    #[oai(rename = "timestamp")]
    Timestamp,
}

/// A reaction to set or take back.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct ReactToMessage {
    /// The chat.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    chat_id: String,
    /// The message.
    #[oai(validator(min_length = 1))]
    message_id: String,
    /// The emoji; "" takes the reaction back.
    #[oai(validator(max_length = 32))]
    emoji: String,
}

/// A message to delete.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct DeleteMessage {
    /// The chat.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    chat_id: String,
    /// The message.
    #[oai(validator(min_length = 1))]
    message_id: String,
    /// Whether it is taken back for everyone, or deleted on this account's devices only.
    #[oai(default = "yes")]
    for_everyone: bool,
}

fn yes() -> bool {
    true
}

/// A text to replace another.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct EditMessage {
    /// The chat.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    chat_id: String,
    /// The message; this account's own.
    #[oai(validator(min_length = 1))]
    message_id: String,
    /// The new text.
    #[oai(validator(min_length = 1, max_length = 4096))]
    body: String,
    /// Who is mentioned in it.
    #[oai(validator(max_items = 256))]
    mentions: Option<Vec<String>>,
}

/// How many messages a list has at most where nothing is said.
fn usual_page() -> u32 {
    50
}

fn moment(name: &str, millis: Option<i64>) -> Answer<Option<Timestamp>> {
    let read = |it| Timestamp::from_millisecond(it).map_err(|_| ApiError::invalid(format!("{name} is out of range")));
    millis.map(read).transpose()
}

impl Messages {
    /// The file of a message in base64, as long as the list's budget lasts.
    async fn inline(&self, media: Option<&Media>, budget: &mut u64) -> Answer<Option<String>> {
        use base64::{Engine as _, prelude::BASE64_STANDARD};
        let Some(media) = media.filter(|it| it.file.is_some()) else { return Ok(None) };
        let Some(bytes) = self.0.stored_media(media, *budget).await? else { return Ok(None) };
        *budget = budget.saturating_sub(bytes.len() as u64);
        Ok(Some(BASE64_STANDARD.encode(bytes)))
    }
}

#[OpenApi]
impl Messages {
    /// List stored messages
    ///
    /// Newest first. For the next page give the `id` of the last row as `after`.
    #[oai(path = "/sessions/:sessionId/messages", method = "get", operation_id = "listMessages", tag = "Tag::Messages")]
    #[expect(clippy::too_many_arguments, reason = "each is one of the contract's filters")]
    async fn list(
        &self,
        caller: Caller<Viewer, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// Of this chat. A key that is limited to some chats has to give one.
        #[oai(name = "chatId", validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
        chat_id: Query<Option<String>>,
        /// From this sender.
        #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
        from: Query<Option<String>>,
        /// How many at most.
        #[oai(default = "usual_page", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u32>,
        /// How many to skip.
        #[oai(default)]
        offset: Query<u32>,
        /// Stored before this row: the `id` of the last row of the page before.
        after: Query<Option<Uuid>>,
        /// Whether files stand in the answer, up to 8 MiB in all.
        #[oai(name = "inlineMedia", default)]
        inline_media: Query<bool>,
        /// With this WhatsApp id.
        #[oai(name = "messageId", validator(min_length = 1))]
        with_id: Query<Option<String>>,
        /// Sent at or after, in milliseconds.
        since: Query<Option<i64>>,
        /// Sent before, in milliseconds.
        until: Query<Option<i64>>,
        /// Which way they went.
        direction: Query<Option<Direction>>,
        /// Of this type.
        #[oai(name = "type")]
        kind: Query<Option<Word<MessageKind>>>,
        /// In which order; `createdAt` when absent.
        #[oai(name = "orderBy")]
        order_by: Query<Option<Order>>,
    ) -> Answer<Shown<MessageList>> {
        let session = session.0.id()?;
        let chat = chat_id.0.as_deref().map(chat_of).transpose()?;
        match &chat {
            Some(chat) => caller.may_use(&self.0, session, chat).await?,
            None if caller.key.allowed_chats.is_some() => {
                let sentence = "API key is restricted to selected chats";
                return Err(ApiError::forbidden("CHAT_SCOPED_KEY_NOT_ALLOWED", sentence));
            }
            None => {}
        }
        let filter = MessageFilter {
            chat,
            sender: from.0.as_deref().map(chat_of).transpose()?,
            id: with_id.0.as_deref().map(|it| message_id("messageId", it)).transpose()?,
            from_me: direction.0.map(|it| it == Direction::Outgoing),
            kind: kind.0.map(|it| it.0),
            since: moment("since", since.0)?,
            until: moment("until", until.0)?,
            after: after.0.map(RowId),
            by_timestamp: order_by.0 == Some(Order::Timestamp),
        };
        let page = Page { limit: limit.0, offset: offset.0 };
        let own = self.0.session(session).await?.session.account.map(|it| it.phone);
        let (found, total) = self.0.messages(session, &filter, page).await?;
        let names = self.0.chat_names(session, found.iter().map(|it| &it.chat)).await?;
        let mut budget = if inline_media.0 { INLINE_BUDGET_BYTES } else { 0 };
        let mut messages = Vec::with_capacity(found.len());
        for message in found {
            let inline = match budget {
                0 => None,
                _ => self.inline(message.media.as_ref(), &mut budget).await?,
            };
            let name = names.get(&message.chat).cloned();
            messages.push(MessageRecord::of(message, own.as_ref(), name, inline));
        }
        Ok(Shown(MessageList { messages, total }))
    }

    /// Download the file of a message
    ///
    /// Fetched from WhatsApp when there is no copy yet. When WhatsApp has the file no longer, the account's phone is asked
    /// for it, and has half a minute to answer: 404 when it has the file no longer either, 503 when it does not answer.
    #[oai(
        path = "/sessions/:sessionId/messages/:chatId/:messageId/media",
        method = "get",
        operation_id = "downloadMessageMedia",
        tag = "Tag::Messages"
    )]
    async fn media(
        &self,
        caller: Caller<Viewer, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The chat.
        #[oai(name = "chatId")]
        chat_id: Path<String>,
        /// The message.
        #[oai(name = "messageId")]
        id: Path<String>,
    ) -> Answer<FileAnswer> {
        let (session, chat) = (session.0.id()?, chat_of(&chat_id.0)?);
        caller.may_use(&self.0, session, &chat).await?;
        let id = message_id("messageId", &id.0)?;
        let (media, path) = self.0.message_media(session, &chat, &id).await?;
        FileAnswer::open(path, media.mimetype, media.filename).await
    }

    /// List the reactions to a message
    ///
    /// Grouped by emoji.
    #[oai(
        path = "/sessions/:sessionId/messages/:chatId/:messageId/reactions",
        method = "get",
        operation_id = "listMessageReactions",
        tag = "Tag::Messages"
    )]
    async fn reactions(
        &self,
        caller: Caller<Viewer, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The chat.
        #[oai(name = "chatId")]
        chat_id: Path<String>,
        /// The message.
        #[oai(name = "messageId")]
        id: Path<String>,
    ) -> Answer<Shown<Vec<ReactionGroup>>> {
        let (session, chat) = (session.0.id()?, chat_of(&chat_id.0)?);
        caller.may_use(&self.0, session, &chat).await?;
        let id = message_id("messageId", &id.0)?;
        let reactions = self.0.reactions(session, &chat, &id).await?;
        let people = self.0.people(session, reactions.iter().map(|it| &it.sender)).await?;
        Ok(Shown(grouped(reactions, &people)))
    }

    /// React to a message
    ///
    /// An empty emoji takes the reaction back.
    #[oai(path = "/sessions/:sessionId/messages/react", method = "post", operation_id = "react", tag = "Tag::Messages")]
    async fn react(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<ReactToMessage>,
    ) -> Answer<Shown<Success>> {
        let (session, chat) = (session.0.id()?, chat_of(&body.value.chat_id)?);
        caller.may_use(&self.0, session, &chat).await?;
        let id = message_id("messageId", &body.value.message_id)?;
        self.0.react(session, &chat, &id, &body.value.emoji).await?;
        Ok(Shown(Success::DONE))
    }

    /// Delete a message
    ///
    /// Taken back for everyone, as long as WhatsApp permits it, or deleted on this account's devices only.
    #[oai(
        path = "/sessions/:sessionId/messages/delete",
        method = "post",
        operation_id = "deleteMessage",
        tag = "Tag::Messages"
    )]
    async fn delete(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<DeleteMessage>,
    ) -> Answer<Shown<Success>> {
        let (session, chat) = (session.0.id()?, chat_of(&body.value.chat_id)?);
        caller.may_use(&self.0, session, &chat).await?;
        let id = message_id("messageId", &body.value.message_id)?;
        if body.value.for_everyone {
            self.0.revoke_message(session, &chat, &id).await?;
        } else {
            self.0.delete_message_for_me(session, &chat, &id).await?;
        }
        Ok(Shown(Success::DONE))
    }

    /// Change the text of a message
    ///
    /// Own text messages only, within the time WhatsApp permits.
    #[oai(
        path = "/sessions/:sessionId/messages/edit",
        method = "post",
        operation_id = "editMessage",
        tag = "Tag::Messages"
    )]
    async fn edit(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<EditMessage>,
    ) -> Answer<Shown<SentMessage>> {
        let EditMessage { chat_id, message_id: id, body: text, mentions } = body.value;
        let (session, chat) = (session.0.id()?, chat_of(&chat_id)?);
        caller.may_use(&self.0, session, &chat).await?;
        let (id, mentions) = (message_id("messageId", &id)?, mentions_of(mentions)?);
        let outcome = self.0.edit_message(session, &chat, &id, &text, &mentions).await?;
        Ok(Shown(SentMessage::from(&outcome)))
    }
}
