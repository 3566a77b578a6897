//! The audit log.

use openwa_model::{
    audit::{AuditAction, AuditEntry, AuditFilter, Severity},
    id::{KeyId, SessionId},
    store::Page,
};
use serde_json::json;
use uuid::Uuid;

use super::{Database, fixtures::*};

fn entry(action: AuditAction, second: i64) -> AuditEntry {
    AuditEntry {
        id: Uuid::now_v7(),
        action,
        severity: Severity::Info,
        key: None,
        key_name: None,
        address: None,
        session: None,
        metadata: None,
        error: None,
        at: at(second),
    }
}

pub(crate) async fn one_comes_back_as_it_was_stored(database: &dyn Database) {
    let store = database.open().await;
    let plain = entry(AuditAction::SessionStarted, 1);
    let rich = AuditEntry {
        severity: Severity::Warn,
        key: Some(KeyId(Uuid::now_v7())),
        key_name: Some("desk".to_owned()),
        address: Some("198.51.100.7".to_owned()),
        session: Some(SessionId(Uuid::now_v7())),
        metadata: Some(json!({"name": "support"})),
        error: Some("not now".to_owned()),
        ..entry(AuditAction::KeyAuthFailed, 2)
    };
    let mut unit = store.begin().await.unwrap();
    for one in [&plain, &rich] {
        unit.add_audit_entry(one).await.unwrap();
    }
    unit.commit().await.unwrap();
    let found = store.view().await.unwrap().audit_entries(&AuditFilter::default(), ALL).await.unwrap();
    assert_eq!(found, [rich, plain], "newest first");
}

pub(crate) async fn filters_narrow_list_and_count(database: &dyn Database) {
    let store = database.open().await;
    let (key, session) = (KeyId(Uuid::now_v7()), SessionId(Uuid::now_v7()));
    let entries = [
        entry(AuditAction::SessionStarted, 1),
        AuditEntry { severity: Severity::Warn, ..entry(AuditAction::SessionStarted, 2) },
        AuditEntry { key: Some(key), ..entry(AuditAction::KeyCreated, 3) },
        AuditEntry { session: Some(session), ..entry(AuditAction::SessionStopped, 4) },
    ];
    let mut unit = store.begin().await.unwrap();
    for one in &entries {
        unit.add_audit_entry(one).await.unwrap();
    }
    unit.commit().await.unwrap();
    let mut view = store.view().await.unwrap();
    let all = AuditFilter::default();
    for (filter, expected) in [
        (all.clone(), &[3, 2, 1, 0][..]),
        (AuditFilter { action: Some(AuditAction::SessionStarted), ..all.clone() }, &[1, 0]),
        (AuditFilter { severity: Some(Severity::Warn), ..all.clone() }, &[1]),
        (AuditFilter { key: Some(key), ..all.clone() }, &[2]),
        (AuditFilter { session: Some(session), ..all.clone() }, &[3]),
        (AuditFilter { session: Some(session), key: Some(key), ..all.clone() }, &[]),
    ] {
        let found = view.audit_entries(&filter, ALL).await.unwrap();
        let expected: Vec<_> = expected.iter().map(|it| entries[*it].clone()).collect();
        assert_eq!(found, expected, "{filter:?}");
        assert_eq!(view.count_audit_entries(&filter).await.unwrap(), expected.len() as u64, "{filter:?}");
    }
    let page = view.audit_entries(&all, Page { limit: 1, offset: 1 }).await.unwrap();
    assert_eq!(page, [entries[2].clone()]);
}

pub(crate) async fn old_ones_are_forgotten(database: &dyn Database) {
    let store = database.open().await;
    let mut unit = store.begin().await.unwrap();
    for second in [1, 2, 3] {
        unit.add_audit_entry(&entry(AuditAction::KeyCreated, second)).await.unwrap();
    }
    unit.expire_audit_entries(at(3)).await.unwrap();
    let left = unit.audit_entries(&AuditFilter::default(), ALL).await.unwrap();
    assert_eq!(left.iter().map(|it| it.at).collect::<Vec<_>>(), [at(3)]);
}
