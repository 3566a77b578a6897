//! Operations as tools with forms show them: one list of fields, whatever part of the request each ends in.

use serde::Serialize;
use serde_json::{Value, json};

use crate::ir::{Api, Bounds, Field, Operation, Page, Parameter, Response, Shape, TypeRef};

/// One operation.
pub(super) struct Form<'a> {
    pub(super) operation: &'a Operation,
    /// Those that must be given first.
    pub(super) fields: Vec<FormField>,
    /// Whether a file may go with it, as a streamed part.
    pub(super) upload: bool,
}

/// Where a field ends.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Place {
    Path,
    Query,
    Header,
    Body,
}

/// How a person enters it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Input {
    Text,
    Number,
    Boolean,
    Time,
    /// One of the choices.
    Choice,
    /// Any of the choices.
    Choices,
    /// Several short texts.
    List,
    /// What has no simpler form.
    Json,
}

impl Input {
    /// How what was entered becomes what is sent.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Text | Self::Choice => "text",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Time => "time",
            Self::List | Self::Choices => "list",
            Self::Json => "json",
        }
    }
}

/// One field.
#[derive(Debug, Clone)]
pub(super) struct FormField {
    /// As it stands on the wire.
    pub(super) wire: String,
    pub(super) name: Vec<String>,
    pub(super) place: Place,
    pub(super) input: Input,
    pub(super) required: bool,
    pub(super) nullable: bool,
    pub(super) description: String,
    /// On the wire, and in words.
    pub(super) choices: Vec<(String, Vec<String>)>,
    pub(super) default: Option<Value>,
    pub(super) bounds: Bounds,
}

/// What a request carries a file in when it is JSON.
const CARRIED: &str = "base64";

/// The forms of a resource. Streams have none: they are followed, not asked for once.
pub(super) fn forms<'a>(api: &'a Api, operations: &'a [Operation]) -> Vec<Form<'a>> {
    let once = operations.iter().filter(|it| !matches!(it.response, Response::Events { .. }));
    once.map(|it| Form::of(api, it)).collect()
}

impl<'a> Form<'a> {
    fn of(api: &'a Api, operation: &'a Operation) -> Self {
        let parameters = [
            (Place::Path, &operation.path_parameters),
            (Place::Query, &operation.query),
            (Place::Header, &operation.headers),
        ];
        let mut fields: Vec<_> = parameters
            .into_iter()
            .flat_map(|(place, of)| of.iter().map(move |it| FormField::of_parameter(api, place, it)))
            .collect();
        let upload = operation.body.as_ref().is_some_and(|it| it.multipart);
        let body = operation.body.as_ref().and_then(|body| api.types.iter().find(|it| it.name == body.schema));
        if let Some(Shape::Struct { fields: body }) = body.map(|it| &it.shape) {
            let sent = body.iter().filter(|it| !(upload && it.wire == CARRIED));
            fields.extend(sent.map(|it| FormField::of_field(api, it)));
        }
        fields.sort_by_key(|it| !it.required);
        Self { operation, fields, upload }
    }

    /// How the operation is carried out, as a line of a table: everything but its fields, which each tool
    /// describes in its own way.
    pub(super) fn carried_out(&self, fields: Vec<Value>) -> Value {
        let operation = self.operation;
        let mut line = json!({
            "method": operation.method,
            "path": operation.path,
            "fields": fields,
            "answer": match operation.response {
                Response::Empty => "none",
                Response::Json { .. } | Response::Events { .. } => "json",
                Response::Bytes => "file",
            },
        });
        match &operation.page {
            Some(Page::Offset { items, .. }) => {
                line["paging"] = json!({"by": "offset"});
                if let Some(items) = items {
                    line["paging"]["items"] = json!(items);
                }
            }
            Some(Page::Cursor { items, next, after, .. }) => {
                line["paging"] = json!({"by": "cursor", "items": items, "next": next, "after": after});
            }
            None => {}
        }
        for (name, holds) in [("upload", self.upload), ("idempotent", operation.idempotency_key)] {
            if holds {
                line[name] = json!(true);
            }
        }
        line
    }
}

impl FormField {
    fn of_parameter(api: &Api, place: Place, parameter: &Parameter) -> Self {
        let (input, choices) = input(api, &parameter.kind);
        Self {
            wire: parameter.wire.clone(),
            name: parameter.name.clone(),
            place,
            input,
            required: parameter.required,
            nullable: false,
            description: parameter.description.clone(),
            choices,
            default: parameter.default.clone(),
            bounds: parameter.bounds.clone(),
        }
    }

    fn of_field(api: &Api, field: &Field) -> Self {
        let (input, choices) = input(api, &field.kind);
        Self {
            wire: field.wire.clone(),
            name: field.name.clone(),
            place: Place::Body,
            input,
            required: field.required,
            nullable: field.nullable,
            description: field.description.clone(),
            choices,
            default: field.default.clone(),
            bounds: field.bounds.clone(),
        }
    }
}

fn input(api: &Api, kind: &TypeRef) -> (Input, Vec<(String, Vec<String>)>) {
    let input = match kind {
        TypeRef::String | TypeRef::Uuid => Input::Text,
        TypeRef::DateTime => Input::Time,
        TypeRef::Integer | TypeRef::Number => Input::Number,
        TypeRef::Boolean => Input::Boolean,
        TypeRef::Constant { value } => return (Input::Choice, vec![(value.clone(), vec![value.clone()])]),
        TypeRef::Named { name } => match choices(api, name) {
            Some(choices) => return (Input::Choice, choices),
            None => Input::Json,
        },
        TypeRef::Array { of } => match of.as_ref() {
            TypeRef::String | TypeRef::Uuid => Input::List,
            TypeRef::Named { name } => match choices(api, name) {
                Some(choices) => return (Input::Choices, choices),
                None => Input::Json,
            },
            _ => Input::Json,
        },
        TypeRef::Any | TypeRef::Map { .. } => Input::Json,
    };
    (input, Vec::new())
}

/// The values of an enum.
fn choices(api: &Api, name: &str) -> Option<Vec<(String, Vec<String>)>> {
    match &api.types.iter().find(|it| it.name == name)?.shape {
        Shape::Enum { values } => Some(values.iter().map(|it| (it.wire.clone(), it.name.clone())).collect()),
        Shape::Struct { .. } | Shape::Union { .. } => None,
    }
}
