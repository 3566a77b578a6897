//! What a message can be.

use jiff::Timestamp;
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

/// What a chat shows of a sound or film before it is played.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Playback {
    /// How long it lasts.
    pub seconds: Option<u32>,
    /// How loud it is from beginning to end: 64 values from 0 to 100.
    pub waveform: Option<Vec<u8>>,
    /// Its first picture, as a small JPEG.
    pub thumbnail: Option<Vec<u8>>,
    /// Width and height of its pictures.
    pub dimensions: Option<(u32, u32)>,
}

/// The card that a text shows of a page it links to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LinkPreview {
    /// The link, as it stands in the text.
    pub link: String,
    /// The page's title.
    pub title: String,
    /// What the page is about.
    pub description: Option<String>,
    /// Its picture, as a small JPEG.
    pub thumbnail: Option<Vec<u8>>,
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
        /// What people chose, as far as it was learned.
        #[serde(default)]
        votes: Vec<Vote>,
    },
    /// An appointment.
    Event(Appointment),
    /// Buttons or a list to choose from.
    Choices(Choices),
    /// What was chosen from buttons or a list.
    Chosen(Chosen),
    /// A product of a catalogue.
    Product(Product),
    /// An order of products.
    Order {
        /// Its id.
        id: String,
        /// What is needed to ask WhatsApp for it.
        token: Option<String>,
    },
    /// A call that stands in the chat.
    Call {
        /// Whether it was a video call.
        video: bool,
        /// Whether nobody took it.
        missed: bool,
    },
    /// How a status looks, and whom an own one is shown to.
    Status(StatusPost),
}

impl Detail {
    /// The contract's type of a message that has this and nothing else.
    pub const fn kind(&self) -> MessageKind {
        match self {
            Self::Location { .. } => MessageKind::Location,
            Self::Contact { .. } => MessageKind::Contact,
            Self::Poll { .. } => MessageKind::Poll,
            // The contract has no word for appointments.
            Self::Event(_) => MessageKind::Unknown,
            // To people both are texts with something to press.
            Self::Choices(_) | Self::Chosen(_) => MessageKind::Text,
            // What has a file besides is of the file's type.
            Self::Status(_) => MessageKind::Text,
            Self::Product(_) => MessageKind::Product,
            Self::Order { .. } => MessageKind::Order,
            Self::Call { .. } => MessageKind::Call,
        }
    }

    /// Whose answers are kept in it.
    pub fn people_mut(&mut self) -> Vec<&mut Jid> {
        match self {
            Self::Poll { votes, .. } => votes.iter_mut().map(|it| &mut it.voter).collect(),
            Self::Event(it) => it.responses.iter_mut().map(|it| &mut it.person).collect(),
            _ => Vec::new(),
        }
    }
}

/// What one person chose in a poll; a later vote replaces an earlier one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Vote {
    /// Who.
    pub voter: Jid,
    /// The chosen answers; none when the vote was taken back.
    pub options: Vec<String>,
    /// When.
    pub at: Timestamp,
}

/// An appointment that people can say to come to.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Appointment {
    /// What it is called.
    pub name: String,
    /// What it is about.
    pub description: Option<String>,
    /// When it begins.
    pub starts_at: Option<Timestamp>,
    /// When it ends.
    pub ends_at: Option<Timestamp>,
    /// Where it is.
    pub place: Option<AppointmentPlace>,
    /// A link to a call to join.
    pub join_link: Option<String>,
    /// Whether people may bring others along.
    pub takes_guests: bool,
    /// Whether it was called off.
    pub is_canceled: bool,
    /// Who comes, as far as it was learned.
    #[serde(default)]
    pub responses: Vec<Attendance>,
}

/// Where an appointment is: a name, and degrees north and east where they are known.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct AppointmentPlace {
    /// The name or address.
    pub name: Option<String>,
    /// Degrees north and degrees east.
    pub degrees: Option<(f64, f64)>,
}

/// Whether one person comes; a later answer replaces an earlier one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Attendance {
    /// Who.
    pub person: Jid,
    /// What they say.
    pub response: EventResponse,
    /// How many they bring along.
    pub extra_guests: u32,
    /// When they said so.
    pub at: Timestamp,
}

/// What one can say to an appointment.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventResponse {
    /// I come.
    Going,
    /// I do not.
    NotGoing,
    /// I may.
    Maybe,
}

impl EventResponse {
    /// Every answer.
    pub const ALL: [Self; 3] = [Self::Going, Self::NotGoing, Self::Maybe];

    /// The word on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Going => "going",
            Self::NotGoing => "not_going",
            Self::Maybe => "maybe",
        }
    }
}

/// The ways in which WhatsApp writes buttons and lists. An answer is written the way the question was.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChoiceForm {
    /// Up to three buttons, the oldest way.
    Buttons,
    /// Buttons of a template.
    Template,
    /// A list behind one button.
    List,
    /// The newest way, for buttons and lists.
    Interactive,
}

/// Something to choose from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Choices {
    /// How WhatsApp writes it.
    pub form: ChoiceForm,
    /// The line above the text.
    pub header: Option<String>,
    /// The line below the text.
    pub footer: Option<String>,
    /// What stands on the button that opens the list; `None` where all is shown at once.
    pub opener: Option<String>,
    /// The choices in their sections; buttons have one section.
    pub sections: Vec<ChoiceSection>,
}

/// Choices that belong together.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChoiceSection {
    /// What stands above them.
    pub title: Option<String>,
    /// The choices.
    pub choices: Vec<Choice>,
}

/// One choice.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Choice {
    /// What an answer names it by.
    pub id: String,
    /// What people read.
    pub text: String,
    /// What stands below it in a list.
    pub description: Option<String>,
    /// What pressing it does, when that is not an answer.
    pub action: Option<ChoiceAction>,
}

/// What a button does that does not answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "lowercase")]
pub enum ChoiceAction {
    /// Opens a page.
    Url(String),
    /// Calls a number.
    Call(String),
    /// Copies a code.
    Copy(String),
}

/// What was chosen.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Chosen {
    /// How WhatsApp writes it.
    pub form: ChoiceForm,
    /// The id of the choice.
    pub id: String,
    /// What stood on it.
    pub text: String,
}

/// A product of a catalogue, as its sender shows it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Product {
    /// Its id in the catalogue.
    pub id: String,
    /// Whose catalogue.
    pub owner: Option<Jid>,
    /// What it is called.
    pub title: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// The currency of the price, as three letters.
    pub currency: Option<String>,
    /// The price in thousandths.
    pub price_thousandths: Option<i64>,
    /// A page about it.
    pub url: Option<String>,
}

/// What a sender says about a message besides what is in it.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Marks {
    /// Whether it was forwarded.
    pub is_forwarded: bool,
    /// How often it was forwarded before, as WhatsApp counts; 127 is "many times".
    pub forwarding_score: u32,
    /// Whether it can be opened once only.
    pub is_view_once: bool,
    /// Whether the video is shown as a moving picture, without sound and again and again.
    pub is_gif: bool,
    /// Whether the video is a round one.
    pub is_video_note: bool,
    /// Whether everyone in the group is mentioned.
    pub mentions_everyone: bool,
    /// After how many seconds it vanishes.
    pub ephemeral_seconds: Option<u32>,
}

impl Marks {
    /// From this score on, WhatsApp shows a message as forwarded many times.
    const OFTEN: u32 = 5;
    /// What is written as its score then.
    const MANY_TIMES: u32 = 127;

    /// The marks of a copy that is forwarded.
    pub fn forwarded(&self) -> Self {
        let score = self.forwarding_score.saturating_add(u32::from(self.is_forwarded));
        Self {
            is_forwarded: true,
            forwarding_score: if score >= Self::OFTEN { Self::MANY_TIMES } else { score },
            is_gif: self.is_gif,
            is_video_note: self.is_video_note,
            ..Self::default()
        }
    }
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
    /// What is said about it.
    #[serde(default)]
    pub marks: Marks,
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
        /// The card it shows of a page it links to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        preview: Option<LinkPreview>,
    },
    /// A file.
    Media {
        /// Image, video, audio, voice, document or sticker.
        kind: MessageKind,
        /// The file; `media.file` is set.
        media: Media,
        /// The text below it.
        caption: Option<String>,
        /// What a chat shows of it before it is played, where that was found out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        playback: Option<Box<Playback>>,
    },
    /// A place, a card, a poll and the like.
    Detailed {
        /// What people read of it, "" when there is no text.
        body: String,
        /// What it is.
        detail: Detail,
    },
}

impl OutgoingContent {
    /// The contract's type of this message.
    pub fn kind(&self) -> MessageKind {
        match self {
            Self::Text { .. } => MessageKind::Text,
            Self::Media { kind, .. } => *kind,
            Self::Detailed { detail, .. } => detail.kind(),
        }
    }

    /// Its text or caption, "" when it has none.
    pub fn body(&self) -> &str {
        match self {
            Self::Text { body, .. } | Self::Detailed { body, .. } => body,
            Self::Media { caption, .. } => caption.as_deref().unwrap_or_default(),
        }
    }

    /// Its file.
    pub fn media(&self) -> Option<&Media> {
        match self {
            Self::Media { media, .. } => Some(media),
            Self::Text { .. } | Self::Detailed { .. } => None,
        }
    }

    /// What its plain fields cannot say.
    pub fn detail(&self) -> Option<&Detail> {
        match self {
            Self::Detailed { detail, .. } => Some(detail),
            Self::Text { .. } | Self::Media { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_forwarded_often_is_counted_no_further() {
        let mut marks = Marks { is_view_once: true, is_gif: true, ..Marks::default() };
        let mut scores = Vec::new();
        for _ in 0..8 {
            marks = marks.forwarded();
            assert!(marks.is_forwarded && marks.is_gif && !marks.is_view_once);
            scores.push(marks.forwarding_score);
        }
        assert_eq!(scores, [0, 1, 2, 3, 4, 127, 127, 127]);
    }

    #[test]
    fn what_was_stored_before_there_were_marks_and_votes_still_reads() {
        let poll = r#"{"type":"poll","name":"When?","options":["Now"],"multiple":false}"#;
        assert!(matches!(serde_json::from_str(poll), Ok(Detail::Poll { votes, .. }) if votes.is_empty()));
        let outgoing = r#"{"id":"3EB0AA","chat":"15550000001@c.us","content":{"type":"text","body":"hi"},
            "quoted":null,"mentions":[]}"#;
        assert_eq!(serde_json::from_str::<Outgoing>(outgoing).unwrap().marks, Marks::default());
    }
}
