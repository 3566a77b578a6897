//! The first stage: each new event gets its place in the deployment's log, and becomes one delivery per webhook that
//! wants it, all in one unit.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
    time::Duration,
};

use openwa_model::{
    event::Event,
    id::{DeliveryId, Position, SessionId},
    store::{StoreError, Unit},
    webhook::{Delivery, DeliveryFailure, DeliveryOrder, Webhook},
};
use tokio_util::sync::CancellationToken;

use super::{
    body::{Frozen, Limits, TooLarge},
    filters,
};
use crate::gateway::Context;

/// How many events one unit takes.
const BATCH: u32 = 256;
/// When to look although no bell rang: the ring of another process is not heard here.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// The wait after the store failed.
const AFTER_ERROR: Duration = Duration::from_secs(1);

/// The worker.
pub(crate) struct FanOut {
    context: Arc<Context>,
}

impl FanOut {
    /// A worker over the gateway's ports.
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self { context }
    }

    /// Works until it is told to stop.
    pub(crate) async fn run(&self, stop: &CancellationToken) {
        let mut bell = self.context.bell.listen();
        while !stop.is_cancelled() {
            match self.fan_out_once().await {
                Ok(0) => {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        _ = bell.rung_within(LOOK_AGAIN) => {}
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "events could not be fanned out; trying again"
                    );
                    _ = tokio::time::timeout(AFTER_ERROR, stop.cancelled()).await;
                }
            }
        }
    }

    /// Fans out the next events, and says how many there were.
    pub(crate) async fn fan_out_once(&self) -> Result<usize, StoreError> {
        let mut unit = self.context.ports.store.begin().await?;
        let events = unit.sequence_events(BATCH).await?;
        if events.is_empty() {
            return Ok(0);
        }
        let mut webhooks: HashMap<SessionId, Vec<Webhook>> = HashMap::new();
        let mut queued = 0;
        for event in &events {
            let session = event.event.session;
            let among = match webhooks.entry(session) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(unit.webhooks(session).await?),
            };
            queued += self.queue(&mut *unit, event, among).await?;
        }
        unit.commit().await?;
        let count = events.len();
        self.context.tail.push(events);
        self.context.bell.ring();
        if queued > 0 {
            self.context.deliveries.ring();
        }
        Ok(count)
    }

    async fn queue(&self, unit: &mut dyn Unit, event: &Event, among: &[Webhook]) -> Result<usize, StoreError> {
        let Some(position) = event.position else { return Ok(0) };
        let wanting: Vec<_> = among.iter().filter(|it| wants(it, event)).collect();
        if wanting.is_empty() {
            return Ok(0);
        }
        let frozen = Frozen::of(&event.event, limits(&self.context));
        let mut queued = 0;
        for webhook in wanting {
            let delivery = delivery(&self.context, event, position, webhook, frozen.as_ref().ok());
            match &frozen {
                Ok(_) => {
                    unit.add_delivery(&delivery).await?;
                    queued += 1;
                }
                Err(error) => unit.add_delivery_failure(&too_large(delivery, *error)).await?,
            }
        }
        Ok(queued)
    }
}

/// Whether a webhook is to be called with an event.
pub(crate) fn wants(webhook: &Webhook, event: &Event) -> bool {
    let kind = event.event.kind;
    webhook.active
        && webhook.events.wants(kind)
        && webhook.filters.as_ref().is_none_or(|it| filters::let_through(it, kind, &event.event.data))
}

/// How large a body may be here.
pub(crate) fn limits(context: &Context) -> Limits {
    let settings = &context.settings;
    Limits { inline_media: settings.media_inline_max_bytes, body: settings.webhook_max_payload_bytes }
}

/// A new dispatch of an event to a webhook; without a body where the event is too large for one.
pub(crate) fn delivery(
    context: &Context,
    event: &Event,
    position: Position,
    webhook: &Webhook,
    frozen: Option<&Frozen<'_>>,
) -> Delivery {
    let now = context.now();
    let id = DeliveryId(context.ports.minter.uuid(now));
    let (idempotency_key, body) = match frozen {
        Some(frozen) => frozen.for_webhook(webhook.id, id),
        None => (format!("{}_{}", event.event.idempotency_key, webhook.id), Vec::new()),
    };
    Delivery {
        id,
        webhook: webhook.id,
        session: event.event.session,
        position,
        lane: match webhook.ordering {
            DeliveryOrder::Chat => event.event.chat.as_ref().map(ToString::to_string).unwrap_or_default(),
            DeliveryOrder::None => id.to_string(),
        },
        kind: event.event.kind,
        idempotency_key,
        body,
        attempts: 0,
        due_at: now,
        created_at: now,
    }
}

fn too_large(delivery: Delivery, error: TooLarge) -> DeliveryFailure {
    tracing::warn!(webhook.id = %delivery.webhook, delivery.id = %delivery.id, %error, "an event is too large for its webhook");
    DeliveryFailure { delivery, last_status: None, last_error: error.to_string() }
}
