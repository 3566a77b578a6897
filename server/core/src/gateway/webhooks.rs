//! Webhooks: made, changed, tried out; and the deliveries that failed for good.

use std::collections::{BTreeMap, HashMap, hash_map::Entry};

use bytes::Bytes;
use openwa_model::{
    event::EventKind,
    id::{DeliveryId, SessionId, WebhookId},
    secret::Secret,
    store::{FailureFilter, Page},
    webhook::{DeliveryFailure, DeliveryOrder, Filters, Subscription, Webhook, WebhookHealth},
};
use reqwest::header::HeaderName;

use super::{Gateway, Result};
use crate::{
    error::GatewayError,
    guard::UrlRefused,
    webhook::{
        attempts::sender,
        body::{TEST_EVENT, test_body},
        filters,
        post::{Outcome, Post, latin_1},
    },
};

const MAX_HEADERS: usize = 50;
const MAX_HEADER_VALUE: usize = 1024;
const MAX_RETRIES: u32 = 5;

/// A webhook to be made. Never printed: it holds secrets.
#[derive(Clone)]
pub struct NewWebhook {
    /// Where to POST to.
    pub url: String,
    /// Which events; `message.received` when it is not said.
    pub events: Option<Vec<String>>,
    /// What signatures are made with, 16 to 255 characters; "" is none.
    pub secret: Option<String>,
    /// Further headers to send.
    pub headers: Option<BTreeMap<String, String>>,
    /// Further conditions on message events.
    pub filters: Option<Filters>,
    /// How often a delivery is attempted in all, 0 to 5; 3 when it is not said.
    pub retry_count: Option<u32>,
    /// What its deliveries wait for; those of one chat for one another when it is not said.
    pub ordering: Option<DeliveryOrder>,
}

/// What to change about a webhook; `None` leaves it as it is. Never printed: it holds secrets.
#[derive(Clone, Default)]
pub struct WebhookPatch {
    /// Where to POST to.
    pub url: Option<String>,
    /// Which events.
    pub events: Option<Vec<String>>,
    /// Whether anything is delivered.
    pub active: Option<bool>,
    /// What signatures are made with; "" is none.
    pub secret: Option<String>,
    /// Further headers to send.
    pub headers: Option<BTreeMap<String, String>>,
    /// Further conditions; an inner `None` lifts them.
    pub filters: Option<Option<Filters>>,
    /// How often a delivery is attempted in all.
    pub retry_count: Option<u32>,
    /// What its deliveries wait for.
    pub ordering: Option<DeliveryOrder>,
}

/// What came of a test delivery.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TestResult {
    /// The receiver took it.
    Delivered {
        /// Its HTTP status.
        status: u16,
    },
    /// It did not.
    Failed {
        /// Why, for the webhook's owner.
        error: String,
    },
}

/// A delivery that failed for good, and where it was to go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FailedDelivery {
    /// The delivery and its last error.
    pub failure: DeliveryFailure,
    /// The webhook's address, as it is now.
    pub url: String,
    /// Whether it can be tried again.
    pub replayable: bool,
}

/// What a redrive did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Redriven {
    /// How many deliveries are due again.
    pub redriven: u64,
    /// How many more there are that could be.
    pub remaining: u64,
}

impl Gateway {
    /// Makes a webhook.
    pub async fn create_webhook(&self, session: SessionId, new: NewWebhook) -> Result<Webhook> {
        let mut webhook = self.blank_webhook(session);
        let NewWebhook { url, events, secret, headers, filters, retry_count, ordering } = new;
        let (url, filters) = (Some(url), Some(filters));
        let wanted = WebhookPatch { url, events, active: None, secret, headers, filters, retry_count, ordering };
        self.view_of(session).await?;
        self.apply(&mut webhook, wanted).await?;

        let max = self.settings().webhook_max_per_session;
        let mut unit = self.store().begin().await?;
        unit.session(session).await?.ok_or(GatewayError::SessionNotFound(session))?;
        if unit.webhooks(session).await?.len() >= max as usize {
            return Err(GatewayError::TooManyWebhooks { max });
        }
        unit.add_webhook(&webhook).await?;
        unit.commit().await?;
        Ok(webhook)
    }

    /// A webhook to which nothing is said yet.
    pub(super) fn blank_webhook(&self, session: SessionId) -> Webhook {
        let now = self.now();
        Webhook {
            id: WebhookId(self.0.context.ports.minter.uuid(now)),
            session,
            url: String::new(),
            events: Subscription::Kinds(vec![EventKind::MessageReceived]),
            active: true,
            secret: None,
            headers: BTreeMap::new(),
            filters: None,
            retry_count: 3,
            ordering: DeliveryOrder::Chat,
            health: WebhookHealth::default(),
            last_triggered_at: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// A session's webhooks, oldest first.
    pub async fn webhooks(&self, session: SessionId) -> Result<Vec<Webhook>> {
        Ok(self.view_of(session).await?.webhooks(session).await?)
    }

    /// One webhook of a session.
    pub async fn webhook(&self, session: SessionId, id: WebhookId) -> Result<Webhook> {
        let found = self.view_of(session).await?.webhook(id).await?;
        found.filter(|it| it.session == session).ok_or(GatewayError::WebhookNotFound(id))
    }

    /// The webhooks of these sessions (`None`: of all), oldest first.
    pub async fn all_webhooks(&self, among: Option<&[SessionId]>, page: Page) -> Result<Vec<Webhook>> {
        Ok(self.view().await?.all_webhooks(among, page).await?)
    }

    /// Changes a webhook. Deliveries that are queued already go to where it points by then. With a new address, or
    /// switched on, it is in good health until it is tried.
    pub async fn update_webhook(&self, session: SessionId, id: WebhookId, patch: WebhookPatch) -> Result<Webhook> {
        // The address is checked before the unit is opened, for that may ask the name service.
        let mut checked = self.webhook(session, id).await?;
        self.apply(&mut checked, patch.clone()).await?;
        let mut unit = self.store().begin().await?;
        let found = unit.webhook(id).await?.filter(|it| it.session == session);
        let mut webhook = found.ok_or(GatewayError::WebhookNotFound(id))?;
        let begins_anew = patch.url.is_some() || patch.active == Some(true);
        set(&mut webhook, patch)?;
        webhook.updated_at = self.now();
        unit.save_webhook(&webhook).await?;
        if begins_anew {
            webhook.health = WebhookHealth::default();
            unit.note_webhook_health(id, &webhook.health).await?;
        }
        unit.commit().await?;
        self.0.context.deliveries.ring();
        Ok(webhook)
    }

    /// Deletes a webhook and what was queued for it.
    pub async fn delete_webhook(&self, session: SessionId, id: WebhookId) -> Result<()> {
        self.view_of(session).await?;
        let mut unit = self.store().begin().await?;
        unit.webhook(id).await?.filter(|it| it.session == session).ok_or(GatewayError::WebhookNotFound(id))?;
        unit.delete_webhook(id).await?;
        unit.commit().await?;
        Ok(())
    }

    /// Sends a `test` event to a webhook, once, also when it is not active.
    pub async fn test_webhook(&self, session: SessionId, id: WebhookId) -> Result<TestResult> {
        let outcome = self.post_test(&self.webhook(session, id).await?).await;
        Ok(match outcome.error {
            None => TestResult::Delivered { status: outcome.status.unwrap_or_default() },
            Some(error) => TestResult::Failed { error },
        })
    }

    /// Sends a `test` event, once.
    pub(super) async fn post_test(&self, webhook: &Webhook) -> Outcome {
        let now = self.now();
        let delivery = DeliveryId(self.0.context.ports.minter.uuid(now));
        let (key, body) = test_body(webhook.session, webhook.id, delivery, now);
        let post = Post {
            webhook,
            event: TEST_EVENT,
            idempotency_key: &key,
            delivery,
            retries: 0,
            at: now,
            body: Bytes::from(body),
        };
        sender(&self.0.context).send(post).await
    }

    /// Deliveries that will not be tried again, newest first.
    pub async fn delivery_failures(&self, session: Option<SessionId>, page: Page) -> Result<Vec<FailedDelivery>> {
        let mut view = self.view().await?;
        let mut urls: HashMap<WebhookId, String> = HashMap::new();
        let mut failed = Vec::new();
        for failure in view.delivery_failures(session, page).await? {
            let of = failure.delivery.webhook;
            let url = match urls.entry(of) {
                Entry::Occupied(known) => known.get().clone(),
                Entry::Vacant(new) => new.insert(view.webhook(of).await?.map(|it| it.url).unwrap_or_default()).clone(),
            };
            let replayable = !failure.delivery.body.is_empty();
            failed.push(FailedDelivery { failure, url, replayable });
        }
        Ok(failed)
    }

    /// Makes failed deliveries due again, oldest first. Bodies and idempotency keys stay as they were.
    pub async fn redrive(&self, which: &FailureFilter, limit: u32) -> Result<Redriven> {
        let mut unit = self.store().begin().await?;
        let redriven = unit.revive_deliveries(which, self.now(), limit).await?;
        let remaining = unit.count_revivable_deliveries(which).await?;
        unit.commit().await?;
        self.0.context.deliveries.ring();
        Ok(Redriven { redriven, remaining })
    }

    async fn apply(&self, webhook: &mut Webhook, patch: WebhookPatch) -> Result<()> {
        if let Some(url) = &patch.url {
            self.settings().network.check_target(url).await?;
        }
        set(webhook, patch)
    }
}

/// Everything about a change but where its address points.
fn set(webhook: &mut Webhook, patch: WebhookPatch) -> Result<()> {
    let WebhookPatch { url, events, active, secret, headers, filters, retry_count, ordering } = patch;
    let invalid = |text: String| Err(GatewayError::InvalidInput(text));
    if let Some(it) = url {
        webhook.url = it;
    }
    if let Some(it) = events {
        if it.is_empty() {
            return invalid("events should not be empty".to_owned());
        }
        webhook.events = match Subscription::of(it.iter().map(String::as_str)) {
            Ok(it) => it,
            Err(_) => return invalid(known_events()),
        };
    }
    if let Some(it) = active {
        webhook.active = it;
    }
    if let Some(it) = secret {
        webhook.secret = match it.chars().count() {
            0 => None,
            1..16 => return invalid("secret must be longer than or equal to 16 characters".to_owned()),
            16..=255 => Some(Secret::new(it)),
            _ => return invalid("secret must be shorter than or equal to 255 characters".to_owned()),
        };
    }
    if let Some(it) = headers {
        check_headers(&it)?;
        webhook.headers = it;
    }
    if let Some(it) = filters {
        if let Some(it) = &it
            && let Err(error) = filters::check("filters", it)
        {
            return invalid(error);
        }
        webhook.filters = it;
    }
    if let Some(it) = retry_count {
        if it > MAX_RETRIES {
            return invalid(format!("retryCount must not be greater than {MAX_RETRIES}"));
        }
        webhook.retry_count = it;
    }
    if let Some(it) = ordering {
        webhook.ordering = it;
    }
    Ok(())
}

fn known_events() -> String {
    let names: Vec<_> = EventKind::ALL.iter().map(|it| it.name()).collect();
    format!("each value in events must be one of the following values: {}, *", names.join(", "))
}

fn check_headers(headers: &BTreeMap<String, String>) -> Result<()> {
    let invalid = |text: String| Err(GatewayError::InvalidInput(text));
    if headers.len() > MAX_HEADERS {
        return invalid(format!("headers must have no more than {MAX_HEADERS} entries"));
    }
    for (name, value) in headers {
        let shown: String = name.chars().take(64).collect();
        if HeaderName::from_bytes(name.as_bytes()).is_err() {
            return invalid(format!("headers: '{shown}' is not a header name"));
        }
        if value.chars().count() > MAX_HEADER_VALUE {
            return invalid(format!(
                "headers: the value of '{shown}' must be shorter than or equal to {MAX_HEADER_VALUE} characters"
            ));
        }
        if latin_1(value).is_none() {
            return invalid(format!("headers: the value of '{shown}' must be Latin-1 text in one line"));
        }
    }
    Ok(())
}

impl From<UrlRefused> for GatewayError {
    fn from(refused: UrlRefused) -> Self {
        match refused {
            UrlRefused::Address(_) => Self::AddressRefused(refused.to_string()),
            other => Self::InvalidInput(other.to_string()),
        }
    }
}
