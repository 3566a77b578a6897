//! Webhooks.

use std::time::Duration;

use openwa_model::{
    event::EventKind,
    id::WebhookId,
    secret::Secret,
    store::Page,
    webhook::{Condition, ConditionValue, DeliveryOrder, Filters, Settled, Subscription, Webhook, WebhookHealth},
};
use uuid::Uuid;

use super::{Database, fixtures::*};

fn full(plain: &Webhook) -> Webhook {
    let condition = |field: &str, value| Condition {
        field: field.to_owned(),
        operator: "is".to_owned(),
        value,
        case_sensitive: Some(true),
    };
    Webhook {
        url: "http://127.0.0.1:1/ä?b=c".to_owned(),
        events: Subscription::Kinds(vec![EventKind::MessageAck, EventKind::SessionQr]),
        active: false,
        secret: Some(Secret::new("a secret")),
        headers: [("X-A", "1"), ("Authorization", "Bearer t")].map(|(a, b)| (a.to_owned(), b.to_owned())).into(),
        filters: Some(Filters {
            conditions: vec![
                condition("isGroup", ConditionValue::Flag(true)),
                condition("sender", ConditionValue::Texts(vec!["a".to_owned()])),
            ],
        }),
        retry_count: 7,
        ordering: DeliveryOrder::None,
        updated_at: at(50),
        ..plain.clone()
    }
}

pub(crate) async fn one_comes_back_as_it_was_stored(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let plain = webhook(session, 1);
    let mut rich = full(&webhook(session, 2));
    rich.last_triggered_at = Some(at(3));
    let mut unit = store.begin().await.unwrap();
    for webhook in [&plain, &rich] {
        unit.add_webhook(webhook).await.unwrap();
    }
    unit.commit().await.unwrap();
    drop(store);
    let store = database.open().await;
    let mut view = store.view().await.unwrap();
    for webhook in [plain, rich] {
        assert_eq!(view.webhook(webhook.id).await.unwrap(), Some(webhook));
    }
}

pub(crate) async fn saving_replaces_all_but_the_last_attempt(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let before = add_webhook(&store, session).await;
    let mut unit = store.begin().await.unwrap();
    let one = delivery(&before, 1, "");
    unit.add_delivery(&one).await.unwrap();
    unit.claim_deliveries(at(1), Duration::from_secs(9), 9, 9, &[]).await.unwrap();
    unit.settle_delivery(one.id, at(5), &Settled::Delivered { status: 200 }).await.unwrap();
    let changed = Webhook { last_triggered_at: Some(at(99)), ..full(&before) };
    for _ in 0..2 {
        assert!(unit.save_webhook(&changed).await.unwrap());
    }
    let expected = Webhook { last_triggered_at: Some(at(5)), ..changed.clone() };
    assert_eq!(unit.webhook(before.id).await.unwrap(), Some(expected));
    let emptied = Webhook { secret: None, headers: Default::default(), filters: None, ..changed };
    assert!(unit.save_webhook(&emptied).await.unwrap());
    let expected = Webhook { last_triggered_at: Some(at(5)), ..emptied };
    assert_eq!(unit.webhook(before.id).await.unwrap(), Some(expected));
}

pub(crate) async fn what_is_not_there_is_said_not_to_be(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    let missing = webhook(session, 1);
    assert_eq!(unit.webhook(missing.id).await.unwrap(), None);
    assert!(!unit.save_webhook(&missing).await.unwrap());
    assert!(!unit.delete_webhook(WebhookId(Uuid::new_v4())).await.unwrap());
}

pub(crate) async fn they_are_listed_oldest_first(database: &dyn Database) {
    let store = database.open().await;
    let (a, b) = (add_session(&store, "a").await, add_session(&store, "b").await);
    let rows = [webhook(a, 3), webhook(a, 1), webhook(b, 2)];
    let mut unit = store.begin().await.unwrap();
    for row in &rows {
        unit.add_webhook(row).await.unwrap();
    }
    unit.commit().await.unwrap();
    let mut view = store.view().await.unwrap();
    let ids = |found: Vec<Webhook>| found.iter().map(|it| it.id).collect::<Vec<_>>();
    assert_eq!(ids(view.webhooks(a).await.unwrap()), [rows[1].id, rows[0].id]);
    assert_eq!(ids(view.all_webhooks(None, ALL).await.unwrap()), [rows[1].id, rows[2].id, rows[0].id]);
    assert_eq!(ids(view.all_webhooks(Some(&[b]), ALL).await.unwrap()), [rows[2].id]);
    assert_eq!(ids(view.all_webhooks(Some(&[]), ALL).await.unwrap()), []);
    assert_eq!(ids(view.all_webhooks(None, Page { limit: 1, offset: 1 }).await.unwrap()), [rows[2].id]);
}

pub(crate) async fn deletion_takes_its_deliveries(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let (gone, stays) = (add_webhook(&store, session).await, add_webhook(&store, session).await);
    add_deliveries(&store, &[delivery(&gone, 1, "a"), delivery(&gone, 2, "a"), delivery(&stays, 3, "a")]).await;
    let mut unit = store.begin().await.unwrap();
    assert!(unit.delete_webhook(gone.id).await.unwrap());
    assert!(!unit.delete_webhook(gone.id).await.unwrap());
    let claimed = unit.claim_deliveries(at(1), Duration::from_secs(9), 9, 9, &[]).await.unwrap();
    assert_eq!(claimed.iter().map(|it| it.webhook).collect::<Vec<_>>(), [stays.id]);
}

pub(crate) async fn health_is_noted_and_outlives_a_change(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let (ill, well) = (add_webhook(&store, session).await, add_webhook(&store, session).await);
    let health =
        WebhookHealth { failures: 7, failing_since: Some(at(1)), paused_until: Some(at(60)), told_at: Some(at(50)) };
    let mut unit = store.begin().await.unwrap();
    unit.note_webhook_health(ill.id, &health).await.unwrap();
    assert!(unit.save_webhook(&full(&ill)).await.unwrap());
    unit.note_webhook_health(WebhookId(Uuid::new_v4()), &health).await.unwrap();
    unit.commit().await.unwrap();
    let mut view = store.view().await.unwrap();
    assert_eq!(view.webhook_health(ill.id).await.unwrap(), Some(health));
    assert_eq!(view.webhook(ill.id).await.unwrap().unwrap().health, health);
    assert_eq!(view.webhook_health(well.id).await.unwrap(), Some(WebhookHealth::default()));
    assert_eq!(view.webhook_health(WebhookId(Uuid::new_v4())).await.unwrap(), None);
}
