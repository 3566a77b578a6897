//! Chats as OpenWA writes them: `<number>@c.us`, `<id>@g.us`, `<id>@lid`, `status@broadcast`.

use std::fmt;

use serde::{Deserialize, Serialize};
use wacore_binary::{Jid, Server};

/// The longest user part of an id that is read.
const LONGEST_USER: usize = 64;

const STATUS: &str = "status@broadcast";

/// A person, a group or the place of statuses.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub enum Chat {
    /// A person by number, digits only.
    Person(String),
    /// A person by hidden id, digits only.
    Hidden(String),
    /// A group by id, digits and at most one dash.
    Group(String),
    /// Where people post what vanishes after a day.
    Status,
    /// Anything else a message can come from.
    Other(String),
}

/// The text is no chat.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no chat. Write a number of 5 to 20 digits, `<number>@c.us`, `<id>@lid`, `<id>@g.us` or `{STATUS}`.")]
pub struct NoChat(String);

impl Chat {
    /// Reads what a request names: a bare number, an OpenWA id or a WhatsApp JID of a person or group.
    pub fn parse(text: &str) -> Result<Self, NoChat> {
        let trimmed = text.trim();
        if trimmed == STATUS {
            return Ok(Self::Status);
        }
        let (user, server) = trimmed.split_once('@').unwrap_or((trimmed, "c.us"));
        let user = user.strip_prefix('+').unwrap_or(user);
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_number = digits(user) && (5..=20).contains(&user.len());
        match server {
            "c.us" | "s.whatsapp.net" if is_number => Ok(Self::Person(user.to_owned())),
            "lid" if is_number => Ok(Self::Hidden(user.to_owned())),
            "g.us" if user.len() <= LONGEST_USER && user.splitn(2, '-').all(digits) => Ok(Self::Group(user.to_owned())),
            _ => Err(NoChat(text.chars().take(LONGEST_USER).collect())),
        }
    }

    /// The chat a stanza's JID stands for.
    pub(crate) fn of(jid: &Jid) -> Self {
        let user = jid.user.to_string();
        match jid.server {
            Server::Pn | Server::Legacy | Server::Hosted => Self::Person(user),
            Server::Lid | Server::HostedLid => Self::Hidden(user),
            Server::Group => Self::Group(user),
            Server::Broadcast if user == "status" => Self::Status,
            _ => Self::Other(jid.to_non_ad_string()),
        }
    }

    /// The JID a stanza names the chat by; none for what a phone cannot write to.
    pub(crate) fn jid(&self) -> Option<Jid> {
        match self {
            Self::Person(number) => Some(Jid::pn(number.as_str())),
            Self::Hidden(id) => Some(Jid::lid(id.as_str())),
            Self::Group(id) => Some(Jid::group(id.as_str())),
            Self::Status => Some(Jid::status_broadcast()),
            Self::Other(_) => None,
        }
    }

    /// Whether several people read what is written there, so that messages name their authors.
    pub(crate) fn has_members(&self) -> bool {
        self.sender_key_name().is_some()
    }

    /// Under what name the sender keys of the chat are kept, if it has such.
    pub(crate) fn sender_key_name(&self) -> Option<&str> {
        match self {
            Self::Group(id) => Some(id),
            Self::Status => Some(STATUS),
            _ => None,
        }
    }
}

impl fmt::Display for Chat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(number) => write!(formatter, "{number}@c.us"),
            Self::Hidden(id) => write!(formatter, "{id}@lid"),
            Self::Group(id) => write!(formatter, "{id}@g.us"),
            Self::Status => formatter.write_str(STATUS),
            Self::Other(jid) => formatter.write_str(jid),
        }
    }
}

impl From<Chat> for String {
    fn from(chat: Chat) -> Self {
        chat.to_string()
    }
}

/// Reads back what the journal holds, where nothing is refused.
impl From<String> for Chat {
    fn from(text: String) -> Self {
        Self::parse(&text).unwrap_or(Self::Other(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_ids_and_jids_are_read() {
        let person = Chat::Person("15550000001".into());
        for text in ["15550000001", "+15550000001", " 15550000001@c.us ", "15550000001@s.whatsapp.net"] {
            assert_eq!(Chat::parse(text), Ok(person.clone()), "{text}");
        }
        assert_eq!(person.to_string(), "15550000001@c.us");
        assert_eq!(Chat::parse("120363000000000001@g.us"), Ok(Chat::Group("120363000000000001".into())));
        assert_eq!(Chat::parse("status@broadcast"), Ok(Chat::Status));
        assert_eq!(Chat::Status.jid().map(|jid| Chat::of(&jid)), Some(Chat::Status));
        assert_eq!(Chat::parse("15550000001-1600000000@g.us"), Ok(Chat::Group("15550000001-1600000000".into())));
    }

    #[test]
    fn what_is_no_chat_is_refused() {
        for text in ["", "@c.us", "abc", "1234", "12345:7@c.us", "1@g.us@c.us", "1-2-3@g.us"] {
            assert!(Chat::parse(text).is_err(), "{text}");
        }
    }
}
