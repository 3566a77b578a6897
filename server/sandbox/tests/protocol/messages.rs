//! Messages between two people: there, back, acknowledged, waiting for who is away.

use whatsapp_rust::prelude::*;
use whatsapp_rust::types::presence::ReceiptType;
use whatsapp_rust::waproto::whatsapp::message::extended_text_message::FontType;

use crate::harness::{Sandbox, TestClient, jid};

/// A client whose user is not there confirms the delivery as an inactive one.
const DELIVERED: [ReceiptType; 2] = [ReceiptType::Delivered, ReceiptType::Inactive];

async fn wait_for_receipt(client: &TestClient, id: &str, kinds: &[ReceiptType]) {
    client
        .wait(&format!("the receipt {kinds:?} of {id}"), |event| {
            matches!(event, Event::Receipt(receipt)
                if kinds.contains(&receipt.r#type)
                    && receipt.source.sender.device != 0
                    && receipt.message_ids.iter().any(|seen| seen == id))
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_go_both_ways_with_acks_and_receipts() {
    let sandbox = Sandbox::start().await;
    let (alice, alice_client, bob, bob_client) = sandbox.pair().await;
    let sent = alice_client.client.send_text(jid(&bob), "hello Bob").await.unwrap();
    let (_, chat, id) = bob_client.text("hello Bob").await;
    assert_eq!(id, sent.message_id);
    alice_client
        .wait(
            "the server's acknowledgement",
            |event| matches!(event, Event::ServerAck(ack) if ack.id == id && ack.error.is_none()),
        )
        .await;
    wait_for_receipt(&alice_client, &id, &DELIVERED).await;
    bob_client.client.mark_as_read(&chat, None, &[id.as_str()]).await.unwrap();
    wait_for_receipt(&alice_client, &id, &[ReceiptType::Read]).await;

    bob_client.client.send_text(jid(&alice), "hello Alice").await.unwrap();
    let (_, _, id) = alice_client.text("hello Alice").await;
    wait_for_receipt(&bob_client, &id, &DELIVERED).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_other_devices_see_what_one_of_them_sends() {
    let sandbox = Sandbox::start().await;
    let (alice, alice_client, bob, bob_client) = sandbox.pair().await;
    // Both sides know each other's devices before the new one comes.
    alice_client.client.send_text(jid(&bob), "before").await.unwrap();
    bob_client.text("before").await;
    bob_client.client.send_text(jid(&alice), "and back").await.unwrap();
    alice_client.text("and back").await;
    let tablet = sandbox.linked(&alice).await;
    // Both have heard of it when they have acknowledged everything.
    tokio::join!(sandbox.network.drained(&alice.number, 1), sandbox.network.drained(&bob.number, 1));
    alice_client.client.send_text(jid(&bob), "from the laptop").await.unwrap();
    bob_client.text("from the laptop").await;
    tablet.text("from the laptop").await;
    bob_client.client.send_text(jid(&alice), "to all of you").await.unwrap();
    alice_client.text("to all of you").await;
    tablet.text("to all of you").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_to_somebody_away_waits_until_it_is_acknowledged() {
    let sandbox = Sandbox::start().await;
    let (_, alice_client, bob, bob_client) = sandbox.pair().await;
    let store = bob_client.stop().await;
    for text in ["one", "two", "three"] {
        let sent = alice_client.client.send_text(jid(&bob), text).await.unwrap();
        alice_client
            .wait("the acknowledgement", |event| matches!(event, Event::ServerAck(ack) if ack.id == sent.message_id))
            .await;
    }
    let bob_client = sandbox.client("Bob", store).await;
    let preview =
        bob_client.wait("the preview of the backlog", |event| matches!(event, Event::OfflineSyncPreview(_))).await;
    let Event::OfflineSyncPreview(preview) = &*preview else { unreachable!("the wait was for a preview") };
    assert_eq!(preview.messages, 3);
    for text in ["one", "two", "three"] {
        bob_client.text(text).await;
    }
    bob_client.ready().await;
    // The receipts that empty the queue are on their way to Alice, too.
    let (_, _, id) = bob_client.text("three").await;
    wait_for_receipt(&alice_client, &id, &DELIVERED).await;
    sandbox.network.drained(&bob.number, 1).await;
    let store = bob_client.stop().await;
    let bob_client = sandbox.client("Bob", store).await;
    bob_client.ready().await;
    let previews = bob_client.count(|event| matches!(event, Event::OfflineSyncPreview(_)));
    assert_eq!(previews, 0, "nothing comes twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_reaches_every_device_of_its_audience_and_nobody_else() {
    let sandbox = Sandbox::start().await;
    let (_, alice_client, bob, laptop) = sandbox.pair().await;
    let carol = sandbox.account("Carol").await;
    let (tablet, stranger) = tokio::join!(sandbox.linked(&bob), sandbox.linked(&carol));
    let bob_lid = Jid::lid(bob.lid.as_str());
    // The second one finds the devices with all they need and names only the person.
    for text in ["at sea", "ashore"] {
        let status = alice_client.client.status();
        status
            .send_text(text, 0xff1e_6e4f, FontType::default(), std::slice::from_ref(&bob_lid), Default::default())
            .await
            .unwrap();
        for client in [&laptop, &tablet] {
            let (_, chat, _) = client.text(text).await;
            assert_eq!(chat, Jid::status_broadcast());
        }
    }
    assert_eq!(stranger.texts("at sea") + stranger.texts("ashore"), 0);
}
