//! How types, names and arguments are written in Rust.

use heck::ToSnakeCase;
use serde::Serialize;

use crate::ir::{Api, Shape, TypeRef};

/// The type of a value that is owned. `models` comes before the name of a schema.
pub(super) fn owned(kind: &TypeRef, models: &str) -> String {
    match kind {
        TypeRef::String | TypeRef::Uuid | TypeRef::Constant { .. } => "String".to_owned(),
        TypeRef::DateTime => "jiff::Timestamp".to_owned(),
        TypeRef::Integer => "i64".to_owned(),
        TypeRef::Number => "f64".to_owned(),
        TypeRef::Boolean => "bool".to_owned(),
        TypeRef::Any => "serde_json::Value".to_owned(),
        TypeRef::Array { of } => format!("Vec<{}>", owned(of, models)),
        TypeRef::Map { of } => format!("std::collections::BTreeMap<String, {}>", owned(of, models)),
        TypeRef::Named { name } => format!("{models}{name}"),
    }
}

/// What every request can be told, so that nothing else can have these names.
const OF_REQUESTS: &[&str] =
    &["timeout", "retries", "header", "idempotency_key", "resume_after", "reconnects", "over_websocket", "follow"];

/// The method by which a request is told something that has this name.
pub(super) fn setter(name: &str) -> String {
    if OF_REQUESTS.contains(&name) { format!("with_{name}") } else { name.to_owned() }
}

/// An argument of a function, and how it becomes the owned value.
#[derive(Serialize)]
pub(super) struct Argument {
    /// Its type.
    pub(super) kind: String,
    /// What stands behind its name to convert it.
    pub(super) conversion: &'static str,
}

pub(super) fn argument(kind: &TypeRef, models: &str, api: &Api) -> Argument {
    let text = |it: &TypeRef| matches!(it, TypeRef::String | TypeRef::Uuid);
    let (kind, conversion) = match kind {
        TypeRef::Array { of } if text(of) => {
            ("impl IntoIterator<Item = impl Into<String>>".to_owned(), ".into_iter().map(Into::into).collect()")
        }
        TypeRef::Array { of } => (format!("impl IntoIterator<Item = {}>", owned(of, models)), ".into_iter().collect()"),
        TypeRef::Map { of } if text(of) => (
            "impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>".to_owned(),
            ".into_iter().map(|(name, value)| (name.into(), value.into())).collect()",
        ),
        TypeRef::Map { of } => (
            format!("impl IntoIterator<Item = (impl Into<String>, {})>", owned(of, models)),
            ".into_iter().map(|(name, value)| (name.into(), value)).collect()",
        ),
        kind if converts(kind, api) => (format!("impl Into<{}>", owned(kind, models)), ".into()"),
        kind => (owned(kind, models), ""),
    };
    Argument { kind, conversion }
}

/// Whether other types are taken in its place: `&str` for texts and words, variants for unions.
fn converts(kind: &TypeRef, api: &Api) -> bool {
    match kind {
        TypeRef::String | TypeRef::Uuid | TypeRef::Any => true,
        TypeRef::Named { name } => !matches!(shape(name, api), Some(Shape::Struct { .. }) | None),
        _ => false,
    }
}

pub(super) fn shape<'a>(name: &str, api: &'a Api) -> Option<&'a Shape> {
    api.types.iter().find(|it| it.name == name).map(|it| &it.shape)
}

/// The name of a field, method or argument.
pub(super) fn snake(words: &[String]) -> String {
    let name = words.join("_").to_snake_case();
    match name.as_str() {
        "self" | "super" | "crate" => format!("{name}_"),
        name if KEYWORDS.contains(&name) => format!("r#{name}"),
        _ => name,
    }
}

const KEYWORDS: [&str; 42] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move",
    "mut", "override", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type", "use", "where",
    "while",
];

/// What serde's `camelCase` makes of a field's name.
pub(super) fn camel(field: &str) -> String {
    let mut words = field.trim_start_matches("r#").split('_').filter(|it| !it.is_empty());
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut name, word| {
        let mut letters = word.chars();
        name.extend(letters.next().map(|it| it.to_ascii_uppercase()));
        name.push_str(letters.as_str());
        name
    })
}

/// A literal.
pub(super) fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// A description that ends as a sentence does; the name stands in where there is none.
pub(super) fn sentence(description: &str, name: &str) -> String {
    let text = description.trim();
    let text = if text.is_empty() { name.replace('_', " ") } else { text.to_owned() };
    if text.ends_with(['.', '!', '?', ':', '`']) { text } else { format!("{text}.") }
}
