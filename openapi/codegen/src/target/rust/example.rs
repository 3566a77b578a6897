//! The call in the documentation of a method, which is compiled with the others.

use serde_json::Value;

use super::spelling::{quoted, setter, shape, snake};
use crate::ir::{Api, Field, Operation, Parameter, Response, Shape, TypeRef};

/// How a call looks; none where a value cannot be said in a few words.
pub(super) fn example(operation: &Operation, resource: &str, api: &Api) -> Option<String> {
    let mut arguments = Vec::new();
    for it in operation.path_parameters.iter().chain(operation.query.iter().filter(|it| it.required)) {
        arguments.push(parameter(it, api)?);
    }
    let mut options = String::new();
    if let Some(body) = &operation.body {
        let Some(Shape::Struct { fields }) = shape(&body.schema, api) else { return None };
        let given = operation.example.as_ref().and_then(Value::as_object);
        let value = |it: &Field| {
            given.and_then(|all| all.get(&it.wire)).or(it.example.as_ref()).or(it.default.as_ref()).cloned()
        };
        for it in fields.iter().filter(|it| it.required && !matches!(it.kind, TypeRef::Constant { .. })) {
            let value = value(it).unwrap_or_else(|| stand_in(&it.wire, &it.kind));
            arguments.push(literal(&value, &it.kind, api)?);
        }
        let optional = fields.iter().filter(|it| !it.required && !it.nullable);
        for it in optional.filter(|it| given.is_some_and(|all| all.contains_key(&it.wire))) {
            if let Some(value) = value(it).and_then(|value| literal(&value, &it.kind, api)) {
                options.push_str(&format!(".{}({value})", setter(&snake(&it.name))));
            }
        }
        if fields.iter().filter(|it| it.required).count() > 4 {
            return None;
        }
    }
    let resource = snake(&[resource.to_owned()]);
    let name = snake(&operation.name);
    let (before, after) = match operation.response {
        Response::Empty => ("", ".await?"),
        Response::Json { .. } => ("let answer = ", ".await?"),
        Response::Bytes => ("let file = ", ".await?"),
        Response::Events { .. } => ("let mut events = ", ".follow()"),
    };
    Some(format!("{before}client.{resource}().{name}({}){options}{after};", arguments.join(", ")))
}

fn parameter(it: &Parameter, api: &Api) -> Option<String> {
    let value = it.example.clone().or_else(|| it.default.clone()).unwrap_or_else(|| stand_in(&it.wire, &it.kind));
    literal(&value, &it.kind, api)
}

/// A value that reads like one.
fn stand_in(wire: &str, kind: &TypeRef) -> Value {
    match kind {
        TypeRef::String | TypeRef::Uuid if wire == "sessionId" => "0199a8c5-4e00-7c3a-9d1e-5b6f7a8c9d0e".into(),
        TypeRef::String if wire == "chatId" => "15550000002@c.us".into(),
        TypeRef::String if wire.to_lowercase().ends_with("messageid") => "3EB0C0FFEE".into(),
        TypeRef::String if matches!(wire, "text" | "body") => "Hello".into(),
        TypeRef::String if wire == "emoji" => "\u{1f44d}".into(),
        TypeRef::Uuid => "0199a8c5-4e00-7c3a-9d1e-000000000001".into(),
        TypeRef::Integer | TypeRef::Number => 1.into(),
        TypeRef::Boolean => true.into(),
        TypeRef::Array { .. } => Value::Array(Vec::new()),
        _ => wire.into(),
    }
}

fn literal(value: &Value, kind: &TypeRef, api: &Api) -> Option<String> {
    match (kind, value) {
        (TypeRef::String | TypeRef::Uuid | TypeRef::Any, Value::String(text)) => Some(quoted(text)),
        (TypeRef::Integer, Value::Number(number)) => number.as_i64().map(|it| it.to_string()),
        (TypeRef::Number, Value::Number(number)) => number.as_f64().map(|it| format!("{it:?}")),
        (TypeRef::Boolean | TypeRef::Any, Value::Bool(it)) => Some(it.to_string()),
        (TypeRef::Array { of }, Value::Array(values)) if !values.is_empty() => {
            let values: Option<Vec<_>> = values.iter().map(|it| literal(it, of, api)).collect();
            matches!(**of, TypeRef::String | TypeRef::Uuid).then_some(format!("[{}]", values?.join(", ")))
        }
        (TypeRef::Named { name }, Value::String(text)) => {
            matches!(shape(name, api), Some(Shape::Enum { .. })).then(|| quoted(text))
        }
        _ => None,
    }
}
