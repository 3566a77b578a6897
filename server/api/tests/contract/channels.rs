//! Channels, section 1.5 of the contract: each operation done, asked badly, and asked of no session.

use serde_json::{Value, json};

use crate::house::{ADA, House};

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";
const TIDES: &str = "120363000000000009@newsletter";

async fn ask(house: &House, session: &str, method: &str, path: &str, body: &Value) -> crate::house::Answer {
    let path = format!("/api/sessions/{session}/channels{path}");
    house.answer(house.request(method, &path).json(body)).await
}

#[tokio::test]
async fn each_operation_answers_as_the_contract_says() {
    let house = House::open().await;
    let (id, _link) = house.ready("main").await;
    let viewer = house.key(json!({"name": "a viewer", "role": "viewer"})).await;
    let channel = |name: &str| {
        json!({
            "id": TIDES, "name": name, "description": "", "inviteCode": "0029Va", "subscriberCount": 12,
            "verified": true, "role": "owner",
        })
    };
    let post = json!({
        "id": "3EB0AA", "serverId": 7, "body": "High water at six", "timestamp": 1_700_000_000, "hasMedia": false,
    });
    let done = json!({"success": true});
    let one = |rest: &str| format!("/{TIDES}{rest}");
    for (method, path, body, status, expected) in [
        ("GET", String::new(), json!({}), 200, json!([channel("Tides")])),
        ("GET", "/search?q=moon".to_owned(), json!({}), 200, json!([channel("moon")])),
        ("GET", one(""), json!({}), 200, channel("Tides")),
        ("GET", one("/messages?limit=10"), json!({}), 200, json!([post])),
        ("POST", String::new(), json!({"name": "Moon", "description": ""}), 201, channel("Moon")),
        ("POST", "/subscribe".to_owned(), json!({"inviteCode": "0029Va"}), 201, channel("Tides")),
        ("DELETE", one(""), json!({}), 200, done.clone()),
        ("POST", one("/delete"), json!({}), 200, done.clone()),
        ("POST", one("/mute"), json!({"mute": false}), 200, done.clone()),
        ("POST", one("/admins/demote"), json!({"userId": ADA}), 200, done.clone()),
        ("POST", one("/owner/transfer"), json!({"newOwnerId": ADA}), 200, done),
    ] {
        let answer = ask(&house, &id, method, &path, &body).await;
        assert_eq!(answer.good(status), expected, "{method} {path}");
        let nowhere = ask(&house, NOBODY, method, &path, &body).await;
        assert_eq!(nowhere.failed(404), format!("Session with id '{NOBODY}' not found"), "{method} {path}");
        let request = house.bare(method, &format!("/api/sessions/{id}/channels{path}")).header("X-API-Key", &viewer);
        let seen = house.answer(request.json(&body)).await.status;
        assert_eq!(seen == 403, method != "GET", "{method} {path}: {seen}");
    }
    let unknown = ask(&house, &id, "GET", "/120363000000000008@newsletter", &json!({})).await;
    assert_eq!(unknown.failed(404), "Channel not found");
    assert_eq!(unknown.body["code"], "CHANNEL_NOT_FOUND");
}

#[tokio::test]
async fn what_does_not_read_is_refused() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    for (method, path, body) in [
        ("GET", "/search", json!({})),
        ("GET", "/search?q=moon&limit=101", json!({})),
        ("GET", "/15550000001@c.us", json!({})),
        ("GET", "/{channel}/messages?limit=0", json!({})),
        ("POST", "", json!({"name": ""})),
        ("POST", "/subscribe", json!({"inviteCode": "a b"})),
        ("DELETE", "/120363000000000001@g.us", json!({})),
        ("POST", "/nonsense/delete", json!({})),
        ("POST", "/{channel}/mute", json!({})),
        ("POST", "/{channel}/admins/demote", json!({"userId": TIDES})),
        ("POST", "/{channel}/owner/transfer", json!({"newOwnerId": "ada"})),
    ] {
        let path = path.replace("{channel}", TIDES);
        ask(&house, &id, method, &path, &body).await.failed(400);
    }
    assert!(link.asked.try_recv().is_err(), "WhatsApp was asked all the same");
}
