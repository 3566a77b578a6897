//! The exact bytes of a delivery: made once, sent the same at each attempt.

use openwa_model::{
    event::NewEvent,
    id::{DeliveryId, SessionId, WebhookId},
};
use serde::Serialize;
use serde_json::{Value, value::RawValue};

/// How large a body may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The largest file that stands in a body, in bytes before base64.
    pub(crate) inline_media: u64,
    /// The largest body, in bytes.
    pub(crate) body: usize,
}

/// An event whose payload is written already, so that each webhook costs a copy and no more.
pub(crate) struct Frozen<'a> {
    event: &'a str,
    timestamp: String,
    session: SessionId,
    idempotency_key: &'a str,
    data: Box<RawValue>,
}

/// In the order of the contract.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    event: &'a str,
    timestamp: &'a str,
    session_id: SessionId,
    idempotency_key: &'a str,
    delivery_id: &'a str,
    data: &'a RawValue,
}

/// Even without files the body is larger than this many bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("The body has {size} bytes; the maximum is {max} (WEBHOOK_MAX_PAYLOAD_BYTES)")]
pub(crate) struct TooLarge {
    size: usize,
    max: usize,
}

impl<'a> Frozen<'a> {
    /// Writes the payload. Files that make it too large are named only.
    pub(crate) fn of(event: &'a NewEvent, limits: Limits) -> Result<Self, TooLarge> {
        let mut frozen = Self {
            event: event.kind.name(),
            timestamp: format!("{:.3}", event.occurred_at),
            session: event.session,
            idempotency_key: &event.idempotency_key,
            data: match without_media(&event.data, limits.inline_media) {
                Some(smaller) => written(&smaller),
                None => written(&event.data),
            },
        };
        if frozen.size() > limits.body
            && let Some(smaller) = without_media(&event.data, 0)
        {
            frozen.data = written(&smaller);
        }
        let size = frozen.size();
        if size > limits.body { Err(TooLarge { size, max: limits.body }) } else { Ok(frozen) }
    }

    /// The body for one webhook, and the idempotency key in it.
    pub(crate) fn for_webhook(&self, webhook: WebhookId, delivery: DeliveryId) -> (String, Vec<u8>) {
        let key = format!("{}_{webhook}", self.idempotency_key);
        let body = self.body(&key, &delivery_name(delivery));
        (key, body)
    }

    fn body(&self, key: &str, delivery: &str) -> Vec<u8> {
        let body = Body {
            event: self.event,
            timestamp: &self.timestamp,
            session_id: self.session,
            idempotency_key: key,
            delivery_id: delivery,
            data: &self.data,
        };
        serde_json::to_vec(&body).unwrap_or_else(|_| unreachable!("strings and raw JSON always serialise"))
    }

    /// Ids have one length, so every webhook's body is as large as this.
    fn size(&self) -> usize {
        let nobody = uuid::Uuid::nil();
        self.for_webhook(WebhookId(nobody), DeliveryId(nobody)).1.len()
    }
}

/// How a delivery is called outside.
pub(crate) fn delivery_name(id: DeliveryId) -> String {
    format!("dlv_{id}")
}

/// The body of a test delivery, and its idempotency key.
pub(crate) fn test_body(
    session: SessionId,
    webhook: WebhookId,
    delivery: DeliveryId,
    at: openwa_model::Timestamp,
) -> (String, Vec<u8>) {
    let frozen = Frozen {
        event: TEST_EVENT,
        timestamp: format!("{at:.3}"),
        session,
        idempotency_key: &format!("test_{}", delivery_name(delivery)),
        data: written(&serde_json::json!({ "message": "This is a test delivery" })),
    };
    frozen.for_webhook(webhook, delivery)
}

/// The event that exists only as a test delivery.
pub(crate) const TEST_EVENT: &str = "test";

fn written(data: &Value) -> Box<RawValue> {
    serde_json::value::to_raw_value(data).unwrap_or_else(|_| unreachable!("a JSON value always serialises"))
}

/// The payload with its file named instead of carried, if the file has more than this many bytes.
fn without_media(data: &Value, more_than: u64) -> Option<Value> {
    let media = data.get("media")?.as_object()?;
    let base64 = media.get("data")?.as_str()?;
    let padding = base64.bytes().rev().take(2).filter(|it| *it == b'=').count();
    let size = (base64.len() / 4 * 3).saturating_sub(padding) as u64;
    if size <= more_than {
        return None;
    }
    // Everything but the file is copied; the file may be large.
    let mut named = media.iter().filter(|it| it.0 != "data").map(|(name, it)| (name.clone(), it.clone())).collect();
    let fields: &mut serde_json::Map<String, Value> = &mut named;
    fields.insert("omitted".to_owned(), true.into());
    fields.entry("sizeBytes").or_insert_with(|| size.into());
    let all = data.as_object()?.iter();
    let all = all.map(|(name, it)| (name.clone(), if name == "media" { Value::Null } else { it.clone() }));
    let mut smaller: serde_json::Map<String, Value> = all.collect();
    smaller.insert("media".to_owned(), named.into());
    Some(Value::Object(smaller))
}

#[cfg(test)]
mod tests {
    use openwa_model::event::EventKind;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    const LIMITS: Limits = Limits { inline_media: 9, body: 1000 };

    fn event(data: Value) -> NewEvent {
        NewEvent {
            session: SessionId(Uuid::from_u128(1)),
            kind: EventKind::MessageReceived,
            chat: None,
            occurred_at: "2026-10-03T10:00:00Z".parse().unwrap(),
            idempotency_key: "msg_s_3EB0".into(),
            data,
        }
    }

    fn body(event: &NewEvent, limits: Limits) -> String {
        let (key, body) = Frozen::of(event, limits)
            .map_err(|it| it.to_string())
            .unwrap()
            .for_webhook(WebhookId(Uuid::from_u128(2)), DeliveryId(Uuid::from_u128(3)));
        assert_eq!(key, "msg_s_3EB0_00000000-0000-0000-0000-000000000002");
        String::from_utf8(body).unwrap()
    }

    #[test]
    fn a_body_is_written_in_the_order_of_the_contract() {
        assert_eq!(
            body(&event(json!({"body": "ü\"\n"})), LIMITS),
            concat!(
                r#"{"event":"message.received","timestamp":"2026-10-03T10:00:00.000Z","#,
                r#""sessionId":"00000000-0000-0000-0000-000000000001","#,
                r#""idempotencyKey":"msg_s_3EB0_00000000-0000-0000-0000-000000000002","#,
                r#""deliveryId":"dlv_00000000-0000-0000-0000-000000000003","data":{"body":"ü\"\n"}}"#
            )
        );
    }

    #[test]
    fn a_file_that_is_too_large_is_named_instead() {
        let media = |it: Value| json!({"id": "3EB0", "media": it});
        let carried = media(json!({"mimetype": "image/png", "data": "AAAAAAAAAAAA"}));
        let padded = media(json!({"mimetype": "image/png", "data": "AAAAAAAAAAAAAA=="}));
        let named = media(json!({"mimetype": "image/png", "omitted": true, "sizeBytes": 10}));
        for (data, limits, expected) in [
            (&carried, LIMITS, &carried),
            (&padded, LIMITS, &named),
            (&padded, Limits { inline_media: 10, ..LIMITS }, &padded),
        ] {
            let body: Value = serde_json::from_str(&body(&event(data.clone()), limits)).unwrap();
            assert_eq!(&body["data"], expected);
        }
    }

    #[test]
    fn a_body_that_is_too_large_loses_its_file_and_else_fails() {
        let large = event(json!({"media": {"mimetype": "image/png", "filename": "a.png", "data": "A".repeat(1000)}}));
        let body: Value = serde_json::from_str(&body(&large, Limits { inline_media: 10_000, body: 1000 })).unwrap();
        assert_eq!(
            body["data"]["media"],
            json!({"mimetype": "image/png", "filename": "a.png", "omitted": true, "sizeBytes": 750})
        );

        let text = event(json!({"body": "x".repeat(1000)}));
        let exact = Frozen::of(&text, Limits { inline_media: 0, body: 10_000 }).map(|it| it.size()).unwrap();
        assert!(Frozen::of(&text, Limits { inline_media: 0, body: exact }).is_ok());
        let refused = Frozen::of(&text, Limits { inline_media: 0, body: exact - 1 }).map(|_| ()).unwrap_err();
        assert_eq!(refused, TooLarge { size: exact, max: exact - 1 });
    }
}
