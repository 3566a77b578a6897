//! The named types: structs and enumerations.

use serde::Serialize;

use super::spelling::{answer, camel, pascal, plain, quoted, screaming, snake};
use crate::ir::{self, Api, Shape};

#[derive(Serialize)]
pub(super) struct Types {
    enums: Vec<Enum>,
    structs: Vec<Struct>,
}

#[derive(Serialize)]
struct Enum {
    name: String,
    description: String,
    values: Vec<(String, String)>,
}

#[derive(Serialize)]
pub(super) struct Struct {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) fields: Vec<Field>,
    /// Whether it can be said as a class: no key of it is a word of Python.
    is_plain: bool,
}

#[derive(Serialize)]
pub(super) struct Field {
    name: String,
    pub(super) wire: String,
    description: String,
    /// With `Optional` where it may be absent or null.
    kind: String,
    /// `= …`, where it has a default or another name on the wire.
    default: String,
    /// Its type in a dict of JSON.
    plain: String,
    required: bool,
}

/// Those that answers have or that are given within arguments.
pub(super) fn named(api: &Api) -> Types {
    let is_body = |name: &str| {
        let mut operations = api.resources.iter().flat_map(|it| &it.operations);
        operations.any(|it| it.body.as_ref().is_some_and(|it| it.schema == name))
    };
    // The fields of a body are arguments of the method.
    select(api, |it| it.in_answers || !is_body(&it.name))
}

/// All but those of events.
pub(super) fn all(api: &Api) -> Types {
    select(api, |_| true)
}

fn select(api: &Api, is_wanted: impl Fn(&ir::Type) -> bool) -> Types {
    let mut types = Types { enums: Vec::new(), structs: Vec::new() };
    for it in api.types.iter().filter(|it| is_wanted(it)) {
        match &it.shape {
            Shape::Enum { values } => types.enums.push(Enum {
                name: it.name.clone(),
                description: it.description.clone(),
                values: values.iter().map(|it| (screaming(&it.name), quoted(&it.wire))).collect(),
            }),
            // Deliveries and the event itself are among the events, told apart by their kind.
            Shape::Struct { .. } if is_of_events(api, &it.name) => {}
            Shape::Struct { fields } => types.structs.push(described(api, it, fields)),
            Shape::Union { .. } => {}
        }
    }
    types
}

fn described(api: &Api, kind: &ir::Type, all: &[ir::Field]) -> Struct {
    let fields = fields(api, all, kind.in_requests, "");
    let is_plain = fields.iter().all(|it| snake(std::slice::from_ref(&it.wire)) != format!("{}_", it.wire));
    Struct { name: kind.name.clone(), description: kind.description.clone(), fields, is_plain }
}

/// The fields, with the names of types behind the prefix.
pub(super) fn fields(api: &Api, fields: &[ir::Field], in_requests: bool, prefix: &str) -> Vec<Field> {
    fields
        .iter()
        .map(|it| {
            let name = snake(&it.name);
            let renamed = (camel(&name) != it.wire).then(|| format!("name={}", quoted(&it.wire)));
            // A gateway may leave out what is null; a request may not.
            let is_optional = !it.required || (it.nullable && !in_requests);
            let kind = answer(&it.kind, prefix);
            Field {
                default: match (is_optional, renamed) {
                    (true, None) => " = None".to_owned(),
                    (true, Some(renamed)) => format!(" = field({renamed}, default=None)"),
                    (false, Some(renamed)) => format!(" = field({renamed})"),
                    (false, None) => String::new(),
                },
                kind: if is_optional || it.nullable { format!("Optional[{kind}]") } else { kind },
                plain: plain_of(api, it),
                wire: it.wire.clone(),
                description: it.description.clone(),
                required: it.required,
                name,
            }
        })
        .collect()
}

fn plain_of(api: &Api, field: &ir::Field) -> String {
    let kind = plain(&field.kind, &|name| plain_name(api, name));
    if field.nullable { format!("Optional[{kind}]") } else { kind }
}

/// Enumerations are strings; events have no dict of their own.
pub(super) fn plain_name(api: &Api, name: &str) -> String {
    match () {
        () if is_enum(api, name) => "str".to_owned(),
        () if is_of_events(api, name) => "Dict[str, Any]".to_owned(),
        () => name.to_owned(),
    }
}

/// Whether it is an event or the delivery of one.
pub(super) fn is_of_events(api: &Api, name: &str) -> bool {
    name == super::events::EVENT || api.events.iter().any(|it| it.delivery == name)
}

pub(super) fn is_enum(api: &Api, name: &str) -> bool {
    api.types.iter().any(|it| it.name == name && matches!(it.shape, Shape::Enum { .. }))
}

/// The class of an event: `message.received` is `MessageReceived`.
pub(super) fn event_class(event: &ir::Event) -> String {
    pascal(&event.name)
}
