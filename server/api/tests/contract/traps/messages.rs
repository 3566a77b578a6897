//! Messages.

use serde_json::json;

use crate::house::{ADA, House};

#[tokio::test]
async fn a_send_answers_exactly_an_id_and_a_time() {
    let house = House::open().await;
    let (id, _link) = house.ready("main").await;
    let base = format!("/api/sessions/{id}/messages");
    let sent = house.post(&format!("{base}/send-text"), json!({"chatId": ADA, "text": "hi"})).await.good(201);
    let fields: Vec<_> = sent.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["messageId", "timestamp"], "§8.8, §13.3, §13.5");
    let message = sent["messageId"].as_str().unwrap();
    let target = json!({"chatId": ADA, "messageId": message, "emoji": "x"});
    assert_eq!(house.post(&format!("{base}/react"), target).await.good(200), json!({"success": true}), "§13.3");
    let edited = json!({"chatId": ADA, "messageId": message, "body": "ho"});
    let edited = house.post(&format!("{base}/edit"), edited).await.good(200);
    assert_eq!(edited["messageId"], message, "§13.3: an edit is an action");
}

#[tokio::test]
async fn ids_of_other_engines_are_understood() {
    let house = House::open().await;
    let (id, link) = house.ready("main").await;
    link.receive("3EB0AA", "hello").await;
    for message in ["3EB0AA", "false_15550000001@c.us_3EB0AA"] {
        let body = json!({"chatId": ADA, "messageId": message, "emoji": "x"});
        house.post(&format!("/api/sessions/{id}/messages/react"), body).await.good(200);
        let body = json!({"chatId": ADA, "quotedMessageId": message, "text": "hi"});
        let answer = house.post(&format!("/api/sessions/{id}/messages/reply"), body).await;
        assert_eq!(answer.status, 201, "§13.15: {message}: {}", answer.text);
    }
}
