//! Automation rules: contract §1.5.

use openwa_core::Settings;
use openwa_model::{Timestamp, engine::Signal, ops::Command};
use serde_json::{Value, json};

use crate::house::{ADA, House, Link, soon, text_from};

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn rules_of(session: &str) -> String {
    format!("/api/sessions/{session}/automation-rules")
}

/// A text that comes in now.
async fn hear(link: &Link, id: &str, body: &str) {
    let mut message = text_from(ADA, id, body);
    message.timestamp = Timestamp::now();
    link.say(vec![Signal::Message(Box::new(message))]).await;
}

/// The next text that goes out.
async fn sent_text(link: &mut Link) -> String {
    let Command::SendMessage(it) = soon("a send", link.asked.recv()).await.unwrap() else { panic!("not a send") };
    it.0.content.body().to_owned()
}

#[tokio::test]
async fn a_rule_is_made_changed_and_deleted() {
    let house = House::open().await;
    let id = house.session("main").await;
    let path = rules_of(&id);
    assert_eq!(house.get(&path).await.good(200), json!([]));
    let made = house.post(&path, json!({"name": "hours", "replyText": "Nine to six"})).await.good(201);
    for (field, value) in [
        ("sessionId", json!(id)),
        ("name", json!("hours")),
        ("enabled", json!(true)),
        ("conditions", json!(null)),
        ("replyText", json!("Nine to six")),
        ("cooldownSeconds", json!(60)),
    ] {
        assert_eq!(made[field], value, "{field}");
    }
    assert_eq!(made["createdAt"], made["updatedAt"]);
    let one = format!("{path}/{}", text(&made["id"]));
    assert_eq!(house.get(&one).await.good(200), made);
    // Names need not differ.
    let second = json!({"name": "hours", "replyText": "Closed", "cooldownSeconds": 0, "enabled": false});
    let second = house.post(&path, second).await.good(201);
    assert_eq!((&second["cooldownSeconds"], &second["enabled"]), (&json!(0), &json!(false)));
    assert_eq!(house.get(&path).await.good(200), json!([made, second]), "in the order in which they are tried");

    // What is left out stays; null lifts the conditions.
    let only =
        json!({"conditions": [{"field": "body", "operator": "contains", "value": "hours", "caseSensitive": true}]});
    let changed = house.put(&one, json!({"conditions": only, "cooldownSeconds": 5})).await.good(200);
    assert_eq!((&changed["conditions"], &changed["replyText"]), (&only, &json!("Nine to six")));
    let changed = house.put(&one, json!({"replyText": "Nine to eight"})).await.good(200);
    assert_eq!((&changed["conditions"], &changed["cooldownSeconds"]), (&only, &json!(5)));
    let changed = house.put(&one, json!({"conditions": null, "enabled": false, "name": "closed"})).await.good(200);
    assert_eq!((&changed["conditions"], &changed["enabled"]), (&json!(null), &json!(false)));
    assert_eq!(house.get(&one).await.good(200), changed);
    assert_eq!(house.get(&path).await.good(200), json!([changed, second]), "it keeps its place");

    // Another session knows nothing of it.
    let other = house.session("other").await;
    let strange = format!("{}/{}", rules_of(&other), text(&made["id"]));
    house.get(&strange).await.failed(404);
    house.put(&strange, json!({})).await.failed(404);
    house.delete(&strange).await.failed(404);

    assert_eq!(house.delete(&one).await.good(204), json!(null));
    let gone = house.delete(&one).await;
    assert_eq!(gone.failed(404), format!("Automation rule {} not found", text(&made["id"])));
    assert_eq!(gone.body["code"], "AUTOMATION_RULE_NOT_FOUND");
    assert_eq!(house.get(&path).await.good(200), json!([second]));
}

#[tokio::test]
async fn a_rule_that_does_not_read_is_refused() {
    let house = House::open().await;
    let id = house.session("main").await;
    let path = rules_of(&id);
    let long = |length: usize| "x".repeat(length);
    let only = |condition: Value| json!({"name": "a", "replyText": "x", "conditions": {"conditions": [condition]}});
    let nonsense = only(json!({"field": "body", "operator": "is", "value": "x"}));
    let sentence = "conditions.conditions.0.operator must be one of the following values: contains, equals";
    for (body, sentence) in [
        (json!({}), "name must be a string; replyText must be a string"),
        (json!({"name": "", "replyText": "x"}), "name should not be empty"),
        (json!({"name": "a", "replyText": ""}), "replyText should not be empty"),
        (json!({"name": long(101), "replyText": "x"}), "name must be shorter than or equal to 100 characters"),
        (json!({"name": "a", "replyText": long(4097)}), "replyText must be shorter than or equal to 4096 characters"),
        (
            json!({"name": "a", "replyText": "x", "cooldownSeconds": 86_401}),
            "cooldownSeconds must not be greater than 86400",
        ),
        (json!({"name": "a", "replyText": "x", "cooldownSeconds": -1}), "cooldownSeconds must not be less than 0"),
        (json!({"name": "a", "replyText": "x", "enabled": "yes"}), "enabled must be a boolean value"),
        (json!({"name": "a", "replyText": "x", "trigger": "y"}), "property trigger should not exist"),
        (nonsense.clone(), sentence),
        (
            only(json!({"field": "body", "operator": "contains", "value": 5})),
            "conditions.conditions: each value must be a boolean, a string or an array of strings",
        ),
    ] {
        assert_eq!(house.post(&path, body.clone()).await.failed(400), sentence, "{body}");
    }
    assert_eq!(house.get(&path).await.good(200), json!([]), "nothing was made");
    let made = house.post(&path, json!({"name": "a", "replyText": "x"})).await.good(201);
    let one = format!("{path}/{}", text(&made["id"]));
    assert_eq!(house.put(&one, json!({"conditions": nonsense["conditions"]})).await.failed(400), sentence);
    assert_eq!(house.put(&one, json!({"replyText": ""})).await.failed(400), "replyText should not be empty");
    assert_eq!(house.get(&one).await.good(200), made);
    house.post(&rules_of(NOBODY), json!({"name": "a", "replyText": "x"})).await.failed(404);
}

#[tokio::test]
async fn a_session_has_no_more_rules_than_it_may() {
    let house = House::open_behaving(Settings { automation_max_per_session: 2, ..Settings::default() }).await;
    let id = house.session("main").await;
    let path = rules_of(&id);
    let rule = json!({"name": "a", "replyText": "x"});
    let first = house.post(&path, rule.clone()).await.good(201);
    house.post(&path, rule.clone()).await.good(201);
    let third = house.post(&path, rule.clone()).await;
    let sentence = "A session can have at most 2 automation rules; delete one before adding another";
    assert_eq!(third.failed(400), sentence);
    assert_eq!(third.body["code"], "TOO_MANY_AUTOMATION_RULES");
    let other = house.session("other").await;
    house.post(&rules_of(&other), rule.clone()).await.good(201);
    house.delete(&format!("{path}/{}", text(&first["id"]))).await.good(204);
    house.post(&path, rule).await.good(201);
}

#[tokio::test]
async fn what_comes_in_is_answered_once_and_kept() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let only = json!({"conditions": [{"field": "body", "operator": "contains", "value": "hours"}]});
    let rule = json!({"name": "hours", "replyText": "Nine to {{six}}", "conditions": only, "cooldownSeconds": 3600});
    house.post(&rules_of(&id), rule).await.good(201);
    hear(&link, "3EB0A1", "Hello").await;
    hear(&link, "3EB0A2", "Your HOURS?").await;
    hear(&link, "3EB0A3", "hours!").await;
    assert_eq!(sent_text(&mut link).await, "Nine to {{six}}", "as it stands");
    let path = format!("/api/sessions/{id}/messages?chatId={ADA}");
    let stored = house.get(&path).await.good(200);
    let bodies: Vec<_> = stored["messages"].as_array().unwrap().iter().map(|it| text(&it["body"])).collect();
    assert_eq!(
        bodies,
        ["hours!", "Nine to {{six}}", "Your HOURS?", "Hello"],
        "the answer stands behind what it answers"
    );
    assert!(link.asked.try_recv().is_err(), "the cooldown holds");
}
