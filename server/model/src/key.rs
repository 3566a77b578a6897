//! API keys and what they may do.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{KeyId, SessionId};

/// What a key may do; each role may do what the one before it may.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Read.
    Viewer,
    /// Read, send, and run sessions.
    Operator,
    /// Everything.
    Admin,
}

impl Role {
    /// Every role, weakest first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Admin];

    /// The contract's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    /// The role of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

/// One API key. The key itself is not kept, only its hash.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiKey {
    /// Its id.
    pub id: KeyId,
    /// What a person calls it.
    pub name: String,
    /// Its first twelve characters.
    pub prefix: String,
    /// SHA-256 of the key in hexadecimal; with a pepper, HMAC-SHA-256 under it.
    pub hash: String,
    /// What it may do.
    pub role: Role,
    /// The IPv4 addresses and networks it may come from; `None` is any.
    pub allowed_ips: Option<Vec<String>>,
    /// The sessions it may touch; `None` is all.
    pub allowed_sessions: Option<Vec<SessionId>>,
    /// The chats it may touch; `None` is all.
    pub allowed_chats: Option<Vec<String>>,
    /// False once it was revoked.
    pub active: bool,
    /// When it stops working.
    pub expires_at: Option<Timestamp>,
    /// When it was last used; kept to the minute.
    pub last_used_at: Option<Timestamp>,
    /// How often it was used.
    pub usage_count: u64,
    /// When it was made.
    pub created_at: Timestamp,
}
