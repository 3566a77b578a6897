//! Sessions and messages, counted (contract §1.7).

use openwa_model::{Timestamp, engine::Signal};
use serde_json::{Value, json};

use crate::house::{ADA, House, Link, text_from};

/// A text from Ada, sent just now.
async fn receive_now(link: &Link, id: &str) {
    let mut message = text_from(ADA, id, "hello");
    message.timestamp = Timestamp::now();
    link.say(vec![Signal::Message(Box::new(message))]).await;
}

fn sum(rows: &Value, field: &str) -> u64 {
    rows.as_array().unwrap().iter().map(|it| it[field].as_u64().unwrap()).sum()
}

#[tokio::test]
async fn messages_are_counted() {
    let house = House::open().await;
    let (id, link) = house.ready("main").await;
    house.session("idle").await;
    // Long ago.
    link.receive("3EB0AA", "hello").await;
    receive_now(&link, "3EB0BB").await;
    let send = async |text: &str| {
        house.post(&format!("/api/sessions/{id}/messages/send-text"), json!({"chatId": ADA, "text": text})).await
    };
    send("hi").await.good(201);
    assert!(send("refuse this").await.status.is_client_error());

    let told = house.get("/api/stats/overview").await.good(200);
    assert_eq!(told["sessions"]["total"], 2, "§1.7");
    assert_eq!(told["sessions"]["active"], 1, "§1.7");
    assert_eq!(told["sessions"]["byStatus"], json!({"ready": 1, "created": 1}), "§1.7");
    assert_eq!(told["messages"]["received"], 2, "§1.7");
    assert_eq!((&told["messages"]["sent"], &told["messages"]["failed"]), (&json!(1), &json!(1)), "§1.7");
    assert_eq!(told["messages"]["today"], json!({"sent": 1, "received": 1}), "§1.7");

    for (period, steps) in [("24h", 25), ("7d", 8), ("30d", 31)] {
        let told = house.get(&format!("/api/stats/messages?period={period}")).await.good(200);
        let series = &told["timeSeries"];
        assert_eq!(series.as_array().map(Vec::len), Some(steps), "{period}");
        assert_eq!((sum(series, "sent"), sum(series, "received")), (1, 1), "§1.7: {period}");
        assert!(series[0]["timestamp"].as_str().unwrap().ends_with(".000Z"), "§1.0: {period}");
        assert_eq!(told["byType"], json!({"text": 3}), "§1.7: {period}");
        let session = json!({"sessionId": id, "name": "main", "sent": 1, "received": 1});
        assert_eq!(told["bySession"], json!([session]), "§1.7: {period}");
        assert_eq!(told["topChats"], json!([{"chatId": ADA, "chatName": "Ada", "messageCount": 3}]), "§1.7: {period}");
    }
    assert_eq!(house.get("/api/stats/messages").await.good(200)["timeSeries"].as_array().map(Vec::len), Some(25));
    house.get("/api/stats/messages?period=1y").await.failed(400);

    let told = house.get(&format!("/api/stats/sessions/{id}")).await.good(200);
    assert_eq!((&told["name"], &told["status"]), (&json!("main"), &json!("ready")));
    assert_eq!((&told["messages"]["sent"], &told["messages"]["received"]), (&json!(1), &json!(2)));
}
