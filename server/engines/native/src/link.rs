//! One link to WhatsApp, from the first connection to its ending.
//!
//! The library would reconnect by itself, for ever. Here that is switched off: a link that ends says
//! how, and whoever owns the session decides what comes next. One ending is none: after linking, and
//! now and then later, WhatsApp asks for a restart (515). That is done at once and with a new client,
//! because what the old one still has in hand belongs to the connection that is gone.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use openwa_model::{
    engine::{EngineError, ErrorKind, Exit, Retry, Signal},
    jid::{Jid, Server},
    login::Account,
};
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use wacore::{
    iq::devices::RemoveCompanionDeviceSpec,
    store::{DeviceCommand, device::DevicePropsOverride, traits::DeviceStore},
};
use whatsapp_rust::{
    CacheConfig, CacheEntryConfig, Client, IqError, TokioRuntime, store::persistence_manager::PersistenceManager,
    wacore::store::traits::Backend as LibraryBackend,
};

use crate::{
    backend::Backend,
    durability::CommitFirst,
    exit, failure,
    http::MediaHttp,
    inbound::{self, Own},
    jid,
    news::{self, Listener, News},
    settings::NativeSettings,
    timelock::Timelock,
    transport::{DialOutcome, Dialer},
};

/// How long an orderly end may take: what is in flight is written, and WhatsApp is told.
const FAREWELL: Duration = Duration::from_secs(10);

/// How long the news that came before the end may take to be committed.
const LAST_NEWS: Duration = Duration::from_secs(5);

/// How long a typed code may take after the last QR code has run out.
const PATIENCE_FOR_TYPING: Duration = Duration::from_secs(180);

/// How often the library writes down its counters at the latest; changes it writes at once.
const SAVE_INTERVAL: Duration = Duration::from_secs(60);

/// What a link is made from.
pub(crate) struct Parts {
    pub(crate) vault: Arc<dyn openwa_model::vault::Vault>,
    pub(crate) dialer: Dialer,
    pub(crate) http: MediaHttp,
    pub(crate) commit: CommitFirst,
    pub(crate) listener: Arc<Listener>,
}

/// One link.
pub(crate) struct Link {
    pub(crate) client: Arc<Client>,
    pub(crate) listener: Arc<Listener>,
    persistence: Arc<PersistenceManager>,
    pub(crate) backend: Arc<Backend>,
    commit: Arc<CommitFirst>,
    dialled: Arc<DialOutcome>,
    told_online: AtomicBool,
    pub(crate) timelock: Timelock,
}

impl Link {
    /// Reads the credentials and makes a client that is not connected yet.
    pub(crate) async fn prepare(parts: Parts, settings: &NativeSettings) -> Result<Arc<Self>, EngineError> {
        let Parts { vault, dialer, http, commit, listener } = parts;
        let not_prepared = |error: Box<dyn std::error::Error + Send + Sync>| {
            EngineError::new(ErrorKind::Store, Retry::Later, "The credentials of this session could not be read")
                .because(error)
        };
        let backend = Arc::new(Backend::new(vault, Some(Arc::clone(&listener) as _)));
        let library_backend: Arc<dyn LibraryBackend> = Arc::clone(&backend) as _;
        let persistence =
            Arc::new(PersistenceManager::new(library_backend).await.map_err(|error| not_prepared(error.into()))?);
        let props = DevicePropsOverride::new().with_os(settings.device_name.clone());
        persistence.process_command(DeviceCommand::SetDeviceProps(props)).await;

        let commit = Arc::new(commit);
        let dialled = Arc::clone(&dialer.outcome);
        let client = Client::builder()
            .with_runtime(TokioRuntime)
            .with_persistence_manager(Arc::clone(&persistence))
            .with_transport_factory(dialer)
            .with_http_client(http)
            .with_version_override(settings.version)
            .with_cache_config(small_caches())
            .with_wanted_pre_key_count(settings.pre_key_count)
            .with_skip_history_sync(!settings.history_sync)
            .with_background_saver_interval(SAVE_INTERVAL)
            .with_inbound_durability_hook_arc(Arc::clone(&commit) as _)
            .build()
            .await
            .map_err(|error| not_prepared(error.into()))?
            .into_client();
        client.enable_auto_reconnect.store(false, Ordering::Relaxed);
        Ok(Arc::new(Self {
            client,
            listener,
            persistence,
            backend,
            commit,
            dialled,
            told_online: AtomicBool::new(false),
            timelock: Timelock::default(),
        }))
    }

    /// Connects and stays connected until something ends it. `None` asks for another link right away.
    pub(crate) async fn hold(self: &Arc<Self>, queue: mpsc::Receiver<News>, stop: &CancellationToken) -> Option<Exit> {
        let over = CancellationToken::new();
        let reader = tokio::spawn(news::read(queue, Arc::downgrade(self), Arc::clone(&self.commit), over.clone()));
        let subscription = self.client.subscribe_handler(Arc::clone(&self.listener) as _);
        // The library's events leave out what some stanzas say.
        let _stanzas = self.client.acquire_raw_node_forwarding();
        let exit = self.hold_connection(stop).await;
        // However it ended: this also writes down what the library still holds in memory.
        self.close().await;
        drop(subscription);
        self.listener.acks.close();
        over.cancel();
        finish(reader, LAST_NEWS).await;
        if let Err(error) = self.store_device().await {
            tracing::warn!(%error, "The last state of the link could not be stored");
        }
        self.backend.close().await;
        exit
    }

    async fn hold_connection(self: &Arc<Self>, stop: &CancellationToken) -> Option<Exit> {
        let running = Arc::clone(&self.client);
        let mut running = tokio::spawn(async move { running.run().await });
        let ending = &self.listener.ending;
        let mut set_up = false;
        let ended_by_itself = loop {
            tokio::select! {
                biased;
                _ = &mut running => break true,
                () = stop.cancelled() => {
                    ending.reach(Exit::Stopped);
                    break false;
                }
                () = ending.reached() => break false,
                // Before login already: this is what a failed handshake never gets to.
                ready = self.client.wait_for_socket(Duration::from_secs(3600)), if !set_up => set_up = ready.is_ok(),
            }
        };
        if !ended_by_itself {
            // While a connection is only being set up there is nothing to lose by dropping it.
            if !set_up {
                running.abort();
            }
            self.close().await;
            finish(running, FAREWELL).await;
        }
        // Right after linking WhatsApp asks for a restart and hangs up, whichever is noticed first.
        if self.listener.linked.load(Ordering::Acquire) {
            ending.mend();
        } else if set_up {
            ending.settled().await;
        }
        if let Some(exit) = ending.exit() {
            return Some(exit);
        }
        if set_up {
            return None;
        }
        Some(match self.dialled.failure() {
            Some(why) => exit::of_failed_dial(&why),
            None => tokio::select! {
                exit = self.explain() => exit,
                () = stop.cancelled() => Exit::Stopped,
            },
        })
    }

    /// The library only logs why a connection could not be set up. Asked directly, it says.
    async fn explain(&self) -> Exit {
        match self.client.connect().await {
            Err(error) => exit::of_connect_error(&error),
            Ok(()) => {
                self.client.disconnect().await;
                Exit::Dropped("The link to WhatsApp broke off while it was being set up.".into())
            }
        }
    }

    /// Stores who this device is, as it is now. The library does too, but without saying when it has.
    async fn store_device(&self) -> Result<(), wacore::store::error::StoreError> {
        self.backend.save(&self.persistence.get_device_snapshot().core).await
    }

    /// Closes in good order, as far as that goes quickly. Twice is fine.
    async fn close(&self) {
        if tokio::time::timeout(FAREWELL, self.client.disconnect()).await.is_err() {
            tracing::warn!("The link to WhatsApp did not close in time");
        }
    }

    /// Tells WhatsApp that this device is to be unlinked, and ends the link.
    pub(crate) async fn unlink(&self) -> Result<(), EngineError> {
        let ending = &self.listener.ending;
        // WhatsApp hangs up on a device that it has unlinked. That is what was asked for.
        ending.decide(Exit::Stopped);
        let told = match self.client.pn().filter(|_| self.client.is_logged_in()) {
            Some(jid) => self.client.execute(RemoveCompanionDeviceSpec::new(&jid)).await,
            None => Err(IqError::NotConnected),
        };
        if told.is_err() {
            // The hanging up may overtake the answer.
            ending.settled().await;
        }
        ending.reach(Exit::Stopped);
        match told {
            Err(error) if !self.listener.unlinked.load(Ordering::Acquire) => {
                Err(failure::of_request("WhatsApp was not told of the logout", error))
            }
            _ => Ok(()),
        }
    }

    /// The phone accepted the code. Told only after the new credentials are stored.
    pub(crate) async fn linked(&self) -> Option<Signal> {
        if let Err(error) = self.store_device().await {
            let why = format!("The credentials of the linked account could not be stored: {error}.");
            self.listener.ending.reach(Exit::Dropped(why));
            return None;
        }
        self.account().map(Signal::Linked)
    }

    /// The link is up, or the account's name was learned since; and whether this is the first time it is told.
    pub(crate) fn online(&self) -> (Option<Signal>, bool) {
        if !self.client.is_logged_in() {
            return (None, false);
        }
        let Some(account) = self.account() else { return (None, false) };
        (Some(Signal::Online(account)), !self.told_online.swap(true, Ordering::Relaxed))
    }

    fn account(&self) -> Option<Account> {
        let Own { phone, lid } = own_ids(&self.client);
        Some(Account { phone: phone?, lid, push_name: inbound::name(&self.client.push_name()) })
    }

    /// Ends the link if nobody has typed the pairing code after a while: no QR code is shown any more.
    pub(crate) fn end_when_nobody_types(self: &Arc<Self>) {
        let link = Arc::downgrade(self);
        tokio::spawn(async move {
            tokio::time::sleep(PATIENCE_FOR_TYPING).await;
            if let Some(link) = link.upgrade()
                && link.client.pn().is_none()
            {
                link.listener.ending.reach(exit::nobody_scanned());
            }
        });
    }
}

/// Waits for a task, and stops it if it takes too long.
async fn finish(mut task: JoinHandle<()>, within: Duration) {
    if tokio::time::timeout(within, &mut task).await.is_err() {
        task.abort();
    }
}

/// The account's own ids, as far as they are known.
pub(crate) fn own_ids(client: &Client) -> Own {
    let id = |jid: Option<whatsapp_rust::Jid>| jid.as_ref().and_then(jid::from_wire);
    let of = |jid: Option<Jid>, server| jid.filter(|it| it.server() == server);
    Own { phone: of(id(client.pn()), Server::Phone), lid: of(id(client.lid()), Server::Lid) }
}

/// Hundreds of sessions share one process. Everything that can be read from the vault again is kept
/// short; locks and the mapping of hidden ids keep the library's own sizes, because it relies on them.
fn small_caches() -> CacheConfig {
    let usual = CacheConfig::default();
    let of = |entry: &CacheEntryConfig, capacity| CacheEntryConfig::new(entry.timeout, capacity);
    CacheConfig {
        group_cache: of(&usual.group_cache, 64),
        device_registry_cache: of(&usual.device_registry_cache, 1_500),
        message_retry_counts: of(&usual.message_retry_counts, 200),
        undecryptable_dispatched: of(&usual.undecryptable_dispatched, 200),
        pdo_pending_requests: of(&usual.pdo_pending_requests, 100),
        pdo_requested: of(&usual.pdo_requested, 200),
        sender_key_devices_cache: of(&usual.sender_key_devices_cache, 64),
        session_recreate_history: of(&usual.session_recreate_history, 100),
        ..usual
    }
}
