//! The second stage: what is due is claimed, sent, and settled.
//!
//! One loop owns the claims. Each turn is one unit: it settles the attempts that have ended since the last turn
//! and claims as many new ones as there is room for; so the more there is to do, the more one commit carries.
//! Where several receivers were slow last time, each of them gets one attempt at a time, so that they cannot fill all
//! places; one that fails again and again is left alone for a while ([`super::health`]). What came of each attempt is
//! remembered for people in the unit that settles it.

use std::{
    collections::{HashMap, HashSet},
    mem,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use openwa_model::{
    Timestamp,
    id::{DeliveryId, SessionId, WebhookId},
    store::{StoreError, Unit},
    webhook::{Attempt, AttemptOutcome, Delivery, Settled, Webhook, WebhookHealth},
};
use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    health::{HealthNews, HealthRules},
    post::{Outcome, Post, Sender},
};
use crate::{gateway::Context, payload::Events};

/// How many attempts run at once.
const AT_ONCE: usize = 64;
/// How many of them may be of one webhook.
const OF_ONE_WEBHOOK: u32 = 16;
/// A receiver that takes longer than this is slow.
const SLOW: Duration = Duration::from_secs(2);
/// So many slow receivers leave half of the places to others even where each fills its own.
const FEW_SLOW: usize = AT_ONCE / 2 / OF_ONE_WEBHOOK as usize;
/// More slow or failing receivers than this are not told apart.
const MOST_KNOWN: usize = 512;
/// How much longer than an attempt a claim lasts, for the commits before and after it.
const CLAIM_MARGIN: Duration = Duration::from_secs(20);
/// When to look although no bell rang: the ring of another process is not heard here.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// The wait after the store failed.
const AFTER_ERROR: Duration = Duration::from_secs(1);

/// The worker.
pub(crate) struct Attempts {
    context: Arc<Context>,
    sender: Sender,
    rules: HealthRules,
}

/// A claimed delivery with its webhook as it was at the moment of the claim.
struct Claimed {
    delivery: Delivery,
    webhook: Option<Arc<Webhook>>,
}

/// An attempt that has ended.
struct Ended {
    delivery: DeliveryId,
    webhook: WebhookId,
    session: SessionId,
    at: Timestamp,
    how: Settled,
    took: Duration,
    /// Until when the receiver wants to be left alone, if it said so.
    wanted: Option<Timestamp>,
    /// What is remembered of it; nothing where nothing was sent.
    attempt: Option<Attempt>,
}

/// What is known of receivers, so that a turn need not ask the store about each.
#[derive(Default)]
struct Known {
    /// The last attempt took long.
    slow: HashSet<WebhookId>,
    /// Something failed since something was taken. The store has the truth: one that is forgotten here is known again
    /// with its next claim.
    failing: HashSet<WebhookId>,
}

impl Attempts {
    /// A worker over the gateway's ports.
    pub(crate) fn new(context: Arc<Context>) -> Self {
        let (sender, rules) = (sender(&context), HealthRules::new(&context.settings));
        Self { context, sender, rules }
    }

    /// Works until it is told to stop, then lets attempts under way end for as long as a drain may take.
    pub(crate) async fn run(self: Arc<Self>, stop: &CancellationToken) {
        let mut bell = self.context.deliveries.listen();
        if let Err(error) = self.release_claims().await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "deliveries that were under way at the last stop wait until their claims run out"
            );
        }
        let mut under_way = JoinSet::new();
        let mut ended = Vec::new();
        let mut known = Known::default();
        while !stop.is_cancelled() {
            while let Some(done) = under_way.try_join_next() {
                ended.extend(done.ok());
            }
            known.remember_slow(&ended);
            let claimed = match self.turn(&mut ended, AT_ONCE - under_way.len(), &mut known).await {
                Ok(claimed) => claimed,
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "deliveries could not be claimed or settled; trying again"
                    );
                    _ = tokio::time::timeout(AFTER_ERROR, stop.cancelled()).await;
                    continue;
                }
            };
            for claimed in claimed {
                let worker = self.clone();
                under_way.spawn(async move { worker.attempt(claimed).await });
            }
            let full = under_way.len() == AT_ONCE;
            tokio::select! {
                Some(done) = under_way.join_next() => ended.extend(done.ok()),
                () = bell.rung(), if !full => {}
                () = self.something_due(), if !full => {}
                () = stop.cancelled() => {}
            }
        }
        self.drain(under_way, ended, known).await;
    }

    async fn drain(&self, mut under_way: JoinSet<Ended>, mut ended: Vec<Ended>, mut known: Known) {
        let draining = async {
            while let Some(done) = under_way.join_next().await {
                ended.extend(done.ok());
            }
        };
        _ = tokio::time::timeout(self.context.settings.drain_timeout, draining).await;
        if let Err(error) = self.turn(&mut ended, 0, &mut known).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "deliveries could not be settled before the stop; they will be made again"
            );
        }
    }

    /// Frees what this node held when it was killed, so that it need not run out first.
    async fn release_claims(&self) -> Result<(), StoreError> {
        let mut unit = self.context.ports.store.begin().await?;
        unit.release_claims().await?;
        unit.commit().await
    }

    /// Settles what has ended and claims what there is room for, in one unit. What could not be settled stays in `ended`.
    async fn turn(&self, ended: &mut Vec<Ended>, room: usize, known: &mut Known) -> Result<Vec<Claimed>, StoreError> {
        if ended.is_empty() && room == 0 {
            return Ok(Vec::new());
        }
        let mut unit = self.context.ports.store.begin().await?;
        for it in ended.iter() {
            unit.settle_delivery(it.delivery, it.at, &it.how).await?;
        }
        let (health, told) = self.note_health(&mut *unit, ended, known).await?;
        let keep = self.context.settings.deliveries.log_entries;
        if keep > 0 {
            let attempts: Vec<_> = ended.iter().filter_map(|it| it.attempt.clone()).collect();
            unit.log_attempts(&attempts, keep).await?;
        }
        let mut claimed = Vec::new();
        if room > 0 {
            let lease = self.sender.limit + CLAIM_MARGIN;
            let limit = u32::try_from(room).unwrap_or(u32::MAX);
            let slow = known.slow_ones();
            let deliveries = unit.claim_deliveries(self.context.now(), lease, limit, OF_ONE_WEBHOOK, &slow).await?;
            let mut webhooks: HashMap<WebhookId, Option<Arc<Webhook>>> = HashMap::new();
            for delivery in deliveries {
                let webhook = match webhooks.get(&delivery.webhook) {
                    Some(read) => read.clone(),
                    None => {
                        let read = unit.webhook(delivery.webhook).await?.map(Arc::new);
                        webhooks.insert(delivery.webhook, read.clone());
                        read
                    }
                };
                claimed.push(Claimed { delivery, webhook });
            }
        }
        if ended.is_empty() && claimed.is_empty() {
            return Ok(claimed);
        }
        unit.commit().await?;
        mem::take(ended);
        for (webhook, health) in health {
            known.note_failing(webhook, health);
        }
        for webhook in claimed.iter().filter_map(|it| it.webhook.as_deref()) {
            if webhook.health != WebhookHealth::default() {
                known.note_failing(webhook.id, webhook.health);
            }
        }
        if told {
            self.context.bell.ring();
        }
        Ok(claimed)
    }

    /// Notes how the receivers of these attempts fare; answers that, and whether an event tells of it.
    async fn note_health(
        &self,
        unit: &mut dyn Unit,
        ended: &[Ended],
        known: &Known,
    ) -> Result<(HashMap<WebhookId, WebhookHealth>, bool), StoreError> {
        let mut healths: HashMap<WebhookId, WebhookHealth> = HashMap::new();
        let mut told = false;
        for it in ended {
            let failed = match &it.how {
                Settled::Dropped => continue,
                Settled::Delivered { .. } => None,
                Settled::Retry { status, error, .. } | Settled::Failed { status, error } => {
                    Some((*status, error.as_str()))
                }
            };
            let before = match healths.get(&it.webhook) {
                Some(health) => *health,
                // One in good health stays so, and nothing has to be read.
                None if failed.is_none() && !known.failing.contains(&it.webhook) => continue,
                None => match unit.webhook_health(it.webhook).await? {
                    Some(health) => health,
                    // It was deleted meanwhile.
                    None => continue,
                },
            };
            let (health, news) = match failed {
                None => self.rules.after_success(before),
                Some(_) => self.rules.after_failure(before, it.at, it.wanted),
            };
            let events = Events { session: it.session, own: None };
            let event = news.map(|news| match news {
                HealthNews::Failing => events.webhook_failing(it.webhook, &health, failed, it.at),
                HealthNews::Recovered => events.webhook_recovered(it.webhook, &before, it.at),
            });
            if let Some(event) = event {
                unit.append_event(&event).await?;
                told = true;
            }
            healths.insert(it.webhook, health);
        }
        for (webhook, health) in &healths {
            unit.note_webhook_health(*webhook, health).await?;
        }
        Ok((healths, told))
    }

    /// Returns when a delivery is due by the clock, or when it is time to look anyway.
    async fn something_due(&self) {
        let next = async { self.context.ports.store.view().await?.next_delivery_due().await };
        let look_again = tokio::time::sleep(LOOK_AGAIN);
        match next.await {
            // One that is due and was not claimed waits for a place, not for time.
            Ok(Some(due)) if due > self.context.now() => tokio::select! {
                () = self.context.ports.clock.until(due) => {}
                () = look_again => {}
            },
            _ => look_again.await,
        }
    }

    async fn attempt(&self, claimed: Claimed) -> Ended {
        let Claimed { delivery, webhook } = claimed;
        let Delivery { id, webhook: of, session, kind, idempotency_key, body, attempts, .. } = delivery;
        let started = Instant::now();
        let began = self.context.now();
        let Some(webhook) = webhook.filter(|it| it.active && it.events.wants(kind)) else {
            let (how, took) = (Settled::Dropped, started.elapsed());
            return Ended { delivery: id, webhook: of, session, at: began, how, took, wanted: None, attempt: None };
        };
        let post = Post {
            webhook: &webhook,
            event: kind.name(),
            idempotency_key: &idempotency_key,
            delivery: id,
            retries: attempts,
            at: began,
            body: Bytes::from(body),
        };
        let outcome = self.sender.send(post).await;
        let at = self.context.now();
        let most = self.context.settings.deliveries.longest_wait;
        let wanted = outcome.retry_after.map(|it| at + it.min(most));
        let how = self.settled(&outcome, id, attempts, &webhook, wanted);
        let (outcome_word, next_at) = match &how {
            Settled::Retry { due_at, .. } => (AttemptOutcome::Retrying, Some(*due_at)),
            Settled::Failed { .. } => (AttemptOutcome::Failed, None),
            Settled::Delivered { .. } | Settled::Dropped => (AttemptOutcome::Delivered, None),
        };
        let attempt = Attempt {
            webhook: of,
            delivery: id,
            kind,
            idempotency_key,
            attempt: attempts.saturating_add(1),
            at: began,
            took: outcome.took,
            outcome: outcome_word,
            status: outcome.status,
            error: outcome.error,
            excerpt: outcome.excerpt,
            next_at,
        };
        let (took, attempt) = (started.elapsed(), Some(attempt));
        Ended { delivery: id, webhook: of, session, at, how, took, wanted, attempt }
    }

    fn settled(
        &self,
        outcome: &Outcome,
        delivery: DeliveryId,
        before: u32,
        webhook: &Webhook,
        wanted: Option<Timestamp>,
    ) -> Settled {
        let status = outcome.status;
        let Some(error) = outcome.error.clone() else {
            return Settled::Delivered { status: status.unwrap_or_default() };
        };
        let attempts = before.saturating_add(1);
        if attempts >= webhook.retry_count {
            tracing::warn!(webhook.id = %webhook.id, delivery.id = %delivery, delivery.attempts = attempts, error, "a delivery failed for good");
            return Settled::Failed { status, error };
        }
        let settings = &self.context.settings;
        let chance = self.context.ports.minter.fraction();
        let wait = wait_after(attempts, settings.webhook_retry_delay, settings.deliveries.longest_wait, chance);
        tracing::debug!(webhook.id = %webhook.id, delivery.id = %delivery, delivery.attempts = attempts, error, "a delivery failed; trying again");
        let due_at = self.context.now() + wait;
        Settled::Retry { due_at: wanted.map_or(due_at, |it| it.max(due_at)), status, error }
    }
}

impl Known {
    /// The last attempt tells: one that ended quickly, however, clears its webhook.
    fn remember_slow(&mut self, ended: &[Ended]) {
        for it in ended {
            if it.took < SLOW {
                self.slow.remove(&it.webhook);
            } else if self.slow.len() < MOST_KNOWN {
                self.slow.insert(it.webhook);
            }
        }
    }

    /// Those that get one attempt at a time.
    fn slow_ones(&self) -> Vec<WebhookId> {
        if self.slow.len() <= FEW_SLOW { Vec::new() } else { self.slow.iter().copied().collect() }
    }

    fn note_failing(&mut self, webhook: WebhookId, health: WebhookHealth) {
        if health == WebhookHealth::default() {
            self.failing.remove(&webhook);
            return;
        }
        // Those of webhooks that are gone would stay for good.
        if self.failing.len() >= MOST_KNOWN {
            self.failing.clear();
        }
        self.failing.insert(webhook);
    }
}

/// What all webhooks are sent through.
pub(crate) fn sender(context: &Context) -> Sender {
    Sender {
        client: context.clients.webhooks.clone(),
        network: context.settings.network.clone(),
        limit: context.settings.webhook_timeout,
    }
}

/// The wait doubles with each attempt; chance adds up to a fifth, so that what failed together does not come back together.
fn wait_after(attempts: u32, first: Duration, longest: Duration, chance: f64) -> Duration {
    let doubled = first.saturating_mul(2_u32.saturating_pow(attempts.saturating_sub(1)));
    doubled.min(longest).mul_f64(1.0 + chance / 5.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_with_some_chance_on_top() {
        let (first, hour) = (Duration::from_secs(5), Duration::from_secs(60 * 60));
        for (attempts, longest, chance, expected_ms) in [
            (1, hour, 0.0, 5_000),
            (2, hour, 0.0, 10_000),
            (3, hour, 0.0, 20_000),
            (1, hour, 0.5, 5_500),
            (3, hour, 1.0, 24_000),
            (11, hour, 0.0, 3_600_000),
            (12, 6 * hour, 0.0, 10_240_000),
            (u32::MAX, 6 * hour, 0.0, 21_600_000),
        ] {
            let wait = wait_after(attempts, first, longest, chance);
            assert_eq!(wait, Duration::from_millis(expected_ms), "{attempts}");
        }
    }
}
