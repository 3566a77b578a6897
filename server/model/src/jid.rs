//! Who and where on WhatsApp: parsed once, compared safely, written the way the OpenWA contract does.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The part behind the `@`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Server {
    /// A person by phone number: `@c.us` here, `@s.whatsapp.net` on WhatsApp's wire.
    Phone,
    /// A person by hidden id.
    Lid,
    /// A group.
    Group,
    /// A channel.
    Newsletter,
    /// A broadcast list, and `status@broadcast`.
    Broadcast,
}

impl Server {
    /// The name used on this gateway's wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Phone => "c.us",
            Self::Lid => "lid",
            Self::Group => "g.us",
            Self::Newsletter => "newsletter",
            Self::Broadcast => "broadcast",
        }
    }
}

/// What sort of chat an id names, in the contract's words.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChatKind {
    /// One person.
    Individual,
    /// A group.
    Group,
    /// A channel.
    Channel,
    /// The status feed.
    Status,
    /// A broadcast list.
    Broadcast,
}

impl ChatKind {
    /// The contract's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Individual => "individual",
            Self::Group => "group",
            Self::Channel => "channel",
            Self::Status => "status",
            Self::Broadcast => "broadcast",
        }
    }
}

/// The id of a person, group, channel or broadcast list. Never carries a device.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Jid {
    user: String,
    server: Server,
}

/// The text is not a WhatsApp id.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("'{0}' is not a WhatsApp id; write <number>@c.us, <id>@lid, <id>@g.us or <id>@newsletter")]
pub struct NotAJid(pub String);

impl Jid {
    /// The longest part before the `@`, in bytes.
    pub const MAX_USER: usize = 64;

    /// Builds an id from parts that are known to be good.
    pub fn new(user: impl Into<String>, server: Server) -> Self {
        Self { user: user.into(), server }
    }

    /// A person by phone number, digits only.
    pub fn phone(number: impl Into<String>) -> Self {
        Self::new(number, Server::Phone)
    }

    /// The status feed, `status@broadcast`.
    pub fn status() -> Self {
        Self::new("status", Server::Broadcast)
    }

    /// The part before the `@`.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The part behind the `@`.
    pub fn server(&self) -> Server {
        self.server
    }

    /// What sort of chat this names.
    pub fn kind(&self) -> ChatKind {
        match self.server {
            Server::Phone | Server::Lid => ChatKind::Individual,
            Server::Group => ChatKind::Group,
            Server::Newsletter => ChatKind::Channel,
            Server::Broadcast if self.user == "status" => ChatKind::Status,
            Server::Broadcast => ChatKind::Broadcast,
        }
    }

    /// Whether this names a group.
    pub fn is_group(&self) -> bool {
        self.server == Server::Group
    }
}

impl fmt::Display for Jid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.user, self.server.name())
    }
}

impl FromStr for Jid {
    type Err = NotAJid;

    /// Takes both wire spellings of a phone id and drops a device suffix (`:3`) or agent (`_1`).
    fn from_str(text: &str) -> Result<Self, NotAJid> {
        let refuse = || NotAJid(text.chars().take(Self::MAX_USER * 2).collect());
        let (user, server) = text.split_once('@').ok_or_else(refuse)?;
        let server = match server {
            "c.us" | "s.whatsapp.net" => Server::Phone,
            "lid" => Server::Lid,
            "g.us" => Server::Group,
            "newsletter" => Server::Newsletter,
            "broadcast" => Server::Broadcast,
            _ => return Err(refuse()),
        };
        let user = match server {
            Server::Phone | Server::Lid => user.split([':', '_']).next().unwrap_or(user),
            _ => user,
        };
        let digits = user.bytes().all(|it| it.is_ascii_digit());
        let good = match server {
            Server::Phone | Server::Lid | Server::Newsletter => digits,
            Server::Group => user.bytes().all(|it| it.is_ascii_digit() || it == b'-'),
            Server::Broadcast => digits || user == "status",
        };
        if user.is_empty() || user.len() > Self::MAX_USER || !good {
            return Err(refuse());
        }
        Ok(Self::new(user, server))
    }
}

impl Serialize for Jid {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Jid {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_in_both_spellings_and_written_in_one() {
        for (text, written) in [
            ("15550000001@c.us", Some("15550000001@c.us")),
            ("15550000001@s.whatsapp.net", Some("15550000001@c.us")),
            ("15550000001:12@s.whatsapp.net", Some("15550000001@c.us")),
            ("15550000001_1:12@s.whatsapp.net", Some("15550000001@c.us")),
            ("100000000000001:3@lid", Some("100000000000001@lid")),
            ("120363000000000001@g.us", Some("120363000000000001@g.us")),
            ("15550000001-1600000000@g.us", Some("15550000001-1600000000@g.us")),
            ("status@broadcast", Some("status@broadcast")),
            ("15550000001", None),
            ("@c.us", None),
            ("a@c.us", None),
            ("1@example.org", None),
            ("1@c.us@c.us", None),
        ] {
            assert_eq!(text.parse::<Jid>().ok().map(|it| it.to_string()).as_deref(), written, "{text}");
        }
    }
}
