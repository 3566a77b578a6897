//! Communities: each operation done, asked badly, and asked of no session.

use serde_json::{Value, json};

use crate::house::House;

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";
const HARBOUR: &str = "120363000000000005@g.us";
const TEA: &str = "120363000000000001@g.us";
/// A group that belongs to another community.
const CAKE: &str = "120363000000000002@g.us";

async fn ask(house: &House, session: &str, method: &str, path: &str, body: &Value) -> crate::house::Answer {
    let path = format!("/api/sessions/{session}/communities{path}");
    house.answer(house.request(method, &path).json(body)).await
}

#[tokio::test]
async fn each_operation_answers_what_is_described() {
    let house = House::open().await;
    let (id, _link) = house.ready("main").await;
    let viewer = house.key(json!({"name": "a viewer", "role": "viewer"})).await;
    let groups = json!({"groups": [TEA]});
    let changed = |message: &str| json!({"success": true, "message": message, "results": [{"id": TEA, "success": true, "status": 200}]});
    let group = json!({
        "id": TEA, "name": "Tea", "participantsCount": 3, "isAnnouncement": true, "isGeneral": false,
    });
    let subgroups = format!("/{HARBOUR}/subgroups");
    for (method, path, body, status, expected) in [
        ("GET", "", json!({}), 200, json!([{"id": HARBOUR, "name": "Harbour"}])),
        ("POST", "", json!({"name": "Pier"}), 201, json!({"id": HARBOUR, "name": "Pier"})),
        ("GET", &subgroups, json!({}), 200, json!([group])),
        ("POST", &subgroups, groups.clone(), 200, changed("Groups linked")),
        ("DELETE", &subgroups, groups, 200, changed("Groups unlinked")),
        (
            "POST",
            &format!("/{HARBOUR}/deactivate"),
            json!({}),
            200,
            json!({"success": true, "message": "Community deactivated"}),
        ),
    ] {
        let answer = ask(&house, &id, method, path, &body).await;
        assert_eq!(answer.good(status), expected, "{method} {path}");
        let nowhere = ask(&house, NOBODY, method, path, &body).await;
        assert_eq!(nowhere.failed(404), format!("Session with id '{NOBODY}' not found"), "{method} {path}");
        let request = house.bare(method, &format!("/api/sessions/{id}/communities{path}"));
        let seen = house.answer(request.header("X-API-Key", &viewer).json(&body)).await.status;
        assert_eq!(seen == 403, method != "GET", "{method} {path}: {seen}");
    }
}

#[tokio::test]
async fn a_refusal_of_some_is_told_and_a_refusal_of_all_is_one() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let path = format!("/{HARBOUR}/subgroups");
    for method in ["POST", "DELETE"] {
        let some = ask(&house, &id, method, &path, &json!({"groups": [TEA, CAKE]})).await.good(200);
        assert_eq!((&some["results"][0]["success"], &some["results"][1]["status"]), (&json!(true), &json!(409)));
        let sentence = ask(&house, &id, method, &path, &json!({"groups": [CAKE]})).await.failed(403);
        assert!(sentence.contains(CAKE) && sentence.contains("already"), "{sentence}");
    }
    while link.asked.try_recv().is_ok() {}
    for (method, path, body) in [
        ("POST", "", json!({"name": ""})),
        ("POST", &*path, json!({"groups": []})),
        ("POST", &path, json!({"groups": ["15550000001@c.us"]})),
        ("DELETE", &path, json!({"groups": TEA})),
        ("GET", "/nonsense/subgroups", json!({})),
        ("POST", "/nonsense/deactivate", json!({})),
    ] {
        ask(&house, &id, method, path, &body).await.failed(400);
    }
    assert!(link.asked.try_recv().is_err(), "WhatsApp was asked all the same");
}
