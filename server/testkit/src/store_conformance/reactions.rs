//! Reactions.

use openwa_model::{jid::Jid, message::Reaction};

use super::{Database, fixtures::*};

fn reaction(sender: Jid, emoji: &str, second: i64) -> Reaction {
    Reaction { chat: group(), target: id("m"), sender, emoji: emoji.to_owned(), timestamp: at(second) }
}

pub(crate) async fn one_person_has_one_per_message(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    assert!(unit.set_reaction(session, &reaction(alice(), "👍", 1)).await.unwrap());
    assert!(!unit.set_reaction(session, &reaction(alice(), "👍", 1)).await.unwrap(), "nothing changed");
    assert!(unit.set_reaction(session, &reaction(me(), "👍", 2)).await.unwrap());
    assert!(unit.set_reaction(session, &reaction(alice(), "🎉", 3)).await.unwrap());
    let expected = [reaction(me(), "👍", 2), reaction(alice(), "🎉", 3)];
    assert_eq!(unit.reactions(session, &group(), &id("m")).await.unwrap(), expected);
    assert_eq!(unit.reactions(session, &group(), &id("other")).await.unwrap(), []);
    assert_eq!(unit.reactions(session, &alice(), &id("m")).await.unwrap(), []);
    assert!(unit.set_reaction(session, &reaction(alice(), "", 4)).await.unwrap());
    assert!(!unit.set_reaction(session, &reaction(alice(), "", 5)).await.unwrap(), "nothing to take back");
    assert_eq!(unit.reactions(session, &group(), &id("m")).await.unwrap(), [reaction(me(), "👍", 2)]);
}

pub(crate) async fn an_older_one_changes_nothing(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    unit.set_reaction(session, &reaction(alice(), "new", 5)).await.unwrap();
    assert!(!unit.set_reaction(session, &reaction(alice(), "old", 4)).await.unwrap());
    assert!(!unit.set_reaction(session, &reaction(alice(), "", 4)).await.unwrap());
    assert_eq!(unit.reactions(session, &group(), &id("m")).await.unwrap(), [reaction(alice(), "new", 5)]);
}

pub(crate) async fn one_taken_back_is_not_revived_by_an_older_one(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    // The taking back overtook the reaction itself.
    assert!(!unit.set_reaction(session, &reaction(alice(), "", 5)).await.unwrap());
    assert!(!unit.set_reaction(session, &reaction(alice(), "late", 4)).await.unwrap());
    assert_eq!(unit.reactions(session, &group(), &id("m")).await.unwrap(), []);
    assert!(unit.set_reaction(session, &reaction(alice(), "again", 6)).await.unwrap());
}
