//! Webhooks: who wants to be called. Their secrets and headers are encrypted.

use async_trait::async_trait;
use openwa_model::{
    Timestamp,
    id::{DeliveryId, SessionId, WebhookId},
    secret::Secret,
    store::{FailureFilter, Page, Result, StoreError, WebhookReads, WebhookWrites},
    webhook::{Attempt, Delivery, DeliveryFailure, DeliveryOrder, Settled, Subscription, Webhook, WebhookHealth},
};
use sqlx::query;
use std::time::Duration;

use crate::{
    attempts, deliveries,
    dialect::{Row, Statement, any_of, list},
    failures,
    row::{Fields, millis, optional_json, to_json},
    seal::Sealer,
    work::{Source, Work},
    writer::Turn,
};

#[async_trait]
impl<S: Source> WebhookReads for Work<S> {
    async fn webhook(&mut self, id: WebhookId) -> Result<Option<Webhook>> {
        let row = self.source.one(query("SELECT * FROM webhooks WHERE id = $1").bind(id.to_string())).await?;
        row.map(|it| read(&it, &self.sealer)).transpose()
    }

    async fn webhooks(&mut self, session: SessionId) -> Result<Vec<Webhook>> {
        let statement = query("SELECT * FROM webhooks WHERE session = $1 ORDER BY created_at, id");
        let rows = self.source.all(statement.bind(session.to_string())).await?;
        rows.iter().map(|it| read(it, &self.sealer)).collect()
    }

    async fn all_webhooks(&mut self, among: Option<&[SessionId]>, page: Page) -> Result<Vec<Webhook>> {
        let statement = query(concat!(
            "SELECT * FROM webhooks WHERE ($1 IS NULL OR session IN ",
            any_of!("$1"),
            ") ORDER BY created_at, id LIMIT $2 OFFSET $3"
        ));
        let statement = statement.bind(among.map(list)).bind(i64::from(page.limit)).bind(i64::from(page.offset));
        self.source.all(statement).await?.iter().map(|it| read(it, &self.sealer)).collect()
    }

    async fn delivery_failures(&mut self, session: Option<SessionId>, page: Page) -> Result<Vec<DeliveryFailure>> {
        failures::list(&mut self.source, session, page).await
    }

    async fn count_revivable_deliveries(&mut self, which: &FailureFilter) -> Result<u64> {
        failures::count_revivable(&mut self.source, which).await
    }

    async fn next_delivery_due(&mut self) -> Result<Option<Timestamp>> {
        deliveries::next_due(&mut self.source).await
    }

    async fn webhook_health(&mut self, id: WebhookId) -> Result<Option<WebhookHealth>> {
        let statement = query("SELECT failures, failing_since, paused_until, told_at FROM webhooks WHERE id = $1");
        let row = self.source.one(statement.bind(id.to_string())).await?;
        row.map(|it| health(&Fields::of("webhooks", &it))).transpose()
    }

    async fn delivery_attempts(&mut self, webhook: WebhookId, page: Page) -> Result<Vec<Attempt>> {
        attempts::list(&mut self.source, webhook, page).await
    }
}

#[async_trait]
impl WebhookWrites for Work<Turn> {
    async fn add_webhook(&mut self, webhook: &Webhook) -> Result<()> {
        let statement = query(
            "INSERT INTO webhooks (id, session, url, events, active, secret, headers, filters, retry_count, \
             updated_at, created_at, ordering, last_triggered_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING",
        );
        let statement = bind(statement, webhook, &self.sealer)?.bind(webhook.last_triggered_at.map(millis));
        match self.source.run(statement).await? {
            0 => Err(StoreError::Conflict("a webhook with this id")),
            _ => Ok(()),
        }
    }

    async fn save_webhook(&mut self, webhook: &Webhook) -> Result<bool> {
        let statement = query(
            "UPDATE webhooks SET session = $2, url = $3, events = $4, active = $5, secret = $6, headers = $7, \
             filters = $8, retry_count = $9, updated_at = $10, created_at = $11, ordering = $12 WHERE id = $1",
        );
        Ok(self.source.run(bind(statement, webhook, &self.sealer)?).await? > 0)
    }

    async fn delete_webhook(&mut self, id: WebhookId) -> Result<bool> {
        Ok(self.source.run(query("DELETE FROM webhooks WHERE id = $1").bind(id.to_string())).await? > 0)
    }

    async fn add_delivery(&mut self, delivery: &Delivery) -> Result<()> {
        deliveries::add(&mut self.source, delivery).await.map(drop)
    }

    async fn add_delivery_failure(&mut self, failure: &DeliveryFailure) -> Result<()> {
        failures::add(&mut self.source, failure).await
    }

    async fn claim_deliveries(
        &mut self,
        now: Timestamp,
        lease: Duration,
        limit: u32,
        per_webhook: u32,
        slow: &[WebhookId],
    ) -> Result<Vec<Delivery>> {
        let until = now.checked_add(lease).unwrap_or(Timestamp::MAX);
        deliveries::claim(&mut self.source, now, until, limit, per_webhook, slow).await
    }

    async fn release_claims(&mut self) -> Result<()> {
        deliveries::release_claims(&mut self.source).await
    }

    async fn revive_deliveries(&mut self, which: &FailureFilter, now: Timestamp, limit: u32) -> Result<u64> {
        failures::revive(&mut self.source, which, now, limit).await
    }

    async fn settle_delivery(&mut self, id: DeliveryId, now: Timestamp, how: &Settled) -> Result<()> {
        deliveries::settle(&mut self.source, id, now, how).await
    }

    async fn replay_delivery(&mut self, delivery: &Delivery) -> Result<bool> {
        deliveries::replay(&mut self.source, delivery).await
    }

    async fn note_webhook_health(&mut self, id: WebhookId, health: &WebhookHealth) -> Result<()> {
        let statement = query(
            "UPDATE webhooks SET failures = $2, failing_since = $3, paused_until = $4, told_at = $5 WHERE id = $1",
        );
        let statement = statement
            .bind(id.to_string())
            .bind(i64::from(health.failures))
            .bind(health.failing_since.map(millis))
            .bind(health.paused_until.map(millis))
            .bind(health.told_at.map(millis));
        self.source.run(statement).await.map(drop)
    }

    async fn log_attempts(&mut self, attempts: &[Attempt], keep: u32) -> Result<()> {
        attempts::add(&mut self.source, attempts, keep).await
    }

    async fn expire_delivery_attempts(&mut self, before: Timestamp, limit: u32) -> Result<u64> {
        attempts::expire(&mut self.source, before, limit).await
    }

    async fn expire_delivery_failures(&mut self, before: Timestamp, keep: u32, limit: u32) -> Result<u64> {
        failures::expire(&mut self.source, before, keep, limit).await
    }

    async fn give_up_deliveries(&mut self, before: Timestamp, now: Timestamp, error: &str, limit: u32) -> Result<u64> {
        deliveries::give_up(&mut self.source, before, now, error, limit).await
    }
}

fn bind<'q>(statement: Statement<'q>, webhook: &Webhook, sealer: &Sealer) -> Result<Statement<'q>> {
    let seal = |column, clear: &str| {
        sealer.seal(&place(webhook.id, column), clear.as_bytes()).map_err(|it| StoreError::Driver(it.into()))
    };
    let headers = (!webhook.headers.is_empty()).then(|| to_json(&webhook.headers)).transpose()?;
    Ok(statement
        .bind(webhook.id.to_string())
        .bind(webhook.session.to_string())
        .bind(webhook.url.clone())
        .bind(to_json(&webhook.events.names())?)
        .bind(i64::from(webhook.active))
        .bind(webhook.secret.as_ref().map(|it| seal("secret", it.expose())).transpose()?)
        .bind(headers.map(|it| seal("headers", &it)).transpose()?)
        .bind(optional_json(webhook.filters.as_ref())?)
        .bind(i64::from(webhook.retry_count))
        .bind(millis(webhook.updated_at))
        .bind(millis(webhook.created_at))
        .bind(webhook.ordering.name()))
}

fn read(row: &Row, sealer: &Sealer) -> Result<Webhook> {
    let fields = Fields::of("webhooks", row);
    let id = WebhookId(fields.parsed("id")?);
    let unseal = |column| {
        let sealed: Option<&[u8]> = fields.get(column)?;
        sealed.map(|it| sealer.unseal_text(&place(id, column), it).map_err(|it| fields.corrupt(it))).transpose()
    };
    let names: Vec<String> = fields.json("events")?;
    let events = Subscription::of(names.iter().map(String::as_str));
    let headers: Option<String> = unseal("headers")?;
    let headers = headers.map(|it| serde_json::from_str(&it).map_err(|it| fields.corrupt(it))).transpose()?;
    Ok(Webhook {
        id,
        session: SessionId(fields.parsed("session")?),
        url: fields.get("url")?,
        events: events.map_err(|it| fields.corrupt(format!("unknown event {it}")))?,
        active: fields.flag("active")?,
        secret: unseal("secret")?.map(Secret::new),
        headers: headers.unwrap_or_default(),
        filters: fields.optional_json("filters")?,
        retry_count: fields.count("retry_count")?,
        ordering: fields.word("ordering", DeliveryOrder::of)?,
        health: health(&fields)?,
        last_triggered_at: fields.optional_instant("last_triggered_at")?,
        created_at: fields.instant("created_at")?,
        updated_at: fields.instant("updated_at")?,
    })
}

fn health(fields: &Fields<'_>) -> Result<WebhookHealth> {
    Ok(WebhookHealth {
        failures: fields.count("failures")?,
        failing_since: fields.optional_instant("failing_since")?,
        paused_until: fields.optional_instant("paused_until")?,
        told_at: fields.optional_instant("told_at")?,
    })
}

fn place(id: WebhookId, column: &str) -> String {
    format!("webhooks/{id}/{column}")
}
