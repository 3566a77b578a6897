//! Contacts, and two ids that turn out to be one person.

use openwa_model::{
    chat::ChatTouch,
    contact::{ContactSeen, Merged},
    content::MessageKind,
    jid::Jid,
    message::{DeliveryStatus, Message, Reaction},
    store::Page,
};

use super::{Database, fixtures::*};

fn seen(phone: Option<Jid>, lid: Option<Jid>) -> ContactSeen {
    ContactSeen { phone, lid, ..ContactSeen::default() }
}

pub(crate) async fn one_person_is_found_by_both_ids(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    unit.learn_contact(session, &seen(Some(alice()), Some(alice_lid()))).await.unwrap();
    unit.commit().await.unwrap();
    let mut view = store.view().await.unwrap();
    let contact = view.contact(session, &alice()).await.unwrap().unwrap();
    assert_eq!((&contact.id, &contact.phone, &contact.lid), (&alice(), &Some(alice()), &Some(alice_lid())));
    assert_eq!(view.contact(session, &alice_lid()).await.unwrap(), Some(contact));
    assert_eq!(view.phone_of(session, &alice_lid()).await.unwrap(), Some(alice()));
    assert_eq!(view.lid_of(session, &alice()).await.unwrap(), Some(alice_lid()));
    assert_eq!(view.contact(session, &me()).await.unwrap(), None);
    assert_eq!(view.contact(session, &group()).await.unwrap(), None);
    assert_eq!(view.lid_of(session, &me()).await.unwrap(), None);
}

pub(crate) async fn what_is_not_said_stays(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    let mut learn = seen(Some(alice()), None);
    learn.push_name = Some("Ali".to_owned());
    unit.learn_contact(session, &learn).await.unwrap();
    let mut learn = seen(Some(alice()), None);
    learn.name = Some("Alice of the book".to_owned());
    unit.learn_contact(session, &learn).await.unwrap();
    unit.learn_contact(session, &seen(Some(alice()), None)).await.unwrap();
    let contact = unit.contact(session, &alice()).await.unwrap().unwrap();
    assert_eq!((contact.name.as_deref(), contact.push_name.as_deref()), (Some("Alice of the book"), Some("Ali")));
    learn.name = Some("Alice".to_owned());
    unit.learn_contact(session, &learn).await.unwrap();
    assert_eq!(unit.contact(session, &alice()).await.unwrap().unwrap().name.as_deref(), Some("Alice"));
    unit.learn_contact(session, &seen(None, None)).await.unwrap();
}

pub(crate) async fn two_that_are_one_person_become_one(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    let mut by_lid = seen(None, Some(alice_lid()));
    (by_lid.push_name, by_lid.name) = (Some("shown".to_owned()), Some("hidden".to_owned()));
    unit.learn_contact(session, &by_lid).await.unwrap();
    let mut by_phone = seen(Some(alice()), None);
    by_phone.name = Some("Alice".to_owned());
    unit.learn_contact(session, &by_phone).await.unwrap();
    assert_eq!(unit.phone_of(session, &alice_lid()).await.unwrap(), None);
    unit.learn_contact(session, &seen(Some(alice()), Some(alice_lid()))).await.unwrap();
    let contact = unit.contact(session, &alice_lid()).await.unwrap().unwrap();
    assert_eq!(contact.id, alice());
    assert_eq!((contact.name.as_deref(), contact.push_name.as_deref()), (Some("Alice"), Some("shown")));
    assert_eq!(unit.contact(session, &alice()).await.unwrap(), Some(contact));

    // Known by the hidden id only, then by both.
    let (phone, lid) = (jid("15550000002@c.us"), jid("100000000000002@lid"));
    unit.learn_contact(session, &seen(None, Some(lid.clone()))).await.unwrap();
    unit.learn_contact(session, &seen(Some(phone.clone()), Some(lid.clone()))).await.unwrap();
    assert_eq!(unit.contact(session, &lid).await.unwrap().unwrap().id, phone);
}

pub(crate) async fn a_hidden_id_may_move_to_another_number(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let new = jid("15550000077@c.us");
    let mut unit = store.begin().await.unwrap();
    unit.learn_contact(session, &seen(Some(alice()), Some(alice_lid()))).await.unwrap();
    unit.learn_contact(session, &seen(Some(new.clone()), Some(alice_lid()))).await.unwrap();
    assert_eq!(unit.phone_of(session, &alice_lid()).await.unwrap(), Some(new));
    assert_eq!(unit.lid_of(session, &alice()).await.unwrap(), None);
    assert!(unit.contact(session, &alice()).await.unwrap().is_some());
}

pub(crate) async fn a_hidden_chat_moves_to_the_number(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let hidden = |message: &str, chat: &Jid, second| Message {
        chat: chat.clone(),
        sender: alice_lid(),
        sender_phone: None,
        sender_lid: Some(alice_lid()),
        ..incoming(session, message, second)
    };
    add_messages(&store, &[hidden("private", &alice_lid(), 1), hidden("in group", &group(), 2)]).await;
    let mut answered = own(session, "answer", 3);
    answered.chat = alice_lid();
    add_messages(&store, &[answered]).await;
    let mut unit = store.begin().await.unwrap();
    for (id, second, body) in [(alice_lid(), 3, "answer"), (alice(), 1, "older")] {
        let body = body.to_owned();
        let touch = ChatTouch { id, name: None, at: at(second), body, kind: MessageKind::Text, unread: 1 };
        unit.touch_chat(session, &touch).await.unwrap();
    }
    let reaction = Reaction {
        chat: alice_lid(),
        target: id("answer"),
        sender: alice_lid(),
        emoji: "👍".to_owned(),
        timestamp: at(4),
    };
    unit.set_reaction(session, &reaction).await.unwrap();
    let read = DeliveryStatus::Read;
    unit.add_receipt(session, &alice_lid(), &id("answer"), &alice_lid(), read, at(5)).await.unwrap();
    unit.learn_contact(session, &seen(Some(alice()), Some(alice_lid()))).await.unwrap();
    unit.commit().await.unwrap();

    let mut view = store.view().await.unwrap();
    assert_eq!(view.chat(session, &alice_lid()).await.unwrap(), None);
    let chat = view.chat(session, &alice()).await.unwrap().unwrap();
    assert_eq!((chat.unread, chat.last_body.as_deref(), chat.last_at), (2, Some("answer"), Some(at(3))));
    let private = view.message(session, &alice(), &id("private")).await.unwrap().unwrap();
    assert_eq!((private.sender, private.sender_phone, private.sender_lid), (alice(), Some(alice()), Some(alice_lid())));
    assert_eq!(view.message(session, &group(), &id("in group")).await.unwrap().unwrap().sender, alice());
    assert_eq!(view.message(session, &alice(), &id("answer")).await.unwrap().unwrap().sender, me());
    let reactions = view.reactions(session, &alice(), &id("answer")).await.unwrap();
    assert_eq!(reactions, [Reaction { chat: alice(), sender: alice(), ..reaction }]);
    assert_eq!(view.receipts(session, &alice(), &id("answer")).await.unwrap(), [(alice(), read, at(5))]);
    assert!(view.messages(session, &Default::default(), ALL).await.unwrap().iter().all(|it| it.chat != alice_lid()));
}

pub(crate) async fn a_message_kept_under_both_ids_is_kept_once(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let twin = Message { chat: alice_lid(), sender: alice_lid(), ..incoming(session, "twin", 1) };
    let named = Message { chat: group(), sender: alice_lid(), ..incoming(session, "group twin", 1) };
    let known = Message { chat: group(), ..incoming(session, "group twin", 1) };
    add_messages(&store, &[incoming(session, "twin", 1), twin, named, known]).await;
    let mut unit = store.begin().await.unwrap();
    unit.learn_contact(session, &seen(Some(alice()), Some(alice_lid()))).await.unwrap();
    unit.commit().await.unwrap();
    let kept = store.view().await.unwrap().messages(session, &Default::default(), ALL).await.unwrap();
    let mut kept: Vec<_> = kept.into_iter().map(|it| (it.chat, it.sender, it.id.0)).collect();
    kept.sort();
    assert_eq!(kept, [(group(), alice(), "group twin".to_owned()), (alice(), alice(), "twin".to_owned())]);
}

pub(crate) async fn people_are_listed_by_id(database: &dyn Database) {
    let store = database.open().await;
    let (session, other) = (add_session(&store, "s").await, add_session(&store, "other").await);
    let mut unit = store.begin().await.unwrap();
    unit.learn_contact(session, &seen(Some(alice()), Some(alice_lid()))).await.unwrap();
    unit.learn_contact(session, &seen(None, Some(jid("100000000000002@lid")))).await.unwrap();
    unit.learn_contact(other, &seen(Some(me()), None)).await.unwrap();
    let mut list =
        async |page| unit.contacts(session, page).await.unwrap().into_iter().map(|it| it.id).collect::<Vec<_>>();
    assert_eq!(list(ALL).await, [jid("100000000000002@lid"), alice()]);
    assert_eq!(list(Page { limit: 1, offset: 1 }).await, [alice()]);
}

pub(crate) async fn a_name_of_the_address_book_is_forgotten(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    let named = ContactSeen {
        name: Some("Alice of the book".to_owned()),
        push_name: Some("Ali".to_owned()),
        ..seen(Some(alice()), Some(alice_lid()))
    };
    unit.learn_contact(session, &named).await.unwrap();
    assert!(unit.forget_contact_name(session, &alice_lid()).await.unwrap());
    assert!(!unit.forget_contact_name(session, &alice()).await.unwrap());
    assert!(!unit.forget_contact_name(session, &me()).await.unwrap());
    let contact = unit.contact(session, &alice()).await.unwrap().unwrap();
    assert_eq!((contact.name, contact.push_name.as_deref()), (None, Some("Ali")));
}

pub(crate) async fn who_is_blocked_is_kept(database: &dyn Database) {
    let store = database.open().await;
    let (session, other) = (add_session(&store, "s").await, add_session(&store, "other").await);
    let mut unit = store.begin().await.unwrap();
    unit.set_blocked(session, &[me(), alice()]).await.unwrap();
    unit.mark_blocked(other, &alice(), true).await.unwrap();
    assert_eq!(unit.blocked(session).await.unwrap(), [alice(), me()]);
    unit.mark_blocked(session, &alice(), true).await.unwrap();
    unit.mark_blocked(session, &me(), false).await.unwrap();
    assert_eq!(unit.blocked(session).await.unwrap(), [alice()]);
    unit.set_blocked(session, &[]).await.unwrap();
    assert_eq!(unit.blocked(session).await.unwrap(), []);
    assert_eq!(unit.blocked(other).await.unwrap(), [alice()]);
    // Who was blocked under a hidden id stays blocked under the number.
    unit.mark_blocked(session, &alice_lid(), true).await.unwrap();
    unit.learn_contact(session, &seen(Some(alice()), Some(alice_lid()))).await.unwrap();
    assert_eq!(unit.blocked(session).await.unwrap(), [alice()]);
}

pub(crate) async fn a_merge_says_what_moved(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let hidden = |message: &str, chat: &Jid| Message {
        chat: chat.clone(),
        sender: alice_lid(),
        sender_phone: None,
        sender_lid: Some(alice_lid()),
        ..incoming(session, message, 1)
    };
    let twin = hidden("twin", &alice_lid());
    add_messages(&store, &[hidden("private", &alice_lid()), hidden("in group", &group()), twin]).await;
    add_messages(&store, &[incoming(session, "twin", 1), incoming(session, "before", 1)]).await;
    let mut unit = store.begin().await.unwrap();
    for (id, unread) in [(alice_lid(), 2), (alice(), 2)] {
        let touch = ChatTouch { id, name: None, at: at(1), body: String::new(), kind: MessageKind::Text, unread };
        unit.touch_chat(session, &touch).await.unwrap();
    }
    let both = seen(Some(alice()), Some(alice_lid()));
    let merged = unit.learn_contact(session, &both).await.unwrap();
    assert_eq!(merged, Some(Merged { phone: alice(), lid: alice_lid(), chat: true, messages: 2 }));
    assert_eq!(unit.learn_contact(session, &both).await.unwrap(), None, "it is learned once");
    assert_eq!(unit.chat(session, &alice()).await.unwrap().unwrap().unread, 3, "the twin counts once");
    // What came under the number before names the hidden id too by now.
    let before = unit.message(session, &alice(), &id("before")).await.unwrap().unwrap();
    assert_eq!(before.sender_lid, Some(alice_lid()));
    let nobody = seen(Some(jid("15550000002@c.us")), Some(jid("100000000000002@lid")));
    assert_eq!(unit.learn_contact(session, &nobody).await.unwrap(), None, "there was nothing to be seen");
}

pub(crate) async fn what_a_person_confirmed_in_groups_counts_once(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    add_messages(&store, &[Message { chat: group(), ..own(session, "m", 1) }]).await;
    let (ids, read) = ([id("m")], DeliveryStatus::Read);
    let mut unit = store.begin().await.unwrap();
    unit.set_recipients(session, &group(), &id("m"), 2).await.unwrap();
    unit.add_receipt(session, &group(), &id("m"), &alice_lid(), read, at(1)).await.unwrap();
    unit.add_receipt(session, &group(), &id("m"), &alice(), read, at(2)).await.unwrap();
    assert_eq!(unit.confirmed_by_all(session, &group(), &ids, read).await.unwrap(), ids, "they look like two");
    unit.learn_contact(session, &seen(Some(alice()), Some(alice_lid()))).await.unwrap();
    assert_eq!(unit.confirmed_by_all(session, &group(), &ids, read).await.unwrap(), []);
    assert_eq!(unit.receipts(session, &group(), &id("m")).await.unwrap(), [(alice(), read, at(2))]);
}

pub(crate) async fn many_people_are_found_at_once(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    unit.learn_contact(session, &seen(Some(alice()), Some(alice_lid()))).await.unwrap();
    unit.learn_contact(session, &seen(Some(me()), None)).await.unwrap();
    let found = unit.contacts_among(session, &[alice(), alice_lid(), me(), jid("15550000002@c.us")]).await.unwrap();
    let mut found: Vec<_> = found.into_iter().map(|it| (it.id, it.lid)).collect();
    found.sort();
    assert_eq!(found, [(alice(), Some(alice_lid())), (me(), None)]);
    assert_eq!(unit.contacts_among(session, &[]).await.unwrap(), []);
}

pub(crate) async fn sessions_know_different_people(database: &dyn Database) {
    let store = database.open().await;
    let (a, b) = (add_session(&store, "a").await, add_session(&store, "b").await);
    add_messages(&store, &[Message { chat: alice_lid(), sender: alice_lid(), ..incoming(b, "m", 1) }]).await;
    let mut unit = store.begin().await.unwrap();
    unit.learn_contact(a, &seen(Some(alice()), Some(alice_lid()))).await.unwrap();
    unit.commit().await.unwrap();
    let mut view = store.view().await.unwrap();
    assert_eq!(view.contact(b, &alice()).await.unwrap(), None);
    assert!(view.message(b, &alice_lid(), &id("m")).await.unwrap().is_some());
}
