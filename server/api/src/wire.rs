//! Small wire types that several resources share.

use std::borrow::Cow;

use openwa_model::{
    Timestamp,
    id::{KeyId, MessageId, RuleId, SessionId, TemplateId, WebhookId},
    jid::Jid,
};
use poem_openapi::{
    Object,
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type},
};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::error::ApiError;

/// The chat of this id.
pub(crate) fn chat_of(text: &str) -> Result<Jid, ApiError> {
    text.parse().map_err(|error: openwa_model::jid::NotAJid| ApiError::invalid(error.to_string()))
}

/// The message of this id; `field` is where it stood.
pub(crate) fn message_id(field: &str, text: &str) -> Result<MessageId, ApiError> {
    MessageId::parse(text).ok_or_else(|| ApiError::invalid(format!("{field} must be the id of a message")))
}

/// People that a text mentions.
pub(crate) fn mentions_of(texts: Option<Vec<String>>) -> Result<Vec<Jid>, ApiError> {
    texts.unwrap_or_default().iter().map(|it| chat_of(it)).collect()
}

/// The word that mentions everyone in a group, as it stands among the mentioned.
const EVERYONE: &str = "@all";

/// Takes the word for everyone out of those mentioned; whether it was there.
pub(crate) fn mentions_everyone(texts: &mut Option<Vec<String>>) -> bool {
    let Some(texts) = texts else { return false };
    let before = texts.len();
    texts.retain(|it| it != EVERYONE);
    texts.len() < before
}

/// The answer of an action that has nothing else to say.
#[derive(Object, Serialize)]
pub(crate) struct Success {
    /// Whether it was done.
    pub(crate) success: bool,
}

impl Success {
    pub(crate) const DONE: Self = Self { success: true };
}

/// The answer of an action, with a sentence.
#[derive(Object, Serialize)]
pub(crate) struct SuccessMessage {
    /// Whether it was done.
    success: bool,
    /// What was done.
    message: String,
}

impl SuccessMessage {
    pub(crate) fn done(message: &str) -> Self {
        Self { success: true, message: message.to_owned() }
    }
}

/// How many rows a list has at most where nothing is said, and where the contract lets one ask for 1 to 1000.
pub(crate) fn longest_page() -> u32 {
    1000
}

/// A moment in ISO 8601 with milliseconds, as the contract writes dates of entities.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Moment(pub(crate) Timestamp);

impl Serialize for Moment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:.3}", self.0))
    }
}

impl Type for Moment {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "string_date-time".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "date-time")))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ToJSON for Moment {
    fn to_json(&self) -> Option<Value> {
        Some(Value::String(format!("{:.3}", self.0)))
    }
}

impl ParseFromJSON for Moment {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        let value = value.unwrap_or_default();
        match value.as_str().map(str::parse) {
            Some(Ok(at)) => Ok(Self(at)),
            _ => Err(ParseError::expected_type(value)),
        }
    }
}

/// A field that is always there and may be null; an `Option` may be left out.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct Nullable<T>(pub(crate) Option<T>);

impl<T> From<Option<T>> for Nullable<T> {
    fn from(value: Option<T>) -> Self {
        Self(value)
    }
}

impl<T: Type> Type for Nullable<T> {
    const IS_REQUIRED: bool = true;
    type RawValueType = T::RawValueType;
    type RawElementValueType = T::RawElementValueType;

    fn name() -> Cow<'static, str> {
        format!("nullable_{}", T::name()).into()
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref().merge(MetaSchema { nullable: true, ..MetaSchema::ANY })
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        self.0.as_ref().and_then(Type::as_raw_value)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        match &self.0 {
            Some(value) => value.raw_element_iter(),
            None => Box::new(std::iter::empty()),
        }
    }
}

impl<T: ToJSON> ToJSON for Nullable<T> {
    fn to_json(&self) -> Option<Value> {
        match &self.0 {
            Some(value) => value.to_json(),
            None => Some(Value::Null),
        }
    }
}

impl<T: ParseFromJSON> ParseFromJSON for Nullable<T> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        Option::parse_from_json(value).map(Self).map_err(ParseError::propagate)
    }
}

/// A value that may be null where generated clients have no word for it: the document says that it is any JSON.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct OrNull<T>(pub(crate) Option<T>);

impl<T: Send + Sync> Type for OrNull<T> {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "any".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::ANY))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl<T: Send + Sync + Serialize> ToJSON for OrNull<T> {
    fn to_json(&self) -> Option<Value> {
        serde_json::to_value(self).ok()
    }
}

impl<T: Send + Sync + serde::de::DeserializeOwned> ParseFromJSON for OrNull<T> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        let value = value.unwrap_or_default();
        serde_json::from_value(value.clone()).map(Self).map_err(|_| ParseError::expected_type(value))
    }
}

/// Ids in a path: one that is not a UUID names nothing, so it is not found rather than malformed.
macro_rules! path_ids {
    ($($name:ident => $id:ident, $missing:expr;)*) => {$(
        pub(crate) struct $name(Result<Uuid, String>);

        impl $name {
            pub(crate) fn id(&self) -> Result<$id, ApiError> {
                self.0.as_ref().map(|it| $id(*it)).map_err(|text| $missing(text))
            }
        }

        impl Type for $name {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> Cow<'static, str> {
                "string_uuid".into()
            }

            fn schema_ref() -> MetaSchemaRef {
                Uuid::schema_ref()
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(std::iter::once(self))
            }
        }

        impl ParseFromParameter for $name {
            fn parse_from_parameter(text: &str) -> ParseResult<Self> {
                Ok(Self(text.parse().map_err(|_| text.chars().take(64).collect())))
            }
        }
    )*};
}

path_ids! {
    SessionPath => SessionId, ApiError::session_not_found;
    TemplatePath => TemplateId, ApiError::template_not_found;
    RulePath => RuleId, ApiError::rule_not_found;
    WebhookPath => WebhookId, ApiError::webhook_not_found;
    KeyPath => KeyId, ApiError::key_not_found;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_carry_milliseconds_and_a_z() {
        let at = Moment(Timestamp::from_millisecond(1_791_021_600_000).unwrap());
        assert_eq!(serde_json::to_string(&at).unwrap(), r#""2026-10-03T10:00:00.000Z""#);
        assert_eq!(at.to_json(), Some(Value::from("2026-10-03T10:00:00.000Z")));
        assert_eq!(Moment::parse_from_json(at.to_json()).ok(), Some(at));
    }
}
