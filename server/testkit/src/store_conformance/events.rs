//! The log.

use openwa_model::{
    event::{Event, EventKind, NewEvent},
    id::{Position, Seq},
    store::EventFilter,
};
use serde_json::json;

use super::{Database, fixtures::*};

const ANY: EventFilter = EventFilter { sessions: None, kinds: None };

fn seqs(events: &[Event]) -> Vec<i64> {
    events.iter().map(|it| it.seq.0).collect()
}

fn positions(events: &[Event]) -> Vec<i64> {
    events.iter().map(|it| it.position.map_or(0, |it| it.0)).collect()
}

pub(crate) async fn numbers_are_gapless_from_one(database: &dyn Database) {
    let store = database.open().await;
    let (a, b) = (add_session(&store, "a").await, add_session(&store, "b").await);
    let mut unit = store.begin().await.unwrap();
    assert_eq!(unit.last_seq(a).await.unwrap(), Seq(0));
    for (session, seq) in [(a, 1), (b, 1), (a, 2), (a, 3)] {
        assert_eq!(unit.append_event(&event(session, EventKind::MessageSent, "k")).await.unwrap(), Seq(seq));
    }
    unit.commit().await.unwrap();
    drop(store);
    let store = database.open().await;
    let mut unit = store.begin().await.unwrap();
    assert_eq!(unit.append_event(&event(a, EventKind::MessageSent, "k")).await.unwrap(), Seq(4));
    assert_eq!(unit.last_seq(a).await.unwrap(), Seq(4));
    assert_eq!(unit.last_seq(b).await.unwrap(), Seq(1));
}

pub(crate) async fn a_dropped_unit_leaves_no_gap(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    for (keep, seq) in [(true, 1), (false, 2), (false, 2), (true, 2)] {
        let mut unit = store.begin().await.unwrap();
        assert_eq!(unit.append_event(&event(session, EventKind::MessageSent, "k")).await.unwrap(), Seq(seq));
        if keep {
            unit.commit().await.unwrap();
        }
    }
    assert_eq!(seqs(&store.view().await.unwrap().events_after(session, Seq(0), &ANY, 9).await.unwrap()), [1, 2]);
}

pub(crate) async fn concurrent_units_leave_no_gap(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let tasks = (0..100).map(|number| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut unit = store.begin().await.unwrap();
            let seq = unit.append_event(&event(session, EventKind::MessageSent, &number.to_string())).await.unwrap();
            unit.commit().await.unwrap();
            seq.0
        })
    });
    let mut given = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        given.push(task.await.unwrap());
    }
    given.sort_unstable();
    assert_eq!(given, (1..=100).collect::<Vec<_>>());
}

pub(crate) async fn one_comes_back_as_it_was_appended(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let data = json!({ "text": "\u{1F600} \0 '", "list": [1, null, true], "deep": { "number": -1.5 } });
    let full = NewEvent { data, ..event(session, EventKind::MessageReaction, "full") };
    let bare = NewEvent { chat: None, data: json!(null), ..event(session, EventKind::SessionStatus, "bare") };
    let mut unit = store.begin().await.unwrap();
    for event in [&full, &bare] {
        unit.append_event(event).await.unwrap();
    }
    unit.commit().await.unwrap();
    let found = store.view().await.unwrap().events_after(session, Seq(0), &ANY, 9).await.unwrap();
    let expected =
        [Event { seq: Seq(1), position: None, event: full }, Event { seq: Seq(2), position: None, event: bare }];
    assert_eq!(found, expected);
}

pub(crate) async fn kinds_and_limits_narrow_a_log(database: &dyn Database) {
    let store = database.open().await;
    let (session, other) = (add_session(&store, "s").await, add_session(&store, "other").await);
    let mut unit = store.begin().await.unwrap();
    for kind in [EventKind::MessageSent, EventKind::MessageAck, EventKind::MessageSent, EventKind::CallReceived] {
        unit.append_event(&event(session, kind, "k")).await.unwrap();
    }
    let only = |kinds: &[EventKind]| EventFilter { sessions: None, kinds: Some(kinds.to_vec()) };
    let of = |sessions: &[_]| EventFilter { sessions: Some(sessions.to_vec()), kinds: None };
    for (after, filter, limit, expected) in [
        (0, ANY, 9, vec![1, 2, 3, 4]),
        (2, ANY, 9, vec![3, 4]),
        (0, ANY, 2, vec![1, 2]),
        (4, ANY, 9, vec![]),
        (0, only(&[EventKind::MessageSent]), 9, vec![1, 3]),
        (1, only(&[EventKind::MessageSent, EventKind::CallReceived]), 1, vec![3]),
        (0, only(&[]), 9, vec![]),
        (0, of(&[session]), 1, vec![1]),
        (0, of(&[other]), 9, vec![]),
    ] {
        let found = unit.events_after(session, Seq(after), &filter, limit).await.unwrap();
        assert_eq!(seqs(&found), expected, "{after} {filter:?} {limit}");
    }
}

pub(crate) async fn positions_are_given_in_order_and_once(database: &dyn Database) {
    let store = database.open().await;
    let (a, b) = (add_session(&store, "a").await, add_session(&store, "b").await);
    let mut unit = store.begin().await.unwrap();
    assert_eq!(unit.last_position().await.unwrap(), Position(0));
    assert_eq!(unit.sequence_events(10).await.unwrap(), []);
    for (session, key) in [(a, "a1"), (a, "a2"), (b, "b1"), (a, "a3")] {
        unit.append_event(&event(session, EventKind::MessageSent, key)).await.unwrap();
    }
    let first = unit.sequence_events(3).await.unwrap();
    assert_eq!(positions(&first), [1, 2, 3]);
    unit.commit().await.unwrap();
    let mut unit = store.begin().await.unwrap();
    unit.append_event(&event(b, EventKind::MessageSent, "b2")).await.unwrap();
    let second = unit.sequence_events(10).await.unwrap();
    assert_eq!(positions(&second), [4, 5]);
    assert_eq!(unit.sequence_events(10).await.unwrap(), []);
    assert_eq!(unit.last_position().await.unwrap(), Position(5));
    let all: Vec<Event> = first.into_iter().chain(second).collect();
    for session in [a, b] {
        let of: Vec<Event> = all.iter().filter(|it| it.event.session == session).cloned().collect();
        assert_eq!(seqs(&of), (1..=of.len() as i64).collect::<Vec<_>>(), "in order per session");
        assert_eq!(unit.events_after(session, Seq(0), &ANY, 9).await.unwrap(), of);
    }
}

pub(crate) async fn a_busy_log_does_not_starve_another(database: &dyn Database) {
    let store = database.open().await;
    let (one, two) = (add_session(&store, "one").await, add_session(&store, "two").await);
    // Whichever of the two ids is the smaller one, neither may always go first.
    for (busy, quiet) in [(one, two), (two, one)] {
        let mut unit = store.begin().await.unwrap();
        for _ in 0..10 {
            unit.append_event(&event(busy, EventKind::MessageSent, "busy")).await.unwrap();
        }
        unit.append_event(&event(quiet, EventKind::MessageSent, "quiet")).await.unwrap();
        let mut waited = 0;
        loop {
            let batch = unit.sequence_events(5).await.unwrap();
            if batch.iter().any(|it| it.event.session == quiet) {
                break;
            }
            waited += 1;
            assert!(waited < 4, "the quiet session waits behind what came after it");
            for _ in 0..5 {
                unit.append_event(&event(busy, EventKind::MessageSent, "busy")).await.unwrap();
            }
        }
        while !unit.sequence_events(100).await.unwrap().is_empty() {}
    }
}

pub(crate) async fn the_deployments_log_is_read_by_position(database: &dyn Database) {
    let store = database.open().await;
    let (a, b) = (add_session(&store, "a").await, add_session(&store, "b").await);
    let mut unit = store.begin().await.unwrap();
    for (session, kind) in [
        (a, EventKind::MessageSent),
        (b, EventKind::MessageSent),
        (a, EventKind::MessageAck),
        (a, EventKind::MessageSent),
    ] {
        unit.append_event(&event(session, kind, "k")).await.unwrap();
    }
    unit.sequence_events(3).await.unwrap();
    unit.commit().await.unwrap();
    let mut view = store.view().await.unwrap();
    let only = |kind| EventFilter { sessions: None, kinds: Some(vec![kind]) };
    let of = |sessions: &[_]| EventFilter { sessions: Some(sessions.to_vec()), kinds: None };
    for (after, filter, limit, expected) in [
        (0, ANY, 9, vec![1, 2, 3]),
        (1, ANY, 9, vec![2, 3]),
        (0, ANY, 2, vec![1, 2]),
        (0, only(EventKind::MessageAck), 9, vec![3]),
        (0, of(&[b]), 9, vec![2]),
        (1, of(&[a, b]), 1, vec![2]),
        (0, of(&[]), 9, vec![]),
    ] {
        let found = view.events_since(Position(after), &filter, limit).await.unwrap();
        assert_eq!(positions(&found), expected, "{after} {filter:?} {limit}");
    }
}

pub(crate) async fn positions_are_never_given_again(database: &dyn Database) {
    let store = database.open().await;
    let (gone, stays) = (add_session(&store, "gone").await, add_session(&store, "stays").await);
    let mut unit = store.begin().await.unwrap();
    unit.append_event(&event(gone, EventKind::MessageSent, "k")).await.unwrap();
    unit.sequence_events(9).await.unwrap();
    unit.delete_session(gone).await.unwrap();
    unit.append_event(&event(stays, EventKind::MessageSent, "k")).await.unwrap();
    assert_eq!(positions(&unit.sequence_events(9).await.unwrap()), [2], "a reader at 1 must not miss it");
}

pub(crate) async fn a_stretch_of_time_is_found(database: &dyn Database) {
    let store = database.open().await;
    let (session, other) = (add_session(&store, "a").await, add_session(&store, "b").await);
    let mut unit = store.begin().await.unwrap();
    // The third was learned of late.
    for (session, second) in [(session, 10), (session, 20), (session, 5), (session, 30), (other, 40)] {
        let key = second.to_string();
        let event = NewEvent { occurred_at: at(second), ..event(session, EventKind::MessageReceived, &key) };
        unit.append_event(&event).await.unwrap();
    }
    let found = [
        (None, None, Some((1, 4))),
        (Some(20), None, Some((2, 4))),
        (None, Some(30), Some((1, 3))),
        (Some(11), Some(30), Some((2, 3))),
        (Some(30), Some(31), Some((4, 4))),
        (Some(31), None, None),
        (None, Some(5), None),
    ];
    for (from, until, expected) in found {
        let range = unit.seqs_between(session, from.map(at), until.map(at)).await.unwrap();
        assert_eq!(range.map(|(first, last)| (first.0, last.0)), expected, "{from:?} {until:?}");
    }
}
