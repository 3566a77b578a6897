//! Webhooks as their owners see them.

use serde_json::{Value, json};

use crate::house::House;

#[tokio::test]
async fn a_webhook_is_made_changed_and_deleted() {
    let house = House::open().await;
    let id = house.session("main").await;
    let path = format!("/api/sessions/{id}/webhooks");
    let filters = json!({"conditions": [{"field": "isGroup", "operator": "is", "value": false}]});
    let body = json!({
        "url": "https://example.org/hook", "secret": "a secret of some length", "headers": {"X-Mine": "secret too"},
        "events": ["message.received", "session.status"], "filters": filters, "retryCount": 5, "ordering": "none",
    });
    let made = house.post(&path, body).await;
    assert!(!made.text.contains("secret"), "secret and headers are never shown: {}", made.text);
    let made = made.good(201);
    for (field, value) in [
        ("sessionId", json!(id)),
        ("url", json!("https://example.org/hook")),
        ("events", json!(["message.received", "session.status"])),
        ("active", json!(true)),
        ("filters", filters),
        ("retryCount", json!(5)),
        ("ordering", json!("none")),
        ("failures", json!(0)),
        ("pausedUntil", json!(null)),
        ("lastTriggeredAt", json!(null)),
    ] {
        assert_eq!(made[field], value, "{field}");
    }
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    assert_eq!(house.get(&one).await.good(200), made);
    assert_eq!(house.get(&path).await.good(200), json!([made]));
    assert_eq!(house.get("/api/webhooks").await.good(200), json!([made]));

    let changed = house.put(&one, json!({"active": false, "filters": null, "secret": ""})).await.good(200);
    assert_eq!((&changed["active"], &changed["filters"]), (&json!(false), &json!(null)));
    assert_eq!(changed["url"], made["url"]);
    house.delete(&one).await.good(204);
    house.delete(&one).await.failed(404);
}

#[tokio::test]
async fn what_cannot_be_delivered_is_refused() {
    let house = House::open().await;
    let id = house.session("main").await;
    let path = format!("/api/sessions/{id}/webhooks");
    let url = "https://example.org/hook";
    for (body, sentence) in [
        (json!({}), "url must be a string"),
        (json!({"url": "x"}), "url must be a URL address"),
        (json!({"url": url, "retryCount": 6}), "retryCount must not be greater than 5"),
        (json!({"url": url, "events": []}), "events must contain at least 1 elements"),
        (json!({"url": url, "secret": "short"}), "secret must be longer than or equal to 16 characters"),
        (json!({"url": url, "filters": {}}), "filters.conditions must be an array"),
        (json!({"url": url, "method": "PUT"}), "property method should not exist"),
        (
            json!({"url": "https://user:pass@example.org/"}),
            "url must not contain a user name or password; use a header instead",
        ),
    ] {
        assert_eq!(house.post(&path, body.clone()).await.failed(400), sentence, "{body}");
    }
    assert!(
        house.post(&path, json!({"url": url, "events": ["nonsense"]})).await.failed(400).contains("message.received")
    );
    assert_eq!(house.get(&path).await.good(200), json!([]), "nothing was made");
}

#[tokio::test]
async fn failures_are_listed_and_tried_again() {
    let house = House::open().await;
    let id = house.session("main").await;
    assert_eq!(house.get(&format!("/api/webhooks/delivery-failures?sessionId={id}")).await.good(200), json!([]));
    let done = house.post("/api/webhooks/delivery-failures/redrive", json!({"sessionId": id})).await.good(200);
    let nothing = json!({"redriven": 0, "delivered": 0, "enqueued": 0, "failed": 0, "skipped": 0, "remaining": 0});
    assert_eq!(done, nothing);

    // Who is no admin may have the deliveries of one webhook tried again, and no more.
    let operator = house.key(json!({"name": "operator", "role": "operator"})).await;
    let ask = async |body: Value| {
        let request = house.bare("POST", "/api/webhooks/delivery-failures/redrive").header("X-API-Key", &operator);
        house.answer(request.json(&body)).await
    };
    ask(json!({"sessionId": id})).await.failed(403);
    let made = json!({"url": "https://93.184.215.14/hook"});
    let made = house.post(&format!("/api/sessions/{id}/webhooks"), made).await.good(201);
    assert_eq!(ask(json!({"webhookId": made["id"]})).await.good(200), nothing);
}

#[tokio::test]
async fn what_went_out_is_listed_and_sent_once_more() {
    let house = House::open().await;
    let id = house.session("main").await;
    let path = format!("/api/sessions/{id}/webhooks");
    let made = house.post(&path, json!({"url": "https://93.184.215.14/hook"})).await.good(201);
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    assert_eq!(house.get(&format!("{one}/deliveries")).await.good(200), json!([]));

    let replay = async |body: Value| house.post(&format!("{one}/replay"), body).await;
    let nothing = json!({"queued": 0, "skipped": 0, "nextSeq": null});
    assert_eq!(replay(json!({"fromSeq": 1})).await.good(200), nothing);
    assert_eq!(replay(json!({"from": "2026-10-03T10:00:00Z", "limit": 5})).await.good(200), nothing);
    assert_eq!(replay(json!({})).await.failed(400), "Say which events: fromSeq and toSeq, or from and to");
    let both = json!({"fromSeq": 1, "to": "2026-10-03T10:00:00Z"});
    assert_eq!(replay(both).await.failed(400), "Give fromSeq and toSeq, or from and to, not both");
    house.put(&one, json!({"active": false})).await.good(200);
    assert_eq!(replay(json!({"fromSeq": 1})).await.failed(400), "The webhook is not active; activate it first");
}

#[tokio::test]
async fn an_address_is_judged_before_a_webhook_is_made_of_it() {
    let house = House::open().await;
    let id = house.session("main").await;
    let path = format!("/api/sessions/{id}/webhooks/preflight");
    for (url, sentence) in [
        ("x", "url must be a URL address"),
        (
            "http://169.254.169.254/latest",
            "169.254.169.254 is private or reserved; the operator can allow it with SSRF_ALLOWED_HOSTS",
        ),
    ] {
        let told = house.post(&path, json!({"url": url})).await.good(200);
        assert_eq!(told, json!({"allowed": false, "answered": false, "success": false, "error": sentence}));
    }
}
