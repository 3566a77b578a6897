//! What an operation is sent, and what it answers.

use serde_json::Value;

use super::{Build, example, values};
use crate::ir::{Body, Response, Shape, Type, TypeRef};

/// The body, and the document's example of it.
pub(super) fn body<'a>(
    build: &mut Build<'a>,
    types: &[Type],
    place: &str,
    declared: &'a Value,
) -> (Option<Body>, Option<Value>) {
    let Some(declared) = declared.get("requestBody") else { return (None, None) };
    let declared = build.resolve(place, declared);
    let json = &declared["content"]["application/json"];
    if !json.is_object() {
        build.refuse(place, "its body has no form in application/json, which every client sends");
        return (None, None);
    }
    let TypeRef::Named { name } = values::describe(build, place, &json["schema"]).kind else {
        build.refuse(place, "its body is no named schema");
        return (None, None);
    };
    let shape = types.iter().find(|it| it.name == name);
    if !shape.is_some_and(|it| matches!(it.shape, Shape::Struct { .. })) {
        build.refuse(place, format_args!("its body `{name}` is no object with fields"));
    }
    let others: Vec<&String> = declared["content"]
        .as_object()
        .into_iter()
        .flat_map(|it| it.keys())
        .filter(|it| *it != "application/json")
        .collect();
    let multipart = others.iter().any(|it| *it == "multipart/form-data");
    // Where there is a form, a file as the body itself says nothing that the form does not.
    let is_said = |it: &str| it == "multipart/form-data" || (multipart && it == "application/octet-stream");
    for other in others.iter().filter(|it| !is_said(it)) {
        build.refuse(place, format_args!("no client sends a body as {other}"));
    }
    if multipart {
        multipart_like_json(build, place, &declared["content"]["multipart/form-data"]["schema"], shape);
    }
    let example = example(json).or_else(|| shape.and_then(|it| it.example.clone()));
    if example.is_none() {
        build.lacks(place, format_args!("there is no example of its body; give the schema `{name}` one"));
    }
    (Some(Body { required: declared["required"] == true, schema: name, multipart }), example)
}

/// The form has the fields of the JSON, and the file as the part `file`.
fn multipart_like_json<'a>(build: &mut Build<'a>, place: &str, schema: &'a Value, json: Option<&Type>) {
    let schema = build.resolve(place, schema);
    let Some(parts) = schema["properties"].as_object() else {
        build.refuse(place, "its multipart body does not say which parts it has");
        return;
    };
    if !parts.contains_key("file") {
        build.refuse(place, "its multipart body has no part `file`, as which clients stream the file");
    }
    let Some(Type { shape: Shape::Struct { fields }, .. }) = json else { return };
    for part in parts.keys().filter(|it| *it != "file" && !fields.iter().any(|field| field.wire == **it)) {
        build.refuse(place, format_args!("the part `{part}` of its multipart body is no field of the JSON one"));
    }
}

pub(super) struct Success {
    pub(super) status: u16,
    pub(super) response: Response,
    /// Whether it can come as other than JSON too.
    pub(super) several: bool,
}

/// The one answer of success.
pub(super) fn success<'a>(build: &mut Build<'a>, place: &str, declared: &'a Value) -> Success {
    let good: Vec<(u16, &Value)> = declared["responses"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(status, _)| status.starts_with('2'))
        .filter_map(|(status, response)| Some((status.parse().ok()?, response)))
        .collect();
    let [(status, response)] = good.as_slice() else {
        build.refuse(place, format_args!("it has {} answers of success; a client expects one status", good.len()));
        return Success { status: 0, response: Response::Empty, several: false };
    };
    let content = &build.resolve(place, response)["content"];
    let place = format!("{place}, answer {status}");
    let kinds: Vec<&str> = content.as_object().into_iter().flatten().map(|(kind, _)| kind.as_str()).collect();
    let response = match kinds.as_slice() {
        [] => Response::Empty,
        all if all.contains(&"application/json") => {
            Response::Json { kind: answer(build, &place, &content["application/json"]) }
        }
        ["text/event-stream"] => {
            let content = &content["text/event-stream"];
            let content = if content.get("itemSchema").is_some() { &content["itemSchema"] } else { &content["schema"] };
            Response::Events { kind: values::describe(build, &place, content).kind }
        }
        [_] => Response::Bytes,
        all => {
            build.refuse(&place, format_args!("it can be {}, and none of them is JSON", all.join(" or ")));
            Response::Empty
        }
    };
    Success { status: *status, response, several: kinds.len() > 1 }
}

/// What JSON answers are: a named type, or a list of one.
fn answer(build: &mut Build<'_>, place: &str, content: &Value) -> TypeRef {
    let value = values::describe(build, place, &content["schema"]);
    if value.nullable {
        build.refuse(place, "the answer as a whole is never null; answer 204 or 404");
    }
    value.kind
}
