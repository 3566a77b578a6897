//! The table of all operations.

use heck::ToSnakeCase;
use serde::Serialize;

use super::spelling::{quoted, shape};
use crate::ir::{Api, Operation, Resource, Response, Shape, TypeRef};

#[derive(Serialize)]
pub(super) struct Row {
    id: String,
    resource: String,
    name: String,
    method: String,
    path: String,
    summary: String,
    role: Option<String>,
    parameters: Vec<ParameterRow>,
    has_body: bool,
    takes_file: bool,
    takes_key: bool,
    answer: &'static str,
    is_deprecated: bool,
}

#[derive(Serialize)]
struct ParameterRow {
    name: String,
    place: &'static str,
    kind: &'static str,
    is_required: bool,
    description: String,
    words: Vec<String>,
}

pub(super) fn rows(api: &Api) -> impl Iterator<Item = Row> {
    api.resources.iter().flat_map(move |resource| resource.operations.iter().map(move |it| row(it, resource, api)))
}

fn row(operation: &Operation, resource: &Resource, api: &Api) -> Row {
    let body = operation.body.as_ref();
    let fields = match body.and_then(|it| shape(&it.schema, api)) {
        Some(Shape::Struct { fields }) => fields.as_slice(),
        _ => &[],
    };
    let placed = [("Path", &operation.path_parameters), ("Query", &operation.query), ("Header", &operation.headers)];
    let outside = placed.into_iter().flat_map(|(place, list)| list.iter().map(move |it| (place, it)));
    let outside = outside.map(|(place, it)| parameter(place, &it.wire, &it.kind, it.required, &it.description, api));
    let inside = fields.iter().map(|it| parameter("Body", &it.wire, &it.kind, it.required, &it.description, api));
    Row {
        id: quoted(&operation.id),
        resource: quoted(&resource.name.join("_").to_snake_case()),
        name: quoted(&operation.name.join("_").to_snake_case()),
        method: quoted(&operation.method),
        path: quoted(&operation.path),
        summary: quoted(&operation.summary),
        role: operation.role.as_deref().map(quoted),
        parameters: outside.chain(inside).collect(),
        has_body: body.is_some(),
        takes_file: body.is_some_and(|it| it.multipart),
        takes_key: operation.idempotency_key,
        answer: match operation.response {
            Response::Empty => "Empty",
            Response::Json { .. } => "Json",
            Response::Bytes => "File",
            Response::Events { .. } => "Events",
        },
        is_deprecated: operation.deprecated,
    }
}

fn parameter(place: &'static str, wire: &str, kind: &TypeRef, required: bool, about: &str, api: &Api) -> ParameterRow {
    let words = match kind {
        TypeRef::Named { name } => match shape(name, api) {
            Some(Shape::Enum { values }) => values.iter().map(|it| quoted(&it.wire)).collect(),
            _ => Vec::new(),
        },
        TypeRef::Constant { value } => vec![quoted(value)],
        _ => Vec::new(),
    };
    let kind = match kind {
        TypeRef::String | TypeRef::Uuid | TypeRef::DateTime | TypeRef::Constant { .. } => "Text",
        TypeRef::Integer => "Integer",
        TypeRef::Number => "Number",
        TypeRef::Boolean => "Boolean",
        TypeRef::Array { of } if matches!(**of, TypeRef::String | TypeRef::Uuid) => "Texts",
        TypeRef::Named { .. } if !words.is_empty() => "Text",
        _ => "Json",
    };
    ParameterRow { name: quoted(wire), place, kind, is_required: required, description: quoted(about), words }
}
