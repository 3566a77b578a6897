//! Schemas as TypeScript.

use serde::Serialize;

use crate::ir::{Bounds, Field, Shape, Type, TypeRef};

/// One exported type.
#[derive(Serialize)]
pub(super) struct Declaration {
    name: String,
    description: String,
    /// The members of an interface; none where it is an alias.
    fields: Option<Vec<Member>>,
    /// What an alias stands for.
    alias: String,
}

#[derive(Serialize)]
struct Member {
    /// The name, quoted where it must be.
    name: String,
    description: String,
    is_optional: bool,
    #[serde(rename = "type")]
    kind: String,
}

impl Declaration {
    pub(super) fn of(from: &Type) -> Self {
        let (fields, alias) = match &from.shape {
            Shape::Struct { fields } => {
                (Some(fields.iter().map(|it| Member::of(it, from.in_requests)).collect()), String::new())
            }
            Shape::Enum { values } => {
                let values: Vec<_> = values.iter().map(|it| quoted(&it.wire)).collect();
                (None, format!("{} | (string & {{}})", values.join(" | ")))
            }
            Shape::Union { tag, variants } => {
                let tag = property(tag);
                let variants = variants.iter().map(|it| format!("({} & {{ {tag}: {} }})", it.schema, quoted(&it.wire)));
                (None, variants.collect::<Vec<_>>().join(" | "))
            }
        };
        Self { name: from.name.clone(), description: from.description.clone(), fields, alias }
    }
}

impl Member {
    fn of(field: &Field, in_requests: bool) -> Self {
        let mut kind = name(&field.kind);
        if field.nullable {
            kind.push_str(" | null");
        }
        // Callers that pass on what they may not have themselves write `undefined`; answers never hold it.
        if !field.required && in_requests {
            kind.push_str(" | undefined");
        }
        Self {
            name: property(&field.wire),
            description: described(&field.description, &field.bounds, field.default.as_ref()),
            is_optional: !field.required,
            kind,
        }
    }
}

/// The sentence, and what the server refuses otherwise.
pub(super) fn described(description: &str, bounds: &Bounds, default: Option<&serde_json::Value>) -> String {
    let mut said = Vec::new();
    match (bounds.minimum, bounds.maximum) {
        (Some(from), Some(to)) => said.push(format!("{from} to {to}")),
        (Some(from), None) => said.push(format!("at least {from}")),
        (None, Some(to)) => said.push(format!("at most {to}")),
        (None, None) => {}
    }
    match (bounds.min_length, bounds.max_length) {
        (Some(from), Some(to)) if from == to => said.push(format!("of length {to}")),
        (Some(from), Some(to)) => said.push(format!("of length {from} to {to}")),
        (Some(from), None) => said.push(format!("of length {from} or more")),
        (None, Some(to)) => said.push(format!("of length {to} or less")),
        (None, None) => {}
    }
    if let Some(default) = default.filter(|it| !it.is_null()) {
        said.push(format!("{default} when absent"));
    }
    match said.is_empty() {
        true => description.to_owned(),
        false => format!("{description} ({})", said.join("; ")),
    }
}

/// A type as it stands in a declaration.
pub(super) fn name(kind: &TypeRef) -> String {
    match kind {
        TypeRef::String | TypeRef::DateTime | TypeRef::Uuid => "string".to_owned(),
        TypeRef::Integer | TypeRef::Number => "number".to_owned(),
        TypeRef::Boolean => "boolean".to_owned(),
        TypeRef::Any => "unknown".to_owned(),
        TypeRef::Constant { value } => quoted(value),
        TypeRef::Array { of } => format!("Array<{}>", name(of)),
        TypeRef::Map { of } => format!("Record<string, {}>", name(of)),
        TypeRef::Named { name } => name.clone(),
    }
}

/// The schemas that a type names.
pub(super) fn names(kind: &TypeRef, found: &mut Vec<String>) {
    match kind {
        TypeRef::Array { of } | TypeRef::Map { of } => names(of, found),
        TypeRef::Named { name } => found.push(name.clone()),
        _ => {}
    }
}

pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The name of a property, quoted where it is no identifier.
pub(super) fn property(wire: &str) -> String {
    let is_letter = |it: char| it.is_ascii_alphabetic() || it == '_' || it == '$';
    let is_identifier = wire.starts_with(is_letter) && wire.chars().all(|it| is_letter(it) || it.is_ascii_digit());
    if is_identifier { wire.to_owned() } else { quoted(wire) }
}
