//! The resources and their methods.

use serde::Serialize;

use super::{
    events::lists,
    spelling::{answer, argument, docstring, pascal, quoted, screaming, snake},
    types::{is_enum, is_of_events},
};
use crate::{
    error::Error,
    ir::{self, Api, Page, Response, Shape, TypeRef},
};

/// The most that one page of an iteration asks for.
const PAGE: i64 = 100;

#[derive(Serialize)]
pub(super) struct Resource {
    /// `messages`.
    pub(super) name: String,
    /// `Messages`.
    class: String,
    description: String,
    pub(super) methods: Vec<Method>,
}

#[derive(Serialize)]
pub(super) struct Operation {
    constant: String,
    method: String,
    template: String,
    keyed: bool,
}

/// A type that answers have, and the constant that reads it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Answer {
    constant: String,
    kind: String,
    /// Whether it has a list of events.
    has_events: bool,
}

#[derive(Serialize)]
pub(super) struct Method {
    name: String,
    pub(super) operation: Operation,
    docstring: String,
    deprecated: bool,
    positional: Vec<Parameter>,
    keywords: Vec<Parameter>,
    /// The tuple of what stands in the path.
    arguments: String,
    query: Option<String>,
    body: Option<BodyOf>,
    keyed: bool,
    /// `json`, `empty`, `bytes` or `events`.
    brings: &'static str,
    answer: Option<Answer>,
    /// The status of success.
    status: u16,
    pages: Option<Pages>,
}

#[derive(Clone, Serialize)]
struct Parameter {
    name: String,
    kind: String,
    /// ` = None`, or nothing.
    default: &'static str,
}

/// The expression of a body.
#[derive(Serialize)]
struct BodyOf {
    /// `{"chatId": chat_id, …}`.
    fields: String,
    /// The same for those whose null is a value.
    nullable: Option<String>,
    /// Whether a file may be sent instead.
    upload: bool,
}

#[derive(Serialize)]
struct Pages {
    name: String,
    docstring: String,
    item: String,
    keywords: Vec<Parameter>,
    size: i64,
    /// What the page itself is called with, without what asks for the next.
    call: String,
    /// `.messages`, where the items are in a field.
    items: String,
    /// For pages with a cursor: its parameter and its field.
    cursor: Option<(String, String)>,
    cursor_kind: String,
}

pub(super) fn resources(api: &Api) -> Result<Vec<Resource>, Error> {
    api.resources
        .iter()
        .map(|it| {
            let methods = it.operations.iter().map(|operation| method(api, it, operation));
            Ok(Resource {
                name: snake(&it.name),
                class: pascal(&it.name),
                description: it.description.clone(),
                methods: methods.collect::<Result<_, _>>()?,
            })
        })
        .collect()
}

/// Each type of answers once.
pub(super) fn answers(resources: &[Resource]) -> Vec<Answer> {
    let methods = resources.iter().flat_map(|it| &it.methods);
    let mut answers: Vec<Answer> = methods.filter_map(|it| it.answer.clone()).collect();
    answers.sort();
    answers.dedup();
    answers
}

fn method(api: &Api, resource: &ir::Resource, operation: &ir::Operation) -> Result<Method, Error> {
    if !operation.headers.is_empty() {
        return Err(Error::Usage("the Python package has no parameters that are headers; make it a query parameter"));
    }
    let is_stream = matches!(operation.response, Response::Events { .. });
    let query: Vec<&ir::Parameter> = operation.query.iter().filter(|it| !(is_stream && it.wire == "after")).collect();
    let mut described = Vec::new();
    let mut says = |name: &str, description: &str| described.push((name.to_owned(), description.to_owned()));

    let mut positional = Vec::new();
    for it in &operation.path_parameters {
        let name = snake(&it.name);
        says(&name, &it.description);
        positional.push(Parameter { name, kind: "str".to_owned(), default: "" });
    }
    let mut keywords = Vec::new();
    for it in &query {
        let name = snake(&it.name);
        says(&name, &it.description);
        let kind = query_kind(api, it);
        keywords.push(optional(name, kind, it.required));
    }
    if is_stream {
        says("after", "Only events after this one; from now on when absent.");
        keywords.push(optional("after".to_owned(), "Union[int, str]".to_owned(), false));
    }
    let body = operation.body.as_ref().map(|it| body(api, it, &mut keywords, &mut says));
    // Those that must be given come first.
    keywords.sort_by_key(|it| !it.default.is_empty());
    let list_call = operation.page.as_ref().map(|_| keywords.clone());
    if operation.idempotency_key {
        says("idempotency_key", "Makes the call take effect once, however often it is made; one is made when absent.");
        keywords.push(optional("idempotency_key".to_owned(), "str".to_owned(), false));
    }
    if !is_stream {
        says("timeout", "How many seconds each attempt may take.");
        keywords.push(optional("timeout".to_owned(), "float".to_owned(), false));
    }
    let (brings, answer) = match &operation.response {
        Response::Empty => ("empty", None),
        Response::Bytes => ("bytes", None),
        Response::Events { .. } => ("events", None),
        Response::Json { kind } => ("json", Some(answer_of(api, kind))),
    };
    let page = operation.page.as_ref().zip(list_call);
    Ok(Method {
        name: snake(&operation.name),
        operation: Operation {
            constant: format!("{}_{}", screaming(&resource.name), screaming(&operation.name)),
            method: quoted(&operation.method),
            template: quoted(&operation.path),
            keyed: operation.idempotency_key,
        },
        docstring: docstring(&operation.summary, operation.description.as_deref(), &described),
        deprecated: operation.deprecated,
        arguments: tuple(&positional),
        query: (!query.is_empty()).then(|| dict(query.iter().map(|it| (it.wire.as_str(), snake(&it.name))))),
        keyed: operation.idempotency_key,
        pages: page.map(|(page, keywords)| pages(api, operation, page, &positional, keywords, &described)),
        positional,
        keywords,
        body,
        brings,
        answer,
        status: operation.status,
    })
}

fn optional(name: String, kind: String, required: bool) -> Parameter {
    if required {
        return Parameter { name, kind, default: "" };
    }
    Parameter { name, kind: format!("Optional[{kind}]"), default: " = None" }
}

/// A text that is a list separated by commas may be given as a list as well.
fn query_kind(api: &Api, parameter: &ir::Parameter) -> String {
    let is_list = parameter.kind == TypeRef::String && parameter.description.contains("separated by commas");
    if is_list { "Union[str, Sequence[str]]".to_owned() } else { argument(&parameter.kind, |it| is_enum(api, it)) }
}

fn body(api: &Api, body: &ir::Body, keywords: &mut Vec<Parameter>, says: &mut impl FnMut(&str, &str)) -> BodyOf {
    let kind = api.types.iter().find(|it| it.name == body.schema);
    let all = match kind.map(|it| &it.shape) {
        Some(Shape::Struct { fields }) => fields.as_slice(),
        _ => &[],
    };
    for it in all {
        let name = snake(&it.name);
        says(&name, &it.description);
        let kind = argument(&it.kind, |it| is_enum(api, it));
        keywords.push(match (it.nullable, it.required) {
            (true, true) => Parameter { name, kind: format!("Optional[{kind}]"), default: "" },
            (true, false) => Parameter { name, kind: format!("Union[{kind}, None, UnsetType]"), default: " = UNSET" },
            (false, required) => optional(name, kind, required),
        });
    }
    if body.multipart {
        says("file", "The file itself, streamed: a path, bytes, or a file that is open in binary mode.");
        keywords.push(optional("file".to_owned(), "File".to_owned(), false));
    }
    let given = |is_nullable: bool| {
        let fields = all.iter().filter(move |it| it.nullable == is_nullable);
        dict(fields.map(|it| (it.wire.as_str(), snake(&it.name))))
    };
    BodyOf {
        fields: given(false),
        nullable: all.iter().any(|it| it.nullable).then(|| given(true)),
        upload: body.multipart,
    }
}

fn pages(
    api: &Api,
    operation: &ir::Operation,
    page: &Page,
    positional: &[Parameter],
    mut keywords: Vec<Parameter>,
    described: &[(String, String)],
) -> Pages {
    let (item, items, cursor) = match page {
        Page::Offset { item, items } => (item, items.as_ref(), None),
        Page::Cursor { item, items, next, after } => (item, Some(items), Some((after, next))),
    };
    let limit = operation.query.iter().find(|it| it.wire == "limit");
    let most = limit.and_then(|it| it.bounds.maximum).unwrap_or(PAGE);
    let name_of = |wire: &str| operation.query.iter().find(|it| it.wire == wire).map(|it| snake(&it.name));
    let asks = |it: &str| it == "limit" || (cursor.is_none() && it == "offset");
    keywords.retain(|it| !asks(&it.name));
    let cursor_name = cursor.and_then(|(after, _)| name_of(after));
    let cursor_kind = keywords.iter().find(|it| Some(&it.name) == cursor_name.as_ref()).map(|it| it.kind.clone());
    let passed = keywords.iter().filter(|it| Some(&it.name) != cursor_name.as_ref());
    let mut call: Vec<String> = positional.iter().map(|it| it.name.clone()).collect();
    call.extend(passed.map(|it| format!("{0}={0}", it.name)));
    let rest = operation.name.strip_prefix(["list".to_owned()].as_slice()).unwrap_or(&operation.name);
    let name: Vec<String> = std::iter::once("iterate".to_owned()).chain(rest.iter().cloned()).collect();
    let name = snake(&name);
    let method = snake(&operation.name);
    let size = "How many are asked for at a time.".to_owned();
    let mut parameters: Vec<_> = described.iter().filter(|(it, _)| !asks(it)).cloned().collect();
    parameters.insert(parameters.len().saturating_sub(1), ("page_size".to_owned(), size));
    let what = format!("Iterates over all that `{method}` has, page by page");
    let item = match item {
        TypeRef::Named { name } if is_of_events(api, name) => "_events.Event".to_owned(),
        other => answer(other, "_types."),
    };
    Pages {
        docstring: docstring(&what, None, &parameters),
        name,
        item,
        keywords,
        size: most.min(PAGE),
        call: call.join(", "),
        items: items.map(|it| format!(".{}", snake(std::slice::from_ref(it)))).unwrap_or_default(),
        cursor_kind: cursor_kind.unwrap_or_default(),
        cursor: cursor.map(|(_, next)| (cursor_name.unwrap_or_default(), snake(std::slice::from_ref(next)))),
    }
}

fn answer_of(api: &Api, kind: &TypeRef) -> Answer {
    fn constant(kind: &TypeRef) -> String {
        match kind {
            TypeRef::Named { name } => screaming(std::slice::from_ref(name)),
            TypeRef::Array { of } => format!("{}_LIST", constant(of)),
            TypeRef::Map { of } => format!("{}_MAP", constant(of)),
            TypeRef::String | TypeRef::DateTime | TypeRef::Uuid | TypeRef::Constant { .. } => "STRING".to_owned(),
            TypeRef::Integer => "INTEGER".to_owned(),
            TypeRef::Number => "NUMBER".to_owned(),
            TypeRef::Boolean => "BOOLEAN".to_owned(),
            TypeRef::Any => "ANY".to_owned(),
        }
    }
    let has_events = matches!(kind, TypeRef::Named { name } if !lists(api, name).is_empty());
    Answer { constant: constant(kind), kind: answer(kind, "_types."), has_events }
}

fn tuple(parameters: &[Parameter]) -> String {
    match parameters {
        [] => "()".to_owned(),
        [one] => format!("({},)", one.name),
        more => format!("({})", more.iter().map(|it| it.name.as_str()).collect::<Vec<_>>().join(", ")),
    }
}

fn dict<'a>(entries: impl Iterator<Item = (&'a str, String)>) -> String {
    let entries: Vec<String> = entries.map(|(wire, name)| format!("{}: {name}", quoted(wire))).collect();
    format!("{{{}}}", entries.join(", "))
}
