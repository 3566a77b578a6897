//! Contacts on the sandbox network: what one account does is what the others meet.

use openwa_testkit::gateway::Setup;
use serde_json::{Value, json};

use crate::story::{LIMIT, Session};

#[tokio::test]
async fn people_are_known_saved_and_blocked() {
    let gateway = Setup::with_sandbox_inside().start().await;
    let (client, sandbox) = (gateway.client(), gateway.sandbox());
    let own = sandbox.create_phone("Shop").await;
    let customer = sandbox.create_phone("Customer").await;
    let shop = Session::link(&client, &sandbox, "shop", &own).await;
    let other = Session::link(&client, &sandbox, "customer", &customer).await;
    let mut events = shop.follow(&client).await;
    sandbox.send_text(&customer, &own.chat(), "Hello").await;
    events.wait_for("the message", LIMIT, |it| it.data["data"]["body"] == "Hello").await;
    let path = shop.path(&format!("/contacts/{}", customer.chat()));

    // Both ids name one person.
    let known = client.get(&path).await.expect(200);
    assert_eq!((&known["number"], &known["pushName"]), (&json!(customer.number), &json!("Customer")), "{known}");
    let hidden = known["lid"].as_str().expect("the hidden id is known").to_owned();
    assert_eq!(client.get(&shop.path(&format!("/contacts/{hidden}"))).await.expect(200), known);
    let phone = client.get(&shop.path(&format!("/contacts/{hidden}/phone"))).await.expect(200);
    assert_eq!(phone, json!({"contactId": hidden, "phone": customer.number}));

    // The address book, as all devices share it.
    client.put(&path, &json!({"firstName": "Grace", "lastName": "Hopper"})).await.expect(200);
    assert_eq!(client.get(&path).await.expect(200)["name"], "Grace Hopper");
    let second = shop.path("/contacts/15559990000@c.us");
    client.put(&second, &json!({"firstName": "Alan"})).await.expect(200);
    // One after the other: the library does not know of the first.
    for path in [&path, &second] {
        client.delete(path).await.expect(200);
    }
    assert_eq!(client.get(&path).await.expect(200).get("name"), None);
    // The library goes on from what was taken away.
    client.put(&path, &json!({"firstName": "Ada"})).await.expect(200);
    assert_eq!(client.get(&path).await.expect(200)["name"], "Ada");

    // A picture the other one shows.
    let picture = shop.path(&format!("/contacts/{}/profile-picture", customer.chat()));
    assert_eq!(client.get(&picture).await.expect(200), json!({"url": Value::Null}));

    // Who is blocked does not get through.
    let block = shop.path(&format!("/contacts/{}/block", customer.chat()));
    client.post_empty(&block).await.expect(200);
    assert_eq!(client.get(&shop.path("/contacts/blocked")).await.expect(200), json!([customer.chat()]));
    assert_eq!(client.get(&path).await.expect(200)["isBlocked"], true);
    other.send_text(&client, &own.chat(), "Are you there?").await;
    client.delete(&block).await.expect(200);
    assert_eq!(client.get(&shop.path("/contacts/blocked")).await.expect(200), json!([]));
    other.send_text(&client, &own.chat(), "Now?").await;
    let passed =
        events.wait_for("the message after", LIMIT, |it| it.event.as_deref() == Some("message.received")).await;
    assert_eq!(passed.data["data"]["body"], "Now?", "what came while blocked is lost");
}
