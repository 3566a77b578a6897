//! Requests that must take effect once.

use openwa_model::{
    id::{KeyId, SessionId},
    idempotency::{IdempotentRequest, KeyOwner, StoredAnswer},
    store::StoreError,
};

use uuid::Uuid;

use super::{Database, fixtures::*};

/// Came in at second 0, expires at second 100.
pub(crate) fn request(session: SessionId, key: &str) -> IdempotentRequest {
    IdempotentRequest {
        owner: session.into(),
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
        assert_eq!(view.idempotent_request(session.into(), &request.key, at(1)).await.unwrap(), Some(request));
    }
    assert_eq!(view.idempotent_request(session.into(), "none", at(1)).await.unwrap(), None);
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
    assert_eq!(unit.idempotent_request(session.into(), "k", at(99)).await.unwrap(), Some(first));
    unit.commit().await.unwrap();
}

pub(crate) async fn an_expired_key_is_free_again(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    unit.add_idempotent_request(&request(session, "k")).await.unwrap();
    unit.answer_idempotent_request(session.into(), "k", 201, b"old").await.unwrap();
    assert!(unit.idempotent_request(session.into(), "k", at(99)).await.unwrap().is_some());
    assert_eq!(unit.idempotent_request(session.into(), "k", at(100)).await.unwrap(), None);
    let next = IdempotentRequest {
        fingerprint: "g".to_owned(),
        message: None,
        created_at: at(100),
        expires_at: at(200),
        ..request(session, "k")
    };
    unit.add_idempotent_request(&next).await.unwrap();
    assert_eq!(
        unit.idempotent_request(session.into(), "k", at(101)).await.unwrap(),
        Some(next.clone()),
        "without the answer"
    );
    unit.expire_idempotent_requests(at(150)).await.unwrap();
    assert_eq!(unit.idempotent_request(session.into(), "k", at(101)).await.unwrap(), Some(next));
    unit.expire_idempotent_requests(at(200)).await.unwrap();
    assert_eq!(unit.idempotent_request(session.into(), "k", at(101)).await.unwrap(), None, "forgotten");
}

pub(crate) async fn an_answer_is_kept(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    unit.add_idempotent_request(&request(session, "k")).await.unwrap();
    unit.answer_idempotent_request(session.into(), "k", 201, b"{}").await.unwrap();
    unit.answer_idempotent_request(session.into(), "none", 201, b"{}").await.unwrap();
    let found = unit.idempotent_request(session.into(), "k", at(1)).await.unwrap().unwrap();
    assert_eq!(found.answer, Some(StoredAnswer { status: 201, body: b"{}".to_vec() }));
    assert_eq!(unit.idempotent_request(session.into(), "none", at(1)).await.unwrap(), None);
}

pub(crate) async fn a_freed_key_is_free(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    for _ in 0..2 {
        unit.add_idempotent_request(&request(session, "k")).await.unwrap();
        unit.delete_idempotent_request(session.into(), "k").await.unwrap();
        unit.delete_idempotent_request(session.into(), "k").await.unwrap();
        assert_eq!(unit.idempotent_request(session.into(), "k", at(1)).await.unwrap(), None);
    }
}

pub(crate) async fn keys_belong_to_sessions(database: &dyn Database) {
    let store = database.open().await;
    let (a, b) = (add_session(&store, "a").await, add_session(&store, "b").await);
    let mut unit = store.begin().await.unwrap();
    for session in [a, b] {
        unit.add_idempotent_request(&request(session, "k")).await.unwrap();
    }
    unit.delete_idempotent_request(a.into(), "k").await.unwrap();
    assert!(unit.idempotent_request(b.into(), "k", at(1)).await.unwrap().is_some());
}

pub(crate) async fn an_answer_may_be_empty(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    unit.add_idempotent_request(&request(session, "k")).await.unwrap();
    unit.answer_idempotent_request(session.into(), "k", 204, b"").await.unwrap();
    let found = unit.idempotent_request(session.into(), "k", at(1)).await.unwrap().unwrap();
    assert_eq!(found.answer, Some(StoredAnswer { status: 204, body: Vec::new() }));
}

pub(crate) async fn keys_belong_to_api_keys_too(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let owners = [
        KeyOwner::from(session),
        KeyOwner::ApiKey(KeyId(Uuid::from_u128(1))),
        KeyOwner::ApiKey(KeyId(Uuid::from_u128(2))),
    ];
    let mut unit = store.begin().await.unwrap();
    for owner in owners {
        let request = IdempotentRequest { owner, message: None, ..request(session, "k") };
        unit.add_idempotent_request(&request).await.unwrap();
        assert_eq!(unit.idempotent_request(owner, "k", at(1)).await.unwrap(), Some(request));
    }
    unit.answer_idempotent_request(owners[1], "k", 201, b"{}").await.unwrap();
    unit.delete_idempotent_request(owners[2], "k").await.unwrap();
    unit.delete_session(session).await.unwrap();
    let mut left = Vec::new();
    for owner in owners {
        left.push(unit.idempotent_request(owner, "k", at(1)).await.unwrap().map(|it| it.answer.is_some()));
    }
    assert_eq!(left, [None, Some(true), None], "a session's go with it, an API key's stay");
}
