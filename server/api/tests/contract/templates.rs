//! Templates: contract §1.5, and sending them, §1.2 and §8.8.

use openwa_model::ops::Command;
use serde_json::{Value, json};

use crate::house::{ADA, House, Link, soon};

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

async fn sent_text(link: &mut Link) -> String {
    let Command::SendMessage(it) = soon("a send", link.asked.recv()).await.unwrap() else { panic!("not a send") };
    it.0.content.body().to_owned()
}

#[tokio::test]
async fn a_template_is_made_changed_and_deleted() {
    let house = House::open().await;
    let id = house.session("main").await;
    let path = format!("/api/sessions/{id}/templates");
    assert_eq!(house.get(&path).await.good(200), json!([]));
    let first = json!({"name": "order", "body": "Hello {{name}}", "header": "Hi"});
    let made = house.post(&path, first.clone()).await.good(201);
    for (field, value) in [
        ("sessionId", json!(id)),
        ("name", json!("order")),
        ("body", json!("Hello {{name}}")),
        ("header", json!("Hi")),
        ("footer", json!(null)),
    ] {
        assert_eq!(made[field], value, "{field}");
    }
    assert_eq!(made["createdAt"], made["updatedAt"]);
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    assert_eq!(house.get(&one).await.good(200), made);
    let second = house.post(&path, json!({"name": "bye", "body": "Bye"})).await.good(201);
    assert_eq!(house.get(&path).await.good(200), json!([second, made]), "newest first");

    // A name stands once in a session, and again in another one.
    let taken = house.post(&path, first.clone()).await;
    assert_eq!(taken.failed(409), "Template with name 'order' already exists");
    assert_eq!(taken.body["code"], "TEMPLATE_NAME_TAKEN");
    house.put(&one, json!({"name": "bye"})).await.failed(409);
    let other = house.session("other").await;
    house.post(&format!("/api/sessions/{other}/templates"), first).await.good(201);
    let strange = format!("/api/sessions/{other}/templates/{}", made["id"].as_str().unwrap());
    house.get(&strange).await.failed(404);
    house.put(&strange, json!({})).await.failed(404);
    house.delete(&strange).await.failed(404);

    // What is left out stays; null takes away.
    let changed = house.put(&one, json!({"footer": "Thanks"})).await.good(200);
    assert_eq!((&changed["header"], &changed["footer"]), (&json!("Hi"), &json!("Thanks")));
    let changed = house.put(&one, json!({"header": null, "name": "ready"})).await.good(200);
    assert_eq!((&changed["header"], &changed["footer"]), (&json!(null), &json!("Thanks")));
    assert_eq!(house.get(&one).await.good(200), changed);
    assert_eq!(house.delete(&one).await.good(204), json!(null));
    assert_eq!(house.delete(&one).await.failed(404), format!("Template with id '{}' not found", text(&made["id"])));
    assert_eq!(house.get(&path).await.good(200), json!([second]));
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[tokio::test]
async fn a_template_that_does_not_read_is_refused() {
    let house = House::open().await;
    let id = house.session("main").await;
    let path = format!("/api/sessions/{id}/templates");
    let long = |length: usize| "x".repeat(length);
    for (body, sentence) in [
        (json!({}), "name must be a string; body must be a string"),
        (json!({"name": "", "body": "x"}), "name should not be empty"),
        (json!({"name": "a", "body": ""}), "body should not be empty"),
        (json!({"name": long(101), "body": "x"}), "name must be shorter than or equal to 100 characters"),
        (json!({"name": "a", "body": long(4097)}), "body must be shorter than or equal to 4096 characters"),
        (
            json!({"name": "a", "body": "x", "header": long(1025)}),
            "header must be shorter than or equal to 1024 characters",
        ),
        (json!({"name": "a", "body": "x", "footer": 5}), "footer must be a string"),
        (json!({"name": "a", "body": "x", "variables": []}), "property variables should not exist"),
    ] {
        assert_eq!(house.post(&path, body.clone()).await.failed(400), sentence, "{body}");
    }
    assert_eq!(house.get(&path).await.good(200), json!([]), "nothing was made");
    let made = house.post(&path, json!({"name": "a", "body": "x"})).await.good(201);
    let one = format!("{path}/{}", text(&made["id"]));
    for (body, sentence) in [
        (json!({"body": ""}), "body should not be empty"),
        (json!({"footer": long(1025)}), "footer must be shorter than or equal to 1024 characters"),
        (json!({"id": NOBODY}), "property id should not exist"),
    ] {
        assert_eq!(house.put(&one, body.clone()).await.failed(400), sentence, "{body}");
    }
    house.post(&format!("/api/sessions/{NOBODY}/templates"), json!({"name": "a", "body": "x"})).await.failed(404);
}

#[tokio::test]
async fn a_template_is_sent_with_its_places_filled_in() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let new = json!({
        "name": "order", "header": "Hi", "body": "Hello {{name}}, order {{order}} is ready.", "footer": "Thanks",
    });
    let made = house.post(&format!("/api/sessions/{id}/templates"), new).await.good(201);
    let path = format!("/api/sessions/{id}/messages/send-template");
    let vars = json!({"name": "Ada", "order": "42"});
    let sent = json!({"chatId": ADA, "templateName": "order", "vars": vars});
    let answer = house.post(&path, sent).await.good(201);
    assert_eq!(answer.as_object().unwrap().len(), 2, "messageId and timestamp, and no more: {answer}");
    let expected = "Hi\n\nHello Ada, order 42 is ready.\n\nThanks";
    assert_eq!(sent_text(&mut link).await, expected);
    let stored = house.get(&format!("/api/sessions/{id}/messages?messageId={}", text(&answer["messageId"]))).await;
    assert_eq!(stored.good(200)["messages"][0]["body"], expected);

    // The id goes before the name; what is not given stays.
    let sent = json!({
        "chatId": ADA, "templateId": made["id"], "templateName": "nonsense", "vars": {"name": "Bob", "more": "x"},
        "mentions": [ADA], "linkPreview": false,
    });
    house.post(&path, sent).await.good(201);
    assert_eq!(sent_text(&mut link).await, "Hi\n\nHello Bob, order {{order}} is ready.\n\nThanks");
    house.post(&path, json!({"chatId": ADA, "templateName": "order"})).await.good(201);
    assert_eq!(sent_text(&mut link).await, "Hi\n\nHello {{name}}, order {{order}} is ready.\n\nThanks");
}

#[tokio::test]
async fn a_template_that_cannot_be_sent_is_not() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let new = json!({"name": "order", "body": "{{name}}"});
    let made = house.post(&format!("/api/sessions/{id}/templates"), new).await.good(201);
    let other = house.session("other").await;
    let path = format!("/api/sessions/{id}/messages/send-template");
    let grown = json!({"chatId": ADA, "templateName": "order", "vars": {"name": "x".repeat(65_537)}});
    for (body, status, sentence) in [
        (json!({"chatId": ADA}), 400, "Either templateId or templateName must be provided".to_owned()),
        (
            json!({"chatId": ADA, "templateId": ""}),
            400,
            "Either templateId or templateName must be provided".to_owned(),
        ),
        (json!({"chatId": ADA, "templateName": "nope"}), 404, "Template with name 'nope' not found".to_owned()),
        (json!({"chatId": ADA, "templateId": "mine"}), 404, "Template with id 'mine' not found".to_owned()),
        (json!({"chatId": ADA, "templateId": NOBODY}), 404, format!("Template with id '{NOBODY}' not found")),
        (
            json!({"chatId": ADA, "templateName": "order", "vars": {"name": 5}}),
            400,
            "vars.name must be a string".to_owned(),
        ),
        (grown, 400, "Rendered template is over the 65536-character limit".to_owned()),
    ] {
        assert_eq!(house.post(&path, body).await.failed(status), sentence);
    }
    let elsewhere = json!({"chatId": ADA, "templateId": made["id"]});
    let answer = house.post(&format!("/api/sessions/{other}/messages/send-template"), elsewhere.clone()).await;
    answer.failed(400);
    assert_eq!(answer.body["code"], "SESSION_NOT_STARTED");
    house.post(&format!("/api/sessions/{NOBODY}/messages/send-template"), elsewhere).await.failed(404);
    assert!(link.asked.try_recv().is_err(), "nothing was sent");

    // A request with a key is answered again, also when the template has changed meanwhile.
    let ask = async || {
        let request = house.request("POST", &path).header("Idempotency-Key", "key-1");
        house.answer(request.json(&json!({"chatId": ADA, "templateId": made["id"], "vars": {"name": "Ada"}}))).await
    };
    let first = ask().await.good(201);
    assert_eq!(sent_text(&mut link).await, "Ada");
    house.delete(&format!("/api/sessions/{id}/templates/{}", text(&made["id"]))).await.good(204);
    let again = ask().await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.good(201), first);
}
