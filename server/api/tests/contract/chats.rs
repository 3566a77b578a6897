//! Chats: how they are kept in the list, and what changes them from here and from elsewhere.

use openwa_model::{
    Timestamp,
    chat::{ChatChange, ChatChanged, ChatMark, Typing},
    engine::Signal,
    ops::Command,
};
use serde_json::{Value, json};

use crate::house::{ADA, House, Link, soon};

impl Link {
    async fn asked(&mut self) -> Command {
        soon("a command", self.asked.recv()).await.unwrap()
    }

    async fn chat_changed(&self, change: ChatChange) {
        self.say(vec![Signal::Chat(ChatChanged { chat: ADA.parse().unwrap(), change })]).await;
    }
}

impl House {
    async fn chat(&self, session: &str) -> Value {
        let chats = self.get(&format!("/api/sessions/{session}/chats")).await.good(200);
        chats.as_array().unwrap().iter().find(|it| it["id"] == ADA).cloned().unwrap_or_default()
    }
}

#[tokio::test]
async fn a_chat_is_kept_as_it_was_asked_for() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    link.receive("3EB0AA", "hello").await;
    let until = 4_000_000_000_000_i64;
    for (path, body, field, value) in [
        ("archive", json!({"chatId": ADA, "archive": true}), "archived", json!(true)),
        ("archive", json!({"chatId": ADA, "archive": false}), "archived", json!(false)),
        ("pin", json!({"chatId": ADA, "pin": true}), "pinned", json!(true)),
        ("pin", json!({"chatId": ADA, "pin": false}), "pinned", json!(false)),
        ("mute", json!({"chatId": ADA, "muteUntil": until}), "muteExpiration", json!(until)),
        ("mute", json!({"chatId": ADA, "muteUntil": 0}), "muteExpiration", json!(0)),
        ("mute", json!({"chatId": ADA, "muteUntil": null}), "muted", json!(false)),
    ] {
        let done = house.post(&format!("/api/sessions/{id}/chats/{path}"), body.clone()).await.good(200);
        assert_eq!(done, json!({"success": true}), "{path} {body}");
        assert_eq!(house.chat(&id).await[field], value, "{path} {body}");
        match link.asked().await {
            Command::ArchiveChat(it) => {
                assert_eq!((it.chat.to_string().as_str(), it.archived), (ADA, body["archive"] == true));
                assert_eq!(it.newest.unwrap().message.id.as_str(), "3EB0AA", "up to where it reaches");
            }
            Command::PinChat(it) => assert_eq!(it.pinned, body["pin"] == true),
            Command::MuteChat(it) => {
                let expected = match body["muteUntil"].as_i64() {
                    Some(0) => Some(Timestamp::MAX),
                    Some(millis) => Timestamp::from_millisecond(millis).ok(),
                    None => None,
                };
                assert_eq!(it.until, expected);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_fourth_chat_is_not_kept_on_top() {
    let house = House::open().await;
    let (id, _link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/chats/pin");
    for (number, success) in [(1, true), (2, true), (3, true), (4, false), (2, true)] {
        let body = json!({"chatId": format!("1555000000{number}@c.us"), "pin": true});
        assert_eq!(house.post(&path, body).await.good(200), json!({"success": success}), "{number}");
    }
}

#[tokio::test]
async fn a_chat_is_shown_as_unread_until_it_is_read() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/chats");
    assert_eq!(house.post(&format!("{path}/unread"), json!({"chatId": ADA})).await.failed(404), "Chat not found");
    link.receive("3EB0AA", "hello").await;
    house.post(&format!("{path}/read"), json!({"chatId": ADA})).await.good(200);
    assert!(matches!(link.asked().await, Command::MarkRead(_)));
    house.post(&format!("{path}/unread"), json!({"chatId": ADA})).await.good(200);
    assert!(matches!(link.asked().await, Command::SetChatUnread(it) if it.unread));
    assert_eq!(house.chat(&id).await["unreadCount"], 1);
    house.post(&format!("{path}/read"), json!({"chatId": ADA})).await.good(200);
    assert!(matches!(link.asked().await, Command::SetChatUnread(it) if !it.unread));
    assert_eq!(house.chat(&id).await["unreadCount"], 0);
}

#[tokio::test]
async fn a_chat_is_emptied_and_deleted() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    link.receive("3EB0AA", "hello").await;
    let clear = format!("/api/sessions/{id}/chats/{ADA}/messages");
    assert_eq!(house.delete(&clear).await.good(200), json!({"success": true}));
    assert!(matches!(link.asked().await, Command::ClearChat(it) if it.newest.is_some()));
    let chat = house.chat(&id).await;
    assert_eq!((&chat["unreadCount"], chat.get("lastMessage")), (&json!(0), None), "{chat}");
    let messages = format!("/api/sessions/{id}/messages");
    assert_eq!(house.get(&messages).await.good(200)["total"], 0);

    link.receive("3EB0BB", "again").await;
    house.post(&format!("/api/sessions/{id}/chats/delete"), json!({"chatId": ADA})).await.good(200);
    assert!(matches!(link.asked().await, Command::DeleteChat(_)));
    assert_eq!(house.chat(&id).await, Value::Null);
    assert_eq!(house.get(&messages).await.good(200)["total"], 0);
}

#[tokio::test]
async fn the_other_side_is_shown_who_types() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    for (state, shown) in [("typing", Typing::Composing), ("recording", Typing::Recording), ("paused", Typing::Paused)]
    {
        let body = json!({"chatId": ADA, "state": state});
        assert_eq!(house.post(&format!("/api/sessions/{id}/chats/typing"), body).await.good(200)["success"], true);
        assert!(matches!(link.asked().await, Command::SendTyping(it) if it.state == shown), "{state}");
    }
}

#[tokio::test]
async fn changes_made_on_the_phone_are_kept_too() {
    let house = House::open().await;
    let (id, link) = house.ready("main").await;
    let second = |second| Timestamp::from_second(second).unwrap();
    link.receive("3EB0AA", "hello").await;
    for (mark, field, value) in [
        (ChatMark::Archived(true), "archived", json!(true)),
        (ChatMark::Pinned(true), "pinned", json!(true)),
        (ChatMark::MutedUntil(Some(Timestamp::MAX)), "muteExpiration", json!(0)),
    ] {
        link.chat_changed(ChatChange::Marked(mark)).await;
        assert_eq!(house.chat(&id).await[field], value, "{mark:?}");
    }
    // The message was sent at second 1,700,000,000.
    for (change, unread) in [
        (ChatChange::ReadUpTo(second(1_600_000_000)), 1),
        (ChatChange::ReadUpTo(second(1_700_000_000)), 0),
        (ChatChange::Unread, 1),
        (ChatChange::Unread, 1),
    ] {
        link.chat_changed(change).await;
        assert_eq!(house.chat(&id).await["unreadCount"], unread, "{change:?}");
    }
    for (change, is_there, total) in [
        (ChatChange::ClearedUpTo(second(1_600_000_000)), true, 1),
        (ChatChange::DeletedUpTo(second(1_600_000_000)), true, 1),
        (ChatChange::ClearedUpTo(second(1_700_000_000)), true, 0),
        (ChatChange::DeletedUpTo(second(1_700_000_000)), false, 0),
        // Of a chat that nobody knows nothing is made.
        (ChatChange::Unread, false, 0),
        (ChatChange::DeletedUpTo(second(1_700_000_000)), false, 0),
    ] {
        link.chat_changed(change).await;
        assert_eq!(house.chat(&id).await != Value::Null, is_there, "{change:?}");
        assert_eq!(house.get(&format!("/api/sessions/{id}/messages")).await.good(200)["total"], total, "{change:?}");
    }
}

#[tokio::test]
async fn what_does_not_read_is_refused() {
    let house = House::open().await;
    let (id, _link) = house.ready("main").await;
    for (path, body, sentence) in [
        ("unread", json!({}), "chatId must be a string"),
        ("unread", json!({"chatId": "ada"}), r"chatId must match /^[^\s@]+@[^\s@]+$/ regular expression"),
        ("archive", json!({"chatId": ADA}), "archive must be a boolean value"),
        ("pin", json!({"chatId": ADA, "pin": "yes"}), "pin must be a boolean value"),
        ("mute", json!({"chatId": ADA}), "muteUntil must be given; null where there is none"),
        ("mute", json!({"chatId": ADA, "muteUntil": 1}), "muteUntil must be in the future; null ends the silence"),
        ("delete", json!({"chatId": ADA, "x": 1}), "property x should not exist"),
        (
            "typing",
            json!({"chatId": ADA, "state": "sleeping"}),
            "state must be one of the following values: typing, recording, paused",
        ),
    ] {
        let answer = house.post(&format!("/api/sessions/{id}/chats/{path}"), body.clone()).await;
        assert_eq!(answer.failed(400), sentence, "{path} {body}");
    }
    house.delete(&format!("/api/sessions/{id}/chats/ada/messages")).await.failed(400);
}
