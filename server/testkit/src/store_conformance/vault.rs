//! The vault.

use std::sync::Arc;

use openwa_model::{
    id::SessionId,
    vault::{Vault, VaultChange, VaultRecord},
};
use uuid::Uuid;

use super::{Database, fixtures::*};

fn put(space: &'static str, key: &str, value: &[u8], stamp: i64) -> VaultChange {
    VaultChange::Put { space, key: key.to_owned(), value: value.to_vec(), stamp }
}

fn keys(records: &[VaultRecord]) -> Vec<&str> {
    records.iter().map(|it| it.key.as_str()).collect()
}

async fn fresh_vault(database: &dyn Database) -> Arc<dyn Vault> {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    store.vault(session)
}

pub(crate) async fn what_is_put_comes_back_after_reopening(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let long = vec![7; 100_000];
    let puts = vec![put("a", "k", b"value", 5), put("a", "", b"", 0), put("b", "long", &long, -1)];
    assert_eq!(store.vault(session).apply(puts).await.unwrap(), 0);
    drop(store);
    let vault = database.open().await.vault(session);
    let record = |key: &str, value: &[u8], stamp| VaultRecord { key: key.to_owned(), value: value.to_vec(), stamp };
    assert_eq!(vault.get("a", "k").await.unwrap(), Some(record("k", b"value", 5)));
    assert_eq!(vault.get("a", "").await.unwrap(), Some(record("", b"", 0)));
    assert_eq!(vault.get("b", "long").await.unwrap(), Some(record("long", &long, -1)));
    assert_eq!(vault.get("a", "none").await.unwrap(), None);
}

pub(crate) async fn a_second_put_replaces(database: &dyn Database) {
    let vault = fresh_vault(database).await;
    vault.apply(vec![put("a", "k", b"one", 1), put("a", "k", b"two", 2)]).await.unwrap();
    vault.apply(vec![put("a", "k", b"three", 3)]).await.unwrap();
    let found = vault.get("a", "k").await.unwrap().unwrap();
    assert_eq!((found.value.as_slice(), found.stamp), (&b"three"[..], 3));
    assert_eq!(vault.count("a").await.unwrap(), 1);
}

pub(crate) async fn records_are_found_by_key_and_prefix(database: &dyn Database) {
    let vault = fresh_vault(database).await;
    let names = ["user:1", "user:10", "user:2", "user%", "user_x", "users", "ünder", "user:\u{10FFFF}"];
    vault.apply(names.map(|it| put("a", it, it.as_bytes(), 0)).into()).await.unwrap();
    let wanted = ["user:2", "none", "user:1", "user%"].map(str::to_owned);
    let found = vault.get_many("a", &wanted).await.unwrap();
    let mut found: Vec<&str> = keys(&found);
    found.sort_unstable();
    assert_eq!(found, ["user%", "user:1", "user:2"]);
    assert_eq!(vault.get_many("a", &[]).await.unwrap(), []);
    for (prefix, expected) in [
        ("user:1", vec!["user:1", "user:10"]),
        ("user_", vec!["user_x"]),
        ("user%", vec!["user%"]),
        ("ü", vec!["ünder"]),
        ("none", vec![]),
    ] {
        let found = vault.list("a", prefix).await.unwrap();
        assert_eq!(keys(&found), expected, "{prefix}");
        assert!(found.iter().all(|it| it.value == it.key.as_bytes()));
    }
    let mut sorted = names;
    sorted.sort_unstable();
    assert_eq!(keys(&vault.list("a", "").await.unwrap()), sorted);
    assert_eq!(vault.count("a").await.unwrap(), names.len() as u64);
    assert_eq!(vault.count("b").await.unwrap(), 0);
}

pub(crate) async fn deletions_say_how_many(database: &dyn Database) {
    let vault = fresh_vault(database).await;
    vault.apply(["a1", "a2", "a3", "b1"].map(|it| put("s", it, b"x", 0)).into()).await.unwrap();
    let delete = |key: &str| VaultChange::Delete { space: "s", key: key.to_owned() };
    let delete_all = |prefix: &str| VaultChange::DeletePrefix { space: "s", prefix: prefix.to_owned() };
    assert_eq!(vault.apply(vec![delete("a1"), delete("a1"), delete("none")]).await.unwrap(), 1);
    assert_eq!(vault.apply(vec![delete_all("a"), put("s", "a4", b"x", 0)]).await.unwrap(), 2);
    assert_eq!(keys(&vault.list("s", "").await.unwrap()), ["a4", "b1"]);
    assert_eq!(vault.apply(vec![delete_all("")]).await.unwrap(), 2);
    assert_eq!(vault.apply(vec![]).await.unwrap(), 0);
}

pub(crate) async fn old_records_expire_by_stamp(database: &dyn Database) {
    let vault = fresh_vault(database).await;
    let puts = [("never", 0), ("old", 1), ("edge", 9), ("new", 10)].map(|(key, stamp)| put("s", key, b"x", stamp));
    vault.apply(puts.into()).await.unwrap();
    vault.apply(vec![put("other", "old", b"x", 1)]).await.unwrap();
    assert_eq!(vault.apply(vec![VaultChange::DeleteBefore { space: "s", stamp: 10 }]).await.unwrap(), 2);
    assert_eq!(keys(&vault.list("s", "").await.unwrap()), ["never", "new"]);
    assert_eq!(vault.count("other").await.unwrap(), 1);
}

pub(crate) async fn all_changes_land_or_none(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let missing = store.vault(SessionId(Uuid::new_v4()));
    assert!(missing.apply(vec![put("s", "k", b"x", 0)]).await.is_err(), "no session, no secrets");
    assert_eq!(missing.get("s", "k").await.unwrap(), None);
    let vault = store.vault(session);
    // Abandoned at some point of its way, it is there whole or not at all, and in nobody's way.
    for polls in 0..40 {
        let changes: Vec<VaultChange> = (0..4).map(|it| put("s", &format!("{polls}/{it}"), b"x", 0)).collect();
        let mut applying = vault.apply(changes);
        for _ in 0..polls {
            let ended =
                std::future::poll_fn(|context| std::task::Poll::Ready(applying.as_mut().poll(context).is_ready()));
            if ended.await {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(applying);
        // This one comes after it.
        vault.apply(vec![put("after", &polls.to_string(), b"x", 0)]).await.unwrap();
        let there = vault.list("s", &format!("{polls}/")).await.unwrap().len();
        assert!(there == 0 || there == 4, "{there} of 4 after {polls} polls");
    }
    assert_eq!(vault.count("after").await.unwrap(), 40);
}

pub(crate) async fn sessions_and_spaces_do_not_mix(database: &dyn Database) {
    let store = database.open().await;
    let (a, b) = (add_session(&store, "a").await, add_session(&store, "b").await);
    let (a, b) = (store.vault(a), store.vault(b));
    a.apply(vec![put("one", "k", b"a1", 1), put("two", "k", b"a2", 1)]).await.unwrap();
    b.apply(vec![put("one", "k", b"b1", 1)]).await.unwrap();
    a.apply(vec![VaultChange::DeletePrefix { space: "two", prefix: String::new() }]).await.unwrap();
    b.apply(vec![VaultChange::DeleteBefore { space: "two", stamp: 9 }]).await.unwrap();
    assert_eq!(a.get("one", "k").await.unwrap().unwrap().value, b"a1");
    assert_eq!(a.get("two", "k").await.unwrap(), None);
    assert_eq!(b.get("one", "k").await.unwrap().unwrap().value, b"b1");
}

pub(crate) async fn wiping_leaves_nothing(database: &dyn Database) {
    let store = database.open().await;
    let (a, b) = (add_session(&store, "a").await, add_session(&store, "b").await);
    let (a, b) = (store.vault(a), store.vault(b));
    for vault in [&a, &b] {
        vault.apply(vec![put("one", "k", b"x", 1), put("two", "k", b"x", 0)]).await.unwrap();
    }
    a.wipe().await.unwrap();
    a.wipe().await.unwrap();
    assert_eq!((a.count("one").await.unwrap(), a.count("two").await.unwrap()), (0, 0));
    assert_eq!((b.count("one").await.unwrap(), b.count("two").await.unwrap()), (1, 1));
    a.apply(vec![put("one", "k", b"again", 1)]).await.unwrap();
    assert_eq!(a.count("one").await.unwrap(), 1);
}

pub(crate) async fn many_writers_at_once_all_land(database: &dyn Database) {
    let vault = fresh_vault(database).await;
    let tasks = (0..200).map(|number: u32| {
        let vault = vault.clone();
        tokio::spawn(async move {
            let key = number.to_string();
            vault.apply(vec![put("s", &key, &number.to_be_bytes(), 0)]).await.unwrap();
            // What returned before is seen.
            assert_eq!(vault.get("s", &key).await.unwrap().unwrap().value, number.to_be_bytes());
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    assert_eq!(vault.count("s").await.unwrap(), 200);
}
