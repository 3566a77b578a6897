//! The library's stores over a vault in memory: what goes in comes out, and the odd rules hold.

use std::sync::{Mutex, atomic::Ordering};

use bytes::Bytes;
use wacore::{
    appstate::processor::AppStateMutationMAC,
    store::{
        Device,
        traits::{
            AppStateSyncKey, AppSyncStore, DeviceInfo, DeviceListRecord, DeviceStore, LidPnMappingEntry,
            MsgSecretEntry, MsgSecretStore, PendingInboundKey, PendingInboundRow, ProtocolStore, SignalStore,
            TcTokenEntry,
        },
    },
};

use super::{memory_vault::MemoryVault, *};

#[derive(Default)]
struct Learned(Mutex<Vec<(String, String)>>);

impl MappingObserver for Learned {
    fn learned(&self, phone: &str, lid: &str) {
        self.0.lock().unwrap().push((phone.to_owned(), lid.to_owned()));
    }
}

fn backend() -> (Backend, Arc<MemoryVault>) {
    let vault = Arc::new(MemoryVault::default());
    (Backend::new(Arc::clone(&vault) as _, None), vault)
}

const ALICE: &str = "100000000000001@lid";

#[tokio::test]
async fn identities_sessions_and_sender_keys_are_kept_by_address() {
    let (backend, vault) = backend();
    backend.put_identity(ALICE, [1; 32]).await.unwrap();
    backend.put_session(ALICE, b"session").await.unwrap();
    backend.put_sender_key("group:alice", b"key").await.unwrap();
    assert_eq!(backend.load_identity(ALICE).await.unwrap(), Some([1; 32]));
    assert_eq!(backend.get_session(ALICE).await.unwrap().as_deref(), Some(&b"session"[..]));
    assert!(backend.has_session(ALICE).await.unwrap());
    assert_eq!(backend.get_sender_key("group:alice").await.unwrap().as_deref(), Some(&b"key"[..]));
    backend.delete_identity(ALICE).await.unwrap();
    backend.delete_session(ALICE).await.unwrap();
    backend.delete_sender_key("group:alice").await.unwrap();
    assert!(vault.records.lock().unwrap().is_empty());
}

#[tokio::test]
async fn signal_state_is_found_for_every_device_of_a_user_and_no_other() {
    let (backend, _) = backend();
    backend.put_session("100000000000001:7@lid", b"s").await.unwrap();
    backend.put_identity("200@lid", [0; 32]).await.unwrap();
    for (user, known) in [("100000000000001", true), ("200", true), ("10000000000000", false), ("20", false)] {
        assert_eq!(backend.has_signal_state_for_user(user).await.unwrap(), known, "{user}");
    }
}

#[tokio::test]
async fn a_batch_is_one_transaction_and_lands_whole_or_not_at_all() {
    let (backend, vault) = backend();
    let address = |number: u32| -> Arc<str> { format!("{number}@lid").into() };
    let bytes = |number: u32| (address(number), Bytes::from(vec![number as u8]));
    let sessions: Vec<_> = (0..5).map(bytes).collect();
    backend.put_sessions_batch(&sessions).await.unwrap();
    assert_eq!(vault.applied(), 1);
    backend.put_sender_keys_batch(&sessions).await.unwrap();
    assert_eq!(vault.applied(), 1);
    backend.put_identities_batch(&[(address(1), [1; 32]), (address(2), [2; 32])]).await.unwrap();
    assert_eq!(vault.applied(), 1);
    backend.store_prekeys_batch(&[(1, Bytes::from_static(b"a")), (2, Bytes::from_static(b"b"))], false).await.unwrap();
    assert_eq!(vault.applied(), 1);

    vault.failing.store(true, Ordering::SeqCst);
    let newer: Vec<_> = sessions.iter().map(|(address, _)| (Arc::clone(address), Bytes::from_static(b"new"))).collect();
    backend.put_sessions_batch(&newer).await.unwrap_err();
    vault.failing.store(false, Ordering::SeqCst);
    assert_eq!(backend.get_session("4@lid").await.unwrap(), Some(Bytes::from(vec![4])));

    vault.applied();
    backend.put_sessions_batch(&[]).await.unwrap();
    assert_eq!(vault.applied(), 0, "nothing to write is nothing written");
}

#[tokio::test]
async fn marking_pre_keys_as_uploaded_never_brings_one_back() {
    let (backend, vault) = backend();
    backend.store_prekeys_batch(&[(1, Bytes::from_static(b"a")), (12, Bytes::from_static(b"b"))], false).await.unwrap();
    backend.remove_prekey(1).await.unwrap();
    backend.mark_prekeys_uploaded(&[1, 12]).await.unwrap();
    assert_eq!(backend.load_prekey(1).await.unwrap(), None);
    assert_eq!(backend.load_prekey(12).await.unwrap(), Some(Bytes::from_static(b"b")));
    vault.applied();
    backend.mark_prekeys_uploaded(&[1, 12]).await.unwrap();
    assert_eq!(vault.applied(), 0, "both are as they should be");
    assert_eq!(backend.load_prekeys_batch(&[1, 12, 99]).await.unwrap(), [(12, Bytes::from_static(b"b"))]);
}

#[tokio::test]
async fn the_highest_pre_key_is_a_number_not_a_text() {
    let (backend, _) = backend();
    assert_eq!(backend.get_max_prekey_id().await.unwrap(), 0);
    for id in [9, 100, 20] {
        backend.store_prekey(id, b"k", true).await.unwrap();
    }
    assert_eq!(backend.get_max_prekey_id().await.unwrap(), 100);
}

#[tokio::test]
async fn signed_pre_keys_are_listed() {
    let (backend, _) = backend();
    backend.store_signed_prekey(2, b"two").await.unwrap();
    backend.store_signed_prekey(1, b"one").await.unwrap();
    assert_eq!(backend.load_signed_prekey(2).await.unwrap().as_deref(), Some(&b"two"[..]));
    let all = backend.load_all_signed_prekeys().await.unwrap();
    assert_eq!(all, [(1, b"one".to_vec()), (2, b"two".to_vec())]);
    backend.remove_signed_prekey(1).await.unwrap();
    assert_eq!(backend.load_signed_prekey(1).await.unwrap(), None);
}

#[tokio::test]
async fn app_state_keeps_its_keys_versions_and_macs_apart() {
    let (backend, vault) = backend();
    assert_eq!(backend.get_latest_sync_key_id().await.unwrap(), None);
    let key = |byte: u8| AppStateSyncKey { key_data: vec![byte], fingerprint: vec![], timestamp: 1 };
    backend.set_sync_key(b"a", key(1)).await.unwrap();
    backend.set_sync_key(b"b", key(2)).await.unwrap();
    assert_eq!(backend.get_latest_sync_key_id().await.unwrap().as_deref(), Some(&b"b"[..]));
    assert_eq!(backend.get_sync_key(b"a").await.unwrap().unwrap().key_data, [1]);

    assert_eq!(backend.get_version("regular").await.unwrap().version, 0);
    let mut state = backend.get_version("regular").await.unwrap();
    state.version = 7;
    state.hash[127] = 9;
    backend.set_version("regular", state).await.unwrap();
    let state = backend.get_version("regular").await.unwrap();
    assert_eq!((state.version, state.hash[127]), (7, 9));

    let mac = |byte: u8| AppStateMutationMAC { index_mac: vec![byte; 32], value_mac: vec![byte] };
    vault.applied();
    backend.put_mutation_macs("regular", 1, &[mac(1), mac(2)]).await.unwrap();
    backend.put_mutation_macs("regular_low", 1, &[mac(1)]).await.unwrap();
    assert_eq!(vault.applied(), 2);
    assert_eq!(backend.get_mutation_mac("regular", &[2; 32]).await.unwrap(), Some(vec![2]));
    let found = backend.get_mutation_macs("regular", &[[1; 32], [2; 32], [3; 32]]).await.unwrap();
    assert_eq!((found.len(), found[&[1; 32]].as_slice()), (2, &[1][..]));
    backend.delete_mutation_macs("regular", &[vec![1; 32]]).await.unwrap();
    assert_eq!(backend.get_mutation_mac("regular", &[1; 32]).await.unwrap(), None);
    backend.clear_mutation_macs("regular").await.unwrap();
    assert_eq!(backend.get_mutation_mac("regular", &[2; 32]).await.unwrap(), None);
    assert_eq!(backend.get_mutation_mac("regular_low", &[1; 32]).await.unwrap(), Some(vec![1]));
}

#[tokio::test]
async fn who_has_which_sender_key_is_forgotten_by_group_by_device_or_wholly() {
    let (backend, _) = backend();
    let groups = ["1@g.us", "11@g.us"];
    for group in groups {
        backend.set_sender_key_status(group, &[("a:1@lid", true), ("b:2@lid", false)]).await.unwrap();
    }
    let expected = [("a:1@lid".to_owned(), true), ("b:2@lid".to_owned(), false)];
    assert_eq!(backend.get_sender_key_devices("1@g.us").await.unwrap(), expected);
    backend.delete_sender_key_device_rows(&["a:1@lid"]).await.unwrap();
    for group in groups {
        assert_eq!(backend.get_sender_key_devices(group).await.unwrap(), expected[1..]);
    }
    backend.clear_sender_key_devices("1@g.us").await.unwrap();
    assert!(backend.get_sender_key_devices("1@g.us").await.unwrap().is_empty());
    assert_eq!(backend.get_sender_key_devices("11@g.us").await.unwrap().len(), 1);
    backend.clear_all_sender_key_devices().await.unwrap();
    assert!(backend.get_sender_key_devices("11@g.us").await.unwrap().is_empty());
}

fn mapping(phone: &str, lid: &str) -> LidPnMappingEntry {
    LidPnMappingEntry {
        lid: lid.to_owned(),
        phone_number: phone.to_owned(),
        created_at: 1,
        updated_at: 2,
        learning_source: "usync".to_owned(),
    }
}

#[tokio::test]
async fn a_mapping_is_found_from_both_sides_and_told_once() {
    let learned = Arc::new(Learned::default());
    let backend = Backend::new(Arc::new(MemoryVault::default()), Some(Arc::clone(&learned) as _));
    backend.put_lid_mapping(&mapping("1555", "100")).await.unwrap();
    backend.put_lid_mappings(&[mapping("1555", "100"), mapping("1666", "200")]).await.unwrap();
    assert_eq!(backend.get_lid_mapping("100").await.unwrap().unwrap().phone_number, "1555");
    assert_eq!(backend.get_pn_mapping("1666").await.unwrap().unwrap().lid, "200");
    assert_eq!(backend.get_all_lid_mappings().await.unwrap().len(), 2);
    let pair = |phone: &str, lid: &str| (phone.to_owned(), lid.to_owned());
    assert_eq!(*learned.0.lock().unwrap(), [pair("1555", "100"), pair("1666", "200")]);

    // The person has changed the number; the old one leads nowhere.
    backend.put_lid_mapping(&mapping("1777", "100")).await.unwrap();
    assert!(backend.get_pn_mapping("1555").await.unwrap().is_none());
    assert_eq!(backend.get_pn_mapping("1777").await.unwrap().unwrap().lid, "100");
    assert_eq!(learned.0.lock().unwrap().last(), Some(&pair("1777", "100")));
}

#[tokio::test]
async fn base_keys_are_compared_by_address_and_message() {
    let (backend, _) = backend();
    backend.save_base_key(ALICE, "M1", b"base").await.unwrap();
    assert!(backend.has_same_base_key(ALICE, "M1", b"base").await.unwrap());
    assert!(!backend.has_same_base_key(ALICE, "M1", b"other").await.unwrap());
    assert!(!backend.has_same_base_key(ALICE, "M2", b"base").await.unwrap());
    backend.delete_base_key(ALICE, "M1").await.unwrap();
    assert!(!backend.has_same_base_key(ALICE, "M1", b"base").await.unwrap());
}

#[tokio::test]
async fn device_lists_and_groups_are_replaced_whole() {
    let (backend, vault) = backend();
    let list = |user: &str| DeviceListRecord {
        user: user.to_owned(),
        devices: vec![DeviceInfo::new(3, Some(1))],
        timestamp: 5,
        phash: None,
        raw_id: Some(8),
    };
    backend.update_device_list(list("a")).await.unwrap();
    vault.applied();
    backend.update_device_lists(vec![list("b"), list("c")]).await.unwrap();
    assert_eq!(vault.applied(), 1);
    let found = backend.get_devices("b").await.unwrap().unwrap();
    assert_eq!((found.devices[0].device_id, found.raw_id), (3, Some(8)));
    backend.delete_devices("b").await.unwrap();
    assert!(backend.get_devices("b").await.unwrap().is_none());

    backend.put_group_metadata("1@g.us", b"blob").await.unwrap();
    assert_eq!(backend.get_group_metadata("1@g.us").await.unwrap().as_deref(), Some(&b"blob"[..]));
    backend.delete_group_metadata("1@g.us").await.unwrap();
    assert!(backend.get_group_metadata("1@g.us").await.unwrap().is_none());
}

#[tokio::test]
async fn the_newer_privacy_token_wins_and_both_writers_keep_their_own_field() {
    let (backend, _) = backend();
    backend.touch_tc_token_sender_timestamp(ALICE, 50).await.unwrap();
    backend.store_received_tc_token(ALICE, b"first", 10).await.unwrap();
    let entry = backend.get_tc_token(ALICE).await.unwrap().unwrap();
    assert_eq!((&*entry.token, entry.token_timestamp, entry.sender_timestamp), (&b"first"[..], 10, Some(50)));
    backend.store_received_tc_token(ALICE, b"stale", 9).await.unwrap();
    backend.touch_tc_token_sender_timestamp(ALICE, 40).await.unwrap();
    let entry = backend.get_tc_token(ALICE).await.unwrap().unwrap();
    assert_eq!((&*entry.token, entry.sender_timestamp), (&b"first"[..], Some(50)));
    assert_eq!(backend.get_all_tc_token_jids().await.unwrap(), [ALICE]);
    backend.delete_tc_token(ALICE).await.unwrap();
    assert!(backend.get_tc_token(ALICE).await.unwrap().is_none());
}

#[tokio::test]
async fn a_privacy_token_expires_only_when_both_its_halves_have() {
    let (backend, _) = backend();
    let entry = |token: &[u8], at, sender_timestamp| TcTokenEntry {
        token: token.to_vec(),
        token_timestamp: at,
        sender_timestamp,
    };
    for (jid, entry) in [
        ("token lives", entry(b"t", 100, None)),
        ("sender lives", entry(b"t", 1, Some(100))),
        ("both stale", entry(b"t", 1, Some(1))),
        ("placeholder", entry(b"", 100, None)),
    ] {
        backend.put_tc_token(jid, &entry).await.unwrap();
    }
    assert_eq!(backend.delete_expired_tc_tokens(50, 50).await.unwrap(), 2);
    assert_eq!(backend.get_all_tc_token_jids().await.unwrap(), ["sender lives", "token lives"]);
}

#[tokio::test]
async fn a_sent_message_is_there_for_every_device_that_asks_again() {
    let (backend, _) = backend();
    let backend = Arc::new(backend);
    backend.store_sent_message("1@g.us", "M1", b"payload").await.unwrap();
    let takers: Vec<_> = (0..8)
        .map(|_| {
            let backend = Arc::clone(&backend);
            tokio::spawn(async move { backend.take_sent_message("1@g.us", "M1").await.unwrap() })
        })
        .collect();
    for taker in takers {
        assert_eq!(taker.await.unwrap(), Some(b"payload".to_vec()));
    }
    assert_eq!(backend.take_sent_message("1@g.us", "M2").await.unwrap(), None);
}

#[tokio::test]
async fn what_is_older_than_asked_goes_and_the_rest_stays() {
    let (backend, _) = backend();
    backend.store_sent_message("c", "M1", b"1").await.unwrap();
    backend.store_pending_inbound("c", "s", "M1", b"1").await.unwrap();
    let (before, after) = (now() - 60, now() + 60);
    assert_eq!(backend.delete_expired_sent_messages(before).await.unwrap(), 0);
    assert_eq!(backend.delete_expired_pending_inbound(before).await.unwrap(), 0);
    assert_eq!(backend.delete_expired_sent_messages(after).await.unwrap(), 1);
    assert_eq!(backend.delete_expired_pending_inbound(after).await.unwrap(), 1);
}

fn now() -> i64 {
    wacore::time::now_secs()
}

#[tokio::test]
async fn what_waits_to_be_committed_is_kept_by_chat_sender_and_id() {
    let (backend, vault) = backend();
    let row = |chat, message| PendingInboundRow { chat, sender: "s", id: "M1", message };
    backend.store_pending_inbound_batch(&[row("a", b"in a"), row("b", b"in b")]).await.unwrap();
    assert_eq!(vault.applied(), 1);
    assert_eq!(backend.get_pending_inbound("a", "s", "M1").await.unwrap().as_deref(), Some(&b"in a"[..]));
    let key = |chat| PendingInboundKey { chat, sender: "s", id: "M1" };
    backend.delete_pending_inbound_batch(&[key("a")]).await.unwrap();
    assert_eq!(backend.get_pending_inbound("a", "s", "M1").await.unwrap(), None);
    assert_eq!(backend.get_pending_inbound("b", "s", "M1").await.unwrap().as_deref(), Some(&b"in b"[..]));
    backend.delete_pending_inbound("b", "s", "M1").await.unwrap();
    assert_eq!(backend.get_pending_inbound("b", "s", "M1").await.unwrap(), None);
}

fn secret(id: &str, byte: u8, expires_at: i64, message_ts: i64) -> MsgSecretEntry {
    MsgSecretEntry {
        chat: "c".into(),
        sender: "s".into(),
        msg_id: id.into(),
        secret: [byte; 32],
        expires_at,
        message_ts,
    }
}

#[tokio::test]
async fn a_message_secret_written_again_never_expires_sooner() {
    let (backend, vault) = backend();
    backend.put_msg_secrets(vec![secret("M1", 1, 100, 7), secret("M1", 2, 50, 0)]).await.unwrap();
    assert_eq!(vault.applied(), 1);
    assert_eq!(backend.get_msg_secret_with_ts("c", "s", "M1").await.unwrap(), Some((vec![2; 32], 7)));
    assert_eq!(backend.delete_expired_msg_secrets(99).await.unwrap(), 0);
    assert_eq!(backend.delete_expired_msg_secrets(100).await.unwrap(), 1);

    backend.put_msg_secrets(vec![secret("M2", 3, 100, 0)]).await.unwrap();
    backend.put_msg_secrets(vec![secret("M2", 3, 0, 0)]).await.unwrap();
    assert_eq!(backend.delete_expired_msg_secrets(i64::MAX).await.unwrap(), 0, "0 is never");
    assert_eq!(backend.get_msg_secret("c", "s", "M2").await.unwrap(), Some(vec![3; 32]));
    assert_eq!(backend.get_msg_secret("c", "s", "M3").await.unwrap(), None);
}

#[tokio::test]
async fn the_device_is_made_once_and_comes_back_as_it_was() {
    let (backend, _) = backend();
    assert!(!backend.exists().await.unwrap());
    backend.create().await.unwrap();
    let mut device = backend.load().await.unwrap().unwrap();
    device.push_name = "Ada".to_owned();
    device.pn = "15550000001:2@s.whatsapp.net".parse().ok();
    backend.save(&device).await.unwrap();
    backend.create().await.unwrap();
    let loaded = backend.load().await.unwrap().unwrap();
    assert_eq!((&*loaded.push_name, &loaded.pn), ("Ada", &device.pn));
    assert_eq!(loaded.registration_id, device.registration_id);
    assert_eq!(loaded.noise_key.public_key.public_key_bytes(), device.noise_key.public_key.public_key_bytes());
    assert_eq!(loaded.adv_secret_key, device.adv_secret_key);
    assert_ne!(loaded.registration_id, Device::new().registration_id);
}

#[tokio::test]
async fn a_late_copy_does_not_unlink_the_account() {
    let (backend, _) = backend();
    let early = Device::new();
    let mut linked = early.clone();
    linked.pn = "15550000001:2@s.whatsapp.net".parse().ok();
    backend.save(&early).await.unwrap();
    backend.save(&linked).await.unwrap();
    backend.save(&early).await.unwrap();
    assert_eq!(backend.load().await.unwrap().unwrap().pn, linked.pn);
}

#[tokio::test]
async fn nothing_is_written_after_the_link_has_ended() {
    let (backend, vault) = backend();
    backend.put_session(ALICE, b"s").await.unwrap();
    backend.close().await;
    backend.put_session(ALICE, b"late").await.unwrap_err();
    backend.save(&Device::new()).await.unwrap_err();
    assert_eq!(vault.records.lock().unwrap().len(), 1);
    assert_eq!(backend.get_session(ALICE).await.unwrap().as_deref(), Some(&b"s"[..]));
}

#[tokio::test]
async fn a_store_that_fails_is_reported_not_swallowed() {
    let (backend, vault) = backend();
    vault.failing.store(true, Ordering::SeqCst);
    let error = backend.store_pending_inbound("c", "s", "M1", b"1").await.unwrap_err();
    assert!(matches!(error, StoreError::Database(_)), "{error:?}");
}
