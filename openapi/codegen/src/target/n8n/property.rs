//! One field of the form of n8n's node.

use serde::Serialize;
use serde_json::{Value, json};

use super::words;
use crate::target::form::{FormField, Input, Place};

/// As the template writes it.
#[derive(Serialize)]
pub(super) struct Property {
    pub(super) name: String,
    title: String,
    description: String,
    /// n8n's type.
    input: &'static str,
    default: Value,
    required: bool,
    minimum: Option<i64>,
    maximum: Option<i64>,
    /// By their names, as n8n wants them.
    options: Vec<Choice>,
    placeholder: Option<&'static str>,
    /// Whether a text is likely to have several lines.
    long: bool,
    /// Whether it is hidden while it is typed.
    secret: bool,
}

#[derive(Serialize)]
struct Choice {
    name: String,
    value: String,
}

/// Texts of this length get more than one line.
const LONG: u64 = 1024;
/// An address is one line, however long it may be.
const ONE_LINE: [&str; 3] = ["url", "types", "filename"];

/// What is hidden while it is typed. n8n's rules count the id of a key among them, because of its name.
const SECRETS: [&str; 2] = ["secret", "apiKeyId"];

/// What n8n's rules want of each field of this name.
const LIMIT: &str = "Max number of results to return";
const LIMIT_DEFAULT: u32 = 50;

impl Property {
    pub(super) fn of(field: &FormField) -> Self {
        let mut options: Vec<_> =
            field.choices.iter().map(|(wire, name)| Choice { name: words::title(name), value: wire.clone() }).collect();
        options.sort_by(|a, b| a.name.cmp(&b.name));
        let secret = SECRETS.contains(&field.wire.as_str());
        let input = match field.input {
            // n8n wants this of whatever is called so.
            Input::Text if field.wire.ends_with("Color") => "color",
            Input::Text | Input::List => "string",
            Input::Number => "number",
            Input::Boolean => "boolean",
            Input::Time => "dateTime",
            Input::Choice => "options",
            Input::Choices => "multiOptions",
            Input::Json => "json",
        };
        let description = match field.input {
            Input::Boolean => words::whether(&field.name, &field.description),
            Input::List => words::description(&format!("{} Several are separated by commas.", field.description)),
            _ => words::description(&field.description),
        };
        let title = words::title(&field.name);
        let is_limit = field.wire == "limit";
        Self {
            name: field.wire.clone(),
            description: if is_limit { LIMIT.to_owned() } else { words::unless_same(description, &title) },
            title,
            input,
            default: if is_limit { json!(LIMIT_DEFAULT) } else { default(field, options.first()) },
            required: field.required,
            minimum: field.bounds.minimum,
            maximum: field.bounds.maximum,
            placeholder: match (field.wire.as_str(), field.input) {
                ("url" | "proxyUrl", _) => Some("e.g. https://example.org"),
                (_, Input::Json) => Some("e.g. { }"),
                _ => None,
            },
            long: field.input == Input::Text
                && !secret
                && !ONE_LINE.contains(&field.wire.as_str())
                && field.bounds.max_length.is_some_and(|it| it >= LONG),
            secret,
            options,
        }
    }
}

fn default(field: &FormField, first: Option<&Choice>) -> Value {
    match (&field.default, field.input) {
        (Some(given), _) if !given.is_null() => given.clone(),
        (_, Input::Text | Input::List | Input::Time) => json!(""),
        (_, Input::Number) => json!(field.bounds.minimum.unwrap_or(0)),
        (_, Input::Boolean) => json!(false),
        (_, Input::Choice) => json!(first.map(|it| &it.value)),
        (_, Input::Choices) => json!([]),
        (_, Input::Json) => json!("{}"),
    }
}

/// A field that is chosen from a list of what there is, and the hand-written property for it.
pub(super) fn locator(field: &FormField) -> Option<&'static str> {
    if !field.required {
        return None;
    }
    match (field.wire.as_str(), field.place) {
        ("sessionId", Place::Path) => Some("sessionLocator"),
        ("chatId", _) => Some("chatLocator"),
        ("groupId", Place::Path) => Some("groupLocator"),
        ("webhookId", Place::Path) => Some("webhookLocator"),
        ("keyId", Place::Path) => Some("keyLocator"),
        _ => None,
    }
}
