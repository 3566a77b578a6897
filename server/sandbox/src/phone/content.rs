//! What messages say: every kind of content a phone sends and shows, and its parts.
//!
//! The parts are described to the control API here, too: what a test sends and what it sees of a
//! poll, an event or a list has one shape.

use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};

use crate::hex_text;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Content {
    Text {
        text: String,
    },
    Media(Media),
    /// An empty emoji takes the reaction back.
    Reaction {
        target: String,
        emoji: String,
    },
    Edit {
        target: String,
        text: String,
        /// Sealed with the secret of the message it changes.
        #[serde(default)]
        is_sealed: bool,
    },
    Revoke {
        target: String,
    },
    Poll(Poll),
    PollVote {
        target: String,
        /// The texts of the chosen options; nothing when the vote could not be opened.
        #[serde(default)]
        options: Option<Vec<String>>,
    },
    Event(Event),
    EventResponse {
        target: String,
        /// Nothing when the answer could not be opened.
        answer: Option<Attendance>,
        guests: Option<u32>,
    },
    Location(Location),
    LiveLocation {
        location: Location,
        caption: Option<String>,
    },
    Contacts {
        contacts: Vec<Contact>,
    },
    Buttons(Buttons),
    List(List),
    /// What somebody chose from buttons or a list.
    Reply {
        form: ReplyForm,
        target: String,
        reply: Reply,
    },
    Product(Product),
    GroupInvite(GroupInvite),
    Pin {
        target: String,
        is_pinned: bool,
        seconds: Option<u32>,
    },
    /// Something a phone does not show, by the name of its field.
    Other {
        name: String,
    },
    /// It could not be decrypted; the sender was asked to send it again.
    Undecryptable {
        reason: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MediaKind {
    Image,
    Video,
    /// A short video that plays by itself.
    Gif,
    /// A round video recorded in the chat.
    VideoNote,
    Audio,
    /// Audio recorded as a voice message.
    Voice,
    Document,
    Sticker,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Media {
    pub kind: MediaKind,
    pub mimetype: String,
    pub file_name: Option<String>,
    pub caption: Option<String>,
    pub size_bytes: u64,
    /// Of the decrypted file, hexadecimal.
    pub sha256: String,
    #[serde(default)]
    pub traits: Traits,
    /// Why the phone could not fetch and decrypt the file.
    pub problem: Option<String>,
    /// Where the encrypted file lies on the media host.
    pub(crate) path: String,
    #[serde(with = "hex_text")]
    pub(crate) key: Vec<u8>,
}

/// What a message says about its file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traits {
    pub seconds: Option<u32>,
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub is_animated: bool,
}

#[derive(Object, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[oai(deny_unknown_fields)]
pub struct Poll {
    pub question: String,
    #[oai(validator(min_items = 2, max_items = 12))]
    pub options: Vec<String>,
    /// How many options one person may choose; 0 is any number.
    #[oai(default)]
    pub selectable: u32,
}

#[derive(Object, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[oai(deny_unknown_fields, skip_serializing_if_is_none)]
#[serde(default)]
pub struct Location {
    #[oai(validator(minimum(value = "-90"), maximum(value = "90")))]
    pub latitude: f64,
    #[oai(validator(minimum(value = "-180"), maximum(value = "180")))]
    pub longitude: f64,
    pub name: Option<String>,
    pub address: Option<String>,
    pub url: Option<String>,
    /// In metres.
    pub accuracy: Option<u32>,
    /// In metres a second.
    pub speed: Option<f32>,
}

#[derive(Object, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[oai(deny_unknown_fields, rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct Event {
    pub name: String,
    pub description: Option<String>,
    /// Seconds since 1970.
    pub start_time: i64,
    /// Seconds since 1970.
    pub end_time: Option<i64>,
    pub location: Option<Location>,
    pub join_link: Option<String>,
    #[oai(default)]
    pub is_canceled: bool,
}

#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[oai(rename_all = "kebab-case")]
#[serde(rename_all = "kebab-case")]
pub enum Attendance {
    Going,
    NotGoing,
    Maybe,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub name: String,
    pub vcard: String,
}

/// The kind of message in which buttons or a list travel.
#[derive(Enum, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[oai(rename_all = "kebab-case")]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// As WhatsApp wrote them first.
    #[default]
    Classic,
    /// As a native flow.
    Interactive,
    /// As a template of a business.
    Template,
}

#[derive(Object, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[oai(deny_unknown_fields, skip_serializing_if_is_none)]
pub struct Buttons {
    pub text: String,
    pub footer: Option<String>,
    #[oai(validator(min_items = 1, max_items = 30))]
    pub buttons: Vec<Button>,
    #[oai(default)]
    #[serde(default)]
    pub form: Form,
}

#[derive(Object, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[oai(deny_unknown_fields)]
pub struct Button {
    /// Of a button that opens a page or calls, the address or the number.
    pub id: String,
    pub text: String,
}

#[derive(Object, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[oai(deny_unknown_fields, skip_serializing_if_is_none)]
pub struct List {
    pub title: Option<String>,
    pub text: String,
    /// What the button says that opens the list.
    pub button: String,
    pub footer: Option<String>,
    #[oai(validator(min_items = 1, max_items = 30))]
    pub sections: Vec<Section>,
    #[oai(default)]
    #[serde(default)]
    pub form: Form,
}

#[derive(Object, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[oai(deny_unknown_fields)]
pub struct Section {
    pub title: String,
    #[oai(validator(max_items = 100))]
    pub rows: Vec<Row>,
}

#[derive(Object, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[oai(deny_unknown_fields, skip_serializing_if_is_none)]
pub struct Row {
    pub id: String,
    pub title: String,
    pub description: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplyForm {
    Button,
    List,
    Template,
    Interactive,
}

#[derive(Object, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[oai(deny_unknown_fields)]
pub struct Reply {
    /// Of the button or row that was chosen.
    pub id: String,
    /// What it said.
    pub text: String,
}

#[derive(Object, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[oai(deny_unknown_fields, skip_serializing_if_is_none)]
pub struct Product {
    pub id: String,
    /// Whose product it is.
    pub business: String,
    pub title: String,
    pub description: Option<String>,
    /// In thousandths of the currency.
    pub price: Option<i64>,
    pub currency: Option<String>,
    pub url: Option<String>,
}

#[derive(Object, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[oai(deny_unknown_fields)]
pub struct GroupInvite {
    /// `<id>@g.us`
    pub group: String,
    pub code: String,
    pub name: String,
}

#[derive(Object, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[oai(deny_unknown_fields, skip_serializing_if_is_none)]
pub struct LinkPreview {
    /// As it stands in the text.
    pub url: String,
    pub title: Option<String>,
    pub description: Option<String>,
}

/// What surrounds the content of any message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Surroundings {
    /// People who are named, by number or hidden id.
    pub mentions: Vec<super::Chat>,
    /// Whether everybody in the group is named.
    pub mentions_all: bool,
    /// Of a message that is marked as forwarded: how often it was passed on before, 0 for the first time.
    pub forwarding_score: Option<u32>,
    /// After how many seconds it vanishes; 0 is never.
    pub expiration: u32,
    /// Whether it may be looked at once.
    pub is_view_once: bool,
    pub link_preview: Option<LinkPreview>,
}

impl Content {
    /// The name of the kind of content, as the control API writes it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Media(media) => match media.kind {
                MediaKind::Image => "image",
                MediaKind::Video => "video",
                MediaKind::Gif => "gif",
                MediaKind::VideoNote => "video-note",
                MediaKind::Audio => "audio",
                MediaKind::Voice => "voice",
                MediaKind::Document => "document",
                MediaKind::Sticker => "sticker",
            },
            Self::Reaction { .. } => "reaction",
            Self::Edit { .. } => "edit",
            Self::Revoke { .. } => "revoke",
            Self::Poll(_) => "poll",
            Self::PollVote { .. } => "poll-vote",
            Self::Event(_) => "event",
            Self::EventResponse { .. } => "event-response",
            Self::Location(_) => "location",
            Self::LiveLocation { .. } => "live-location",
            Self::Contacts { .. } => "contact",
            Self::Buttons(_) => "buttons",
            Self::List(_) => "list",
            Self::Reply { form, .. } => match form {
                ReplyForm::Button => "button-reply",
                ReplyForm::List => "list-reply",
                ReplyForm::Template => "template-reply",
                ReplyForm::Interactive => "interactive-reply",
            },
            Self::Product(_) => "product",
            Self::GroupInvite(_) => "group-invite",
            Self::Pin { .. } => "pin",
            Self::Other { .. } => "other",
            Self::Undecryptable { .. } => "undecryptable",
        }
    }

    /// What a person reads: the text, the caption, the emoji, the question.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text { text } | Self::Edit { text, .. } => Some(text),
            Self::Media(media) => media.caption.as_deref(),
            Self::Reaction { emoji, .. } => Some(emoji),
            Self::Poll(poll) => Some(&poll.question),
            Self::Event(event) => Some(&event.name),
            Self::LiveLocation { caption, .. } => caption.as_deref(),
            Self::Buttons(buttons) => Some(&buttons.text),
            Self::List(list) => Some(&list.text),
            Self::Reply { reply, .. } => Some(&reply.text),
            Self::Product(product) => Some(&product.title),
            _ => None,
        }
    }

    /// The id of the message this one changes.
    pub fn target(&self) -> Option<&str> {
        match self {
            Self::Reaction { target, .. }
            | Self::Edit { target, .. }
            | Self::Revoke { target }
            | Self::PollVote { target, .. }
            | Self::EventResponse { target, .. }
            | Self::Reply { target, .. }
            | Self::Pin { target, .. } => Some(target),
            _ => None,
        }
    }

    /// Whether a person would answer to it.
    pub(crate) fn stands_alone(&self) -> bool {
        !matches!(
            self,
            Self::Reaction { .. }
                | Self::Edit { .. }
                | Self::Revoke { .. }
                | Self::PollVote { .. }
                | Self::EventResponse { .. }
                | Self::Pin { .. }
                | Self::Other { .. }
                | Self::Undecryptable { .. }
        )
    }
}
