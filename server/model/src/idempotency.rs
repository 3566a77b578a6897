//! Requests that must take effect once.

use jiff::Timestamp;

use crate::id::{MessageId, SessionId};

/// One request with an `Idempotency-Key`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IdempotentRequest {
    /// Keys are scoped to a session.
    pub session: SessionId,
    /// The key.
    pub key: String,
    /// SHA-256 of operation and body, in hexadecimal: another body under the same key is a mistake.
    pub fingerprint: String,
    /// The message this request sends.
    pub message: Option<MessageId>,
    /// The answer, once there is one.
    pub answer: Option<StoredAnswer>,
    /// When it came in.
    pub created_at: Timestamp,
    /// When it may be forgotten.
    pub expires_at: Timestamp,
}

/// An answer to be given again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}
