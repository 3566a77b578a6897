//! Requests that must take effect once.

use openwa_model::{
    id::SessionId,
    idempotency::{IdempotentRequest, StoredAnswer},
    store::StoreError,
};

use super::{Database, fixtures::*};

/// Came in at second 0, expires at second 100.
pub(crate) fn request(session: SessionId, key: &str) -> IdempotentRequest {
    IdempotentRequest {
        session,
        key: key.to_owned(),
        fingerprint: "f".to_owned(),
        message: Some(id("m")),
        answer: None,
        created_at: at(0),
        expires_at: at(100),
    }
}

pub(crate) async fn one_comes_back_as_it_was_stored(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let open = request(session, "open");
    let answered = IdempotentRequest {
        message: None,
        answer: Some(StoredAnswer { status: 201, body: vec![0, 255] }),
        ..request(session, "answered ' \u{1F600}")
    };
    let mut unit = store.begin().await.unwrap();
    for request in [&open, &answered] {
        unit.add_idempotent_request(request).await.unwrap();
    }
    unit.commit().await.unwrap();
    drop(store);
    let store = database.open().await;
    let mut view = store.view().await.unwrap();
    for request in [open, answered] {
        assert_eq!(view.idempotent_request(session, &request.key, at(1)).await.unwrap(), Some(request));
    }
    assert_eq!(view.idempotent_request(session, "none", at(1)).await.unwrap(), None);
}

pub(crate) async fn an_unexpired_key_is_a_conflict(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let first = request(session, "k");
    let mut unit = store.begin().await.unwrap();
    unit.add_idempotent_request(&first).await.unwrap();
    unit.commit().await.unwrap();
    let again =
        IdempotentRequest { fingerprint: "g".to_owned(), created_at: at(99), expires_at: at(199), ..first.clone() };
    let mut unit = store.begin().await.unwrap();
    let refused = unit.add_idempotent_request(&again).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    // The unit goes on, and what was there is untouched.
    assert_eq!(unit.idempotent_request(session, "k", at(99)).await.unwrap(), Some(first));
    unit.commit().await.unwrap();
}

pub(crate) async fn an_expired_key_is_free_again(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    unit.add_idempotent_request(&request(session, "k")).await.unwrap();
    unit.answer_idempotent_request(session, "k", 201, b"old").await.unwrap();
    assert!(unit.idempotent_request(session, "k", at(99)).await.unwrap().is_some());
    assert_eq!(unit.idempotent_request(session, "k", at(100)).await.unwrap(), None);
    let next = IdempotentRequest {
        fingerprint: "g".to_owned(),
        message: None,
        created_at: at(100),
        expires_at: at(200),
        ..request(session, "k")
    };
    unit.add_idempotent_request(&next).await.unwrap();
    assert_eq!(unit.idempotent_request(session, "k", at(101)).await.unwrap(), Some(next.clone()), "without the answer");
    unit.expire_idempotent_requests(at(150)).await.unwrap();
    assert_eq!(unit.idempotent_request(session, "k", at(101)).await.unwrap(), Some(next));
    unit.expire_idempotent_requests(at(200)).await.unwrap();
    assert_eq!(unit.idempotent_request(session, "k", at(101)).await.unwrap(), None, "forgotten");
}

pub(crate) async fn an_answer_is_kept(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    unit.add_idempotent_request(&request(session, "k")).await.unwrap();
    unit.answer_idempotent_request(session, "k", 201, b"{}").await.unwrap();
    unit.answer_idempotent_request(session, "none", 201, b"{}").await.unwrap();
    let found = unit.idempotent_request(session, "k", at(1)).await.unwrap().unwrap();
    assert_eq!(found.answer, Some(StoredAnswer { status: 201, body: b"{}".to_vec() }));
    assert_eq!(unit.idempotent_request(session, "none", at(1)).await.unwrap(), None);
}

pub(crate) async fn a_freed_key_is_free(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    for _ in 0..2 {
        unit.add_idempotent_request(&request(session, "k")).await.unwrap();
        unit.delete_idempotent_request(session, "k").await.unwrap();
        unit.delete_idempotent_request(session, "k").await.unwrap();
        assert_eq!(unit.idempotent_request(session, "k", at(1)).await.unwrap(), None);
    }
}

pub(crate) async fn keys_belong_to_sessions(database: &dyn Database) {
    let store = database.open().await;
    let (a, b) = (add_session(&store, "a").await, add_session(&store, "b").await);
    let mut unit = store.begin().await.unwrap();
    for session in [a, b] {
        unit.add_idempotent_request(&request(session, "k")).await.unwrap();
    }
    unit.delete_idempotent_request(a, "k").await.unwrap();
    assert!(unit.idempotent_request(b, "k", at(1)).await.unwrap().is_some());
}
