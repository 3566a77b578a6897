//! Messages on their way out.

use std::time::Duration;

use openwa_core::{GatewayError, gateway::SendRequest};
use openwa_model::{
    engine::{ErrorKind, Exit},
    id::{MessageId, SessionId},
    message::{DeliveryStatus, Message},
    ops::Command,
    session::Status,
    store::{MessageFilter, Page},
};
use uuid::Uuid;

use crate::house::{House, at, phone, soon, text};

async fn only_message(house: &House, session: SessionId) -> Message {
    let page = Page { limit: 10, offset: 0 };
    let (mut messages, total) = house.gateway.messages(session, &MessageFilter::default(), page).await.unwrap();
    assert_eq!(total, 1);
    messages.remove(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_stored_before_it_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, mut link) = house.ready("one").await;
    let sent = house.send(session, "hello", None);
    let asked = link.asked().await;
    let pending = only_message(&house, session).await;
    assert_eq!((&pending.id, pending.status), (&asked.message_id(), DeliveryStatus::Pending));
    assert!(pending.outgoing.is_some());
    asked.accept(at(5));
    let outcome = soon("the send", sent).await.unwrap().unwrap();
    let message = only_message(&house, session).await;
    assert_eq!((outcome.id, outcome.timestamp, outcome.replayed), (message.id, at(5), false));
    assert_eq!((message.status, message.timestamp, message.outgoing), (DeliveryStatus::Sent, at(5), None));
    let event = house.events(session).await.pop().unwrap().event;
    assert_eq!((event.kind.name(), event.data["body"].as_str()), ("message.sent", Some("hello")));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_message_is_failed_and_its_key_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, mut link) = house.ready("one").await;
    let first = house.send(session, "hello", Some("key"));
    link.asked().await.refuse(ErrorKind::Refused);
    let error = soon("the send", first).await.unwrap().unwrap_err();
    assert!(matches!(error, GatewayError::Refused(_)), "{error:?}");
    let message = only_message(&house, session).await;
    assert_eq!(message.status, DeliveryStatus::Failed);
    assert!(message.error.is_some());
    assert_eq!(house.kinds_from(session, "message.failed").await, ["message.failed"]);
    let second = house.send(session, "hello", Some("key"));
    link.asked().await.accept(at(5));
    assert!(!soon("the send", second).await.unwrap().unwrap().replayed);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_whatsapp_did_not_confirm_is_sent_again_under_its_id() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, mut link) = house.ready("one").await;
    let sent = house.send(session, "hello", Some("key"));
    let asked = link.asked().await;
    let id = asked.message_id();
    asked.refuse(ErrorKind::Unconfirmed);
    let error = soon("the send", sent).await.unwrap().unwrap_err();
    assert!(matches!(error, GatewayError::Unconfirmed(_)), "{error:?}");
    assert_eq!(only_message(&house, session).await.status, DeliveryStatus::Pending);
    let again = soon("the second request", house.send(session, "hello", Some("key"))).await.unwrap().unwrap_err();
    assert!(matches!(again, GatewayError::IdempotencyOutcomeUnknown), "{again:?}");
    assert!(!link.was_asked());
    // The wait may begin a moment after the answer: the clock is wound until it is over.
    let asked = loop {
        house.clock.advance(Duration::from_secs(31));
        if let Ok(asked) = tokio::time::timeout(Duration::from_millis(50), link.asked()).await {
            break asked;
        }
    };
    assert_eq!(asked.message_id(), id);
    asked.accept(at(40));
    house.until("sent", async || only_message(&house, session).await.status == DeliveryStatus::Sent).await;
    let replay = soon("the third request", house.send(session, "hello", Some("key"))).await.unwrap().unwrap();
    assert_eq!((replay.id, replay.timestamp, replay.replayed), (id, at(40), true));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_takes_effect_once() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, mut link) = house.ready("one").await;
    let first = house.send(session, "hello", Some("key"));
    let asked = link.asked().await;
    let meanwhile = soon("the second request", house.send(session, "hello", Some("key"))).await.unwrap().unwrap_err();
    assert!(matches!(meanwhile, GatewayError::IdempotencyInProgress), "{meanwhile:?}");
    let other = soon("another request", house.send(session, "bye", Some("key"))).await.unwrap().unwrap_err();
    assert!(matches!(other, GatewayError::IdempotencyReused), "{other:?}");
    asked.accept(at(5));
    let first = soon("the send", first).await.unwrap().unwrap();
    // A replay needs no link.
    house.gateway.stop_session(session).await.unwrap();
    let replay = soon("the replay", house.send(session, "hello", Some("key"))).await.unwrap().unwrap();
    assert_eq!((replay.id, replay.timestamp, replay.replayed), (first.id, first.timestamp, true));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_ends_leaves_its_sends_pending_and_the_next_one_sends_them() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, mut link) = house.ready("one").await;
    let sends = [house.send(session, "first", None), house.send(session, "second", None)];
    let mut ids = [link.asked().await.message_id(), link.asked().await.message_id()];
    link.end(Exit::Dropped("eof".into()));
    for it in sends {
        let error = soon("the send", it).await.unwrap().unwrap_err();
        assert!(matches!(error, GatewayError::Unconfirmed(_)), "{error:?}");
    }
    house.status(session, Status::Disconnected).await;
    house.clock.advance(Duration::from_secs(10));
    let mut link = house.next_link().await;
    link.come_online().await;
    let mut again = Vec::new();
    for _ in 0..2 {
        let asked = link.asked().await;
        again.push(asked.message_id());
        asked.accept(at(20));
    }
    ids.sort();
    again.sort();
    assert_eq!(again, ids);
    house.until("both sent", async || house.kinds_from(session, "message.sent").await.len() >= 2).await;
    assert!(!link.was_asked());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_sent_is_refused_before_anything_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let nowhere = SessionId(Uuid::nil());
    let error = house.gateway.send(nowhere, text("hello"), None).await.unwrap_err();
    assert!(matches!(error, GatewayError::SessionNotFound(it) if it == nowhere), "{error:?}");
    let session = house.create("one").await;
    let error = house.gateway.send(session, text("hello"), None).await.unwrap_err();
    assert!(matches!(error, GatewayError::SessionNotStarted), "{error:?}");
    house.gateway.start_session(session).await.unwrap();
    let link = house.next_link().await;
    let error = house.gateway.send(session, text("hello"), None).await.unwrap_err();
    assert!(matches!(error, GatewayError::SessionNotReady(Status::Initializing)), "{error:?}");
    link.come_online().await;
    let reply = SendRequest { quoted: Some(MessageId("nobody sent this".into())), ..text("hello") };
    let error = house.gateway.send(session, reply, None).await.unwrap_err();
    assert!(matches!(error, GatewayError::QuotedNotFound), "{error:?}");
    let error = house.gateway.groups(session).await.unwrap_err();
    assert!(matches!(error, GatewayError::EngineCannot { .. }), "{error:?}");
    let page = Page { limit: 1, offset: 0 };
    assert_eq!(house.gateway.messages(session, &MessageFilter::default(), page).await.unwrap().1, 0);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn marking_a_chat_as_read_tells_whatsapp_and_clears_the_count() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, mut link) = house.ready("one").await;
    link.say(vec![crate::house::incoming("A", "one"), crate::house::incoming("B", "two")]).await.unwrap();
    let marked = tokio::spawn({
        let gateway = house.gateway.clone();
        async move { gateway.mark_chat_read(session, &phone(), None).await }
    });
    let asked = link.asked().await;
    let Command::MarkRead(told) = &asked.command else { panic!("{:?}", asked.command) };
    assert_eq!((told.ids.len(), &told.sender), (2, &phone()));
    asked.answer_unit();
    soon("marking", marked).await.unwrap().unwrap();
    let page = Page { limit: 1, offset: 0 };
    assert_eq!(house.gateway.chats(session, page).await.unwrap()[0].unread, 0);
    house.close().await;
}
