//! Texts that are written once and filled in each time they are sent.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::id::{SessionId, TemplateId};

/// A text with places to fill in, each written `{{name}}`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Template {
    /// Its id.
    pub id: TemplateId,
    /// The session it belongs to.
    pub session: SessionId,
    /// Its name, unique within the session.
    pub name: String,
    /// The text.
    pub body: String,
    /// What stands above it.
    pub header: Option<String>,
    /// What stands below it.
    pub footer: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Template {
    /// Header, text and footer with the values filled in and an empty line between; `None` when that is longer than so
    /// many characters. A place that no value is given for stays as it is written.
    pub fn render(&self, values: &BTreeMap<String, String>, most_chars: usize) -> Option<String> {
        let parts = [self.header.as_deref(), Some(&*self.body), self.footer.as_deref()];
        let mut rendered = String::new();
        for part in parts.into_iter().flatten().filter(|it| !it.is_empty()) {
            if !rendered.is_empty() {
                rendered.push_str("\n\n");
            }
            fill(part, values, &mut rendered, most_chars)?;
        }
        (rendered.chars().count() <= most_chars).then_some(rendered)
    }
}

/// Values are not looked through again, so that what a customer is called cannot call for another value.
fn fill(text: &str, values: &BTreeMap<String, String>, into: &mut String, most_chars: usize) -> Option<()> {
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("{{") {
        into.push_str(before);
        let place = behind.split_once("}}");
        match place.and_then(|(name, after)| Some((values.get(name.trim())?, after))) {
            Some((value, after)) => {
                into.push_str(value);
                rest = after;
            }
            None => {
                into.push_str("{{");
                rest = behind;
            }
        }
        // No character takes more than four bytes; one value may stand in a thousand places.
        if into.len() > most_chars.saturating_mul(4) {
            return None;
        }
    }
    into.push_str(rest);
    Some(())
}

/// A text with its places filled in, written `{{name}}` or, as older clients do, `{name}`; `None` when that is longer than
/// so many characters. A place that no value is given for stays as it is written.
pub fn filled_in(text: &str, values: &BTreeMap<String, String>, most_chars: usize) -> Option<String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let (before, place) = rest.split_at(at);
        filled.push_str(before);
        match value_at(place, values) {
            Some((value, after)) => {
                filled.push_str(value);
                rest = after;
            }
            None => {
                filled.push('{');
                rest = &place[1..];
            }
        }
        // No character takes more than four bytes; one value may stand in a thousand places.
        if filled.len() > most_chars.saturating_mul(4) {
            return None;
        }
    }
    filled.push_str(rest);
    (filled.chars().count() <= most_chars).then_some(filled)
}

/// The value of the place that a text begins with, and what follows it.
fn value_at<'t, 'v>(place: &'t str, values: &'v BTreeMap<String, String>) -> Option<(&'v str, &'t str)> {
    let (inside, close) = match place.strip_prefix("{{") {
        Some(inside) => (inside, "}}"),
        None => (place.strip_prefix('{')?, "}"),
    };
    // A name holds no braces: so each text is looked through once, however many it has.
    let (name, behind) = inside.split_at(inside.find(['{', '}'])?);
    Some((values.get(name.trim())?.as_str(), behind.strip_prefix(close)?))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn template(body: &str) -> Template {
        Template {
            id: TemplateId(Uuid::nil()),
            session: SessionId(Uuid::nil()),
            name: "order".to_owned(),
            body: body.to_owned(),
            header: None,
            footer: None,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn values() -> BTreeMap<String, String> {
        let pairs = [("name", "Ada"), ("order", "42"), ("trick", "{{name}}"), ("empty", "")];
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    #[test]
    fn places_are_filled_in_and_others_stay() {
        for (body, rendered) in [
            ("Hello {{name}}, order {{order}} is ready.", "Hello Ada, order 42 is ready."),
            ("{{ name }}{{name}}", "AdaAda"),
            ("{{surname}} {{name}}", "{{surname}} Ada"),
            ("{{trick}}", "{{name}}"),
            ("[{{empty}}]", "[]"),
            ("{{{name}}}", "{{{name}}}"),
            ("{{ {{name}}", "{{ Ada"),
            ("{{name", "{{name"),
            ("}} {{", "}} {{"),
            ("no place", "no place"),
        ] {
            assert_eq!(template(body).render(&values(), 100).as_deref(), Some(rendered), "{body}");
        }
    }

    #[test]
    fn places_of_older_clients_are_filled_in_too() {
        for (text, filled) in [
            ("Hello {{name}}, order {order} is ready.", "Hello Ada, order 42 is ready."),
            ("{{ name }}{ name }", "AdaAda"),
            ("{surname} {{surname}} {name}", "{surname} {{surname}} Ada"),
            ("{{trick}}", "{{name}}"),
            ("{{{name}}}", "{Ada}"),
            ("{name} {", "Ada {"),
            ("{{name} }", "{Ada }"),
            ("} {}", "} {}"),
        ] {
            assert_eq!(filled_in(text, &values(), 100).as_deref(), Some(filled), "{text}");
        }
        assert_eq!(filled_in("{name}", &values(), 2), None);
        let hostile = [("a".to_owned(), "x".repeat(1_000_000))].into();
        assert!(filled_in(&"{a}".repeat(800), &hostile, 65_536).is_none());
        assert!(filled_in(&"{".repeat(65_536), &values(), 65_536).is_some());
    }

    #[test]
    fn parts_have_an_empty_line_between_and_missing_ones_leave_none() {
        let whole = Template {
            header: Some("Hi".into()),
            footer: Some("Thanks, {{name}}".into()),
            ..template("Hello {{name}}, order {{order}} is ready.")
        };
        let rendered = whole.render(&values(), 100);
        assert_eq!(rendered.as_deref(), Some("Hi\n\nHello Ada, order 42 is ready.\n\nThanks, Ada"));
        let partly = Template { header: Some(String::new()), footer: None, ..whole };
        assert_eq!(partly.render(&values(), 100).as_deref(), Some("Hello Ada, order 42 is ready."));
    }

    #[test]
    fn what_grows_too_long_is_not_rendered() {
        let long = [("name".to_owned(), "ä".repeat(10))].into();
        assert!(template("{{name}}").render(&long, 10).is_some());
        assert!(template("{{name}}.").render(&long, 10).is_none());
        let hostile = [("a".to_owned(), "x".repeat(1_000_000))].into();
        assert!(template(&"{{a}}".repeat(800)).render(&hostile, 65_536).is_none());
    }
}
