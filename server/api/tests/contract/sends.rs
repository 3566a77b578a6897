//! Sending, once.

use openwa_model::{content::OutgoingContent, ops::Command};
use serde_json::{Value, json};

use crate::house::{ADA, House, Link, soon};

pub(crate) async fn sent(link: &mut Link) -> openwa_model::content::Outgoing {
    match soon("a send", link.asked.recv()).await.unwrap() {
        Command::SendMessage(it) => it.0,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_text_is_sent_and_stored() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let body = json!({"chatId": ADA, "text": "Hello @15550000001", "mentions": [ADA], "linkPreview": false});
    let answer = house.post(&format!("/api/sessions/{id}/messages/send-text"), body).await.good(201);
    let outgoing = sent(&mut link).await;
    assert_eq!(answer["messageId"], outgoing.id.as_str());
    assert!(answer["timestamp"].as_i64().unwrap() > 1_700_000_000);
    assert_eq!(outgoing.content.body(), "Hello @15550000001");
    assert_eq!(outgoing.mentions.len(), 1);

    let listed = house.get(&format!("/api/sessions/{id}/messages")).await.good(200);
    let message = &listed["messages"][0];
    for (field, value) in [
        ("waMessageId", answer["messageId"].clone()),
        ("chatId", json!(ADA)),
        ("from", json!("15550000009@c.us")),
        ("to", json!(ADA)),
        ("direction", json!("outgoing")),
        ("status", json!("sent")),
        ("type", json!("text")),
        ("author", json!(null)),
        ("mediaPath", json!(null)),
    ] {
        assert_eq!(message[field], value, "{field}");
    }
}

#[tokio::test]
async fn files_are_sent_as_what_they_are() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    for (route, mut body, kind) in [
        ("send-image", json!({"mimetype": "image/png", "caption": "look"}), "image"),
        ("send-video", json!({"mimetype": "video/mp4"}), "video"),
        ("send-document", json!({"mimetype": "application/pdf", "filename": "a.pdf"}), "document"),
        ("send-audio", json!({"mimetype": "audio/mpeg"}), "audio"),
        ("send-audio", json!({"ptt": true}), "voice"),
    ] {
        body["chatId"] = json!(ADA);
        body["base64"] = json!("aGVsbG8=");
        house.post(&format!("/api/sessions/{id}/messages/{route}"), body).await.good(201);
        let outgoing = sent(&mut link).await;
        assert_eq!(outgoing.content.kind().name(), kind);
        let OutgoingContent::Media { media, .. } = outgoing.content else { panic!("not a file") };
        assert_eq!(media.size_bytes, Some(5));
        if kind == "voice" {
            assert_eq!(media.mimetype, "audio/ogg; codecs=opus");
        }

        let answer = house.get(&format!("/api/sessions/{id}/messages/{ADA}/{}/media", outgoing.id)).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, "hello"), "{kind}");
        assert!(answer.header("content-disposition").unwrap().starts_with("attachment"));
        assert_eq!(answer.header("content-type"), Some(media.mimetype.as_str()));
    }
    let listed = house.get(&format!("/api/sessions/{id}/messages?type=image&inlineMedia=true")).await.good(200);
    assert_eq!(listed["messages"][0]["metadata"]["media"]["data"], "aGVsbG8=");
    let listed = house.get(&format!("/api/sessions/{id}/messages?type=image")).await.good(200);
    assert_eq!(listed["messages"][0]["metadata"]["media"]["omitted"], true);
    assert_eq!(listed["messages"][0]["mediaMimetype"], "image/png");
}

#[tokio::test]
async fn a_message_is_answered_reacted_to_edited_and_taken_back() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    link.receive("3EB0AA", "a question").await;
    let base = format!("/api/sessions/{id}/messages");
    let reply = json!({"chatId": ADA, "text": "an answer", "quotedMessageId": "3EB0AA"});
    let own = house.post(&format!("{base}/reply"), reply).await.good(201)["messageId"].clone();
    assert_eq!(sent(&mut link).await.quoted.map(|it| it.body).as_deref(), Some("a question"));
    let missing = json!({"chatId": ADA, "text": "an answer", "quotedMessageId": "3EB0FF"});
    let answer = house.post(&format!("{base}/reply"), missing).await;
    answer.failed(400);

    let react = json!({"chatId": ADA, "messageId": format!("false_{ADA}_3EB0AA"), "emoji": "👍"});
    let done = house.post(&format!("{base}/react"), react).await.good(200);
    assert_eq!(done, json!({"success": true}), "also with the longer form of the id");
    let reactions = house.get(&format!("{base}/{ADA}/3EB0AA/reactions")).await.good(200);
    assert_eq!(reactions[0]["emoji"], "👍");
    assert_eq!(reactions[0]["senders"][0]["senderId"], "15550000009@c.us");

    let edit = json!({"chatId": ADA, "messageId": own, "body": "a better answer"});
    assert_eq!(house.post(&format!("{base}/edit"), edit).await.good(200)["messageId"], own);
    let text = house.get(&format!("{base}?messageId={}", own.as_str().unwrap())).await.good(200);
    assert_eq!(text["messages"][0]["body"], "a better answer");

    house.post(&format!("{base}/delete"), json!({"chatId": ADA, "messageId": own})).await.good(200);
    let gone = house.get(&format!("{base}?messageId={}", own.as_str().unwrap())).await.good(200);
    assert_eq!(gone["messages"][0]["type"], "revoked");
    let local = json!({"chatId": ADA, "messageId": "3EB0AA", "forEveryone": false});
    house.post(&format!("{base}/delete"), local.clone()).await.good(200);
    assert_eq!(house.post(&format!("{base}/delete"), local).await.failed(404), "Message not found");
}

#[tokio::test]
async fn a_request_with_a_key_takes_effect_once() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/messages/send-text");
    let ask = async |key: &str, body: &Value| {
        house.answer(house.request("POST", &path).header("Idempotency-Key", key).json(body)).await
    };
    let body = json!({"chatId": ADA, "text": "once"});
    let first = ask("key-1", &body).await;
    assert_eq!(first.header("idempotent-replayed"), None);
    let first = first.good(201);
    sent(&mut link).await;
    let second = ask("key-1", &body).await;
    assert_eq!(second.header("idempotent-replayed"), Some("true"));
    assert_eq!(second.good(201), first);
    assert!(link.asked.try_recv().is_err(), "nothing was sent again");

    let other = ask("key-1", &json!({"chatId": ADA, "text": "something else"})).await;
    other.failed(422);
    assert_eq!(other.body["code"], "IDEMPOTENCY_KEY_REUSED");
    for bad in ["", " ", "with space", &"x".repeat(256)] {
        let answer = ask(bad, &body).await;
        answer.failed(400);
        assert_eq!(answer.body["code"], "IDEMPOTENCY_KEY_INVALID", "'{bad}'");
    }
    // A key is free again when nothing happened.
    ask("key-2", &json!({"chatId": ADA, "text": "x", "quotedMessageId": "3EB0FF"})).await.failed(400);
    ask("key-2", &body).await.good(201);
}

#[tokio::test]
async fn a_refusal_of_whatsapp_is_told() {
    let house = House::open().await;
    let (id, _link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/messages/send-text");
    let answer = house.post(&path, json!({"chatId": ADA, "text": "refuse this"})).await;
    assert!(answer.failed(403).contains("not in this mood"));
}
