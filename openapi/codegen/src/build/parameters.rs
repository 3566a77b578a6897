//! What an operation takes beside its body.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Build, described, example, names, text, values};
use crate::ir::{Body, Parameter, TypeRef};

/// Clients fill these in themselves.
const OWN_HEADERS: &[&str] = &["idempotency-key", "last-event-id", "accept", "authorization", "x-api-key"];

#[derive(Default)]
pub(super) struct Parameters {
    pub(super) path: Vec<Parameter>,
    pub(super) query: Vec<Parameter>,
    pub(super) headers: Vec<Parameter>,
    pub(super) idempotency_key: bool,
}

impl Parameters {
    /// Sorts one into its list.
    pub(super) fn take(&mut self, build: &mut Build<'_>, place: &str, declared: &Value) {
        let wire = declared["name"].as_str().unwrap_or_default();
        let place = format!("{place}, parameter `{wire}`");
        let list = match declared["in"].as_str() {
            Some("path") => &mut self.path,
            Some("query") => &mut self.query,
            Some("header") if OWN_HEADERS.contains(&wire.to_lowercase().as_str()) => {
                self.idempotency_key |= wire.eq_ignore_ascii_case("Idempotency-Key");
                return;
            }
            Some("header") => &mut self.headers,
            other => {
                build.refuse(
                    &place,
                    format_args!("it is in `{}`; clients send path, query and header", other.unwrap_or("nothing")),
                );
                return;
            }
        };
        list.push(parameter(build, &place, wire, declared));
    }
}

fn parameter(build: &mut Build<'_>, place: &str, wire: &str, declared: &Value) -> Parameter {
    if declared.get("schema").is_none() {
        build.refuse(place, "it has no schema");
    }
    let value = values::describe(build, place, &declared["schema"]);
    let single = |kind: &TypeRef| {
        !matches!(kind, TypeRef::Array { .. } | TypeRef::Map { .. } | TypeRef::Any)
            && !matches!(kind, TypeRef::Named { name } if build.schemas.get(name).is_none_or(|it| it.get("enum").is_none()))
    };
    let in_query = declared["in"] == "query";
    let sayable = match &value.kind {
        TypeRef::Array { of } => in_query && single(of),
        kind => single(kind),
    };
    if !sayable {
        build.refuse(place, "it is more than a word: parameters are single values, and in the query lists of them");
    }
    let style = declared["style"].as_str().unwrap_or(if in_query { "form" } else { "simple" });
    let plain = style == if in_query { "form" } else { "simple" } && declared["explode"] != (!in_query);
    if !plain && matches!(value.kind, TypeRef::Array { .. }) {
        build.refuse(place, "a list in the query is the same name several times (style `form`, explode)");
    }
    let description = described(build, place, text(declared, "description").or(value.description));
    Parameter {
        wire: wire.to_owned(),
        name: names::said(build, place, wire),
        description,
        required: declared["required"] == true,
        kind: value.kind,
        default: value.default,
        example: example(declared).or(value.example),
        deprecated: declared["deprecated"] == true || value.deprecated,
        bounds: value.bounds,
    }
}

/// In the order of the path, each once, none left over.
pub(super) fn order_by_path(build: &mut Build<'_>, place: &str, path: &str, parameters: &mut [Parameter]) {
    let places: Vec<&str> = path.split('{').skip(1).filter_map(|it| it.split('}').next()).collect();
    for name in &places {
        if !parameters.iter().any(|it| it.wire == *name) {
            build.refuse(place, format_args!("`{{{name}}}` of the path is not declared as a parameter"));
        }
    }
    for it in parameters.iter() {
        if !places.contains(&it.wire.as_str()) {
            build.refuse(place, format_args!("the parameter `{}` has no place in the path", it.wire));
        }
        if !it.required {
            build.refuse(place, format_args!("the parameter `{}` is in the path, so it is required", it.wire));
        }
    }
    parameters.sort_by_key(|it| places.iter().position(|name| *name == it.wire));
}

/// No two of an operation's parameters, and none of them and a field of its body, are called the same:
/// languages with named arguments take them side by side.
pub(super) fn none_twice(build: &mut Build<'_>, place: &str, lists: [&Vec<Parameter>; 3], body: Option<&Body>) {
    let mut seen = BTreeSet::new();
    for it in lists.into_iter().flatten() {
        if !seen.insert(it.name.join("_")) {
            build.refuse(place, format_args!("two of its parameters are called `{}`; rename one", it.wire));
        }
    }
    let Some(fields) = body.and_then(|it| build.schemas.get(&it.schema)).and_then(|it| it["properties"].as_object())
    else {
        return;
    };
    for field in fields.keys() {
        if seen.contains(&names::words(field).join("_")) {
            build.refuse(place, format_args!("`{field}` is a parameter and a field of the body; rename one"));
        }
    }
}
