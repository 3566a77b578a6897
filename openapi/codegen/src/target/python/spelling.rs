//! How names, types and sentences are written in Python.

use heck::{ToPascalCase, ToShoutySnakeCase, ToSnakeCase};

use crate::{ir::TypeRef, text};

const KEYWORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "self", "try", "while", "with", "yield",
];

/// `send_text`, and `from_` for what Python has itself.
pub(super) fn snake(words: &[String]) -> String {
    let name = words.join("_").to_snake_case();
    if KEYWORDS.contains(&name.as_str()) { format!("{name}_") } else { name }
}

/// `SEND_TEXT`.
pub(super) fn screaming(words: &[String]) -> String {
    words.join("_").to_shouty_snake_case()
}

/// `SendText`.
pub(super) fn pascal(words: &[String]) -> String {
    words.join("_").to_pascal_case()
}

/// What `rename="camel"` of msgspec makes of a name.
pub(super) fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        camel.push_str(letters.as_str());
    }
    camel
}

/// The type of what the gateway says. Named types stand behind the prefix.
pub(super) fn answer(kind: &TypeRef, prefix: &str) -> String {
    match kind {
        TypeRef::String | TypeRef::Uuid => "str".to_owned(),
        TypeRef::DateTime => "datetime".to_owned(),
        TypeRef::Integer => "int".to_owned(),
        TypeRef::Number => "float".to_owned(),
        TypeRef::Boolean => "bool".to_owned(),
        TypeRef::Any => "Any".to_owned(),
        TypeRef::Constant { value } => format!("Literal[{}]", quoted(value)),
        TypeRef::Array { of } => format!("List[{}]", answer(of, prefix)),
        TypeRef::Map { of } => format!("Dict[str, {}]", answer(of, prefix)),
        TypeRef::Named { name } => format!("{prefix}{name}"),
    }
}

/// The type of what is said to the gateway: wider, where more can be made into the same JSON.
pub(super) fn argument(kind: &TypeRef, is_enum: impl Fn(&str) -> bool + Copy) -> String {
    match kind {
        TypeRef::Array { of } => format!("Sequence[{}]", argument(of, is_enum)),
        TypeRef::Map { of } => format!("Mapping[str, {}]", argument(of, is_enum)),
        TypeRef::Named { name } if is_enum(name) => format!("Union[_types.{name}, str]"),
        TypeRef::Named { name } => format!("Union[_types.{name}, Mapping[str, Any]]"),
        other => answer(other, "_types."),
    }
}

/// The type in a dict of JSON, where moments are strings, with what `named` makes of named types.
pub(super) fn plain(kind: &TypeRef, named: &impl Fn(&str) -> String) -> String {
    match kind {
        TypeRef::DateTime => "str".to_owned(),
        TypeRef::Array { of } => format!("List[{}]", plain(of, named)),
        TypeRef::Map { of } => format!("Dict[str, {}]", plain(of, named)),
        TypeRef::Named { name } => named(name),
        other => answer(other, ""),
    }
}

/// A string literal.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A docstring of a method: what it does, and its parameters by name.
pub(super) fn docstring(summary: &str, description: Option<&str>, parameters: &[(String, String)]) -> String {
    let clean = |it: &str| it.trim().replace('\\', r"\\").replace("\"\"\"", r#"\"\"\""#);
    let summary = clean(summary);
    let summary = if summary.ends_with(['.', '!', '?']) { summary } else { format!("{summary}.") };
    let mut lines = text::comment(&summary, "", 8);
    if let Some(description) = description.filter(|it| !it.trim().is_empty()) {
        lines.push_str("\n\n");
        lines.push_str(&text::comment(&clean(description), "", 8));
    }
    if !parameters.is_empty() {
        lines.push_str("\n\n        Args:");
        for (name, description) in parameters {
            lines.push('\n');
            let wrapped = text::comment(&clean(&format!("{name}: {description}")), "", 16);
            lines.push_str(wrapped.replacen("    ", "", 1).as_str());
        }
    }
    let is_short = !lines.contains('\n') && !lines.ends_with('"');
    format!("        \"\"\"{}{}\"\"\"", lines.trim_start(), if is_short { "" } else { "\n        " })
}
