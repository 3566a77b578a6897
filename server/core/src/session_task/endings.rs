//! The units that write where a session stands when its link ended, begins anew, or is over for good.

use openwa_model::{
    Timestamp,
    engine::Exit,
    session::{Backoff, Effect, Input, Progress, Status, step},
    store::StoreError,
};

use super::{Ending, FIRST_PAUSE, LONGEST_PAUSE, SessionTask};
use crate::{inbound::announce, payload::Events, running::Live};

/// How often the last unit of a session that stops is tried.
const LAST_ATTEMPTS: u32 = 5;
/// Every so many attempts in a row to reconnect are an event.
const LOOP_EVERY: u32 = 5;

impl SessionTask {
    /// Writes that the link ended; answers when to connect again, `None` for never.
    pub(super) async fn leave(&mut self, exit: Exit) -> Result<Option<Timestamp>, Ending> {
        let fraction = self.context.ports.minter.fraction();
        let mut pause = FIRST_PAUSE;
        loop {
            match self.try_leave(&exit, fraction).await {
                Ok((progress, again_at)) => {
                    self.settle(progress, matches!(exit, Exit::LoggedOut(_)));
                    return Ok(again_at);
                }
                Err(StoreError::LeaseLost) => return Err(Ending::LeaseLost),
                Err(error) => self.complain(&error),
            }
            self.pause(pause).await?;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn try_leave(&self, exit: &Exit, fraction: f64) -> Result<(Progress, Option<Timestamp>), StoreError> {
        let id = self.running.id;
        if matches!(exit, Exit::LoggedOut(_)) {
            // Before the row says so: credentials that are no good any more must not outlive a crash.
            self.context.ports.store.vault(id).wipe().await?;
        }
        let now = self.context.now();
        let mut unit = self.context.ports.store.begin().await?;
        unit.check_lease(&self.running.lease).await?;
        let Some(mut row) = unit.session(id).await? else { return Ok((self.progress.clone(), None)) };
        let backoff = Backoff::of(&row.config);
        let (progress, effects) = step(&self.progress, Input::Ended(exit.clone()), now, &backoff, fraction);
        let events = Events { session: id, own: None };
        let mut again_at = None;
        for effect in effects {
            match effect {
                Effect::Announce => {
                    announce(&mut *unit, &mut row, &progress, now).await?;
                    if self.progress.status == Status::Ready || progress.status != Status::Disconnected {
                        let reason = progress.last_error.as_deref().unwrap_or("stopped");
                        unit.append_event(&events.disconnected(reason, now)).await?;
                    }
                }
                Effect::ReconnectAfter(wait, attempt) => {
                    again_at = Some(now.saturating_add(wait).unwrap_or(Timestamp::MAX));
                    if attempt.is_multiple_of(LOOP_EVERY) {
                        unit.append_event(&events.reconnect_loop(attempt, wait, now)).await?;
                    }
                }
                Effect::WipeCredentials => row.account = None,
                Effect::Unwant => row.wanted = false,
                Effect::Open => {}
            }
        }
        unit.save_session(&row).await?;
        if again_at.is_none() {
            unit.release_lease(&self.running.lease).await?;
        }
        unit.commit().await?;
        Ok((progress, again_at))
    }

    /// Writes that the next attempt to connect begins.
    pub(super) async fn enter(&mut self) -> Result<(), Ending> {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.try_enter().await {
                Ok(progress) => {
                    self.settle(progress, false);
                    return Ok(());
                }
                Err(StoreError::LeaseLost) => return Err(Ending::LeaseLost),
                Err(error) => self.complain(&error),
            }
            self.pause(pause).await?;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn try_enter(&self) -> Result<Progress, StoreError> {
        let now = self.context.now();
        let mut unit = self.context.ports.store.begin().await?;
        unit.check_lease(&self.running.lease).await?;
        let Some(mut row) = unit.session(self.running.id).await? else { return Ok(self.progress.clone()) };
        let (progress, _) = step(&self.progress, Input::Start, now, &Backoff::of(&row.config), 0.0);
        announce(&mut *unit, &mut row, &progress, now).await?;
        unit.save_session(&row).await?;
        unit.commit().await?;
        Ok(progress)
    }

    /// The last unit of a session that was stopped.
    pub(super) async fn close(&mut self) {
        let mut pause = FIRST_PAUSE;
        for _ in 0..LAST_ATTEMPTS {
            match self.try_close().await {
                Ok(progress) => return self.settle(progress, self.running.is_logging_out()),
                Err(StoreError::LeaseLost) => return,
                Err(error) => self.complain(&error),
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        // The next start of the gateway puts the row right.
        tracing::error!(session.id = %self.running.id, "the session stopped, but that could not be stored");
    }

    async fn try_close(&self) -> Result<Progress, StoreError> {
        let id = self.running.id;
        if self.running.is_logging_out() {
            self.context.ports.store.vault(id).wipe().await?;
        }
        let now = self.context.now();
        let mut unit = self.context.ports.store.begin().await?;
        unit.check_lease(&self.running.lease).await?;
        let Some(mut row) = unit.session(id).await? else { return Ok(self.progress.clone()) };
        let backoff = Backoff::of(&row.config);
        let (progress, _) = step(&self.progress, Input::Ended(Exit::Stopped), now, &backoff, 0.0);
        announce(&mut *unit, &mut row, &progress, now).await?;
        let reason = if self.running.is_logging_out() { "logged out" } else { "stopped" };
        unit.append_event(&Events { session: id, own: None }.disconnected(reason, now)).await?;
        if self.running.is_logging_out() {
            row.account = None;
            row.restriction = None;
        }
        unit.save_session(&row).await?;
        unit.release_lease(&self.running.lease).await?;
        unit.commit().await?;
        Ok(progress)
    }

    /// Takes over a committed status that did not come from the engine's signals.
    fn settle(&mut self, progress: Progress, unlinked: bool) {
        let account = self.running.account().filter(|_| !unlinked);
        self.show(Live { status: progress.status, account, qr: None });
        self.progress = progress;
        self.context.bell.ring();
    }

    fn complain(&self, error: &StoreError) {
        tracing::warn!(
            session.id = %self.running.id,
            error = error as &dyn std::error::Error,
            "the session's status could not be stored; trying again"
        );
    }
}
