//! What an account keeps on the server: whom it blocks, what it shows, whether it is there.

use whatsapp_rust::prelude::*;
use whatsapp_rust::wacore::iq::prekeys::DigestKeyBundleSpec;

use crate::harness::{Sandbox, jid};

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_person_writes_into_the_void() {
    let sandbox = Sandbox::start().await;
    let (alice, alice_client, bob, bob_client) = sandbox.pair().await;
    // The engine blocks by the hidden id, which it learns from a message.
    alice_client.client.send_text(jid(&bob), "hello").await.unwrap();
    bob_client.text("hello").await;
    bob_client.client.blocking().block(&jid(&alice)).await.unwrap();
    assert!(bob_client.client.blocking().is_blocked(&jid(&alice)).await.unwrap());
    let send = |text: &'static str| alice_client.client.send_text(jid(&bob), text);
    let blocked = send("blocked").await.unwrap();
    alice_client
        .wait("the acknowledgement", |event| matches!(event, Event::ServerAck(ack) if ack.id == blocked.message_id))
        .await;
    bob_client.client.blocking().unblock(&jid(&alice)).await.unwrap();
    assert!(bob_client.client.blocking().get_blocklist().await.unwrap().is_empty());
    send("unblocked").await.unwrap();
    bob_client.text("unblocked").await;
    assert_eq!(bob_client.texts("blocked"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn presence_and_typing_reach_who_asked_for_them() {
    let sandbox = Sandbox::start().await;
    let (alice, alice_client, bob, bob_client) = sandbox.pair().await;
    bob_client.client.presence().set_available().await.unwrap();
    alice_client.client.presence().set_unavailable().await.unwrap();
    bob_client.client.presence().subscribe(jid(&alice)).await.unwrap();
    bob_client.wait("that Alice is away", |event| matches!(event, Event::Presence(seen) if seen.unavailable)).await;
    let mark = bob_client.mark();
    alice_client.client.presence().set_available().await.unwrap();
    bob_client
        .wait_from(mark, "that Alice is there", |event| matches!(event, Event::Presence(seen) if !seen.unavailable))
        .await;
    alice_client.client.chatstate().send_composing(&jid(&bob)).await.unwrap();
    bob_client.wait("that Alice is typing", |event| matches!(event, Event::ChatPresence(_))).await;
    let mark = bob_client.mark();
    alice_client.stop().await;
    bob_client
        .wait_from(mark, "that Alice has left", |event| matches!(event, Event::Presence(seen) if seen.unavailable))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_found_by_number_with_what_they_show() {
    let sandbox = Sandbox::start().await;
    let (_, alice_client, bob, bob_client) = sandbox.pair().await;
    bob_client.client.profile().set_status_text("at sea").await.unwrap();
    let nobody = Jid::pn("19990001111");
    let found = alice_client.client.contacts().is_on_whatsapp(&[jid(&bob), nobody.clone()]).await.unwrap();
    let is_registered =
        |asked: &Jid| found.iter().find(|result| result.jid.user == asked.user).map(|result| result.is_registered);
    assert_eq!(is_registered(&jid(&bob)), Some(true));
    assert_eq!(is_registered(&nobody), Some(false));
    let info = alice_client.client.contacts().get_user_info(&[jid(&bob)]).await.unwrap();
    let shown = info.values().next().unwrap();
    assert_eq!(shown.status.as_deref(), Some("at sea"));
    assert_eq!(shown.lid.as_ref().map(|lid| lid.user.as_str()), Some(bob.lid.as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_set_shown_and_taken_down() {
    let sandbox = Sandbox::start().await;
    let (_, alice_client, bob, bob_client) = sandbox.pair().await;
    let picture = vec![7; 1_000];
    bob_client.client.profile().set_profile_picture(picture.clone()).await.unwrap();
    let contacts = alice_client.client.contacts();
    let shown = contacts.get_profile_picture(&jid(&bob), false).await.unwrap().expect("Bob has a picture");
    let host = sandbox.network.media_host();
    assert_eq!(shown.url, format!("https://{host}/pps/{}", shown.id));
    assert_eq!(sandbox.network.picture(&shown.id).as_deref(), Some(picture.as_slice()));
    bob_client.client.profile().remove_profile_picture().await.unwrap();
    assert!(contacts.get_profile_picture(&jid(&bob), false).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn privacy_settings_are_kept() {
    use whatsapp_rust::wacore::iq::privacy::{PrivacyCategory, PrivacyValue};

    let sandbox = Sandbox::start().await;
    let alice = sandbox.account("Alice").await;
    let client = sandbox.linked(&alice).await;
    client.client.set_privacy_setting(PrivacyCategory::Last, PrivacyValue::None).await.unwrap();
    let settings = client.client.fetch_privacy_settings().await.unwrap();
    assert_eq!(settings.get_value(&PrivacyCategory::Last), Some(&PrivacyValue::None));
    assert_eq!(settings.get_value(&PrivacyCategory::Online), Some(&PrivacyValue::All));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_at_once_still_sees_who_is_typing() {
    let sandbox = Sandbox::start().await;
    let (_, alice_client, bob, bob_client) = sandbox.pair().await;
    let mark = bob_client.mark();
    bob_client.client.reconnect_immediately().await;
    alice_client.client.chatstate().send_composing(&jid(&bob)).await.unwrap();
    bob_client.ready_from(mark).await;
    bob_client.wait("that Alice is typing", |event| matches!(event, Event::ChatPresence(_))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_network_agrees_with_a_client_on_its_keys_as_soon_as_it_is_ready() {
    let sandbox = Sandbox::start().await;
    let alice = sandbox.account("Alice").await;
    let linked = sandbox.linked(&alice).await;
    let digest = linked.client.execute(DigestKeyBundleSpec::new()).await.unwrap();
    assert_eq!(digest.prekey_ids.len(), 20);
    let device = linked.client.persistence_manager().get_device_snapshot();
    assert_eq!(digest.reg_id, device.registration_id);
    assert_eq!(digest.hash.len(), 20);
}
