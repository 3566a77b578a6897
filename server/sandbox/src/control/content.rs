//! What a request to send means: from JSON to a draft.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use poem_openapi::{Enum, Object};

use super::failure::Failure;
use crate::phone::message::{
    Attendance, Buttons, Contact, Draft, Event, GroupInvite, LinkPreview, List, Location, MediaKind, Outgoing,
    OutgoingMedia, Poll, Product, Reply, ReplyForm, Surroundings, Traits,
};
use crate::phone::{Chat, PhoneError};

const LONGEST_TEXT: usize = 65_536;
const MOST_CONTACTS: usize = 257;
const MOST_PEOPLE: usize = 1_024;

#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[oai(rename_all = "kebab-case")]
enum MessageType {
    Text,
    Image,
    Video,
    Gif,
    VideoNote,
    Audio,
    Voice,
    Document,
    Sticker,
    Reaction,
    Edit,
    Revoke,
    Poll,
    PollVote,
    Event,
    EventResponse,
    Location,
    LiveLocation,
    Contact,
    Buttons,
    List,
    ButtonReply,
    ListReply,
    TemplateReply,
    InteractiveReply,
    Product,
    GroupInvite,
    Pin,
}

#[derive(Object)]
#[oai(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct NewMessage {
    /// A number, `<number>@c.us`, `<id>@lid`, `<id>@g.us` or `status@broadcast`.
    chat: String,
    /// Left out, it is `text`, or with `media` what its MIME type says.
    r#type: Option<MessageType>,
    /// The text, the caption, the emoji of a reaction (empty takes it back), the new text of an edit.
    text: Option<String>,
    media: Option<NewMedia>,
    /// The id of the message it answers.
    quoted: Option<String>,
    /// The id of the message it reacts to, edits, revokes, votes in, answers, chooses from or pins.
    target: Option<String>,
    poll: Option<Poll>,
    /// The texts of the options a vote chooses; none takes the vote back.
    options: Option<Vec<String>>,
    event: Option<Event>,
    /// Whether the owner comes to an event.
    response: Option<Attendance>,
    /// With how many guests.
    guests: Option<u32>,
    location: Option<Location>,
    contacts: Option<Vec<NewContact>>,
    buttons: Option<Buttons>,
    list: Option<List>,
    /// What was chosen from buttons or a list.
    reply: Option<Reply>,
    product: Option<Product>,
    invite: Option<GroupInvite>,
    /// Pins the target, or takes the pin out.
    pin: Option<bool>,
    /// For how long it is pinned.
    seconds: Option<u32>,
    /// Seals an edit with the secret of the message it changes, as newer clients do.
    encrypted: Option<bool>,
    /// Numbers or ids of people who are named.
    mentions: Option<Vec<String>>,
    /// Names everybody in the group.
    mentions_all: Option<bool>,
    /// Marks it as forwarded: how often it was passed on before, 0 for the first time.
    forwarding_score: Option<u32>,
    /// After how many seconds it vanishes.
    expiration: Option<u32>,
    /// Lets a picture, video or voice message be looked at once.
    view_once: Option<bool>,
    link_preview: Option<LinkPreview>,
    /// Who shall see a status; left out, everybody this phone has written with.
    audience: Option<Vec<String>>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewMedia {
    mimetype: String,
    filename: Option<String>,
    /// The file in base64.
    data: String,
    /// How long it plays.
    seconds: Option<u32>,
    width: Option<u32>,
    height: Option<u32>,
    /// Of a sticker.
    #[oai(default)]
    animated: bool,
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

impl NewMessage {
    /// What the request means, or what it lacks.
    pub(super) fn draft(mut self) -> Result<Draft, Failure> {
        let chat = chat(&self.chat)?;
        if self.text.as_ref().is_some_and(|text| text.len() > LONGEST_TEXT) {
            return Err(Failure::bad_request(format!("text has at most {LONGEST_TEXT} bytes")));
        }
        let kind = self.r#type.unwrap_or(match &self.media {
            Some(media) => type_of(&media.mimetype),
            None => MessageType::Text,
        });
        let surroundings = Surroundings {
            mentions: chats(self.mentions.as_deref().unwrap_or_default())?,
            mentions_all: self.mentions_all == Some(true),
            forwarding_score: self.forwarding_score,
            expiration: self.expiration.unwrap_or(0),
            is_view_once: self.view_once == Some(true),
            link_preview: self.link_preview.take(),
        };
        let can_be_once = matches!(
            kind,
            MessageType::Image | MessageType::Video | MessageType::Gif | MessageType::Audio | MessageType::Voice
        );
        if surroundings.is_view_once && !can_be_once {
            return Err(Failure::bad_request("only pictures, videos and voice messages can be looked at once"));
        }
        let audience = chats(self.audience.as_deref().unwrap_or_default())?;
        let quoted = self.quoted.take();
        Ok(Draft { chat, content: self.content(kind)?, quoted, surroundings, audience })
    }

    fn content(self, kind: MessageType) -> Result<Outgoing, Failure> {
        let text = |text: Option<String>| need(text.filter(|text| !text.is_empty()), "text");
        Ok(match kind {
            MessageType::Text => Outgoing::Text { text: text(self.text)? },
            MessageType::Image => media(MediaKind::Image, self.media, self.text)?,
            MessageType::Video => media(MediaKind::Video, self.media, self.text)?,
            MessageType::Gif => media(MediaKind::Gif, self.media, self.text)?,
            MessageType::VideoNote => media(MediaKind::VideoNote, self.media, None)?,
            MessageType::Audio => media(MediaKind::Audio, self.media, None)?,
            MessageType::Voice => media(MediaKind::Voice, self.media, None)?,
            MessageType::Document => media(MediaKind::Document, self.media, self.text)?,
            MessageType::Sticker => media(MediaKind::Sticker, self.media, None)?,
            MessageType::Reaction => {
                Outgoing::Reaction { target: need(self.target, "target")?, emoji: need(self.text, "text")? }
            }
            MessageType::Edit => Outgoing::Edit {
                target: need(self.target, "target")?,
                text: text(self.text)?,
                is_sealed: self.encrypted == Some(true),
            },
            MessageType::Revoke => Outgoing::Revoke { target: need(self.target, "target")? },
            MessageType::Poll => poll(need(self.poll, "poll")?)?,
            MessageType::PollVote => {
                Outgoing::PollVote { target: need(self.target, "target")?, options: need(self.options, "options")? }
            }
            MessageType::Event => Outgoing::Event(need(self.event, "event")?),
            MessageType::EventResponse => Outgoing::EventResponse {
                target: need(self.target, "target")?,
                answer: need(self.response, "response")?,
                guests: self.guests,
            },
            MessageType::Location => Outgoing::Location(need(self.location, "location")?),
            MessageType::LiveLocation => {
                Outgoing::LiveLocation { location: need(self.location, "location")?, caption: self.text }
            }
            MessageType::Contact => contacts(need(self.contacts, "contacts")?)?,
            MessageType::Buttons => Outgoing::Buttons(need(self.buttons, "buttons")?),
            MessageType::List => Outgoing::List(need(self.list, "list")?),
            MessageType::ButtonReply => reply(ReplyForm::Button, self.target, self.reply)?,
            MessageType::ListReply => reply(ReplyForm::List, self.target, self.reply)?,
            MessageType::TemplateReply => reply(ReplyForm::Template, self.target, self.reply)?,
            MessageType::InteractiveReply => reply(ReplyForm::Interactive, self.target, self.reply)?,
            MessageType::Product => Outgoing::Product(need(self.product, "product")?),
            MessageType::GroupInvite => Outgoing::GroupInvite(need(self.invite, "invite")?),
            MessageType::Pin => Outgoing::Pin {
                target: need(self.target, "target")?,
                is_pinned: need(self.pin, "pin")?,
                seconds: self.seconds,
            },
        })
    }
}

/// Reads a chat.
pub(super) fn chat(text: &str) -> Result<Chat, Failure> {
    Ok(Chat::parse(text).map_err(PhoneError::from)?)
}

/// Reads a list of people.
pub(super) fn chats(texts: &[String]) -> Result<Vec<Chat>, Failure> {
    if texts.len() > MOST_PEOPLE {
        return Err(Failure::bad_request(format!("name at most {MOST_PEOPLE} people at a time")));
    }
    texts.iter().map(|text| chat(text)).collect()
}

/// Reads a file in base64.
pub(super) fn bytes(base64: &str, name: &str) -> Result<bytes::Bytes, Failure> {
    let bytes = STANDARD.decode(base64).map_err(|_| Failure::bad_request(format!("{name} is not base64")))?;
    Ok(bytes.into())
}

pub(super) fn need<T>(value: Option<T>, name: &str) -> Result<T, Failure> {
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
    Ok(Outgoing::Media(OutgoingMedia {
        kind,
        bytes: bytes(&media.data, "media.data")?,
        mimetype: media.mimetype,
        file_name: media.filename,
        caption: caption.filter(|caption| !caption.is_empty()),
        traits: Traits {
            seconds: media.seconds,
            width: media.width,
            height: media.height,
            is_animated: media.animated,
        },
    }))
}

fn poll(poll: Poll) -> Result<Outgoing, Failure> {
    if poll.selectable as usize > poll.options.len() {
        return Err(Failure::bad_request("a poll cannot have more selectable options than options"));
    }
    Ok(Outgoing::Poll(poll))
}

fn reply(form: ReplyForm, target: Option<String>, reply: Option<Reply>) -> Result<Outgoing, Failure> {
    Ok(Outgoing::Reply { form, target: need(target, "target")?, reply: need(reply, "reply")? })
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
