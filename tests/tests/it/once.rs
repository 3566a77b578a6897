//! `Idempotency-Key` on writes that send no message, through the front door and through a crash.

use openwa_testkit::{
    client::{Client, Response},
    gateway::{SandboxProcess, Setup},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::story::{Session, text};

/// How long WhatsApp's answers are held back.
const DELAY_MS: u64 = 10_000;

async fn ask(client: &Client, path: &str, body: &Value, key: &str) -> Response {
    client.send(client.request(Method::POST, path).header("Idempotency-Key", key).json(body)).await
}

#[tokio::test]
async fn a_group_is_made_once_however_often_it_is_asked_for() {
    let gateway = Setup::with_sandbox_inside().start().await;
    let (client, sandbox) = (gateway.client(), gateway.sandbox());
    let (ada, bob) = (sandbox.create_phone("Ada").await, sandbox.create_phone("Bob").await);
    let session = Session::link(&client, &sandbox, "main", &ada).await;
    let path = session.path("/groups");
    let body = json!({"name": "Crew", "participants": [bob.chat()]});

    let first = ask(&client, &path, &body, "crew").await;
    let second = ask(&client, &path, &body, "crew").await;
    assert_eq!((first.expect(201), first.header("idempotent-replayed")), (second.expect(201), ""));
    assert_eq!(second.header("idempotent-replayed"), "true");
    assert_eq!(sandbox.groups(&ada).await.len(), 1);
    let other = json!({"name": "Pier", "participants": [bob.chat()]});
    assert_eq!(ask(&client, &path, &other, "crew").await.expect(422)["code"], "IDEMPOTENCY_KEY_REUSED");

    // What a message is edited to stays, however often the edit is asked for.
    let message = session.send_text(&client, &bob.chat(), "At nine").await;
    let edit = json!({"chatId": bob.chat(), "messageId": message, "body": "At ten"});
    let edited = ask(&client, &session.path("/messages/edit"), &edit, "edit").await.expect(200);
    let again = ask(&client, &session.path("/messages/edit"), &edit, "edit").await;
    assert_eq!((again.expect(200), again.header("idempotent-replayed")), (edited, "true"));
    // A status goes out once, as a message does.
    let status = json!({"text": "Open until six", "recipients": [bob.chat()]});
    let posted = ask(&client, &session.path("/status/send-text"), &status, "status").await.expect(201);
    let again = ask(&client, &session.path("/status/send-text"), &status, "status").await;
    assert_eq!((again.expect(201), again.header("idempotent-replayed")), (posted, "true"));
}

#[tokio::test]
async fn what_a_crash_cut_off_is_said_to_be_unknown_and_is_not_done_again() {
    let network = SandboxProcess::start().await;
    let control = network.control();
    let mut gateway = Setup::joined_to(&network).start().await;
    let client = gateway.client();
    let (ada, bob) = (control.create_phone("Ada").await, control.create_phone("Bob").await);
    let session = Session::link(&client, &control, "main", &ada).await;
    let path = session.path("/groups");
    let body = json!({"name": "Crew", "participants": [bob.chat()]});

    // WhatsApp makes the group, and its answer is held back until the gateway is dead.
    let delay = json!({"kind": "delay-stanzas", "number": ada.number, "delayMs": DELAY_MS});
    let delay = control.add_fault(&delay).await;
    let making = tokio::spawn({
        let request = client.request(Method::POST, &path).header("Idempotency-Key", "crew").json(&body);
        let client = client.clone();
        async move { client.try_send(request).await }
    });
    let group = loop {
        // It is on its way; each look is a request of its own, so this does not spin.
        if let Some(group) = control.groups(&ada).await.pop() {
            break group;
        }
    };
    let meanwhile = ask(&client, &path, &body, "crew").await;
    assert_eq!(meanwhile.expect(409)["code"], "IDEMPOTENCY_KEY_IN_PROGRESS");
    gateway.kill_and_start_again().await;
    assert!(making.await.unwrap().is_err(), "nobody was told that the group was made");
    control.clear_fault(delay).await;

    let client = gateway.client();
    for _ in 0..2 {
        let told = ask(&client, &path, &body, "crew").await.expect(409);
        assert_eq!(told["code"], "IDEMPOTENCY_KEY_OUTCOME_UNKNOWN", "{told}");
        assert!(text(&told["message"]).contains("use another key"), "{told}");
    }
    // Whoever looks finds it.
    let groups = control.groups(&ada).await;
    assert_eq!(groups.len(), 1, "{groups:?}");
    assert_eq!(groups[0]["id"], group["id"]);
}
