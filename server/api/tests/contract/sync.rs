//! Having the phone asked about the past.

use openwa_model::{engine::Signal, ops::Command};
use serde_json::{Value, json};

use crate::{
    described::check_event,
    house::{ADA, House, Link, soon, text_from},
};

const BOB: &str = "15550000002@c.us";

/// How far it is, once nothing is left to ask.
async fn idle(house: &House, path: &str) -> Value {
    soon("the end of the run", async {
        loop {
            let sync = house.get(path).await.good(200);
            if sync["state"] == "idle" {
                return sync;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await
}

/// The chats that were asked about.
fn asked_about(link: &mut Link) -> Vec<String> {
    let mut chats = Vec::new();
    while let Ok(command) = link.asked.try_recv() {
        if let Command::FetchHistory(it) = command {
            chats.push(it.chat.to_string());
        }
    }
    chats.sort();
    chats.dedup();
    chats
}

#[tokio::test]
async fn chats_are_asked_about_and_it_is_told() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/sync");
    let nothing = json!({
        "state": "idle", "chatsDone": 0, "chatsLeft": 0, "messagesStored": 0, "lastRunAt": null, "lastEndedAt": null,
        "nextRunAt": null, "lastError": null,
    });
    assert_eq!(house.get(&path).await.good(200), nothing);
    link.receive("3EB0AA", "hello").await;
    link.say(vec![Signal::Message(Box::new(text_from(BOB, "3EB0BB", "hello")))]).await;
    // A status is no chat that a phone could be asked about.
    let mut status = text_from(ADA, "3EB0CC", "open");
    status.chat = "status@broadcast".parse().unwrap();
    link.say(vec![Signal::Message(Box::new(status))]).await;
    let taken = house.post(&path, json!({})).await.good(202);
    assert_eq!((&taken["chatsDone"], &taken["chatsLeft"]), (&json!(0), &json!(2)), "{taken}");
    let done = idle(&house, &path).await;
    assert_eq!((&done["chatsDone"], &done["chatsLeft"]), (&json!(2), &json!(0)), "{done}");
    assert!(done["lastRunAt"].is_string() && done["lastEndedAt"].is_string() && done["lastError"].is_null(), "{done}");
    assert_eq!(asked_about(&mut link), [ADA, BOB]);

    house.post(&path, json!({"chatId": BOB, "count": 5})).await.good(202);
    idle(&house, &path).await;
    assert_eq!(asked_about(&mut link), [BOB]);
    let events = house.get(&format!("/api/sessions/{id}/events?types=session.sync")).await.good(200);
    let events = events["events"].as_array().unwrap();
    assert_eq!(events.len(), 3, "{events:?}");
    for event in events {
        check_event("session.sync", &event["data"]);
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused() {
    let house = House::open().await;
    let (id, _link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/sync");
    for chat in ["status@broadcast", "120363000000000009@newsletter"] {
        let told = house.post(&path, json!({"chatId": chat})).await.failed(400);
        assert!(told.contains("a person or a group"), "{told}");
    }
    house.post(&path, json!({"chatId": ADA, "count": 2001})).await.failed(400);
    let stopped = house.session("stopped").await;
    house.post(&format!("/api/sessions/{stopped}/sync"), json!({})).await.failed(400);
}

#[tokio::test]
async fn a_key_of_one_chat_asks_about_that_alone() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    link.receive("3EB0AA", "hello").await;
    let path = format!("/api/sessions/{id}/sync");
    let key = house.key(json!({"name": "bob only", "role": "operator", "allowedChats": [BOB]})).await;
    let ask = async |body: Value| house.answer(house.bare("POST", &path).header("X-API-Key", &key).json(&body)).await;
    assert_eq!(ask(json!({"chatId": ADA})).await.failed(403), "API key not authorized for this chat");
    ask(json!({})).await.good(202);
    idle(&house, &path).await;
    assert_eq!(asked_about(&mut link), [BOB]);
}
