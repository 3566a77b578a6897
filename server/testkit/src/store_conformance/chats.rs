//! Chats.

use openwa_model::{
    Timestamp,
    chat::{ChatMark, ChatTouch},
    content::{Media, MessageKind},
    files::FileKey,
    jid::Jid,
    message::{DeliveryStatus, Message, Reaction},
    store::Page,
};

use super::{Database, fixtures::*};

fn touch(id: Jid, second: i64, body: &str, unread: u32) -> ChatTouch {
    ChatTouch { id, name: None, at: at(second), body: body.to_owned(), kind: MessageKind::Text, unread }
}

pub(crate) async fn a_message_makes_and_moves_its_chat(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    assert_eq!(unit.chat(session, &alice()).await.unwrap(), None);
    unit.touch_chat(session, &touch(alice(), 1, "one", 1)).await.unwrap();
    let named = ChatTouch { name: Some("Alice".to_owned()), kind: MessageKind::Image, ..touch(alice(), 2, "two", 2) };
    unit.touch_chat(session, &named).await.unwrap();
    unit.commit().await.unwrap();
    let chat = store.view().await.unwrap().chat(session, &alice()).await.unwrap().unwrap();
    assert_eq!((chat.session, &chat.id, chat.unread), (session, &alice(), 3));
    assert_eq!((chat.name.as_deref(), chat.last_body.as_deref()), (Some("Alice"), Some("two")));
    assert_eq!((chat.last_at, chat.last_kind), (Some(at(2)), Some(MessageKind::Image)));
    assert_eq!((chat.archived, chat.pinned, chat.muted_until), (false, false, None));
}

pub(crate) async fn an_older_message_only_counts(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    unit.touch_chat(session, &touch(alice(), 5, "new", 1)).await.unwrap();
    unit.touch_chat(session, &touch(alice(), 4, "old", 1)).await.unwrap();
    let chat = unit.chat(session, &alice()).await.unwrap().unwrap();
    assert_eq!((chat.unread, chat.last_body.as_deref(), chat.last_at), (2, Some("new"), Some(at(5))));
    unit.touch_chat(session, &touch(alice(), 5, "same second", 0)).await.unwrap();
    assert_eq!(unit.chat(session, &alice()).await.unwrap().unwrap().last_body.as_deref(), Some("same second"));
}

pub(crate) async fn a_name_is_set_and_stays(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    unit.name_chat(session, &group(), "first").await.unwrap();
    let chat = unit.chat(session, &group()).await.unwrap().unwrap();
    assert_eq!((chat.name.as_deref(), chat.last_at, chat.unread), (Some("first"), None, 0));
    unit.touch_chat(session, &touch(group(), 1, "x", 0)).await.unwrap();
    assert_eq!(unit.chat(session, &group()).await.unwrap().unwrap().name.as_deref(), Some("first"));
    unit.name_chat(session, &group(), "second").await.unwrap();
    let chat = unit.chat(session, &group()).await.unwrap().unwrap();
    assert_eq!((chat.name.as_deref(), chat.last_body.as_deref()), (Some("second"), Some("x")));
}

pub(crate) async fn unread_is_set_where_there_is_a_chat(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    unit.set_unread(session, &alice(), 3).await.unwrap();
    assert_eq!(unit.chat(session, &alice()).await.unwrap(), None);
    unit.touch_chat(session, &touch(alice(), 1, "x", 5)).await.unwrap();
    unit.set_unread(session, &alice(), 0).await.unwrap();
    assert_eq!(unit.chat(session, &alice()).await.unwrap().unwrap().unread, 0);
}

pub(crate) async fn a_mark_makes_the_chat_or_changes_that_alone(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    unit.touch_chat(session, &touch(alice(), 1, "hello", 2)).await.unwrap();
    for id in [alice(), group()] {
        for (mark, archived, pinned, muted_until) in [
            (ChatMark::Archived(true), true, false, None),
            (ChatMark::Pinned(true), true, true, None),
            (ChatMark::MutedUntil(Some(at(9))), true, true, Some(at(9))),
            (ChatMark::Archived(false), false, true, Some(at(9))),
            (ChatMark::MutedUntil(Some(Timestamp::MAX)), false, true, Some(Timestamp::MAX)),
            (ChatMark::MutedUntil(None), false, true, None),
        ] {
            unit.mark_chat(session, &id, mark).await.unwrap();
            let chat = unit.chat(session, &id).await.unwrap().unwrap();
            assert_eq!((chat.archived, chat.pinned, chat.muted_until), (archived, pinned, muted_until), "{mark:?}");
        }
    }
    let chat = unit.chat(session, &alice()).await.unwrap().unwrap();
    assert_eq!((chat.unread, chat.last_body.as_deref()), (2, Some("hello")));
    assert_eq!(unit.count_pinned_chats(session).await.unwrap(), 2);
    unit.mark_chat(session, &group(), ChatMark::Pinned(false)).await.unwrap();
    assert_eq!(unit.count_pinned_chats(session).await.unwrap(), 1);
}

pub(crate) async fn clearing_takes_what_was_sent_until_then(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let media = Media {
        mimetype: "image/png".to_owned(),
        filename: None,
        size_bytes: Some(3),
        file: Some(FileKey("kept".to_owned())),
        remote: None,
    };
    let messages = [
        Message { media: Some(media), ..incoming(session, "with a file", 1) },
        Message { status: DeliveryStatus::Sent, ..own(session, "sent", 2) },
        own(session, "still to be sent", 2),
        incoming(session, "later", 3),
        Message { chat: group(), ..incoming(session, "elsewhere", 1) },
    ];
    add_messages(&store, &messages).await;
    let mut unit = store.begin().await.unwrap();
    unit.touch_chat(session, &touch(alice(), 3, "text of later", 2)).await.unwrap();
    for target in ["sent", "later"] {
        let reaction =
            Reaction { chat: alice(), target: id(target), sender: alice(), emoji: "+".to_owned(), timestamp: at(4) };
        unit.set_reaction(session, &reaction).await.unwrap();
    }
    let files = unit.clear_messages(session, &alice(), at(2)).await.unwrap();
    assert_eq!(files, [FileKey("kept".to_owned())]);
    for (name, chat, left) in [
        ("with a file", alice(), false),
        ("sent", alice(), false),
        ("still to be sent", alice(), true),
        ("later", alice(), true),
        ("elsewhere", group(), true),
    ] {
        assert_eq!(unit.message(session, &chat, &id(name)).await.unwrap().is_some(), left, "{name}");
    }
    assert_eq!(unit.reactions(session, &alice(), &id("sent")).await.unwrap(), []);
    assert_eq!(unit.reactions(session, &alice(), &id("later")).await.unwrap().len(), 1);
    let chat = unit.chat(session, &alice()).await.unwrap().unwrap();
    assert_eq!((chat.unread, chat.last_body.as_deref()), (1, Some("text of later")));
    let messages = unit.clear_messages(session, &alice(), at(9)).await.unwrap();
    assert_eq!(messages, []);
    let chat = unit.chat(session, &alice()).await.unwrap().unwrap();
    assert_eq!((chat.unread, chat.last_body.as_deref()), (0, Some("text of still to be sent")));
    assert_eq!(chat.last_at, Some(at(3)), "it keeps its place in the list");
}

pub(crate) async fn a_deleted_chat_is_gone(database: &dyn Database) {
    let store = database.open().await;
    let (session, other) = (add_session(&store, "s").await, add_session(&store, "other").await);
    let mut unit = store.begin().await.unwrap();
    unit.touch_chat(session, &touch(alice(), 1, "x", 0)).await.unwrap();
    unit.touch_chat(other, &touch(alice(), 1, "x", 0)).await.unwrap();
    assert!(unit.delete_chat(session, &alice()).await.unwrap());
    assert!(!unit.delete_chat(session, &alice()).await.unwrap());
    assert_eq!(unit.chat(session, &alice()).await.unwrap(), None);
    assert!(unit.chat(other, &alice()).await.unwrap().is_some());
}

pub(crate) async fn the_newest_come_first(database: &dyn Database) {
    let store = database.open().await;
    let (session, other) = (add_session(&store, "s").await, add_session(&store, "other").await);
    let ids = ["15550000001@c.us", "15550000002@c.us", "15550000003@c.us"].map(jid);
    let mut unit = store.begin().await.unwrap();
    unit.name_chat(session, &group(), "nothing said yet").await.unwrap();
    for (id, second) in ids.iter().zip([2, 9, 5]) {
        unit.touch_chat(session, &touch(id.clone(), second, "x", 0)).await.unwrap();
    }
    unit.touch_chat(other, &touch(alice(), 7, "x", 0)).await.unwrap();
    unit.commit().await.unwrap();
    let mut view = store.view().await.unwrap();
    let mut list =
        async |page| view.chats(session, page).await.unwrap().into_iter().map(|it| it.id).collect::<Vec<_>>();
    assert_eq!(list(ALL).await, [ids[1].clone(), ids[2].clone(), ids[0].clone(), group()]);
    assert_eq!(list(Page { limit: 2, offset: 1 }).await, [ids[2].clone(), ids[0].clone()]);
}
