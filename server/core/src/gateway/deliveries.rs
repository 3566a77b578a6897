//! What went to a webhook, sent anew, and whether an address would be taken at all.

use std::time::Duration;

use openwa_model::{
    Timestamp,
    event::EventKind,
    id::{Seq, SessionId, WebhookId},
    store::{EventFilter, Page},
    webhook::{Attempt, Subscription, Webhook},
};

use super::{Gateway, Result};
use crate::{
    error::GatewayError,
    webhook::{
        body::Frozen,
        fan_out::{delivery, limits, wants},
    },
};

/// How many events one unit takes. Each may be a mebibyte and more.
const REPLAYED_AT_ONCE: u32 = 16;

/// Which part of a session's log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogRange {
    /// By number, both included.
    Numbers {
        /// From here; the beginning when it is not said.
        from: Option<Seq>,
        /// To here; the end when it is not said.
        to: Option<Seq>,
    },
    /// By time.
    Times {
        /// At or after.
        from: Option<Timestamp>,
        /// Before.
        until: Option<Timestamp>,
    },
}

/// What a replay did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Replayed {
    /// How many events go out again.
    pub queued: u64,
    /// How many do not: the webhook's filters hold them back, they still wait to go out, or they are too large.
    pub skipped: u64,
    /// Where to go on, when there is more than was asked for at once.
    pub next: Option<Seq>,
}

/// Whether an address would be taken, and what a receiver there says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Preflight {
    /// Whether a webhook could be made with it.
    pub allowed: bool,
    /// The receiver's HTTP status, if it answered.
    pub status: Option<u16>,
    /// Why it was refused, or counts as failed.
    pub error: Option<String>,
    /// How long it took to answer, or to find out that it does not.
    pub took: Option<Duration>,
}

impl Gateway {
    /// The attempts that are remembered of a webhook, newest first.
    pub async fn delivery_attempts(&self, session: SessionId, id: WebhookId, page: Page) -> Result<Vec<Attempt>> {
        let mut view = self.view_of(session).await?;
        view.webhook(id).await?.filter(|it| it.session == session).ok_or(GatewayError::WebhookNotFound(id))?;
        Ok(view.delivery_attempts(id, page).await?)
    }

    /// Queues what a part of the log has for a webhook once more: under new delivery ids, with the idempotency keys that
    /// it had. Looks at no more than `limit` events of kinds that the webhook wants.
    pub async fn replay_webhook(
        &self,
        session: SessionId,
        id: WebhookId,
        range: LogRange,
        limit: u32,
    ) -> Result<Replayed> {
        let mut view = self.view_of(session).await?;
        let webhook = view.webhook(id).await?.filter(|it| it.session == session);
        let webhook = webhook.ok_or(GatewayError::WebhookNotFound(id))?;
        if !webhook.active {
            return Err(GatewayError::InvalidInput("The webhook is not active; activate it first".to_owned()));
        }
        let found = match range {
            LogRange::Numbers { from, to } => {
                let end = view.last_seq(session).await?;
                Some((from.unwrap_or(Seq(1)), to.map_or(end, |it| it.min(end))))
            }
            LogRange::Times { from, until } => view.seqs_between(session, from, until).await?,
        };
        drop(view);
        let mut done = Replayed { queued: 0, skipped: 0, next: None };
        let Some((first, last)) = found else { return Ok(done) };
        let filter = EventFilter { sessions: None, kinds: Some(kinds_for(&webhook)) };
        let (mut after, mut left) = (Seq(first.0.saturating_sub(1)), limit);
        while left > 0 && after < last {
            let looked = self.replay_some(session, id, &mut after, last, &filter, left, &mut done).await?;
            if looked == 0 {
                return Ok(done);
            }
            left -= looked;
        }
        if after < last {
            done.next = Some(Seq(after.0 + 1));
        }
        Ok(done)
    }

    /// One unit of a replay; answers how many events it looked at.
    #[expect(clippy::too_many_arguments, reason = "where it stands and what it counts change with each unit")]
    async fn replay_some(
        &self,
        session: SessionId,
        id: WebhookId,
        after: &mut Seq,
        last: Seq,
        filter: &EventFilter,
        left: u32,
        done: &mut Replayed,
    ) -> Result<u32> {
        let context = &self.0.context;
        let events = self.view().await?.events_after(session, *after, filter, left.min(REPLAYED_AT_ONCE)).await?;
        let mut unit = self.store().begin().await?;
        // It may have been changed or deleted since the last unit.
        let webhook = unit.webhook(id).await?.ok_or(GatewayError::WebhookNotFound(id))?;
        let (mut looked, mut queued, mut skipped, mut reached) = (0, 0, 0, *after);
        for event in events.iter().take_while(|it| it.seq <= last) {
            // What has no place yet goes out for the first time, and so does all behind it.
            let Some(position) = event.position else { break };
            let frozen = if wants(&webhook, event) { Frozen::of(&event.event, limits(context)).ok() } else { None };
            let goes = match &frozen {
                Some(frozen) => {
                    unit.replay_delivery(&delivery(context, event, position, &webhook, Some(frozen))).await?
                }
                None => false,
            };
            *(if goes { &mut queued } else { &mut skipped }) += 1;
            (looked, reached) = (looked + 1, event.seq);
        }
        unit.commit().await?;
        context.deliveries.ring();
        (done.queued, done.skipped, *after) = (done.queued + queued, done.skipped + skipped, reached);
        Ok(looked)
    }

    /// Whether a webhook could be made with an address, and what answers a `test` event there.
    pub async fn preflight_webhook(&self, session: SessionId, url: String) -> Result<Preflight> {
        self.view_of(session).await?;
        if let Err(refused) = self.settings().network.check_target(&url).await {
            return Ok(Preflight { allowed: false, status: None, error: Some(refused.to_string()), took: None });
        }
        let outcome = self.post_test(&Webhook { url, ..self.blank_webhook(session) }).await;
        Ok(Preflight { allowed: true, status: outcome.status, error: outcome.error, took: Some(outcome.took) })
    }
}

/// The kinds of events that a webhook may be called with.
fn kinds_for(webhook: &Webhook) -> Vec<EventKind> {
    match &webhook.events {
        Subscription::Kinds(kinds) => kinds.clone(),
        everything => EventKind::ALL.iter().copied().filter(|it| everything.wants(*it)).collect(),
    }
}
