//! What is written down or thrown away in time: the use of keys, requests that need not be remembered any longer, the
//! end of the audit log, batches that ended long ago, when rules answered, deliveries that failed or wait for a receiver
//! that is gone, what is remembered of attempts, statuses that are seen no more, and what waited too long for the message
//! it is about.

use std::time::Duration;

use openwa_model::{Timestamp, automation::AutomationRule, store::StoreError};
use tokio_util::sync::CancellationToken;

use crate::{
    gateway::{Context, Gateway, Ports, STATUS_LASTS},
    inbound,
};

/// How long a batch can be asked about after it ended.
const BATCHES_LAST: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How many batches are thrown away at once.
const BATCHES_AT_ONCE: u32 = 20;
/// How many deliveries and attempts are thrown away or given up at once, for each reason; for receivers that are gone, of
/// each.
const DELIVERIES_AT_ONCE: u32 = 2_000;
/// What is said of a delivery that was given up.
const GIVEN_UP: &str =
    "Given up: the receiver has failed for the whole time that a delivery may wait (WEBHOOK_GIVE_UP_HOURS)";
/// How many statuses are thrown away at once.
const STATUSES_AT_ONCE: u32 = 500;
/// How long it is of use when a rule answered.
const ANSWERS_LAST: Duration = Duration::from_secs(AutomationRule::MAX_COOLDOWN_SECONDS as u64);
/// How often it looks.
const EVERY: Duration = Duration::from_secs(10);

/// The worker.
pub(crate) struct Housekeeping {
    gateway: Gateway,
}

impl Housekeeping {
    /// A worker over the gateway's ports.
    pub(crate) fn new(gateway: Gateway) -> Self {
        Self { gateway }
    }

    /// Works until it is told to stop, and then once more, so that no use of a key is lost.
    pub(crate) async fn run(&self, stop: &CancellationToken) {
        loop {
            let is_last = stop.is_cancelled();
            if let Err(error) = self.tidy_once().await {
                tracing::warn!(error = &error as &dyn std::error::Error, "housekeeping failed; trying again");
            }
            if is_last {
                return;
            }
            _ = tokio::time::timeout(EVERY, stop.cancelled()).await;
        }
    }

    /// Does what is due; says how many keys' uses were written.
    pub(crate) async fn tidy_once(&self) -> Result<usize, StoreError> {
        let context = self.context();
        let store = &context.ports.store;
        let written = context.keyring.write_uses(&**store).await?;
        let mut unit = store.begin().await?;
        let now = context.now();
        unit.expire_idempotent_requests(now).await?;
        unit.expire_audit_entries(now.saturating_sub(context.settings.audit_lasts).unwrap_or(Timestamp::MIN)).await?;
        let ended_before = now.saturating_sub(BATCHES_LAST).unwrap_or(Timestamp::MIN);
        unit.expire_batches(ended_before, BATCHES_AT_ONCE).await?;
        unit.expire_rule_answers(now.saturating_sub(ANSWERS_LAST).unwrap_or(Timestamp::MIN)).await?;
        inbound::forget_old(&mut *unit, now).await?;
        unit.commit().await?;
        self.tidy_deliveries(now).await?;
        self.expire_statuses().await?;
        self.tell_old_reactions().await?;
        Ok(written)
    }

    /// In a unit of its own: there may be many.
    async fn tidy_deliveries(&self, now: Timestamp) -> Result<(), StoreError> {
        let context = self.context();
        let settings = &context.settings.deliveries;
        let ago = |it: Duration| now.saturating_sub(it).unwrap_or(Timestamp::MIN);
        let mut unit = context.ports.store.begin().await?;
        let waited = ago(settings.give_up_after);
        let given_up = unit.give_up_deliveries(waited, now, GIVEN_UP, DELIVERIES_AT_ONCE).await?;
        let failed = ago(settings.failures_last);
        let forgotten = unit.expire_delivery_failures(failed, settings.failures, DELIVERIES_AT_ONCE).await?;
        unit.expire_delivery_attempts(ago(settings.log_lasts), DELIVERIES_AT_ONCE).await?;
        unit.commit().await?;
        if given_up > 0 {
            tracing::warn!(
                deliveries = given_up,
                "deliveries were given up, because their receivers fail all the while"
            );
        }
        if forgotten > 0 {
            tracing::info!(deliveries = forgotten, "deliveries that failed for good were thrown away");
        }
        Ok(())
    }

    /// A status is kept for as long as it is to be seen.
    async fn expire_statuses(&self) -> Result<(), StoreError> {
        let Ports { store, files, .. } = &self.context().ports;
        let before = self.context().now().saturating_sub(STATUS_LASTS).unwrap_or(Timestamp::MIN);
        let expired = store.view().await?.expired_statuses(before, STATUSES_AT_ONCE).await?;
        if expired.is_empty() {
            return Ok(());
        }
        let mut unit = store.begin().await?;
        for status in &expired {
            unit.delete_message(status.row).await?;
        }
        unit.commit().await?;
        for key in expired.into_iter().filter_map(|it| it.media?.file) {
            if let Err(error) = files.remove(&key).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "the file of a status was left behind");
            }
        }
        Ok(())
    }

    async fn tell_old_reactions(&self) -> Result<(), StoreError> {
        for session in inbound::sessions_with_old_reactions(self.context()).await? {
            // A session that does not run is told of when it does: only its owner writes its log.
            let Some(running) = self.gateway.0.supervisor.running(session) else { continue };
            match inbound::tell_old_reactions(self.context(), &running).await {
                Ok(()) | Err(StoreError::LeaseLost) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn context(&self) -> &Context {
        &self.gateway.0.context
    }
}
