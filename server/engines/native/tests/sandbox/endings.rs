use std::time::{Duration, SystemTime};

use openwa_model::{
    engine::{ErrorKind, Exit, Signal},
    vault::Vault,
};
use openwa_sandbox::fault::Fault;

use crate::house::{House, jid};

#[tokio::test(flavor = "multi_thread")]
async fn logging_out_tells_whatsapp_and_leaves_nothing() {
    let house = House::open().await;
    let phone = house.phone("Ada").await;
    let session = house.linked(&phone).await;
    assert_eq!(phone.devices().len(), 2);
    session.engine.forget().await.unwrap();
    assert_eq!(phone.devices().len(), 1, "the phone no longer lists the device");
    assert!(session.vault.list("device", "").await.unwrap().is_empty());
    assert!(session.vault.records.lock().unwrap().is_empty());
    assert_eq!(session.ended().await, Exit::Stopped);
}

#[tokio::test(flavor = "multi_thread")]
async fn forgetting_without_a_link_wipes_all_the_same() {
    let house = House::open().await;
    let phone = house.phone("Ada").await;
    let session = house.linked(&phone).await;
    let (engine, vault) = (session.engine.clone(), session.vault.clone());
    session.stop().await;
    let error = engine.forget().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotConnected, "WhatsApp was not told");
    assert!(vault.records.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn being_unlinked_by_the_phone_is_a_logout() {
    let house = House::open().await;
    let phone = house.phone("Ada").await;
    let session = house.linked(&phone).await;
    let vault = session.vault.clone();
    let device = phone.devices().iter().map(|it| it.device).find(|it| *it != 0).unwrap();
    phone.unlink(device).unwrap();
    let exit = session.ended().await;
    assert!(matches!(exit, Exit::LoggedOut(_)), "{exit:?}");
    // Who comes back with the old credentials is sent away the same way.
    let exit = house.session_with(vault).await.ended().await;
    assert!(matches!(exit, Exit::LoggedOut(_)), "{exit:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_client_with_the_same_credentials_replaces_the_first() {
    let house = House::open().await;
    let phone = house.phone("Ada").await;
    let first = house.linked(&phone).await;
    let second = house.session_with(first.vault.clone()).await;
    let exit = first.ended().await;
    assert!(matches!(&exit, Exit::Barred(why) if why.contains("Another program")), "{exit:?}");
    second.online().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_link_and_a_refused_login_are_drops() {
    let house = House::open().await;
    let phone = house.phone("Ada").await;
    let session = house.linked(&phone).await;
    let vault = session.vault.clone();
    let faults = house.sandbox.network().faults();
    faults.add(Fault::DropLink { number: None }).unwrap();
    let exit = session.ended().await;
    assert!(matches!(&exit, Exit::Dropped(why) if why.contains("broke off")), "{exit:?}");

    let until = SystemTime::now() + Duration::from_secs(600);
    faults.add(Fault::RefuseLogins { number: None, until }).unwrap();
    let exit = house.session_with(vault.clone()).await.ended().await;
    assert!(matches!(&exit, Exit::Dropped(why) if why.contains("503")), "{exit:?}");
    faults.clear();
    assert_eq!(house.session_with(vault).await.online().await.phone, jid(&phone));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ban_says_until_when() {
    let house = House::open().await;
    let phone = house.phone("Ada").await;
    let session = house.linked(&phone).await;
    let vault = session.vault.clone();
    session.stop().await;
    let number = phone.info().number.clone();
    let until = Some(SystemTime::now() + Duration::from_secs(3600));
    house.sandbox.network().faults().add(Fault::Ban { number, code: 101, until }).unwrap();
    let session = house.session_with(vault).await;
    let restriction = session
        .hear("the restriction", |it| match it {
            Signal::Restricted(Some(it)) => Some(it.clone()),
            _ => None,
        })
        .await;
    assert_eq!((&*restriction.kind, restriction.code), ("tos_block", 101));
    let exit = session.ended().await;
    let Exit::HeldUntil(until, _) = exit else { panic!("{exit:?}") };
    assert_eq!(Some(until), restriction.expires_at);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_is_not_there_is_a_drop_with_its_reason() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let house = House::open_with(|it| openwa_engine_native::NativeSettings {
        network: openwa_engine_native::Network::Sandbox {
            websocket_url: format!("ws://{closed}/ws/chat"),
            media_base_url: format!("http://{closed}"),
        },
        ..it
    })
    .await;
    let exit = house.session().await.ended().await;
    assert!(matches!(&exit, Exit::Dropped(why) if why.contains("could not be reached")), "{exit:?}");
}
