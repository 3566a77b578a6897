//! How the API shows messages.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use poem_openapi::{Enum, Object};

use crate::phone::Phone;
use crate::phone::message::{
    Attendance, Buttons, Content, Event, GroupInvite, LinkPreview, List, Location, Media, Message, Poll, Product,
    Reply, Status,
};

#[derive(Enum, Debug, Clone, Copy)]
#[oai(rename = "MessageStatus", rename_all = "lowercase")]
pub(super) enum StatusName {
    /// The network refused it.
    Failed,
    Pending,
    /// The network has it.
    Sent,
    /// A device of the recipient has it.
    Delivered,
    Read,
    Played,
}

impl From<Status> for StatusName {
    fn from(status: Status) -> Self {
        match status {
            Status::Failed => Self::Failed,
            Status::Pending => Self::Pending,
            Status::Sent => Self::Sent,
            Status::Delivered => Self::Delivered,
            Status::Read => Self::Read,
            Status::Played => Self::Played,
        }
    }
}

impl From<StatusName> for Status {
    fn from(name: StatusName) -> Self {
        match name {
            StatusName::Failed => Self::Failed,
            StatusName::Pending => Self::Pending,
            StatusName::Sent => Self::Sent,
            StatusName::Delivered => Self::Delivered,
            StatusName::Read => Self::Read,
            StatusName::Played => Self::Played,
        }
    }
}

#[derive(Object)]
#[oai(rename = "Contact")]
struct ContactView {
    name: String,
    vcard: String,
}

#[derive(Object)]
#[oai(rename = "Media", rename_all = "camelCase", skip_serializing_if_is_none)]
struct MediaView {
    mimetype: String,
    filename: Option<String>,
    size_bytes: u64,
    /// Of the decrypted file, hexadecimal.
    sha256: String,
    /// How long it plays, as the message says.
    seconds: Option<u32>,
    width: Option<u32>,
    height: Option<u32>,
    /// Of a sticker.
    animated: Option<bool>,
    /// The decrypted file in base64, if asked for and still to be had.
    data: Option<String>,
    /// Why the phone could not fetch or decrypt it.
    problem: Option<String>,
}

#[derive(Object)]
#[oai(rename = "Message", rename_all = "camelCase", skip_serializing_if_is_none)]
pub(super) struct MessageView {
    id: String,
    /// Its place in the phone's log; `after` continues from here.
    sequence: u64,
    chat: String,
    from: String,
    from_me: bool,
    /// `text`, `image`, `video`, `gif`, `video-note`, `audio`, `voice`, `document`, `sticker`, `reaction`,
    /// `edit`, `revoke`, `poll`, `poll-vote`, `event`, `event-response`, `location`, `live-location`,
    /// `contact`, `buttons`, `list`, `button-reply`, `list-reply`, `template-reply`, `interactive-reply`,
    /// `product`, `group-invite`, `pin`, `other`, `undecryptable`.
    r#type: String,
    text: Option<String>,
    media: Option<MediaView>,
    /// The id of the message it answers.
    quoted: Option<String>,
    /// What that message said.
    quoted_text: Option<String>,
    /// The id of the message it reacts to, edits, revokes, votes in, answers, chooses from or pins.
    target: Option<String>,
    poll: Option<Poll>,
    /// The texts of the options of a vote; left out when this phone could not open it.
    options: Option<Vec<String>>,
    event: Option<Event>,
    /// The answer to an event; left out when this phone could not open it.
    response: Option<Attendance>,
    guests: Option<u32>,
    location: Option<Location>,
    contacts: Option<Vec<ContactView>>,
    buttons: Option<Buttons>,
    list: Option<List>,
    reply: Option<Reply>,
    product: Option<Product>,
    invite: Option<GroupInvite>,
    /// Whether the target is pinned or its pin taken out.
    pin: Option<bool>,
    /// For how long it is pinned.
    seconds: Option<u32>,
    /// Of an edit: whether it was sealed with the secret of the message it changes.
    encrypted: Option<bool>,
    mentions: Option<Vec<String>>,
    mentions_all: Option<bool>,
    /// Of a message that is marked as forwarded: how often it was passed on before, 0 for the first time.
    forwarding_score: Option<u32>,
    /// After how many seconds it vanishes.
    expiration: Option<u32>,
    view_once: Option<bool>,
    link_preview: Option<LinkPreview>,
    status: StatusName,
    /// Who has a message of this phone, of those who told it.
    delivered_to: Option<Vec<String>>,
    read_by: Option<Vec<String>>,
    played_by: Option<Vec<String>>,
    /// Seconds since 1970.
    timestamp: u64,
    sender_name: Option<String>,
}

impl MessageView {
    pub(super) async fn of(phone: &Phone, message: Message, with_data: bool) -> Self {
        let data = if with_data { phone.media_of(&message).await } else { None };
        let mut view = Self::bare(&message);
        view.take_content(message.content, data);
        view
    }

    /// Everything but what only this kind of message has.
    fn bare(message: &Message) -> Self {
        let content = &message.content;
        let around = &message.surroundings;
        let reached = |status: Status| {
            let people = message.reached.iter().filter(|(_, reached)| **reached >= status);
            let people: Vec<String> = people.map(|(person, _)| person.to_string()).collect();
            (!people.is_empty()).then_some(people)
        };
        Self {
            id: message.id.clone(),
            sequence: message.sequence,
            chat: message.chat.to_string(),
            from: message.from.to_string(),
            from_me: message.from_me,
            r#type: content.kind().to_owned(),
            text: content.text().map(str::to_owned),
            target: content.target().map(str::to_owned),
            quoted: message.quoted.clone(),
            quoted_text: message.quoted_text.clone(),
            mentions: (!around.mentions.is_empty()).then(|| around.mentions.iter().map(ToString::to_string).collect()),
            mentions_all: around.mentions_all.then_some(true),
            forwarding_score: around.forwarding_score,
            expiration: Some(around.expiration).filter(|seconds| *seconds > 0),
            view_once: around.is_view_once.then_some(true),
            link_preview: around.link_preview.clone(),
            status: message.status.into(),
            delivered_to: reached(Status::Delivered),
            read_by: reached(Status::Read),
            played_by: reached(Status::Played),
            timestamp: message.timestamp,
            sender_name: message.sender_name.clone(),
            media: None,
            poll: None,
            options: None,
            event: None,
            response: None,
            guests: None,
            location: None,
            contacts: None,
            buttons: None,
            list: None,
            reply: None,
            product: None,
            invite: None,
            pin: None,
            seconds: None,
            encrypted: None,
        }
    }

    fn take_content(&mut self, content: Content, data: Option<bytes::Bytes>) {
        match content {
            Content::Media(media) => self.media = Some(media_view(media, data)),
            Content::Edit { is_sealed, .. } => self.encrypted = is_sealed.then_some(true),
            Content::Poll(poll) => self.poll = Some(poll),
            Content::PollVote { options, .. } => self.options = options,
            Content::Event(event) => self.event = Some(event),
            Content::EventResponse { answer, guests, .. } => {
                self.response = answer;
                self.guests = guests;
            }
            Content::Location(location) | Content::LiveLocation { location, .. } => self.location = Some(location),
            Content::Contacts { contacts } => {
                let contacts =
                    contacts.into_iter().map(|contact| ContactView { name: contact.name, vcard: contact.vcard });
                self.contacts = Some(contacts.collect());
            }
            Content::Buttons(buttons) => self.buttons = Some(buttons),
            Content::List(list) => self.list = Some(list),
            Content::Reply { reply, .. } => self.reply = Some(reply),
            Content::Product(product) => self.product = Some(product),
            Content::GroupInvite(invite) => self.invite = Some(invite),
            Content::Pin { is_pinned, seconds, .. } => {
                self.pin = Some(is_pinned);
                self.seconds = seconds;
            }
            Content::Other { name } => self.text = Some(name),
            Content::Undecryptable { reason } => self.text = Some(reason),
            Content::Text { .. } | Content::Reaction { .. } | Content::Revoke { .. } => {}
        }
    }
}

fn media_view(media: Media, data: Option<bytes::Bytes>) -> MediaView {
    MediaView {
        mimetype: media.mimetype,
        filename: media.file_name,
        size_bytes: media.size_bytes,
        sha256: media.sha256,
        seconds: media.traits.seconds,
        width: media.traits.width,
        height: media.traits.height,
        animated: media.traits.is_animated.then_some(true),
        data: data.map(|data| STANDARD.encode(data)),
        problem: media.problem,
    }
}
