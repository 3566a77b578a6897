//! API keys, made and taken away.

use serde_json::json;

use crate::house::{ADMIN, House};

#[tokio::test]
async fn a_key_lives_and_dies() {
    let house = House::open().await;
    let made = house.post("/api/auth/api-keys", json!({"name": "support desk"})).await.good(201);
    let (id, text) = (made["id"].as_str().unwrap(), made["apiKey"].as_str().unwrap());
    assert!(text.starts_with("owa_k1_") && text.len() == 71, "{text}");
    assert_eq!(made["keyPrefix"], text[..12]);
    assert_eq!((&made["role"], &made["isActive"], &made["usageCount"]), (&json!("operator"), &json!(true), &json!(0)));
    for absent in ["allowedIps", "allowedSessions", "allowedChats", "expiresAt", "lastUsedAt"] {
        assert_eq!(made.get(absent), None, "{absent} is left out when there is none");
    }

    let path = format!("/api/auth/api-keys/{id}");
    let shown = house.get(&path).await.good(200);
    assert_eq!(shown.get("apiKey"), None, "shown once");
    let listed = house.get("/api/auth/api-keys").await.good(200);
    assert_eq!(listed.as_array().map(Vec::len), Some(2));

    let changed = house.put(&path, json!({"role": "viewer", "allowedIps": ["127.0.0.1"]})).await.good(200);
    assert_eq!((&changed["role"], &changed["allowedIps"]), (&json!("viewer"), &json!(["127.0.0.1"])));
    let lifted = house.put(&path, json!({"allowedIps": null})).await.good(200);
    assert_eq!(lifted.get("allowedIps"), None);

    let with = |key: &str| house.bare("POST", "/api/auth/validate").bearer_auth(key);
    let said = house.answer(with(text)).await.good(200);
    assert_eq!(said, json!({"valid": true, "role": "viewer", "engineType": "native", "scoped": false}));

    let revoked = house.post(&format!("{path}/revoke"), json!({})).await.good(200);
    assert_eq!(revoked["isActive"], false);
    assert_eq!(house.answer(with(text)).await.failed(401), "API key is revoked");
    house.delete(&path).await.good(204);
    assert_eq!(house.answer(with(text)).await.failed(401), "Invalid API key");
    house.get(&path).await.failed(404);
    house.delete(&path).await.failed(404);
}

#[tokio::test]
async fn somebody_can_always_administer() {
    let house = House::open().await;
    let listed = house.get("/api/auth/api-keys").await.good(200);
    let id = listed[0]["id"].as_str().unwrap();
    let path = format!("/api/auth/api-keys/{id}");
    house.delete(&path).await.failed(409);
    house.post(&format!("{path}/revoke"), json!({})).await.failed(409);
    house.put(&path, json!({"role": "viewer"})).await.failed(409);
    house.get("/api/auth/api-keys").await.good(200);
}

#[tokio::test]
async fn the_named_header_wins_over_the_bearer() {
    let house = House::open().await;
    for (named, bearer, good) in [
        (Some(ADMIN), None, true),
        (None, Some(ADMIN), true),
        (Some(ADMIN), Some("nonsense"), true),
        (Some("nonsense"), Some(ADMIN), false),
    ] {
        let mut request = house.bare("GET", "/api/sessions");
        if let Some(key) = named {
            request = request.header("X-API-Key", key);
        }
        if let Some(key) = bearer {
            request = request.bearer_auth(key);
        }
        assert_eq!(house.answer(request).await.status.is_success(), good, "{named:?} {bearer:?}");
    }
    let answer = house.answer(house.bare("GET", "/api/sessions?apiKey=x")).await;
    assert_eq!(answer.failed(401), "API key is required", "a key in the query is none");
}
