//! A stored message on the wire, and who reacted to it.

use std::collections::BTreeMap;

use openwa_model::{
    contact::PersonIds,
    content::{Appointment, Attendance, Detail, Media, MessageKind, Vote},
    jid::{ChatKind, Jid},
    message::{DeliveryStatus, Message, Reaction},
};
use poem_openapi::{Enum, Object};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    kinds::{EventAnswer, EventLocation},
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
    /// A poll, with the votes as far as they were learned.
    #[serde(skip_serializing_if = "Option::is_none")]
    poll: Option<PollInfo>,
    /// An event, with who comes as far as it was learned.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<EventInfo>,
    /// Buttons, or the rows of a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    buttons: Option<Vec<ButtonInfo>>,
    /// The button or the row that was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    button: Option<ButtonInfo>,
    /// A product.
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<ProductInfo>,
    /// An order.
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<OrderInfo>,
    /// A call.
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<CallInfo>,
    /// Whether it was forwarded.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_forwarded: Option<bool>,
    /// How often it was forwarded before, as WhatsApp counts; 127 is "many times".
    #[serde(skip_serializing_if = "Option::is_none")]
    forwarding_score: Option<u32>,
    /// Whether it can be opened once only.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_view_once: Option<bool>,
    /// Whether the video is shown as a GIF.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_gif: Option<bool>,
    /// Whether the video is a round one.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_video_note: Option<bool>,
    /// Whether everyone in the group is mentioned.
    #[serde(skip_serializing_if = "Option::is_none")]
    mentions_everyone: Option<bool>,
    /// After how many seconds it vanishes.
    #[serde(skip_serializing_if = "Option::is_none")]
    ephemeral_duration: Option<u32>,
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
#[oai(rename = "MessagePoll", rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PollInfo {
    /// The question.
    name: String,
    /// The answers to choose from.
    options: Vec<String>,
    /// Whether several may be chosen.
    allow_multiple_answers: bool,
    /// Who chose what, as far as it was learned; kept with the stored message.
    #[serde(skip_serializing_if = "Option::is_none")]
    votes: Option<Vec<PollVote>>,
}

/// What one person chose.
#[derive(Object, Serialize, PartialEq)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct PollVote {
    /// Who.
    sender_id: String,
    /// The chosen options.
    options: Vec<String>,
    /// When, in seconds.
    timestamp: i64,
}

/// An event.
#[derive(Object, Serialize, PartialEq)]
#[oai(rename = "MessageAppointment", rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventInfo {
    /// What it is called.
    name: String,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// When it begins, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    start_time: Option<i64>,
    /// When it ends, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<i64>,
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<EventLocation>,
    /// A link to a call to join.
    #[serde(skip_serializing_if = "Option::is_none")]
    join_link: Option<String>,
    /// Whether people may bring others along.
    extra_guests_allowed: bool,
    /// Whether it was called off.
    is_canceled: bool,
    /// Who comes, as far as it was learned; kept with the stored message.
    #[serde(skip_serializing_if = "Option::is_none")]
    responses: Option<Vec<EventReply>>,
}

/// Whether one person comes.
#[derive(Object, Serialize, PartialEq)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventReply {
    /// Who.
    sender_id: String,
    /// What they say.
    response: EventAnswer,
    /// How many they bring along.
    extra_guests: u32,
    /// When they said so, in seconds.
    timestamp: i64,
}

/// A button, or a row of a list.
#[derive(Object, Serialize, PartialEq)]
#[oai(rename = "MessageButton")]
pub(crate) struct ButtonInfo {
    /// What an answer names it by.
    id: String,
    /// What stands on it.
    text: String,
}

/// A product of a catalogue.
#[derive(Object, Serialize, PartialEq)]
#[oai(rename = "MessageProduct", rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProductInfo {
    /// Its id in the catalogue.
    product_id: String,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// Whose catalogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    business_owner_jid: Option<String>,
}

/// An order of products.
#[derive(Object, Serialize, PartialEq)]
#[oai(rename = "MessagePurchaseOrder", rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderInfo {
    /// Its id.
    order_id: String,
    /// What WhatsApp wants to be shown when it is asked for the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

/// A call that stands in the chat.
#[derive(Object, Serialize, PartialEq)]
#[oai(rename = "MessageCall")]
pub(crate) struct CallInfo {
    /// Whether it was a video call.
    video: bool,
    /// Whether nobody took it.
    missed: bool,
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
            Some(Detail::Poll { name, options, multiple, votes }) => {
                metadata.poll = Some(PollInfo {
                    name,
                    options,
                    allow_multiple_answers: multiple,
                    votes: Some(votes.into_iter().filter_map(PollVote::of).collect()),
                });
            }
            Some(Detail::Event(it)) => metadata.event = Some(EventInfo::of(it)),
            Some(Detail::Choices(it)) => {
                let choices = it.sections.into_iter().flat_map(|it| it.choices);
                metadata.buttons = Some(choices.map(|it| ButtonInfo { id: it.id, text: it.text }).collect());
            }
            Some(Detail::Chosen(it)) => metadata.button = Some(ButtonInfo { id: it.id, text: it.text }),
            Some(Detail::Product(it)) => {
                metadata.product = Some(ProductInfo {
                    product_id: it.id,
                    title: it.title,
                    description: it.description,
                    business_owner_jid: it.owner.map(|it| it.to_string()),
                });
            }
            Some(Detail::Order { id, token }) => metadata.order = Some(OrderInfo { order_id: id, token }),
            Some(Detail::Call { video, missed }) => metadata.call = Some(CallInfo { video, missed }),
            Some(Detail::Status(post)) => {
                metadata.background_color = post.colour();
                metadata.font = post.font;
            }
            None => {}
        }
        let marks = message.marks;
        metadata.is_forwarded = marks.is_forwarded.then_some(true);
        metadata.forwarding_score = marks.is_forwarded.then_some(marks.forwarding_score);
        metadata.is_view_once = marks.is_view_once.then_some(true);
        metadata.is_gif = marks.is_gif.then_some(true);
        metadata.is_video_note = marks.is_video_note.then_some(true);
        metadata.mentions_everyone = marks.mentions_everyone.then_some(true);
        metadata.ephemeral_duration = marks.ephemeral_seconds;
        (metadata != Self::default()).then_some(metadata)
    }
}

impl PollVote {
    /// `None` for a vote that was taken back.
    fn of(vote: Vote) -> Option<Self> {
        let Vote { voter, options, at } = vote;
        (!options.is_empty()).then(|| Self { sender_id: voter.to_string(), options, timestamp: at.as_second() })
    }
}

impl EventInfo {
    fn of(appointment: Appointment) -> Self {
        let reply = |it: Attendance| EventReply {
            sender_id: it.person.to_string(),
            response: it.response.into(),
            extra_guests: it.extra_guests,
            timestamp: it.at.as_second(),
        };
        Self {
            name: appointment.name,
            description: appointment.description,
            start_time: appointment.starts_at.map(|it| it.as_second()),
            end_time: appointment.ends_at.map(|it| it.as_second()),
            location: appointment.place.map(|it| {
                let (latitude, longitude) = it.degrees.unzip();
                EventLocation { name: it.name, latitude, longitude }
            }),
            join_link: appointment.join_link,
            extra_guests_allowed: appointment.takes_guests,
            is_canceled: appointment.is_canceled,
            responses: Some(appointment.responses.into_iter().map(reply).collect()),
        }
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
            poll: Some(PollInfo {
                name: "q".into(),
                options: vec!["a".into()],
                allow_multiple_answers: true,
                votes: Some(vec![PollVote { sender_id: "1@c.us".into(), options: vec!["a".into()], timestamp: 5 }]),
            }),
            event: Some(EventInfo {
                name: "e".into(),
                description: None,
                start_time: Some(5),
                end_time: None,
                location: Some(EventLocation { name: Some("here".into()), latitude: None, longitude: None }),
                join_link: None,
                extra_guests_allowed: false,
                is_canceled: true,
                responses: Some(vec![EventReply {
                    sender_id: "1@c.us".into(),
                    response: EventAnswer::NotGoing,
                    extra_guests: 0,
                    timestamp: 5,
                }]),
            }),
            buttons: Some(vec![ButtonInfo { id: "a".into(), text: "b".into() }]),
            product: Some(ProductInfo {
                product_id: "7".into(),
                title: None,
                description: None,
                business_owner_jid: None,
            }),
            is_view_once: Some(true),
            edited_at: Some(Moment(Timestamp::UNIX_EPOCH)),
            ..MessageMetadata::default()
        };
        assert_eq!(metadata.to_json().unwrap(), serde_json::to_value(&metadata).unwrap());
    }
}
