//! What phones send and what they saw.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};
use uuid::Uuid;

use super::failure::Failure;
use super::phones::find;
use crate::phone::message::{
    Contact, Content, Draft, Location, MediaKind, Message, Outgoing, OutgoingMedia, Poll, Status,
};
use crate::phone::{Chat, Phone, PhoneError, Phones};

/// The longest a request may wait.
const LONGEST_WAIT_MS: u64 = 60_000;
const MOST_MESSAGES: usize = 1_000;
const USUAL_MESSAGES: usize = 100;
const LONGEST_TEXT: usize = 65_536;
const MOST_OPTIONS: usize = 12;
const MOST_CONTACTS: usize = 257;

pub(super) struct MessagesApi {
    pub(super) phones: Phones,
}

#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[oai(rename_all = "kebab-case")]
enum MessageType {
    Text,
    Image,
    Video,
    Audio,
    Voice,
    Document,
    Sticker,
    Reaction,
    Edit,
    Revoke,
    Poll,
    Location,
    Contact,
}

#[derive(Enum, Debug, Clone, Copy)]
#[oai(rename = "MessageStatus", rename_all = "lowercase")]
enum StatusName {
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
#[oai(deny_unknown_fields)]
struct NewMessage {
    /// A number, `<number>@c.us`, `<id>@lid` or `<id>@g.us`.
    chat: String,
    /// Left out, it is `text`, or with `media` what its MIME type says.
    r#type: Option<MessageType>,
    /// The text, the caption, the emoji of a reaction (empty takes it back), the new text of an edit.
    text: Option<String>,
    media: Option<NewMedia>,
    /// The id of the message it answers.
    quoted: Option<String>,
    /// The id of the message it reacts to, edits or revokes.
    target: Option<String>,
    poll: Option<PollBody>,
    location: Option<LocationBody>,
    contacts: Option<Vec<NewContact>>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewMedia {
    mimetype: String,
    filename: Option<String>,
    /// The file in base64.
    data: String,
}

#[derive(Object)]
#[oai(rename = "Poll", deny_unknown_fields)]
struct PollBody {
    question: String,
    options: Vec<String>,
    /// How many options one person may choose; 0 is any number.
    #[oai(default)]
    selectable: u32,
}

#[derive(Object)]
#[oai(rename = "Location", deny_unknown_fields)]
struct LocationBody {
    #[oai(validator(minimum(value = "-90"), maximum(value = "90")))]
    latitude: f64,
    #[oai(validator(minimum(value = "-180"), maximum(value = "180")))]
    longitude: f64,
    #[oai(skip_serializing_if_is_none)]
    name: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    address: Option<String>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewContact {
    name: String,
    /// Makes a card with this number.
    number: Option<String>,
    /// The whole card, instead of a number.
    vcard: Option<String>,
}

#[derive(Object)]
#[oai(rename = "Contact")]
struct ContactView {
    name: String,
    vcard: String,
}

#[derive(Object)]
#[oai(rename = "Media", rename_all = "camelCase")]
struct MediaView {
    mimetype: String,
    #[oai(skip_serializing_if_is_none)]
    filename: Option<String>,
    size_bytes: u64,
    /// Of the decrypted file, hexadecimal.
    sha256: String,
    /// The decrypted file in base64, if asked for and still to be had.
    #[oai(skip_serializing_if_is_none)]
    data: Option<String>,
    /// Why the phone could not fetch or decrypt it.
    #[oai(skip_serializing_if_is_none)]
    problem: Option<String>,
}

#[derive(Object)]
#[oai(rename = "Message", rename_all = "camelCase")]
struct MessageView {
    id: String,
    /// Its place in the phone's log; `after` continues from here.
    sequence: u64,
    chat: String,
    from: String,
    from_me: bool,
    /// `text`, `image`, `video`, `audio`, `voice`, `document`, `sticker`, `reaction`, `edit`,
    /// `revoke`, `poll`, `poll-vote`, `location`, `contact`, `other`, `undecryptable`.
    r#type: String,
    #[oai(skip_serializing_if_is_none)]
    text: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    media: Option<MediaView>,
    /// The id of the message it answers.
    #[oai(skip_serializing_if_is_none)]
    quoted: Option<String>,
    /// The id of the message it reacts to, edits, revokes or votes in.
    #[oai(skip_serializing_if_is_none)]
    target: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    poll: Option<PollBody>,
    #[oai(skip_serializing_if_is_none)]
    location: Option<LocationBody>,
    #[oai(skip_serializing_if_is_none)]
    contacts: Option<Vec<ContactView>>,
    status: StatusName,
    /// Seconds since 1970.
    timestamp: u64,
    #[oai(skip_serializing_if_is_none)]
    sender_name: Option<String>,
}

impl MessageView {
    async fn of(phone: &Phone, message: Message, with_data: bool) -> Self {
        let data = if with_data { phone.media_of(&message).await } else { None };
        let content = &message.content;
        let mut view = Self {
            sequence: message.sequence,
            chat: message.chat.to_string(),
            from: message.from.to_string(),
            from_me: message.from_me,
            r#type: content.kind().to_owned(),
            text: content.text().map(str::to_owned),
            target: content.target().map(str::to_owned),
            media: None,
            poll: None,
            location: None,
            contacts: None,
            status: message.status.into(),
            timestamp: message.timestamp,
            id: message.id,
            quoted: message.quoted,
            sender_name: message.sender_name,
        };
        match message.content {
            Content::Media(media) => {
                view.media = Some(MediaView {
                    mimetype: media.mimetype,
                    filename: media.file_name,
                    size_bytes: media.size_bytes,
                    sha256: media.sha256,
                    data: data.map(|data| STANDARD.encode(data)),
                    problem: media.problem,
                });
            }
            Content::Poll(poll) => {
                view.poll =
                    Some(PollBody { question: poll.question, options: poll.options, selectable: poll.selectable });
            }
            Content::Location(location) => {
                view.location = Some(LocationBody {
                    latitude: location.latitude,
                    longitude: location.longitude,
                    name: location.name,
                    address: location.address,
                });
            }
            Content::Contacts { contacts } => {
                let contacts =
                    contacts.into_iter().map(|contact| ContactView { name: contact.name, vcard: contact.vcard });
                view.contacts = Some(contacts.collect());
            }
            Content::Other { name } => view.text = Some(name),
            Content::Undecryptable { reason } => view.text = Some(reason),
            _ => {}
        }
        view
    }
}

#[derive(Object)]
#[oai(deny_unknown_fields, rename_all = "camelCase")]
struct ReadRequest {
    chat: String,
    /// Left out, all of the chat.
    message_ids: Option<Vec<String>>,
}

#[derive(Object)]
struct ReadCount {
    /// How many messages were not read before.
    read: usize,
}

#[derive(ApiResponse)]
enum Sent {
    /// The network has it.
    #[oai(status = 201)]
    Sent(Json<MessageView>),
}

#[OpenApi]
impl MessagesApi {
    /// Send a message from this phone
    #[oai(path = "/phones/:id/messages", method = "post", operation_id = "sendMessage")]
    async fn send(&self, id: Path<Uuid>, new: Json<NewMessage>) -> Result<Sent, Failure> {
        let phone = find(&self.phones, id.0)?;
        let message = phone.send(draft(new.0)?).await?;
        Ok(Sent::Sent(Json(MessageView::of(&phone, message, false).await)))
    }

    /// What this phone sent and received, oldest first
    #[oai(path = "/phones/:id/messages", method = "get", operation_id = "listMessages")]
    async fn list(
        &self,
        id: Path<Uuid>,
        /// Only messages with a higher sequence.
        after: Query<Option<u64>>,
        /// At most so many; 100 if left out.
        #[oai(validator(minimum(value = "1"), maximum(value = "1000")))]
        limit: Query<Option<usize>>,
        /// Waits up to so many milliseconds for the first message when there is none yet.
        wait: Query<Option<u64>>,
        /// With the decrypted files.
        media: Query<Option<bool>>,
    ) -> Result<Json<Vec<MessageView>>, Failure> {
        let phone = find(&self.phones, id.0)?;
        let limit = limit.0.unwrap_or(USUAL_MESSAGES).min(MOST_MESSAGES);
        let messages = phone.messages(after.0.unwrap_or(0), limit, longest(wait.0)).await;
        let mut views = Vec::with_capacity(messages.len());
        for message in messages {
            views.push(MessageView::of(&phone, message, media.0 == Some(true)).await);
        }
        Ok(Json(views))
    }

    /// One message of this phone
    #[oai(path = "/phones/:id/messages/:message", method = "get", operation_id = "getMessage")]
    async fn get(
        &self,
        id: Path<Uuid>,
        message: Path<String>,
        /// Waits until the message has come this far.
        status: Query<Option<StatusName>>,
        /// For how many milliseconds at most.
        wait: Query<Option<u64>>,
        /// With the decrypted file.
        media: Query<Option<bool>>,
    ) -> Result<Json<MessageView>, Failure> {
        let phone = find(&self.phones, id.0)?;
        let found = match status.0 {
            Some(status) => phone.message_with_status(&message.0, status.into(), longest(wait.0)).await,
            None => phone.message(&message.0),
        };
        let found = found.ok_or(PhoneError::NoSuchMessage(message.0))?;
        Ok(Json(MessageView::of(&phone, found, media.0 == Some(true)).await))
    }

    /// Mark messages as read
    #[oai(path = "/phones/:id/read", method = "post", operation_id = "markRead")]
    async fn read(&self, id: Path<Uuid>, request: Json<ReadRequest>) -> Result<Json<ReadCount>, Failure> {
        let phone = find(&self.phones, id.0)?;
        let chat = Chat::parse(&request.chat).map_err(PhoneError::from)?;
        let read = phone.mark_read(chat, request.0.message_ids).await?;
        Ok(Json(ReadCount { read }))
    }
}

fn longest(wait: Option<u64>) -> Duration {
    Duration::from_millis(wait.unwrap_or(0).min(LONGEST_WAIT_MS))
}

/// What a request means, or what it lacks.
fn draft(new: NewMessage) -> Result<Draft, Failure> {
    let chat = Chat::parse(&new.chat).map_err(PhoneError::from)?;
    let kind = new.r#type.unwrap_or(match &new.media {
        Some(media) => type_of(&media.mimetype),
        None => MessageType::Text,
    });
    if new.text.as_ref().is_some_and(|text| text.len() > LONGEST_TEXT) {
        return Err(Failure::bad_request(format!("text has at most {LONGEST_TEXT} bytes")));
    }
    let text = |text: Option<String>| need(text.filter(|text| !text.is_empty()), "text");
    let content = match kind {
        MessageType::Text => Outgoing::Text { text: text(new.text)? },
        MessageType::Image => media(MediaKind::Image, new.media, new.text)?,
        MessageType::Video => media(MediaKind::Video, new.media, new.text)?,
        MessageType::Audio => media(MediaKind::Audio, new.media, None)?,
        MessageType::Voice => media(MediaKind::Voice, new.media, None)?,
        MessageType::Document => media(MediaKind::Document, new.media, new.text)?,
        MessageType::Sticker => media(MediaKind::Sticker, new.media, None)?,
        MessageType::Reaction => {
            Outgoing::Reaction { target: need(new.target, "target")?, emoji: need(new.text, "text")? }
        }
        MessageType::Edit => Outgoing::Edit { target: need(new.target, "target")?, text: text(new.text)? },
        MessageType::Revoke => Outgoing::Revoke { target: need(new.target, "target")? },
        MessageType::Poll => poll(need(new.poll, "poll")?)?,
        MessageType::Location => {
            let location = need(new.location, "location")?;
            Outgoing::Location(Location {
                latitude: location.latitude,
                longitude: location.longitude,
                name: location.name,
                address: location.address,
            })
        }
        MessageType::Contact => contacts(need(new.contacts, "contacts")?)?,
    };
    Ok(Draft { chat, content, quoted: new.quoted })
}

fn need<T>(value: Option<T>, name: &str) -> Result<T, Failure> {
    value.ok_or_else(|| Failure::bad_request(format!("this type of message needs {name}")))
}

fn type_of(mimetype: &str) -> MessageType {
    match mimetype.split('/').next() {
        Some("image") => MessageType::Image,
        Some("video") => MessageType::Video,
        Some("audio") => MessageType::Audio,
        _ => MessageType::Document,
    }
}

fn media(kind: MediaKind, media: Option<NewMedia>, caption: Option<String>) -> Result<Outgoing, Failure> {
    let media = need(media, "media")?;
    let bytes = STANDARD.decode(media.data.as_bytes()).map_err(|_| Failure::bad_request("media.data is not base64"))?;
    Ok(Outgoing::Media(OutgoingMedia {
        kind,
        bytes: bytes.into(),
        mimetype: media.mimetype,
        file_name: media.filename,
        caption: caption.filter(|caption| !caption.is_empty()),
    }))
}

fn poll(poll: PollBody) -> Result<Outgoing, Failure> {
    if !(2..=MOST_OPTIONS).contains(&poll.options.len()) {
        return Err(Failure::bad_request(format!("a poll has 2 to {MOST_OPTIONS} options")));
    }
    if poll.selectable as usize > poll.options.len() {
        return Err(Failure::bad_request("a poll cannot have more selectable options than options"));
    }
    Ok(Outgoing::Poll(Poll { question: poll.question, options: poll.options, selectable: poll.selectable }))
}

fn contacts(contacts: Vec<NewContact>) -> Result<Outgoing, Failure> {
    if contacts.is_empty() || contacts.len() > MOST_CONTACTS {
        return Err(Failure::bad_request(format!("give 1 to {MOST_CONTACTS} contacts")));
    }
    let contacts = contacts.into_iter().map(|contact| {
        let vcard = match (contact.vcard, contact.number) {
            (Some(vcard), _) => vcard,
            (None, Some(number)) => card(&contact.name, number.trim_start_matches('+')),
            (None, None) => {
                return Err(Failure::bad_request("a contact needs number or vcard"));
            }
        };
        Ok(Contact { name: contact.name, vcard })
    });
    Ok(Outgoing::Contacts { contacts: contacts.collect::<Result<_, _>>()? })
}

fn card(name: &str, number: &str) -> String {
    format!("BEGIN:VCARD\nVERSION:3.0\nN:;{name};;;\nFN:{name}\nTEL;type=CELL;waid={number}:+{number}\nEND:VCARD")
}
