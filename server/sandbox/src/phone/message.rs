//! What a phone's log holds, and what it can be asked to send.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::chat::Chat;
use crate::hex_text;

/// One line of a phone's log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Its place in the log, rising by one; the log is read on from here.
    pub sequence: u64,
    /// The WhatsApp id, given by the sender.
    pub id: String,
    pub chat: Chat,
    /// The person who wrote it.
    pub from: Chat,
    pub from_me: bool,
    pub content: Content,
    /// The id of the message this one answers.
    pub quoted: Option<String>,
    pub status: Status,
    /// Seconds since 1970.
    pub timestamp: u64,
    /// What the sender goes by.
    pub sender_name: Option<String>,
    /// The author's device as the stanza named it; receipts and keys name it the same way.
    pub(crate) author: String,
    /// The encoded message, for answering, echoing and sending again.
    #[serde(with = "hex_text")]
    pub(crate) encoded: Vec<u8>,
}

/// How far a message has come. Later ones outrank earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The network refused it or could not be reached.
    Failed,
    Pending,
    /// The network has it.
    Sent,
    /// A device of the recipient has it. In a group: of at least one member.
    Delivered,
    Read,
    Played,
}

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
    },
    Revoke {
        target: String,
    },
    Poll(Poll),
    /// A vote in a poll; what was chosen is sealed for the poll's author.
    PollVote {
        target: String,
    },
    Location(Location),
    Contacts {
        contacts: Vec<Contact>,
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
#[serde(rename_all = "lowercase")]
pub enum MediaKind {
    Image,
    Video,
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
    /// Why the phone could not fetch and decrypt the file.
    pub problem: Option<String>,
    /// Where the encrypted file lies on the media host.
    pub(crate) path: String,
    #[serde(with = "hex_text")]
    pub(crate) key: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Poll {
    pub question: String,
    pub options: Vec<String>,
    /// How many options one person may choose; 0 is any number.
    pub selectable: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Location {
    pub latitude: f64,
    pub longitude: f64,
    pub name: Option<String>,
    pub address: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    pub name: String,
    pub vcard: String,
}

/// What a phone is asked to send.
#[derive(Clone, Debug)]
pub struct Draft {
    pub chat: Chat,
    pub content: Outgoing,
    /// The id of the message it answers.
    pub quoted: Option<String>,
}

#[derive(Clone, Debug)]
pub enum Outgoing {
    Text { text: String },
    Media(OutgoingMedia),
    Reaction { target: String, emoji: String },
    Edit { target: String, text: String },
    Revoke { target: String },
    Poll(Poll),
    Location(Location),
    Contacts { contacts: Vec<Contact> },
}

#[derive(Clone, Debug)]
pub struct OutgoingMedia {
    pub kind: MediaKind,
    pub bytes: Bytes,
    pub mimetype: String,
    pub file_name: Option<String>,
    pub caption: Option<String>,
}

impl Content {
    /// The name of the kind of content, as the control API writes it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Media(media) => match media.kind {
                MediaKind::Image => "image",
                MediaKind::Video => "video",
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
            Self::Location(_) => "location",
            Self::Contacts { .. } => "contact",
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
            _ => None,
        }
    }

    /// The id of the message this one changes.
    pub fn target(&self) -> Option<&str> {
        match self {
            Self::Reaction { target, .. }
            | Self::Edit { target, .. }
            | Self::Revoke { target }
            | Self::PollVote { target } => Some(target),
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
                | Self::Other { .. }
                | Self::Undecryptable { .. }
        )
    }
}
