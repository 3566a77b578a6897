//! Deliveries that will not be tried again, kept for people, and how they are tried again after all.

use openwa_model::{
    Timestamp,
    id::SessionId,
    store::{FailureFilter, Page, Result},
    webhook::DeliveryFailure,
};
use sqlx::query;

use crate::{
    deliveries::{demote, promote, read},
    dialect::{Row, Statement, any_of, list as texts},
    row::{Fields, millis},
    work::Source,
};

pub(crate) async fn add(source: &mut impl Source, failure: &DeliveryFailure) -> Result<()> {
    let delivery = &failure.delivery;
    let statement = query(
        "INSERT INTO deliveries (id, webhook, session, position, lane, state, kind, idempotency_key, body, attempts, \
         due_at, created_at, failed_at, last_status, last_error) \
         VALUES ($1, $2, $3, $4, $5, 'failed', $6, $7, $8, $9, $10, $11, $11, $12, $13) ON CONFLICT DO NOTHING",
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
        .bind(millis(delivery.created_at))
        .bind(failure.last_status.map(i64::from))
        .bind(failure.last_error.clone());
    source.run(statement).await.map(drop)
}

pub(crate) async fn list(
    source: &mut impl Source,
    session: Option<SessionId>,
    page: Page,
) -> Result<Vec<DeliveryFailure>> {
    let statement = match session {
        Some(session) => query(
            "SELECT * FROM deliveries WHERE state = 'failed' AND session = $3 \
             ORDER BY failed_at DESC, id DESC LIMIT $1 OFFSET $2",
        )
        .bind(i64::from(page.limit))
        .bind(i64::from(page.offset))
        .bind(session.to_string()),
        None => {
            query("SELECT * FROM deliveries WHERE state = 'failed' ORDER BY failed_at DESC, id DESC LIMIT $1 OFFSET $2")
                .bind(i64::from(page.limit))
                .bind(i64::from(page.offset))
        }
    };
    let rows = source.all(statement).await?;
    rows.iter().map(read_failure).collect()
}

pub(crate) async fn count_revivable(source: &mut impl Source, which: &FailureFilter) -> Result<u64> {
    let statement = query(concat!(
        "SELECT COUNT(*) AS count FROM deliveries WHERE state = 'failed' AND LENGTH(body) > 0 \
         AND ($1 IS NULL OR session = $1) AND ($2 IS NULL OR webhook = $2) AND ($3 IS NULL OR id IN ",
        any_of!("$3"),
        ") AND ($4 IS NULL OR created_at >= $4) AND ($5 IS NULL OR created_at < $5)"
    ));
    let row = source.one(bind(statement, which)).await?;
    row.map_or(Ok(0), |it| Fields::of("deliveries", &it).count("count"))
}

/// Each goes back to its place in its lane, which mostly is the head of it.
pub(crate) async fn revive(source: &mut impl Source, which: &FailureFilter, now: Timestamp, limit: u32) -> Result<u64> {
    let statement = query(concat!(
        "UPDATE deliveries SET state = 'waiting', attempts = 0, due_at = $6, failed_at = NULL, last_status = NULL, \
         last_error = NULL WHERE id IN (SELECT id FROM deliveries WHERE state = 'failed' AND LENGTH(body) > 0 \
         AND ($1 IS NULL OR session = $1) AND ($2 IS NULL OR webhook = $2) AND ($3 IS NULL OR id IN ",
        any_of!("$3"),
        ") AND ($4 IS NULL OR created_at >= $4) AND ($5 IS NULL OR created_at < $5) \
         ORDER BY position LIMIT $7) RETURNING webhook, lane"
    ));
    let revived = source.all(bind(statement, which).bind(millis(now)).bind(i64::from(limit))).await?;
    let mut lanes = std::collections::BTreeSet::new();
    for row in &revived {
        let fields = Fields::of("deliveries", row);
        lanes.insert((fields.get::<String>("webhook")?, fields.get::<String>("lane")?));
    }
    for (webhook, lane) in lanes {
        demote(source, &webhook, lane.clone()).await?;
        promote(source, &webhook, lane, now).await?;
    }
    Ok(u64::try_from(revived.len()).unwrap_or(u64::MAX))
}

fn bind<'q>(statement: Statement<'q>, which: &FailureFilter) -> Statement<'q> {
    statement
        .bind(which.session.map(|it| it.to_string()))
        .bind(which.webhook.map(|it| it.to_string()))
        .bind(which.ids.as_ref().map(texts))
        .bind(which.since.map(millis))
        .bind(which.until.map(millis))
}

pub(crate) async fn expire(source: &mut impl Source, before: Timestamp, keep: u32, limit: u32) -> Result<u64> {
    let old = query(
        "DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE state = 'failed' AND failed_at < $1 \
         ORDER BY failed_at, id LIMIT $2)",
    );
    let old = source.run(old.bind(millis(before)).bind(i64::from(limit))).await?;
    // An index is stepped along for this, no more.
    let beyond = query(
        "DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE state = 'failed' \
         ORDER BY failed_at DESC, id DESC LIMIT $1 OFFSET $2)",
    );
    Ok(old + source.run(beyond.bind(i64::from(limit)).bind(i64::from(keep))).await?)
}

fn read_failure(row: &Row) -> Result<DeliveryFailure> {
    let fields = Fields::of("deliveries", row);
    let last_status: Option<i64> = fields.get("last_status")?;
    Ok(DeliveryFailure {
        delivery: read(row)?,
        last_status: last_status.and_then(|it| u16::try_from(it).ok()),
        last_error: fields.get::<Option<String>>("last_error")?.unwrap_or_default(),
    })
}
