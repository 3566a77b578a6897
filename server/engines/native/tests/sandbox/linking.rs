use openwa_model::{
    engine::{ErrorKind, Exit, Signal},
    jid::Jid,
    login::{LoginFlow, LoginStep},
};

use crate::house::{House, Session, jid};

fn linked(session: &Session) -> Vec<Jid> {
    let accounts = session.heard().into_iter().filter_map(|it| match it {
        Signal::Linked(account) => Some(account.phone),
        _ => None,
    });
    accounts.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scanned_code_links_the_account_and_a_restart_needs_no_other() {
    let house = House::open().await;
    let phone = house.phone("Ada").await;
    let session = house.linked(&phone).await;
    let account = session.online().await;
    assert_eq!(account.phone, jid(&phone));
    assert_eq!(account.lid.map(|it| it.user().to_owned()), Some(phone.info().lid.clone()));
    assert_eq!(linked(&session), [jid(&phone)]);
    let vault = session.vault.clone();
    assert_eq!(session.stop().await, Exit::Stopped);

    let again = house.session_with(vault).await;
    let account = again.online().await;
    assert_eq!((account.phone, account.push_name.as_deref()), (jid(&phone), Some("Ada")));
    assert!(!again.heard().iter().any(|it| matches!(it, Signal::Login(_) | Signal::Linked(_))));
    assert_eq!(again.stop().await, Exit::Stopped);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_typed_code_links_the_account() {
    let house = House::open().await;
    let phone = house.phone("Ada").await;
    let session = house.session().await;
    let number = phone.info().number.clone();
    let first = session.engine.begin_login(LoginFlow::PairingCode { number: number.clone() }).await.unwrap();
    let step = session.engine.begin_login(LoginFlow::PairingCode { number }).await.unwrap();
    assert_ne!(first, step, "asking again gives a new code");
    let LoginStep::PairingCode { code, .. } = step else { panic!("{step:?}") };
    assert_eq!(code.len(), 8, "{code}");
    phone.enter_pairing_code(&code).unwrap();
    assert_eq!(session.online().await.phone, jid(&phone));

    let error = session.engine.begin_login(LoginFlow::Qr).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Invalid, "an account is linked already");
    assert_eq!(session.stop().await, Exit::Stopped);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_on_the_screen_is_told_to_whoever_asks() {
    let house = House::open().await;
    let session = house.session().await;
    let shown = session.qr().await;
    let step = session.engine.begin_login(LoginFlow::Qr).await.unwrap();
    assert!(matches!(step, LoginStep::Qr { code, .. } if code == shown));
    assert_eq!(session.stop().await, Exit::Stopped);
}
