//! The resources and their operations.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Build, MOST_OPERATIONS,
    bodies::{self, Success},
    described, names, pages,
    parameters::{self, Parameters},
    text,
};
use crate::ir::{Operation, Resource, Type};

const METHODS: &[&str] = &["get", "put", "post", "delete", "patch"];

pub(super) fn all(build: &mut Build<'_>, types: &[Type]) -> Vec<Resource> {
    let document = build.document;
    let mut resources = Vec::new();
    for declared in document["tags"].as_array().into_iter().flatten() {
        let tag = declared["name"].as_str().unwrap_or_default().to_owned();
        let name = names::resource(build, &tag);
        let description = described(build, &format!("tags.{tag}"), text(declared, "description"));
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

struct Declared<'a, 'b> {
    place: &'b str,
    method: &'b str,
    path: &'b str,
    id: &'b str,
    tag: &'b str,
    /// The parameters of the path as a whole.
    shared: &'a Value,
    declared: &'a Value,
}

fn operation<'a>(build: &mut Build<'a>, types: &[Type], at: &Declared<'a, '_>) -> Operation {
    let Declared { place, method, path, id, tag, shared, declared } = *at;
    let summary = text(declared, "summary").unwrap_or_else(|| {
        build.lacks(place, "it has no summary; say in a few words what a person uses it for");
        String::new()
    });
    names::said(build, place, id);
    let mut taken = Parameters::default();
    for it in [shared, &declared["parameters"]].into_iter().filter_map(Value::as_array).flatten() {
        let it = build.resolve(place, it);
        taken.take(build, place, it);
    }
    let Parameters { path: mut in_path, mut query, headers, idempotency_key } = taken;
    parameters::order_by_path(build, place, path, &mut in_path);
    query.sort_by_key(|it| !it.required);
    let Success { status, response, several } = bodies::success(build, place, declared);
    if several {
        query.retain(|it| it.wire != "format");
    }
    let (body, example) = bodies::body(build, types, place, declared);
    let page = pages::page(&query, &response, types);
    parameters::none_twice(build, place, [&in_path, &query, &headers], body.as_ref());
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
