//! What the phone is asked about the past.

use openwa_model::{
    id::SessionId,
    jid::Jid,
    sync::{HistorySync, SyncChat, SyncCursor, SyncProgress},
};

use super::{Database, fixtures::*};

fn chat(session: SessionId, chat: Jid, attempts: u32, due: Option<i64>) -> SyncChat {
    SyncChat { session, chat, wanted: 100, until: None, before: None, attempts, due_at: due.map(at) }
}

pub(crate) async fn how_it_stands_comes_back_as_it_was_stored(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let sync = HistorySync {
        seen_at: Some(at(1)),
        gap_since: Some(at(2)),
        run: 3,
        started_at: Some(at(4)),
        ended_at: Some(at(5)),
        room: 600,
        stored: 7,
        last_error: Some("ä 🎉".to_owned()),
        ..HistorySync::of(session)
    };
    let cursor = SyncCursor { id: id("A"), sender: alice(), from_me: false, sent_at: at(8) };
    let asked = SyncChat { until: Some(at(9)), before: Some(cursor), ..chat(session, group(), 2, Some(10)) };
    let mut unit = store.begin().await.unwrap();
    assert_eq!(unit.history_sync(session).await.unwrap(), None);
    unit.save_history_sync(&HistorySync::of(session)).await.unwrap();
    assert_eq!(unit.history_sync(session).await.unwrap(), Some(HistorySync::of(session)));
    unit.save_history_sync(&sync).await.unwrap();
    unit.save_sync_chat(&chat(session, group(), 0, None)).await.unwrap();
    unit.save_sync_chat(&asked).await.unwrap();
    unit.commit().await.unwrap();
    drop(store);
    let store = database.open().await;
    let mut view = store.view().await.unwrap();
    assert_eq!(view.history_sync(session).await.unwrap(), Some(sync));
    assert_eq!(view.sync_chat(session, &group()).await.unwrap(), Some(asked));
    assert_eq!(view.sync_chat(session, &alice()).await.unwrap(), None);
}

pub(crate) async fn chats_are_asked_about_in_turn(database: &dyn Database) {
    let store = database.open().await;
    let (session, other) = (add_session(&store, "s").await, add_session(&store, "t").await);
    let mut unit = store.begin().await.unwrap();
    for it in [
        chat(session, alice(), 1, Some(1)),
        chat(session, group(), 0, Some(3)),
        chat(session, me(), 0, Some(2)),
        chat(session, alice_lid(), 0, None),
        chat(other, alice(), 0, Some(9)),
    ] {
        unit.save_sync_chat(&it).await.unwrap();
    }
    for expected in [me(), group(), alice()] {
        let next = unit.next_sync_chat(session, at(5)).await.unwrap().unwrap();
        assert_eq!(next.chat, expected);
        unit.save_sync_chat(&SyncChat { due_at: None, ..next }).await.unwrap();
    }
    assert_eq!(unit.next_sync_chat(session, at(5)).await.unwrap(), None);
    assert_eq!(unit.sessions_to_sync().await.unwrap(), [other]);
    assert_eq!(unit.due_syncs(&[session, other], at(8)).await.unwrap(), []);
    assert_eq!(unit.due_syncs(&[session, other], at(9)).await.unwrap(), [other]);
    assert_eq!(unit.due_syncs(&[session], at(9)).await.unwrap(), []);
    // A gap is something to do as well, whatever the time.
    let gap = HistorySync { gap_since: Some(at(4)), ..HistorySync::of(session) };
    unit.save_history_sync(&gap).await.unwrap();
    assert_eq!(unit.due_syncs(&[session, other], at(5)).await.unwrap(), [session]);
    let mut both = [session, other];
    both.sort_by_key(ToString::to_string);
    assert_eq!(unit.sessions_to_sync().await.unwrap(), both);
}

pub(crate) async fn a_run_is_counted_and_ended(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    assert_eq!(unit.sync_progress(session).await.unwrap(), SyncProgress::default());
    for it in [chat(session, alice(), 0, Some(1)), chat(session, group(), 0, Some(7)), chat(session, me(), 0, None)] {
        unit.save_sync_chat(&it).await.unwrap();
    }
    let counted = |done, left, next: Option<i64>| SyncProgress { done, left, next_at: next.map(at) };
    assert_eq!(unit.sync_progress(session).await.unwrap(), counted(1, 2, Some(1)));
    unit.postpone_sync(session, at(5)).await.unwrap();
    assert_eq!(unit.sync_progress(session).await.unwrap(), counted(1, 2, Some(5)));
    assert_eq!(unit.sync_chat(session, &group()).await.unwrap().unwrap().due_at, Some(at(7)));
    unit.forget_done_sync_chats(session).await.unwrap();
    assert_eq!(unit.sync_progress(session).await.unwrap(), counted(0, 2, Some(5)));
    unit.end_sync_chats(session).await.unwrap();
    assert_eq!(unit.sync_progress(session).await.unwrap(), counted(2, 0, None));
}

pub(crate) async fn links_that_are_up_are_noted(database: &dyn Database) {
    let store = database.open().await;
    let (session, other) = (add_session(&store, "s").await, add_session(&store, "t").await);
    let unknown = add_session(&store, "u").await;
    let mut unit = store.begin().await.unwrap();
    for it in [session, other] {
        unit.save_history_sync(&HistorySync { seen_at: Some(at(1)), run: 2, ..HistorySync::of(it) }).await.unwrap();
    }
    unit.note_links_up(&[session, unknown], at(60)).await.unwrap();
    let noted = unit.history_sync(session).await.unwrap().unwrap();
    assert_eq!((noted.seen_at, noted.run), (Some(at(60)), 2));
    assert_eq!(unit.history_sync(other).await.unwrap().unwrap().seen_at, Some(at(1)));
    assert_eq!(unit.history_sync(unknown).await.unwrap(), None);
}

pub(crate) async fn a_new_link_forgets_all_of_it(database: &dyn Database) {
    let store = database.open().await;
    let (session, other) = (add_session(&store, "s").await, add_session(&store, "t").await);
    let mut unit = store.begin().await.unwrap();
    for it in [session, other] {
        unit.save_history_sync(&HistorySync::of(it)).await.unwrap();
        unit.save_sync_chat(&chat(it, alice(), 0, Some(1))).await.unwrap();
    }
    unit.forget_history_sync(session).await.unwrap();
    assert_eq!(unit.history_sync(session).await.unwrap(), None);
    assert_eq!(unit.sync_chat(session, &alice()).await.unwrap(), None);
    assert!(unit.history_sync(other).await.unwrap().is_some());
    assert!(unit.sync_chat(other, &alice()).await.unwrap().is_some());
}

pub(crate) async fn deletion_of_the_session_takes_them(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    unit.save_history_sync(&HistorySync::of(session)).await.unwrap();
    unit.save_sync_chat(&chat(session, alice(), 0, Some(1))).await.unwrap();
    assert!(unit.delete_session(session).await.unwrap());
    assert_eq!(unit.history_sync(session).await.unwrap(), None);
    assert_eq!(unit.sync_chat(session, &alice()).await.unwrap(), None);
}
