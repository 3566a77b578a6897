//! Deliveries: order in lanes, caps, leases.

use std::{collections::HashSet, sync::Arc, time::Duration};

use openwa_model::{
    Timestamp,
    id::{DeliveryId, WebhookId},
    store::{Store, Unit},
    webhook::{Delivery, Settled, WebhookHealth},
};
use uuid::Uuid;

use super::{Database, fixtures::*};

pub(crate) const LEASE: Duration = Duration::from_secs(30);
const OK: Settled = Settled::Delivered { status: 200 };

/// Claims all there is to claim.
pub(crate) async fn claim(unit: &mut Box<dyn Unit>, now: Timestamp) -> Vec<Delivery> {
    unit.claim_deliveries(now, LEASE, 100, 100, &[]).await.unwrap()
}

pub(crate) fn positions(deliveries: &[Delivery]) -> Vec<i64> {
    deliveries.iter().map(|it| it.position.0).collect()
}

pub(crate) fn retry(second: i64) -> Settled {
    Settled::Retry { due_at: at(second), status: Some(500), error: "no".to_owned() }
}

pub(crate) fn failed() -> Settled {
    Settled::Failed { status: None, error: "refused".to_owned() }
}

async fn with_webhook(database: &dyn Database) -> (Arc<dyn Store>, openwa_model::webhook::Webhook) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let webhook = add_webhook(&store, session).await;
    (store, webhook)
}

pub(crate) async fn one_comes_back_as_it_was_queued(database: &dyn Database) {
    let (store, webhook) = with_webhook(database).await;
    let queued = Delivery { body: vec![0, 255, 10], attempts: 2, ..delivery(&webhook, 7, "lane") };
    add_deliveries(&store, std::slice::from_ref(&queued)).await;
    drop(store);
    let store = database.open().await;
    let mut unit = store.begin().await.unwrap();
    assert_eq!(claim(&mut unit, at(0)).await, [queued]);
    assert_eq!(claim(&mut unit, at(0)).await, [], "it is held");
}

pub(crate) async fn one_that_is_not_due_waits(database: &dyn Database) {
    let (store, webhook) = with_webhook(database).await;
    add_deliveries(&store, &[Delivery { due_at: at(5), ..delivery(&webhook, 1, "") }]).await;
    let mut unit = store.begin().await.unwrap();
    assert_eq!(claim(&mut unit, at(4)).await, []);
    assert_eq!(positions(&claim(&mut unit, at(5)).await), [1]);
}

pub(crate) async fn a_lane_goes_one_after_another(database: &dyn Database) {
    let (store, webhook) = with_webhook(database).await;
    add_deliveries(&store, &[1, 2, 3].map(|it| delivery(&webhook, it, "chat"))).await;
    for position in [1, 2, 3] {
        let mut unit = store.begin().await.unwrap();
        let claimed = claim(&mut unit, at(1)).await;
        assert_eq!(positions(&claimed), [position]);
        assert_eq!(claim(&mut unit, at(1)).await, [], "the next one waits for this one");
        unit.settle_delivery(claimed[0].id, at(1), &OK).await.unwrap();
        unit.commit().await.unwrap();
    }
    let mut unit = store.begin().await.unwrap();
    assert_eq!(claim(&mut unit, at(1)).await, []);
    // An emptied lane begins anew.
    unit.add_delivery(&delivery(&webhook, 4, "chat")).await.unwrap();
    assert_eq!(positions(&claim(&mut unit, at(1)).await), [4]);
}

pub(crate) async fn lanes_do_not_wait_for_one_another(database: &dyn Database) {
    let (store, webhook) = with_webhook(database).await;
    let other = add_webhook(&store, webhook.session).await;
    let queued = [
        Delivery { due_at: at(99), ..delivery(&webhook, 1, "stuck") },
        delivery(&webhook, 2, "stuck"),
        delivery(&webhook, 3, "free"),
        delivery(&webhook, 4, ""),
        delivery(&other, 1, "stuck"),
    ];
    add_deliveries(&store, &queued).await;
    let mut unit = store.begin().await.unwrap();
    let claimed = claim(&mut unit, at(1)).await;
    let mut found: Vec<_> = claimed.iter().map(|it| (it.position.0, it.webhook == webhook.id)).collect();
    found.sort_unstable();
    assert_eq!(found, [(1, false), (3, true), (4, true)]);
}

pub(crate) async fn the_oldest_come_first_whatever_the_order_of_queueing(database: &dyn Database) {
    let (store, webhook) = with_webhook(database).await;
    let other = add_webhook(&store, webhook.session).await;
    let queued = [
        delivery(&webhook, 5, "a"),
        delivery(&other, 4, "a"),
        delivery(&webhook, 3, "b"),
        delivery(&webhook, 2, "a"),
        delivery(&other, 1, "b"),
    ];
    add_deliveries(&store, &queued).await;
    let mut unit = store.begin().await.unwrap();
    assert_eq!(positions(&claim(&mut unit, at(1)).await), [1, 2, 3, 4], "5 waits behind 2");
    // One that comes late waits for what is being attempted already.
    unit.add_delivery(&delivery(&webhook, 1, "b")).await.unwrap();
    assert_eq!(claim(&mut unit, at(1)).await, []);
    unit.settle_delivery(queued[2].id, at(1), &retry(1)).await.unwrap();
    let next = claim(&mut unit, at(2)).await;
    assert_eq!(next.len(), 1, "one of the lane at a time");
}

pub(crate) async fn the_limit_and_the_cap_per_webhook_hold(database: &dyn Database) {
    let (store, webhook) = with_webhook(database).await;
    let other = add_webhook(&store, webhook.session).await;
    let mut queued: Vec<Delivery> = (1..=6).map(|it| delivery(&webhook, it, &it.to_string())).collect();
    queued.extend((11..=14).map(|it| delivery(&other, it, &it.to_string())));
    add_deliveries(&store, &queued).await;
    let mut unit = store.begin().await.unwrap();
    let first = unit.claim_deliveries(at(1), LEASE, 3, 2, &[]).await.unwrap();
    assert_eq!(positions(&first), [1, 2, 11], "two of each webhook, three in all, oldest first");
    assert_eq!(positions(&unit.claim_deliveries(at(1), LEASE, 9, 2, &[]).await.unwrap()), [12]);
    assert_eq!(unit.claim_deliveries(at(1), LEASE, 9, 2, &[]).await.unwrap(), [], "both are full");
    unit.settle_delivery(first[0].id, at(1), &OK).await.unwrap();
    assert_eq!(positions(&unit.claim_deliveries(at(1), LEASE, 9, 2, &[]).await.unwrap()), [3]);
    assert_eq!(unit.claim_deliveries(at(1), LEASE, 0, 9, &[]).await.unwrap(), []);
}

pub(crate) async fn a_slow_webhook_gets_one_at_a_time(database: &dyn Database) {
    let (store, slow) = with_webhook(database).await;
    let quick = add_webhook(&store, slow.session).await;
    let mut queued: Vec<Delivery> = (1..=3).map(|it| delivery(&slow, it, &it.to_string())).collect();
    queued.extend((11..=13).map(|it| delivery(&quick, it, &it.to_string())));
    add_deliveries(&store, &queued).await;
    let known = [slow.id, WebhookId(Uuid::new_v4())];
    let mut unit = store.begin().await.unwrap();
    let claimed = unit.claim_deliveries(at(1), LEASE, 9, 2, &known).await.unwrap();
    assert_eq!(positions(&claimed), [1, 11, 12]);
    assert_eq!(unit.claim_deliveries(at(1), LEASE, 9, 2, &known).await.unwrap(), []);
    unit.settle_delivery(claimed[0].id, at(1), &OK).await.unwrap();
    assert_eq!(positions(&unit.claim_deliveries(at(1), LEASE, 9, 2, &known).await.unwrap()), [2]);
}

pub(crate) async fn a_lease_that_ran_out_is_claimed_again(database: &dyn Database) {
    let (store, webhook) = with_webhook(database).await;
    add_deliveries(&store, &[1, 2].map(|it| delivery(&webhook, it, "chat"))).await;
    let mut unit = store.begin().await.unwrap();
    claim(&mut unit, at(0)).await;
    unit.commit().await.unwrap();
    let mut unit = store.begin().await.unwrap();
    assert_eq!(claim(&mut unit, at(29)).await, []);
    let again = claim(&mut unit, at(30)).await;
    assert_eq!((positions(&again), again[0].attempts), (vec![1], 0));
    // Who was too slow may settle all the same: the receiver took it.
    unit.settle_delivery(again[0].id, at(31), &OK).await.unwrap();
    unit.settle_delivery(again[0].id, at(31), &OK).await.unwrap();
    assert_eq!(positions(&claim(&mut unit, at(31)).await), [2]);
}

pub(crate) async fn claims_are_given_back(database: &dyn Database) {
    let (store, webhook) = with_webhook(database).await;
    add_deliveries(&store, &[1, 2].map(|it| delivery(&webhook, it, "chat"))).await;
    let mut unit = store.begin().await.unwrap();
    claim(&mut unit, at(0)).await;
    unit.release_claims().await.unwrap();
    unit.release_claims().await.unwrap();
    assert_eq!(positions(&claim(&mut unit, at(0)).await), [1]);
}

pub(crate) async fn a_retry_keeps_its_place_in_the_lane(database: &dyn Database) {
    let (store, webhook) = with_webhook(database).await;
    add_deliveries(&store, &[1, 2].map(|it| delivery(&webhook, it, "chat"))).await;
    let mut unit = store.begin().await.unwrap();
    for attempt in 0..3 {
        let claimed = claim(&mut unit, at(attempt * 10)).await;
        assert_eq!((positions(&claimed), i64::from(claimed[0].attempts)), (vec![1], attempt));
        let due = attempt * 10 + 10;
        unit.settle_delivery(claimed[0].id, at(attempt * 10), &retry(due)).await.unwrap();
        assert_eq!(claim(&mut unit, at(due - 1)).await, [], "neither it nor what waits behind it");
    }
}

pub(crate) async fn a_failed_one_lets_the_next_go(database: &dyn Database) {
    let (store, webhook) = with_webhook(database).await;
    let queued = [delivery(&webhook, 1, ""), Delivery { due_at: at(50), ..delivery(&webhook, 2, "") }];
    add_deliveries(&store, &queued).await;
    let mut unit = store.begin().await.unwrap();
    claim(&mut unit, at(1)).await;
    for _ in 0..2 {
        unit.settle_delivery(queued[0].id, at(2), &failed()).await.unwrap();
    }
    assert_eq!(claim(&mut unit, at(49)).await, [], "the next one has a time of its own");
    assert_eq!(positions(&claim(&mut unit, at(50)).await), [2]);
    unit.settle_delivery(queued[1].id, at(50), &Settled::Dropped).await.unwrap();
    let failures = unit.delivery_failures(None, ALL).await.unwrap();
    assert_eq!(failures.len(), 1, "a dropped one is forgotten");
    assert_eq!(failures[0].delivery, Delivery { attempts: 1, ..queued[0].clone() });
    assert_eq!((failures[0].last_status, failures[0].last_error.as_str()), (None, "refused"));
    unit.settle_delivery(DeliveryId(Uuid::new_v4()), at(50), &OK).await.unwrap();
}

pub(crate) async fn one_per_webhook_and_position(database: &dyn Database) {
    let (store, webhook) = with_webhook(database).await;
    let first = delivery(&webhook, 1, "");
    let again = Delivery { body: b"other".to_vec(), ..delivery(&webhook, 1, "") };
    add_deliveries(&store, &[first.clone(), again.clone()]).await;
    add_deliveries(&store, &[again]).await;
    let mut unit = store.begin().await.unwrap();
    assert_eq!(claim(&mut unit, at(1)).await, [first]);
}

pub(crate) async fn the_next_due_time_is_known(database: &dyn Database) {
    let (store, webhook) = with_webhook(database).await;
    let mut unit = store.begin().await.unwrap();
    assert_eq!(unit.next_delivery_due().await.unwrap(), None);
    let queued = [
        Delivery { due_at: at(20), ..delivery(&webhook, 1, "a") },
        Delivery { due_at: at(10), ..delivery(&webhook, 2, "b") },
        Delivery { due_at: at(5), ..delivery(&webhook, 3, "a") },
    ];
    for delivery in &queued {
        unit.add_delivery(delivery).await.unwrap();
    }
    assert_eq!(unit.next_delivery_due().await.unwrap(), Some(at(10)), "3 waits behind 1");
    assert_eq!(positions(&claim(&mut unit, at(10)).await), [2]);
    assert_eq!(unit.next_delivery_due().await.unwrap(), Some(at(20)));
    unit.settle_delivery(queued[1].id, at(11), &retry(15)).await.unwrap();
    assert_eq!(unit.next_delivery_due().await.unwrap(), Some(at(15)));
    unit.settle_delivery(queued[1].id, at(15), &failed()).await.unwrap();
    assert_eq!(unit.next_delivery_due().await.unwrap(), Some(at(20)), "a failed one is never due");
}

pub(crate) async fn concurrent_claims_never_share(database: &dyn Database) {
    let (store, webhook) = with_webhook(database).await;
    let queued: Vec<Delivery> = (1..=60).map(|it| delivery(&webhook, it, &it.to_string())).collect();
    add_deliveries(&store, &queued).await;
    let tasks = (0..12).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut unit = store.begin().await.unwrap();
            let claimed = unit.claim_deliveries(at(1), LEASE, 5, 100, &[]).await.unwrap();
            unit.commit().await.unwrap();
            claimed
        })
    });
    let mut held = HashSet::new();
    for task in tasks.collect::<Vec<_>>() {
        for delivery in task.await.unwrap() {
            assert!(held.insert(delivery.id), "{} was claimed twice", delivery.position.0);
        }
    }
    assert_eq!(held.len(), 60);
}

pub(crate) async fn an_attempt_is_noted_on_the_webhook(database: &dyn Database) {
    let (store, webhook) = with_webhook(database).await;
    let mut unit = store.begin().await.unwrap();
    let mut before = None;
    for (position, how, noted) in
        [(1, Settled::Dropped, false), (2, retry(99), true), (3, failed(), true), (4, OK, true)]
    {
        let one = delivery(&webhook, position, &position.to_string());
        unit.add_delivery(&one).await.unwrap();
        claim(&mut unit, at(position)).await;
        unit.settle_delivery(one.id, at(position), &how).await.unwrap();
        let expected = if noted { Some(at(position)) } else { before };
        assert_eq!(unit.webhook(webhook.id).await.unwrap().unwrap().last_triggered_at, expected, "{how:?}");
        before = expected;
    }
}

pub(crate) async fn a_paused_webhook_gets_none_and_then_one(database: &dyn Database) {
    let (store, ill) = with_webhook(database).await;
    let well = add_webhook(&store, ill.session).await;
    let mut queued: Vec<Delivery> = (1..=3).map(|it| delivery(&ill, it, &it.to_string())).collect();
    queued.extend((11..=12).map(|it| delivery(&well, it, &it.to_string())));
    add_deliveries(&store, &queued).await;
    let mut unit = store.begin().await.unwrap();
    let paused = WebhookHealth { failures: 9, paused_until: Some(at(60)), ..WebhookHealth::default() };
    unit.note_webhook_health(ill.id, &paused).await.unwrap();
    assert_eq!(positions(&claim(&mut unit, at(59)).await), [11, 12], "the other one is not slowed");
    assert_eq!(positions(&claim(&mut unit, at(60)).await), [1], "one, to see whether it is back");
    assert_eq!(claim(&mut unit, at(60)).await, []);
    unit.settle_delivery(queued[0].id, at(61), &OK).await.unwrap();
    unit.note_webhook_health(ill.id, &WebhookHealth::default()).await.unwrap();
    assert_eq!(positions(&claim(&mut unit, at(61)).await), [2, 3]);
}

pub(crate) async fn one_is_replayed_unless_it_still_waits(database: &dyn Database) {
    let (store, webhook) = with_webhook(database).await;
    let queued = [1, 2].map(|it| delivery(&webhook, it, "chat"));
    add_deliveries(&store, &queued).await;
    let mut unit = store.begin().await.unwrap();
    let again = |position| Delivery { body: b"again".to_vec(), ..delivery(&webhook, position, "chat") };
    assert!(!unit.replay_delivery(&again(1)).await.unwrap(), "it goes out anyway");
    claim(&mut unit, at(1)).await;
    assert!(!unit.replay_delivery(&again(1)).await.unwrap(), "it is going out");
    unit.settle_delivery(queued[0].id, at(1), &failed()).await.unwrap();
    let new = again(1);
    assert!(unit.replay_delivery(&new).await.unwrap());
    assert_eq!(unit.delivery_failures(None, ALL).await.unwrap(), [], "it stands in place of the one that failed");
    let claimed = claim(&mut unit, at(2)).await;
    assert_eq!(claimed, std::slice::from_ref(&new), "and goes first in its lane");
    unit.settle_delivery(new.id, at(2), &OK).await.unwrap();
    assert!(unit.replay_delivery(&again(1)).await.unwrap(), "what was delivered can go out once more");
}

pub(crate) async fn what_waits_for_a_receiver_that_is_gone_is_given_up(database: &dyn Database) {
    let (store, gone) = with_webhook(database).await;
    let back = add_webhook(&store, gone.session).await;
    let old = |position, lane: &str| Delivery { created_at: at(1), ..delivery(&gone, position, lane) };
    let queued = [
        old(1, "a"),
        old(2, "a"),
        old(3, "b"),
        Delivery { created_at: at(90), ..delivery(&gone, 4, "a") },
        Delivery { created_at: at(1), ..delivery(&back, 5, "a") },
    ];
    add_deliveries(&store, &queued).await;
    let mut unit = store.begin().await.unwrap();
    let since = |second| WebhookHealth { failures: 9, failing_since: Some(at(second)), ..WebhookHealth::default() };
    unit.note_webhook_health(gone.id, &since(2)).await.unwrap();
    unit.note_webhook_health(back.id, &since(80)).await.unwrap();
    assert_eq!(unit.give_up_deliveries(at(50), at(100), "gone", 2).await.unwrap(), 2);
    assert_eq!(unit.give_up_deliveries(at(50), at(100), "gone", 2).await.unwrap(), 1);
    assert_eq!(unit.give_up_deliveries(at(50), at(100), "gone", 2).await.unwrap(), 0);
    let failures = unit.delivery_failures(None, ALL).await.unwrap();
    let mut given_up: Vec<_> = failures.iter().map(|it| it.delivery.position.0).collect();
    given_up.sort_unstable();
    assert_eq!((given_up, failures[0].last_error.as_str()), (vec![1, 2, 3], "gone"));
    assert_eq!(positions(&claim(&mut unit, at(100)).await), [4, 5], "what is behind them goes on");
}
