//! Rows to begin with.

use std::{collections::BTreeMap, sync::Arc};

use openwa_model::{
    Timestamp,
    content::{Marks, MessageKind},
    engine::EngineKind,
    event::{EventKind, NewEvent},
    id::{DeliveryId, MessageId, Position, RowId, SessionId, WebhookId},
    jid::Jid,
    message::{DeliveryStatus, Message},
    session::{Session, SessionConfig, Status},
    store::{Page, Store},
    webhook::{Delivery, DeliveryOrder, Subscription, Webhook, WebhookHealth},
};
use serde_json::json;
use uuid::Uuid;

pub(crate) const ALL: Page = Page { limit: 1000, offset: 0 };

/// A moment, counted in seconds from a fixed one.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).expect("a moment in range")
}

pub(crate) fn jid(text: &str) -> Jid {
    text.parse().expect("a WhatsApp id")
}

pub(crate) fn alice() -> Jid {
    jid("15550000001@c.us")
}

pub(crate) fn alice_lid() -> Jid {
    jid("100000000000001@lid")
}

pub(crate) fn group() -> Jid {
    jid("120363000000000001@g.us")
}

pub(crate) fn me() -> Jid {
    jid("15550009999@c.us")
}

pub(crate) fn id(text: &str) -> MessageId {
    MessageId(text.to_owned())
}

pub(crate) fn session(name: &str, second: i64) -> Session {
    Session {
        id: SessionId(Uuid::now_v7()),
        name: name.to_owned(),
        engine: EngineKind::Native,
        wanted: false,
        status: Status::Created,
        last_error: None,
        account: None,
        config: SessionConfig::default(),
        proxy: None,
        restriction: None,
        connected_at: None,
        last_active: None,
        created_at: at(second),
        updated_at: at(second),
    }
}

/// Stores a session.
pub(crate) async fn add_session(store: &Arc<dyn Store>, name: &str) -> SessionId {
    let session = session(name, 0);
    let mut unit = store.begin().await.unwrap();
    unit.add_session(&session).await.unwrap();
    unit.commit().await.unwrap();
    session.id
}

/// An incoming text of a private chat with Alice.
pub(crate) fn incoming(session: SessionId, message: &str, second: i64) -> Message {
    Message {
        row: RowId(Uuid::now_v7()),
        session,
        id: id(message),
        chat: alice(),
        sender: alice(),
        sender_phone: Some(alice()),
        sender_lid: None,
        push_name: Some("Alice".to_owned()),
        from_me: false,
        kind: MessageKind::Text,
        body: format!("text of {message}"),
        timestamp: at(second),
        status: DeliveryStatus::Delivered,
        error: None,
        quoted: None,
        mentions: Vec::new(),
        media: None,
        detail: None,
        marks: Marks::default(),
        edited_at: None,
        outgoing: None,
        created_at: at(second),
    }
}

/// An own pending text to Alice.
pub(crate) fn own(session: SessionId, message: &str, second: i64) -> Message {
    use openwa_model::content::{Outgoing, OutgoingContent};
    let content = OutgoingContent::Text { body: format!("text of {message}"), preview: None };
    let outgoing = Outgoing {
        id: id(message),
        chat: alice(),
        content,
        quoted: None,
        mentions: Vec::new(),
        marks: Marks::default(),
        status: None,
    };
    Message {
        sender: me(),
        sender_phone: Some(me()),
        push_name: None,
        from_me: true,
        status: DeliveryStatus::Pending,
        outgoing: Some(outgoing),
        ..incoming(session, message, second)
    }
}

/// Stores messages in this order.
pub(crate) async fn add_messages(store: &Arc<dyn Store>, messages: &[Message]) {
    let mut unit = store.begin().await.unwrap();
    for message in messages {
        assert!(unit.add_message(message).await.unwrap(), "{} is new", message.id);
    }
    unit.commit().await.unwrap();
}

pub(crate) fn event(session: SessionId, kind: EventKind, key: &str) -> NewEvent {
    NewEvent {
        session,
        kind,
        chat: Some(alice()),
        occurred_at: at(5),
        idempotency_key: key.to_owned(),
        data: json!({ "id": key }),
    }
}

pub(crate) fn webhook(session: SessionId, second: i64) -> Webhook {
    Webhook {
        id: WebhookId(Uuid::now_v7()),
        session,
        url: "https://example.org/hook".to_owned(),
        events: Subscription::Everything,
        active: true,
        secret: None,
        headers: BTreeMap::new(),
        filters: None,
        retry_count: 3,
        ordering: DeliveryOrder::Chat,
        health: WebhookHealth::default(),
        last_triggered_at: None,
        created_at: at(second),
        updated_at: at(second),
    }
}

/// Stores a webhook.
pub(crate) async fn add_webhook(store: &Arc<dyn Store>, session: SessionId) -> Webhook {
    let webhook = webhook(session, 0);
    let mut unit = store.begin().await.unwrap();
    unit.add_webhook(&webhook).await.unwrap();
    unit.commit().await.unwrap();
    webhook
}

/// A delivery that is due at second 0.
pub(crate) fn delivery(webhook: &Webhook, position: i64, lane: &str) -> Delivery {
    Delivery {
        id: DeliveryId(Uuid::now_v7()),
        webhook: webhook.id,
        session: webhook.session,
        position: Position(position),
        lane: lane.to_owned(),
        kind: EventKind::MessageReceived,
        idempotency_key: format!("key-{position}"),
        body: format!("{{\"position\":{position}}}").into_bytes(),
        attempts: 0,
        due_at: at(0),
        created_at: at(0),
    }
}

/// Queues deliveries in this order.
pub(crate) async fn add_deliveries(store: &Arc<dyn Store>, deliveries: &[Delivery]) {
    let mut unit = store.begin().await.unwrap();
    for delivery in deliveries {
        unit.add_delivery(delivery).await.unwrap();
    }
    unit.commit().await.unwrap();
}
