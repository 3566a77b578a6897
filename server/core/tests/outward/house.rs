//! A gateway without engines over a real store in a folder of its own: what stands in the log goes out.

use std::{path::Path, sync::Arc, time::Duration};

use openwa_core::{
    Gateway, Ports, Settings,
    gateway::{NewSession, NewWebhook},
    guard::NetworkPolicy,
};
use openwa_files::LocalFiles;
use openwa_model::{
    Timestamp,
    clock::{SystemClock, SystemMinter},
    event::{EventKind, NewEvent},
    id::SessionId,
    session::SessionConfig,
    store::Store,
};
use openwa_store::{SqliteStore, StoreOptions};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Only a failing test waits this long.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

pub(crate) struct House {
    pub(crate) gateway: Gateway,
    pub(crate) session: SessionId,
    pub(crate) store: SqliteStore,
    running: JoinHandle<()>,
    stop: CancellationToken,
}

/// Quick retries, and receivers on this machine.
pub(crate) fn settings() -> Settings {
    Settings {
        webhook_retry_delay: Duration::from_millis(10),
        network: NetworkPolicy::default().with_loopback(),
        ..Settings::default()
    }
}

pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// A gateway that does not run.
pub(crate) async fn open(folder: &Path, settings: Settings) -> (Gateway, SqliteStore) {
    let url = format!("sqlite://{}", folder.join("openwa.sqlite").display());
    let store = SqliteStore::open(&url, StoreOptions::new([7; 32])).await.expect("a store");
    let files = LocalFiles::open(&folder.join("media")).await.expect("a media folder");
    let ports = Ports {
        store: Arc::new(store.clone()),
        files: Arc::new(files),
        engines: Vec::new(),
        clock: Arc::new(SystemClock),
        minter: Arc::new(SystemMinter),
    };
    (Gateway::open(ports, settings).await.expect("a gateway"), store)
}

impl House {
    /// Opens the folder's gateway, with the session it had or a new one, and runs it.
    pub(crate) async fn open(folder: &Path, settings: Settings) -> Self {
        let (gateway, store) = open(folder, settings).await;
        let page = openwa_model::store::Page { limit: 1, offset: 0 };
        let there = gateway.sessions(&Default::default(), page).await.expect("sessions");
        let session = match there.first() {
            Some(it) => it.session.id,
            None => {
                let new = NewSession { name: "main".into(), config: SessionConfig::default(), proxy: None };
                gateway.create_session(new).await.expect("a session").session.id
            }
        };
        let stop = CancellationToken::new();
        let running = tokio::spawn({
            let (gateway, stop) = (gateway.clone(), stop.clone());
            async move { gateway.run(stop).await }
        });
        Self { gateway, session, store, running, stop }
    }

    /// Puts `message.received` events into the log, all at once.
    pub(crate) async fn receive(&self, messages: impl IntoIterator<Item = (&str, String)>) {
        let events = messages.into_iter().map(|(chat, id)| {
            let data = json!({
                "id": id, "chatId": chat, "from": chat, "to": "15550000000@c.us", "type": "text", "body": "hello",
                "fromMe": false, "isGroup": false, "kind": "individual",
            });
            (chat, id, data)
        });
        self.append(events.collect()).await;
    }

    pub(crate) async fn append(&self, events: Vec<(&str, String, Value)>) {
        let mut unit = self.store.begin().await.expect("a unit");
        for (chat, id, data) in events {
            let event = NewEvent {
                session: self.session,
                kind: EventKind::MessageReceived,
                chat: Some(chat.parse().expect("a chat id")),
                occurred_at: Timestamp::now(),
                idempotency_key: format!("msg_{}_{id}", self.session),
                data,
            };
            unit.append_event(&event).await.expect("an event");
        }
        unit.commit().await.expect("a commit");
        self.gateway.bell().ring();
    }

    /// Stops as a person would; deliveries under way are settled by then.
    pub(crate) async fn stop(self) -> Gateway {
        self.stop.cancel();
        tokio::time::timeout(LIMIT, self.running).await.expect("a stop in time").expect("a stop without a panic");
        self.gateway
    }
}

pub(crate) fn hook(url: String) -> NewWebhook {
    NewWebhook { url, events: None, secret: None, headers: None, filters: None, retry_count: None, ordering: None }
}
