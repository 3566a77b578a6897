//! Keeps what runs equal to what the store says should run.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use openwa_model::{
    id::SessionId,
    session::{Backoff, Input, Progress, Session, Status, step},
    store::{Page, SessionFilter, StoreError},
};
use tokio_util::sync::CancellationToken;

use crate::{
    error::GatewayError,
    gateway::{Context, Result},
    inbound::announce,
    running::{Live, Running},
    session_task::SessionTask,
};

/// How often the store is asked what should run, when nobody says so earlier.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How much longer than the engine a session's task may take to end.
const LAST_UNIT: Duration = Duration::from_secs(5);
/// How many sessions are read at once.
const PAGE: u32 = 500;

/// Who runs, and who may change that.
pub(crate) struct Supervisor {
    context: Arc<Context>,
    slots: Mutex<HashMap<SessionId, Arc<Slot>>>,
}

/// The place of one session on this node.
#[derive(Default)]
pub(crate) struct Slot {
    /// Held while the session is being started, stopped or deleted: one at a time.
    pub(crate) turn: tokio::sync::Mutex<()>,
    running: Mutex<Option<Arc<Running>>>,
}

impl Slot {
    /// The session as it runs here, if it does.
    pub(crate) fn running(&self) -> Option<Arc<Running>> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).clone();
        running.filter(|it| !it.ended.is_cancelled())
    }

    fn set(&self, running: Arc<Running>) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(running);
    }
}

/// Why a session is started.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Launch {
    /// Somebody asks for it: from now on it is wanted.
    Asked,
    /// The store says so; it counts only if it still does.
    Wanted,
}

impl Supervisor {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self { context, slots: Mutex::default() }
    }

    /// The session as it runs here, if it does.
    pub(crate) fn running(&self, id: SessionId) -> Option<Arc<Running>> {
        let slot = self.slots().get(&id).cloned();
        slot?.running()
    }

    /// All that run here.
    pub(crate) fn all_running(&self) -> Vec<Arc<Running>> {
        self.slots().values().filter_map(|it| it.running()).collect()
    }

    /// The place of a session that is known to be there.
    pub(crate) fn slot(&self, id: SessionId) -> Arc<Slot> {
        self.slots().entry(id).or_default().clone()
    }

    /// Forgets the place of a deleted session.
    pub(crate) fn forget(&self, id: SessionId) {
        self.slots().remove(&id);
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<SessionId, Arc<Slot>>> {
        // The map is whole between any two statements, so a panic elsewhere spoils nothing.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a session. The caller holds the slot's turn.
    pub(crate) async fn launch(&self, slot: &Slot, id: SessionId, why: Launch) -> Result<()> {
        if self.context.draining.is_cancelled() {
            return Err(GatewayError::Draining);
        }
        if slot.running().is_some() {
            return Err(GatewayError::SessionAlreadyStarted);
        }
        let Context { ports, settings, .. } = &*self.context;
        let now = self.context.now();
        let mut unit = ports.store.begin().await?;
        let mut row = unit.session(id).await?.ok_or(GatewayError::SessionNotFound(id))?;
        if why == Launch::Wanted && !row.wanted {
            return Ok(());
        }
        let Some(factory) = self.context.factory(row.engine) else {
            let name = row.engine.name();
            return Err(GatewayError::Setup(format!(
                "This build has no engine '{name}'; use one that was built with it"
            )));
        };
        let lease = unit.acquire_lease(id, &settings.node_id, now, settings.lease_lasts).await?;
        let lease = lease.ok_or(GatewayError::OwnedElsewhere)?;
        let rested = Progress { status: row.status, attempts: 0, ready_since: None, last_error: None };
        let (progress, _) = step(&rested, Input::Start, now, &Backoff::of(&row.config), 0.0);
        row.wanted = true;
        announce(&mut *unit, &mut row, &progress, now).await?;
        unit.save_session(&row).await?;
        unit.commit().await?;
        self.context.bell.ring();
        let live = Live { status: progress.status, account: row.account, qr: None };
        let running = Arc::new(Running::new(
            lease,
            row.engine,
            factory.capabilities(),
            settings.calls_in_flight,
            live,
            &self.context.closing,
        ));
        slot.set(running.clone());
        let task = SessionTask::new(self.context.clone(), running, progress);
        self.context.tasks.spawn(task.run());
        Ok(())
    }

    /// Waits until a session that was told to stop has stopped.
    pub(crate) async fn wait_for_end(&self, running: &Running) -> Result<()> {
        let limit = self.context.settings.stop_timeout + LAST_UNIT;
        tokio::time::timeout(limit, running.ended.cancelled()).await.map_err(|_| GatewayError::StopIncomplete)
    }

    /// Keeps what runs equal to what should run until it is told to stop. Stops no session by itself then.
    pub(crate) async fn run(&self, stop: &CancellationToken) {
        let lease_lasts = self.context.settings.lease_lasts;
        let mut renew = tokio::time::interval(lease_lasts / 3);
        renew.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // Starting many sessions takes a while, and leases must not run out meanwhile.
        let renewing = async {
            loop {
                renew.tick().await;
                self.renew_leases(lease_lasts).await;
            }
        };
        let reconciling = async {
            loop {
                look.tick().await;
                if let Err(error) = self.reconcile().await {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "what should run is not known; asking again"
                    );
                }
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = renewing => {}
            () = reconciling => {}
        }
    }

    async fn renew_leases(&self, lasts: Duration) {
        let renewed = async {
            let mut unit = self.context.ports.store.begin().await?;
            unit.renew_leases(&self.context.settings.node_id, self.context.now(), lasts).await?;
            unit.commit().await
        };
        if let Err(error) = renewed.await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the leases of the sessions were not prolonged");
        }
    }

    /// Starts what should run and does not, stops what runs and should not.
    async fn reconcile(&self) -> std::result::Result<(), StoreError> {
        let wanted = self.context.ports.store.view().await?.sessions_wanted().await?;
        let wanted_ids: HashSet<SessionId> = wanted.iter().map(|it| it.id).collect();
        for running in self.all_running() {
            if !wanted_ids.contains(&running.id) {
                self.stop_unwanted(&running).await?;
            }
        }
        for Session { id, .. } in wanted {
            if self.running(id).is_some() {
                continue;
            }
            let slot = self.slot(id);
            let started = {
                let _turn = slot.turn.lock().await;
                self.launch(&slot, id, Launch::Wanted).await
            };
            match started {
                Ok(()) => tokio::time::sleep(self.context.settings.start_stagger).await,
                Err(GatewayError::SessionAlreadyStarted | GatewayError::OwnedElsewhere) => {}
                Err(GatewayError::SessionNotFound(_)) => self.forget(id),
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(session.id = %id, error, "the session could not be started; trying again");
                }
            }
        }
        Ok(())
    }

    /// The store said that it should not run; whether it still does is looked up once nobody else can change it.
    async fn stop_unwanted(&self, running: &Running) -> std::result::Result<(), StoreError> {
        let slot = self.slot(running.id);
        let _turn = slot.turn.lock().await;
        let row = self.context.ports.store.view().await?.session(running.id).await?;
        if row.is_none_or(|it| !it.wanted) {
            running.stop.cancel();
        }
        Ok(())
    }

    /// Puts right what a killed process left behind: rows that claim a link which nobody holds.
    pub(crate) async fn settle_leftovers(&self) -> std::result::Result<(), StoreError> {
        let Context { ports, settings, .. } = &*self.context;
        let mut offset = 0;
        loop {
            let page = Page { limit: PAGE, offset };
            let rows = ports.store.view().await?.sessions(&SessionFilter::default(), page).await?;
            let count = rows.len() as u32;
            let now = self.context.now();
            let mut unit = ports.store.begin().await?;
            for mut row in rows {
                let claims_a_link = match row.status {
                    Status::Initializing | Status::QrReady | Status::Authenticating | Status::Ready => true,
                    Status::Created | Status::Disconnected | Status::ActionRequired | Status::Failed => false,
                };
                if !claims_a_link {
                    continue;
                }
                let Some(lease) = unit.acquire_lease(row.id, &settings.node_id, now, settings.lease_lasts).await?
                else {
                    continue;
                };
                let left = Progress { status: Status::Disconnected, attempts: 0, ready_since: None, last_error: None };
                announce(&mut *unit, &mut row, &left, now).await?;
                unit.save_session(&row).await?;
                unit.release_lease(&lease).await?;
            }
            unit.commit().await?;
            if count < PAGE {
                return Ok(());
            }
            offset += PAGE;
        }
    }

    /// Stops every session in good order, also one that is just being started; those that are wanted come back at the next start.
    pub(crate) async fn stop_all(&self) {
        self.context.closing.cancel();
        for running in self.all_running() {
            if self.wait_for_end(&running).await.is_err() {
                tracing::warn!(session.id = %running.id, "the session did not stop in time");
                running.kill.cancel();
            }
        }
    }
}
