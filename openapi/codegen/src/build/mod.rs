//! The document, cut into the intermediate form.
//!
//! What a client library could not say is refused, all of it at once, each with the place in the document
//! and what to do. In reading order: [`operations`], with [`names`], [`parameters`], [`bodies`] and
//! [`pages`]; [`types`], with [`values`]; [`events`]; and [`reach`], which finds who contains what.

mod bodies;
mod events;
mod names;
mod operations;
mod pages;
mod parameters;
mod reach;
#[cfg(test)]
pub(crate) mod tests;
mod types;
mod values;

use std::fmt;

use serde_json::{Map, Value};

use crate::ir::Api;

/// More than this and something else was given.
const MOST_OPERATIONS: usize = 5_000;
const MOST_SCHEMAS: usize = 10_000;

/// One thing that no client could say.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    place: String,
    sentence: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}: {}", self.place, self.sentence)
    }
}

/// The intermediate form, or everything that stands against it.
pub(crate) fn api(document: &Value) -> Result<Api, Vec<Refusal>> {
    let (api, refused, lacking) = read(document);
    let all = [refused, lacking].concat();
    if all.is_empty() { Ok(api) } else { Err(all) }
}

/// That of a document of an earlier time, which need not be as well described as one of today.
pub(crate) fn earlier_api(document: &Value) -> Result<Api, Vec<Refusal>> {
    let (api, refused, _) = read(document);
    if refused.is_empty() { Ok(api) } else { Err(refused) }
}

/// The form, as far as it goes; what no client could say; and what nobody told those who read the client.
fn read(document: &Value) -> (Api, Vec<Refusal>, Vec<Refusal>) {
    let mut build = Build::of(document);
    if !document["openapi"].as_str().is_some_and(|it| it.starts_with("3.1.")) {
        build.refuse("openapi", "the document is not OpenAPI 3.1; clients are made from the 3.1 document");
    }
    let mut types = types::all(&mut build);
    let resources = operations::all(&mut build, &types);
    let events = events::all(&mut build, &types);
    reach::mark(&mut types, &resources, &events);
    let info = &document["info"];
    let text = |name: &str| info[name].as_str().unwrap_or_default().to_owned();
    let (title, version, description) = (text("title"), text("version"), text("description"));
    let api = Api { title, version, description, resources, types, events };
    (api, build.refusals, build.lacking)
}

/// The document at hand, and what was found against it.
struct Build<'a> {
    document: &'a Value,
    schemas: &'a Map<String, Value>,
    refusals: Vec<Refusal>,
    lacking: Vec<Refusal>,
}

impl<'a> Build<'a> {
    fn of(document: &'a Value) -> Self {
        static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
        let schemas = document["components"]["schemas"].as_object().unwrap_or(&NONE);
        Self { document, schemas, refusals: Vec::new(), lacking: Vec::new() }
    }

    fn refuse(&mut self, place: impl fmt::Display, sentence: impl fmt::Display) {
        self.refusals.push(Refusal { place: place.to_string(), sentence: sentence.to_string() });
    }

    /// A client could say it, but its reader would not know what it is.
    fn lacks(&mut self, place: impl fmt::Display, sentence: impl fmt::Display) {
        self.lacking.push(Refusal { place: place.to_string(), sentence: sentence.to_string() });
    }

    /// What a `$ref` stands for; anything else is itself.
    fn resolve(&mut self, place: &str, value: &'a Value) -> &'a Value {
        let mut value = value;
        // A reference to a reference is legal; a circle of them is not worth more than this.
        for _ in 0..16 {
            let Some(reference) = value["$ref"].as_str() else { return value };
            let Some(found) = reference.strip_prefix('#').and_then(|it| self.document.pointer(it)) else {
                self.refuse(place, format_args!("`{reference}` leads nowhere in this document"));
                return &Value::Null;
            };
            value = found;
        }
        self.refuse(place, "its references lead in a circle");
        &Value::Null
    }
}

/// The text under a name, trimmed; nothing where it is empty.
fn text(value: &Value, name: &str) -> Option<String> {
    value[name].as_str().map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned)
}

/// The description, which each language shows where the thing is used.
fn described(build: &mut Build<'_>, place: &str, description: Option<String>) -> String {
    description.unwrap_or_else(|| {
        build.lacks(place, "it has no description; say in a sentence what it is");
        String::new()
    })
}

/// The example beside a schema, in the spelling of 3.1 or in the older one.
fn example(value: &Value) -> Option<Value> {
    let newer = match &value["examples"] {
        Value::Array(all) => all.first(),
        Value::Object(all) => all.values().next().and_then(|it| it.get("value")),
        _ => None,
    };
    newer.or_else(|| value.get("example")).cloned()
}
