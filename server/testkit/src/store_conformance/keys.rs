//! API keys.

use openwa_model::{
    id::{KeyId, SessionId},
    key::{ApiKey, Role},
    store::StoreError,
};
use uuid::Uuid;

use super::{Database, fixtures::*};

fn key(hash: &str, second: i64) -> ApiKey {
    ApiKey {
        id: KeyId(Uuid::now_v7()),
        name: format!("key {hash}"),
        prefix: "owa_k1_00000".to_owned(),
        hash: hash.to_owned(),
        role: Role::Viewer,
        allowed_ips: None,
        allowed_sessions: None,
        allowed_chats: None,
        active: true,
        expires_at: None,
        last_used_at: None,
        usage_count: 0,
        created_at: at(second),
    }
}

fn full(plain: ApiKey) -> ApiKey {
    ApiKey {
        name: "full".to_owned(),
        role: Role::Admin,
        allowed_ips: Some(vec!["10.0.0.0/8".to_owned()]),
        allowed_sessions: Some(vec![SessionId(Uuid::nil())]),
        allowed_chats: Some(vec![]),
        active: false,
        expires_at: Some(at(9)),
        ..plain
    }
}

pub(crate) async fn one_comes_back_as_it_was_stored(database: &dyn Database) {
    let store = database.open().await;
    let plain = key("a", 1);
    let rich = ApiKey { last_used_at: Some(at(3)), usage_count: 4, ..full(key("b", 2)) };
    let mut unit = store.begin().await.unwrap();
    for key in [&plain, &rich] {
        unit.add_key(key).await.unwrap();
    }
    unit.commit().await.unwrap();
    drop(store);
    let store = database.open().await;
    let mut view = store.view().await.unwrap();
    assert_eq!(view.keys().await.unwrap(), [rich.clone(), plain.clone()], "newest first");
    for key in [plain, rich] {
        assert_eq!(view.key_by_hash(&key.hash).await.unwrap(), Some(key.clone()));
        assert_eq!(view.key(key.id).await.unwrap(), Some(key));
    }
}

pub(crate) async fn a_taken_hash_is_a_conflict(database: &dyn Database) {
    let store = database.open().await;
    let mut unit = store.begin().await.unwrap();
    unit.add_key(&key("a", 1)).await.unwrap();
    let refused = unit.add_key(&key("a", 2)).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    unit.add_key(&key("b", 2)).await.unwrap();
    unit.commit().await.unwrap();
    assert_eq!(store.view().await.unwrap().keys().await.unwrap().len(), 2);
}

pub(crate) async fn saving_replaces_all_but_hash_prefix_and_use(database: &dyn Database) {
    let store = database.open().await;
    let before = key("a", 1);
    let mut unit = store.begin().await.unwrap();
    unit.add_key(&before).await.unwrap();
    let changed = ApiKey {
        hash: "other".to_owned(),
        prefix: "other".to_owned(),
        usage_count: 9,
        last_used_at: Some(at(9)),
        ..full(before.clone())
    };
    for _ in 0..2 {
        assert!(unit.save_key(&changed).await.unwrap());
    }
    assert_eq!(unit.key(before.id).await.unwrap(), Some(full(before)));
}

pub(crate) async fn use_adds_up(database: &dyn Database) {
    let store = database.open().await;
    let one = key("a", 1);
    let mut unit = store.begin().await.unwrap();
    unit.add_key(&one).await.unwrap();
    unit.count_key_use(one.id, 2, at(60)).await.unwrap();
    unit.count_key_use(one.id, 3, at(30)).await.unwrap();
    let used = unit.key(one.id).await.unwrap().unwrap();
    assert_eq!((used.usage_count, used.last_used_at), (5, Some(at(60))), "time does not go back");
    unit.count_key_use(KeyId(Uuid::new_v4()), 1, at(1)).await.unwrap();
}

pub(crate) async fn what_is_not_there_is_said_not_to_be(database: &dyn Database) {
    let store = database.open().await;
    let missing = key("a", 1);
    let mut unit = store.begin().await.unwrap();
    assert_eq!(unit.key(missing.id).await.unwrap(), None);
    assert_eq!(unit.key_by_hash("a").await.unwrap(), None);
    assert!(!unit.save_key(&missing).await.unwrap());
    assert!(!unit.delete_key(missing.id).await.unwrap());
    unit.add_key(&missing).await.unwrap();
    assert!(unit.delete_key(missing.id).await.unwrap());
    assert!(!unit.delete_key(missing.id).await.unwrap());
    assert_eq!(unit.keys().await.unwrap(), []);
}
