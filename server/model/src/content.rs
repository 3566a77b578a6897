//! What a message can be.

use serde::{Deserialize, Serialize};

use crate::{files::FileKey, id::MessageId, jid::Jid};

/// The contract's message types.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageKind {
    /// Text, with or without a link preview.
    Text,
    /// A picture.
    Image,
    /// A video, also a video note or GIF.
    Video,
    /// A sound file.
    Audio,
    /// A voice note.
    Voice,
    /// Any file.
    Document,
    /// A sticker.
    Sticker,
    /// A place.
    Location,
    /// One contact card or several.
    Contact,
    /// A poll.
    Poll,
    /// A call that stands in the chat.
    Call,
    /// A message that its sender took back.
    Revoked,
    /// An order.
    Order,
    /// A product.
    Product,
    /// A business message that is shown on the phone only.
    Masked,
    /// Anything else.
    Unknown,
}

impl MessageKind {
    /// Every kind.
    pub const ALL: [Self; 16] = [
        Self::Text,
        Self::Image,
        Self::Video,
        Self::Audio,
        Self::Voice,
        Self::Document,
        Self::Sticker,
        Self::Location,
        Self::Contact,
        Self::Poll,
        Self::Call,
        Self::Revoked,
        Self::Order,
        Self::Product,
        Self::Masked,
        Self::Unknown,
    ];

    /// The contract's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Voice => "voice",
            Self::Document => "document",
            Self::Sticker => "sticker",
            Self::Location => "location",
            Self::Contact => "contact",
            Self::Poll => "poll",
            Self::Call => "call",
            Self::Revoked => "revoked",
            Self::Order => "order",
            Self::Product => "product",
            Self::Masked => "masked",
            Self::Unknown => "unknown",
        }
    }

    /// The kind of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

/// A file that travels with a message.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Media {
    /// Its MIME type, as the sender said.
    pub mimetype: String,
    /// Its name, where it has one.
    pub filename: Option<String>,
    /// Its size in bytes, as the sender said or as it was received.
    pub size_bytes: Option<u64>,
    /// Where our copy is; `None` while there is none.
    pub file: Option<FileKey>,
    /// What the engine needs to fetch it from WhatsApp again; only the engine reads it.
    pub remote: Option<String>,
}

/// The message that another one answers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Quoted {
    /// Its id.
    pub id: MessageId,
    /// Who sent it.
    pub sender: Jid,
    /// Its text or caption, "" when it has none.
    pub body: String,
}

/// What the plain fields of a message cannot say.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Detail {
    /// A place.
    Location {
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
        /// The name of the place.
        description: Option<String>,
        /// Its address.
        address: Option<String>,
        /// A page about it.
        url: Option<String>,
    },
    /// Contact cards.
    Contact {
        /// vCard 3.0 texts.
        vcards: Vec<String>,
    },
    /// A poll.
    Poll {
        /// The question.
        name: String,
        /// The answers to choose from.
        options: Vec<String>,
        /// Whether several may be chosen.
        multiple: bool,
    },
    /// How a status looks, and whom an own one is shown to.
    Status(StatusPost),
}

/// What a status has beside what any message has.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct StatusPost {
    /// Whom it is shown to; only known of own ones that were posted from here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<Jid>,
    /// The colour behind a text or a voice: alpha, red, green, blue.
    pub background: Option<u32>,
    /// The number of a text's font.
    pub font: Option<i32>,
}

impl StatusPost {
    /// The colour as the contract writes it: `#RRGGBB`.
    pub fn colour(&self) -> Option<String> {
        self.background.map(|it| format!("#{:06X}", it & 0x00FF_FFFF))
    }

    /// The colour that `#RRGGBB` names, opaque.
    pub fn colour_of(text: &str) -> Option<u32> {
        let digits = text.strip_prefix('#').filter(|it| it.len() == 6)?;
        Some(0xFF00_0000 | u32::from_str_radix(digits, 16).ok()?)
    }
}

/// A message to be sent. Stored whole before the first attempt, so that it can be sent again under the same id.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Outgoing {
    /// Minted before the first attempt and reused after a crash.
    pub id: MessageId,
    /// Where to.
    pub chat: Jid,
    /// What.
    pub content: OutgoingContent,
    /// The message it answers.
    pub quoted: Option<Quoted>,
    /// Who is mentioned in the text or caption.
    pub mentions: Vec<Jid>,
    /// Set for a status: then `chat` is the status feed.
    #[serde(default)]
    pub status: Option<StatusPost>,
}

/// What an outgoing message carries.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum OutgoingContent {
    /// Text.
    Text {
        /// The text.
        body: String,
    },
    /// A file.
    Media {
        /// Image, video, audio, voice or document.
        kind: MessageKind,
        /// The file; `media.file` is set.
        media: Media,
        /// The text below it.
        caption: Option<String>,
    },
}

impl OutgoingContent {
    /// The contract's type of this message.
    pub fn kind(&self) -> MessageKind {
        match self {
            Self::Text { .. } => MessageKind::Text,
            Self::Media { kind, .. } => *kind,
        }
    }

    /// Its text or caption, "" when it has none.
    pub fn body(&self) -> &str {
        match self {
            Self::Text { body } => body,
            Self::Media { caption, .. } => caption.as_deref().unwrap_or_default(),
        }
    }
}
