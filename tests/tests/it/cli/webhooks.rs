//! Webhooks made, tried out and repaired.

use openwa_testkit::receiver::{Answer, Receiver};
use serde_json::json;

use super::shell::Shell;
use crate::story::{LIMIT, text};

#[tokio::test]
async fn a_webhook_is_made_tested_and_deleted() {
    let (shell, session, own, customer) = Shell::with_shop().await;
    let receiver = Receiver::start().await;
    let made = shell.says(&["webhooks", "add", &receiver.url(), "--events", "message.received,message.ack"]).await;
    let (id, rest) = made.split_once(' ').unwrap();
    let secret = rest.trim_end().rsplit_once(' ').unwrap().1;
    assert!(rest.starts_with(&format!("delivers to {}\n", receiver.url())) && secret.len() >= 16, "{made}");

    let answered = shell.says(&["webhooks", "test", id]).await;
    assert_eq!(answered, format!("{} answered 200\n", receiver.url()));
    assert!(receiver.wait_for_event("test", LIMIT).await.is_signed_with(secret));
    shell.sandbox().send_text(&customer, &own.chat(), "Hello").await;
    assert!(receiver.wait_for_event("message.received", LIMIT).await.is_signed_with(secret));

    receiver.answer_always(Answer::status(500));
    let failed = shell.fails(&["webhooks", "test", id], 1).await;
    assert!(failed.contains("500"), "{failed}");
    let table = shell.says(&["webhooks"]).await;
    assert!(
        table.lines().nth(1).is_some_and(|it| it.starts_with(id) && it.contains("message.received,message.ack")),
        "{table}"
    );
    assert_eq!(shell.json(&["webhooks", "list", "-s", &session.id]).await.as_array().unwrap().len(), 1);
    assert_eq!(shell.says(&["webhooks", "delete", id]).await, format!("{id} is deleted\n"));
    assert_eq!(shell.json(&["webhooks", "list"]).await, json!([]));
    assert!(shell.fails(&["webhooks", "test", id], 1).await.contains("there is no webhook"));
}

#[tokio::test]
async fn a_delivery_that_failed_for_good_is_tried_again() {
    let (shell, _, own, customer) = Shell::with_shop().await;
    let receiver = Receiver::start().await;
    receiver.answer_next([Answer::status(503)]);
    let body = json!({"url": receiver.url(), "events": ["message.received"], "retryCount": 1}).to_string();
    let webhook = text(&shell.json(&["call", "createWebhook", "--body", &body]).await["id"]);
    shell.sandbox().send_text(&customer, &own.chat(), "Hello").await;
    receiver.wait_for("the only attempt", LIMIT, |all| (all.len() == 1).then_some(())).await;

    let failure = loop {
        // The failure is written after the answer; each look is a program of its own, so this does not spin.
        if let Some(failure) = shell.json(&["webhooks", "failures", "--session", "shop"]).await.get(0) {
            break failure.clone();
        }
    };
    assert_eq!((failure["webhookId"].as_str(), failure["attempts"].as_u64()), (Some(webhook.as_str()), Some(1)));
    let table = shell.says(&["webhooks", "failures"]).await;
    assert!(table.contains("message.received") && table.contains("503"), "{table}");

    let due = shell.says(&["webhooks", "redrive", &text(&failure["id"])]).await;
    assert_eq!(due, "1 deliveries are due again; 0 more could be\n");
    let again = receiver.wait_for("the second attempt", LIMIT, |all| all.get(1).cloned()).await;
    assert_eq!(again.json()["data"]["body"], "Hello");
}
