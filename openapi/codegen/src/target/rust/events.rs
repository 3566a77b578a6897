//! The events: what follows in the log, and what webhooks bring.

use heck::ToPascalCase;
use serde::Serialize;

use super::{
    models::{FieldView, field},
    spelling::{quoted, sentence, shape},
};
use crate::ir::{Api, Event, Field, Response, Shape, TypeRef};

#[derive(Serialize)]
pub(super) struct Events {
    events: Vec<EventView>,
    /// The struct of one event in the log.
    log: Option<String>,
    /// Its fields besides `event` and `data`.
    fields: Vec<FieldView>,
    /// Texts that every delivery has: name and wire name.
    envelope: Vec<FieldView>,
}

#[derive(Serialize)]
struct EventView {
    name: String,
    wire: String,
    description: String,
    data: String,
    delivery: String,
}

impl Events {
    pub(super) fn of(api: &Api) -> Self {
        let operations = api.resources.iter().flat_map(|it| &it.operations);
        let log = operations.into_iter().find_map(|it| match &it.response {
            Response::Events { kind: TypeRef::Named { name } } => Some(name.clone()),
            _ => None,
        });
        let besides = |it: &&Field| !matches!(it.wire.as_str(), "event" | "data");
        let fields = log.as_deref().map(|it| fields_of(it, api)).unwrap_or_default();
        Self {
            events: api.events.iter().map(view).collect(),
            fields: fields.iter().filter(besides).map(|it| field(it, false, "models::", api)).collect(),
            log,
            envelope: envelope(api)
                .iter()
                .filter(|it| besides(it))
                .map(|it| field(it, false, "models::", api))
                .collect(),
        }
    }
}

fn view(event: &Event) -> EventView {
    EventView {
        name: event.name.join("_").to_pascal_case(),
        wire: quoted(&event.wire),
        description: sentence(&event.description, &event.wire),
        data: event.data.clone(),
        delivery: event.delivery.clone(),
    }
}

fn fields_of<'a>(name: &str, api: &'a Api) -> &'a [Field] {
    match shape(name, api) {
        Some(Shape::Struct { fields }) => fields,
        _ => &[],
    }
}

/// The texts that are in every delivery.
fn envelope(api: &Api) -> Vec<Field> {
    let Some(first) = api.events.first() else { return Vec::new() };
    let is_text = |it: &Field| it.required && !it.nullable && matches!(it.kind, TypeRef::String | TypeRef::Uuid);
    let everywhere = |it: &Field| {
        api.events
            .iter()
            .all(|event| fields_of(&event.delivery, api).iter().any(|other| other.wire == it.wire && is_text(other)))
    };
    fields_of(&first.delivery, api).iter().filter(|it| everywhere(it)).cloned().collect()
}
