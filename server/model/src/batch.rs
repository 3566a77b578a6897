//! Batches: many messages that are asked for at once and sent one after another.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    content::MessageKind,
    id::{BatchId, MessageId, SessionId},
    jid::Jid,
};

/// One batch; its messages are rows of their own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Batch {
    /// Its id here.
    pub id: BatchId,
    /// The session that sends it.
    pub session: SessionId,
    /// What callers know it by; unique within the session.
    pub name: String,
    /// How far it is.
    pub status: BatchStatus,
    /// How it is sent.
    pub options: BatchOptions,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When its first message was begun.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// When there is something to do about it again; `None` when nothing is left to do.
    pub next_at: Option<Timestamp>,
}

/// How a batch is sent. Stored as JSON: what is added needs a default.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BatchOptions {
    /// The pause after a message, in milliseconds.
    pub delay_ms: u64,
    /// Whether chance makes that pause longer.
    pub is_delay_random: bool,
    /// Whether the first message that fails ends the batch.
    pub stops_on_error: bool,
}

/// How far a batch is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BatchStatus {
    /// Nothing was begun yet.
    Pending,
    /// It is being sent.
    Processing,
    /// All was tried, and something was sent.
    Completed,
    /// Somebody cancelled it.
    Cancelled,
    /// All failed, or one did and that was to be the end.
    Failed,
}

impl BatchStatus {
    /// Every status.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Processing, Self::Completed, Self::Cancelled, Self::Failed];

    /// The contract's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    /// The status of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// Whether more of it will be sent.
    pub const fn is_active(self) -> bool {
        match self {
            Self::Pending | Self::Processing => true,
            Self::Completed | Self::Cancelled | Self::Failed => false,
        }
    }
}

/// What one message of a batch is to be. Stored as JSON until the message is settled: what is added needs a default.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BatchRequest {
    /// What is sent.
    pub content: BatchContent,
    /// Who is mentioned.
    #[serde(default)]
    pub mentions: Vec<Jid>,
    /// Whether everyone in the group is.
    #[serde(default)]
    pub mentions_everyone: bool,
}

/// What a message of a batch carries.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum BatchContent {
    /// Text.
    Text {
        /// The text, with everything filled in.
        body: String,
    },
    /// A file.
    Media {
        /// Image, video, audio, voice or document.
        kind: MessageKind,
        /// Where it comes from.
        source: BatchSource,
        /// Its MIME type.
        mimetype: Option<String>,
        /// Its name.
        filename: Option<String>,
        /// The text below it, with everything filled in.
        caption: Option<String>,
    },
}

/// Where a file of a batch comes from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchSource {
    /// An address to fetch it from.
    Url(String),
    /// The file itself.
    Base64(String),
}

/// How far one message of a batch is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BatchMessageStatus {
    /// It waits for its turn.
    Pending,
    /// It is stored as a message; how that went is not written here yet.
    Sending,
    /// WhatsApp accepted it.
    Sent,
    /// It will not arrive.
    Failed,
    /// The batch ended before its turn.
    Cancelled,
}

impl BatchMessageStatus {
    /// Every status.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Sending, Self::Sent, Self::Failed, Self::Cancelled];

    /// The word it is stored under.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

/// The place of one message in its batch.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct BatchPlace {
    /// The batch.
    pub batch: BatchId,
    /// From 0, in the order of sending.
    pub index: u32,
}

/// One message of a batch, and what became of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BatchMessage {
    /// Its place.
    pub place: BatchPlace,
    /// Where to.
    pub chat: Jid,
    /// How far it is.
    pub status: BatchMessageStatus,
    /// WhatsApp's id, from the moment on at which the message is stored.
    pub message: Option<MessageId>,
    /// When the message was stored.
    pub begun_at: Option<Timestamp>,
    /// When WhatsApp accepted it.
    pub sent_at: Option<Timestamp>,
    /// Why it will not arrive.
    pub error: Option<BatchError>,
}

/// Why a message of a batch will not arrive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BatchError {
    /// Of what sort the reason is.
    pub code: BatchErrorCode,
    /// The reason, for a person.
    pub message: String,
}

/// Of what sort the reason is that a message of a batch will not arrive.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BatchErrorCode {
    /// It could not be sent.
    SendFailed,
    /// It was not permitted to be sent.
    SendBlocked,
}

impl BatchErrorCode {
    /// Every code.
    pub const ALL: [Self; 2] = [Self::SendFailed, Self::SendBlocked];

    /// The contract's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SendFailed => "SEND_FAILED",
            Self::SendBlocked => "SEND_BLOCKED",
        }
    }

    /// The code of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

/// How a message of a batch ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BatchOutcome {
    /// WhatsApp accepted it under this id, then.
    Sent(MessageId, Timestamp),
    /// It will not arrive.
    Failed(BatchError),
}

/// The messages of a batch, counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct BatchProgress {
    /// All.
    pub total: u32,
    /// Accepted by WhatsApp.
    pub sent: u32,
    /// Not going to arrive.
    pub failed: u32,
    /// Waiting for their turn or for their outcome.
    pub pending: u32,
    /// Given up with their batch.
    pub cancelled: u32,
}

impl BatchProgress {
    /// What a batch ended as whose messages are all settled.
    pub fn ending(&self) -> BatchStatus {
        if self.sent == 0 && self.failed > 0 { BatchStatus::Failed } else { BatchStatus::Completed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_older_release_stored_is_read() {
        let text = r#"{"content":{"type":"text","body":"Hello"}}"#;
        let request: BatchRequest = serde_json::from_str(text).unwrap();
        let content = BatchContent::Text { body: "Hello".to_owned() };
        assert_eq!(request, BatchRequest { content, mentions: vec![], mentions_everyone: false });
        let text = r#"{"content":{"type":"media","kind":"image","source":{"url":"https://example.org/a.png"},
            "mimetype":null,"filename":null,"caption":"Tea"},"mentions":["15550000001@c.us"],"mentions_everyone":true}"#;
        let request: BatchRequest = serde_json::from_str(text).unwrap();
        let again: BatchRequest = serde_json::from_str(&serde_json::to_string(&request).unwrap()).unwrap();
        assert_eq!(again, request);
        assert_eq!(request.mentions, [Jid::phone("15550000001")]);
    }

    #[test]
    fn words_are_read_back() {
        for status in BatchStatus::ALL {
            assert_eq!(BatchStatus::of(status.name()), Some(status));
        }
        for status in BatchMessageStatus::ALL {
            assert_eq!(BatchMessageStatus::of(status.name()), Some(status));
        }
        for code in BatchErrorCode::ALL {
            assert_eq!(BatchErrorCode::of(code.name()), Some(code));
        }
    }

    #[test]
    fn a_batch_failed_when_all_of_it_did() {
        let counted = |sent, failed| BatchProgress { total: sent + failed, sent, failed, ..BatchProgress::default() };
        assert_eq!(counted(0, 2).ending(), BatchStatus::Failed);
        assert_eq!(counted(1, 1).ending(), BatchStatus::Completed);
        assert_eq!(counted(2, 0).ending(), BatchStatus::Completed);
    }
}
