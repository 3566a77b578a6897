//! Labels.

use openwa_model::{contact::ContactSeen, label::Label};

use super::{Database, fixtures::*};

fn label(id: &str, name: &str, color: u8) -> Label {
    Label { id: id.to_owned(), name: name.to_owned(), color }
}

pub(crate) async fn one_is_made_changed_and_deleted(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    assert_eq!(unit.label(session, "1").await.unwrap(), None);
    unit.save_label(session, &label("2", "Paid", 3)).await.unwrap();
    unit.save_label(session, &label("1", "New", 0)).await.unwrap();
    unit.save_label(session, &label("1", "New customer", 19)).await.unwrap();
    let all = [label("1", "New customer", 19), label("2", "Paid", 3)];
    assert_eq!(unit.labels(session).await.unwrap(), all);
    assert_eq!(unit.label(session, "1").await.unwrap().as_ref(), Some(&all[0]));
    unit.label_chat(session, "1", &alice(), true).await.unwrap();
    assert!(unit.delete_label(session, "1").await.unwrap());
    assert!(!unit.delete_label(session, "1").await.unwrap());
    assert_eq!(unit.labels(session).await.unwrap(), all[1..]);
    assert_eq!(unit.chats_with_label(session, "1").await.unwrap(), []);
}

pub(crate) async fn a_chat_carries_its_labels(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    // What is put on a chat may become known before the label itself.
    unit.label_chat(session, "1", &alice_lid(), true).await.unwrap();
    unit.label_chat(session, "1", &alice_lid(), true).await.unwrap();
    unit.label_chat(session, "1", &group(), true).await.unwrap();
    assert_eq!(unit.labels_of_chat(session, &group()).await.unwrap(), []);
    unit.save_label(session, &label("1", "New", 0)).await.unwrap();
    assert_eq!(unit.labels_of_chat(session, &group()).await.unwrap(), [label("1", "New", 0)]);
    let seen = ContactSeen { phone: Some(alice()), lid: Some(alice_lid()), ..ContactSeen::default() };
    unit.learn_contact(session, &seen).await.unwrap();
    assert_eq!(unit.chats_with_label(session, "1").await.unwrap(), [group(), alice()]);
    unit.label_chat(session, "1", &group(), false).await.unwrap();
    assert_eq!(unit.chats_with_label(session, "1").await.unwrap(), [alice()]);
}

pub(crate) async fn labels_belong_to_sessions(database: &dyn Database) {
    let store = database.open().await;
    let (session, other) = (add_session(&store, "s").await, add_session(&store, "other").await);
    let mut unit = store.begin().await.unwrap();
    unit.save_label(session, &label("1", "New", 0)).await.unwrap();
    unit.label_chat(session, "1", &alice(), true).await.unwrap();
    assert_eq!(unit.labels(other).await.unwrap(), []);
    assert_eq!(unit.labels_of_chat(other, &alice()).await.unwrap(), []);
    assert_eq!(unit.chats_with_label(other, "1").await.unwrap(), []);
}
