//! The class with the methods of OpenWA's own Python SDK.
//!
//! Which methods that has, and what each of them asks, stands in `openwa_sdk.json`. Where our gateway has the
//! route as well, the types of its bodies come from the document.

use std::collections::BTreeMap;

use heck::ToPascalCase;
use serde::{Deserialize, Serialize};

use super::{
    spelling::{plain, quoted},
    types::plain_name,
};
use crate::{
    error::Error,
    ir::{self, Api, Response, TypeRef},
};

const METHODS: &str = include_str!("openwa_sdk.json");

/// A method as the SDK has it.
#[derive(Deserialize)]
struct Told {
    resource: String,
    name: String,
    /// Its parameters: `?` for one that may be absent, `*` before those that are given by name.
    takes: Vec<String>,
    method: String,
    path: String,
    /// `object`, `object?`, `list`, `strings`, `bytes` or `none`.
    gives: String,
}

#[derive(Serialize)]
pub(super) struct Compat {
    resources: Vec<Resource>,
}

#[derive(Serialize)]
struct Resource {
    name: String,
    class: String,
    methods: Vec<Method>,
}

#[derive(Serialize)]
struct Method {
    name: String,
    /// As they stand behind `self`.
    parameters: Vec<String>,
    /// An f-string.
    path: String,
    method: String,
    query: Option<String>,
    body: Option<String>,
    keyed: bool,
    gives: String,
    returns: String,
    /// What the document says that it does, or the route.
    summary: String,
}

pub(super) fn resources(api: &Api) -> Result<Compat, Error> {
    let told: Vec<Told> = serde_json::from_str(METHODS).map_err(|_| {
        Error::Usage("target/python/openwa_sdk.json is no list of methods; see compat.rs for its fields")
    })?;
    let mut by_name: BTreeMap<String, Vec<Method>> = BTreeMap::new();
    for it in told {
        let made = method(api, &it);
        by_name.entry(it.resource).or_default().push(made);
    }
    let resources = by_name
        .into_iter()
        .map(|(name, methods)| Resource { class: format!("{}Resource", name.to_pascal_case()), name, methods })
        .collect();
    Ok(Compat { resources })
}

fn method(api: &Api, told: &Told) -> Method {
    let operation = api.resources.iter().flat_map(|it| &it.operations).find(|it| is_same(it, told));
    let mut parameters = Vec::new();
    let mut path = quoted(&told.path);
    let (mut rest, mut query, mut body) = (Vec::new(), None, None);
    let mut keyed = false;
    for taken in &told.takes {
        let (name, optional) = match taken.strip_suffix('?') {
            Some(name) => (name, true),
            None => (taken.as_str(), false),
        };
        let place = format!("{{{name}}}");
        let kind = match name {
            "*" => {
                parameters.push("*".to_owned());
                continue;
            }
            "body" => {
                // Without a body there is an empty one.
                body = Some(if optional { "body or {}" } else { "body" }.to_owned());
                let schema = operation.and_then(|it| it.body.as_ref());
                schema.map_or_else(|| "Mapping[str, Any]".to_owned(), |it| format!("dicts.{}", it.schema))
            }
            "query" | "params" => {
                query = Some(name.to_owned());
                "Mapping[str, Any]".to_owned()
            }
            "idempotency_key" => {
                keyed = true;
                "str".to_owned()
            }
            _ if path.contains(&place) => {
                path = path.replace(&place, &format!("{{segment({name})}}"));
                "str".to_owned()
            }
            _ => {
                rest.push(name.to_owned());
                if matches!(name, "participants" | "ids") { "List[str]" } else { "str" }.to_owned()
            }
        };
        parameters.push(if optional { format!("{name}: Optional[{kind}] = None") } else { format!("{name}: {kind}") });
    }
    if !rest.is_empty() {
        // What has no place in the path goes by its own name.
        let entries: Vec<String> = rest.iter().map(|it| format!("{}: {it}", quoted(it))).collect();
        let fields = format!("given({{{}}})", entries.join(", "));
        *(if told.method == "GET" { &mut query } else { &mut body }) = Some(fields);
    }
    Method {
        name: told.name.clone(),
        parameters,
        path: if path.contains('{') { format!("f{path}") } else { path },
        method: quoted(&told.method),
        query,
        body,
        keyed,
        returns: returns(api, told, operation),
        gives: told.gives.clone(),
        summary: operation.map_or_else(
            || format!("``{} {}``", told.method, told.path),
            |it| format!("{}.", it.summary.trim_end_matches('.')),
        ),
    }
}

fn returns(api: &Api, told: &Told, operation: Option<&ir::Operation>) -> String {
    let known = match operation.map(|it| &it.response) {
        Some(Response::Json { kind }) => known(api, kind),
        _ => None,
    };
    match told.gives.as_str() {
        "none" => "None".to_owned(),
        "bytes" => "Media".to_owned(),
        "strings" => "List[str]".to_owned(),
        "list" => known.unwrap_or_else(|| "List[Dict[str, Any]]".to_owned()),
        "object?" => format!("Optional[{}]", known.as_deref().unwrap_or("Dict[str, Any]")),
        _ => known.unwrap_or_else(|| "Dict[str, Any]".to_owned()),
    }
}

fn known(api: &Api, kind: &TypeRef) -> Option<String> {
    let inner = if let TypeRef::Array { of } = kind { of } else { kind };
    let TypeRef::Named { name } = inner else { return None };
    if plain_name(api, name) != *name {
        return None;
    }
    Some(plain(kind, &|name| format!("dicts.{name}")))
}

/// Whether an operation of the document is this route.
fn is_same(operation: &ir::Operation, told: &Told) -> bool {
    let shape = |path: &str| -> Vec<String> {
        let segments = path.split('/').map(|it| if it.starts_with('{') { "{}".to_owned() } else { it.to_owned() });
        segments.collect()
    };
    operation.method == told.method && shape(&operation.path) == shape(&told.path)
}
