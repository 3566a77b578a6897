//! The audit log (contract §1.7, §2.2, §10.4).

use serde_json::{Value, json};

use crate::house::{ADMIN, House};

async fn entries(house: &House, query: &str) -> Vec<Value> {
    let told = house.get(&format!("/api/audit?{query}")).await.good(200);
    let entries = told["data"].as_array().unwrap().clone();
    assert_eq!(told["total"], entries.len(), "§1.7");
    entries
}

fn actions(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|it| it["action"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_is_done_to_sessions_and_keys_is_written_down() {
    let house = House::open().await;
    let (id, _link) = house.started("support").await;
    house.patch(&format!("/api/sessions/{id}/config"), json!({"autoRejectCalls": true})).await.good(200);
    house.post(&format!("/api/sessions/{id}/stop"), json!({})).await.good(200);
    let made = house.post("/api/auth/api-keys", json!({"name": "desk"})).await.good(201);
    let key = made["id"].as_str().unwrap();
    house.put(&format!("/api/auth/api-keys/{key}"), json!({"name": "desk two"})).await.good(200);
    house.post(&format!("/api/auth/api-keys/{key}/revoke"), json!({})).await.good(200);
    house.delete(&format!("/api/auth/api-keys/{key}")).await.good(204);
    house.delete(&format!("/api/sessions/{id}")).await.good(204);

    let all = entries(&house, "").await;
    assert_eq!(
        actions(&all),
        [
            "session_deleted",
            "api_key_deleted",
            "api_key_revoked",
            "api_key_updated",
            "api_key_created",
            "session_stopped",
            "session_config_updated",
            "session_started",
            "session_created",
        ],
        "§10.4, newest first"
    );
    let first = all.last().unwrap();
    assert_eq!((&first["severity"], &first["sessionId"]), (&json!("info"), &json!(id)));
    assert_eq!((&first["metadata"]["name"], &first["ipAddress"]), (&json!("support"), &json!("127.0.0.1")));
    assert_eq!(first["apiKeyName"], "Default Admin Key");
    let text = serde_json::to_string(&all).unwrap();
    assert!(!text.contains(ADMIN) && !text.contains("owa_k1_"), "no key stands in it: {text}");

    let about = entries(&house, &format!("sessionId={id}")).await;
    assert_eq!(about.len(), 5, "also what was done to a session that is gone: {about:?}");
    assert_eq!(actions(&entries(&house, "action=api_key_created").await), ["api_key_created"]);
    let with = first["apiKeyId"].as_str().unwrap();
    assert_eq!(entries(&house, &format!("apiKeyId={with}&severity=info")).await.len(), 9);
    let page = house.get("/api/audit?limit=2&offset=1").await.good(200);
    assert_eq!((page["data"].as_array().map(Vec::len), &page["total"]), (Some(2), &json!(9)));
    house.get("/api/audit?limit=201").await.failed(400);
    house.get("/api/audit?action=nonsense").await.failed(400);
}

#[tokio::test]
async fn refusals_are_written_down_once() {
    let house = House::open().await;
    for _ in 0..3 {
        house.answer(house.bare("GET", "/api/sessions").header("X-API-Key", "nonsense")).await.failed(401);
    }
    house.post("/api/sessions", json!({"name": "main"})).await.good(201);
    house.post("/api/sessions", json!({"name": "main"})).await.failed(409);
    let warned = entries(&house, "severity=warn").await;
    assert_eq!(actions(&warned), ["session_created", "api_key_auth_failed"], "§2.2");
    assert_eq!(warned[0]["errorMessage"], "Session with name 'main' already exists");
    assert_eq!(warned[1]["errorMessage"], "Invalid API key");
    assert_eq!((&warned[1]["apiKeyId"], &warned[1]["sessionId"]), (&json!(null), &json!(null)));
}
