//! What is remembered of attempts at deliveries.

use std::time::Duration;

use openwa_model::{
    event::EventKind,
    id::DeliveryId,
    store::Page,
    webhook::{Attempt, AttemptOutcome, Webhook},
};
use uuid::Uuid;

use super::{Database, fixtures::*};

fn attempt(webhook: &Webhook, second: i64) -> Attempt {
    Attempt {
        webhook: webhook.id,
        delivery: DeliveryId(Uuid::now_v7()),
        kind: EventKind::MessageReceived,
        idempotency_key: format!("key-{second}"),
        attempt: 1,
        at: at(second),
        took: Duration::from_millis(41),
        outcome: AttemptOutcome::Delivered,
        status: Some(200),
        error: None,
        excerpt: None,
        next_at: None,
    }
}

fn failed_attempt(webhook: &Webhook, second: i64) -> Attempt {
    Attempt {
        attempt: 3,
        outcome: AttemptOutcome::Retrying,
        status: None,
        error: Some("no \"answer\"".to_owned()),
        excerpt: Some("{\"ü\": null}\n".to_owned()),
        next_at: Some(at(second + 5)),
        ..attempt(webhook, second)
    }
}

pub(crate) async fn they_are_listed_newest_first(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let (one, other) = (add_webhook(&store, session).await, add_webhook(&store, session).await);
    let first = [attempt(&one, 1), attempt(&other, 2), failed_attempt(&one, 3)];
    let second = [attempt(&one, 4)];
    let mut unit = store.begin().await.unwrap();
    unit.log_attempts(&first, 100).await.unwrap();
    unit.log_attempts(&[], 100).await.unwrap();
    unit.log_attempts(&second, 100).await.unwrap();
    unit.commit().await.unwrap();
    let mut view = store.view().await.unwrap();
    let expected = [second[0].clone(), first[2].clone(), first[0].clone()];
    assert_eq!(view.delivery_attempts(one.id, ALL).await.unwrap(), expected);
    assert_eq!(view.delivery_attempts(other.id, ALL).await.unwrap(), [first[1].clone()]);
    let page = Page { limit: 1, offset: 1 };
    assert_eq!(view.delivery_attempts(one.id, page).await.unwrap(), [first[2].clone()]);
}

pub(crate) async fn only_the_newest_are_kept(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let (busy, quiet) = (add_webhook(&store, session).await, add_webhook(&store, session).await);
    let mut unit = store.begin().await.unwrap();
    unit.log_attempts(&[attempt(&quiet, 0)], 3).await.unwrap();
    for second in 1..=6 {
        unit.log_attempts(&[attempt(&busy, second), attempt(&busy, second)], 3).await.unwrap();
    }
    let seconds = |all: Vec<Attempt>| all.iter().map(|it| it.at.as_second() - at(0).as_second()).collect::<Vec<_>>();
    assert_eq!(seconds(unit.delivery_attempts(busy.id, ALL).await.unwrap()), [6, 6, 5]);
    assert_eq!(seconds(unit.delivery_attempts(quiet.id, ALL).await.unwrap()), [0], "each has a bound of its own");
    assert_eq!(unit.expire_delivery_attempts(at(6), 1).await.unwrap(), 1);
    assert_eq!(unit.expire_delivery_attempts(at(6), 9).await.unwrap(), 1);
    assert_eq!(seconds(unit.delivery_attempts(busy.id, ALL).await.unwrap()), [6, 6]);
    assert_eq!(unit.delivery_attempts(quiet.id, ALL).await.unwrap(), []);
}

pub(crate) async fn those_of_a_webhook_that_is_gone_are_left_out(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let (gone, stays) = (add_webhook(&store, session).await, add_webhook(&store, session).await);
    let mut unit = store.begin().await.unwrap();
    unit.log_attempts(&[attempt(&gone, 1)], 9).await.unwrap();
    unit.delete_webhook(gone.id).await.unwrap();
    let of_both = [attempt(&gone, 2), attempt(&stays, 3)];
    unit.log_attempts(&of_both, 9).await.unwrap();
    assert_eq!(unit.delivery_attempts(gone.id, ALL).await.unwrap(), []);
    assert_eq!(unit.delivery_attempts(stays.id, ALL).await.unwrap(), [of_both[1].clone()]);
}
