//! Coming back: resumed, replaced, unlinked, refused.

use std::time::{Duration, SystemTime};

use openwa_sandbox::fault::Fault;
use whatsapp_rust::prelude::*;

use crate::harness::Sandbox;

#[tokio::test(flavor = "multi_thread")]
async fn a_linked_client_comes_back_without_a_new_scan() {
    let sandbox = Sandbox::start().await;
    let alice = sandbox.account("Alice").await;
    let client = sandbox.linked(&alice).await;
    let before = sandbox.network.handshakes();
    let store = client.stop().await;
    let client = sandbox.client("Alice", store).await;
    client.ready().await;
    let after = sandbox.network.handshakes();
    assert_eq!(after.resumed, before.resumed + 1, "one round trip suffices the second time");
    assert_eq!(after.full, before.full);
    assert_eq!(client.count(|event| matches!(event, Event::PairingQrCode(_))), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_login_of_the_same_device_replaces_the_first() {
    let sandbox = Sandbox::start().await;
    let alice = sandbox.account("Alice").await;
    let first = sandbox.linked(&alice).await;
    let second = sandbox.client("Alice", first.store.clone()).await;
    second.ready().await;
    first.wait("StreamReplaced", |event| matches!(event, Event::StreamReplaced(_))).await;
    assert!(sandbox.network.devices(&alice.number)[1].is_online);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unlinked_client_is_told_at_once_and_refused_for_good() {
    let sandbox = Sandbox::start().await;
    let alice = sandbox.account("Alice").await;
    let client = sandbox.linked(&alice).await;
    sandbox.network.unlink(&alice.number, 1).unwrap();
    client.wait("LoggedOut", |event| matches!(event, Event::LoggedOut(_))).await;
    assert_eq!(sandbox.network.devices(&alice.number).len(), 1);
    assert!(sandbox.network.unlink(&alice.number, 1).is_err());
    assert!(sandbox.network.unlink(&alice.number, 0).is_err());

    let again = sandbox.client("Alice", client.store.clone()).await;
    let refused = again.wait("LoggedOut at login", |event| matches!(event, Event::LoggedOut(_))).await;
    let Event::LoggedOut(refused) = &*refused else { unreachable!("the wait was for LoggedOut") };
    assert!(refused.on_connect);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_logs_out_is_no_longer_a_device() {
    let sandbox = Sandbox::start().await;
    let alice = sandbox.account("Alice").await;
    let client = sandbox.linked(&alice).await;
    client.client.logout().await;
    client.wait("LoggedOut", |event| matches!(event, Event::LoggedOut(_))).await;
    assert_eq!(sandbox.network.devices(&alice.number).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_link_comes_back_by_itself() {
    let sandbox = Sandbox::start().await;
    let alice = sandbox.account("Alice").await;
    let client = sandbox.linked(&alice).await;
    let mark = client.mark();
    let number = Some(alice.number.clone());
    sandbox.network.faults().add(Fault::DropLink { number }).unwrap();
    client.wait_from(mark, "Disconnected", |event| matches!(event, Event::Disconnected(_))).await;
    client.ready_from(mark).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_are_refused_while_the_fault_lasts() {
    let sandbox = Sandbox::start().await;
    let alice = sandbox.account("Alice").await;
    let client = sandbox.linked(&alice).await;
    let store = client.stop().await;
    let refusal = sandbox
        .network
        .faults()
        .add(Fault::RefuseLogins { number: None, until: SystemTime::now() + Duration::from_secs(600) })
        .unwrap();
    let client = sandbox.client("Alice", store).await;
    client.wait("ConnectFailure", |event| matches!(event, Event::ConnectFailure(_))).await;
    assert!(!sandbox.network.devices(&alice.number)[1].is_online);
    sandbox.network.faults().remove(refusal.id);
    client.ready().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_banned_account_is_thrown_out_and_told_why() {
    let sandbox = Sandbox::start().await;
    let alice = sandbox.account("Alice").await;
    let client = sandbox.linked(&alice).await;
    sandbox
        .network
        .faults()
        .add(Fault::Ban {
            number: alice.number.clone(),
            code: 101,
            until: Some(SystemTime::now() + Duration::from_secs(3_600)),
        })
        .unwrap();
    let banned = client.wait("TemporaryBan", |event| matches!(event, Event::TemporaryBan(_))).await;
    let Event::TemporaryBan(banned) = &*banned else { unreachable!("the wait was for TemporaryBan") };
    assert!(banned.expire.num_seconds() > 3_000);
}
