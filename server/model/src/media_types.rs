//! Which types of files are taken, from callers and from WhatsApp.

use std::sync::Arc;

/// All types, or the ones on a list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MediaTypes(Option<Arc<[String]>>);

impl MediaTypes {
    /// All.
    pub const ALL: Self = Self(None);
    /// The longest list that is read.
    const MOST: usize = 256;

    /// Reads a list such as `image/*, application/pdf`; `None` when something on it is no type, or nothing is.
    pub fn parse(text: &str) -> Option<Self> {
        let entries: Vec<_> =
            text.split(',').map(|it| it.trim().to_ascii_lowercase()).filter(|it| !it.is_empty()).collect();
        let good = |part: &str| {
            !part.is_empty() && part.bytes().all(|it| it.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&it))
        };
        let is_type =
            |it: &String| it.split_once('/').is_some_and(|(family, name)| good(family) && (name == "*" || good(name)));
        let sound = (1..=Self::MOST).contains(&entries.len()) && entries.iter().all(|it| it == "*/*" || is_type(it));
        sound.then(|| if entries.iter().any(|it| it == "*/*") { Self::ALL } else { Self(Some(entries.into())) })
    }

    /// Whether files of this type are taken; parameters do not count.
    pub fn permits(&self, mimetype: &str) -> bool {
        let Some(listed) = &self.0 else { return true };
        let bare = mimetype.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let family = bare.split_once('/').map_or("", |it| it.0);
        listed.iter().any(|it| match it.strip_suffix("/*") {
            Some(whole) => whole == family,
            None => *it == bare,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_permits_what_stands_on_it() {
        let some = MediaTypes::parse("Image/*, audio/ogg,application/pdf").unwrap();
        for (mimetype, permitted) in [
            ("image/png", true),
            ("IMAGE/WEBP", true),
            ("audio/ogg; codecs=opus", true),
            ("application/pdf", true),
            ("audio/mpeg", false),
            ("imagex/png", false),
            ("application/pdfx", false),
            ("", false),
            ("nonsense", false),
        ] {
            assert_eq!(some.permits(mimetype), permitted, "{mimetype}");
        }
        for all in [MediaTypes::default(), MediaTypes::parse("image/png, */*").unwrap()] {
            assert!(all.permits("anything/atall") && all.permits(""));
        }
    }

    #[test]
    fn what_is_no_list_of_types_is_none() {
        for text in ["", " , ", "image", "image/", "/png", "*/png", "image/*/x", "im age/png", "image/**"] {
            assert_eq!(MediaTypes::parse(text), None, "{text}");
        }
    }
}
