//! One account's engine: what the session's owner holds in hand.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use async_trait::async_trait;
use openwa_model::{
    engine::{Engine, EngineError, ErrorKind, Exit, Retry, Seed, Signals},
    login::{LoginFlow, LoginStep},
    ops::{Command, Reply},
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    durability::{AutomaticMedia, CommitFirst},
    factory::Shared,
    history::HistoryLimits,
    http::MediaHttp,
    link::{Link, Parts},
    login,
    media::MediaStation,
    news::Listener,
    operations::Operations,
    proxy::Proxy,
    transport::Dialer,
};

/// How many restarts in a row are done without anybody deciding.
const MOST_RESTARTS: u32 = 4;

/// How long reading the credentials may take, for whoever waits to link an account.
const PREPARATION: Duration = Duration::from_secs(5);

/// One account's engine. It has at most one link at a time, and none unless it runs.
pub(crate) struct NativeEngine {
    shared: Arc<Shared>,
    seed: Seed,
    signals: Signals,
    proxy: Option<Proxy>,
    link: watch::Sender<Weak<Link>>,
    running: tokio::sync::Mutex<()>,
}

pub(crate) fn not_connected() -> EngineError {
    EngineError::new(ErrorKind::NotConnected, Retry::Later, "This session has no link to WhatsApp at the moment")
}

impl NativeEngine {
    pub(crate) fn new(shared: Arc<Shared>, seed: Seed, signals: Signals, proxy: Option<Proxy>) -> Self {
        Self { shared, seed, signals, proxy, link: watch::Sender::default(), running: tokio::sync::Mutex::default() }
    }

    fn link(&self) -> Result<Arc<Link>, EngineError> {
        self.link.borrow().upgrade().ok_or_else(not_connected)
    }

    /// The link, waited for a moment, because it may be just being prepared.
    async fn coming_link(&self) -> Result<Arc<Link>, EngineError> {
        let mut links = self.link.subscribe();
        let coming = links.wait_for(|it| it.strong_count() > 0);
        tokio::time::timeout(PREPARATION, coming).await.map_err(|_| not_connected())?.map_err(|_| not_connected())?;
        self.link()
    }

    fn media(&self) -> MediaStation {
        MediaStation { files: Arc::clone(&self.seed.files), limits: Arc::clone(&self.shared.media) }
    }

    fn parts(&self, listener: Arc<Listener>) -> Result<Parts, EngineError> {
        let settings = &self.shared.settings;
        let with_text = self.seed.proxy.as_deref().zip(self.proxy.as_ref());
        let client = self.shared.clients.of(with_text, &self.shared.tls).map_err(|error| {
            EngineError::new(ErrorKind::Internal, Retry::Never, "No HTTP client could be made").because(error)
        })?;
        Ok(Parts {
            vault: Arc::clone(&self.seed.vault),
            dialer: Dialer {
                endpoint: self.shared.endpoint.clone(),
                proxy: self.proxy.clone(),
                tls: Arc::clone(&self.shared.tls),
                timeout: settings.dial_timeout,
                outcome: Arc::default(),
            },
            http: MediaHttp { client, instead: self.shared.media_base.clone() },
            commit: CommitFirst {
                signals: self.signals.clone(),
                media: self.media(),
                automatic: AutomaticMedia {
                    types: settings.automatic_media_types.clone(),
                    max_bytes: settings.automatic_media_bytes,
                    within: settings.automatic_media_timeout,
                },
                history: HistoryLimits {
                    messages: settings.history_messages,
                    messages_per_chat: settings.history_messages_per_chat,
                },
            },
            listener,
        })
    }

    async fn prepare(&self, listener: Arc<Listener>) -> Result<Arc<Link>, EngineError> {
        Link::prepare(self.parts(listener)?, &self.shared.settings).await
    }
}

#[async_trait]
impl Engine for NativeEngine {
    async fn run(&self, stop: CancellationToken) -> Exit {
        let Ok(_running) = self.running.try_lock() else {
            return Exit::Dropped("This engine is running already.".into());
        };
        for _ in 0..=MOST_RESTARTS {
            let (listener, queue) = Listener::new(self.shared.now);
            let link = match self.prepare(listener).await {
                Ok(link) => link,
                Err(error) => return Exit::Dropped(format!("{error}.")),
            };
            self.link.send_replace(Arc::downgrade(&link));
            if let Some(exit) = link.hold(queue, &stop).await {
                return exit;
            }
        }
        Exit::Dropped("WhatsApp asked for one restart after the other.".into())
    }

    async fn execute(&self, command: Command) -> Result<Reply, EngineError> {
        let link = self.link()?;
        let operations = Operations { link: &link, media: self.media(), settings: &self.shared.settings };
        operations.execute(command).await
    }

    async fn begin_login(&self, flow: LoginFlow) -> Result<LoginStep, EngineError> {
        login::begin(&self.coming_link().await?, flow).await
    }

    async fn forget(&self) -> Result<(), EngineError> {
        let told = match self.link() {
            Ok(link) => link.unlink().await,
            Err(error) => Err(error),
        };
        // The link writes to the vault until it has ended.
        let _ended = self.running.lock().await;
        self.seed.vault.wipe().await.map_err(|error| {
            EngineError::new(ErrorKind::Store, Retry::Later, "The credentials could not be removed").because(error)
        })?;
        told
    }
}
