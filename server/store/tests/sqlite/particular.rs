//! What the suite cannot ask of every store: files, keys, and how fast it is.

use std::time::{Duration, Instant};

use openwa_model::{
    Timestamp,
    engine::EngineKind,
    event::{EventKind, NewEvent},
    id::{DeliveryId, Position, SessionId, WebhookId},
    secret::Secret,
    session::{Session, SessionConfig, Status},
    store::{Store, StoreError},
    vault::VaultChange,
    webhook::{Delivery, DeliveryOrder, Subscription, Webhook, WebhookHealth},
};
use openwa_store::{SqliteStore, StoreOptions};
use openwa_testkit::store_conformance::Database;
use uuid::Uuid;

use crate::{Folder, KEY, fresh};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn session(name: &str) -> Session {
    Session {
        id: SessionId(Uuid::now_v7()),
        name: name.to_owned(),
        engine: EngineKind::Native,
        wanted: true,
        status: Status::Ready,
        last_error: None,
        account: None,
        config: SessionConfig::default(),
        proxy: Some("socks5://user:PROXY-SECRET@127.0.0.1:1080".to_owned()),
        restriction: None,
        connected_at: None,
        last_active: None,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn webhook(session: SessionId) -> Webhook {
    Webhook {
        id: WebhookId(Uuid::now_v7()),
        session,
        url: "https://example.org".to_owned(),
        events: Subscription::Everything,
        active: true,
        secret: Some(Secret::new("HOOK-SECRET")),
        headers: [("Authorization".to_owned(), "HEADER-SECRET".to_owned())].into(),
        filters: None,
        retry_count: 3,
        ordering: DeliveryOrder::Chat,
        health: WebhookHealth::default(),
        last_triggered_at: None,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn delivery(webhook: &Webhook, position: i64, lane: String) -> Delivery {
    Delivery {
        id: DeliveryId(Uuid::now_v7()),
        webhook: webhook.id,
        session: webhook.session,
        position: Position(position),
        lane,
        kind: EventKind::MessageReceived,
        idempotency_key: String::new(),
        body: b"{}".to_vec(),
        attempts: 0,
        due_at: NOW,
        created_at: NOW,
    }
}

async fn secrets_in(folder: &Folder) -> (SessionId, WebhookId) {
    let store = folder.open().await;
    let session = session("s");
    let webhook = webhook(session.id);
    let mut unit = store.begin().await.unwrap();
    unit.add_session(&session).await.unwrap();
    unit.add_webhook(&webhook).await.unwrap();
    unit.commit().await.unwrap();
    let value = b"VAULT-SECRET".to_vec();
    let put = VaultChange::Put { space: "keys", key: "k".to_owned(), value, stamp: 0 };
    store.vault(session.id).apply(vec![put]).await.unwrap();
    (session.id, webhook.id)
}

#[tokio::test]
async fn no_secret_is_in_clear_on_disk() {
    let folder = fresh().await;
    secrets_in(&folder).await;
    let mut read = 0;
    for file in std::fs::read_dir(folder.0.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        read += bytes.len();
        for secret in ["PROXY-SECRET", "HOOK-SECRET", "HEADER-SECRET", "VAULT-SECRET"] {
            assert!(!bytes.windows(secret.len()).any(|it| it == secret.as_bytes()), "{secret}");
        }
        // The search does find what is there.
        if bytes.windows(7).any(|it| it == b"example") {
            read += 1_000_000_000;
        }
    }
    assert!(read > 1_000_000_000);
}

#[tokio::test]
async fn another_key_is_refused_in_words() {
    let folder = fresh().await;
    let (session, webhook) = secrets_in(&folder).await;
    let refused = SqliteStore::open(&folder.url(), StoreOptions::new([1; 32])).await.err().unwrap();
    assert!(matches!(refused, StoreError::WrongKey), "{refused:?}");
    assert!(refused.to_string().contains("vault key"), "{refused}");
    // The right key still opens everything.
    let store = folder.open().await;
    let mut view = store.view().await.unwrap();
    assert!(view.session(session).await.unwrap().unwrap().proxy.unwrap().contains("PROXY-SECRET"));
    assert_eq!(view.webhook(webhook).await.unwrap().unwrap().secret.unwrap().expose(), "HOOK-SECRET");
    assert_eq!(store.vault(session).get("keys", "k").await.unwrap().unwrap().value, b"VAULT-SECRET");
}

#[tokio::test]
async fn what_cannot_be_opened_is_refused() {
    let folder = fresh().await;
    let at = |path: &str| format!("sqlite://{}/{path}", folder.0.path().display());
    std::fs::write(folder.0.path().join("text.sqlite"), "not a database, but a long enough text to look at").unwrap();
    for url in ["sqlite::memory:", "sqlite://x?mode=memory", &at("no/such/folder/x.sqlite"), &at("text.sqlite")] {
        assert!(SqliteStore::open(url, StoreOptions::new(KEY)).await.is_err(), "{url}");
    }
}

#[tokio::test]
async fn a_database_opens_while_another_one_writes_to_it() {
    let folder = fresh().await;
    secrets_in(&folder).await;
    let store = folder.open().await;
    let mut unit = store.begin().await.unwrap();
    unit.add_session(&session("held open")).await.unwrap();
    let options = StoreOptions { busy_timeout: Duration::from_millis(1), ..StoreOptions::new(KEY) };
    let second = SqliteStore::open(&folder.url(), options).await.unwrap();
    let refused = second.begin().await.err();
    assert!(matches!(refused, Some(StoreError::Unavailable(_))), "{refused:?}");
    unit.commit().await.unwrap();
    let mut unit = second.begin().await.unwrap();
    unit.add_session(&session("and then this one")).await.unwrap();
    unit.commit().await.unwrap();
    assert_eq!(store.view().await.unwrap().sessions_wanted().await.unwrap().len(), 3);
}

/// The most demanding thing about the queue: much that waits for receivers that do not answer.
#[tokio::test]
async fn claiming_stays_fast_behind_dead_receivers() {
    let folder = fresh().await;
    let store = folder.open().await;
    let session = session("s");
    let dead: Vec<Webhook> = (0..20).map(|_| webhook(session.id)).collect();
    let alive = webhook(session.id);
    let mut unit = store.begin().await.unwrap();
    unit.add_session(&session).await.unwrap();
    for webhook in dead.iter().chain([&alive]) {
        unit.add_webhook(webhook).await.unwrap();
    }
    // Half of the dead ones have one long lane, the other half a lane for each delivery.
    let mut position = 0;
    for (number, webhook) in dead.iter().enumerate() {
        for nth in 0..5_000 {
            position += 1;
            let lane = if number % 2 == 0 { String::new() } else { nth.to_string() };
            unit.add_delivery(&delivery(webhook, position, lane)).await.unwrap();
        }
    }
    unit.commit().await.unwrap();

    let lease = Duration::from_secs(60);
    let mut unit = store.begin().await.unwrap();
    let held = unit.claim_deliveries(NOW, lease, 1_000, 4, &[]).await.unwrap();
    assert_eq!(held.len(), 10 + 10 * 4, "the dead ones are busy with these");
    unit.add_delivery(&delivery(&alive, position + 1, String::new())).await.unwrap();
    unit.commit().await.unwrap();

    let began = Instant::now();
    for nth in 1..=100 {
        let mut unit = store.begin().await.unwrap();
        let claimed = unit.claim_deliveries(NOW, lease, 16, 4, &[]).await.unwrap();
        let claimed: Vec<i64> = claimed.iter().map(|it| it.position.0).collect();
        assert_eq!(claimed, if nth == 1 { vec![position + 1] } else { vec![] });
        unit.next_delivery_due().await.unwrap();
        drop(unit);
        if nth == 1 {
            let mut unit = store.begin().await.unwrap();
            unit.claim_deliveries(NOW, lease, 16, 4, &[]).await.unwrap();
            unit.commit().await.unwrap();
        }
    }
    let each = began.elapsed() / 100;
    println!("one claim with 100,000 deliveries behind dead receivers: {each:?}");
    assert!(each < Duration::from_millis(20), "a claim took {each:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_small_units_at_once_are_many_a_second() {
    let folder = fresh().await;
    let store = folder.open().await;
    let session = session("s");
    let mut unit = store.begin().await.unwrap();
    unit.add_session(&session).await.unwrap();
    unit.commit().await.unwrap();

    const WRITERS: u32 = 64;
    const EACH: u32 = 20;
    let write = |number: u32| {
        let event = NewEvent {
            session: session.id,
            kind: EventKind::MessageSent,
            chat: None,
            occurred_at: NOW,
            idempotency_key: number.to_string(),
            data: serde_json::Value::Null,
        };
        let store = store.clone();
        async move {
            for _ in 0..EACH {
                let mut unit = store.begin().await.unwrap();
                unit.append_event(&event).await.unwrap();
                unit.commit().await.unwrap();
            }
        }
    };
    let began = Instant::now();
    write(0).await;
    let alone = f64::from(EACH) / began.elapsed().as_secs_f64();
    let began = Instant::now();
    for task in (0..WRITERS).map(|it| tokio::spawn(write(it))).collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let together = f64::from(WRITERS * EACH) / began.elapsed().as_secs_f64();
    println!("units a second, each flushed: {alone:.0} one after another, {together:.0} by 64 at once");
    let mut view = store.view().await.unwrap();
    assert_eq!(view.last_seq(session.id).await.unwrap().0, i64::from(EACH + WRITERS * EACH));
}
