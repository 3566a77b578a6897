//! What comes back after a stop, and after a crash.

use std::path::Path;

use openwa_model::{batch::BatchStatus, message::DeliveryStatus, session::Status};
use tokio::runtime::Runtime;

use crate::{
    batches::{batch, body, ids, next, once},
    house::{House, at, incoming, phone},
    rules::rule,
};

/// One life of the process: what runs on it is gone, unasked, when it is dropped.
fn life() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn crash(life: Runtime, house: House) {
    // Tasks are dropped where they stand, as a killed process leaves them.
    life.shutdown_timeout(std::time::Duration::from_secs(5));
    drop(house);
}

async fn house_at(folder: &Path) -> House {
    House::open(folder).await
}

#[test]
fn a_send_that_a_crash_cut_in_two_goes_out_under_its_id() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (life(), life());
    let (house, session, id) = first.block_on(async {
        let house = house_at(folder.path()).await;
        let (session, mut link) = house.ready("one").await;
        _ = house.send(session, "hello", Some("key"));
        let asked = link.asked().await;
        (house, session, asked.message_id())
    });
    crash(first, house);
    second.block_on(async {
        let house = house_at(folder.path()).await;
        let mut link = house.next_link().await;
        link.come_online().await;
        let asked = link.asked().await;
        assert_eq!(asked.message_id(), id);
        asked.accept(at(9));
        house
            .until("sent", async || house.message(session, &phone(), &id).await.unwrap().status == DeliveryStatus::Sent)
            .await;
        let replay = house.send(session, "hello", Some("key")).await.unwrap().unwrap();
        assert_eq!((replay.id, replay.replayed), (id, true));
        assert!(!link.was_asked());
        house.close().await;
    });
}

#[test]
fn an_answer_by_a_rule_that_a_crash_cut_off_goes_out_once() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (life(), life());
    let (house, session, id) = first.block_on(async {
        let house = house_at(folder.path()).await;
        let (session, mut link) = house.ready("one").await;
        house.gateway.create_rule(session, rule("hours", "Nine to six")).await.unwrap();
        link.say(vec![incoming("A", "hours?")]).await.unwrap();
        let asked = link.asked().await;
        (house, session, asked.message_id())
    });
    crash(first, house);
    second.block_on(async {
        let house = house_at(folder.path()).await;
        let mut link = house.next_link().await;
        link.come_online().await;
        let asked = link.asked().await;
        assert_eq!((asked.message_id(), &*body(&asked)), (id.clone(), "Nine to six"));
        asked.accept(at(9));
        house
            .until("sent", async || house.message(session, &phone(), &id).await.unwrap().status == DeliveryStatus::Sent)
            .await;
        // WhatsApp says again what was not acknowledged in time, and the cooldown lived through the crash.
        link.say(vec![incoming("A", "hours?"), incoming("B", "hours?")]).await.unwrap();
        assert!(!link.was_asked());
        house.close().await;
    });
}

#[test]
fn a_batch_goes_on_after_a_crash_and_sends_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second, third) = (life(), life(), life());
    // The first crash comes while a message is on its way.
    let (house, session, one) = first.block_on(async {
        let house = house_at(folder.path()).await;
        let (session, mut link) = house.ready("one").await;
        house.gateway.create_batch(session, batch("b", &["one", "two", "three"])).await.unwrap();
        let asked = link.asked().await;
        (house, session, asked.message_id())
    });
    crash(first, house);
    // The second one comes right after a message was accepted, maybe before its batch knows.
    let (house, two) = second.block_on(async {
        let house = house_at(folder.path()).await;
        let mut link = house.next_link().await;
        link.come_online().await;
        let asked = next(&house, &mut link).await;
        assert_eq!((asked.message_id(), &*body(&asked)), (one.clone(), "one"));
        asked.accept(at(9));
        let asked = next(&house, &mut link).await;
        assert_eq!(body(&asked), "two");
        let two = asked.message_id();
        asked.accept(at(19));
        house
            .until("sent", async || {
                house.message(session, &phone(), &two).await.unwrap().status == DeliveryStatus::Sent
            })
            .await;
        (house, two)
    });
    crash(second, house);
    third.block_on(async {
        let house = house_at(folder.path()).await;
        let mut link = house.next_link().await;
        link.come_online().await;
        let asked = next(&house, &mut link).await;
        assert_eq!(body(&asked), "three");
        let three = asked.message_id();
        asked.accept(at(29));
        let ended = once(&house, session, "b", |it| !it.batch.status.is_active()).await;
        assert_eq!((ended.batch.status, ended.progress.sent), (BatchStatus::Completed, 3));
        assert_eq!(ids(&house, &ended).await, [Some(one), Some(two), Some(three)]);
        assert!(!link.was_asked());
        house.close().await;
    });
}

#[test]
fn what_was_not_acknowledged_comes_again_and_is_kept_once() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (life(), life());
    let (house, session) = first.block_on(async {
        let house = house_at(folder.path()).await;
        let (session, link) = house.ready("one").await;
        link.say(vec![incoming("A", "stored")]).await.unwrap();
        house.store.close_gate();
        tokio::spawn({
            let signals = link.signals.clone();
            async move { signals.commit(vec![incoming("B", "not stored")]).await }
        });
        house.store.somebody_waits().await;
        (house, session)
    });
    crash(first, house);
    second.block_on(async {
        let house = house_at(folder.path()).await;
        let link = house.next_link().await;
        link.come_online().await;
        // WhatsApp sends again what was not acknowledged, and sometimes what was.
        link.say(vec![incoming("A", "stored"), incoming("B", "not stored")]).await.unwrap();
        let events = house.events(session).await;
        let received = events.iter().filter(|it| it.event.kind.name() == "message.received").count();
        assert_eq!(received, 2);
        let numbers: Vec<i64> = events.iter().map(|it| it.seq.0).collect();
        assert_eq!(numbers, (1..=numbers.len() as i64).collect::<Vec<_>>());
        house.close().await;
    });
}

#[test]
fn after_a_crash_only_what_was_wanted_comes_back_and_no_row_claims_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (life(), life());
    let (house, running, stopped) = first.block_on(async {
        let house = house_at(folder.path()).await;
        let (running, _running) = house.ready("running").await;
        let (stopped, _stopped) = house.ready("stopped").await;
        house.gateway.stop_session(stopped).await.unwrap();
        (house, running, stopped)
    });
    crash(first, house);
    second.block_on(async {
        let house = house_at(folder.path()).await;
        let link = house.next_link().await;
        assert_eq!(link.session, running);
        house.status(running, Status::Initializing).await;
        link.come_online().await;
        house.status(running, Status::Ready).await;
        let view = house.gateway.session(stopped).await.unwrap();
        assert_eq!((view.session.status, view.engine_loaded), (Status::Disconnected, false));
        assert!(house.no_link().await);
        // What the killed process left is put right, and told.
        let statuses: Vec<_> = house.events(running).await;
        let statuses = statuses.iter().filter(|it| it.event.kind.name() == "session.status");
        let statuses: Vec<_> = statuses.filter_map(|it| it.event.data["status"].as_str()).collect();
        assert_eq!(
            statuses,
            ["initializing", "authenticating", "ready", "disconnected", "initializing", "authenticating", "ready"]
        );
        house.close().await;
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_graceful_stop_says_so_and_the_session_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let session = {
        let house = house_at(folder.path()).await;
        let (session, _link) = house.ready("one").await;
        house.close().await;
        let row = house.row(session).await;
        assert_eq!((row.status, row.wanted), (Status::Disconnected, true));
        session
    };
    let house = house_at(folder.path()).await;
    assert_eq!(house.next_link().await.session, session);
    house.close().await;
}
