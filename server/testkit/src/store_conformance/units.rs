//! Units of work: all or nothing, one after another, and never in anyone's way.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
    time::Duration,
};

use openwa_model::{event::EventKind, id::Seq, store::EventFilter};

use super::{Database, fixtures::*};

pub(crate) async fn a_committed_unit_survives_reopening(database: &dyn Database) {
    let store = database.open().await;
    let id = add_session(&store, "kept").await;
    drop(store);
    let store = database.open().await;
    assert_eq!(store.view().await.unwrap().session(id).await.unwrap().unwrap().name, "kept");
}

pub(crate) async fn a_dropped_unit_leaves_nothing(database: &dyn Database) {
    let store = database.open().await;
    let session = session("gone", 0);
    let mut unit = store.begin().await.unwrap();
    unit.add_session(&session).await.unwrap();
    drop(unit);
    // The next unit begins after the dropped one was undone.
    let mut unit = store.begin().await.unwrap();
    assert_eq!(unit.session(session.id).await.unwrap(), None);
    unit.add_session(&session).await.unwrap();
    unit.commit().await.unwrap();
}

pub(crate) async fn a_unit_reads_what_it_wrote_and_others_do_not(database: &dyn Database) {
    let store = database.open().await;
    let session = session("new", 0);
    let mut unit = store.begin().await.unwrap();
    unit.add_session(&session).await.unwrap();
    assert!(unit.session(session.id).await.unwrap().is_some());
    let mut view = store.view().await.unwrap();
    assert!(view.session(session.id).await.unwrap().is_none());
    unit.commit().await.unwrap();
    assert!(view.session(session.id).await.unwrap().is_some());
}

pub(crate) async fn a_dropped_unit_between_kept_ones_is_undone_alone(database: &dyn Database) {
    let store = database.open().await;
    let id = add_session(&store, "s").await;
    let tasks = (0..60).map(|number| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut unit = store.begin().await.unwrap();
            unit.append_event(&event(id, EventKind::MessageSent, &number.to_string())).await.unwrap();
            if number % 3 != 0 {
                unit.commit().await.unwrap();
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let mut view = store.view().await.unwrap();
    let events = view.events_after(id, Seq(0), &EventFilter::default(), 100).await.unwrap();
    let mut numbers: Vec<i32> = events.iter().map(|it| it.event.idempotency_key.parse().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..60).filter(|it| it % 3 != 0).collect::<Vec<_>>());
    assert_eq!(events.iter().map(|it| it.seq.0).collect::<Vec<_>>(), (1..=40).collect::<Vec<_>>());
}

pub(crate) async fn many_units_at_once_all_land(database: &dyn Database) {
    let store = database.open().await;
    let id = add_session(&store, "s").await;
    let tasks = (0..200).map(|number| {
        let store = store.clone();
        tokio::spawn(async move { add_messages(&store, &[incoming(id, &number.to_string(), number)]).await })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let mut view = store.view().await.unwrap();
    assert_eq!(view.count_messages(id, &Default::default()).await.unwrap(), 200);
}

pub(crate) async fn units_follow_one_another(database: &dyn Database) {
    let store = database.open().await;
    let id = add_session(&store, "s").await;
    let mut first = store.begin().await.unwrap();
    first.append_event(&event(id, EventKind::MessageSent, "first")).await.unwrap();
    let second = tokio::spawn({
        let store = store.clone();
        async move {
            let mut second = store.begin().await.unwrap();
            let seen = second.last_seq(id).await.unwrap();
            second.append_event(&event(id, EventKind::MessageSent, "second")).await.unwrap();
            second.commit().await.unwrap();
            seen
        }
    });
    first.append_event(&event(id, EventKind::MessageSent, "first again")).await.unwrap();
    first.commit().await.unwrap();
    // Whichever of the two came first, the other one saw it whole.
    assert_eq!(second.await.unwrap(), Seq(2));
    assert_eq!(store.view().await.unwrap().last_seq(id).await.unwrap(), Seq(3));
}

/// Polls a future so many times and then drops it. True when it ended before.
async fn abandon_after<F: Future + Unpin>(mut future: F, polls: usize) -> bool {
    for _ in 0..polls {
        let ended = poll_fn(|context| Poll::Ready(Pin::new(&mut future).poll(context).is_ready())).await;
        if ended {
            return true;
        }
        // Lets whatever the future waits for get ahead, by a different amount each time.
        tokio::task::yield_now().await;
    }
    false
}

/// The writer still works, soon.
async fn still_writes(store: &std::sync::Arc<dyn openwa_model::store::Store>, name: &str) {
    tokio::time::timeout(Duration::from_secs(30), add_session(store, name)).await.expect("the writer is free");
}

pub(crate) async fn whoever_gives_up_waiting_blocks_nobody(database: &dyn Database) {
    let store = database.open().await;
    for polls in 0..20 {
        let held = store.begin().await.unwrap();
        abandon_after(store.begin(), polls).await;
        drop(held);
        abandon_after(store.begin(), polls).await;
        still_writes(&store, &format!("after {polls}")).await;
    }
}

pub(crate) async fn a_unit_dropped_in_the_middle_of_anything_blocks_nobody(database: &dyn Database) {
    let store = database.open().await;
    let id = add_session(&store, "s").await;
    for polls in 0..60 {
        let work = Box::pin(async {
            let mut unit = store.begin().await.unwrap();
            for _ in 0..3 {
                unit.append_event(&event(id, EventKind::MessageSent, "never")).await.unwrap();
            }
            std::future::pending::<()>().await;
        });
        abandon_after(work, polls).await;
        still_writes(&store, &format!("after {polls}")).await;
    }
    assert_eq!(store.view().await.unwrap().last_seq(id).await.unwrap(), Seq(0), "none of it was kept");
}

pub(crate) async fn an_abandoned_commit_blocks_nobody(database: &dyn Database) {
    let store = database.open().await;
    let id = add_session(&store, "s").await;
    for polls in 0..20 {
        let mut unit = store.begin().await.unwrap();
        unit.append_event(&event(id, EventKind::MessageSent, "perhaps")).await.unwrap();
        abandon_after(unit.commit(), polls).await;
        still_writes(&store, &format!("after {polls}")).await;
    }
    // Each of them landed whole or not at all.
    let mut view = store.view().await.unwrap();
    let last = view.last_seq(id).await.unwrap();
    let events = view.events_after(id, Seq(0), &EventFilter::default(), 100).await.unwrap();
    assert_eq!(events.iter().map(|it| it.seq.0).collect::<Vec<_>>(), (1..=last.0).collect::<Vec<_>>());
}

pub(crate) async fn a_kept_view_blocks_nobody(database: &dyn Database) {
    let store = database.open().await;
    let mut views = Vec::new();
    for _ in 0..50 {
        let mut view = store.view().await.unwrap();
        view.keys().await.unwrap();
        views.push(view);
    }
    still_writes(&store, "beside the views").await;
    for view in &mut views {
        assert_eq!(view.sessions(&Default::default(), ALL).await.unwrap().len(), 1);
    }
}

pub(crate) async fn the_database_answers(database: &dyn Database) {
    database.open().await.ping().await.unwrap();
}
