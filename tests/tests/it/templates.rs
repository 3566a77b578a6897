//! A template through the front door: made, filled in, and read on the customer's phone.

use openwa_testkit::gateway::Setup;
use serde_json::json;

use crate::story::{LIMIT, Session, text};

#[tokio::test]
async fn a_template_is_read_on_the_phone_as_it_was_filled_in() {
    let gateway = Setup::with_sandbox_inside().start().await;
    let (client, sandbox) = (gateway.client(), gateway.sandbox());
    let (own, customer) = (sandbox.create_phone("Shop").await, sandbox.create_phone("Customer").await);
    let session = Session::link(&client, &sandbox, "shop", &own).await;
    let new = json!({
        "name": "ready", "header": "Hi", "body": "Hello {{name}}, order {{order}} is ready.", "footer": "Thanks",
    });
    client.post(&session.path("/templates"), &new).await.expect(201);
    let message = json!({
        "chatId": customer.chat(), "templateName": "ready", "vars": {"name": "Ada", "order": "42"},
    });
    let sent = client.post(&session.path("/messages/send-template"), &message).await.expect(201);
    let seen = sandbox.wait_for_text(&customer, "Hi\n\nHello Ada, order 42 is ready.\n\nThanks", LIMIT).await;
    assert_eq!(seen["id"], text(&sent["messageId"]).as_str(), "{seen}");

    let viewer = client.post("/api/auth/api-keys", &json!({"name": "reader", "role": "viewer"})).await.expect(201);
    let reader = client.with_key(viewer["apiKey"].as_str());
    reader.get(&session.path("/templates")).await.expect(403);
    reader.post(&session.path("/messages/send-template"), &message).await.expect(403);
}
