//! Webhooks: made, changed, tried out, and the deliveries that failed for good.

use std::collections::BTreeMap;

use openwa_core::{
    Gateway,
    gateway::{FailedDelivery, NewWebhook, TestResult, WebhookPatch},
};
use openwa_model::{
    id::{DeliveryId, SessionId, WebhookId},
    store::{FailureFilter, Page},
    webhook::{DeliveryOrder, Filters, Webhook},
};
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
    types::{Any, MaybeUndefined, ToJSON},
};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    answer::{Answer, Created, NoContent, Shown},
    app::Tag,
    auth::{Admin, AllChats, Caller, Fenced, Least, Operator},
    error::ApiError,
    input::Body,
    wire::{Moment, Nullable, SessionPath, WebhookPath, longest_page},
    words::Word,
};

pub(crate) struct Webhooks(pub(crate) Gateway);

/// All of these must hold for a message event to be delivered; other events pass.
#[derive(Object, Serialize)]
pub(crate) struct WebhookFilters {
    /// The conditions.
    #[oai(validator(max_items = 20))]
    conditions: Vec<WebhookCondition>,
}

/// One condition on a field of a message event.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookCondition {
    /// `sender`, `recipient`, `chatId`, `body`, `type`, `isGroup`, `kind`, `fromMe`, `hasMedia` or `mentions`.
    #[oai(validator(max_length = 32))]
    field: String,
    /// `is` or `isNot` (ids and words), `contains` or `equals` (text).
    #[oai(validator(max_length = 32))]
    operator: String,
    /// What the field is compared with: true or false, a text, or a list of texts of which any will do.
    value: Any<Value>,
    /// For texts; false when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    case_sensitive: Option<bool>,
}

/// A webhook to be made.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct CreateWebhook {
    /// Where to POST to: `http` or `https`.
    #[oai(validator(min_length = 1, max_length = 2048))]
    url: String,
    /// Which events, or `*` for all but those about webhooks themselves; `message.received` when absent.
    #[oai(validator(min_items = 1, max_items = 64))]
    events: Option<Vec<String>>,
    /// What signatures are made with, 16 to 255 characters; never shown.
    #[oai(validator(max_length = 255))]
    secret: Option<String>,
    /// Further headers to send; never shown.
    headers: Option<BTreeMap<String, String>>,
    /// Further conditions.
    filters: Option<WebhookFilters>,
    /// How often a delivery is attempted in all; 3 when absent.
    #[oai(validator(minimum(value = "0"), maximum(value = "5")))]
    retry_count: Option<u32>,
    /// What its deliveries wait for; `chat` when absent.
    ordering: Option<Word<DeliveryOrder>>,
}

/// What to change about a webhook.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct UpdateWebhook {
    /// Where to POST to: `http` or `https`.
    #[oai(validator(min_length = 1, max_length = 2048))]
    url: Option<String>,
    /// Which events, or `*` for all.
    #[oai(validator(min_items = 1, max_items = 64))]
    events: Option<Vec<String>>,
    /// Whether anything is delivered.
    active: Option<bool>,
    /// What signatures are made with, 16 to 255 characters; "" for none.
    #[oai(validator(max_length = 255))]
    secret: Option<String>,
    /// Further headers to send.
    headers: Option<BTreeMap<String, String>>,
    /// Further conditions; null lifts them.
    #[oai(nullable)]
    filters: MaybeUndefined<WebhookFilters>,
    /// How often a delivery is attempted in all.
    #[oai(validator(minimum(value = "0"), maximum(value = "5")))]
    retry_count: Option<u32>,
    /// What its deliveries wait for.
    ordering: Option<Word<DeliveryOrder>>,
}

/// One webhook; its secret and headers are never shown.
#[derive(Object, Serialize)]
#[oai(rename = "Webhook", rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookResponse {
    /// Its id.
    id: Uuid,
    /// Its session.
    session_id: Uuid,
    /// Where it POSTs to.
    url: String,
    /// Which events.
    events: Vec<String>,
    /// Whether anything is delivered.
    active: bool,
    /// Further conditions.
    filters: Nullable<WebhookFilters>,
    /// How often a delivery is attempted in all.
    retry_count: u32,
    /// What its deliveries wait for.
    ordering: Word<DeliveryOrder>,
    /// How many attempts failed since it last took something.
    failures: u32,
    /// When the first of them did.
    failing_since: Nullable<Moment>,
    /// Until when it is left alone, because it fails or asked for it.
    paused_until: Nullable<Moment>,
    /// When it was last tried.
    last_triggered_at: Nullable<Moment>,
    /// When it was made.
    created_at: Moment,
    /// When it last changed.
    updated_at: Moment,
}

impl From<Webhook> for WebhookResponse {
    fn from(it: Webhook) -> Self {
        Self {
            id: it.id.0,
            session_id: it.session.0,
            url: it.url,
            events: it.events.names(),
            active: it.active,
            filters: Nullable(it.filters.map(WebhookFilters::of)),
            retry_count: it.retry_count,
            ordering: Word(it.ordering),
            failures: it.health.failures,
            failing_since: Nullable(it.health.failing_since.map(Moment)),
            paused_until: Nullable(it.health.paused_until.map(Moment)),
            last_triggered_at: Nullable(it.last_triggered_at.map(Moment)),
            created_at: Moment(it.created_at),
            updated_at: Moment(it.updated_at),
        }
    }
}

impl WebhookFilters {
    pub(crate) fn of(filters: Filters) -> Self {
        let one = |it: openwa_model::webhook::Condition| WebhookCondition {
            field: it.field,
            operator: it.operator,
            value: Any(serde_json::to_value(it.value).unwrap_or_default()),
            case_sensitive: it.case_sensitive,
        };
        Self { conditions: filters.conditions.into_iter().map(one).collect() }
    }

    /// As core takes them; `field` is where they stood.
    pub(crate) fn read(&self, field: &str) -> Answer<Filters> {
        let sentence = format!("{field}.conditions: each value must be a boolean, a string or an array of strings");
        serde_json::from_value(self.to_json().unwrap_or_default()).map_err(|_| ApiError::invalid(sentence))
    }
}

/// What came of a test delivery.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookTestResult {
    /// Whether the receiver took it.
    success: bool,
    /// The receiver's HTTP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    status_code: Option<u16>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// A delivery that will not be tried again.
#[derive(Object, Serialize)]
#[oai(rename = "DeliveryFailure", rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryFailureResponse {
    /// Its id, for a redrive.
    id: Uuid,
    /// The webhook.
    webhook_id: Uuid,
    /// The session.
    session_id: Uuid,
    /// What sort of event.
    event: String,
    /// Where it was to go.
    url: String,
    /// The same for every attempt at this event.
    idempotency_key: Nullable<String>,
    /// The same for every attempt of this dispatch.
    delivery_id: Nullable<String>,
    /// How often it was tried.
    attempts: u32,
    /// The receiver's last HTTP status, if it answered.
    last_status_code: Nullable<u16>,
    /// What went wrong last.
    last_error: String,
    /// When the delivery was made.
    created_at: Moment,
    /// Whether it can be tried again.
    replayable: bool,
}

impl From<FailedDelivery> for DeliveryFailureResponse {
    fn from(FailedDelivery { failure, url, replayable }: FailedDelivery) -> Self {
        let delivery = failure.delivery;
        Self {
            id: delivery.id.0,
            webhook_id: delivery.webhook.0,
            session_id: delivery.session.0,
            event: delivery.kind.name().to_owned(),
            url,
            idempotency_key: Nullable(Some(delivery.idempotency_key)),
            delivery_id: Nullable(Some(format!("dlv_{}", delivery.id))),
            attempts: delivery.attempts,
            last_status_code: Nullable(failure.last_status),
            last_error: failure.last_error,
            created_at: Moment(delivery.created_at),
            replayable,
        }
    }
}

/// Which failed deliveries to try again.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct RedriveDeliveries {
    /// Of this session.
    session_id: Option<Uuid>,
    /// Of this webhook.
    webhook_id: Option<Uuid>,
    /// These.
    #[oai(validator(max_items = 500))]
    ids: Option<Vec<Uuid>>,
    /// Made at or after.
    from: Option<Moment>,
    /// Made before.
    to: Option<Moment>,
    /// How many at most.
    #[oai(default = "usual_redrive", validator(minimum(value = "1"), maximum(value = "500")))]
    limit: u32,
}

/// How many deliveries a redrive takes where nothing is said.
fn usual_redrive() -> u32 {
    100
}

/// What a redrive did. Deliveries go out in the background.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct RedriveResult {
    /// How many are due again.
    redriven: u64,
    /// Always 0: nothing is delivered while the request waits.
    delivered: u64,
    /// How many were queued.
    enqueued: u64,
    /// Always 0.
    failed: u64,
    /// Always 0.
    skipped: u64,
    /// How many more there are that could be tried again.
    remaining: u64,
}

/// A limited key has to name a session it may touch; others may leave it out.
fn session_of<R: Least, F: Fenced>(caller: &Caller<R, F>, named: Option<Uuid>) -> Answer<Option<SessionId>> {
    let named = named.map(SessionId);
    let good = caller.sessions().is_none_or(|allowed| named.is_some_and(|it| allowed.contains(&it)));
    if good {
        Ok(named)
    } else {
        Err(ApiError::forbidden("SESSION_NOT_ALLOWED", "API key not authorized for this session"))
    }
}

#[OpenApi]
impl Webhooks {
    /// List the webhooks of a session
    ///
    /// Secrets and headers are never shown.
    #[oai(path = "/sessions/:sessionId/webhooks", method = "get", operation_id = "listWebhooks", tag = "Tag::Webhooks")]
    async fn list(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
    ) -> Answer<Shown<Vec<WebhookResponse>>> {
        let webhooks = self.0.webhooks(session.0.id()?).await?;
        Ok(Shown(webhooks.into_iter().map(Into::into).collect()))
    }

    /// Make a webhook
    ///
    /// With a secret, each delivery carries `X-OpenWA-Signature: sha256=<hex>`, the HMAC-SHA256 of the exact body, and the
    /// three headers of Standard Webhooks.
    #[oai(
        path = "/sessions/:sessionId/webhooks",
        method = "post",
        operation_id = "createWebhook",
        tag = "Tag::Webhooks"
    )]
    async fn create(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<CreateWebhook>,
    ) -> Answer<Created<WebhookResponse>> {
        let CreateWebhook { url, events, secret, headers, filters, retry_count, ordering } = body.value;
        let filters = filters.map(|it| it.read("filters")).transpose()?;
        let ordering = ordering.map(|it| it.0);
        let new = NewWebhook { url, events, secret, headers, filters, retry_count, ordering };
        Ok(Created(self.0.create_webhook(session.0.id()?, new).await?.into()))
    }

    /// Get a webhook
    #[oai(
        path = "/sessions/:sessionId/webhooks/:webhookId",
        method = "get",
        operation_id = "getWebhook",
        tag = "Tag::Webhooks"
    )]
    async fn get(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        #[oai(name = "webhookId")] webhook: Path<WebhookPath>,
    ) -> Answer<Shown<WebhookResponse>> {
        Ok(Shown(self.0.webhook(session.0.id()?, webhook.0.id()?).await?.into()))
    }

    /// Change a webhook
    ///
    /// What is left out stays.
    #[oai(
        path = "/sessions/:sessionId/webhooks/:webhookId",
        method = "put",
        operation_id = "updateWebhook",
        tag = "Tag::Webhooks"
    )]
    async fn update(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        #[oai(name = "webhookId")] webhook: Path<WebhookPath>,
        body: Body<UpdateWebhook>,
    ) -> Answer<Shown<WebhookResponse>> {
        let UpdateWebhook { url, events, active, secret, headers, filters, retry_count, ordering } = body.value;
        let filters = match filters {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(it) => Some(Some(it.read("filters")?)),
        };
        let ordering = ordering.map(|it| it.0);
        let patch = WebhookPatch { url, events, active, secret, headers, filters, retry_count, ordering };
        Ok(Shown(self.0.update_webhook(session.0.id()?, webhook.0.id()?, patch).await?.into()))
    }

    /// Delete a webhook
    ///
    /// What still waits to be delivered goes with it.
    #[oai(
        path = "/sessions/:sessionId/webhooks/:webhookId",
        method = "delete",
        operation_id = "deleteWebhook",
        tag = "Tag::Webhooks"
    )]
    async fn delete(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        #[oai(name = "webhookId")] webhook: Path<WebhookPath>,
    ) -> Answer<NoContent> {
        self.0.delete_webhook(session.0.id()?, webhook.0.id()?).await?;
        Ok(NoContent)
    }

    /// Try a webhook out
    ///
    /// Sends a `test` event once, also when the webhook is not active.
    #[oai(
        path = "/sessions/:sessionId/webhooks/:webhookId/test",
        method = "post",
        operation_id = "testWebhook",
        tag = "Tag::Webhooks"
    )]
    async fn test(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        #[oai(name = "webhookId")] webhook: Path<WebhookPath>,
    ) -> Answer<Shown<WebhookTestResult>> {
        Ok(Shown(match self.0.test_webhook(session.0.id()?, webhook.0.id()?).await? {
            TestResult::Delivered { status } => {
                WebhookTestResult { success: true, status_code: Some(status), error: None }
            }
            TestResult::Failed { error } => WebhookTestResult { success: false, status_code: None, error: Some(error) },
        }))
    }

    /// List all webhooks
    ///
    /// Oldest first. A key that is limited to some sessions sees theirs.
    #[oai(path = "/webhooks", method = "get", operation_id = "listAllWebhooks", tag = "Tag::Webhooks")]
    async fn list_all(
        &self,
        caller: Caller<Operator, AllChats>,
        /// How many at most.
        #[oai(default = "longest_page", validator(minimum(value = "1"), maximum(value = "1000")))]
        limit: Query<u32>,
        /// How many to skip.
        #[oai(default)]
        offset: Query<u32>,
    ) -> Answer<Shown<Vec<WebhookResponse>>> {
        let webhooks = self.0.all_webhooks(caller.sessions(), Page { limit: limit.0, offset: offset.0 }).await?;
        Ok(Shown(webhooks.into_iter().map(Into::into).collect()))
    }

    /// List deliveries that failed for good
    ///
    /// Newest first. A key that is limited to some sessions has to name one.
    #[oai(
        path = "/webhooks/delivery-failures",
        method = "get",
        operation_id = "listDeliveryFailures",
        tag = "Tag::Webhooks"
    )]
    async fn failures(
        &self,
        caller: Caller<Admin, AllChats>,
        /// Of this session.
        #[oai(name = "sessionId")]
        session: Query<Option<Uuid>>,
        /// How many at most.
        #[oai(default = "longest_page", validator(minimum(value = "1"), maximum(value = "1000")))]
        limit: Query<u32>,
        /// How many to skip.
        #[oai(default)]
        offset: Query<u32>,
    ) -> Answer<Shown<Vec<DeliveryFailureResponse>>> {
        let session = session_of(&caller, session.0)?;
        let failures = self.0.delivery_failures(session, Page { limit: limit.0, offset: offset.0 }).await?;
        Ok(Shown(failures.into_iter().map(Into::into).collect()))
    }

    /// Try failed deliveries again
    ///
    /// Oldest first; bodies and idempotency keys stay as they were. A key that is limited to some sessions has to name one,
    /// and one that is no admin's the webhook.
    #[oai(
        path = "/webhooks/delivery-failures/redrive",
        method = "post",
        operation_id = "redriveDeliveryFailures",
        tag = "Tag::Webhooks"
    )]
    async fn redrive(
        &self,
        caller: Caller<Operator, AllChats>,
        body: Body<RedriveDeliveries>,
    ) -> Answer<Shown<RedriveResult>> {
        let RedriveDeliveries { session_id, webhook_id, ids, from, to, limit } = body.value;
        // Whoever may make and delete a webhook may have its deliveries tried again; all of them are the admin's.
        if webhook_id.is_none() && caller.key.role < Admin::ROLE {
            return Err(ApiError::forbidden("ROLE_TOO_LOW", "Insufficient permissions. Required: admin"));
        }
        let which = FailureFilter {
            session: session_of(&caller, session_id)?,
            webhook: webhook_id.map(WebhookId),
            ids: ids.map(|ids| ids.into_iter().map(DeliveryId).collect()),
            since: from.map(|it| it.0),
            until: to.map(|it| it.0),
        };
        let done = self.0.redrive(&which, limit).await?;
        Ok(Shown(RedriveResult {
            redriven: done.redriven,
            delivered: 0,
            enqueued: done.redriven,
            failed: 0,
            skipped: 0,
            remaining: done.remaining,
        }))
    }
}

#[cfg(test)]
mod tests {
    use poem_openapi::types::ParseFromJSON;
    use serde_json::json;

    use super::*;

    #[test]
    fn filters_are_read_and_shown_as_they_were_written() {
        for value in [json!(true), json!("hello"), json!(["a@c.us", "b@c.us"])] {
            let written = json!({"conditions": [{"field": "body", "operator": "is", "value": value}]});
            let filters = WebhookFilters::parse_from_json(Some(written.clone())).ok().unwrap().read("filters").unwrap();
            assert_eq!(WebhookFilters::of(filters).to_json(), Some(written));
        }
        for value in [json!(5), json!({"a": 1}), json!([1])] {
            let written = json!({"conditions": [{"field": "body", "operator": "is", "value": value}]});
            assert!(WebhookFilters::parse_from_json(Some(written)).ok().unwrap().read("filters").is_err());
        }
    }
}
