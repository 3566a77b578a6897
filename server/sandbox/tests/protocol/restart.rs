//! The network is killed and starts again from its folder.

use openwa_sandbox::journal::Journal;
use whatsapp_rust::prelude::*;
use whatsapp_rust::{GroupCreateOptions, GroupParticipantOptions};

use crate::harness::{Sandbox, jid};

#[tokio::test(flavor = "multi_thread")]
async fn a_network_comes_back_with_accounts_devices_groups_and_queues() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start_in(folder.path()).await;
    let (alice, alice_client, bob, bob_client) = sandbox.pair().await;
    let made = alice_client
        .client
        .groups()
        .create_group(
            GroupCreateOptions::builder()
                .subject("Kept")
                .participants(vec![GroupParticipantOptions::new(jid(&bob))])
                .build(),
        )
        .await
        .unwrap();
    let bob_store = bob_client.stop().await;
    let sent = alice_client.client.send_text(jid(&bob), "kept over the restart").await.unwrap();
    alice_client
        .wait("the acknowledgement", |event| matches!(event, Event::ServerAck(ack) if ack.id == sent.message_id))
        .await;
    let alice_store = alice_client.stop().await;
    let root = sandbox.network.root_key();
    sandbox.network.close();
    drop(sandbox);

    let sandbox = Sandbox::start_in(folder.path()).await;
    assert_eq!(sandbox.network.root_key(), root);
    assert_eq!(sandbox.network.account_by_id(alice.id).as_ref(), Some(&alice));
    let (alice_client, bob_client) =
        tokio::join!(sandbox.client("Alice", alice_store), sandbox.client("Bob", bob_store));
    tokio::join!(alice_client.ready(), bob_client.ready());
    bob_client.text("kept over the restart").await;
    assert_eq!(sandbox.network.handshakes().full, 0, "the server's key is the one the clients know");
    alice_client.client.send_text(made.metadata.id.clone(), "still a group").await.unwrap();
    bob_client.text("still a group").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_knows_an_old_key_of_the_server_gets_in_nevertheless() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start_in(folder.path()).await;
    let alice = sandbox.account("Alice").await;
    let client = sandbox.linked(&alice).await;
    let store = client.stop().await;
    sandbox.network.close();
    drop(sandbox);
    let journal = Journal::open(folder.path()).unwrap();
    journal.delete("noise", "server");
    journal.close();

    let sandbox = Sandbox::start_in(folder.path()).await;
    let client = sandbox.client("Alice", store).await;
    client.ready().await;
    assert_eq!(sandbox.network.handshakes().fallback, 1);
}
