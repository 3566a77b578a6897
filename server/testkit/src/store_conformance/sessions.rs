//! Sessions.

use openwa_model::{
    chat::ChatTouch,
    contact::ContactSeen,
    content::MessageKind,
    event::EventKind,
    id::{Position, Seq, SessionId},
    jid::Jid,
    login::Account,
    message::{DeliveryStatus, Reaction},
    session::{Restriction, SessionConfig, Status},
    store::{EventFilter, Page, SessionFilter, StoreError},
    vault::VaultChange,
};
use std::time::Duration;
use uuid::Uuid;

use super::{Database, fixtures::*};

pub(crate) async fn one_comes_back_as_it_was_stored(database: &dyn Database) {
    let store = database.open().await;
    let plain = session("plain", 0);
    let mut full = session("full ∅ '\"", 1);
    full.wanted = true;
    full.status = Status::ActionRequired;
    full.last_error = Some("link again".to_owned());
    full.account = Some(Account { phone: alice(), lid: Some(alice_lid()), push_name: Some("Alice".to_owned()) });
    full.config =
        SessionConfig { auto_reject_calls: true, max_reconnect_attempts: Some(3), reconnect_base_delay_ms: Some(100) };
    full.proxy = Some("socks5://user:secret@127.0.0.1:1080".to_owned());
    full.restriction = Some(Restriction { kind: "tos_block".to_owned(), code: 463, expires_at: Some(at(9)) });
    full.connected_at = Some(at(2));
    full.last_active = Some(at(3));
    let mut unit = store.begin().await.unwrap();
    for session in [&plain, &full] {
        unit.add_session(session).await.unwrap();
    }
    unit.commit().await.unwrap();
    drop(store);
    let store = database.open().await;
    let mut view = store.view().await.unwrap();
    for session in [plain, full] {
        assert_eq!(view.session(session.id).await.unwrap(), Some(session));
    }
}

pub(crate) async fn a_taken_name_is_a_conflict_and_the_unit_goes_on(database: &dyn Database) {
    let store = database.open().await;
    add_session(&store, "taken").await;
    let mut unit = store.begin().await.unwrap();
    let refused = unit.add_session(&session("taken", 1)).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    unit.add_session(&session("free", 1)).await.unwrap();
    unit.commit().await.unwrap();
    let mut names: Vec<String> = Vec::new();
    for session in store.view().await.unwrap().sessions(&SessionFilter::default(), ALL).await.unwrap() {
        names.push(session.name);
    }
    assert_eq!(names, ["free", "taken"]);
}

pub(crate) async fn saving_replaces_all_but_lease_and_log(database: &dyn Database) {
    let store = database.open().await;
    let mut changed = session("before", 0);
    changed.proxy = Some("http://127.0.0.1:8080".to_owned());
    let mut unit = store.begin().await.unwrap();
    unit.add_session(&changed).await.unwrap();
    let lease = unit.acquire_lease(changed.id, "node", at(0), Duration::from_secs(60)).await.unwrap().unwrap();
    unit.append_event(&event(changed.id, EventKind::SessionStatus, "1")).await.unwrap();
    changed.name = "after".to_owned();
    changed.status = Status::Ready;
    changed.wanted = true;
    changed.proxy = None;
    changed.updated_at = at(7);
    assert!(unit.save_session(&changed).await.unwrap());
    unit.commit().await.unwrap();
    let mut unit = store.begin().await.unwrap();
    assert_eq!(unit.session(changed.id).await.unwrap(), Some(changed.clone()));
    unit.check_lease(&lease).await.unwrap();
    assert_eq!(unit.append_event(&event(changed.id, EventKind::SessionStatus, "2")).await.unwrap(), Seq(2));
}

pub(crate) async fn renaming_to_a_taken_name_is_a_conflict(database: &dyn Database) {
    let store = database.open().await;
    add_session(&store, "taken").await;
    let mut other = session("other", 1);
    let mut unit = store.begin().await.unwrap();
    unit.add_session(&other).await.unwrap();
    unit.commit().await.unwrap();
    other.name = "taken".to_owned();
    let mut unit = store.begin().await.unwrap();
    let refused = unit.save_session(&other).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    drop(unit);
    assert_eq!(store.view().await.unwrap().session(other.id).await.unwrap().unwrap().name, "other");
}

pub(crate) async fn what_is_not_there_is_said_not_to_be(database: &dyn Database) {
    let store = database.open().await;
    let missing = session("missing", 0);
    let mut unit = store.begin().await.unwrap();
    assert_eq!(unit.session(missing.id).await.unwrap(), None);
    assert!(!unit.save_session(&missing).await.unwrap());
    assert!(!unit.delete_session(missing.id).await.unwrap());
    assert_eq!(unit.last_seq(missing.id).await.unwrap(), Seq(0));
}

pub(crate) async fn they_are_listed_newest_first_by_filter_and_page(database: &dyn Database) {
    let store = database.open().await;
    let rows = [session("a", 1), session("b", 2), session("c", 3)];
    let mut unit = store.begin().await.unwrap();
    for row in &rows {
        unit.add_session(row).await.unwrap();
    }
    unit.commit().await.unwrap();
    let mut view = store.view().await.unwrap();
    let some = Some(vec![rows[0].id, rows[2].id, SessionId(Uuid::new_v4())]);
    for (name, among, page, expected) in [
        (None, None, ALL, vec!["c", "b", "a"]),
        (Some("b"), None, ALL, vec!["b"]),
        (Some("B"), None, ALL, vec![]),
        (None, some.clone(), ALL, vec!["c", "a"]),
        (Some("b"), some, ALL, vec![]),
        (None, Some(vec![]), ALL, vec![]),
        (None, None, Page { limit: 1, offset: 1 }, vec!["b"]),
        (None, None, Page { limit: 2, offset: 2 }, vec!["a"]),
    ] {
        let filter = SessionFilter { name: name.map(str::to_owned), among };
        let found = view.sessions(&filter, page).await.unwrap();
        let names: Vec<&str> = found.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, expected, "{filter:?} {page:?}");
    }
}

pub(crate) async fn those_wanted_come_oldest_first(database: &dyn Database) {
    let store = database.open().await;
    let mut unit = store.begin().await.unwrap();
    for (name, second, wanted) in [("late", 3, true), ("off", 2, false), ("early", 1, true)] {
        let mut row = session(name, second);
        row.wanted = wanted;
        unit.add_session(&row).await.unwrap();
    }
    unit.commit().await.unwrap();
    let wanted = store.view().await.unwrap().sessions_wanted().await.unwrap();
    assert_eq!(wanted.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["early", "late"]);
}

pub(crate) async fn deletion_takes_all_that_is_its_own(database: &dyn Database) {
    let store = database.open().await;
    let (gone, stays) = (add_session(&store, "gone").await, add_session(&store, "stays").await);
    for session in [gone, stays] {
        fill(&store, session).await;
    }
    let mut unit = store.begin().await.unwrap();
    assert!(unit.delete_session(gone).await.unwrap());
    unit.commit().await.unwrap();

    assert_eq!(left_of(&store, gone).await, [0; 10]);
    assert_eq!(left_of(&store, stays).await, [1; 10]);
    let mut unit = store.begin().await.unwrap();
    let claimed = unit.claim_deliveries(at(1), Duration::from_secs(60), 10, 10, &[]).await.unwrap();
    assert_eq!(claimed.iter().map(|it| it.session).collect::<Vec<_>>(), [stays]);
    drop(unit);
    // The same name is free, and nothing of the one before is under it.
    let again = add_session(&store, "gone").await;
    assert_eq!(left_of(&store, again).await, [0; 10]);
}

async fn fill(store: &std::sync::Arc<dyn openwa_model::store::Store>, session: SessionId) {
    let webhook = add_webhook(store, session).await;
    let put = VaultChange::Put { space: "keys", key: "k".to_owned(), value: vec![1], stamp: 0 };
    store.vault(session).apply(vec![put]).await.unwrap();
    let mut unit = store.begin().await.unwrap();
    let body = "x".to_owned();
    let touch = ChatTouch { id: alice(), name: None, at: at(1), body, kind: MessageKind::Text, unread: 1 };
    unit.touch_chat(session, &touch).await.unwrap();
    let seen = ContactSeen { phone: Some(alice()), ..ContactSeen::default() };
    unit.learn_contact(session, &seen).await.unwrap();
    unit.add_message(&incoming(session, "m", 1)).await.unwrap();
    unit.add_receipt(session, &alice(), &id("m"), &alice(), DeliveryStatus::Read, at(1)).await.unwrap();
    unit.set_reaction(session, &reaction(&alice())).await.unwrap();
    unit.append_event(&event(session, EventKind::MessageReceived, "e")).await.unwrap();
    unit.sequence_events(10).await.unwrap();
    unit.add_delivery(&delivery(&webhook, 1, "lane")).await.unwrap();
    unit.add_idempotent_request(&super::idempotency::request(session, "key")).await.unwrap();
    unit.commit().await.unwrap();
}

fn reaction(sender: &Jid) -> Reaction {
    Reaction { chat: alice(), target: id("m"), sender: sender.clone(), emoji: "👍".to_owned(), timestamp: at(1) }
}

/// How many rows of each sort a session has.
async fn left_of(store: &std::sync::Arc<dyn openwa_model::store::Store>, session: SessionId) -> [usize; 10] {
    let mut view = store.view().await.unwrap();
    let filter = EventFilter { sessions: Some(vec![session]), kinds: None };
    [
        usize::try_from(store.vault(session).count("keys").await.unwrap()).unwrap(),
        view.chats(session, ALL).await.unwrap().len(),
        usize::from(view.contact(session, &alice()).await.unwrap().is_some()),
        view.messages(session, &Default::default(), ALL).await.unwrap().len(),
        view.receipts(session, &alice(), &id("m")).await.unwrap().len(),
        view.reactions(session, &alice(), &id("m")).await.unwrap().len(),
        view.events_after(session, Seq(0), &EventFilter::default(), 10).await.unwrap().len(),
        view.events_since(Position(0), &filter, 10).await.unwrap().len(),
        view.webhooks(session).await.unwrap().len(),
        usize::from(view.idempotent_request(session.into(), "key", at(1)).await.unwrap().is_some()),
    ]
}
