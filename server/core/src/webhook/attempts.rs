//! The second stage: what is due is claimed, sent, and settled.
//!
//! One loop owns the claims. Each turn is one unit: it settles the attempts that have ended since the last turn
//! and claims as many new ones as there is room for; so the more there is to do, the more one commit carries.
//! A receiver that was slow last time gets one attempt at a time, so that it cannot fill all places.

use std::{
    collections::{HashMap, HashSet},
    mem,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use openwa_model::{
    Timestamp,
    id::{DeliveryId, WebhookId},
    store::StoreError,
    webhook::{Delivery, Settled, Webhook},
};
use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

use super::post::{Post, PostFailed, Sender};
use crate::gateway::Context;

/// How many attempts run at once.
const AT_ONCE: usize = 64;
/// How many of them may be of one webhook.
const OF_ONE_WEBHOOK: u32 = 16;
/// A receiver that takes longer than this is slow.
const SLOW: Duration = Duration::from_secs(2);
/// More slow receivers than this are not told apart.
const MOST_SLOW: usize = 512;
/// How much longer than an attempt a claim lasts, for the commits before and after it.
const CLAIM_MARGIN: Duration = Duration::from_secs(20);
/// When to look although no bell rang: the ring of another process is not heard here.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// The wait after the store failed.
const AFTER_ERROR: Duration = Duration::from_secs(1);
/// The longest wait between two attempts.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// The worker.
pub(crate) struct Attempts {
    context: Arc<Context>,
    sender: Sender,
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
    at: Timestamp,
    how: Settled,
    took: Duration,
}

impl Attempts {
    /// A worker over the gateway's ports.
    pub(crate) fn new(context: Arc<Context>) -> Self {
        let sender = sender(&context);
        Self { context, sender }
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
        let mut slow = HashSet::new();
        while !stop.is_cancelled() {
            while let Some(done) = under_way.try_join_next() {
                ended.extend(done.ok());
            }
            remember_slow(&mut slow, &ended);
            let claimed = match self.turn(&mut ended, AT_ONCE - under_way.len(), &slow).await {
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
        self.drain(under_way, ended).await;
    }

    async fn drain(&self, mut under_way: JoinSet<Ended>, mut ended: Vec<Ended>) {
        let draining = async {
            while let Some(done) = under_way.join_next().await {
                ended.extend(done.ok());
            }
        };
        _ = tokio::time::timeout(self.context.settings.drain_timeout, draining).await;
        if let Err(error) = self.turn(&mut ended, 0, &HashSet::new()).await {
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
    async fn turn(
        &self,
        ended: &mut Vec<Ended>,
        room: usize,
        slow: &HashSet<WebhookId>,
    ) -> Result<Vec<Claimed>, StoreError> {
        if ended.is_empty() && room == 0 {
            return Ok(Vec::new());
        }
        let mut unit = self.context.ports.store.begin().await?;
        for it in ended.iter() {
            unit.settle_delivery(it.delivery, it.at, &it.how).await?;
        }
        let mut claimed = Vec::new();
        if room > 0 {
            let lease = self.sender.limit + CLAIM_MARGIN;
            let limit = u32::try_from(room).unwrap_or(u32::MAX);
            let slow: Vec<_> = slow.iter().copied().collect();
            let deliveries = unit.claim_deliveries(self.context.now(), lease, limit, OF_ONE_WEBHOOK, &slow).await?;
            let mut webhooks: HashMap<WebhookId, Option<Arc<Webhook>>> = HashMap::new();
            for delivery in deliveries {
                let webhook = match webhooks.get(&delivery.webhook) {
                    Some(known) => known.clone(),
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
        Ok(claimed)
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
        let started = Instant::now();
        let (id, of) = (delivery.id, delivery.webhook);
        let how = match webhook.filter(|it| it.active && it.events.wants(delivery.kind)) {
            None => Settled::Dropped,
            Some(webhook) => {
                let post = Post {
                    webhook: &webhook,
                    event: delivery.kind.name(),
                    idempotency_key: &delivery.idempotency_key,
                    delivery: id,
                    retries: delivery.attempts,
                    body: Bytes::from(delivery.body),
                };
                match self.sender.send(post).await {
                    Ok(status) => Settled::Delivered { status },
                    Err(failed) => self.after_failure(failed, id, delivery.attempts, &webhook),
                }
            }
        };
        Ended { delivery: id, webhook: of, at: self.context.now(), how, took: started.elapsed() }
    }

    fn after_failure(&self, failed: PostFailed, delivery: DeliveryId, before: u32, webhook: &Webhook) -> Settled {
        let PostFailed { status, error } = failed;
        let attempts = before.saturating_add(1);
        if attempts >= webhook.retry_count {
            tracing::warn!(webhook.id = %webhook.id, delivery.id = %delivery, delivery.attempts = attempts, error, "a delivery failed for good");
            return Settled::Failed { status, error };
        }
        let settings = &self.context.settings;
        let wait = wait_after(attempts, settings.webhook_retry_delay, self.context.ports.minter.fraction());
        tracing::debug!(webhook.id = %webhook.id, delivery.id = %delivery, delivery.attempts = attempts, error, "a delivery failed; trying again");
        Settled::Retry { due_at: self.context.now() + wait, status, error }
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
fn wait_after(attempts: u32, first: Duration, chance: f64) -> Duration {
    let doubled = first.saturating_mul(2_u32.saturating_pow(attempts.saturating_sub(1)));
    doubled.min(LONGEST_WAIT).mul_f64(1.0 + chance / 5.0)
}

/// The last attempt tells: one that ended quickly, however, clears its webhook.
fn remember_slow(slow: &mut HashSet<WebhookId>, ended: &[Ended]) {
    for it in ended {
        if it.took < SLOW {
            slow.remove(&it.webhook);
        } else if slow.len() < MOST_SLOW {
            slow.insert(it.webhook);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour_with_some_chance_on_top() {
        let first = Duration::from_secs(5);
        for (attempts, chance, expected_ms) in [
            (1, 0.0, 5_000),
            (2, 0.0, 10_000),
            (3, 0.0, 20_000),
            (1, 0.5, 5_500),
            (3, 1.0, 24_000),
            (11, 0.0, 3_600_000),
            (u32::MAX, 0.0, 3_600_000),
        ] {
            assert_eq!(wait_after(attempts, first, chance), Duration::from_millis(expected_ms), "{attempts}");
        }
    }
}
