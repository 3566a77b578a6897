//! How far batches and their messages are, as it is answered.

use openwa_model::batch::{BatchErrorCode, BatchMessage, BatchMessageStatus, BatchProgress, BatchStatus};
use poem_openapi::{Enum, Object};
use serde::Serialize;

use crate::wire::Moment;

/// A batch that was taken in.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchTaken {
    /// What it is called.
    pub(super) batch_id: String,
    /// How far it is.
    pub(super) status: BatchState,
    /// How many messages it has.
    pub(super) total_messages: u32,
    /// When it ends if nothing holds it up.
    pub(super) estimated_completion_time: Moment,
    /// Where to look how far it is.
    pub(super) status_url: String,
}

/// How far a batch is.
#[derive(Enum, Clone, Copy, PartialEq, Debug, Serialize)]
#[oai(rename = "BatchStatus", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub(crate) enum BatchState {
    /// Nothing was sent yet.
    Pending,
    /// It is being sent.
    Processing,
    /// All was tried, and something was sent.
    Completed,
    /// It was cancelled.
    Cancelled,
    /// All failed, or one did and `stopOnError` was set.
    Failed,
}

impl From<BatchStatus> for BatchState {
    fn from(status: BatchStatus) -> Self {
        match status {
            BatchStatus::Pending => Self::Pending,
            BatchStatus::Processing => Self::Processing,
            BatchStatus::Completed => Self::Completed,
            BatchStatus::Cancelled => Self::Cancelled,
            BatchStatus::Failed => Self::Failed,
        }
    }
}

/// How far one message of a batch is.
#[derive(Enum, Clone, Copy, PartialEq, Debug, Serialize)]
#[oai(rename = "BatchMessageStatus", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub(crate) enum BatchMessageState {
    /// It waits for its turn, or for WhatsApp's answer.
    Pending,
    /// WhatsApp accepted it.
    Sent,
    /// It will not arrive.
    Failed,
    /// The batch ended before its turn.
    Cancelled,
}

impl From<BatchMessageStatus> for BatchMessageState {
    fn from(status: BatchMessageStatus) -> Self {
        match status {
            BatchMessageStatus::Pending | BatchMessageStatus::Sending => Self::Pending,
            BatchMessageStatus::Sent => Self::Sent,
            BatchMessageStatus::Failed => Self::Failed,
            BatchMessageStatus::Cancelled => Self::Cancelled,
        }
    }
}

/// The messages of a batch, counted.
#[derive(Object, Serialize)]
#[oai(rename = "BatchProgress")]
pub(crate) struct Counted {
    /// All.
    pub(super) total: u32,
    /// Accepted by WhatsApp.
    pub(super) sent: u32,
    /// Not going to arrive.
    pub(super) failed: u32,
    /// Waiting for their turn, or for WhatsApp's answer.
    pub(super) pending: u32,
    /// Given up with the batch.
    pub(super) cancelled: u32,
}

impl From<BatchProgress> for Counted {
    fn from(it: BatchProgress) -> Self {
        let BatchProgress { total, sent, failed, pending, cancelled } = it;
        Self { total, sent, failed, pending, cancelled }
    }
}

/// Why a message of a batch will not arrive.
#[derive(Object, Serialize)]
#[oai(rename = "BatchError")]
pub(crate) struct Reason {
    /// A word to branch on.
    pub(super) code: ReasonCode,
    /// The reason, for a person.
    pub(super) message: String,
}

/// Of what sort the reason is that a message of a batch will not arrive.
#[derive(Enum, Clone, Copy, PartialEq, Debug, Serialize)]
#[oai(rename = "BatchErrorCode", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ReasonCode {
    /// It could not be sent.
    SendFailed,
    /// It was not permitted to be sent.
    SendBlocked,
}

impl From<BatchErrorCode> for ReasonCode {
    fn from(code: BatchErrorCode) -> Self {
        match code {
            BatchErrorCode::SendFailed => Self::SendFailed,
            BatchErrorCode::SendBlocked => Self::SendBlocked,
        }
    }
}

/// What became of one message of a batch.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchResult {
    /// The chat.
    pub(super) chat_id: String,
    /// How far it is.
    pub(super) status: BatchMessageState,
    /// WhatsApp's id of the message, as soon as it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message_id: Option<String>,
    /// When WhatsApp accepted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sent_at: Option<Moment>,
    /// Why it will not arrive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<Reason>,
}

impl From<BatchMessage> for BatchResult {
    fn from(it: BatchMessage) -> Self {
        Self {
            chat_id: it.chat.to_string(),
            status: it.status.into(),
            message_id: it.message.map(|it| it.to_string()),
            sent_at: it.sent_at.map(Moment),
            error: it.error.map(|it| Reason { code: it.code.into(), message: it.message }),
        }
    }
}

/// A batch and what became of its messages.
#[derive(Object, Serialize)]
#[oai(rename = "Batch", rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchResponse {
    /// What it is called.
    pub(super) batch_id: String,
    /// How far it is.
    pub(super) status: BatchState,
    /// Its messages, counted.
    pub(super) progress: Counted,
    /// Its messages, in the order of sending.
    pub(super) results: Vec<BatchResult>,
    /// What it waits for, where that is not just its next turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) waiting_for: Option<String>,
    /// When its first message was begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) started_at: Option<Moment>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) completed_at: Option<Moment>,
}

/// A batch that was cancelled.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct CancelledBatch {
    /// What it is called.
    pub(super) batch_id: String,
    /// How far it came.
    pub(super) status: BatchState,
    /// Its messages, counted. One that was on its way already is still pending.
    pub(super) progress: Counted,
}
