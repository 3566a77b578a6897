//! What came of each attempt at a delivery: the newest of each webhook, for people.

use std::{collections::BTreeSet, time::Duration};

use openwa_model::{
    Timestamp,
    event::EventKind,
    id::{DeliveryId, WebhookId},
    store::{Page, Result},
    webhook::{Attempt, AttemptOutcome},
};
use serde_json::{Value, json};
use sqlx::query;

use crate::{
    dialect::{Row, each_of},
    row::{Fields, millis},
    work::Source,
};

/// One statement for all of a turn, because each way to the database and back costs.
const ADD: &str = concat!(
    "INSERT INTO delivery_attempts (webhook, number, delivery, kind, idempotency_key, attempt, at, took_ms, outcome, \
     status, error, excerpt, next_at) \
     SELECT webhook, (SELECT COALESCE(MAX(number), 0) FROM delivery_attempts WHERE webhook = given.webhook) \
     + ROW_NUMBER() OVER (PARTITION BY webhook ORDER BY nth), \
     delivery, kind, idempotency_key, attempt, at, took_ms, outcome, status, error, excerpt, next_at \
     FROM (SELECT key AS nth, value ->> 'webhook' AS webhook, value ->> 'delivery' AS delivery, \
     value ->> 'kind' AS kind, value ->> 'idempotency_key' AS idempotency_key, value ->> 'attempt' AS attempt, \
     value ->> 'at' AS at, value ->> 'took_ms' AS took_ms, value ->> 'outcome' AS outcome, \
     value ->> 'status' AS status, value ->> 'error' AS error, value ->> 'excerpt' AS excerpt, \
     value ->> 'next_at' AS next_at FROM ",
    each_of!("$1"),
    ") AS given WHERE EXISTS (SELECT 1 FROM webhooks WHERE id = given.webhook)"
);

pub(crate) async fn add(source: &mut impl Source, attempts: &[Attempt], keep: u32) -> Result<()> {
    if attempts.is_empty() {
        return Ok(());
    }
    let given: Vec<Value> = attempts.iter().map(written).collect();
    source.run(query(ADD).bind(Value::from(given).to_string())).await?;
    let webhooks: BTreeSet<WebhookId> = attempts.iter().map(|it| it.webhook).collect();
    for webhook in webhooks {
        let statement = query(
            "DELETE FROM delivery_attempts WHERE webhook = $1 AND number <= \
             (SELECT MAX(number) FROM delivery_attempts WHERE webhook = $1) - $2",
        );
        source.run(statement.bind(webhook.to_string()).bind(i64::from(keep))).await?;
    }
    Ok(())
}

fn written(attempt: &Attempt) -> Value {
    json!({
        "webhook": attempt.webhook, "delivery": attempt.delivery, "kind": attempt.kind.name(),
        "idempotency_key": attempt.idempotency_key, "attempt": attempt.attempt, "at": millis(attempt.at),
        "took_ms": u64::try_from(attempt.took.as_millis()).unwrap_or(u64::MAX), "outcome": attempt.outcome.name(),
        "status": attempt.status, "error": attempt.error, "excerpt": attempt.excerpt,
        "next_at": attempt.next_at.map(millis),
    })
}

pub(crate) async fn list(source: &mut impl Source, webhook: WebhookId, page: Page) -> Result<Vec<Attempt>> {
    let statement = query("SELECT * FROM delivery_attempts WHERE webhook = $1 ORDER BY number DESC LIMIT $2 OFFSET $3");
    let statement = statement.bind(webhook.to_string()).bind(i64::from(page.limit)).bind(i64::from(page.offset));
    source.all(statement).await?.iter().map(read).collect()
}

pub(crate) async fn expire(source: &mut impl Source, before: Timestamp, limit: u32) -> Result<u64> {
    let statement = query(
        "DELETE FROM delivery_attempts WHERE (webhook, number) IN \
         (SELECT webhook, number FROM delivery_attempts WHERE at < $1 ORDER BY at LIMIT $2)",
    );
    source.run(statement.bind(millis(before)).bind(i64::from(limit))).await
}

fn read(row: &Row) -> Result<Attempt> {
    let fields = Fields::of("delivery_attempts", row);
    let status: Option<i64> = fields.get("status")?;
    Ok(Attempt {
        webhook: WebhookId(fields.parsed("webhook")?),
        delivery: DeliveryId(fields.parsed("delivery")?),
        kind: fields.word("kind", EventKind::of)?,
        idempotency_key: fields.get("idempotency_key")?,
        attempt: fields.count("attempt")?,
        at: fields.instant("at")?,
        took: Duration::from_millis(fields.count("took_ms")?),
        outcome: fields.word("outcome", AttemptOutcome::of)?,
        status: status.and_then(|it| u16::try_from(it).ok()),
        error: fields.get("error")?,
        excerpt: fields.get("excerpt")?,
        next_at: fields.optional_instant("next_at")?,
    })
}
