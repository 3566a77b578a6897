//! Webhooks.

use serde_json::json;

use crate::house::House;

#[tokio::test]
async fn a_webhook_is_made_and_never_tells_its_secret() {
    let house = House::open().await;
    let id = house.session("main").await;
    let path = format!("/api/sessions/{id}/webhooks");
    let body =
        json!({"url": "https://example.org/hook", "secret": "sixteen characters", "headers": {"X-Custom": "mine"}});
    let made = house.post(&path, body).await.good(201);
    assert_eq!((&made["sessionId"], &made["active"]), (&json!(id), &json!(true)), "§8.8");
    assert_eq!((made.get("secret"), made.get("headers")), (None, None), "§8.8");
    assert_eq!(house.get(&path).await.good(200).as_array().map(Vec::len), Some(1), "§8.8");
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    house.get(&format!("{path}/00000000-0000-7000-8000-000000000000")).await.failed(404);

    let change = json!({"events": ["message.ack"], "active": false});
    let changed = house.put(&one, change).await.good(200);
    assert_eq!((&changed["events"], &changed["active"]), (&json!(["message.ack"]), &json!(false)), "§8.8");
    let all = house.get("/api/webhooks").await.good(200);
    assert!(all.as_array().unwrap().iter().any(|it| it["id"] == made["id"]), "§8.8");
    house.delete(&one).await.good(204);
    house.delete(&one).await.failed(404);
}

#[tokio::test]
async fn who_may_not_and_what_may_not_be_is_refused() {
    let house = House::open().await;
    let id = house.session("main").await;
    let path = format!("/api/sessions/{id}/webhooks");
    let body = json!({"url": "https://example.org/hook"});
    house.answer(house.bare("POST", &path).json(&body)).await.failed(401);
    let viewer = house.key(json!({"name": "viewer", "role": "viewer"})).await;
    house.answer(house.bare("POST", &path).header("X-API-Key", &viewer).json(&body)).await.failed(403);
    let inside = json!({"url": "http://169.254.169.254/latest/meta-data"});
    let refused = house.post(&path, inside).await;
    refused.failed(400);
    assert_eq!(refused.body["error"], "Bad Request", "§8.8");
}
