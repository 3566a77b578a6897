//! The methods of a resource.

use heck::ToPascalCase;
use serde::Serialize;

use super::{
    example::example,
    models::{FieldView, field},
    spelling::{Argument, argument, owned, quoted, sentence, setter, shape, snake},
};
use crate::ir::{Api, Operation, Page, Parameter, Response, Shape, TypeRef};

/// With more fields that must be given, the body is given as a whole.
const MOST_ARGUMENTS: usize = 4;
/// How many items a page has that nobody asked a number of.
const USUAL_PAGE: i64 = 100;

#[derive(Serialize)]
pub(super) struct OperationView {
    name: String,
    summary: String,
    description: Option<String>,
    role: Option<String>,
    method: String,
    path: String,
    /// `SendTextRequest`, or none where there is nothing to choose.
    request: Option<String>,
    path_parameters: Vec<PathParameter>,
    required: Vec<QueryParameter>,
    optional: Vec<QueryParameter>,
    body: Option<BodyView>,
    /// The type of its answer; none when there is nothing in it.
    answer: Option<String>,
    /// `json`, `empty`, `file` or `events`.
    kind: &'static str,
    takes_key: bool,
    page: Option<PageView>,
    example: Option<String>,
}

#[derive(Serialize)]
struct PathParameter {
    name: String,
    kind: &'static str,
    /// As text.
    text: String,
}

#[derive(Serialize)]
struct QueryParameter {
    name: String,
    /// The method of a request that sets it.
    setter: String,
    description: String,
    wire: String,
    is_header: bool,
    is_list: bool,
    kind: String,
    /// As text.
    text: String,
}

#[derive(Serialize)]
struct BodyView {
    schema: String,
    /// Whether the whole struct is the argument.
    is_whole: bool,
    takes_file: bool,
    /// `Json` or `Form`.
    wrapper: &'static str,
    fields: Vec<FieldView>,
}

#[derive(Serialize)]
struct PageView {
    item: String,
    /// The closure that takes a page apart.
    items: String,
    /// The parameter of the next page; none for `offset`.
    cursor: Option<String>,
    usual: i64,
}

impl OperationView {
    pub(super) fn of(operation: &Operation, resource: &str, api: &Api) -> Self {
        let (kind, answer) = match &operation.response {
            Response::Empty => ("empty", None),
            Response::Json { kind } => ("json", Some(owned(kind, "models::"))),
            Response::Bytes => ("file", None),
            Response::Events { .. } => ("events", None),
        };
        let body = operation.body.as_ref().map(|it| body(&it.schema, it.multipart, api));
        let parameters = operation.query.iter().map(|it| query(it, false, api));
        let parameters = parameters.chain(operation.headers.iter().map(|it| query(it, true, api)));
        let both = operation.query.iter().chain(&operation.headers).map(|it| it.required);
        let (required, optional): (Vec<_>, Vec<_>) = parameters.zip(both).partition(|(_, is_required)| *is_required);
        let [required, optional] = [required, optional].map(|it| it.into_iter().map(|(it, _)| it).collect::<Vec<_>>());
        let chooses =
            body.is_some() || !optional.is_empty() || operation.idempotency_key || matches!(kind, "file" | "events");
        Self {
            name: snake(&operation.name),
            summary: operation.summary.trim_end_matches('.').to_owned(),
            description: operation.description.clone(),
            role: operation.role.clone(),
            method: operation.method.clone(),
            path: quoted(&operation.path),
            request: chooses.then(|| format!("{}Request", operation.id.to_pascal_case())),
            path_parameters: operation.path_parameters.iter().map(path_parameter).collect(),
            required,
            optional,
            body,
            page: operation.page.as_ref().map(|it| page(it, operation, answer.as_deref().unwrap_or_default())),
            answer,
            kind,
            takes_key: operation.idempotency_key,
            example: example(operation, resource, api),
        }
    }
}

impl OperationView {
    /// Whether there is nothing to choose.
    pub(super) fn is_plain(&self) -> bool {
        self.request.is_none()
    }

    /// Whether a type that it names has this in it.
    pub(super) fn names(&self, part: &str) -> bool {
        let parameters = self.required.iter().chain(&self.optional).flat_map(|it| [&it.kind, &it.text]);
        let fields = self.body.iter().flat_map(|it| &it.fields).map(|it| &it.argument.kind);
        let whole = self.body.is_some() && part == "models::";
        whole || parameters.chain(fields).chain(&self.answer).any(|it| it.contains(part))
    }
}

fn path_parameter(it: &Parameter) -> PathParameter {
    let name = snake(&it.name);
    match it.kind {
        TypeRef::Integer => PathParameter { text: format!("&{name}.to_string()"), kind: "i64", name },
        _ => PathParameter { text: name.clone(), kind: "&str", name },
    }
}

fn query(it: &Parameter, is_header: bool, api: &Api) -> QueryParameter {
    let name = snake(&it.name);
    let (is_list, single) = match &it.kind {
        TypeRef::Array { of } => (true, &**of),
        kind => (false, kind),
    };
    let Argument { kind, .. } = argument(single, "models::", api);
    let value = if is_list { "it".to_owned() } else { name.clone() };
    let text = match single {
        TypeRef::String | TypeRef::Uuid => value,
        TypeRef::Named { name } => format!("Into::<models::{name}>::into({value}).as_str()"),
        _ => format!("{value}.to_string()"),
    };
    QueryParameter {
        description: sentence(&it.description, &it.name.join(" ")),
        wire: quoted(&it.wire),
        is_header,
        is_list,
        kind: if is_list { format!("impl IntoIterator<Item = {kind}>") } else { kind },
        text,
        setter: setter(&name),
        name,
    }
}

fn body(schema: &str, takes_file: bool, api: &Api) -> BodyView {
    let fields: Vec<_> = match shape(schema, api) {
        Some(Shape::Struct { fields }) => fields.iter().map(|it| field(it, true, "models::", api)).collect(),
        _ => Vec::new(),
    };
    BodyView {
        schema: schema.to_owned(),
        is_whole: fields.iter().filter(|it| it.is_argument).count() > MOST_ARGUMENTS,
        takes_file,
        wrapper: if takes_file { "Form" } else { "Json" },
        fields,
    }
}

fn page(page: &Page, operation: &Operation, answer: &str) -> PageView {
    let limit = operation.query.iter().find(|it| it.wire == "limit");
    let most = limit.and_then(|it| it.bounds.maximum).unwrap_or(USUAL_PAGE);
    let field = |wire: &str| snake(&[wire.to_owned()]);
    let (item, items, cursor) = match page {
        Page::Offset { item, items: None } => (item, format!("|page: {answer}| page"), None),
        Page::Offset { item, items: Some(items) } => (item, format!("|page: {answer}| page.{}", field(items)), None),
        Page::Cursor { item, items, next, after } => {
            let (items, next) = (field(items), field(next));
            (item, format!("|page: {answer}| (page.{items}, page.{next}.to_string())"), Some(quoted(after)))
        }
    };
    PageView { item: owned(item, "models::"), items, cursor, usual: most.min(USUAL_PAGE) }
}
