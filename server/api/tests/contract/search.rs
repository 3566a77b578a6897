//! Finding messages (contract §1.7, `GET /search`).

use openwa_model::engine::Signal;
use serde_json::{Value, json};

use crate::house::{ADA, House, text_from};

const BOB: &str = "15550000002@c.us";

async fn found(house: &House, query: &str) -> Value {
    house.get(&format!("/api/search?{query}")).await.good(200)
}

fn bodies(found: &Value) -> Vec<&str> {
    found["hits"].as_array().unwrap().iter().map(|it| it["body"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn words_are_found_and_marked() {
    let house = House::open().await;
    let (id, link) = house.ready("main").await;
    link.receive("3EB0AA", "Where is order 42?").await;
    link.say(vec![Signal::Message(Box::new(text_from(BOB, "3EB0BB", "No orders today")))]).await;
    let text = json!({"chatId": ADA, "text": "Order 42 ships today"});
    let sent = house.post(&format!("/api/sessions/{id}/messages/send-text"), text).await.good(201);

    let told = found(&house, "q=order").await;
    assert_eq!(bodies(&told)[0], "Order 42 ships today", "newest first");
    assert_eq!((&told["total"], &told["provider"]), (&json!(3), &json!("builtin-fts")), "§1.7");
    assert!(told["tookMs"].is_u64(), "§1.7");
    let told = found(&house, "q=order%2042&direction=incoming").await;
    let hit = &told["hits"][0];
    for (field, value) in [
        ("waMessageId", json!("3EB0AA")),
        ("sessionId", json!(id)),
        ("chatId", json!(ADA)),
        ("body", json!("Where is order 42?")),
        ("snippet", json!("Where is <mark>order</mark> <mark>42</mark>?")),
        ("timestamp", json!(1_700_000_000)),
        ("type", json!("text")),
        ("direction", json!("incoming")),
        ("from", json!(ADA)),
    ] {
        assert_eq!(hit[field], value, "§1.7: {field}");
    }
    for (query, expected) in [
        (format!("q=today&sessionId={id}"), vec!["Order 42 ships today", "No orders today"]),
        (format!("q=today&chatId={BOB}"), vec!["No orders today"]),
        (format!("q=order&from={BOB}"), vec!["No orders today"]),
        ("q=today&limit=1&offset=1".to_owned(), vec!["No orders today"]),
        ("q=order&type=image".to_owned(), vec![]),
        ("q=where&dateFrom=1700000000000&dateTo=1700000000000".to_owned(), vec!["Where is order 42?"]),
        ("q=where&dateFrom=1700000000001".to_owned(), vec![]),
        ("q=%22%20OR%20*".to_owned(), vec!["Order 42 ships today", "No orders today", "Where is order 42?"]),
    ] {
        assert_eq!(bodies(&found(&house, &query).await), expected, "{query}");
    }

    let edit = json!({"chatId": ADA, "messageId": sent["messageId"], "body": "It is on its way"});
    house.post(&format!("/api/sessions/{id}/messages/edit"), edit).await.good(200);
    assert_eq!(bodies(&found(&house, "q=ships").await), Vec::<&str>::new(), "what was said before is gone");
    assert_eq!(bodies(&found(&house, "q=way").await), ["It is on its way"]);
}

#[tokio::test]
async fn a_limited_key_finds_what_it_may_see() {
    let house = House::open().await;
    let (mine, link) = house.ready("mine").await;
    link.receive("3EB0AA", "hello from Ada").await;
    link.say(vec![Signal::Message(Box::new(text_from(BOB, "3EB0BB", "hello from Bob")))]).await;
    let (other, link) = house.ready("other").await;
    link.receive("3EB0CC", "hello elsewhere").await;
    let ask = async |key: &str, query: &str| {
        house.answer(house.bare("GET", &format!("/api/search?{query}")).header("X-API-Key", key)).await
    };

    let key = house.key(json!({"name": "mine only", "allowedSessions": [mine]})).await;
    assert_eq!(bodies(&ask(&key, "q=hello").await.good(200)).len(), 2, "§2.2");
    ask(&key, &format!("q=hello&sessionId={other}")).await.failed(403);

    let key = house.key(json!({"name": "bob only", "allowedChats": [BOB]})).await;
    assert_eq!(bodies(&ask(&key, "q=hello").await.good(200)), ["hello from Bob"], "§2.2");
    ask(&key, &format!("q=hello&chatId={ADA}")).await.failed(403);
    let viewer = house.key(json!({"name": "viewer", "role": "viewer"})).await;
    assert_eq!(ask(&viewer, "q=hello").await.failed(403), "Insufficient permissions. Required: operator", "§1.7");
    assert_eq!(house.get("/api/search").await.failed(400), "q should not be empty");
    let unknown = "00000000-0000-7000-8000-000000000000";
    house.get(&format!("/api/search?q=x&sessionId={unknown}")).await.failed(404);
}
