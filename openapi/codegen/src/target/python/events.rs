//! Events as they follow in the log, and as webhooks bring them: one class for each kind.

use serde::Serialize;

use super::{
    spelling::{quoted, snake},
    types::{Field, event_class, fields},
};
use crate::ir::{Api, Shape, TypeRef};

/// The struct of the document that is an event of the log.
pub(super) const EVENT: &str = "Event";

/// What each class has by itself.
const OWN: [&str; 2] = ["event", "data"];

#[derive(Serialize)]
pub(super) struct Events {
    events: Vec<Event>,
    /// What every event has around its data.
    envelope: Vec<Field>,
    /// What every delivery has around its data.
    delivery_envelope: Vec<Field>,
    holders: Vec<Holder>,
}

/// A struct with a list of events. Made once more with the known kinds only, it is read in one go; what has an
/// unknown one among them is read the slow way.
#[derive(Serialize)]
struct Holder {
    name: String,
    fields: Vec<String>,
}

#[derive(Serialize)]
struct Event {
    class: String,
    delivery: String,
    wire: String,
    description: String,
    data: String,
}

/// The lists of events in a struct, by the names of the fields.
pub(super) fn lists(api: &Api, name: &str) -> Vec<String> {
    let kind = api.types.iter().find(|it| it.name == name);
    let Some(Shape::Struct { fields }) = kind.map(|it| &it.shape) else { return Vec::new() };
    let is_event = |kind: &TypeRef| matches!(kind, TypeRef::Named { name } if name == EVENT);
    let is_list = |kind: &TypeRef| matches!(kind, TypeRef::Array { of } if is_event(of));
    fields.iter().filter(|it| it.required && is_list(&it.kind)).map(|it| snake(&it.name)).collect()
}

fn holders(api: &Api) -> Vec<Holder> {
    let holders = api.types.iter().map(|it| Holder { name: it.name.clone(), fields: lists(api, &it.name) });
    holders.filter(|it| !it.fields.is_empty()).collect()
}

pub(super) fn all(api: &Api) -> Events {
    let around = |name: &str| {
        let kind = api.types.iter().find(|it| it.name == name);
        let Some(Shape::Struct { fields: all }) = kind.map(|it| &it.shape) else { return Vec::new() };
        let mut envelope = fields(api, all, false, "types.");
        envelope.retain(|it| !OWN.contains(&it.wire.as_str()));
        envelope
    };
    Events {
        envelope: around(EVENT),
        holders: holders(api),
        delivery_envelope: api.events.first().map(|it| around(&it.delivery)).unwrap_or_default(),
        events: api
            .events
            .iter()
            .map(|it| Event {
                class: event_class(it),
                delivery: it.delivery.clone(),
                wire: quoted(&it.wire),
                description: it.description.clone(),
                data: it.data.clone(),
            })
            .collect(),
    }
}
