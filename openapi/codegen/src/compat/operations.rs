//! Operations: what is called, with what, and what comes back.

use std::collections::BTreeMap;

use super::Found;
use crate::{
    compat::types::spelt,
    ir::{Api, Body, Operation, Page, Parameter, Resource, Response},
};

/// Each may do what those before it may.
const ROLES: &[&str] = &["viewer", "operator", "admin"];

pub(super) fn compare(old: &Api, new: &Api, found: &mut Found) {
    let all: BTreeMap<&str, (&Resource, &Operation)> = by_id(new);
    for (id, (resource, before)) in by_id(old) {
        found.at(id);
        let Some((now_in, now)) = all.get(id) else {
            found.add(format_args!("the operation is gone ({} {})", before.method, before.path));
            continue;
        };
        let called = |resource: &Resource, it: &Operation| format!("{}.{}", resource.name.join("_"), it.name.join("_"));
        found.changed("its name in clients", called(resource, before), called(now_in, now));
        operation(before, now, found);
    }
}

fn by_id(api: &Api) -> BTreeMap<&str, (&Resource, &Operation)> {
    let all = api.resources.iter().flat_map(|resource| resource.operations.iter().map(move |it| (resource, it)));
    all.map(|(resource, it)| (it.id.as_str(), (resource, it))).collect()
}

fn operation(old: &Operation, new: &Operation, found: &mut Found) {
    found.changed("its method", &old.method, &new.method);
    found.changed("its path", &old.path, &new.path);
    found.changed("its status of success", old.status, new.status);
    found.changed("its answer", answer(&old.response), answer(&new.response));
    found.changed("how its pages are asked for", page(old.page.as_ref()), page(new.page.as_ref()));
    if old.idempotency_key && !new.idempotency_key {
        found.add("it takes no Idempotency-Key any more");
    }
    if rank(new.role.as_deref()) > rank(old.role.as_deref()) {
        found.add(format_args!("it needs a key with the role {}", new.role.as_deref().unwrap_or("none")));
    }
    parameters("path parameter", &old.path_parameters, &new.path_parameters, found);
    parameters("query parameter", &old.query, &new.query, found);
    parameters("header", &old.headers, &new.headers, found);
    body(old.body.as_ref(), new.body.as_ref(), found);
}

fn rank(role: Option<&str>) -> usize {
    let place = |name: &str| ROLES.iter().position(|it| *it == name).unwrap_or(ROLES.len());
    role.map_or(0, |it| place(it) + 1)
}

fn answer(response: &Response) -> String {
    match response {
        Response::Empty => "nothing".to_owned(),
        Response::Json { kind } => spelt(kind),
        Response::Bytes => "a file".to_owned(),
        Response::Events { kind } => format!("a stream of {}", spelt(kind)),
    }
}

fn page(page: Option<&Page>) -> String {
    match page {
        None => "no pages".to_owned(),
        Some(Page::Offset { item, items }) => format!("offset of {} in {items:?}", spelt(item)),
        Some(Page::Cursor { item, items, next, after }) => format!("{after} = {next} of {} in {items:?}", spelt(item)),
    }
}

fn parameters(what: &str, old: &[Parameter], new: &[Parameter], found: &mut Found) {
    for before in old {
        let name = format!("the {what} `{}`", before.wire);
        let Some(now) = new.iter().find(|it| it.wire == before.wire) else {
            found.add(format_args!("{name} is gone"));
            continue;
        };
        if now.required && !before.required {
            found.add(format_args!("{name} has to be given"));
        }
        found.changed(&name, spelt(&before.kind), spelt(&now.kind));
        found.narrowed(&name, &before.bounds, &now.bounds);
    }
    for it in new.iter().filter(|it| it.required && !old.iter().any(|before| before.wire == it.wire)) {
        found.add(format_args!("the {what} `{}` is new and has to be given", it.wire));
    }
}

fn body(old: Option<&Body>, new: Option<&Body>, found: &mut Found) {
    match (old, new) {
        (None, None) => {}
        (Some(_), None) => found.add("it takes no body any more"),
        (None, Some(body)) => {
            if body.required {
                found.add("it has to be given a body");
            }
        }
        (Some(old), Some(new)) => {
            found.changed("its body", &old.schema, &new.schema);
            if new.required && !old.required {
                found.add("its body has to be given");
            }
            if old.multipart && !new.multipart {
                found.add("its file cannot be streamed as multipart/form-data any more");
            }
        }
    }
}
