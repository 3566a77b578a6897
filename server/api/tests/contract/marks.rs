//! Messages with a star, messages kept on top, and the history of a chat.

use openwa_model::ops::Command;
use serde_json::json;

use crate::house::{ADA, House, soon};

#[tokio::test]
async fn a_message_is_marked() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    link.receive("3EB0AA", "hello").await;
    let path = format!("/api/sessions/{id}/messages");
    let message = json!({"chatId": ADA, "messageId": "3EB0AA"});
    for (operation, more, expected) in [
        ("star", json!({"star": true}), "star true"),
        ("star", json!({"star": false}), "star false"),
        ("pin", json!({"durationSeconds": 86_400}), "pin 86400"),
        ("pin", json!({}), "pin 604800"),
        ("unpin", json!({}), "unpin"),
    ] {
        let mut body = message.clone();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let done = house.post(&format!("{path}/{operation}"), body).await.good(200);
        assert_eq!(done, json!({"success": true}), "{expected}");
        let (target, asked) = match soon("a command", link.asked.recv()).await.unwrap() {
            Command::StarMessage(it) => (it.target, format!("star {}", it.starred)),
            Command::PinMessage(it) => (it.target, format!("pin {}", it.seconds)),
            Command::UnpinMessage(it) => (it.target, "unpin".to_owned()),
            other => panic!("{other:?}"),
        };
        assert_eq!((asked.as_str(), target.id.as_str()), (expected, "3EB0AA"));
    }
}

#[tokio::test]
async fn what_is_not_there_or_does_not_read_is_refused() {
    let house = House::open().await;
    let (id, link) = house.ready("main").await;
    link.receive("3EB0AA", "hello").await;
    let path = format!("/api/sessions/{id}/messages");
    for (operation, body, status, sentence) in [
        ("star", json!({"chatId": ADA, "messageId": "3EB0FF", "star": true}), 404, "Message not found"),
        ("pin", json!({"chatId": ADA, "messageId": "3EB0FF"}), 404, "Message not found"),
        ("unpin", json!({"chatId": ADA, "messageId": "3EB0FF"}), 404, "Message not found"),
        ("star", json!({"chatId": ADA, "messageId": "3EB0AA"}), 400, "star must be a boolean value"),
        (
            "pin",
            json!({"chatId": ADA, "messageId": "3EB0AA", "durationSeconds": 5}),
            400,
            "durationSeconds must be one of the following values: 86400, 604800, 2592000",
        ),
        ("unpin", json!({"chatId": ADA}), 400, "messageId must be a string"),
    ] {
        let answer = house.post(&format!("{path}/{operation}"), body.clone()).await;
        assert_eq!(answer.failed(status), sentence, "{operation} {body}");
    }
}

#[tokio::test]
async fn a_history_is_told_oldest_first() {
    let house = House::open().await;
    let (id, link) = house.ready("main").await;
    for (message, body) in [("3EB0A1", "one"), ("3EB0A2", "two"), ("3EB0A3", "three")] {
        link.receive(message, body).await;
    }
    let sent = json!({"chatId": ADA, "text": "mine"});
    house.post(&format!("/api/sessions/{id}/messages/send-text"), sent).await.good(201);
    let path = format!("/api/sessions/{id}/messages/{ADA}/history");
    let told = house.get(&path).await.good(200);
    let bodies = |it: &serde_json::Value| {
        it.as_array().unwrap().iter().map(|it| it["body"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(bodies(&told), ["one", "two", "three", "mine"]);
    let deeper = house.get(&format!("{path}?limit=100")).await.good(200);
    assert_eq!(bodies(&deeper), ["long ago", "one", "two", "three", "mine"], "the phone was asked");
    let stored = house.get(&format!("/api/sessions/{id}/messages")).await.good(200);
    assert_eq!(stored["total"], 4, "what the phone tells is not stored");
    assert_eq!((&told[0]["from"], &told[0]["fromMe"]), (&json!(ADA), &json!(false)));
    assert_eq!((&told[3]["to"], &told[3]["fromMe"]), (&json!(ADA), &json!(true)));
    assert_eq!(bodies(&house.get(&format!("{path}?limit=2")).await.good(200)), ["three", "mine"]);
    assert_eq!(bodies(&house.get(&format!("{path}?limit=2000&deep=true")).await.good(200)).len(), 5);
    let nobody = format!("/api/sessions/{id}/messages/15550000077@c.us/history");
    assert_eq!(house.get(&nobody).await.good(200), json!([]));
    for (query, sentence) in [
        ("limit=101", "limit must not be greater than 100 unless deep is true"),
        ("limit=2001&deep=true", "limit must not be greater than 2000"),
        ("limit=0", "limit must not be less than 1"),
    ] {
        assert_eq!(house.get(&format!("{path}?{query}")).await.failed(400), sentence);
    }
}
