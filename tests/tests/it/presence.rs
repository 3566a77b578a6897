//! What one account shows of itself, and another one sees: on line, typing, name, line and picture.

use openwa_testkit::{client::Events, gateway::Setup};
use serde_json::{Value, json};

use crate::story::{LIMIT, Session};

/// A red and a blue pixel, as a PNG.
const PICTURE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAADUlEQVR42mP4zwAE/wEHAAH/PX2MSQAAAABJRU5ErkJggg==";

async fn wait_for_state(events: &mut Events, state: &str) -> Value {
    let event = events
        .wait_for(state, LIMIT, |it| {
            it.event.as_deref() == Some("presence.update") && it.data["data"]["participants"][0]["state"] == state
        })
        .await;
    event.data["data"].clone()
}

#[tokio::test]
async fn who_is_there_and_who_types_is_seen() {
    let gateway = Setup::with_sandbox_inside().start().await;
    let (client, sandbox) = (gateway.client(), gateway.sandbox());
    let (own, other) = (sandbox.create_phone("Shop").await, sandbox.create_phone("Customer").await);
    let shop = Session::link(&client, &sandbox, "shop", &own).await;
    let customer = Session::link(&client, &sandbox, "customer", &other).await;
    let mut events = shop.follow(&client).await;

    client.put(&customer.path("/presence"), &json!({"available": true})).await.expect(200);
    client.put(&shop.path("/presence"), &json!({"available": true})).await.expect(200);
    client.post(&shop.path("/presence/subscribe"), &json!({"chatId": other.chat()})).await.expect(200);
    let seen = wait_for_state(&mut events, "available").await;
    assert_eq!((&seen["chatId"], &seen["participants"][0]["id"]), (&json!(other.chat()), &json!(other.chat())));

    for (state, shown) in [("typing", "composing"), ("recording", "recording"), ("paused", "paused")] {
        let body = json!({"chatId": own.chat(), "state": state});
        client.post(&customer.path("/chats/typing"), &body).await.expect(200);
        assert_eq!(wait_for_state(&mut events, shown).await["chatId"], other.chat());
    }
    let kept = client.get(&shop.path(&format!("/presence/{}", other.chat()))).await.expect(200);
    assert_eq!(kept["participants"], json!([{"id": other.chat(), "state": "paused"}]));
    let nobody = client.get(&shop.path(&format!("/presence/{}", own.chat()))).await.expect(200);
    assert_eq!(nobody, Value::Null);
}

#[tokio::test]
async fn a_profile_is_shown_to_others() {
    let gateway = Setup::with_sandbox_inside().start().await;
    let (client, sandbox) = (gateway.client(), gateway.sandbox());
    let (own, other) = (sandbox.create_phone("Shop").await, sandbox.create_phone("Customer").await);
    let shop = Session::link(&client, &sandbox, "shop", &own).await;
    let customer = Session::link(&client, &sandbox, "customer", &other).await;
    let mut events = customer.follow(&client).await;
    let done = json!({"success": true});

    assert_eq!(client.put(&shop.path("/profile/name"), &json!({"name": "The shop"})).await.expect(200), done);
    assert_eq!(client.put(&shop.path("/profile/status"), &json!({"status": "Open"})).await.expect(200), done);
    let picture = json!({"base64": PICTURE, "mimetype": "image/png"});
    assert_eq!(client.put(&shop.path("/profile/picture"), &picture).await.expect(200), done);

    shop.send_text(&client, &other.chat(), "Hello").await;
    let message = events.wait_for("the message", LIMIT, |it| it.data["data"]["body"] == "Hello").await;
    assert_eq!(message.data["data"]["contact"]["pushName"], "The shop");
    let path = customer.path(&format!("/contacts/{}/profile-picture", own.chat()));
    let seen = client.get(&path).await.expect(200);
    assert!(seen["url"].as_str().is_some_and(|it| it.starts_with("https://")), "{seen}");
    assert_eq!(client.delete(&shop.path("/profile/picture")).await.expect(200), done);
    assert_eq!(client.get(&path).await.expect(200), json!({"url": null}));
}

#[tokio::test]
async fn who_may_see_what_is_told_and_changed() {
    let gateway = Setup::with_sandbox_inside().start().await;
    let (client, sandbox) = (gateway.client(), gateway.sandbox());
    let own = sandbox.create_phone("Shop").await;
    let shop = Session::link(&client, &sandbox, "shop", &own).await;
    let path = shop.path("/privacy");
    let told = client.get(&path).await.expect(200);
    assert_eq!((&told["lastSeen"], &told["readReceipts"]), (&json!("all"), &json!("all")), "{told}");
    let changed = client.put(&path, &json!({"lastSeen": "none", "online": "match_last_seen"})).await.expect(200);
    assert_eq!((&changed["lastSeen"], &changed["online"]), (&json!("none"), &json!("match_last_seen")), "{changed}");
    assert_eq!(client.get(&path).await.expect(200), changed);
}
