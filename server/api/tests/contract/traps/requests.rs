//! What every request and answer has in common.

use serde_json::{Value, json};

use crate::house::{ADA, House};

#[tokio::test]
async fn a_body_may_be_empty_whatever_it_says_it_is() {
    let house = House::open().await;
    let id = house.session("main").await;
    for body in ["", "{}", " "] {
        let ask = async |method: &str, path: &str| {
            let request = house.request(method, path).header("Content-Type", "application/json");
            house.answer(request.body(body)).await.status.as_u16()
        };
        assert_eq!(ask("POST", "/api/auth/validate").await, 200, "§13.1: {body:?}");
        assert_eq!(ask("GET", "/api/sessions").await, 200, "§13.1: {body:?}");
        for action in ["start", "stop"] {
            assert_eq!(
                ask("POST", &format!("/api/sessions/{id}/{action}")).await,
                200,
                "§13.1: {action} with {body:?}"
            );
        }
    }
}

#[tokio::test]
async fn ids_in_a_path_are_written_in_either_way() {
    let house = House::open().await;
    let (id, link) = house.ready("main").await;
    link.receive("3EB0AA", "hello").await;
    for chat in [ADA.to_owned(), ADA.replace('@', "%40")] {
        house.get(&format!("/api/sessions/{id}/messages/{chat}/3EB0AA/reactions")).await.good(200);
    }
    house.get(&format!("/API/SESSIONS/{id}/Chats/")).await.good(200);
    let refused = house.delete(&format!("/API/sessions/{id}/")).await;
    refused.failed(404);
    for header in ["x-request-id", "x-content-type-options", "content-security-policy"] {
        assert!(refused.header(header).is_some(), "§8.8, §13.2: {header}");
    }
}

#[tokio::test]
async fn an_error_has_its_shape() {
    let house = House::open_with(|settings| {
        settings.body_limit = 2_000;
        settings.cors_origins = vec!["https://good.example".to_owned()];
    })
    .await;
    let json = |body: &'static str| {
        house.request("POST", "/api/sessions").header("Content-Type", "application/json").body(body)
    };
    let malformed = house.answer(json("{\"name\":")).await;
    malformed.failed(400);
    assert_eq!(malformed.body["error"], "Bad Request", "§8.8");
    let large = house.answer(house.request("POST", "/api/sessions").json(&json!({"name": "x".repeat(3_000)}))).await;
    large.failed(413);
    assert_eq!((large.body.get("error"), large.header("retry-after")), (None, None), "§8.8");
    house.answer(json("{}").header("Content-Encoding", "gzip")).await.failed(415);
    for body in ["{\"name\": \"a\\u0000bc\"}", "{\"config\": {\"x\": [\"\\u0000\"]}}"] {
        house.answer(json(body)).await.failed(400);
    }
    let unknown = house.answer(json("{\"name\": \"good\", \"nonsense\": 1}")).await;
    assert_eq!(unknown.failed(400), "property nonsense should not exist", "§13.9");
    house.answer(json("{\"name\": \"good\", \"config\": {\"nonsense\": 1}}")).await.good(201);

    let foreign = house.answer(house.request("GET", "/api/sessions").header("Origin", "https://bad.example")).await;
    assert_eq!(foreign.header("access-control-allow-origin"), None, "§8.8");
    assert_eq!(foreign.good(200).as_array().map(Vec::len), Some(1), "§8.8: with its normal status");
    let refused = house.answer(house.bare("GET", "/api/sessions").header("Origin", "https://good.example")).await;
    assert_eq!(
        refused.header("access-control-allow-origin"),
        Some("https://good.example"),
        "§1.0: also on a rejection"
    );
    refused.failed(401);
}

#[tokio::test]
async fn what_is_missing_is_told_apart() {
    let house = House::open().await;
    let stopped = house.session("stopped").await;
    let (starting, _link) = house.started("starting").await;
    let unknown = "00000000-0000-7000-8000-000000000000";
    let text = json!({"chatId": ADA, "text": "hi"});
    for (id, status) in [(unknown, 404), (stopped.as_str(), 400), (starting.as_str(), 409)] {
        let answer = house.post(&format!("/api/sessions/{id}/messages/send-text"), text.clone()).await;
        answer.failed(status);
    }
    let sentence = house.get(&format!("/api/sessions/{unknown}")).await.failed(404);
    assert_eq!(sentence, format!("Session with id '{unknown}' not found"), "§1.0, §13.10");
}

#[tokio::test]
async fn times_are_told_in_the_right_unit() {
    let house = House::open().await;
    let (id, link) = house.ready("main").await;
    link.receive("3EB0AA", "hello").await;
    let session = house.get(&format!("/api/sessions/{id}")).await.good(200);
    assert!(session["createdAt"].as_str().is_some_and(|it| it.ends_with('Z')), "§13.7: entities in ISO 8601");
    let listed = house.get(&format!("/api/sessions/{id}/messages")).await.good(200);
    let message: &Value = &listed["messages"][0];
    assert_eq!(message["timestamp"], 1_700_000_000, "§13.7: messages in seconds");
    let found = house.get("/api/search?q=hello&dateFrom=1699999999000&dateTo=1700000001000").await.good(200);
    assert_eq!((&found["total"], &found["hits"][0]["timestamp"]), (&json!(1), &json!(1_700_000_000)), "§13.7");
}

#[tokio::test]
async fn what_is_wrong_need_not_be_said() {
    let house = House::open_with(|settings| settings.validation_detail = false).await;
    for request in [
        house.request("POST", "/api/sessions").json(&json!({"name": "ab"})),
        house.request("GET", "/api/sessions?limit=0"),
    ] {
        let answer = house.answer(request).await;
        assert_eq!(answer.body, json!({"statusCode": 400, "message": "Bad Request"}), "§1.0");
    }
    house.post("/api/sessions", json!({"name": "main"})).await.good(201);
    let taken = house.post("/api/sessions", json!({"name": "main"})).await.failed(409);
    assert_eq!(taken, "Session with name 'main' already exists", "§1.0: only validation is silent");
}
