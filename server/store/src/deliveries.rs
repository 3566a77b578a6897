//! Deliveries: what is still to be called.
//!
//! Each delivery has a state. Of a lane only the oldest is `later`, `ready` or `held`; all behind it
//! are `waiting`. Claiming therefore looks at the heads of lanes only, through an index on each
//! state, and steps from webhook to webhook, so that neither long lanes nor many lanes behind a dead
//! receiver make it slower.

use openwa_model::{
    Timestamp,
    event::EventKind,
    id::{DeliveryId, Position, SessionId, WebhookId},
    store::Result,
    webhook::{Delivery, Settled},
};
use sqlx::query;

use crate::{
    dialect::{Row, any_of, list},
    row::{Fields, millis},
    work::Source,
};

/// False when one of this webhook and position is there already.
pub(crate) async fn add(source: &mut impl Source, delivery: &Delivery) -> Result<bool> {
    let statement = query(
        "INSERT INTO deliveries (id, webhook, session, position, lane, kind, idempotency_key, body, attempts, due_at, \
         created_at, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, CASE \
         WHEN EXISTS (SELECT 1 FROM deliveries WHERE webhook = $2 AND lane = $5 AND state <> 'failed' \
         AND (position < $4 OR state = 'held')) THEN 'waiting' \
         WHEN $10 <= $11 THEN 'ready' ELSE 'later' END) ON CONFLICT DO NOTHING RETURNING state",
    );
    let statement = statement
        .bind(delivery.id.to_string())
        .bind(delivery.webhook.to_string())
        .bind(delivery.session.to_string())
        .bind(delivery.position.0)
        .bind(delivery.lane.clone())
        .bind(delivery.kind.name())
        .bind(delivery.idempotency_key.clone())
        .bind(delivery.body.clone())
        .bind(i64::from(delivery.attempts))
        .bind(millis(delivery.due_at))
        .bind(millis(delivery.created_at));
    let Some(row) = source.one(statement).await? else { return Ok(false) };
    if Fields::of("deliveries", &row).get::<&str>("state")? != "waiting" {
        demote(source, &delivery.webhook.to_string(), delivery.lane.clone()).await?;
    }
    Ok(true)
}

/// The same, in place of one that failed.
pub(crate) async fn replay(source: &mut impl Source, delivery: &Delivery) -> Result<bool> {
    let statement = query("DELETE FROM deliveries WHERE webhook = $1 AND position = $2 AND state = 'failed'");
    source.run(statement.bind(delivery.webhook.to_string()).bind(delivery.position.0)).await?;
    add(source, delivery).await
}

/// Should one lead its lane that is not the oldest any more, it waits again.
pub(crate) async fn demote(source: &mut impl Source, webhook: &str, lane: String) -> Result<()> {
    let statement = query(
        "UPDATE deliveries SET state = 'waiting' WHERE webhook = $1 AND lane = $2 AND state IN ('ready', 'later') \
         AND state <> 'failed' AND position > \
         (SELECT MIN(position) FROM deliveries WHERE webhook = $1 AND lane = $2 AND state <> 'failed')",
    );
    source.run(statement.bind(webhook.to_owned()).bind(lane)).await.map(drop)
}

/// Per webhook, `$1` (for those in `$3` and those that begin anew after a pause, one; for those paused at `$4`, none)
/// less what is held; of that many heads the oldest, `$2` in all. The first part steps through the index from one
/// webhook with something ready to the next.
pub(crate) const CANDIDATES: &str = concat!(
    "WITH RECURSIVE busy (webhook) AS ( \
        SELECT (SELECT webhook FROM deliveries WHERE state = 'ready' ORDER BY webhook LIMIT 1) \
        UNION ALL \
        SELECT (SELECT webhook FROM deliveries WHERE state = 'ready' AND webhook > busy.webhook \
                ORDER BY webhook LIMIT 1) \
        FROM busy WHERE busy.webhook IS NOT NULL \
    ), room (webhook, free) AS ( \
        SELECT busy.webhook, CASE WHEN webhooks.paused_until > $4 THEN 0 \
        WHEN webhooks.paused_until IS NOT NULL OR busy.webhook IN ",
    any_of!("$3"),
    " THEN 1 ELSE $1 END \
        - (SELECT COUNT(*) FROM deliveries WHERE state = 'held' AND webhook = busy.webhook) \
        FROM busy JOIN webhooks ON webhooks.id = busy.webhook \
    ) \
    SELECT id FROM ( \
        SELECT deliveries.id, deliveries.position, room.free, \
               ROW_NUMBER() OVER (PARTITION BY deliveries.webhook ORDER BY deliveries.position) AS nth \
        FROM room JOIN deliveries ON deliveries.id IN ( \
            SELECT head.id FROM deliveries head WHERE head.state = 'ready' AND head.webhook = room.webhook \
            ORDER BY head.position LIMIT $1) \
    ) AS heads WHERE nth <= free ORDER BY position LIMIT $2"
);

pub(crate) async fn claim(
    source: &mut impl Source,
    now: Timestamp,
    until: Timestamp,
    limit: u32,
    per_webhook: u32,
    slow: &[WebhookId],
) -> Result<Vec<Delivery>> {
    for due in [
        // Whoever held these is gone, or too slow.
        "UPDATE deliveries SET state = 'ready', held_until = NULL WHERE state = 'held' AND held_until <= $1",
        "UPDATE deliveries SET state = 'ready' WHERE state = 'later' AND due_at <= $1",
    ] {
        source.run(query(due).bind(millis(now))).await?;
    }
    let candidates = query(CANDIDATES).bind(i64::from(per_webhook)).bind(i64::from(limit));
    let candidates = candidates.bind(list(slow)).bind(millis(now));
    let candidates = source.all(candidates).await?;
    if candidates.is_empty() {
        return Ok(Vec::new());
    }
    let ids =
        candidates.iter().map(|it| Fields::of("deliveries", it).get::<String>("id")).collect::<Result<Vec<_>>>()?;
    let statement = query(concat!(
        "UPDATE deliveries SET state = 'held', held_until = $2 WHERE id IN ",
        any_of!("$1"),
        " RETURNING *"
    ));
    let rows = source.all(statement.bind(list(ids)).bind(millis(until))).await?;
    let mut claimed: Vec<Delivery> = rows.iter().map(read).collect::<Result<_>>()?;
    claimed.sort_by_key(|it| it.position);
    Ok(claimed)
}

pub(crate) async fn release_claims(source: &mut impl Source) -> Result<()> {
    source.run(query("UPDATE deliveries SET state = 'ready', held_until = NULL WHERE state = 'held'")).await.map(drop)
}

pub(crate) async fn settle(source: &mut impl Source, id: DeliveryId, now: Timestamp, how: &Settled) -> Result<()> {
    let statement = match how {
        Settled::Delivered { .. } | Settled::Dropped => {
            query("DELETE FROM deliveries WHERE id = $1 AND state <> 'failed' RETURNING webhook, lane")
                .bind(id.to_string())
        }
        Settled::Retry { due_at, status, error } => query(
            "UPDATE deliveries SET state = 'later', held_until = NULL, attempts = attempts + 1, due_at = $2, \
             last_status = $3, last_error = $4 WHERE id = $1 AND state <> 'failed' AND state <> 'waiting' \
             RETURNING webhook, lane",
        )
        .bind(id.to_string())
        .bind(millis(*due_at))
        .bind(status.map(i64::from))
        .bind(error.clone()),
        Settled::Failed { status, error } => query(
            "UPDATE deliveries SET state = 'failed', held_until = NULL, attempts = attempts + 1, failed_at = $2, \
             last_status = $3, last_error = $4 WHERE id = $1 AND state <> 'failed' RETURNING webhook, lane",
        )
        .bind(id.to_string())
        .bind(millis(now))
        .bind(status.map(i64::from))
        .bind(error.clone()),
    };
    let Some(row) = source.one(statement).await? else { return Ok(()) };
    let fields = Fields::of("deliveries", &row);
    let (webhook, lane): (String, String) = (fields.get("webhook")?, fields.get("lane")?);
    if !matches!(how, Settled::Retry { .. }) {
        promote(source, &webhook, lane, now).await?;
    }
    if !matches!(how, Settled::Dropped) {
        let statement = query("UPDATE webhooks SET last_triggered_at = $2 WHERE id = $1");
        source.run(statement.bind(webhook).bind(millis(now))).await?;
    }
    Ok(())
}

/// Ends what waits for receivers that have failed all the while. The oldest of a webhook are looked at only, so that
/// however much waits, this takes no longer.
pub(crate) async fn give_up(
    source: &mut impl Source,
    before: Timestamp,
    now: Timestamp,
    error: &str,
    limit: u32,
) -> Result<u64> {
    let statement = query("SELECT id FROM webhooks WHERE failing_since < $1 ORDER BY failing_since");
    let failing = source.all(statement.bind(millis(before))).await?;
    let failing: Vec<String> = failing.iter().map(|it| Fields::of("webhooks", it).get("id")).collect::<Result<_>>()?;
    let mut given_up = 0;
    for webhook in failing {
        let statement = query(
            "UPDATE deliveries SET state = 'failed', failed_at = $3, last_error = $4 WHERE id IN \
             (SELECT id FROM (SELECT id, created_at FROM deliveries WHERE webhook = $1 \
             AND state IN ('waiting', 'ready', 'later') ORDER BY position LIMIT $5) AS oldest WHERE created_at < $2) \
             RETURNING lane",
        );
        let statement = statement.bind(webhook.clone()).bind(millis(before)).bind(millis(now)).bind(error.to_owned());
        let ended = source.all(statement.bind(i64::from(limit))).await?;
        given_up += ended.len() as u64;
        let mut lanes = std::collections::BTreeSet::new();
        for row in &ended {
            lanes.insert(Fields::of("deliveries", row).get::<String>("lane")?);
        }
        for lane in lanes {
            promote(source, &webhook, lane, now).await?;
        }
    }
    Ok(given_up)
}

/// The oldest of a lane leads it, unless one of the lane is held still.
pub(crate) async fn promote(source: &mut impl Source, webhook: &str, lane: String, now: Timestamp) -> Result<()> {
    let statement = query(
        "UPDATE deliveries SET state = CASE WHEN due_at <= $3 THEN 'ready' ELSE 'later' END WHERE id = \
         (SELECT id FROM deliveries WHERE webhook = $1 AND lane = $2 AND state <> 'failed' ORDER BY position LIMIT 1) \
         AND state = 'waiting' AND NOT EXISTS \
         (SELECT 1 FROM deliveries WHERE webhook = $1 AND lane = $2 AND state = 'held')",
    );
    source.run(statement.bind(webhook.to_owned()).bind(lane).bind(millis(now))).await.map(drop)
}

/// When a claim may find something again. What is held counts from the end of its lease.
pub(crate) async fn next_due(source: &mut impl Source) -> Result<Option<Timestamp>> {
    let statement = query(
        "SELECT (SELECT due_at FROM deliveries WHERE state = 'ready' LIMIT 1) AS ready, \
         (SELECT MIN(due_at) FROM deliveries WHERE state = 'later') AS later, \
         (SELECT MIN(held_until) FROM deliveries WHERE state = 'held') AS held",
    );
    let Some(row) = source.one(statement).await? else { return Ok(None) };
    let fields = Fields::of("deliveries", &row);
    let (ready, later) = (fields.optional_instant("ready")?, fields.optional_instant("later")?);
    Ok([ready, later, fields.optional_instant("held")?].into_iter().flatten().min())
}

pub(crate) fn read(row: &Row) -> Result<Delivery> {
    let fields = Fields::of("deliveries", row);
    Ok(Delivery {
        id: DeliveryId(fields.parsed("id")?),
        webhook: WebhookId(fields.parsed("webhook")?),
        session: SessionId(fields.parsed("session")?),
        position: Position(fields.get("position")?),
        lane: fields.get("lane")?,
        kind: fields.word("kind", EventKind::of)?,
        idempotency_key: fields.get("idempotency_key")?,
        body: fields.get("body")?,
        attempts: fields.count("attempts")?,
        due_at: fields.instant("due_at")?,
        created_at: fields.instant("created_at")?,
    })
}
