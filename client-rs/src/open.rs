//! Types that the gateway may extend: what is not known is kept as it came.

/// An enum of words. Its last variant holds a word that this version does not know.
macro_rules! open_enum {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $variant,)*
            /// A word that this version does not know, as it came.
            Unrecognized(String),
        }

        impl $name {
            /// Those that are known.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word as it goes over the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)*
                    Self::Unrecognized(word) => word,
                }
            }

            fn known(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                Self::known(word).unwrap_or_else(|| Self::Unrecognized(word.to_owned()))
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> Self {
                Self::known(&word).unwrap_or(Self::Unrecognized(word))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.pad(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                // Borrowed where the text has no escapes, which words do not have.
                let word = std::borrow::Cow::<'de, str>::deserialize(from)?;
                Ok(Self::from(&*word))
            }
        }
    };
}

/// An enum of structs, told apart by the field `tag`. Its last variant holds what this version does not know.
macro_rules! open_union {
    ($(#[$about:meta])* $name:ident by $tag:literal { $($(#[$doc:meta])* $variant:ident($of:ty) = $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $variant($of),)*
            /// What this version does not know, as it came.
            Unrecognized(serde_json::Value),
        }

        $(impl From<$of> for $name {
            fn from(it: $of) -> Self {
                Self::$variant(it)
            }
        })*

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                let tagged = match self {
                    $(Self::$variant(it) => $crate::open::tagged(it, $tag, $word),)*
                    Self::Unrecognized(it) => Ok(it.clone()),
                };
                serde::Serialize::serialize(&tagged.map_err(serde::ser::Error::custom)?, to)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let value = serde_json::Value::deserialize(from)?;
                let read = match value.get($tag).and_then(serde_json::Value::as_str) {
                    $(Some($word) => serde_json::from_value(value).map(Self::$variant),)*
                    _ => Ok(Self::Unrecognized(value)),
                };
                read.map_err(serde::de::Error::custom)
            }
        }
    };
}

/// A struct as JSON, with the field that tells it from the others.
pub(crate) fn tagged(
    value: &impl serde::Serialize,
    tag: &str,
    word: &str,
) -> Result<serde_json::Value, serde_json::Error> {
    let mut value = serde_json::to_value(value)?;
    if let Some(fields) = value.as_object_mut() {
        fields.insert(tag.to_owned(), word.into());
    }
    Ok(value)
}

/// A text, or `None`, which takes away what was there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NullableText(pub(crate) Option<String>);

impl From<&str> for NullableText {
    fn from(text: &str) -> Self {
        Self(Some(text.to_owned()))
    }
}

impl From<String> for NullableText {
    fn from(text: String) -> Self {
        Self(Some(text))
    }
}

impl From<Option<String>> for NullableText {
    fn from(text: Option<String>) -> Self {
        Self(text)
    }
}

pub(crate) use {open_enum, open_union};

#[cfg(test)]
#[expect(unreachable_pub, reason = "the macros are for what is public")]
mod tests {
    use serde::{Deserialize, Serialize};
    use serde_json::json;

    open_enum! {
        /// Something.
        Word {
            /// One.
            One = "one",
            /// Two.
            Two = "two",
        }
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Text {
        body: String,
    }

    open_union! {
        /// Something.
        Content by "type" {
            /// Text.
            Text(Text) = "text",
        }
    }

    #[test]
    fn unknown_words_are_kept() {
        let read: Vec<Word> = serde_json::from_value(json!(["one", "three", "t\"wo"])).unwrap();
        assert_eq!(read, [Word::One, Word::Unrecognized("three".into()), "t\"wo".into()]);
        assert_eq!(serde_json::to_value(&read).unwrap(), json!(["one", "three", "t\"wo"]));
        assert_eq!(Word::ALL, [Word::One, Word::Two]);
        assert_eq!(format!("{:>5}", Word::from("two".to_owned())), "  two");
    }

    #[test]
    fn unknown_variants_are_kept() {
        for value in [json!({"type": "text", "body": "x"}), json!({"type": "dance", "steps": [1]}), json!({"x": 1})] {
            let read: Content = serde_json::from_value(value.clone()).unwrap();
            assert_eq!(matches!(read, Content::Text(_)), value["type"] == "text");
            assert_eq!(serde_json::to_value(&read).unwrap(), value);
        }
        assert!(serde_json::from_value::<Content>(json!({"type": "text"})).is_err(), "known, and not as promised");
    }
}
