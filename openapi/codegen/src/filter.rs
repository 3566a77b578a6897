//! What templates can do with names and sentences.
//!
//! | in a template | gives |
//! |---|---|
//! | `name \| snake`, `camel`, `pascal`, `kebab`, `screaming`, `title` | `send_text`, `sendText`, `SendText`, `send-text`, `SEND_TEXT`, `Send text`; of words or of a string |
//! | `… \| keyword("rust")`, `"python"`, `"typescript"` | the same, spelt so that it is no keyword: `r#type`, `from_`, `delete_` |
//! | `text \| comment("/// ", 4)` | each line begins with four spaces and `/// `; wrapped at column 110 |
//! | `text \| docstring(4)` | a Python docstring |
//! | `text \| jsdoc(2)` | a `/** … */` comment |
//! | `text \| sentence` | the first sentence |
//! | `value \| quoted` | a string literal as JSON has it, good for Rust, Python and TypeScript |
//! | `value \| json`, `value \| json(2)` | JSON on one line, or indented and good from column 2 on |
//! | `generated("//")` | the first line of a generated file |

use heck::{ToKebabCase, ToLowerCamelCase, ToPascalCase, ToShoutySnakeCase, ToSnakeCase};
use minijinja::{Environment, Error, ErrorKind, Value};

use crate::{target::MARK, text};

pub(crate) fn register(environment: &mut Environment<'_>) {
    environment.add_filter("snake", |name: Value| spelt(&name, |it| it.to_snake_case()));
    environment.add_filter("camel", |name: Value| spelt(&name, |it| it.to_lower_camel_case()));
    environment.add_filter("pascal", |name: Value| spelt(&name, |it| it.to_pascal_case()));
    environment.add_filter("kebab", |name: Value| spelt(&name, |it| it.to_kebab_case()));
    environment.add_filter("screaming", |name: Value| spelt(&name, |it| it.to_shouty_snake_case()));
    environment.add_filter("title", |name: Value| spelt(&name, text::title));
    environment.add_filter("keyword", keyword);
    environment.add_filter("comment", |text: &str, prefix: &str, indent: Option<usize>| {
        text::comment(text, prefix, indent.unwrap_or(0))
    });
    environment.add_filter("docstring", |text: &str, indent: Option<usize>| text::docstring(text, indent.unwrap_or(0)));
    environment.add_filter("jsdoc", |text: &str, indent: Option<usize>| text::jsdoc(text, indent.unwrap_or(0)));
    environment.add_filter("sentence", |text: &str| text::first_sentence(text).to_owned());
    environment.add_filter("quoted", |value: &str| serde_json::Value::from(value).to_string());
    environment.add_filter("json", json);
    environment.add_function("generated", |comment: &str| format!("{comment} {MARK}"));
}

/// The words of a name in the spelling of a language.
fn spelt(name: &Value, how: impl Fn(&str) -> String) -> Result<String, Error> {
    if let Some(text) = name.as_str() {
        return Ok(how(text));
    }
    let words: Vec<String> = name.try_iter()?.map(|it| it.to_string()).collect();
    if words.is_empty() {
        return Err(Error::new(ErrorKind::InvalidOperation, "a name has at least one word"));
    }
    Ok(how(&words.join("_")))
}

/// JSON with the keys in order; with an indent, lines after the first begin with that many spaces.
fn json(value: Value, indent: Option<usize>) -> Result<String, Error> {
    let failed = |error: serde_json::Error| Error::new(ErrorKind::BadSerialization, error.to_string());
    let Some(indent) = indent else { return serde_json::to_string(&value).map_err(failed) };
    let pretty = serde_json::to_string_pretty(&value).map_err(failed)?;
    Ok(pretty.replace('\n', &format!("\n{}", " ".repeat(indent))))
}

fn keyword(name: &str, language: &str) -> Result<String, Error> {
    let (keywords, raw) = match language {
        "rust" => (RUST, !["self", "Self", "super", "crate", "_"].contains(&name)),
        "python" => (PYTHON, false),
        "typescript" => (TYPESCRIPT, false),
        other => {
            let message = format!("there are no keywords of {other} here; there are rust, python and typescript");
            return Err(Error::new(ErrorKind::InvalidOperation, message));
        }
    };
    Ok(match (keywords.contains(&name), raw) {
        (false, _) => name.to_owned(),
        (true, true) => format!("r#{name}"),
        (true, false) => format!("{name}_"),
    })
}

const RUST: &[&str] = &[
    "Self", "_", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do",
    "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super",
    "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

const PYTHON: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "self", "try", "while", "with", "yield",
];

const TYPESCRIPT: &[&str] = &[
    "arguments",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "eval",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
    "interface",
    "let",
    "new",
    "null",
    "package",
    "private",
    "protected",
    "public",
    "return",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "var",
    "void",
    "while",
    "with",
    "yield",
];
