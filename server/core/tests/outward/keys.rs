//! Who may ask: keys as their owners meet them.

use std::time::Duration;

use openwa_core::{
    Gateway, GatewayError, Settings,
    gateway::{AuthError, KeyPatch, NewKey},
};
use openwa_model::{Timestamp, id::KeyId, key::Role, secret::Secret};

use crate::house::{House, folder, open, settings};

fn new_key(name: &str, role: Role) -> NewKey {
    NewKey { name: name.into(), role, allowed_ips: None, allowed_sessions: None, allowed_chats: None, expires_at: None }
}

async fn admin(gateway: &Gateway) -> KeyId {
    let text = gateway.ensure_first_key(None).await.unwrap().unwrap();
    gateway.authenticate(text.expose()).await.unwrap().id
}

#[tokio::test]
async fn the_first_start_makes_one_admin_key_and_later_ones_none() {
    let folder = folder();
    let (gateway, _store) = open(folder.path(), settings()).await;
    let text = gateway.ensure_first_key(None).await.unwrap().unwrap();
    let digits = text.expose().strip_prefix("owa_k1_").unwrap();
    assert!(digits.len() == 64 && digits.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f')));
    assert_eq!(gateway.ensure_first_key(None).await.unwrap(), None);
    assert_eq!(gateway.ensure_first_key(Some(Secret::new("another"))).await.unwrap(), None);

    let key = gateway.authenticate(text.expose()).await.unwrap();
    assert_eq!((key.name.as_str(), key.role), ("Default Admin Key", Role::Admin));
    assert_eq!(key.prefix, text.expose()[..12]);
    assert!(matches!(gateway.authenticate("another").await, Err(AuthError::Unknown)));
    assert!(matches!(gateway.authenticate("").await, Err(AuthError::Unknown)));
    assert!(matches!(gateway.authenticate(&"x".repeat(100_000)).await, Err(AuthError::Unknown)));
}

#[tokio::test]
async fn a_master_key_is_taken_as_it_is_and_a_pepper_goes_into_its_hash() {
    for pepper in [None, Some(Secret::new("pepper"))] {
        let folder = folder();
        let (gateway, _store) = open(folder.path(), Settings { api_key_pepper: pepper.clone(), ..settings() }).await;
        let made = gateway.ensure_first_key(Some(Secret::new("  my own key \n"))).await.unwrap();
        assert_eq!(made, Some(Secret::new("my own key")));
        gateway.authenticate("my own key").await.unwrap();
        drop(gateway);
        let (other, _store) = open(folder.path(), Settings { api_key_pepper: None, ..settings() }).await;
        assert_eq!(other.authenticate("my own key").await.is_ok(), pepper.is_none());
    }
}

#[tokio::test]
async fn a_change_of_a_key_holds_at_once() {
    let folder = folder();
    let (gateway, _store) = open(folder.path(), settings()).await;
    admin(&gateway).await;
    let (key, text) = gateway.create_key(new_key("bot", Role::Operator)).await.unwrap();
    assert_eq!(gateway.authenticate(text.expose()).await.unwrap().id, key.id);

    let demoted = KeyPatch { role: Some(Role::Viewer), ..KeyPatch::default() };
    gateway.update_key(key.id, demoted).await.unwrap();
    assert_eq!(gateway.authenticate(text.expose()).await.unwrap().role, Role::Viewer);
    let past = Timestamp::now() - Duration::from_secs(1);
    let expired = KeyPatch { expires_at: Some(Some(past)), ..KeyPatch::default() };
    gateway.update_key(key.id, expired).await.unwrap();
    assert!(matches!(gateway.authenticate(text.expose()).await, Err(AuthError::Expired)));
    gateway.update_key(key.id, KeyPatch { expires_at: Some(None), ..KeyPatch::default() }).await.unwrap();
    gateway.authenticate(text.expose()).await.unwrap();
    gateway.revoke_key(key.id).await.unwrap();
    assert!(matches!(gateway.authenticate(text.expose()).await, Err(AuthError::Revoked)));
    gateway.delete_key(key.id).await.unwrap();
    assert!(matches!(gateway.authenticate(text.expose()).await, Err(AuthError::Unknown)));
    let gone = gateway.delete_key(key.id).await;
    assert!(matches!(gone, Err(GatewayError::KeyNotFound(id)) if id == key.id), "{gone:?}");
}

#[tokio::test]
async fn the_last_usable_admin_key_stays() {
    let folder = folder();
    let (gateway, _store) = open(folder.path(), settings()).await;
    let first = admin(&gateway).await;
    let past = Timestamp::now() - Duration::from_secs(1);
    gateway.create_key(new_key("bot", Role::Operator)).await.unwrap();
    let scoped = NewKey { allowed_chats: Some(vec!["15550000001@c.us".into()]), ..new_key("scoped", Role::Admin) };
    gateway.create_key(scoped).await.unwrap();

    let patches = [
        KeyPatch { role: Some(Role::Operator), ..KeyPatch::default() },
        KeyPatch { allowed_chats: Some(Some(vec!["15550000001@c.us".into()])), ..KeyPatch::default() },
        KeyPatch { expires_at: Some(Some(past)), ..KeyPatch::default() },
    ];
    for patch in &patches {
        let refused = gateway.update_key(first, patch.clone()).await;
        assert!(matches!(refused, Err(GatewayError::LastAdminKey)), "{patch:?}: {refused:?}");
    }
    assert!(matches!(gateway.revoke_key(first).await, Err(GatewayError::LastAdminKey)));
    assert!(matches!(gateway.delete_key(first).await, Err(GatewayError::LastAdminKey)));
    gateway.update_key(first, KeyPatch { name: Some("renamed".into()), ..KeyPatch::default() }).await.unwrap();

    let (second, _text) = gateway.create_key(new_key("second", Role::Admin)).await.unwrap();
    gateway.revoke_key(first).await.unwrap();
    assert!(matches!(gateway.delete_key(second.id).await, Err(GatewayError::LastAdminKey)));
    gateway.delete_key(first).await.unwrap();
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_a_sentence() {
    let folder = folder();
    let (gateway, _store) = open(folder.path(), settings()).await;
    let ips = |it: &str| Some(vec![it.to_owned()]);
    for (new, sentence) in [
        (new_key(" a ", Role::Viewer), "name must be longer than or equal to 3 characters"),
        (new_key(&"a".repeat(101), Role::Viewer), "name must be shorter than or equal to 100 characters"),
        (
            NewKey { allowed_ips: ips("::1"), ..new_key("bot", Role::Viewer) },
            "each value in allowedIps must be an IPv4 address or CIDR range",
        ),
        (
            NewKey { allowed_ips: ips("10.0.0.0/33"), ..new_key("bot", Role::Viewer) },
            "each value in allowedIps must be an IPv4 address or CIDR range",
        ),
        (
            NewKey { expires_at: Some(Timestamp::UNIX_EPOCH), ..new_key("bot", Role::Viewer) },
            "expiresAt must be in the future",
        ),
    ] {
        match gateway.create_key(new).await {
            Err(GatewayError::InvalidInput(text)) => assert_eq!(text, sentence),
            other => panic!("{sentence}: {other:?}"),
        }
    }
    let good = NewKey { allowed_ips: ips("10.0.0.0/8"), ..new_key("bot", Role::Viewer) };
    gateway.create_key(good).await.unwrap();
    assert_eq!(gateway.keys().await.unwrap().len(), 1);
}

#[tokio::test]
async fn uses_are_counted_by_the_time_the_gateway_stops() {
    let folder = folder();
    let house = House::open(folder.path(), settings()).await;
    let text = house.gateway.ensure_first_key(None).await.unwrap().unwrap();
    let mut id = None;
    for _ in 0..5 {
        id = Some(house.gateway.authenticate(text.expose()).await.unwrap().id);
    }
    let gateway = house.stop().await;
    let key = gateway.key(id.unwrap()).await.unwrap();
    assert_eq!(key.usage_count, 5);
    assert!(key.last_used_at.is_some());
}
