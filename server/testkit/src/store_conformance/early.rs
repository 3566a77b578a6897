//! What is said of messages before they come.

use openwa_model::{
    contact::ContactSeen,
    early::EarlyNews,
    engine::{Edited, Receipt},
    id::{MessageId, SessionId},
    jid::Jid,
    message::{DeliveryStatus, Reaction},
    store::Unit,
};

use super::{Database, fixtures::*};

fn edit(body: &str) -> EarlyNews {
    EarlyNews::Edited(Edited {
        chat: alice(),
        target: id("m"),
        sender: alice(),
        from_me: false,
        body: body.to_owned(),
        mentions: vec![me()],
        timestamp: at(2),
    })
}

fn receipt(second: i64) -> EarlyNews {
    EarlyNews::Receipt(Receipt {
        chat: alice(),
        ids: vec![id("m")],
        participant: alice(),
        from_me: false,
        status: DeliveryStatus::Read,
        timestamp: at(second),
    })
}

fn reaction(emoji: &str) -> EarlyNews {
    let (chat, sender) = (alice(), alice());
    EarlyNews::Reaction(Reaction { chat, target: id("m"), sender, emoji: emoji.to_owned(), timestamp: at(3) })
}

async fn hold(unit: &mut dyn Unit, session: SessionId, chat: &Jid, message: &MessageId, said: &[(EarlyNews, i64)]) {
    for (news, second) in said {
        unit.hold_early_news(session, chat, message, news, at(*second)).await.unwrap();
    }
}

pub(crate) async fn it_is_taken_once_and_in_order(database: &dyn Database) {
    let store = database.open().await;
    let (session, other) = (add_session(&store, "s").await, add_session(&store, "other").await);
    let mut unit = store.begin().await.unwrap();
    assert!(!unit.holds_early_news(session).await.unwrap());
    let said = [(edit("one"), 1), (reaction("👍"), 2), (receipt(9), 3), (edit("two"), 4)];
    hold(&mut *unit, session, &alice(), &id("m"), &said).await;
    hold(&mut *unit, session, &alice(), &id("another"), &[(receipt(1), 1)]).await;
    unit.commit().await.unwrap();
    let mut unit = store.begin().await.unwrap();
    assert!(unit.holds_early_news(session).await.unwrap());
    assert_eq!(unit.take_early_news(other, &alice(), &id("m")).await.unwrap(), []);
    assert_eq!(unit.take_early_news(session, &group(), &id("m")).await.unwrap(), []);
    let taken = unit.take_early_news(session, &alice(), &id("m")).await.unwrap();
    assert_eq!(taken, said.map(|it| it.0));
    assert_eq!(unit.take_early_news(session, &alice(), &id("m")).await.unwrap(), []);
    assert_eq!(unit.take_early_news(session, &alice(), &id("another")).await.unwrap().len(), 1);
    assert!(!unit.holds_early_news(session).await.unwrap());
}

pub(crate) async fn the_same_said_twice_is_held_once(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    let said = [(edit("one"), 1), (edit("one"), 2), (edit("two"), 3)];
    hold(&mut *unit, session, &alice(), &id("m"), &said).await;
    assert_eq!(unit.take_early_news(session, &alice(), &id("m")).await.unwrap(), [edit("one"), edit("two")]);
}

pub(crate) async fn beyond_the_bound_the_oldest_of_a_kind_go(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    hold(&mut *unit, session, &alice(), &id("m"), &[(edit("one"), 1), (edit("two"), 1), (edit("three"), 1)]).await;
    hold(&mut *unit, session, &alice(), &id("m"), &[(reaction("👍"), 1)]).await;
    unit.trim_early_news(session, 2).await.unwrap();
    let kept = unit.take_early_news(session, &alice(), &id("m")).await.unwrap();
    assert_eq!(kept, [edit("two"), edit("three"), reaction("👍")]);
}

pub(crate) async fn what_is_old_is_forgotten(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    hold(&mut *unit, session, &alice(), &id("m"), &[(edit("old"), 1), (edit("new"), 5)]).await;
    assert_eq!(unit.expire_early_news(at(5)).await.unwrap(), 1);
    assert_eq!(unit.take_early_news(session, &alice(), &id("m")).await.unwrap(), [edit("new")]);
}

pub(crate) async fn old_reactions_are_found_and_taken(database: &dyn Database) {
    let store = database.open().await;
    let (session, other) = (add_session(&store, "s").await, add_session(&store, "other").await);
    let mut unit = store.begin().await.unwrap();
    let said = [(reaction("1"), 1), (edit("not a reaction"), 1), (reaction("2"), 2), (reaction("3"), 7)];
    hold(&mut *unit, session, &alice(), &id("m"), &said).await;
    hold(&mut *unit, other, &alice(), &id("m"), &[(reaction("4"), 8)]).await;
    assert_eq!(unit.sessions_with_old_reactions(at(5)).await.unwrap(), [session]);
    assert_eq!(unit.take_old_reactions(session, at(5), 1).await.unwrap(), [reaction("1")]);
    assert_eq!(unit.take_old_reactions(session, at(5), 9).await.unwrap(), [reaction("2")]);
    assert_eq!(unit.sessions_with_old_reactions(at(5)).await.unwrap(), []);
    let left = unit.take_early_news(session, &alice(), &id("m")).await.unwrap();
    assert_eq!(left, [edit("not a reaction"), reaction("3")]);
}

pub(crate) async fn it_moves_with_its_chat(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    hold(&mut *unit, session, &alice_lid(), &id("m"), &[(edit("one"), 1)]).await;
    let seen = ContactSeen { phone: Some(alice()), lid: Some(alice_lid()), ..ContactSeen::default() };
    // Nobody has seen anything of it yet, so nothing is told either.
    assert_eq!(unit.learn_contact(session, &seen).await.unwrap(), None);
    assert_eq!(unit.take_early_news(session, &alice(), &id("m")).await.unwrap(), [edit("one")]);
}
