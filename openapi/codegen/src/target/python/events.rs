//! Events as they follow in the log, and as webhooks bring them: one class for each kind.

use serde::Serialize;

use super::{
    spelling::quoted,
    types::{Field, event_class, fields},
};
use crate::ir::{Api, Shape};

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
}

#[derive(Serialize)]
struct Event {
    class: String,
    delivery: String,
    wire: String,
    description: String,
    data: String,
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
