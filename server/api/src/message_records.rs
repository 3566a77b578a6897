//! A stored message on the wire, and who reacted to it.

use std::collections::BTreeMap;

use openwa_model::{
    contact::PersonIds,
    content::{Detail, Media, MessageKind},
    jid::{ChatKind, Jid},
    message::{DeliveryStatus, Message, Reaction},
};
use poem_openapi::{Enum, Object};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    wire::{Moment, Nullable},
    words::Word,
};

/// A page of messages.
#[derive(Object, Serialize)]
pub(crate) struct MessageList {
    /// The messages.
    pub(crate) messages: Vec<MessageRecord>,
    /// How many there are in all that match.
    pub(crate) total: u64,
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
    /// The sender's phone number, digits only, where it is known.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    sender_phone: Option<String>,
    /// The sender's hidden id, where it is known.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    sender_lid: Option<String>,
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
    /// The colour behind a status: `#RRGGBB`.
    #[serde(skip_serializing_if = "Option::is_none")]
    background_color: Option<String>,
    /// The number of a status's font.
    #[serde(skip_serializing_if = "Option::is_none")]
    font: Option<i32>,
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

/// One emoji and who chose it.
#[derive(Object, Debug, PartialEq, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReactionGroup {
    /// The emoji.
    emoji: String,
    /// Who chose it, oldest first.
    senders: Vec<ReactionSender>,
}

/// Who reacted.
#[derive(Object, Debug, PartialEq, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReactionSender {
    /// Who.
    sender_id: String,
    /// Their phone number, digits only, where it is known.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    sender_phone: Option<String>,
    /// Their hidden id, where it is known.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    sender_lid: Option<String>,
    /// The emoji.
    emoji: String,
    /// When, in seconds.
    timestamp: i64,
}

impl MessageRecord {
    pub(crate) fn of(message: Message, own: Option<&Jid>, chat_name: Option<String>, inline: Option<String>) -> Self {
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
            sender_phone: message.sender_phone.as_ref().map(|it| it.user().to_owned()),
            sender_lid: message.sender_lid.as_ref().map(Jid::to_string),
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
            Some(Detail::Status(post)) => {
                metadata.background_color = post.colour();
                metadata.font = post.font;
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

/// Reactions by emoji; `people` are both ids of who reacted.
pub(crate) fn grouped(reactions: Vec<Reaction>, people: &BTreeMap<Jid, PersonIds>) -> Vec<ReactionGroup> {
    let mut groups: Vec<ReactionGroup> = Vec::new();
    for Reaction { sender, emoji, timestamp, .. } in reactions.into_iter().filter(|it| !it.emoji.is_empty()) {
        let ids = people.get(&sender);
        let one = ReactionSender {
            sender_phone: ids.and_then(|it| it.phone.as_ref()).map(|it| it.user().to_owned()),
            sender_lid: ids.and_then(|it| it.lid.as_ref()).map(Jid::to_string),
            sender_id: sender.to_string(),
            emoji,
            timestamp: timestamp.as_second(),
        };
        match groups.iter_mut().find(|it| it.emoji == one.emoji) {
            Some(group) => group.senders.push(one),
            None => groups.push(ReactionGroup { emoji: one.emoji.clone(), senders: vec![one] }),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use openwa_model::{Timestamp, id::MessageId};
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
        let reactions = vec![reaction("1", "👍"), reaction("2", "❤"), reaction("3", "👍"), reaction("4", "")];
        let lid: Jid = "100000000000002@lid".parse().unwrap();
        let two = PersonIds { phone: Some(Jid::phone("2")), lid: Some(lid.clone()) };
        let groups = grouped(reactions, &BTreeMap::from([(Jid::phone("2"), two)]));
        let said = (groups[1].senders[0].sender_phone.as_deref(), groups[1].senders[0].sender_lid.clone());
        assert_eq!(said, (Some("2"), Some(lid.to_string())));
        assert_eq!(groups[0].senders[0].sender_lid, None);
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
