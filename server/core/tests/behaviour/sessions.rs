//! Sessions start, link, stop, and end.

use std::{sync::atomic::Ordering, time::Duration};

use openwa_core::{GatewayError, Settings, gateway::NewSession};
use openwa_model::{
    engine::{Exit, Signal},
    login::LoginStep,
    session::{SessionConfig, Status},
    store::{Page, SessionFilter, Store},
};

use crate::house::{House, account, at, incoming, phone, soon};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_linked_by_a_code_that_is_shown_only_while_it_is_good() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let session = house.create("one").await;
    assert!(matches!(house.gateway.qr(session).await, Err(GatewayError::SessionNotStarted)));
    let view = house.gateway.start_session(session).await.unwrap();
    assert_eq!((view.session.status, view.engine_loaded), (Status::Initializing, true));
    let link = house.next_link().await;
    assert!(matches!(house.gateway.qr(session).await, Err(GatewayError::QrNotAvailable)));
    let pairing = house.gateway.pairing_code(session, "15550000009").await;
    assert!(matches!(pairing, Err(GatewayError::PairingNotPossible(Status::Initializing))));
    for (code, expires_at) in [("2@first", at(20)), ("2@second", at(40))] {
        let shown = LoginStep::Qr { code: code.into(), expires_at };
        link.say(vec![Signal::Login(shown)]).await.unwrap();
        assert_eq!(house.gateway.qr(session).await.unwrap(), (code.to_owned(), Status::QrReady));
    }
    assert_eq!(house.gateway.pairing_code(session, "15550000009").await.unwrap().0, "ABCD1234");
    house.clock.advance(Duration::from_secs(41));
    assert!(matches!(house.gateway.qr(session).await, Err(GatewayError::QrNotAvailable)));
    link.come_online().await;
    assert!(matches!(house.gateway.qr(session).await, Err(GatewayError::AlreadyAuthenticated)));
    let row = house.row(session).await;
    assert_eq!((row.status, row.account), (Status::Ready, Some(account())));
    assert!(row.connected_at.is_some());
    let events = house.events(session).await;
    let kinds: Vec<_> = events.iter().map(|it| it.event.kind.name()).collect();
    assert_eq!(
        kinds,
        [
            "session.status",
            "session.status",
            "session.qr",
            "session.qr",
            "session.status",
            "session.authenticated",
            "session.status"
        ]
    );
    let picture = events[2].event.data["qr"].as_str().unwrap();
    assert!(picture.starts_with("data:image/png;base64,iVBOR"), "{}", &picture[..40]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_link_is_set_up_again_after_a_growing_wait() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let config = SessionConfig { reconnect_base_delay_ms: Some(4_000), ..SessionConfig::default() };
    let session = house.create_with("one", config).await;
    house.gateway.start_session(session).await.unwrap();
    for attempt in 0..5 {
        let link = house.next_link().await;
        link.end(Exit::Dropped("eof".into()));
        house.status(session, Status::Disconnected).await;
        let wait = Duration::from_secs(4 << attempt);
        // The wait is spread over its second half.
        house.clock.advance(wait / 2 - Duration::from_millis(1));
        tokio::task::yield_now().await;
        assert!(house.no_link().await, "attempt {attempt}");
        assert!(house.gateway.session(session).await.unwrap().engine_loaded);
        house.clock.advance(wait / 2 + Duration::from_millis(1));
    }
    let link = house.next_link().await;
    link.come_online().await;
    house.status(session, Status::Ready).await;
    let events = house.events(session).await;
    let loops: Vec<_> = events.iter().filter(|it| it.event.kind.name() == "session.reconnect_loop").collect();
    assert_eq!(loops.len(), 1);
    assert_eq!(loops[0].event.data["attempts"].as_u64(), Some(5));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_fails_too_often_gives_up() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let config = SessionConfig { max_reconnect_attempts: Some(1), ..SessionConfig::default() };
    let session = house.create_with("one", config).await;
    house.gateway.start_session(session).await.unwrap();
    house.next_link().await.end(Exit::Dropped("eof".into()));
    house.status(session, Status::Disconnected).await;
    house.clock.advance(Duration::from_secs(5));
    house.next_link().await.end(Exit::Dropped("eof again".into()));
    house.status(session, Status::Failed).await;
    let row = house.row(session).await;
    assert_eq!((row.wanted, row.last_error.as_deref()), (false, Some("eof again")));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unlinking_on_the_phone_wipes_the_credentials_and_asks_for_a_person() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, link) = house.ready("one").await;
    link.write_credentials().await;
    link.end(Exit::LoggedOut("unlinked on the phone".into()));
    house.status(session, Status::ActionRequired).await;
    assert!(!link.has_credentials().await);
    let row = house.row(session).await;
    assert_eq!((row.wanted, row.account), (false, None));
    assert_eq!(row.last_error.as_deref(), Some("unlinked on the phone"));
    let kinds = house.kinds_from(session, "session.disconnected").await;
    assert_eq!(kinds, ["session.disconnected"]);
    // A person links again.
    house.until("its end", async || !house.gateway.session(session).await.unwrap().engine_loaded).await;
    house.gateway.start_session(session).await.unwrap();
    house.next_link().await.come_online().await;
    assert_eq!(house.row(session).await.status, Status::Ready);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_barred_session_keeps_its_credentials_and_stays_down() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, link) = house.ready("one").await;
    link.write_credentials().await;
    link.end(Exit::Barred("replaced by another client".into()));
    house.status(session, Status::ActionRequired).await;
    let row = house.row(session).await;
    assert_eq!((row.wanted, row.account), (false, Some(account())));
    assert!(link.has_credentials().await);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logging_out_tells_whatsapp_and_forgets_the_account() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, link) = house.ready("one").await;
    link.write_credentials().await;
    let view = house.gateway.log_out_session(session).await.unwrap();
    assert_eq!((view.session.status, view.session.account, view.engine_loaded), (Status::Disconnected, None, false));
    assert!(!view.session.wanted);
    assert!(*link.forgotten.borrow());
    assert!(!link.has_credentials().await);
    assert!(matches!(house.gateway.log_out_session(session).await, Err(GatewayError::SessionNotStarted)));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logging_out_without_a_link_still_forgets_here() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, link) = house.ready("one").await;
    link.write_credentials().await;
    link.end(Exit::Dropped("eof".into()));
    house.status(session, Status::Disconnected).await;
    let error = house.gateway.log_out_session(session).await.unwrap_err();
    assert!(matches!(error, GatewayError::LogoutIncomplete(_)), "{error:?}");
    let view = house.gateway.session(session).await.unwrap();
    assert_eq!((view.session.account, view.engine_loaded), (None, false));
    assert!(!link.has_credentials().await);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_does_not_stop_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, link) = house.ready("one").await;
    link.deaf.send_replace(true);
    let view = soon("stopping", house.gateway.stop_session(session)).await.unwrap();
    assert_eq!((view.session.status, view.engine_loaded), (Status::Disconnected, false));
    house.gateway.start_session(session).await.unwrap();
    let link = house.next_link().await;
    link.deaf.send_replace(true);
    let view = soon("killing", house.gateway.force_kill_session(session)).await.unwrap();
    assert_eq!((view.session.status, view.engine_loaded), (Status::Disconnected, false));
    assert!(matches!(house.gateway.force_kill_session(session).await, Err(GatewayError::SessionNotStarted)));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_starts_at_once_one_counts() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let session = house.create("one").await;
    let starts: Vec<_> = (0..8)
        .map(|_| {
            let gateway = house.gateway.clone();
            tokio::spawn(async move { gateway.start_session(session).await })
        })
        .collect();
    let mut started = 0;
    for it in starts {
        match it.await.unwrap() {
            Ok(_) => started += 1,
            Err(GatewayError::SessionAlreadyStarted) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(started, 1);
    house.next_link().await;
    assert!(house.no_link().await);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_never_has_two_engines_however_it_is_started_and_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let session = house.create("one").await;
    let mut work = Vec::new();
    for n in 0..40 {
        let gateway = house.gateway.clone();
        work.push(tokio::spawn(async move {
            let done = match n % 4 {
                0 | 2 => gateway.start_session(session).await,
                1 => gateway.stop_session(session).await,
                _ => gateway.force_kill_session(session).await,
            };
            match done {
                Ok(_) | Err(GatewayError::SessionAlreadyStarted | GatewayError::SessionNotStarted) => {}
                Err(error) => panic!("{error}"),
            }
        }));
    }
    for it in work {
        soon("one of them", it).await.unwrap();
    }
    house.gateway.stop_session(session).await.unwrap();
    assert_eq!(house.most_alive.load(Ordering::SeqCst), 1);
    let view = house.gateway.session(session).await.unwrap();
    assert_eq!((view.session.wanted, view.engine_loaded), (false, false));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_session_leaves_nothing_and_its_name_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, link) = house.ready("one").await;
    link.write_credentials().await;
    link.say(vec![incoming("A", "hello")]).await.unwrap();
    let taken = NewSession { name: "one".into(), config: SessionConfig::default(), proxy: None };
    let error = house.gateway.create_session(taken).await.unwrap_err();
    assert!(matches!(error, GatewayError::SessionNameTaken(ref it) if it == "one"), "{error:?}");
    house.gateway.delete_session(session).await.unwrap();
    assert!(matches!(house.gateway.session(session).await, Err(GatewayError::SessionNotFound(_))));
    assert!(matches!(house.gateway.delete_session(session).await, Err(GatewayError::SessionNotFound(_))));
    assert!(!link.has_credentials().await);
    assert!(*link.forgotten.borrow());
    house.create("one").await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_another_node_took_over_writes_nothing_more() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, link) = house.ready("one").await;
    // Long after the lease has run out by the other node's clock.
    let mut unit = house.store.begin().await.unwrap();
    let lease = unit.acquire_lease(session, "another", at(100_000), Duration::from_secs(30)).await.unwrap();
    assert!(lease.is_some());
    unit.commit().await.unwrap();
    let before = house.events(session).await.len();
    assert!(link.say(vec![incoming("A", "not for us")]).await.is_err());
    assert!(house.message(session, &phone(), &openwa_model::id::MessageId("A".into())).await.is_none());
    assert_eq!(house.events(session).await.len(), before);
    let error = house.gateway.start_session(session).await.unwrap_err();
    assert!(matches!(error, GatewayError::OwnedElsewhere | GatewayError::SessionAlreadyStarted), "{error:?}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_are_checked_kept_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open_with(folder.path(), |it: &mut Settings| it.node_id = "counting".into()).await;
    let (ready, _link) = house.ready("one").await;
    let other = house.create("two").await;
    for wrong in ["ftp://host", "not a url", "http://"] {
        let error = house.gateway.set_session_proxy(other, Some(wrong.into())).await.unwrap_err();
        assert!(matches!(error, GatewayError::InvalidInput(_)), "{wrong}: {error:?}");
    }
    let proxy = Some("socks5://user:password@proxy.example:1080".to_owned());
    assert_eq!(house.gateway.set_session_proxy(other, proxy.clone()).await.unwrap().proxy, proxy);
    let config = SessionConfig { auto_reject_calls: true, ..SessionConfig::default() };
    assert_eq!(house.gateway.set_session_config(other, config.clone()).await.unwrap().config, config);
    let all = house.gateway.session_overview(None).await.unwrap();
    assert_eq!((all.total, all.active, all.ready), (2, 1, 1));
    let one = house.gateway.session_overview(Some(&[other])).await.unwrap();
    assert_eq!((one.total, one.active, one.by_status[&Status::Created]), (1, 0, 1));
    let named = SessionFilter { name: Some("one".into()), among: None };
    let found = house.gateway.sessions(&named, Page { limit: 10, offset: 0 }).await.unwrap();
    assert_eq!(found.iter().map(|it| (it.session.id, it.engine_loaded)).collect::<Vec<_>>(), [(ready, true)]);
    house.close().await;
}
