//! What a phone's log holds, and what it can be asked to send.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::chat::Chat;
pub use super::content::{
    Attendance, Button, Buttons, Contact, Content, Event, Form, GroupInvite, LinkPreview, List, Location, Media,
    MediaKind, Poll, Product, Reply, ReplyForm, Row, Section, Surroundings, Traits,
};
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
    /// What the quoted message said.
    #[serde(default)]
    pub quoted_text: Option<String>,
    #[serde(default)]
    pub surroundings: Surroundings,
    pub status: Status,
    /// How far a message of this phone has come with each person.
    #[serde(default)]
    pub reached: BTreeMap<Chat, Status>,
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

/// What a phone is asked to send.
#[derive(Clone, Debug)]
pub struct Draft {
    pub chat: Chat,
    pub content: Outgoing,
    /// The id of the message it answers.
    pub quoted: Option<String>,
    pub surroundings: Surroundings,
    /// Who shall see a status; nobody else does.
    pub audience: Vec<Chat>,
}

impl Draft {
    /// A message that answers nothing and has no frills.
    pub fn new(chat: Chat, content: Outgoing) -> Self {
        Self { chat, content, quoted: None, surroundings: Surroundings::default(), audience: Vec::new() }
    }
}

#[derive(Clone, Debug)]
pub enum Outgoing {
    Text { text: String },
    Media(OutgoingMedia),
    Reaction { target: String, emoji: String },
    Edit { target: String, text: String, is_sealed: bool },
    Revoke { target: String },
    Poll(Poll),
    PollVote { target: String, options: Vec<String> },
    Event(Event),
    EventResponse { target: String, answer: Attendance, guests: Option<u32> },
    Location(Location),
    LiveLocation { location: Location, caption: Option<String> },
    Contacts { contacts: Vec<Contact> },
    Buttons(Buttons),
    List(List),
    Reply { form: ReplyForm, target: String, reply: Reply },
    Product(Product),
    GroupInvite(GroupInvite),
    Pin { target: String, is_pinned: bool, seconds: Option<u32> },
}

#[derive(Clone, Debug)]
pub struct OutgoingMedia {
    pub kind: MediaKind,
    pub bytes: Bytes,
    pub mimetype: String,
    pub file_name: Option<String>,
    pub caption: Option<String>,
    pub traits: Traits,
}
