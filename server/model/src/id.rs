//! Ids of the things we make ourselves. WhatsApp's own ids are [`MessageId`] and [`crate::jid::Jid`].

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> { text.parse().map(Self) }
        }
    )*};
}

uuid_ids! {
    /// One session: one WhatsApp account linked to this gateway.
    SessionId;
    /// One webhook subscription.
    WebhookId;
    /// One dispatch of one event to one webhook; constant across its retries.
    DeliveryId;
    /// One API key.
    KeyId;
    /// One template.
    TemplateId;
    /// One batch of messages; what callers know it by is its name.
    BatchId;
    /// One automation rule.
    RuleId;
    /// One stored message row (WhatsApp's id of it is [`MessageId`]).
    RowId;
}

/// WhatsApp's id of a message (`3EB0…`). Unique only within (chat, sender).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(pub String);

impl MessageId {
    /// The longest id that is accepted from outside, in bytes.
    pub const MAX_LENGTH: usize = 128;

    /// The raw key id. Also takes the serialised form `true_<chat>_<id>[_<participant>]` that
    /// some clients keep. `None` when it is blank, too long, or not visible ASCII.
    pub fn parse(text: &str) -> Option<Self> {
        let id = match text.split('_').collect::<Vec<_>>()[..] {
            ["true" | "false", _, id] | ["true" | "false", _, id, _] => id,
            _ => text,
        };
        let good = !id.is_empty() && id.len() <= Self::MAX_LENGTH && id.bytes().all(|it| it.is_ascii_graphic());
        good.then(|| Self(id.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The number of an event in its session's log: gapless and rising from 1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub i64);

/// The number of an event in the log of the whole deployment, given when it is fanned out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(pub i64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serialised_message_id_is_reduced_to_the_key_id() {
        for (text, id) in [
            ("3EB0AA", Some("3EB0AA")),
            ("true_15550000001@c.us_3EB0AA", Some("3EB0AA")),
            ("false_1@g.us_3EB0AA_2@c.us", Some("3EB0AA")),
            ("", None),
            ("a b", None),
        ] {
            assert_eq!(MessageId::parse(text).as_ref().map(MessageId::as_str), id, "{text}");
        }
    }
}
