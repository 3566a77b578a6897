//! The one face of core: everything that can be asked of the gateway is a method of [`Gateway`].

mod answers;
mod audit;
mod batches;
mod business;
mod calls;
mod channels;
mod chats;
mod communities;
mod compose;
mod contacts;
mod deliveries;
mod groups;
mod history;
mod keys;
mod labels;
mod log;
mod marks;
mod media;
mod messages;
mod once;
mod presence;
mod privacy;
mod profile;
mod rules;
mod search;
mod sessions;
mod statistics;
mod statuses;
mod sync;
mod templates;
mod webhooks;

use std::{sync::Arc, time::Duration};

use openwa_model::{
    Timestamp,
    bell::Bell,
    capability::{Capabilities, OpSet},
    clock::{Clock, Minter},
    engine::{EngineFactory, EngineKind, ErrorKind},
    files::Files,
    id::SessionId,
    ops::Operation,
    store::{Store, View},
};
use tokio::task::JoinHandle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::{
    audit::*, batches::*, business::Catalog, compose::*, contacts::*, deliveries::*, groups::MemberOutcome, history::*,
    keys::*, labels::*, media::*, messages::*, once::*, rules::*, sessions::*, statistics::*, statuses::*, sync::*,
    templates::*, webhooks::*,
};
pub(crate) use self::{
    messages::{canonical, ids_of, name_anew},
    sync::{add_to_run, cursor, newest_chats, newest_message},
};
use crate::{
    batch_sender::BatchSender,
    conversion::Converter,
    error::GatewayError,
    history_syncer::HistorySyncer,
    housekeeping::Housekeeping,
    http::Clients,
    keyring::Keyring,
    pictures::Pictures,
    running::CallError,
    settings::Settings,
    supervisor::Supervisor,
    tail::Tail,
    webhook::{attempts::Attempts, fan_out::FanOut},
};

/// The shorthand of this face.
pub(crate) type Result<T> = std::result::Result<T, GatewayError>;

/// How often it is looked whether the last sends have ended.
const DRAIN_LOOK: Duration = Duration::from_millis(20);
/// How much longer than a drain the last commits may take.
const LAST_COMMITS: Duration = Duration::from_secs(5);

/// What the gateway is given to work with.
#[derive(Clone)]
pub struct Ports {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// Where files are kept.
    pub files: Arc<dyn Files>,
    /// One maker of engines for each kind; the first is the default.
    pub engines: Vec<Arc<dyn EngineFactory>>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where chance comes from.
    pub minter: Arc<dyn Minter>,
}

/// The gateway. Clones are the same gateway.
#[derive(Clone)]
pub struct Gateway(pub(crate) Arc<Inner>);

/// What all workers of one gateway share.
pub(crate) struct Context {
    pub(crate) ports: Ports,
    pub(crate) settings: Settings,
    pub(crate) bell: Bell,
    /// The end of the log, for those who follow it closely.
    pub(crate) tail: Tail,
    /// Every task the gateway starts, so that none outlives it.
    pub(crate) tasks: TaskTracker,
    /// Cancelled when the gateway begins to stop: nothing new is begun, what is under way may finish.
    pub(crate) draining: CancellationToken,
    /// Cancelled when every session is to stop.
    pub(crate) closing: CancellationToken,
    /// Rung when deliveries were queued.
    pub(crate) deliveries: Bell,
    /// Rung when there is something new to do about a batch.
    pub(crate) batches: Bell,
    /// Rung when there is something new to ask phones about the past.
    pub(crate) syncs: Bell,
    /// The keys seen a moment ago, and how often they were used.
    pub(crate) keyring: Keyring,
    /// The writes under an `Idempotency-Key` that are being done.
    pub(crate) claims: Claims,
    /// What the gateway's own requests go out through.
    pub(crate) clients: Clients,
    /// Makes pictures smaller.
    pub(crate) pictures: Pictures,
    /// Makes sounds and films into what WhatsApp plays.
    pub(crate) converter: Converter,
}

impl Context {
    /// The time, to the millisecond as it is kept, so that what is answered now and read back later is the same.
    pub(crate) fn now(&self) -> Timestamp {
        let now = self.ports.clock.now();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }

    pub(crate) fn factory(&self, kind: EngineKind) -> Option<&Arc<dyn EngineFactory>> {
        self.ports.engines.iter().find(|it| it.kind() == kind)
    }
}

pub(crate) struct Inner {
    pub(crate) context: Arc<Context>,
    pub(crate) supervisor: Supervisor,
}

impl Gateway {
    /// Opens the gateway over its ports. Nothing runs until [`Gateway::run`].
    pub async fn open(ports: Ports, settings: Settings) -> Result<Self> {
        let clients = Clients::new(&settings.network, settings.webhook_timeout)
            .map_err(|error| GatewayError::Setup(format!("outgoing HTTP cannot be set up: {error}")))?;
        let context = Arc::new(Context {
            deliveries: Bell::default(),
            batches: Bell::default(),
            syncs: Bell::default(),
            keyring: Keyring::default(),
            claims: Claims::default(),
            clients,
            pictures: Pictures::default(),
            converter: Converter::new(settings.conversion.clone()),
            ports,
            settings,
            bell: Bell::default(),
            tail: Tail::default(),
            tasks: TaskTracker::new(),
            draining: CancellationToken::new(),
            closing: CancellationToken::new(),
        });
        let supervisor = Supervisor::new(context.clone());
        supervisor.settle_leftovers().await?;
        Ok(Self(Arc::new(Inner { supervisor, context })))
    }

    /// Runs until it is told to stop: sessions, deliveries, batches, the past, housekeeping. Then nothing new is begun, what is under
    /// way may finish, sessions stop, and it returns; all of that within bounds.
    pub async fn run(&self, stop: CancellationToken) {
        let Inner { context, supervisor } = &*self.0;
        let workers = CancellationToken::new();
        let running = [
            context.tasks.spawn({
                let (worker, stop) = (FanOut::new(context.clone()), workers.clone());
                async move { worker.run(&stop).await }
            }),
            context.tasks.spawn({
                let (worker, stop) = (Arc::new(Attempts::new(context.clone())), workers.clone());
                async move { worker.run(&stop).await }
            }),
            context.tasks.spawn({
                let (worker, stop) = (Arc::new(BatchSender::new(self.clone())), context.draining.clone());
                async move { worker.run(&stop).await }
            }),
            context.tasks.spawn({
                let (worker, stop) = (Arc::new(HistorySyncer::new(self.clone())), context.draining.clone());
                async move { worker.run(&stop).await }
            }),
            context.tasks.spawn({
                let (worker, stop) = (Housekeeping::new(self.clone()), workers.clone());
                async move { worker.run(&stop).await }
            }),
        ];
        supervisor.run(&stop).await;
        tracing::info!("stopping");
        context.draining.cancel();
        self.wait_for_sends().await;
        supervisor.stop_all().await;
        workers.cancel();
        context.tasks.close();
        let limit = context.settings.drain_timeout + LAST_COMMITS;
        if tokio::time::timeout(limit, context.tasks.wait()).await.is_err() {
            tracing::warn!(
                "some work did not end in time and is given up; what is stored is done after the next start"
            );
            running.iter().for_each(JoinHandle::abort);
        }
    }

    /// Waits for sends under way, for as long as a drain may take: each that ends is one less to send again.
    async fn wait_for_sends(&self) {
        let all_sent = async {
            while self.0.supervisor.all_running().iter().any(|it| it.sends_under_way() > 0) {
                tokio::time::sleep(DRAIN_LOOK).await;
            }
        };
        _ = tokio::time::timeout(self.settings().drain_timeout, all_sent).await;
    }

    /// Whether the store answers.
    pub async fn ping(&self) -> Result<()> {
        Ok(self.store().ping().await?)
    }

    /// Whether the gateway is stopping.
    pub fn is_draining(&self) -> bool {
        self.0.context.draining.is_cancelled()
    }

    /// What engines of a kind can do; nothing, when this gateway has none of them.
    pub fn capabilities(&self, kind: EngineKind) -> &'static Capabilities {
        static NOTHING: Capabilities =
            Capabilities { ops: OpSet::of(&[]), qr: false, pairing_code: false, max_media_bytes: 0 };
        self.0.context.factory(kind).map_or(&NOTHING, |it| it.capabilities())
    }

    /// The kind of engine new sessions get.
    pub fn default_engine(&self) -> EngineKind {
        self.0.context.ports.engines.first().map_or(EngineKind::Native, |it| it.kind())
    }

    /// How it behaves.
    pub fn settings(&self) -> &Settings {
        &self.0.context.settings
    }

    /// The time by the gateway's clock.
    pub fn now(&self) -> Timestamp {
        self.0.context.now()
    }

    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.0.context.ports.store
    }

    pub(crate) async fn view(&self) -> Result<Box<dyn View>> {
        Ok(self.store().view().await?)
    }

    /// A view, after making sure that the session is there.
    pub(crate) async fn view_of(&self, id: SessionId) -> Result<Box<dyn View>> {
        let mut view = self.view().await?;
        view.session(id).await?.ok_or(GatewayError::SessionNotFound(id))?;
        Ok(view)
    }

    /// Has the engine do one thing, to the end. What WhatsApp does not know is the error that `unknown` makes.
    pub(crate) async fn ask<O: Operation<Output: 'static>>(
        &self,
        session: SessionId,
        operation: O,
        unknown: fn() -> GatewayError,
    ) -> Result<O::Output> {
        let (limit, running) = (self.settings().call_timeout, self.running(session).await?);
        running.check(O::OP)?;
        let asking = async move { running.call(operation, limit).await.map_err(|error| missing(error, unknown)) };
        self.detached(asking).await
    }

    /// Does it to the end, even when the one who asked goes away: half of it must not stay undone.
    pub async fn detached<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let done = self.0.context.tasks.spawn(work).await;
        done.unwrap_or_else(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "a request failed in a way nobody foresaw");
            Err(GatewayError::Engine("the request failed in a way nobody foresaw; see the log".to_owned()))
        })
    }
}

/// The error of a call; where WhatsApp knows no such thing, the one that says which.
pub(crate) fn missing(error: CallError, unknown: impl FnOnce() -> GatewayError) -> GatewayError {
    match error {
        CallError::Engine(error) if error.kind == ErrorKind::NotFound => unknown(),
        error => error.into(),
    }
}
