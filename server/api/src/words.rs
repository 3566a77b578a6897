//! Closed lists of words, named in the document once and read from the vocabulary itself.

use std::borrow::Cow;

use openwa_model::{
    audit::{AuditAction, Severity},
    content::MessageKind,
    event::EventKind,
    jid::ChatKind,
    key::Role,
    message::DeliveryStatus,
    presence::PresenceState,
    privacy::PrivacyValue,
    session::Status,
    sync::SyncState,
    webhook::{AttemptOutcome, DeliveryOrder},
};
use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type},
};
use serde::Serialize;
use serde_json::Value;

/// A closed list of words.
pub(crate) trait Vocabulary: Copy + Send + Sync + 'static {
    /// What the list is called in the document.
    const NAME: &'static str;
    /// What it is.
    const ABOUT: &'static str;
    fn all() -> Vec<Self>;
    fn word(self) -> &'static str;
}

macro_rules! vocabularies {
    ($($list:ident as $name:literal, $about:literal, $all:expr;)*) => {$(
        impl Vocabulary for $list {
            const NAME: &'static str = $name;
            const ABOUT: &'static str = $about;

            fn all() -> Vec<Self> {
                $all.to_vec()
            }

            fn word(self) -> &'static str {
                self.name()
            }
        }
    )*};
}

vocabularies! {
    Status as "SessionStatus", "What a session is doing.", Self::ALL;
    MessageKind as "MessageType", "What a message is.", Self::ALL;
    DeliveryStatus as "DeliveryStatus", "How far a message got.", Self::ALL;
    Role as "Role", "What a key may do; each role may do what the one before it may.", Self::ALL;
    AuditAction as "AuditAction", "What was done.", Self::ALL;
    Severity as "AuditSeverity", "How much it matters.", Self::ALL;
    EventKind as "EventType", "What sort of event.", Self::ALL;
    DeliveryOrder as "DeliveryOrder",
        "What deliveries of one webhook wait for: `chat` lets those of one chat go out one after another, `none` each when it is due.",
        Self::ALL;
    AttemptOutcome as "AttemptOutcome",
        "How an attempt ended: the receiver took it, it is tried again, or it is not.", Self::ALL;
    PresenceState as "PresenceState", "What a person is seen to be doing.", Self::ALL;
    PrivacyValue as "PrivacyValue",
        "Who it is: everybody, the address book, the address book but for some, nobody, whoever sees the last time on line, whoever was written to before.",
        Self::ALL;
    SyncState as "SyncState", "Whether the phone is being asked about the past.", Self::ALL;
    ChatKind as "ChatKind", "What sort of chat.",
        [Self::Individual, Self::Group, Self::Channel, Self::Status, Self::Broadcast];
}

/// One word of a list.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Word<W>(pub(crate) W);

impl<W: Vocabulary> Word<W> {
    fn read(text: &str) -> Option<Self> {
        W::all().into_iter().find(|it| it.word() == text).map(Self)
    }
}

impl<W> From<W> for Word<W> {
    fn from(word: W) -> Self {
        Self(word)
    }
}

impl<W: Vocabulary> Serialize for Word<W> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.word())
    }
}

impl<W: Vocabulary> Type for Word<W> {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        W::NAME.into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Reference(W::NAME.to_owned())
    }

    fn register(registry: &mut Registry) {
        registry.create_schema::<Self, _>(W::NAME.to_owned(), |_| MetaSchema {
            description: Some(W::ABOUT),
            enum_items: W::all().into_iter().map(|it| Value::from(it.word())).collect(),
            ..MetaSchema::new("string")
        });
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl<W: Vocabulary> ToJSON for Word<W> {
    fn to_json(&self) -> Option<Value> {
        Some(Value::from(self.0.word()))
    }
}

impl<W: Vocabulary> ParseFromJSON for Word<W> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        let value = value.unwrap_or_default();
        value.as_str().and_then(Self::read).ok_or_else(|| ParseError::expected_type(value))
    }
}

impl<W: Vocabulary> ParseFromParameter for Word<W> {
    fn parse_from_parameter(text: &str) -> ParseResult<Self> {
        Self::read(text).ok_or_else(|| ParseError::custom("not one of the words"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goes_there_and_back<W: Vocabulary + PartialEq + std::fmt::Debug>() {
        for word in W::all() {
            let there = Word(word).to_json();
            assert_eq!(there, serde_json::to_value(Word(word)).ok());
            assert_eq!(Word::parse_from_json(there).ok(), Some(Word(word)));
            assert_eq!(Word::parse_from_parameter(word.word()).ok(), Some(Word(word)));
        }
        assert!(Word::<W>::parse_from_parameter("nonsense").is_err());
    }

    #[test]
    fn every_word_goes_there_and_back() {
        goes_there_and_back::<Status>();
        goes_there_and_back::<MessageKind>();
        goes_there_and_back::<DeliveryStatus>();
        goes_there_and_back::<Role>();
        goes_there_and_back::<AuditAction>();
        goes_there_and_back::<Severity>();
        goes_there_and_back::<EventKind>();
        goes_there_and_back::<DeliveryOrder>();
        goes_there_and_back::<AttemptOutcome>();
        goes_there_and_back::<PresenceState>();
        goes_there_and_back::<PrivacyValue>();
        goes_there_and_back::<SyncState>();
        goes_there_and_back::<ChatKind>();
    }
}
