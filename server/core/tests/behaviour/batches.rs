//! Batches: sent in order, cancelled, stopped, and waiting for what is not ready.

use std::{collections::BTreeMap, time::Duration};

use openwa_core::{
    GatewayError, Settings,
    gateway::{BatchView, NewBatch, NewBatchMessage},
};
use openwa_model::{
    batch::{BatchContent, BatchMessageStatus, BatchOptions, BatchProgress, BatchRequest, BatchSource, BatchStatus},
    content::MessageKind,
    engine::ErrorKind,
    id::{MessageId, SessionId},
    ops::Command,
};

use crate::house::{Asked, House, ScriptedLink, at, phone, soon};

/// A batch of texts with three seconds between them.
pub(crate) fn batch(name: &str, texts: &[&str]) -> NewBatch {
    let message = |text: &&str| NewBatchMessage {
        chat: phone(),
        request: BatchRequest {
            content: BatchContent::Text { body: (*text).to_owned() },
            mentions: vec![],
            mentions_everyone: false,
        },
        values: BTreeMap::from([("name".to_owned(), "Ana".to_owned())]),
    };
    NewBatch {
        name: Some(name.to_owned()),
        messages: texts.iter().map(message).collect(),
        options: BatchOptions { delay_ms: 3_000, is_delay_random: false, stops_on_error: false },
    }
}

/// What is sent next. The clock is wound until something is.
pub(crate) async fn next(house: &House, link: &mut ScriptedLink) -> Asked {
    soon("the next message", async {
        loop {
            if let Ok(asked) = tokio::time::timeout(Duration::from_millis(50), link.asked()).await {
                return asked;
            }
            house.clock.advance(Duration::from_secs(1));
        }
    })
    .await
}

pub(crate) fn body(asked: &Asked) -> String {
    match &asked.command {
        Command::SendMessage(it) => it.0.content.body().to_owned(),
        other => panic!("not a send: {other:?}"),
    }
}

/// The batch once it is so.
pub(crate) async fn once(
    house: &House,
    session: SessionId,
    name: &str,
    is_so: impl Fn(&BatchView) -> bool,
) -> BatchView {
    soon(name, async {
        loop {
            let view = house.gateway.batch(session, name).await.unwrap();
            if is_so(&view) {
                return view;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
}

/// The ids of its messages, in order.
pub(crate) async fn ids(house: &House, view: &BatchView) -> Vec<Option<MessageId>> {
    house.gateway.batch_messages(view.batch.id).await.unwrap().into_iter().map(|it| it.message).collect()
}

fn counted(sent: u32, failed: u32, pending: u32, cancelled: u32) -> BatchProgress {
    BatchProgress { total: sent + failed + pending + cancelled, sent, failed, pending, cancelled }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_goes_out_in_order_with_pauses_between() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, mut link) = house.ready("one").await;
    let taken =
        house.gateway.create_batch(session, batch("b", &["one {{name}}", "two {name}", "three"])).await.unwrap();
    assert_eq!((taken.batch.status, taken.progress), (BatchStatus::Pending, counted(0, 0, 3, 0)));
    let first = link.asked().await;
    assert_eq!(body(&first), "one Ana");
    let first_id = first.message_id();
    first.accept(at(1));
    let going = once(&house, session, "b", |it| it.progress.sent == 1).await;
    assert_eq!((going.batch.status, going.batch.started_at), (BatchStatus::Processing, Some(at(0))));
    assert_eq!(going.batch.next_at, Some(at(3)), "the pause is kept in the store");
    assert!(!link.was_asked());
    house.clock.advance(Duration::from_secs(3));
    let second = link.asked().await;
    assert_eq!(body(&second), "two Ana");
    second.refuse(ErrorKind::Refused);
    once(&house, session, "b", |it| it.progress.failed == 1).await;
    let third = next(&house, &mut link).await;
    assert_eq!(body(&third), "three");
    third.accept(at(9));
    let ended = once(&house, session, "b", |it| !it.batch.status.is_active()).await;
    assert_eq!((ended.batch.status, ended.progress), (BatchStatus::Completed, counted(2, 1, 0, 0)));
    assert!(ended.batch.completed_at.is_some() && ended.batch.next_at.is_none());
    let messages = house.gateway.batch_messages(ended.batch.id).await.unwrap();
    assert_eq!((messages[0].message.as_ref(), messages[0].sent_at), (Some(&first_id), Some(at(1))));
    assert_eq!(messages[1].status, BatchMessageStatus::Failed);
    assert_eq!(messages[1].error.as_ref().map(|it| it.code.name()), Some("SEND_FAILED"));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_batch_sends_nothing_more() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, mut link) = house.ready("one").await;
    house.gateway.create_batch(session, batch("b", &["one", "two", "three"])).await.unwrap();
    let asked = link.asked().await;
    let cancelled = house.gateway.cancel_batch(session, "b").await.unwrap();
    assert_eq!((cancelled.batch.status, cancelled.progress), (BatchStatus::Cancelled, counted(0, 0, 1, 2)));
    // What was on its way stays on it.
    asked.accept(at(1));
    let settled = once(&house, session, "b", |it| it.progress.pending == 0 && it.batch.next_at.is_none()).await;
    assert_eq!((settled.batch.status, settled.progress), (BatchStatus::Cancelled, counted(1, 0, 0, 2)));
    house.clock.advance(Duration::from_secs(60));
    // Another one goes out, and nothing of the first before it.
    house.gateway.create_batch(session, batch("c", &["four"])).await.unwrap();
    let asked = next(&house, &mut link).await;
    assert_eq!(body(&asked), "four");
    asked.refuse(ErrorKind::Refused);
    let failed = once(&house, session, "c", |it| !it.batch.status.is_active()).await;
    assert_eq!(failed.batch.status, BatchStatus::Failed, "all of it failed");
    for name in ["b", "c"] {
        let error = house.gateway.cancel_batch(session, name).await.unwrap_err();
        assert!(matches!(error, GatewayError::BatchOver { .. }), "{error:?}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_error_ends_a_batch_that_is_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, mut link) = house.ready("one").await;
    let mut new = batch("b", &["one", "two", "three"]);
    new.options.stops_on_error = true;
    house.gateway.create_batch(session, new).await.unwrap();
    link.asked().await.refuse(ErrorKind::Refused);
    let ended = once(&house, session, "b", |it| !it.batch.status.is_active()).await;
    assert_eq!((ended.batch.status, ended.progress), (BatchStatus::Failed, counted(0, 1, 0, 2)));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_waits_for_its_session_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let session = house.create("one").await;
    let error = house.gateway.create_batch(session, batch("b", &["one"])).await.unwrap_err();
    assert!(matches!(error, GatewayError::SessionNotStarted), "{error:?}");
    house.gateway.start_session(session).await.unwrap();
    let mut link = house.next_link().await;
    let waiting = house.gateway.create_batch(session, batch("b", &["one"])).await.unwrap();
    let sentence = "Session is not ready (status 'initializing'); the batch goes on when it is";
    assert_eq!(waiting.waits_for.as_deref(), Some(sentence));
    link.come_online().await;
    let asked = next(&house, &mut link).await;
    assert_eq!(house.gateway.batch(session, "b").await.unwrap().waits_for, None);
    asked.accept(at(1));
    let ended = once(&house, session, "b", |it| !it.batch.status.is_active()).await;
    assert_eq!(ended.batch.status, BatchStatus::Completed);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_of_unknown_outcome_is_not_sent_under_another_id() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, mut link) = house.ready("one").await;
    house.gateway.create_batch(session, batch("b", &["one", "two"])).await.unwrap();
    let asked = link.asked().await;
    let first = asked.message_id();
    asked.refuse(ErrorKind::Unconfirmed);
    let again = next(&house, &mut link).await;
    assert_eq!((again.message_id(), &*body(&again)), (first.clone(), "one"));
    again.accept(at(40));
    let asked = next(&house, &mut link).await;
    let second = asked.message_id();
    assert_eq!(body(&asked), "two");
    asked.accept(at(50));
    let ended = once(&house, session, "b", |it| !it.batch.status.is_active()).await;
    assert_eq!(ended.progress, counted(2, 0, 0, 0));
    assert_eq!(ids(&house, &ended).await, [Some(first), Some(second)]);
    assert!(!link.was_asked());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_put_together_fails_alone() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, mut link) = house.ready("one").await;
    let mut new = batch("b", &["one", "two"]);
    new.messages[0].request.content = BatchContent::Media {
        kind: MessageKind::Image,
        source: BatchSource::Base64("this is not base64!".to_owned()),
        mimetype: Some("image/png".to_owned()),
        filename: None,
        caption: None,
    };
    house.gateway.create_batch(session, new).await.unwrap();
    let asked = next(&house, &mut link).await;
    assert_eq!(body(&asked), "two");
    asked.accept(at(9));
    let ended = once(&house, session, "b", |it| !it.batch.status.is_active()).await;
    assert_eq!((ended.batch.status, ended.progress), (BatchStatus::Completed, counted(1, 1, 0, 0)));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_are_bounds() {
    let folder = tempfile::tempdir().unwrap();
    let adjust = |it: &mut Settings| {
        (it.bulk_max_messages, it.bulk_max_concurrent, it.template_max_chars) = (2, 1, 10);
    };
    let house = House::open_with(folder.path(), adjust).await;
    let session = house.create("one").await;
    house.gateway.start_session(session).await.unwrap();
    let _link = house.next_link().await;
    let refused = async |new| house.gateway.create_batch(session, new).await.unwrap_err();
    let error = refused(batch("b", &["one", "two", "three"])).await;
    assert!(matches!(error, GatewayError::InvalidInput(_)), "{error:?}");
    let error = refused(batch("b", &["{name}{name}{name}{name}"])).await;
    assert!(matches!(error, GatewayError::InvalidInput(_)), "{error:?}");
    house.gateway.create_batch(session, batch("b", &["one", "two"])).await.unwrap();
    let error = refused(batch("c", &["one"])).await;
    assert!(matches!(error, GatewayError::TooManyBatches { max: 1 }), "{error:?}");
    house.gateway.cancel_batch(session, "b").await.unwrap();
    let error = refused(batch("b", &["one"])).await;
    assert!(matches!(error, GatewayError::BatchNameTaken(_)), "{error:?}");
    let unnamed = NewBatch { name: None, ..batch("", &["one"]) };
    let taken = house.gateway.create_batch(session, unnamed).await.unwrap();
    assert!(taken.batch.name.starts_with("batch_") && taken.batch.name.len() == 14, "{}", taken.batch.name);
    house.close().await;
}
