//! Requests that must take effect once.

use std::fmt;

use jiff::Timestamp;

use crate::id::{KeyId, MessageId, SessionId};

/// Within what a key is one key: the same text under two owners is two keys.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum KeyOwner {
    /// What is done on a session.
    Session(SessionId),
    /// What is done on none, by the holder of this API key.
    ApiKey(KeyId),
}

impl KeyOwner {
    /// The session, where it is one.
    pub const fn session(self) -> Option<SessionId> {
        match self {
            Self::Session(id) => Some(id),
            Self::ApiKey(_) => None,
        }
    }
}

impl From<SessionId> for KeyOwner {
    fn from(id: SessionId) -> Self {
        Self::Session(id)
    }
}

impl fmt::Display for KeyOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(id) => fmt::Display::fmt(id, f),
            Self::ApiKey(id) => fmt::Display::fmt(id, f),
        }
    }
}

/// One request with an `Idempotency-Key`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IdempotentRequest {
    /// Whose the key is.
    pub owner: KeyOwner,
    /// The key.
    pub key: String,
    /// SHA-256 of operation and body, in hexadecimal: another body under the same key is a mistake.
    pub fingerprint: String,
    /// The message this request sends, where it sends one.
    pub message: Option<MessageId>,
    /// The answer, once there is one. Of what failed it is kept only where the failure leaves open whether anything
    /// was done.
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
