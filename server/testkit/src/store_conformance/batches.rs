//! Batches and their messages.

use openwa_model::{
    batch::{
        Batch, BatchContent, BatchError, BatchErrorCode, BatchMessageStatus, BatchOptions, BatchOutcome, BatchPlace,
        BatchProgress, BatchRequest, BatchSource, BatchStatus,
    },
    content::MessageKind,
    id::{BatchId, SessionId},
    store::{StoreError, Unit},
};
use uuid::Uuid;

use super::{Database, fixtures::*};

fn batch(session: SessionId, name: &str, second: i64) -> Batch {
    Batch {
        id: BatchId(Uuid::now_v7()),
        session,
        name: name.to_owned(),
        status: BatchStatus::Pending,
        options: BatchOptions { delay_ms: 3_000, is_delay_random: true, stops_on_error: false },
        created_at: at(second),
        started_at: None,
        completed_at: None,
        next_at: Some(at(second)),
    }
}

fn text(body: &str) -> BatchRequest {
    let content = BatchContent::Text { body: body.to_owned() };
    BatchRequest { content, mentions: vec![], mentions_everyone: false }
}

fn place(batch: &Batch, index: u32) -> BatchPlace {
    BatchPlace { batch: batch.id, index }
}

fn failed(message: &str) -> BatchOutcome {
    BatchOutcome::Failed(BatchError { code: BatchErrorCode::SendFailed, message: message.to_owned() })
}

/// Adds a batch with this many texts to Alice.
async fn add(unit: &mut dyn Unit, batch: &Batch, messages: u32) {
    unit.add_batch(batch).await.unwrap();
    for index in 0..messages {
        unit.add_batch_message(place(batch, index), &alice(), &text(&format!("text {index}"))).await.unwrap();
    }
}

async fn statuses(unit: &mut dyn Unit, batch: &Batch) -> Vec<BatchMessageStatus> {
    unit.batch_messages(batch.id, 0, 100).await.unwrap().into_iter().map(|it| it.status).collect()
}

pub(crate) async fn one_comes_back_as_it_was_stored(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let one = batch(session, "batch_1", 1);
    let content = BatchContent::Media {
        kind: MessageKind::Image,
        source: BatchSource::Base64("AAAA".to_owned()),
        mimetype: Some("image/png".to_owned()),
        filename: None,
        caption: Some("ä 🎉".to_owned()),
    };
    let picture = BatchRequest { content, mentions: vec![alice_lid()], mentions_everyone: true };
    let mut unit = store.begin().await.unwrap();
    unit.add_batch(&one).await.unwrap();
    unit.add_batch_message(place(&one, 0), &group(), &picture).await.unwrap();
    unit.add_batch_message(place(&one, 1), &alice(), &text("bye")).await.unwrap();
    unit.commit().await.unwrap();
    drop(store);
    let store = database.open().await;
    let mut view = store.view().await.unwrap();
    assert_eq!(view.batch(one.id).await.unwrap(), Some(one.clone()));
    assert_eq!(view.batch_named(session, "batch_1").await.unwrap(), Some(one.clone()));
    assert_eq!(view.batch_named(session, "Batch_1").await.unwrap(), None);
    let (message, request) = view.next_batch_message(one.id).await.unwrap().unwrap();
    assert_eq!((message.place, &message.chat, request), (place(&one, 0), &group(), picture));
    assert_eq!(view.batch_message(place(&one, 0)).await.unwrap(), Some(message));
    assert_eq!(view.batch_message(place(&one, 2)).await.unwrap(), None);
    let from_second = view.batch_messages(one.id, 1, 10).await.unwrap();
    assert_eq!(from_second.iter().map(|it| it.place.index).collect::<Vec<_>>(), [1]);
    assert_eq!(view.batch_messages(one.id, 0, 1).await.unwrap().len(), 1);
}

pub(crate) async fn a_taken_name_is_a_conflict_and_the_unit_goes_on(database: &dyn Database) {
    let store = database.open().await;
    let (session, other) = (add_session(&store, "s").await, add_session(&store, "t").await);
    let mut unit = store.begin().await.unwrap();
    unit.add_batch(&batch(session, "a", 1)).await.unwrap();
    let taken = unit.add_batch(&batch(session, "a", 2)).await;
    assert!(matches!(taken, Err(StoreError::Conflict(_))), "{taken:?}");
    unit.add_batch(&batch(other, "a", 3)).await.unwrap();
    unit.commit().await.unwrap();
    let mut view = store.view().await.unwrap();
    assert!(view.batch_named(other, "a").await.unwrap().is_some());
    assert_eq!(view.count_active_batches().await.unwrap(), 2);
}

pub(crate) async fn a_message_begins_once_and_only_while_its_batch_goes_on(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let one = batch(session, "a", 1);
    let mut unit = store.begin().await.unwrap();
    add(&mut *unit, &one, 3).await;
    assert!(unit.begin_batch_message(place(&one, 0), &id("A"), at(5)).await.unwrap());
    assert!(!unit.begin_batch_message(place(&one, 0), &id("B"), at(6)).await.unwrap());
    let begun = unit.begun_batch_messages(one.id, 10).await.unwrap();
    assert_eq!(begun.len(), 1);
    assert_eq!((begun[0].message.as_ref(), begun[0].begun_at), (Some(&id("A")), Some(at(5))));
    let (next, _) = unit.next_batch_message(one.id).await.unwrap().unwrap();
    assert_eq!(next.place.index, 1);
    assert!(unit.begin_batch_message(place(&one, 1), &id("C"), at(9)).await.unwrap());
    let now = unit.batch(one.id).await.unwrap().unwrap();
    assert_eq!((now.status, now.started_at), (BatchStatus::Processing, Some(at(5))));
    assert!(unit.end_batch(one.id, BatchStatus::Cancelled, at(10)).await.unwrap());
    assert!(!unit.begin_batch_message(place(&one, 2), &id("D"), at(11)).await.unwrap());
    let now = unit.batch(one.id).await.unwrap().unwrap();
    assert_eq!(now.status, BatchStatus::Cancelled);
}

pub(crate) async fn a_message_that_was_not_sent_waits_again(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let one = batch(session, "a", 1);
    let mut unit = store.begin().await.unwrap();
    add(&mut *unit, &one, 2).await;
    assert!(unit.begin_batch_message(place(&one, 0), &id("A"), at(5)).await.unwrap());
    unit.release_batch_message(place(&one, 0)).await.unwrap();
    let (next, request) = unit.next_batch_message(one.id).await.unwrap().unwrap();
    assert_eq!((next.place.index, next.message, next.begun_at), (0, None, None));
    assert_eq!(request, text("text 0"));
    // Where the batch is over meanwhile, nothing waits any more.
    assert!(unit.begin_batch_message(place(&one, 0), &id("B"), at(6)).await.unwrap());
    assert!(unit.end_batch(one.id, BatchStatus::Cancelled, at(7)).await.unwrap());
    unit.release_batch_message(place(&one, 0)).await.unwrap();
    assert_eq!(statuses(&mut *unit, &one).await, [BatchMessageStatus::Cancelled; 2]);
}

pub(crate) async fn a_message_ends_once_and_is_counted(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let one = batch(session, "a", 1);
    let mut unit = store.begin().await.unwrap();
    add(&mut *unit, &one, 4).await;
    assert!(unit.begin_batch_message(place(&one, 0), &id("A"), at(5)).await.unwrap());
    assert!(unit.settle_batch_message(place(&one, 0), &BatchOutcome::Sent(id("A"), at(6))).await.unwrap());
    assert!(!unit.settle_batch_message(place(&one, 0), &failed("late")).await.unwrap());
    // One that could not even be put together was never begun.
    assert!(unit.settle_batch_message(place(&one, 1), &failed("no such file")).await.unwrap());
    assert!(unit.begin_batch_message(place(&one, 2), &id("C"), at(7)).await.unwrap());
    let all = unit.batch_messages(one.id, 0, 10).await.unwrap();
    assert_eq!((all[0].status, all[0].sent_at, &all[0].error), (BatchMessageStatus::Sent, Some(at(6)), &None));
    let error = BatchError { code: BatchErrorCode::SendFailed, message: "no such file".to_owned() };
    assert_eq!((all[1].status, &all[1].message, &all[1].error), (BatchMessageStatus::Failed, &None, &Some(error)));
    let progress = BatchProgress { total: 4, sent: 1, failed: 1, pending: 2, cancelled: 0 };
    assert_eq!(unit.batch_progress(one.id).await.unwrap(), progress);
    let (next, _) = unit.next_batch_message(one.id).await.unwrap().unwrap();
    assert_eq!(next.place.index, 3);
}

pub(crate) async fn ending_cancels_what_waits_and_leaves_what_is_begun(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let one = batch(session, "a", 1);
    let mut unit = store.begin().await.unwrap();
    add(&mut *unit, &one, 3).await;
    assert!(unit.begin_batch_message(place(&one, 0), &id("A"), at(5)).await.unwrap());
    assert!(unit.end_batch(one.id, BatchStatus::Cancelled, at(6)).await.unwrap());
    let progress = BatchProgress { total: 3, sent: 0, failed: 0, pending: 1, cancelled: 2 };
    assert_eq!(unit.batch_progress(one.id).await.unwrap(), progress);
    assert_eq!(unit.next_batch_message(one.id).await.unwrap(), None);
    let ended = unit.batch(one.id).await.unwrap().unwrap();
    assert_eq!((ended.status, ended.completed_at), (BatchStatus::Cancelled, Some(at(6))));
    assert_eq!(ended.next_at, Some(at(6)), "somebody has to see how the first one ends");
    assert_eq!(unit.count_active_batches().await.unwrap(), 0);
    assert!(unit.settle_batch_message(place(&one, 0), &BatchOutcome::Sent(id("A"), at(7))).await.unwrap());
    // A second end changes nothing but that nothing is left to do.
    assert!(!unit.end_batch(one.id, BatchStatus::Completed, at(9)).await.unwrap());
    let ended = unit.batch(one.id).await.unwrap().unwrap();
    assert_eq!((ended.status, ended.completed_at, ended.next_at), (BatchStatus::Cancelled, Some(at(6)), None));
    assert_eq!(unit.sessions_with_batches().await.unwrap(), []);
}

pub(crate) async fn due_ones_are_found_by_session_and_time(database: &dyn Database) {
    let store = database.open().await;
    let (session, other) = (add_session(&store, "s").await, add_session(&store, "t").await);
    let (late, early) = (batch(session, "late", 5), batch(session, "early", 3));
    let (elsewhere, over) = (batch(other, "elsewhere", 1), batch(session, "over", 1));
    let mut unit = store.begin().await.unwrap();
    for it in [&late, &early, &elsewhere, &over] {
        unit.add_batch(it).await.unwrap();
    }
    assert!(unit.end_batch(over.id, BatchStatus::Completed, at(2)).await.unwrap());
    let names = |found: Vec<Batch>| found.into_iter().map(|it| it.name).collect::<Vec<_>>();
    assert_eq!(names(unit.due_batches(&[session], at(10), 10).await.unwrap()), ["early", "late"]);
    assert_eq!(names(unit.due_batches(&[session, other], at(10), 2).await.unwrap()), ["elsewhere", "early"]);
    assert_eq!(names(unit.due_batches(&[session], at(4), 10).await.unwrap()), ["early"]);
    assert_eq!(unit.due_batches(&[], at(10), 10).await.unwrap(), []);
    assert_eq!(unit.next_batch_due(&[session], at(3)).await.unwrap(), Some(at(5)));
    assert_eq!(unit.next_batch_due(&[session], at(5)).await.unwrap(), None);
    unit.postpone_batch(early.id, at(8)).await.unwrap();
    assert_eq!(names(unit.due_batches(&[session], at(10), 10).await.unwrap()), ["late", "early"]);
    let mut sessions = [session, other];
    sessions.sort_by_key(ToString::to_string);
    assert_eq!(unit.sessions_with_batches().await.unwrap(), sessions);
}

pub(crate) async fn old_ones_are_forgotten(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let (first, second) = (batch(session, "first", 1), batch(session, "second", 2));
    let (young, open) = (batch(session, "young", 3), batch(session, "open", 1));
    let mut unit = store.begin().await.unwrap();
    for it in [&first, &second, &young, &open] {
        add(&mut *unit, it, 1).await;
    }
    for (it, second) in [(&first, 4), (&second, 5), (&young, 9)] {
        assert!(unit.end_batch(it.id, BatchStatus::Completed, at(second)).await.unwrap());
    }
    assert_eq!(unit.expire_batches(at(9), 1).await.unwrap(), 1);
    assert_eq!(unit.batch(first.id).await.unwrap(), None);
    assert_eq!(unit.batch_messages(first.id, 0, 10).await.unwrap(), []);
    assert_eq!(unit.expire_batches(at(9), 10).await.unwrap(), 1);
    assert_eq!(unit.expire_batches(at(9), 10).await.unwrap(), 0);
    for it in [young, open] {
        assert!(unit.batch(it.id).await.unwrap().is_some(), "{}", it.name);
    }
}

pub(crate) async fn deletion_takes_their_messages(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let one = batch(session, "a", 1);
    let mut unit = store.begin().await.unwrap();
    add(&mut *unit, &one, 2).await;
    assert!(unit.delete_session(session).await.unwrap());
    assert_eq!(unit.batch(one.id).await.unwrap(), None);
    assert_eq!(unit.batch_messages(one.id, 0, 10).await.unwrap(), []);
}
