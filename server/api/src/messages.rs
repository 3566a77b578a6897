//! Stored messages: listed, downloaded, reacted to, edited, deleted.

use openwa_core::Gateway;
use openwa_model::{
    Timestamp,
    content::{Detail, Media, MessageKind},
    id::RowId,
    jid::{ChatKind, Jid},
    message::{DeliveryStatus, Message, Reaction},
    store::{MessageFilter, Page},
};
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    answer::{Answer, Long, SendAnswer},
    app::Tag,
    auth::{Caller, OneChat, Operator, Viewer},
    error::ApiError,
    file_answer::FileAnswer,
    input::Body,
    wire::{Moment, Nullable, SessionPath, Success, chat_of, mentions_of, message_id},
    words::Word,
};

/// How many bytes of files one list may carry.
const INLINE_BUDGET_BYTES: u64 = 8 * 1024 * 1024;

pub(crate) struct Messages(pub(crate) Gateway);

/// Which way a message went.
#[derive(Enum, Clone, Copy, PartialEq, Debug, Serialize)]
#[oai(rename = "MessageDirection", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub(crate) enum Direction {
    /// To this account.
    Incoming,
    /// From this account, from here or from another of its devices.
    Outgoing,
}

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

/// A page of messages.
#[derive(Object, Serialize)]
pub(crate) struct MessageList {
    /// The messages.
    messages: Vec<MessageRecord>,
    /// How many there are in all that match.
    total: u64,
}

/// One stored message.
#[derive(Object, Serialize)]
#[oai(rename = "Message", rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct MessageRecord {
    /// Our id of the row.
    id: Uuid,
    /// The session.
    session_id: Uuid,
    /// WhatsApp's id; what the other routes take as `messageId`.
    wa_message_id: Nullable<String>,
    /// The chat.
    chat_id: String,
    /// Who sent it; in a group, the group.
    from: String,
    /// Whom it went to.
    to: String,
    /// The chat's name, where it was learned.
    chat_name: Nullable<String>,
    /// Who sent it in a group.
    author: Nullable<String>,
    /// Text or caption.
    body: Nullable<String>,
    /// What it is.
    #[oai(rename = "type")]
    #[serde(rename = "type")]
    kind: Word<MessageKind>,
    /// Which way it went.
    direction: Direction,
    /// When it was sent, in seconds.
    timestamp: Nullable<i64>,
    /// What the plain fields cannot say.
    metadata: Nullable<MessageMetadata>,
    /// Where our copy of the file is; never told.
    media_path: Nullable<String>,
    /// The MIME type of its file.
    media_mimetype: Nullable<String>,
    /// How far it got.
    status: Word<DeliveryStatus>,
    /// When it was stored.
    created_at: Moment,
}

/// What the plain fields of a message cannot say.
#[derive(Object, Serialize, Default, PartialEq)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MessageMetadata {
    /// Its file.
    #[serde(skip_serializing_if = "Option::is_none")]
    media: Option<MediaInfo>,
    /// The message it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    quoted_message: Option<QuotedMessage>,
    /// Who is mentioned.
    #[serde(skip_serializing_if = "Option::is_none")]
    mentioned_ids: Option<Vec<String>>,
    /// The name the sender shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    push_name: Option<String>,
    /// The sender's phone number, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    sender_phone: Option<String>,
    /// The sender's hidden id, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    sender_lid: Option<String>,
    /// A place.
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<LocationInfo>,
    /// Contact cards, as vCard 3.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    vcards: Option<Vec<String>>,
    /// A poll.
    #[serde(skip_serializing_if = "Option::is_none")]
    poll: Option<PollInfo>,
    /// When the text was last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    edited_at: Option<Moment>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// A file that travels with a message.
#[derive(Object, Serialize, PartialEq)]
#[oai(rename = "MessageMedia", rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MediaInfo {
    /// Its MIME type.
    mimetype: String,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    filename: Option<String>,
    /// The file in base64, where it was asked for and fits.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<String>,
    /// Whether the file is left out here.
    #[serde(skip_serializing_if = "Option::is_none")]
    omitted: Option<bool>,
    /// Its size.
    #[serde(skip_serializing_if = "Option::is_none")]
    size_bytes: Option<u64>,
}

/// The message that another one answers.
#[derive(Object, Serialize, PartialEq)]
pub(crate) struct QuotedMessage {
    /// Its id.
    id: String,
    /// Its text or caption.
    body: String,
}

/// A place.
#[derive(Object, Serialize, PartialEq)]
#[oai(rename = "MessageLocation", skip_serializing_if_is_none)]
pub(crate) struct LocationInfo {
    /// Degrees north.
    latitude: f64,
    /// Degrees east.
    longitude: f64,
    /// The name of the place.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// Its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// A page about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

/// A poll.
#[derive(Object, Serialize, PartialEq)]
#[oai(rename = "MessagePoll", rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct PollInfo {
    /// The question.
    name: String,
    /// The answers to choose from.
    options: Vec<String>,
    /// Whether several may be chosen.
    allow_multiple_answers: bool,
}

/// One emoji and who chose it.
#[derive(Object, Debug, PartialEq)]
#[oai(rename_all = "camelCase")]
pub(crate) struct ReactionGroup {
    /// The emoji.
    emoji: String,
    /// Who chose it, oldest first.
    senders: Vec<ReactionSender>,
}

/// Who reacted.
#[derive(Object, Debug, PartialEq)]
#[oai(rename_all = "camelCase")]
pub(crate) struct ReactionSender {
    /// Who.
    sender_id: String,
    /// The emoji.
    emoji: String,
    /// When, in seconds.
    timestamp: i64,
}

/// A reaction to set or take back.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct React {
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
    /// Whether it is taken back for everyone, or deleted on this account's devices only. True when absent.
    for_everyone: Option<bool>,
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

impl MessageRecord {
    fn of(message: Message, own: Option<&Jid>, chat_name: Option<String>, inline: Option<String>) -> Self {
        let own = || own.map(Jid::to_string).unwrap_or_default();
        let chat = message.chat.to_string();
        let (from, to) =
            if message.from_me { (message.sender.to_string(), chat.clone()) } else { (chat.clone(), own()) };
        let in_company = !message.from_me && message.chat.kind() != ChatKind::Individual;
        let direction = if message.from_me { Direction::Outgoing } else { Direction::Incoming };
        Self {
            id: message.row.0,
            session_id: message.session.0,
            wa_message_id: Nullable(Some(message.id.to_string())),
            chat_id: chat,
            from,
            to,
            chat_name: Nullable(chat_name),
            author: Nullable(in_company.then(|| message.sender.to_string())),
            body: Nullable(Some(message.body.clone())),
            kind: Word(message.kind),
            direction,
            timestamp: Nullable(Some(message.timestamp.as_second())),
            media_path: Nullable(None),
            media_mimetype: Nullable(message.media.as_ref().map(|it| it.mimetype.clone())),
            status: Word(message.status),
            created_at: Moment(message.created_at),
            metadata: Nullable(MessageMetadata::of(message, inline)),
        }
    }
}

impl MessageMetadata {
    fn of(message: Message, inline: Option<String>) -> Option<Self> {
        let mut metadata = Self {
            media: message.media.map(|it| MediaInfo::of(it, inline)),
            quoted_message: message.quoted.map(|it| QuotedMessage { id: it.id.to_string(), body: it.body }),
            mentioned_ids: (!message.mentions.is_empty())
                .then(|| message.mentions.iter().map(Jid::to_string).collect()),
            push_name: message.push_name,
            sender_phone: message.sender_phone.map(|it| it.user().to_owned()),
            sender_lid: message.sender_lid.map(|it| it.to_string()),
            edited_at: message.edited_at.map(Moment),
            error: message.error,
            ..Self::default()
        };
        match message.detail {
            Some(Detail::Location { latitude, longitude, description, address, url }) => {
                metadata.location = Some(LocationInfo { latitude, longitude, description, address, url });
            }
            Some(Detail::Contact { vcards }) => metadata.vcards = Some(vcards),
            Some(Detail::Poll { name, options, multiple }) => {
                metadata.poll = Some(PollInfo { name, options, allow_multiple_answers: multiple });
            }
            None => {}
        }
        (metadata != Self::default()).then_some(metadata)
    }
}

impl MediaInfo {
    fn of(media: Media, data: Option<String>) -> Self {
        let omitted = data.is_none().then_some(true);
        Self { mimetype: media.mimetype, filename: media.filename, data, omitted, size_bytes: media.size_bytes }
    }
}

fn grouped(reactions: Vec<Reaction>) -> Vec<ReactionGroup> {
    let mut groups: Vec<ReactionGroup> = Vec::new();
    for Reaction { sender, emoji, timestamp, .. } in reactions.into_iter().filter(|it| !it.emoji.is_empty()) {
        let one = ReactionSender { sender_id: sender.to_string(), emoji, timestamp: timestamp.as_second() };
        match groups.iter_mut().find(|it| it.emoji == one.emoji) {
            Some(group) => group.senders.push(one),
            None => groups.push(ReactionGroup { emoji: one.emoji.clone(), senders: vec![one] }),
        }
    }
    groups
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
        /// How many at most; 50 when absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// How many to skip.
        offset: Query<Option<u32>>,
        /// Stored before this row: the `id` of the last row of the page before.
        after: Query<Option<Uuid>>,
        /// Whether files stand in the answer, up to 8 MiB in all.
        #[oai(name = "inlineMedia")]
        inline_media: Query<Option<bool>>,
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
    ) -> Answer<Long<MessageList>> {
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
        let page = Page { limit: limit.0.unwrap_or(50), offset: offset.0.unwrap_or(0) };
        let own = self.0.session(session).await?.session.account.map(|it| it.phone);
        let (found, total) = self.0.messages(session, &filter, page).await?;
        let names = self.0.chat_names(session, found.iter().map(|it| &it.chat)).await?;
        let mut budget = if inline_media.0 == Some(true) { INLINE_BUDGET_BYTES } else { 0 };
        let mut messages = Vec::with_capacity(found.len());
        for message in found {
            let inline = match budget {
                0 => None,
                _ => self.inline(message.media.as_ref(), &mut budget).await?,
            };
            let name = names.get(&message.chat).cloned();
            messages.push(MessageRecord::of(message, own.as_ref(), name, inline));
        }
        Ok(Long(MessageList { messages, total }))
    }

    /// Download the file of a message
    ///
    /// Fetched from WhatsApp when there is no copy yet.
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
    ) -> Answer<Json<Vec<ReactionGroup>>> {
        let (session, chat) = (session.0.id()?, chat_of(&chat_id.0)?);
        caller.may_use(&self.0, session, &chat).await?;
        let id = message_id("messageId", &id.0)?;
        Ok(Json(grouped(self.0.reactions(session, &chat, &id).await?)))
    }

    /// React to a message
    #[oai(
        path = "/sessions/:sessionId/messages/react",
        method = "post",
        operation_id = "reactToMessage",
        tag = "Tag::Messages"
    )]
    async fn react(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<React>,
    ) -> Answer<Json<Success>> {
        let (session, chat) = (session.0.id()?, chat_of(&body.value.chat_id)?);
        caller.may_use(&self.0, session, &chat).await?;
        let id = message_id("messageId", &body.value.message_id)?;
        self.0.react(session, &chat, &id, &body.value.emoji).await?;
        Ok(Json(Success::DONE))
    }

    /// Delete a message
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
    ) -> Answer<Json<Success>> {
        let (session, chat) = (session.0.id()?, chat_of(&body.value.chat_id)?);
        caller.may_use(&self.0, session, &chat).await?;
        let id = message_id("messageId", &body.value.message_id)?;
        if body.value.for_everyone.unwrap_or(true) {
            self.0.revoke_message(session, &chat, &id).await?;
        } else {
            self.0.delete_message_for_me(session, &chat, &id).await?;
        }
        Ok(Json(Success::DONE))
    }

    /// Change the text of a message
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
    ) -> Answer<Json<SendAnswer>> {
        let EditMessage { chat_id, message_id: id, body: text, mentions } = body.value;
        let (session, chat) = (session.0.id()?, chat_of(&chat_id)?);
        caller.may_use(&self.0, session, &chat).await?;
        let (id, mentions) = (message_id("messageId", &id)?, mentions_of(mentions)?);
        let outcome = self.0.edit_message(session, &chat, &id, &text, &mentions).await?;
        Ok(Json(SendAnswer::from(&outcome)))
    }
}

#[cfg(test)]
mod tests {
    use openwa_model::id::MessageId;
    use poem_openapi::types::ToJSON;

    use super::*;

    #[test]
    fn reactions_are_grouped_by_emoji_and_taken_back_ones_left_out() {
        let reaction = |sender: &str, emoji: &str| Reaction {
            chat: Jid::phone("1"),
            target: MessageId("3EB0AA".into()),
            sender: Jid::phone(sender),
            emoji: emoji.to_owned(),
            timestamp: Timestamp::from_second(5).unwrap(),
        };
        let groups = grouped(vec![reaction("1", "👍"), reaction("2", "❤"), reaction("3", "👍"), reaction("4", "")]);
        let told: Vec<_> = groups
            .iter()
            .map(|it| (it.emoji.as_str(), it.senders.iter().map(|it| it.sender_id.as_str()).collect::<Vec<_>>()))
            .collect();
        assert_eq!(told, [("👍", vec!["1@c.us", "3@c.us"]), ("❤", vec!["2@c.us"])]);
    }

    #[test]
    fn both_ways_of_writing_a_record_agree() {
        let media = MediaInfo {
            mimetype: "image/png".into(),
            filename: None,
            data: None,
            omitted: Some(true),
            size_bytes: Some(3),
        };
        let metadata = MessageMetadata {
            media: Some(media),
            quoted_message: Some(QuotedMessage { id: "a".into(), body: "b".into() }),
            location: Some(LocationInfo {
                latitude: 1.5,
                longitude: 2.0,
                description: Some("here".into()),
                address: None,
                url: None,
            }),
            poll: Some(PollInfo { name: "q".into(), options: vec!["a".into()], allow_multiple_answers: true }),
            edited_at: Some(Moment(Timestamp::UNIX_EPOCH)),
            ..MessageMetadata::default()
        };
        assert_eq!(metadata.to_json().unwrap(), serde_json::to_value(&metadata).unwrap());
    }
}
