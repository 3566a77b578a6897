//! Channels, which WhatsApp's wire calls newsletters.

use jiff::Timestamp;

use crate::jid::Jid;

/// What this account is in a channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChannelRole {
    /// It made the channel, or took it over.
    Owner,
    /// It may write.
    Admin,
    /// It reads.
    Subscriber,
    /// It looks in.
    Guest,
}

impl ChannelRole {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Subscriber => "subscriber",
            Self::Guest => "guest",
        }
    }
}

/// One channel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Channel {
    /// Its id.
    pub id: Jid,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// The code of the link to it.
    pub invite_code: Option<String>,
    /// How many subscribed to it.
    pub subscribers: u64,
    /// Whether WhatsApp vouches for it.
    pub verified: bool,
    /// What this account is in it, where that was told.
    pub role: Option<ChannelRole>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
}

/// What was written in a channel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChannelPost {
    /// Its id.
    pub id: String,
    /// Its number in the channel.
    pub number: u64,
    /// Text or caption, "" when it has none.
    pub body: String,
    /// When it was written.
    pub timestamp: Timestamp,
    /// Whether it has a file.
    pub has_media: bool,
}
