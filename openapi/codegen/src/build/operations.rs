//! The resources and their operations.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Build, MOST_OPERATIONS, example, names, pages, text, values};
use crate::ir::{Body, Operation, Parameter, Resource, Response, Shape, Type, TypeRef};

const METHODS: &[&str] = &["get", "put", "post", "delete", "patch"];

/// Clients fill these in themselves.
const OWN_HEADERS: &[&str] = &["idempotency-key", "last-event-id", "accept", "authorization", "x-api-key"];

pub(super) fn all(build: &mut Build<'_>, types: &[Type]) -> Vec<Resource> {
    let document = build.document;
    let mut resources = Vec::new();
    for declared in document["tags"].as_array().into_iter().flatten() {
        let tag = declared["name"].as_str().unwrap_or_default().to_owned();
        let name = names::resource(build, &tag);
        let description = text(declared, "description").unwrap_or_else(|| {
            build.refuse(format_args!("tags.{tag}"), "it has no description; say in a sentence what it is about");
            String::new()
        });
        resources.push(Resource { name, tag, description, operations: Vec::new() });
    }
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    let mut count = 0;
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, declared) in item.as_object().into_iter().flatten() {
            if matches!(method.as_str(), "parameters" | "summary" | "description") {
                continue;
            }
            let place = format!("{} {path}", method.to_uppercase());
            if !METHODS.contains(&method.as_str()) {
                build.refuse(&place, format_args!("no client sends `{method}`"));
                continue;
            }
            count += 1;
            if count > MOST_OPERATIONS {
                build.refuse("paths", format_args!("there are more than {MOST_OPERATIONS} operations"));
                return resources;
            }
            let Some((id, tag)) = identity(build, &place, declared) else { continue };
            if let Some(other) = ids.insert(id.to_lowercase(), place.clone()) {
                build.refuse(&place, format_args!("its operationId `{id}` is also that of {other}"));
            }
            let shared = &item["parameters"];
            let operation = operation(
                build,
                types,
                &Declared { place: &place, method, path, id: &id, tag: &tag, shared, declared },
            );
            match resources.iter_mut().find(|it| it.tag == tag) {
                Some(resource) => resource.operations.push(operation),
                None => build.refuse(&place, format_args!("its tag `{tag}` is not in the document's list of tags")),
            }
        }
    }
    for resource in &resources {
        no_two_alike(build, resource);
    }
    resources.retain(|it| !it.operations.is_empty());
    resources
}

fn no_two_alike(build: &mut Build<'_>, resource: &Resource) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for it in &resource.operations {
        let name = it.name.join("_");
        if let Some(other) = seen.insert(name.clone(), &it.id) {
            let (tag, id) = (&resource.tag, &it.id);
            build.refuse(
                format_args!("{} {}", it.method, it.path),
                format_args!("`{id}` and `{other}` would both be called `{name}` in `{tag}`; rename one operationId"),
            );
        }
    }
}

/// The operation id and the one tag.
fn identity(build: &mut Build<'_>, place: &str, declared: &Value) -> Option<(String, String)> {
    let id = text(declared, "operationId");
    if id.is_none() {
        build.refuse(place, "it has no operationId, so that no client could call it by a name");
    }
    let tags: Vec<&str> = declared["tags"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let [tag] = tags.as_slice() else {
        build.refuse(place, format_args!("it has {} tags; the one tag says which resource it belongs to", tags.len()));
        return None;
    };
    Some((id?, (*tag).to_owned()))
}

struct Declared<'a> {
    place: &'a str,
    method: &'a str,
    path: &'a str,
    id: &'a str,
    tag: &'a str,
    /// The parameters of the path as a whole.
    shared: &'a Value,
    declared: &'a Value,
}

fn operation<'a>(build: &mut Build<'a>, types: &[Type], at: &Declared<'a>) -> Operation {
    let Declared { place, method, path, id, tag, shared, declared } = *at;
    let summary = text(declared, "summary").unwrap_or_else(|| {
        build.refuse(place, "it has no summary; say in a few words what a person uses it for");
        String::new()
    });
    names::said(build, place, id);
    let mut parameters = Parameters::default();
    for it in [shared, &declared["parameters"]].into_iter().filter_map(Value::as_array).flatten() {
        let it = build.resolve(place, it);
        parameters.take(build, place, it);
    }
    let Parameters { path: mut in_path, mut query, headers, idempotency_key } = parameters;
    order_by_path(build, place, path, &mut in_path);
    query.sort_by_key(|it| !it.required);
    let Success { status, response, several } = success(build, place, declared);
    if several {
        query.retain(|it| it.wire != "format");
    }
    let (body, example) = body(build, types, place, declared);
    let page = pages::page(&query, &response, types);
    no_parameter_twice(build, place, [&in_path, &query, &headers], body.as_ref());
    Operation {
        id: id.to_owned(),
        name: names::method(id, tag, path),
        summary,
        description: text(declared, "description"),
        deprecated: declared["deprecated"] == true,
        method: method.to_uppercase(),
        path: path.to_owned(),
        path_parameters: in_path,
        query,
        headers,
        body,
        response,
        status,
        idempotency_key,
        page,
        role: text(declared, "x-required-role"),
        example,
    }
}

#[derive(Default)]
struct Parameters {
    path: Vec<Parameter>,
    query: Vec<Parameter>,
    headers: Vec<Parameter>,
    idempotency_key: bool,
}

impl Parameters {
    fn take(&mut self, build: &mut Build<'_>, place: &str, declared: &Value) {
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
    Parameter {
        wire: wire.to_owned(),
        name: names::said(build, place, wire),
        description: text(declared, "description").or(value.description).unwrap_or_default(),
        required: declared["required"] == true,
        kind: value.kind,
        default: value.default,
        example: example(declared).or(value.example),
        deprecated: declared["deprecated"] == true || value.deprecated,
        bounds: value.bounds,
    }
}

/// In the order of the path, each once, none left over.
fn order_by_path(build: &mut Build<'_>, place: &str, path: &str, parameters: &mut [Parameter]) {
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

fn no_parameter_twice(build: &mut Build<'_>, place: &str, lists: [&Vec<Parameter>; 3], body: Option<&Body>) {
    let mut seen = BTreeSet::new();
    for it in lists.into_iter().flatten() {
        if !seen.insert(it.name.join("_")) {
            build.refuse(place, format_args!("two of its parameters are called `{}`; rename one", it.wire));
        }
    }
    // Languages with named arguments take the fields of the body beside the parameters.
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

/// The body, and the document's example of it.
fn body<'a>(build: &mut Build<'a>, types: &[Type], place: &str, declared: &'a Value) -> (Option<Body>, Option<Value>) {
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
    for other in others.iter().filter(|it| **it != "multipart/form-data") {
        build.refuse(place, format_args!("no client sends a body as {other}"));
    }
    if multipart {
        multipart_like_json(build, place, &declared["content"]["multipart/form-data"]["schema"], shape);
    }
    let example = example(json).or_else(|| shape.and_then(|it| it.example.clone()));
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

struct Success {
    status: u16,
    response: Response,
    /// Whether it can come as other than JSON too.
    several: bool,
}

fn success<'a>(build: &mut Build<'a>, place: &str, declared: &'a Value) -> Success {
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
