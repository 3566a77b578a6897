//! Deliveries that failed for good, and how they are tried again after all.

use openwa_model::{
    store::{FailureFilter, Page},
    webhook::{Delivery, DeliveryFailure},
};

use super::{
    Database,
    deliveries::{claim, failed, positions},
    fixtures::*,
};

pub(crate) async fn they_are_listed_newest_first(database: &dyn Database) {
    let store = database.open().await;
    let (a, b) = (add_session(&store, "a").await, add_session(&store, "b").await);
    let (of_a, of_b) = (add_webhook(&store, a).await, add_webhook(&store, b).await);
    let queued = [delivery(&of_a, 1, "1"), delivery(&of_b, 2, "2"), delivery(&of_a, 3, "3")];
    add_deliveries(&store, &queued).await;
    let mut unit = store.begin().await.unwrap();
    claim(&mut unit, at(1)).await;
    for (delivery, second) in queued.iter().zip([10, 30, 20]) {
        unit.settle_delivery(delivery.id, at(second), &failed()).await.unwrap();
    }
    unit.commit().await.unwrap();
    let mut view = store.view().await.unwrap();
    for (session, page, expected) in [
        (None, ALL, vec![2, 3, 1]),
        (Some(a), ALL, vec![3, 1]),
        (Some(b), ALL, vec![2]),
        (None, Page { limit: 1, offset: 1 }, vec![3]),
    ] {
        let found = view.delivery_failures(session, page).await.unwrap();
        let found: Vec<i64> = found.iter().map(|it| it.delivery.position.0).collect();
        assert_eq!(found, expected, "{session:?} {page:?}");
    }
}

pub(crate) async fn one_can_be_noted_without_an_attempt(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let webhook = add_webhook(&store, session).await;
    let failure = DeliveryFailure {
        delivery: Delivery { body: Vec::new(), ..delivery(&webhook, 1, "chat") },
        last_status: Some(413),
        last_error: "too large".to_owned(),
    };
    let mut unit = store.begin().await.unwrap();
    unit.add_delivery_failure(&failure).await.unwrap();
    unit.add_delivery_failure(&failure).await.unwrap();
    unit.add_delivery(&delivery(&webhook, 1, "chat")).await.unwrap();
    unit.add_delivery(&delivery(&webhook, 2, "chat")).await.unwrap();
    assert_eq!(unit.delivery_failures(Some(session), ALL).await.unwrap(), [failure]);
    assert_eq!(positions(&claim(&mut unit, at(1)).await), [2], "nothing waits for what failed");
    assert_eq!(unit.webhook(webhook.id).await.unwrap().unwrap().last_triggered_at, None);
}

pub(crate) async fn revived_ones_go_first_in_their_lane(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let webhook = add_webhook(&store, session).await;
    let queued = [1, 2, 3].map(|it| delivery(&webhook, it, "chat"));
    add_deliveries(&store, &queued).await;
    let mut unit = store.begin().await.unwrap();
    for delivery in &queued[..2] {
        claim(&mut unit, at(1)).await;
        unit.settle_delivery(delivery.id, at(2), &failed()).await.unwrap();
    }
    let all = FailureFilter::default();
    assert_eq!(unit.count_revivable_deliveries(&all).await.unwrap(), 2);
    assert_eq!(unit.revive_deliveries(&all, at(5), 1).await.unwrap(), 1, "oldest first");
    assert_eq!(unit.revive_deliveries(&all, at(5), 9).await.unwrap(), 1);
    assert_eq!(unit.count_revivable_deliveries(&all).await.unwrap(), 0);
    assert_eq!(unit.delivery_failures(None, ALL).await.unwrap(), []);
    let claimed = claim(&mut unit, at(5)).await;
    assert_eq!((positions(&claimed), claimed[0].attempts), (vec![1], 0));
    assert_eq!(claimed[0].body, queued[0].body);

    // While the lane is being attempted, a revived one waits for its turn.
    unit.settle_delivery(queued[0].id, at(6), &failed()).await.unwrap();
    assert_eq!(positions(&claim(&mut unit, at(6)).await), [2]);
    unit.revive_deliveries(&all, at(6), 9).await.unwrap();
    assert_eq!(claim(&mut unit, at(6)).await, []);
    unit.settle_delivery(queued[1].id, at(6), &failed()).await.unwrap();
    assert_eq!(positions(&claim(&mut unit, at(6)).await), [1]);
}

pub(crate) async fn only_those_with_a_body_are_revived(database: &dyn Database) {
    let store = database.open().await;
    let (a, b) = (add_session(&store, "a").await, add_session(&store, "b").await);
    let (of_a, of_b) = (add_webhook(&store, a).await, add_webhook(&store, b).await);
    let rows = [
        delivery(&of_a, 1, "1"),
        Delivery { body: Vec::new(), ..delivery(&of_a, 2, "2") },
        delivery(&of_b, 3, "3"),
        delivery(&of_b, 4, "4"),
    ];
    let mut unit = store.begin().await.unwrap();
    for delivery in &rows {
        let failure = DeliveryFailure { delivery: delivery.clone(), last_status: None, last_error: "x".to_owned() };
        unit.add_delivery_failure(&failure).await.unwrap();
    }
    let all = FailureFilter::default;
    for (which, count) in [
        (all(), 3),
        (FailureFilter { session: Some(a), ..all() }, 1),
        (FailureFilter { webhook: Some(of_b.id), ..all() }, 2),
        (FailureFilter { ids: Some(vec![rows[0].id, rows[1].id, rows[3].id]), ..all() }, 2),
        (FailureFilter { ids: Some(vec![]), ..all() }, 0),
        (FailureFilter { since: Some(at(0)), until: Some(at(1)), ..all() }, 3),
        (FailureFilter { since: Some(at(1)), ..all() }, 0),
        (FailureFilter { until: Some(at(0)), ..all() }, 0),
    ] {
        assert_eq!(unit.count_revivable_deliveries(&which).await.unwrap(), count, "{which:?}");
    }
    let which = FailureFilter { session: Some(b), ids: Some(vec![rows[0].id, rows[3].id]), ..all() };
    assert_eq!(unit.revive_deliveries(&which, at(1), 9).await.unwrap(), 1);
    assert_eq!(positions(&claim(&mut unit, at(1)).await), [4]);
}

pub(crate) async fn they_are_bounded_by_time_and_number(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let webhook = add_webhook(&store, session).await;
    let mut unit = store.begin().await.unwrap();
    for position in 1..=6 {
        let one = delivery(&webhook, position, &position.to_string());
        unit.add_delivery(&one).await.unwrap();
        claim(&mut unit, at(1)).await;
        unit.settle_delivery(one.id, at(position * 10), &failed()).await.unwrap();
    }
    unit.add_delivery(&delivery(&webhook, 7, "")).await.unwrap();
    assert_eq!(unit.expire_delivery_failures(at(30), 9, 1).await.unwrap(), 1, "10 and 20 are old, one at a time");
    assert_eq!(unit.expire_delivery_failures(at(30), 9, 9).await.unwrap(), 1);
    assert_eq!(unit.expire_delivery_failures(at(0), 2, 9).await.unwrap(), 2, "the oldest beyond two");
    let left: Vec<_> = unit.delivery_failures(None, ALL).await.unwrap();
    assert_eq!(left.iter().map(|it| it.delivery.position.0).collect::<Vec<_>>(), [6, 5]);
    assert_eq!(positions(&claim(&mut unit, at(9)).await), [7], "what waits is not touched");
}
