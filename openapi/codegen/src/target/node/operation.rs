//! Operations as methods.

use heck::{ToLowerCamelCase, ToPascalCase};
use serde::Serialize;

use super::types::{described, name, names, property, quoted};
use crate::ir::{Operation, Page, Parameter, Response};

/// One method, and the constant that says how it is called.
#[derive(Serialize)]
pub(super) struct OperationView {
    /// `sendTextOperation`: what the constant is called.
    constant: String,
    /// `sendText`: what the method is called.
    method: String,
    /// The comment above the method.
    description: String,
    /// The arguments of `operation(…)`.
    declaration: String,
    /// Whether it has query parameters.
    query: Option<Query>,
    /// The parameters of the method.
    signature: String,
    returns: String,
    /// What the method calls.
    call: String,
    pub(super) imports: Vec<String>,
    /// What it names of the hand-written part.
    pub(super) needs: Vec<&'static str>,
}

/// The query parameters, as an interface of their own.
#[derive(Serialize)]
struct Query {
    name: String,
    parameters: Vec<QueryParameter>,
}

#[derive(Serialize)]
struct QueryParameter {
    name: String,
    description: String,
    is_optional: bool,
    #[serde(rename = "type")]
    kind: String,
}

impl OperationView {
    pub(super) fn of(from: &Operation) -> Self {
        let (mut imports, mut needs) = (Vec::new(), Vec::new());
        from.query.iter().for_each(|it| names(&it.kind, &mut imports));
        let query = (!from.query.is_empty()).then(|| Query::of(from));
        let mut signature: Vec<String> =
            from.path_parameters.iter().map(|it| format!("{}: string", argument(it))).collect();
        let mut parts = Vec::new();
        if let Some(body) = &from.body {
            let mut kind = body.schema.clone();
            if body.multipart {
                kind = format!("WithFile<{kind}>");
                needs.push("WithFile");
            }
            signature.push(format!("body{}: {kind}", if body.required { "" } else { "?" }));
            parts.push("body");
            imports.push(body.schema.clone());
        }
        if let Some(query) = &query {
            let is_needed = query.parameters.iter().any(|it| !it.is_optional);
            signature.push(format!("query{}: {}", if is_needed { "" } else { "?" }, query.name));
            parts.push("query");
        }
        let Returned { helper, arguments, returns, named } = Returned::of(from, &mut imports);
        needs.extend(named);
        let options = match from {
            _ if helper == "events" => "FollowOptions",
            it if it.idempotency_key => "SendOptions",
            _ => "CallOptions",
        };
        needs.push(options);
        signature.push(format!("options?: {options}"));
        let constant = from.id.to_lower_camel_case();
        let values: Vec<_> = from.path_parameters.iter().map(argument).collect();
        let call = format!(
            "{helper}{arguments}({}, [{}], {}, options)",
            constant_name(&constant),
            values.join(", "),
            if parts.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", parts.join(", ")) },
        );
        Self {
            constant: constant_name(&constant),
            method: from.name.join("_").to_lower_camel_case(),
            description: description(from),
            declaration: declaration(from),
            query,
            signature: signature.join(", "),
            returns,
            call,
            imports,
            needs,
        }
    }
}

impl Query {
    fn of(from: &Operation) -> Self {
        let parameters = from.query.iter().map(|it| QueryParameter {
            name: property(&it.wire),
            description: described(&it.description, &it.bounds, it.default.as_ref()),
            is_optional: !it.required,
            kind: if it.required { name(&it.kind) } else { format!("{} | undefined", name(&it.kind)) },
        });
        Self { name: format!("{}Query", from.id.to_pascal_case()), parameters: parameters.collect() }
    }
}

/// How the answer comes back.
struct Returned {
    /// The method of the core.
    helper: &'static str,
    /// Its type arguments.
    arguments: String,
    returns: String,
    /// What `returns` names of the hand-written part.
    named: Option<&'static str>,
}

impl Returned {
    fn of(from: &Operation, imports: &mut Vec<String>) -> Self {
        let plain = |helper, returns: &str, named| Self {
            helper,
            arguments: String::new(),
            returns: returns.to_owned(),
            named,
        };
        let kind = match &from.response {
            Response::Empty => return plain("empty", "Promise<void>", None),
            Response::Bytes => return plain("download", "Promise<Download>", Some("Download")),
            Response::Events { .. } => return plain("events", "EventStream", Some("EventStream")),
            Response::Json { kind } => kind,
        };
        names(kind, imports);
        let kind = name(kind);
        match &from.page {
            None => Self {
                helper: "json",
                arguments: format!("<{kind}>"),
                returns: format!("Promise<{kind}>"),
                named: None,
            },
            Some(Page::Offset { item, .. } | Page::Cursor { item, .. }) => {
                names(item, imports);
                let arguments = format!("<{}, {kind}>", name(item));
                Self { helper: "pages", returns: format!("Pages{arguments}"), arguments, named: Some("Pages") }
            }
        }
    }
}

/// What the constant is called, so that no argument hides it.
fn constant_name(camel: &str) -> String {
    format!("{camel}Operation")
}

fn argument(parameter: &Parameter) -> String {
    parameter.name.join("_").to_lower_camel_case()
}

fn declaration(from: &Operation) -> String {
    let mut more = Vec::new();
    if from.idempotency_key {
        more.push("isKeyed: true".to_owned());
    }
    if from.body.as_ref().is_some_and(|it| it.multipart) {
        more.push("takesFile: true".to_owned());
    }
    match &from.page {
        None => {}
        Some(Page::Offset { items, .. }) => {
            let limit = from.query.iter().find(|it| it.wire == "limit");
            let size = limit.and_then(|it| it.default.as_ref().and_then(|it| it.as_i64()).or(it.bounds.maximum));
            let items = items.as_ref().map(|it| format!(", items: {}", quoted(it))).unwrap_or_default();
            more.push(format!(r#"page: {{ kind: "offset", size: {}{items} }}"#, size.unwrap_or(100)));
        }
        Some(Page::Cursor { items, next, after, .. }) => {
            let [items, next, after] = [items, next, after].map(|it| quoted(it.as_str()));
            more.push(format!(r#"page: {{ kind: "cursor", items: {items}, next: {next}, after: {after} }}"#));
        }
    }
    let more = if more.is_empty() { String::new() } else { format!(", {{ {} }}", more.join(", ")) };
    format!("{}, {}{more}", quoted(&from.method), quoted(&from.path))
}

fn description(from: &Operation) -> String {
    let mut text = sentence(&from.summary);
    if let Some(more) = &from.description {
        text.push_str("\n\n");
        text.push_str(more);
    }
    if from.page.is_some() {
        text.push_str("\n\nAwait it for one page, or go through all items with `for await`.");
    }
    let role = from.role.as_ref().map(|it| format!("; needs the role {it}")).unwrap_or_default();
    text.push_str(&format!("\n\n`{} {}`{role}", from.method, from.path));
    if from.deprecated {
        text.push_str("\n\n@deprecated");
    }
    text
}

fn sentence(text: &str) -> String {
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}
