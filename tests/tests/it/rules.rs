//! An automation rule through the front door: a customer asks, and is answered without anybody doing anything.

use openwa_testkit::gateway::Setup;
use serde_json::json;

use crate::story::{LIMIT, Session, text};

#[tokio::test]
async fn a_customer_is_answered_once_in_an_hour() {
    let gateway = Setup::with_sandbox_inside().start().await;
    let (client, sandbox) = (gateway.client(), gateway.sandbox());
    let (own, customer) = (sandbox.create_phone("Shop").await, sandbox.create_phone("Customer").await);
    let session = Session::link(&client, &sandbox, "shop", &own).await;
    for (word, reply) in [("hours", "We are open from nine to six."), ("bye", "Thank you!")] {
        let rule = json!({
            "name": word, "replyText": reply, "cooldownSeconds": 3600,
            "conditions": {"conditions": [{"field": "body", "operator": "contains", "value": word}]},
        });
        client.post(&session.path("/automation-rules"), &rule).await.expect(201);
    }
    sandbox.send_text(&customer, &own.chat(), "Your hours?").await;
    let seen = sandbox.wait_for_text(&customer, "We are open from nine to six.", LIMIT).await;
    let answer = session.message(&client, &text(&seen["id"])).await;
    assert_eq!(answer["direction"], "outgoing", "{answer}");

    // The same rule keeps silent now; the other one's answer shows that the question was heard.
    sandbox.send_text(&customer, &own.chat(), "hours, again?").await;
    sandbox.send_text(&customer, &own.chat(), "Good bye").await;
    sandbox.wait_for_text(&customer, "Thank you!", LIMIT).await;
    let heard = sandbox.messages(&customer).await;
    let answers = heard.iter().filter(|it| it["text"] == "We are open from nine to six.").count();
    assert_eq!(answers, 1, "{heard:#?}");

    let viewer = client.post("/api/auth/api-keys", &json!({"name": "reader", "role": "viewer"})).await.expect(201);
    client.with_key(viewer["apiKey"].as_str()).get(&session.path("/automation-rules")).await.expect(403);
}
