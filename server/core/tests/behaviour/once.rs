//! Writes that take effect once, and sends whose outcome is told by something else than their answer.

use std::time::Duration;

use openwa_core::{
    GatewayError,
    gateway::{Claim, Claimed, Ending, IdempotencyKey},
};
use openwa_model::{
    engine::ErrorKind,
    id::{KeyId, SessionId},
    idempotency::{KeyOwner, StoredAnswer},
    message::DeliveryStatus,
};
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::house::{House, account, at, inbound, phone, receipt, soon};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn holder() -> KeyOwner {
    KeyOwner::ApiKey(KeyId(Uuid::from_u128(1)))
}

async fn claim(house: &House, owner: KeyOwner, fingerprint: &str) -> Result<Claim, GatewayError> {
    let key = IdempotencyKey { key: "key".into(), fingerprint: fingerprint.into() };
    soon("a claim", house.gateway.claim(owner, key)).await
}

async fn granted(house: &House, owner: KeyOwner) -> Claimed {
    match claim(house, owner, "same").await {
        Ok(Claim::Granted(claimed)) => claimed,
        other => panic!("not granted: {other:?}"),
    }
}

async fn refused(house: &House, owner: KeyOwner, fingerprint: &str) -> GatewayError {
    claim(house, owner, fingerprint).await.expect_err("a refusal")
}

fn answer(status: u16, body: &str) -> StoredAnswer {
    StoredAnswer { status, body: body.into() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_was_done_is_answered_again_for_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let owner = KeyOwner::from(house.create("one").await);
    let claimed = granted(&house, owner).await;
    let meanwhile = refused(&house, owner, "same").await;
    assert!(matches!(meanwhile, GatewayError::IdempotencyInProgress), "{meanwhile:?}");
    let other = refused(&house, owner, "other").await;
    assert!(matches!(other, GatewayError::IdempotencyReused), "{other:?}");
    // Another owner's key of the same name is another key.
    let others = granted(&house, holder()).await;
    house.gateway.settle(claimed, Ending::Answered(answer(201, "{}"))).await;
    house.gateway.settle(others, Ending::Nothing).await;
    match claim(&house, owner, "same").await {
        Ok(Claim::Replayed(found)) => assert_eq!(found, answer(201, "{}")),
        other => panic!("not replayed: {other:?}"),
    }
    house.clock.advance(DAY);
    drop(granted(&house, owner).await);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_to_nothing_frees_its_key_and_what_failed_halfway_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let owner = holder();
    let first = granted(&house, owner).await;
    house.gateway.settle(first, Ending::Nothing).await;
    let second = granted(&house, owner).await;
    let failure = answer(503, r#"{"statusCode":503,"message":"no answer in time"}"#);
    house.gateway.settle(second, Ending::Answered(failure)).await;
    let third = refused(&house, owner, "same").await.to_string();
    assert!(third.contains("503, no answer in time") && third.contains("use another key"), "{third}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_outcome_is_kept_although_the_store_is_away_for_a_moment() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let claimed = granted(&house, holder()).await;
    house.store.refuse(2);
    soon("the outcome", house.gateway.settle(claimed, Ending::Answered(answer(200, "{}")))).await;
    assert!(matches!(claim(&house, holder(), "same").await, Ok(Claim::Replayed(_))));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_of_no_session_is_refused_and_one_of_a_deleted_session_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let nobody = refused(&house, SessionId(Uuid::from_u128(7)).into(), "same").await;
    assert!(matches!(nobody, GatewayError::SessionNotFound(_)), "{nobody:?}");
    let session = house.create("one").await;
    let claimed = granted(&house, session.into()).await;
    house.gateway.delete_session(session).await.unwrap();
    house.gateway.settle(claimed, Ending::Answered(answer(200, "{}"))).await;
    let gone = refused(&house, session.into(), "same").await;
    assert!(matches!(gone, GatewayError::SessionNotFound(_)), "{gone:?}");
    house.close().await;
}

/// One life of the process.
fn life() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

#[test]
fn a_write_that_a_crash_cut_off_is_unknown_and_not_done_again() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (life(), life());
    let (house, session) = first.block_on(async {
        let house = House::open(folder.path()).await;
        let session = house.create("one").await;
        drop(granted(&house, session.into()).await);
        (house, session)
    });
    first.shutdown_timeout(Duration::from_secs(5));
    drop(house);
    second.block_on(async {
        let house = House::open(folder.path()).await;
        for _ in 0..2 {
            let unknown = refused(&house, session.into(), "same").await;
            assert!(matches!(unknown, GatewayError::IdempotencyOutcomeLost(_)), "{unknown:?}");
            assert!(unknown.to_string().contains("use another key"), "{unknown}");
        }
        let other = refused(&house, session.into(), "other").await;
        assert!(matches!(other, GatewayError::IdempotencyReused), "{other:?}");
        house.clock.advance(DAY);
        drop(granted(&house, session.into()).await);
        house.close().await;
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_send_without_an_answer_is_settled_by_a_receipt() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, mut link) = house.ready("one").await;
    // The receipt comes before it is known that no answer will: the request itself succeeds.
    let sending = house.send(session, "hello", Some("key"));
    let asked = link.asked().await;
    let id = asked.message_id();
    link.say(vec![receipt(&[&id], DeliveryStatus::Delivered)]).await.unwrap();
    asked.refuse(ErrorKind::Unconfirmed);
    let outcome = soon("the send", sending).await.unwrap().unwrap();
    assert_eq!((&outcome.id, outcome.replayed), (&id, false));
    let again = soon("a replay", house.send(session, "hello", Some("key"))).await.unwrap().unwrap();
    assert_eq!((&again.id, again.timestamp, again.replayed), (&id, outcome.timestamp, true));
    assert_eq!(house.kinds_from(session, "message.sent").await, ["message.sent", "message.ack"]);

    // It comes afterwards: who repeats the request is told.
    let sending = house.send(session, "bye", Some("later"));
    let asked = link.asked().await;
    let id = asked.message_id();
    asked.refuse(ErrorKind::Unconfirmed);
    soon("the send", sending).await.unwrap().unwrap_err();
    link.say(vec![receipt(&[&id], DeliveryStatus::Read)]).await.unwrap();
    let message = house.message(session, &phone(), &id).await.unwrap();
    assert_eq!((message.status, message.outgoing), (DeliveryStatus::Read, None));
    let replay = soon("a replay", house.send(session, "bye", Some("later"))).await.unwrap().unwrap();
    assert_eq!((&replay.id, replay.replayed), (&id, true));
    // What is settled is not sent again.
    house.clock.advance(Duration::from_secs(31));
    assert!(!link.was_asked());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_send_without_an_answer_is_settled_by_its_echo() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, mut link) = house.ready("one").await;
    let sending = house.send(session, "hello", Some("key"));
    let asked = link.asked().await;
    let id = asked.message_id();
    asked.refuse(ErrorKind::Unconfirmed);
    soon("the send", sending).await.unwrap().unwrap_err();
    let mut echo = inbound(id.as_str(), "hello");
    (echo.from_me, echo.sender, echo.timestamp) = (true, account().phone, at(7));
    link.say(vec![openwa_model::engine::Signal::Message(Box::new(echo))]).await.unwrap();
    let message = house.message(session, &phone(), &id).await.unwrap();
    assert_eq!((message.status, message.timestamp), (DeliveryStatus::Sent, at(7)));
    let replay = soon("a replay", house.send(session, "hello", Some("key"))).await.unwrap().unwrap();
    assert_eq!((&replay.id, replay.timestamp, replay.replayed), (&id, at(7), true));
    house.close().await;
}
