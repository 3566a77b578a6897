//! What the plain fields of a message cannot say: its file, and what stands inside it.

use openwa_model::content::{Appointment, Choices, Detail, Media, Product};
use serde_json::{Map, Value, json};

pub(super) fn media_payload(media: &Media, data: Option<&str>) -> Value {
    let mut fields = Map::new();
    fields.insert("mimetype".to_owned(), json!(media.mimetype));
    if let Some(filename) = &media.filename {
        fields.insert("filename".to_owned(), json!(filename));
    }
    match data {
        Some(data) => fields.insert("data".to_owned(), json!(data)),
        None => fields.insert("omitted".to_owned(), json!(true)),
    };
    if let Some(size_bytes) = media.size_bytes {
        fields.insert("sizeBytes".to_owned(), json!(size_bytes));
    }
    Value::Object(fields)
}

pub(super) fn detail_payload(detail: &Detail) -> Vec<(&'static str, Value)> {
    match detail {
        Detail::Location { latitude, longitude, description, address, url } => {
            let mut place = json!({ "latitude": latitude, "longitude": longitude });
            for (name, value) in [("description", description), ("address", address), ("url", url)] {
                if let Some(value) = value {
                    place[name] = json!(value);
                }
            }
            vec![("location", place)]
        }
        Detail::Contact { vcards } => vec![("vcards", json!(vcards))],
        Detail::Poll { name, options, multiple, .. } => {
            vec![("poll", json!({ "name": name, "options": options, "allowMultipleAnswers": multiple }))]
        }
        // Whom it is shown to is nobody's business.
        Detail::Status(post) => {
            let colour = post.colour().map(|it| ("backgroundColor", json!(it)));
            colour.into_iter().chain(post.font.map(|it| ("font", json!(it)))).collect()
        }
        Detail::Event(appointment) => vec![("event", appointment_payload(appointment))],
        Detail::Choices(choices) => vec![("buttons", buttons_payload(choices))],
        Detail::Chosen(chosen) => vec![("button", json!({ "id": chosen.id, "text": chosen.text }))],
        Detail::Product(product) => vec![("product", product_payload(product))],
        Detail::Order { id, token } => vec![("order", filled(json!({ "orderId": id }), [("token", json!(token))]))],
        Detail::Call { video, missed } => vec![("call", json!({ "video": video, "missed": missed }))],
    }
}

fn appointment_payload(appointment: &Appointment) -> Value {
    let place = appointment.place.as_ref().map(|it| {
        let (latitude, longitude) = it.degrees.unzip();
        let (latitude, longitude) = (json!(latitude), json!(longitude));
        filled(json!({}), [("name", json!(it.name)), ("latitude", latitude), ("longitude", longitude)])
    });
    let optional = [
        ("description", json!(appointment.description)),
        ("startTime", json!(appointment.starts_at.map(|it| it.as_second()))),
        ("endTime", json!(appointment.ends_at.map(|it| it.as_second()))),
        ("location", json!(place)),
        ("joinLink", json!(appointment.join_link)),
    ];
    let always = json!({
        "name": appointment.name, "extraGuestsAllowed": appointment.takes_guests, "isCanceled": appointment.is_canceled,
    });
    filled(always, optional)
}

/// Buttons and rows of a list alike, as the contract has them.
fn buttons_payload(choices: &Choices) -> Value {
    let all = choices.sections.iter().flat_map(|it| &it.choices);
    all.map(|it| json!({ "id": it.id, "text": it.text })).collect()
}

fn product_payload(product: &Product) -> Value {
    let optional = [
        ("title", json!(product.title)),
        ("description", json!(product.description)),
        ("businessOwnerJid", json!(product.owner)),
    ];
    filled(json!({ "productId": product.id }), optional)
}

/// These fields, and those of the others that have a value.
fn filled<const N: usize>(mut fields: Value, optional: [(&str, Value); N]) -> Value {
    for (name, value) in optional {
        if !value.is_null() {
            fields[name] = value;
        }
    }
    fields
}
