//! Linking: by QR code, by pairing code, and what becomes of codes that are old or wrong.

use std::time::Duration;

use openwa_sandbox::SandboxConfig;
use openwa_sandbox::linking::LinkError;
use whatsapp_rust::pair_code::PairCodeOptions;
use whatsapp_rust::prelude::*;

use crate::harness::{Sandbox, Store};

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_linked_by_qr_code_told_to_come_back_and_logs_in() {
    let sandbox = Sandbox::start().await;
    let alice = sandbox.account("Alice").await;
    let client = sandbox.client("Alice's laptop", Store::default()).await;
    let code = client.qr_code().await;
    assert_eq!(sandbox.network.linking_name(&code).as_deref(), Some("Alice's laptop"));
    sandbox.network.scan(&alice.number, &code).unwrap();
    let paired = client.wait("PairSuccess", |event| matches!(event, Event::PairSuccess(_))).await;
    let Event::PairSuccess(paired) = &*paired else { unreachable!("the wait was for PairSuccess") };
    assert_eq!(paired.id, Jid::pn_device(alice.number.as_str(), 1));
    assert_eq!(paired.lid, Jid::lid_device(alice.lid.as_str(), 1));
    client.ready().await;
    let devices = sandbox.network.devices(&alice.number);
    assert_eq!(devices.len(), 2);
    assert!(devices[1].is_online);
    // A code serves once.
    assert_eq!(sandbox.network.scan(&alice.number, &code), Err(LinkError::UnknownCode));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_linked_by_pairing_code() {
    let sandbox = Sandbox::start().await;
    let alice = sandbox.account("Alice").await;
    assert_eq!(
        sandbox.network.enter_pairing_code(&alice.number, "ABCD1234"),
        Err(LinkError::NoCodeAsked(alice.number.clone()))
    );
    let options = PairCodeOptions { phone_number: alice.number.clone(), ..PairCodeOptions::default() };
    let client = sandbox.client_by_code("laptop", options).await;
    let shown = client.wait("a pairing code", |event| matches!(event, Event::PairingCode { .. })).await;
    let Event::PairingCode(shown) = &*shown else { unreachable!("the wait was for a pairing code") };
    let (network, number, code) = (
        sandbox.network.clone(),
        alice.number.clone(),
        format!("{}-{}", &shown.code[..4], shown.code[4..].to_lowercase()),
    );
    tokio::task::spawn_blocking(move || network.enter_pairing_code(&number, &code)).await.unwrap().unwrap();
    client.ready().await;
    assert_eq!(sandbox.network.devices(&alice.number).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_expire_and_the_client_is_given_new_ones() {
    let sandbox = Sandbox::with(SandboxConfig {
        qr_lifetimes: (Duration::from_millis(150), Duration::from_millis(150)),
        ..SandboxConfig::default()
    })
    .await;
    let alice = sandbox.account("Alice").await;
    let client = sandbox.client("laptop", Store::default()).await;
    let first = client.qr_code().await;
    // The client shows its first code far longer than this network lets it count, so that it is
    // sent away with it and comes back for others.
    let second = client
        .wait("another QR code", |event| matches!(event, Event::PairingQrCode(shown) if shown.code != first))
        .await;
    let refused = sandbox.network.scan(&alice.number, &first).unwrap_err();
    assert_eq!(refused, LinkError::UnknownCode);
    let Event::PairingQrCode(second) = &*second else { unreachable!("the wait was for a QR code") };
    sandbox.network.scan(&alice.number, &second.code).unwrap();
    client.ready().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_and_other_peoples_keys_are_refused() {
    let sandbox = Sandbox::start().await;
    let alice = sandbox.account("Alice").await;
    let client = sandbox.client("laptop", Store::default()).await;
    let code = client.qr_code().await;
    let network = &sandbox.network;
    assert_eq!(network.scan(&alice.number, "2@nonsense"), Err(LinkError::Malformed));
    let mut fields: Vec<&str> = code.split(',').collect();
    fields.swap(1, 2);
    assert_eq!(network.scan(&alice.number, &fields.join(",")), Err(LinkError::WrongKeys));
    assert_eq!(network.scan("19998887777", &code), Err(LinkError::NoSuchAccount("19998887777".to_owned())));
    assert_eq!(network.enter_pairing_code(&alice.number, "short"), Err(LinkError::MalformedCode));
    // None of this has spoiled the code.
    network.scan(&alice.number, &code).unwrap();
    client.ready().await;
}
