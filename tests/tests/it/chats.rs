//! Chats as all devices of an account keep them: what one session changes, another one of the same phone sees.

use openwa_testkit::{
    client::{Client, Events},
    gateway::Setup,
};
use serde_json::{Value, json};

use crate::story::{LIMIT, Session};

/// Waits until a device was told that the chat is as it should be.
async fn wait_for_chat(events: &mut Events, chat: &str, what: &str, is_done: impl Fn(&Value) -> bool) {
    events
        .wait_for(what, LIMIT, |it| {
            let data = &it.data["data"];
            it.event.as_deref() == Some("chat.update") && data["chatId"] == chat && is_done(data)
        })
        .await;
}

async fn chat_in_list(client: &Client, session: &Session, chat: &str) -> Value {
    let chats = client.get(&session.path("/chats")).await.expect(200);
    let chats = chats.as_array().expect("a list of chats");
    chats.iter().find(|it| it["id"] == chat).cloned().unwrap_or_default()
}

async fn wait_for_text(events: &mut Events, body: &str) {
    events.wait_for(body, LIMIT, |it| it.data["data"]["body"] == body).await;
}

#[tokio::test]
async fn what_is_done_to_a_chat_is_done_on_all_devices() {
    let gateway = Setup::with_sandbox_inside().start().await;
    let (client, sandbox) = (gateway.client(), gateway.sandbox());
    let own = sandbox.create_phone("Shop").await;
    let customer = sandbox.create_phone("Customer").await;
    let here = Session::link(&client, &sandbox, "here", &own).await;
    let there = Session::link(&client, &sandbox, "there", &own).await;
    let (mut seen_here, mut seen_there) = (here.follow(&client).await, there.follow(&client).await);
    sandbox.send_text(&customer, &own.chat(), "Are you open?").await;
    wait_for_text(&mut seen_here, "Are you open?").await;
    wait_for_text(&mut seen_there, "Are you open?").await;
    let chat = customer.chat();

    type Check = fn(&Value) -> bool;
    let steps: [(&str, Value, Check); 8] = [
        ("archive", json!({"chatId": chat, "archive": true}), |it| it["archived"] == true),
        ("archive", json!({"chatId": chat, "archive": false}), |it| it["archived"] == false),
        ("pin", json!({"chatId": chat, "pin": true}), |it| it["pinned"] == true),
        ("mute", json!({"chatId": chat, "muteUntil": 4_000_000_000_000_i64}), |it| {
            it["muted"] == true && it["muteExpiration"] == 4_000_000_000_000_i64
        }),
        ("mute", json!({"chatId": chat, "muteUntil": 0}), |it| it["muteExpiration"] == 0),
        ("mute", json!({"chatId": chat, "muteUntil": null}), |it| it["muted"] == false),
        ("read", json!({"chatId": chat}), |it| it["unreadCount"] == 0),
        ("unread", json!({"chatId": chat}), |it| it["unreadCount"] == 1),
    ];
    for (path, body, is_done) in steps {
        let done = client.post(&here.path(&format!("/chats/{path}")), &body).await.expect(200);
        assert_eq!(done, json!({"success": true}), "{path} {body}");
        wait_for_chat(&mut seen_here, &chat, path, is_done).await;
        wait_for_chat(&mut seen_there, &chat, path, is_done).await;
        for session in [&here, &there] {
            let shown = chat_in_list(&client, session, &chat).await;
            assert!(is_done(&shown), "{path} {body}: {shown}");
        }
    }

    let done = client.delete(&here.path(&format!("/chats/{chat}/messages"))).await.expect(200);
    assert_eq!(done, json!({"success": true}));
    wait_for_chat(&mut seen_there, &chat, "cleared", |it| it["unreadCount"] == 0 && it["deleted"] == false).await;
    assert_eq!(there.messages(&client, "").await, Vec::<Value>::new());

    sandbox.send_text(&customer, &own.chat(), "Hello?").await;
    wait_for_text(&mut seen_here, "Hello?").await;
    wait_for_text(&mut seen_there, "Hello?").await;
    client.post(&here.path("/chats/delete"), &json!({"chatId": chat})).await.expect(200);
    wait_for_chat(&mut seen_here, &chat, "deleted", |it| it["deleted"] == true).await;
    wait_for_chat(&mut seen_there, &chat, "deleted", |it| it["deleted"] == true).await;
    assert_eq!(chat_in_list(&client, &there, &chat).await, Value::Null);
}

#[tokio::test]
async fn a_message_is_kept_on_top_for_everyone_and_starred_for_oneself() {
    let gateway = Setup::with_sandbox_inside().start().await;
    let (client, sandbox) = (gateway.client(), gateway.sandbox());
    let own = sandbox.create_phone("Shop").await;
    let customer = sandbox.create_phone("Customer").await;
    let shop = Session::link(&client, &sandbox, "shop", &own).await;
    let id = shop.send_text(&client, &customer.chat(), "Open from nine to six").await;
    let message = json!({"chatId": customer.chat(), "messageId": id});
    let with = |name: &str, value: Value| {
        let mut body = message.clone();
        body[name] = value;
        body
    };
    let done = json!({"success": true});
    let pinned = with("durationSeconds", json!(86_400));
    assert_eq!(client.post(&shop.path("/messages/pin"), &pinned).await.expect(200), done);
    let pins = |all: &[Value]| -> Vec<Value> { all.iter().filter(|it| it["type"] == "pin").cloned().collect() };
    let pin = sandbox.wait_for(&customer, "the pin", LIMIT, |all| pins(all).pop()).await;
    assert_eq!((&pin["target"], &pin["pin"], &pin["seconds"]), (&json!(id), &json!(true), &json!(86_400)), "{pin}");
    assert_eq!(client.post(&shop.path("/messages/unpin"), &message).await.expect(200), done);
    let unpin = sandbox.wait_for(&customer, "its end", LIMIT, |all| pins(all).into_iter().nth(1)).await;
    assert_eq!((&unpin["target"], &unpin["pin"]), (&json!(id), &json!(false)), "{unpin}");
    for star in [true, false] {
        assert_eq!(client.post(&shop.path("/messages/star"), &with("star", json!(star))).await.expect(200), done);
    }
    let history = client.get(&shop.path(&format!("/messages/{}/history", customer.chat()))).await.expect(200);
    assert_eq!(history[0]["body"], "Open from nine to six");
}

#[tokio::test]
async fn what_was_said_before_linking_is_asked_of_the_phone() {
    let gateway = Setup::with_sandbox_inside().with("HISTORY_ON_LINK", "false").start().await;
    let (client, sandbox) = (gateway.client(), gateway.sandbox());
    let own = sandbox.create_phone("Shop").await;
    let customer = sandbox.create_phone("Customer").await;
    for text in ["one", "two", "three"] {
        sandbox.send_text(&customer, &own.chat(), text).await;
        sandbox.wait_for_text(&own, text, LIMIT).await;
    }
    sandbox.send_text(&own, &customer.chat(), "four").await;
    let shop = Session::link(&client, &sandbox, "shop", &own).await;
    let mut events = shop.follow(&client).await;
    let path = shop.path(&format!("/messages/{}/history", customer.chat()));
    assert_eq!(client.get(&path).await.expect(200), json!([]), "there is nothing to ask from");
    sandbox.send_text(&customer, &own.chat(), "five").await;
    wait_for_text(&mut events, "five").await;

    let told = client.get(&path).await.expect(200);
    let told: Vec<_> = told.as_array().expect("a list of messages").iter().collect();
    let bodies: Vec<_> = told.iter().map(|it| it["body"].as_str().expect("a text")).collect();
    assert_eq!(bodies, ["one", "two", "three", "four", "five"]);
    assert_eq!((&told[0]["from"], &told[0]["fromMe"]), (&json!(customer.chat()), &json!(false)), "{}", told[0]);
    assert_eq!((&told[3]["to"], &told[3]["fromMe"]), (&json!(customer.chat()), &json!(true)), "{}", told[3]);
    assert_eq!(client.get(&format!("{path}?limit=2")).await.expect(200)[0]["body"], "four");
    assert_eq!(shop.messages(&client, "").await.len(), 1, "what the phone tells is not stored");
}
