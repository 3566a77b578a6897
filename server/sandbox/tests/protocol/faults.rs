//! What goes wrong on demand, as a client feels it.

use std::time::Duration;

use openwa_sandbox::fault::Fault;
use whatsapp_rust::prelude::*;

use crate::harness::{Sandbox, TestClient, jid};

async fn wait_for_ack(client: &TestClient, id: &str) -> Option<String> {
    let event =
        client.wait("the acknowledgement", |event| matches!(event, Event::ServerAck(ack) if ack.id == id)).await;
    match &*event {
        Event::ServerAck(ack) => ack.error.clone(),
        _ => unreachable!("the wait was for an acknowledgement"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nacked_send_reaches_nobody() {
    let sandbox = Sandbox::start().await;
    let (_, alice_client, bob, bob_client) = sandbox.pair().await;
    sandbox.network.faults().add(Fault::NackNextSends { number: None, code: 479, count: 1 }).unwrap();
    let refused = alice_client.client.send_text(jid(&bob), "refused").await.unwrap();
    assert_eq!(wait_for_ack(&alice_client, &refused.message_id).await.as_deref(), Some("479"));
    alice_client.client.send_text(jid(&bob), "taken").await.unwrap();
    bob_client.text("taken").await;
    assert_eq!(bob_client.texts("refused"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_nacked_later_was_accepted_before() {
    let sandbox = Sandbox::start().await;
    let (alice, alice_client, bob, bob_client) = sandbox.pair().await;
    let faults = sandbox.network.faults();
    let later = faults.add(Fault::NackLater { number: Some(alice.number.clone()), code: 463, count: 100 }).unwrap();
    let sent = alice_client.client.send_text(jid(&bob), "taken").await.unwrap();
    assert_eq!(wait_for_ack(&alice_client, &sent.message_id).await, None);
    bob_client.text("taken").await;
    assert!(faults.remove(later.id));
    let is_nack = |event: &Event| match event {
        Event::ServerAck(ack) => ack.id == sent.message_id && ack.error.as_deref() == Some("463"),
        _ => false,
    };
    alice_client.wait("the refusal", is_nack).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restricted_account_writes_only_to_those_who_wrote_to_it() {
    let sandbox = Sandbox::start().await;
    let (alice, alice_client, bob, bob_client) = sandbox.pair().await;
    sandbox.network.faults().add(Fault::Restrict { number: alice.number.clone() }).unwrap();
    let refused = alice_client.client.send_text(jid(&bob), "who are you?").await.unwrap();
    assert_eq!(wait_for_ack(&alice_client, &refused.message_id).await.as_deref(), Some("463"));
    bob_client.client.send_text(jid(&alice), "it is me").await.unwrap();
    alice_client.text("it is me").await;
    alice_client.client.send_text(jid(&bob), "hello").await.unwrap();
    bob_client.text("hello").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_twice_or_out_of_order_is_read_once_each() {
    let sandbox = Sandbox::start().await;
    let (_, alice_client, bob, bob_client) = sandbox.pair().await;
    // With the session set up, order does not matter to it.
    alice_client.client.send_text(jid(&bob), "before").await.unwrap();
    bob_client.text("before").await;
    let number = Some(bob.number.clone());
    let faults = sandbox.network.faults();
    faults.add(Fault::DuplicateStanzas { number: number.clone() }).unwrap();
    faults.add(Fault::ReorderStanzas { number: number.clone() }).unwrap();
    faults.add(Fault::DelayStanzas { number, delay: Duration::from_millis(20) }).unwrap();
    let texts = ["one", "two", "three", "four"];
    for text in texts {
        alice_client.client.send_text(jid(&bob), text).await.unwrap();
    }
    for text in texts {
        bob_client.text(text).await;
    }
    faults.clear();
    alice_client.client.send_text(jid(&bob), "after").await.unwrap();
    bob_client.text("after").await;
    for text in texts {
        assert_eq!(bob_client.texts(text), 1, "{text}");
    }
}
