//! The one face of core: everything that can be asked of the gateway is a method of [`Gateway`].

mod chats;
mod contacts;
mod groups;
mod keys;
mod log;
mod messages;
mod sessions;
mod webhooks;

use std::sync::Arc;

use openwa_model::{
    Timestamp,
    bell::Bell,
    capability::{Capabilities, OpSet},
    clock::{Clock, Minter},
    engine::{EngineFactory, EngineKind},
    files::Files,
    id::SessionId,
    store::{Store, View},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::{keys::*, messages::*, sessions::*, webhooks::*};
use crate::{error::GatewayError, settings::Settings, supervisor::Supervisor};

/// The shorthand of this face.
pub(crate) type Result<T> = std::result::Result<T, GatewayError>;

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
    /// Every task the gateway starts, so that none outlives it.
    pub(crate) tasks: TaskTracker,
    /// Cancelled when the gateway begins to stop.
    pub(crate) draining: CancellationToken,
}

impl Context {
    pub(crate) fn now(&self) -> Timestamp {
        self.ports.clock.now()
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
        let context = Arc::new(Context {
            ports,
            settings,
            bell: Bell::default(),
            tasks: TaskTracker::new(),
            draining: CancellationToken::new(),
        });
        Ok(Self(Arc::new(Inner { supervisor: Supervisor::new(context.clone()), context })))
    }

    /// Runs until it is told to stop: sessions, deliveries, housekeeping. Returns once all of it has ended.
    pub async fn run(&self, stop: CancellationToken) {
        todo!()
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
}
