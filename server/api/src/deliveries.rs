//! What went to a webhook and what came of it, what is sent there once more, and whether an address would do.

use std::time::Duration;

use openwa_core::{
    Gateway,
    gateway::{LogRange, Preflight, Replayed},
};
use openwa_model::{
    event::EventKind,
    id::Seq,
    store::Page,
    webhook::{Attempt, AttemptOutcome},
};
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
};
use serde::Serialize;

use crate::{
    answer::{Answer, Shown},
    app::Tag,
    auth::{AllChats, Caller, Operator},
    error::ApiError,
    input::Body,
    wire::{Moment, Nullable, SessionPath, WebhookPath},
    words::Word,
};

pub(crate) struct Deliveries(pub(crate) Gateway);

/// One attempt at a delivery.
#[derive(Object, Serialize)]
#[oai(rename = "DeliveryAttempt", rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryAttemptResponse {
    /// The same for every attempt of this dispatch.
    delivery_id: String,
    /// What sort of event.
    event: Word<EventKind>,
    /// The same for every attempt at this event.
    idempotency_key: String,
    /// Which attempt of the dispatch it was, from 1.
    attempt: u32,
    /// How it ended.
    outcome: Word<AttemptOutcome>,
    /// The receiver's HTTP status, if it answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    status_code: Option<u16>,
    /// How long it took until the receiver answered, or until it was clear that it does not, in milliseconds.
    latency_ms: u64,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// The beginning of what the receiver answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    response_excerpt: Option<String>,
    /// When it was made.
    at: Moment,
    /// When it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt_at: Option<Moment>,
}

impl From<Attempt> for DeliveryAttemptResponse {
    fn from(it: Attempt) -> Self {
        Self {
            delivery_id: format!("dlv_{}", it.delivery),
            event: Word(it.kind),
            idempotency_key: it.idempotency_key,
            attempt: it.attempt,
            outcome: Word(it.outcome),
            status_code: it.status,
            latency_ms: milliseconds(it.took),
            error: it.error,
            response_excerpt: it.excerpt,
            at: Moment(it.at),
            next_attempt_at: it.next_at.map(Moment),
        }
    }
}

/// Which part of the session's log to send once more: by number or by time, not both.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct ReplayWebhook {
    /// From the event with this number; from the first when absent.
    #[oai(validator(minimum(value = "1")))]
    from_seq: Option<i64>,
    /// To the event with this number; to the last when absent.
    #[oai(validator(minimum(value = "1")))]
    to_seq: Option<i64>,
    /// What happened at or after.
    from: Option<Moment>,
    /// What happened before.
    to: Option<Moment>,
    /// How many events to look at, of the kinds that the webhook wants.
    #[oai(default = "most_replayed", validator(minimum(value = "1"), maximum(value = "1000")))]
    limit: u32,
}

impl ReplayWebhook {
    fn range(&self) -> Answer<LogRange> {
        let by_number = self.from_seq.is_some() || self.to_seq.is_some();
        let by_time = self.from.is_some() || self.to.is_some();
        match (by_number, by_time) {
            (true, false) => Ok(LogRange::Numbers { from: self.from_seq.map(Seq), to: self.to_seq.map(Seq) }),
            (false, true) => Ok(LogRange::Times { from: self.from.map(|it| it.0), until: self.to.map(|it| it.0) }),
            (true, true) => Err(ApiError::invalid("Give fromSeq and toSeq, or from and to, not both")),
            (false, false) => Err(ApiError::invalid("Say which events: fromSeq and toSeq, or from and to")),
        }
    }
}

/// How many events a replay looks at where nothing is said.
fn most_replayed() -> u32 {
    1000
}

/// What a replay did. Deliveries go out in the background.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReplayResult {
    /// How many events go out again.
    queued: u64,
    /// How many do not: the webhook's filters hold them back, they still wait to go out, or they are too large.
    skipped: u64,
    /// What to give as `fromSeq` to go on, with the `toSeq` of before; null when nothing is left.
    next_seq: Nullable<i64>,
}

impl From<Replayed> for ReplayResult {
    fn from(Replayed { queued, skipped, next }: Replayed) -> Self {
        Self { queued, skipped, next_seq: Nullable(next.map(|it| it.0)) }
    }
}

/// An address to try.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct WebhookPreflight {
    /// Where a webhook would POST to.
    #[oai(validator(min_length = 1, max_length = 2048))]
    url: String,
}

/// Whether an address would do.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookPreflightResult {
    /// Whether a webhook could be made with it.
    allowed: bool,
    /// Whether somebody answered there.
    answered: bool,
    /// Whether the answer would count as taken.
    success: bool,
    /// The receiver's HTTP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    status_code: Option<u16>,
    /// How long the answer took, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_ms: Option<u64>,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl From<Preflight> for WebhookPreflightResult {
    fn from(Preflight { allowed, status, error, took }: Preflight) -> Self {
        Self {
            allowed,
            answered: status.is_some(),
            success: allowed && error.is_none(),
            status_code: status,
            latency_ms: took.map(milliseconds),
            error,
        }
    }
}

fn milliseconds(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

/// How many attempts a page has where nothing is said.
fn usual_attempts() -> u32 {
    100
}

#[OpenApi]
impl Deliveries {
    /// List what came of deliveries
    ///
    /// One entry for each attempt, newest first. Only the newest are remembered, for some days.
    #[oai(
        path = "/sessions/:sessionId/webhooks/:webhookId/deliveries",
        method = "get",
        operation_id = "listWebhookDeliveries",
        tag = "Tag::Webhooks"
    )]
    async fn list(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        #[oai(name = "webhookId")] webhook: Path<WebhookPath>,
        /// How many at most.
        #[oai(default = "usual_attempts", validator(minimum(value = "1"), maximum(value = "1000")))]
        limit: Query<u32>,
        /// How many to skip.
        #[oai(default)]
        offset: Query<u32>,
    ) -> Answer<Shown<Vec<DeliveryAttemptResponse>>> {
        let page = Page { limit: limit.0, offset: offset.0 };
        let attempts = self.0.delivery_attempts(session.0.id()?, webhook.0.id()?, page).await?;
        Ok(Shown(attempts.into_iter().map(Into::into).collect()))
    }

    /// Send a part of the log to a webhook once more
    ///
    /// What the webhook wants of it goes out under new delivery ids and with the idempotency keys that it had. An event
    /// that still waits to go out does not go out twice.
    #[oai(
        path = "/sessions/:sessionId/webhooks/:webhookId/replay",
        method = "post",
        operation_id = "replayWebhook",
        tag = "Tag::Webhooks"
    )]
    async fn replay(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        #[oai(name = "webhookId")] webhook: Path<WebhookPath>,
        body: Body<ReplayWebhook>,
    ) -> Answer<Shown<ReplayResult>> {
        let (range, limit) = (body.value.range()?, body.value.limit);
        Ok(Shown(self.0.replay_webhook(session.0.id()?, webhook.0.id()?, range, limit).await?.into()))
    }

    /// Try an address out before making a webhook of it
    ///
    /// Says whether the address would be taken, and sends a `test` event there once, without a signature.
    #[oai(
        path = "/sessions/:sessionId/webhooks/preflight",
        method = "post",
        operation_id = "preflightWebhook",
        tag = "Tag::Webhooks"
    )]
    async fn preflight(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<WebhookPreflight>,
    ) -> Answer<Shown<WebhookPreflightResult>> {
        Ok(Shown(self.0.preflight_webhook(session.0.id()?, body.value.url).await?.into()))
    }
}
