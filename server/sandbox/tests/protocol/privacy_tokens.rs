//! Accounts that are closed to strangers, and what opens them.

use openwa_sandbox::account::AccountInfo;
use whatsapp_rust::prelude::*;
use whatsapp_rust::wacore::store::traits::ProtocolStore as _;

use crate::harness::{Sandbox, TestClient, jid};

async fn wait_for_refusal(client: &TestClient, id: &str) {
    client
        .wait(
            "the refusal",
            |event| matches!(event, Event::ServerAck(ack) if ack.id == id && ack.error.as_deref() == Some("463")),
        )
        .await;
}

/// Lets the other account's client have a token, and waits until it has taken it in.
async fn hand_token(sandbox: &Sandbox, issuer: &TestClient, holder: &AccountInfo) {
    issuer.client.tc_token().issue_tokens(&[Jid::lid(holder.lid.as_str())]).await.unwrap();
    sandbox.network.drained(&holder.number, 1).await;
}

/// Whether the client has a token of trust from this account. It also notes, without one, when it issued its own.
async fn is_trusted(client: &TestClient, by: &AccountInfo) -> bool {
    client.store.get_tc_token(&by.lid).await.unwrap().is_some_and(|it| !it.token.is_empty())
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_refused_until_they_are_written_to() {
    let sandbox = Sandbox::start().await;
    let (closed, open) = (sandbox.account("restricted:Ann").await, sandbox.account("Bob").await);
    let (ann, bob) = (sandbox.linked(&closed).await, sandbox.linked(&open).await);
    let refused = bob.client.send_text(jid(&closed), "you do not know me").await.unwrap();
    wait_for_refusal(&bob, &refused.message_id).await;
    assert!(!is_trusted(&bob, &closed).await);

    ann.client.send_text(jid(&open), "hello").await.unwrap();
    bob.text("hello").await;
    hand_token(&sandbox, &ann, &open).await;
    bob.client.send_text(jid(&closed), "now you do").await.unwrap();
    ann.text("now you do").await;
    assert!(is_trusted(&bob, &closed).await);
    assert_eq!(ann.texts("you do not know me"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_token_opens_an_account_that_takes_it() {
    let sandbox = Sandbox::start().await;
    let knowing = "scenario:nct_send_ab=1,nct_history_delivery=1:Bob";
    let (open, other) = (sandbox.account(knowing).await, sandbox.account("scenario:restricted,cs_enabled=0:Cy").await);
    let closed = sandbox.account("scenario:restricted,tc_enabled=0:Ann").await;
    let (ann, bob) = (sandbox.linked(&closed).await, sandbox.linked(&open).await);
    bob.wait("the history", |event| matches!(event, Event::HistorySync(_))).await;
    bob.client.send_text(Jid::lid(closed.lid.as_str()), "we met").await.unwrap();
    ann.text("we met").await;
    let refused = bob.client.send_text(Jid::lid(other.lid.as_str()), "did we?").await.unwrap();
    wait_for_refusal(&bob, &refused.message_id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_account_shows_strangers_neither_picture_nor_presence() {
    let sandbox = Sandbox::start().await;
    let (closed, open) = (sandbox.account("restricted:Ann").await, sandbox.account("Bob").await);
    let (ann, bob) = (sandbox.linked(&closed).await, sandbox.linked(&open).await);
    ann.client.profile().set_profile_picture(vec![0xff, 0xd8, 0xff]).await.unwrap();
    let owner = jid(&closed);
    let picture = async || bob.client.contacts().get_profile_picture(&owner, true).await;
    assert!(picture().await.unwrap().is_none());
    bob.client.presence().subscribe(jid(&closed)).await.unwrap();
    ann.client.presence().set_available().await.unwrap();
    ann.client.send_text(jid(&open), "hello").await.unwrap();
    bob.text("hello").await;
    let is_presence = |event: &Event| matches!(event, Event::Presence(_));
    assert_eq!(bob.count(is_presence), 0);
    hand_token(&sandbox, &ann, &open).await;
    assert!(picture().await.unwrap().is_some());
    bob.client.presence().subscribe(jid(&closed)).await.unwrap();
    bob.wait("that Ann is there", is_presence).await;
}
