//! What phones do beside messages, over the control API.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::*;

fn number(view: &Value) -> &str {
    view["number"].as_str().unwrap()
}

impl Served {
    /// What a phone noticed, the first of a type.
    async fn event(&self, phone: &str, kind: &str) -> Value {
        self.event_with(phone, kind, |_| true).await
    }

    /// The first event of a type whose data are meant.
    async fn event_with(&self, phone: &str, kind: &str, is_meant: impl Fn(&Value) -> bool) -> Value {
        let mut after = 0;
        loop {
            let page = self.get(&format!("{phone}/events?wait=20000&after={after}")).await;
            let page = page.as_array().unwrap();
            assert!(!page.is_empty(), "no {kind} was noticed");
            if let Some(found) = page.iter().find(|event| event["type"] == kind && is_meant(&event["data"])) {
                return found.clone();
            }
            after = page.last().unwrap()["sequence"].as_u64().unwrap();
        }
    }

    async fn done(&self, method: Method, path: &str, body: Value) {
        let (status, answer) = self.call(method, path, Some(body)).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{path}: {answer}");
    }
}

#[tokio::test]
async fn typing_and_presence_are_noticed() {
    let served = serve(sandbox().await).await;
    let (anna, anna_view) = served.phone("anna").await;
    let (bert, bert_view) = served.phone("bert").await;
    let anna_id = format!("{}@c.us", number(&anna_view));
    for state in ["typing", "recording", "paused"] {
        let shown = json!({"chat": number(&bert_view), "state": state});
        served.done(Method::POST, &format!("{anna}/chat-state"), shown).await;
        let event = served.event(&bert, state).await;
        assert_eq!((&event["from"], &event["chat"]), (&json!(anna_id), &json!(anna_id)));
    }
    served.done(Method::POST, &format!("{bert}/subscriptions"), json!({"chat": anna_id})).await;
    assert_eq!(served.event(&bert, "presence").await["data"]["available"], false);
    served.done(Method::PUT, &format!("{anna}/presence"), json!({"available": true})).await;
    let event = served.event_with(&bert, "presence", |data| data["available"] == true).await;
    assert_eq!(event["from"], json!(anna_id));
}

#[tokio::test]
async fn who_is_blocked_reaches_nobody() {
    let served = serve(sandbox().await).await;
    let (anna, anna_view) = served.phone("anna").await;
    let (bert, bert_view) = served.phone("bert").await;
    let path = format!("{bert}/blocked/{}", number(&anna_view));
    served.done(Method::PUT, &path, json!({})).await;
    assert_eq!(served.get(&format!("{bert}/blocked")).await, json!([format!("{}@c.us", number(&anna_view))]));
    served.post(&format!("{anna}/messages"), json!({"chat": number(&bert_view), "text": "unheard"})).await;
    served.done(Method::DELETE, &path, json!({})).await;
    assert_eq!(served.get(&format!("{bert}/blocked")).await, json!([]));
    served.post(&format!("{anna}/messages"), json!({"chat": number(&bert_view), "text": "heard"})).await;
    assert_eq!(served.get(&format!("{bert}/messages?wait=20000")).await[0]["text"], "heard");
}

#[tokio::test]
async fn a_profile_is_seen_by_others() {
    let served = serve(sandbox().await).await;
    let (anna, anna_view) = served.phone("anna").await;
    let (bert, bert_view) = served.phone("bert").await;
    let contact = format!("{bert}/contacts/{}", number(&anna_view));
    let before = served.get(&contact).await;
    assert_eq!(before["lid"], anna_view["lid"]);
    assert_eq!(
        (&before["about"], &before["picture"], &before["isBusiness"]),
        (&Value::Null, &Value::Null, &json!(false))
    );

    let picture = STANDARD.encode(b"a jpeg");
    let profile = json!({"name": "Anna B.", "about": "at work", "picture": picture});
    served.done(Method::PATCH, &format!("{anna}/profile"), profile).await;
    let after = served.get(&contact).await;
    assert_eq!((&after["about"], &after["picture"]), (&json!("at work"), &json!(picture)));
    served.post(&format!("{anna}/messages"), json!({"chat": number(&bert_view), "text": "hello"})).await;
    assert_eq!(served.get(&format!("{bert}/messages?wait=20000")).await[0]["senderName"], "Anna B.");
    served.done(Method::PATCH, &format!("{anna}/profile"), json!({"picture": ""})).await;
    assert_eq!(served.get(&contact).await["picture"], Value::Null);
    let (status, _) = served.call(Method::GET, &format!("{bert}/contacts/19995550000"), None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);

    let business = json!({"verifiedName": "Anna's Shop", "description": "cups"});
    served.done(Method::PUT, &format!("{anna}/business"), business).await;
    let after = served.get(&contact).await;
    assert_eq!((&after["isBusiness"], &after["verifiedName"]), (&json!(true), &json!("Anna's Shop")));
    let (status, _) = served.call(Method::DELETE, &format!("{anna}/business"), None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(served.get(&contact).await["isBusiness"], false);
}

#[tokio::test]
async fn a_group_is_changed_seen_left_and_joined() {
    let served = serve(sandbox().await).await;
    let (anna, anna_view) = served.phone("anna").await;
    let (bert, bert_view) = served.phone("bert").await;
    let (carl, carl_view) = served.phone("carl").await;
    let new = json!({"name": "lunch", "participants": [number(&bert_view)]});
    let group = served.post(&format!("{anna}/groups"), new).await["id"].as_str().unwrap().to_owned();
    let (of_anna, of_bert) = (format!("{anna}/groups/{group}"), format!("{bert}/groups/{group}"));

    let settings = json!({
        "name": "dinner", "description": "at eight", "announcement": true, "locked": true, "adminsAdd": true,
        "approval": true, "expiration": 86400, "picture": STANDARD.encode(b"a jpeg"),
    });
    served.done(Method::PATCH, &of_anna, settings.clone()).await;
    let seen = served.get(&of_bert).await;
    for name in ["name", "description", "announcement", "locked", "adminsAdd", "approval", "expiration"] {
        assert_eq!(seen[name], settings[name], "{name} of {seen:#}");
    }
    assert_eq!(seen["owner"], format!("{}@c.us", number(&anna_view)));
    served.done(Method::PATCH, &of_anna, json!({"description": "", "approval": true, "announcement": false})).await;
    assert_eq!(served.get(&of_bert).await["description"], Value::Null);
    let renamed = served.event_with(&bert, "group", |data| data["change"] == "subject").await;
    assert_eq!((&renamed["chat"], &renamed["data"]["text"]), (&json!(group), &json!("dinner")));

    // Bert may not add anybody; once an admin he may.
    let add = json!({"action": "add", "participants": [number(&carl_view)]});
    let (status, _) = served.call(Method::POST, &format!("{of_bert}/participants"), Some(add)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let promote = json!({"action": "promote", "participants": [number(&bert_view)]});
    let results = served.post(&format!("{of_anna}/participants"), promote).await;
    assert_eq!(results, json!([{"id": format!("{}@c.us", number(&bert_view)), "code": 200}]));

    // Carl follows the link and is let in.
    let code = served.get(&format!("{of_bert}/invite")).await["code"].clone();
    let joined = served.post(&format!("{carl}/joins"), json!({"code": code})).await;
    assert_eq!(joined, json!({"id": group, "pending": true}));
    let waiting = served.get(&format!("{of_bert}/requests")).await;
    assert_eq!(waiting, json!([format!("{}@c.us", number(&carl_view))]));
    let approve = json!({"action": "approve", "participants": [number(&carl_view)]});
    assert_eq!(served.post(&format!("{of_bert}/participants"), approve).await[0]["code"], 200);
    assert_eq!(served.get(&format!("{carl}/groups")).await[0]["id"], json!(group));
    assert_ne!(served.post(&format!("{of_anna}/invite"), json!({})).await["code"], code);

    let remove = json!({"action": "remove", "participants": [number(&carl_view)]});
    assert_eq!(served.post(&format!("{of_anna}/participants"), remove).await[0]["code"], 200);
    let (status, _) = served.call(Method::GET, &format!("{carl}/groups/{group}"), None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    served.done(Method::POST, &format!("{of_bert}/leave"), json!({})).await;
    let (status, _) = served.call(Method::POST, &format!("{of_bert}/leave"), Some(json!({}))).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(served.get(&of_anna).await["participants"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn calls_ring_and_end_as_they_were_meant_to() {
    let served = serve(sandbox().await).await;
    let (anna, anna_view) = served.phone("anna").await;
    let (bert, bert_view) = served.phone("bert").await;
    let call = served.post(&format!("{anna}/calls"), json!({"chat": number(&bert_view), "video": true})).await;
    let id = call["id"].as_str().unwrap();
    let rings = served.event(&bert, "call").await;
    assert_eq!(rings["data"], json!({"id": id, "action": "offer", "video": true}));
    assert_eq!(rings["from"], format!("{}@c.us", number(&anna_view)));
    let (status, _) = served.call(Method::POST, &format!("{anna}/calls/{id}"), Some(json!({"action": "accept"}))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "who called cannot accept");
    served.done(Method::POST, &format!("{bert}/calls/{id}"), json!({"action": "accept"})).await;
    assert_eq!(served.event(&anna, "call").await["data"]["action"], "accept");
    served.done(Method::POST, &format!("{anna}/calls/{id}"), json!({"action": "terminate"})).await;
    served.event_with(&bert, "call", |data| data["action"] == "terminate").await;
    for phone in [&anna, &bert] {
        let calls = served.get(&format!("{phone}/calls")).await;
        assert_eq!((&calls[0]["state"], &calls[0]["video"]), (&json!("ended"), &json!(true)));
    }
    let (status, _) = served.call(Method::POST, &format!("{bert}/calls/none"), Some(json!({"action": "reject"}))).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_app_state_is_written_and_read() {
    let served = serve(sandbox().await).await;
    let (anna, _) = served.phone("anna").await;
    let (_, bert_view) = served.phone("bert").await;
    let chat = number(&bert_view);
    let sent = served.post(&format!("{anna}/messages"), json!({"chat": chat, "text": "note"})).await;
    let jid = format!("{chat}@s.whatsapp.net");
    let path = format!("{anna}/app-state");
    let cases = [
        (json!({"action": "archive", "chat": chat}), json!(["archive", jid]), json!({"archived": true})),
        (json!({"action": "pin", "chat": chat}), json!(["pin_v1", jid]), json!({"pinned": true})),
        (json!({"action": "pin", "chat": chat}), json!(["pin_v1", jid]), json!({"pinned": true})),
        (json!({"action": "unpin", "chat": chat}), json!(["pin_v1", jid]), json!({"pinned": false})),
        (
            json!({"action": "mute", "chat": chat, "until": 1_900_000_000}),
            json!(["mute", jid]),
            json!({"muted": true, "muteEndTimestamp": 1_900_000_000_000u64}),
        ),
        (json!({"action": "mark-unread", "chat": chat}), json!(["markChatAsRead", jid]), json!({"read": false})),
        (
            json!({"action": "star", "chat": chat, "message": sent["id"]}),
            json!(["star", jid, sent["id"], "1", "0"]),
            json!({"starred": true}),
        ),
        (
            json!({"action": "label", "label": "7", "name": "orders", "color": 3}),
            json!(["label_edit", "7"]),
            json!({"name": "orders", "color": 3, "deleted": false}),
        ),
        (
            json!({"action": "label-chat", "label": "7", "chat": chat}),
            json!(["label_jid", "7", jid]),
            json!({"labeled": true}),
        ),
        (
            json!({"action": "contact", "chat": chat, "name": "Bert B.", "firstName": "Bert"}),
            json!(["contact", jid]),
            json!({"fullName": "Bert B.", "firstName": "Bert"}),
        ),
    ];
    for (action, index, value) in cases {
        served.done(Method::POST, &path, action.clone()).await;
        let entries = served.get(&path).await;
        let found = entries.as_array().unwrap().iter().find(|entry| entry["index"] == index);
        let found = found.unwrap_or_else(|| panic!("{action}: {entries:#}"));
        for (name, value) in value.as_object().unwrap() {
            assert_eq!(found["value"][name], *value, "{action}: {found:#}");
        }
    }
    served.done(Method::POST, &path, json!({"action": "delete-contact", "chat": chat})).await;
    let entries = served.get(&path).await;
    assert!(entries.as_array().unwrap().iter().all(|entry| entry["index"][0] != "contact"), "{entries:#}");
    let (status, _) = served.call(Method::POST, &path, Some(json!({"action": "star", "chat": chat}))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}
