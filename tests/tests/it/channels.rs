//! Channels and communities through the front door.

use openwa_testkit::{
    client::Client,
    gateway::{Gateway, Setup},
    sandbox::{Phone, Sandbox},
};
use serde_json::{Value, json};

use crate::story::{Session, text};

struct Cast {
    _gateway: Gateway,
    client: Client,
    owner: Session,
    reader: Session,
    ada: Phone,
    bob: Phone,
}

async fn cast() -> Cast {
    let gateway = Setup::with_sandbox_inside().start().await;
    let (client, sandbox): (Client, Sandbox) = (gateway.client(), gateway.sandbox());
    let ada = sandbox.create_phone("Ada").await;
    let bob = sandbox.create_phone("Bob").await;
    let owner = Session::link(&client, &sandbox, "owner", &ada).await;
    let reader = Session::link(&client, &sandbox, "reader", &bob).await;
    Cast { _gateway: gateway, client, owner, reader, ada, bob }
}

fn names(list: &Value) -> Vec<String> {
    list.as_array().expect("a list").iter().map(|it| text(&it["name"])).collect()
}

#[tokio::test]
async fn a_channel_is_made_found_read_and_left() {
    let Cast { client, owner, reader, ada, bob, .. } = &cast().await;
    let body = json!({"name": "Tides", "description": "When to go out"});
    let made = client.post(&owner.path("/channels"), &body).await.expect(201);
    let (channel, code) = (text(&made["id"]), text(&made["inviteCode"]));
    assert!(channel.ends_with("@newsletter"), "{made}");
    let at = |session: &Session, rest: &str| session.path(&format!("/channels/{channel}{rest}"));

    let found = client.get(&reader.path("/channels/search?q=tides")).await.expect(200);
    assert_eq!(names(&found), ["Tides"], "{found}");
    assert_eq!(client.get(&reader.path("/channels")).await.expect(200), json!([]));
    let subscribed = client.post(&reader.path("/channels/subscribe"), &json!({"inviteCode": code})).await.expect(201);
    assert_eq!((&subscribed["id"], &subscribed["name"]), (&json!(channel), &json!("Tides")));
    assert_eq!(names(&client.get(&reader.path("/channels")).await.expect(200)), ["Tides"]);
    let seen = client.get(&at(reader, "")).await.expect(200);
    assert_eq!((&seen["description"], &seen["role"]), (&json!("When to go out"), &json!("subscriber")), "{seen}");

    let posted = owner.send_text(client, &channel, "High water at six").await;
    let messages = client.get(&at(reader, "/messages?limit=10")).await.expect(200);
    assert_eq!((&messages[0]["id"], &messages[0]["body"]), (&json!(posted), &json!("High water at six")), "{messages}");

    client.post(&at(reader, "/mute"), &json!({"mute": true})).await.expect(200);
    // What is the owner's alone is refused to everybody else.
    for (path, body) in [
        ("/delete", json!({})),
        ("/admins/demote", json!({"userId": ada.chat()})),
        ("/owner/transfer", json!({"newOwnerId": bob.chat()})),
    ] {
        let refused = client.post(&at(reader, path), &body).await;
        assert_eq!(refused.expect(403)["code"], "REFUSED_BY_WHATSAPP", "{path}");
    }
    client.delete(&at(reader, "")).await.expect(200);
    assert_eq!(client.get(&reader.path("/channels")).await.expect(200), json!([]));
    client.post_empty(&at(owner, "/delete")).await.expect(200);
    assert_eq!(client.get(&at(reader, "")).await.expect(404)["code"], "CHANNEL_NOT_FOUND");
}

#[tokio::test]
async fn a_community_takes_groups_in_and_lets_them_go() {
    let Cast { client, owner, reader, bob, .. } = &cast().await;
    let body = json!({"name": "The harbour", "description": "Everybody at the water"});
    let made = client.post(&owner.path("/communities"), &body).await.expect(201);
    let community = text(&made["id"]);
    let at = |rest: &str| owner.path(&format!("/communities/{community}{rest}"));
    assert_eq!(names(&client.get(&owner.path("/communities")).await.expect(200)), ["The harbour"]);
    let own = client.get(&at("/subgroups")).await.expect(200);
    assert_eq!(own.as_array().expect("a list").iter().filter(|it| it["isAnnouncement"] == true).count(), 1, "{own}");

    let group = json!({"name": "Crew", "participants": [bob.chat()]});
    let group = text(&client.post(&owner.path("/groups"), &group).await.expect(201)["id"]);
    let linked = client.post(&at("/subgroups"), &json!({"groups": [group]})).await.expect(200);
    assert_eq!(linked["results"], json!([{"id": group, "success": true, "status": 200}]));
    assert!(names(&client.get(&at("/subgroups")).await.expect(200)).contains(&"Crew".to_owned()));
    let seen = client.get(&reader.path(&format!("/groups/{group}"))).await.expect(200);
    assert_eq!(seen["linkedParentJID"], community.as_str(), "{seen}");
    let theirs = reader.path(&format!("/communities/{community}/subgroups"));
    assert_eq!(client.post(&theirs, &json!({"groups": [group]})).await.status, 403);

    let request = client.request(reqwest::Method::DELETE, &at("/subgroups")).json(&json!({"groups": [group]}));
    let unlinked = client.send(request).await.expect(200);
    assert_eq!(unlinked["results"], json!([{"id": group, "success": true, "status": 200}]));
    let seen = client.get(&reader.path(&format!("/groups/{group}"))).await.expect(200);
    assert_eq!(seen.get("linkedParentJID"), None, "{seen}");
    client.post_empty(&at("/deactivate")).await.expect(200);
    assert_eq!(client.get(&owner.path("/communities")).await.expect(200), json!([]));
}
