//! The kinds of events, from the document's webhooks.

use std::collections::BTreeMap;

use super::{Build, names, text, values};
use crate::ir::{Event, Shape, Type, TypeRef};

/// Each webhook is the delivery of one kind of event: an object with the event under `data`.
pub(super) fn all(build: &mut Build<'_>, types: &[Type]) -> Vec<Event> {
    let document = build.document;
    let mut events = BTreeMap::new();
    for (wire, item) in document["webhooks"].as_object().into_iter().flatten() {
        let place = format!("webhooks.{wire}");
        let declared = &item["post"];
        let body = build.resolve(&place, &declared["requestBody"]);
        let kind = values::describe(build, &place, &body["content"]["application/json"]["schema"]).kind;
        let Some((delivery, data)) = parts(&kind, types) else {
            build.refuse(&place, "its body is no named object with the event, also a named object, under `data`");
            continue;
        };
        let description = text(declared, "summary").or_else(|| text(declared, "description")).unwrap_or_else(|| {
            build.lacks(&place, "it has no summary; say in a sentence when it is sent");
            String::new()
        });
        let name = names::said(build, &place, wire);
        events.insert(wire.clone(), Event { wire: wire.clone(), name, description, data, delivery });
    }
    in_order(build, types, events)
}

fn parts(kind: &TypeRef, types: &[Type]) -> Option<(String, String)> {
    let TypeRef::Named { name: delivery } = kind else { return None };
    let Shape::Struct { fields } = &types.iter().find(|it| it.name == *delivery)?.shape else { return None };
    let TypeRef::Named { name: data } = &fields.iter().find(|it| it.wire == "data")?.kind else { return None };
    Some((delivery.clone(), data.clone()))
}

/// In the order of the enum `EventType`, which names the same kinds.
fn in_order(build: &mut Build<'_>, types: &[Type], mut events: BTreeMap<String, Event>) -> Vec<Event> {
    let Some(Type { shape: Shape::Enum { values }, .. }) = types.iter().find(|it| it.name == "EventType") else {
        if !events.is_empty() {
            build.refuse("webhooks", "there is no enum `EventType` that lists the kinds of events");
        }
        return events.into_values().collect();
    };
    let mut ordered = Vec::new();
    for it in values {
        match events.remove(&it.wire) {
            Some(event) => ordered.push(event),
            None => build.refuse("webhooks", format_args!("`{}` of EventType is not described", it.wire)),
        }
    }
    for wire in events.keys() {
        build.refuse(format_args!("webhooks.{wire}"), "it is not in the enum `EventType`");
    }
    ordered
}
