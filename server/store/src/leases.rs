//! Leases: which node runs a session, until when, and the number that refuses those who held it before.

use std::time::Duration;

use openwa_model::{
    Timestamp,
    id::SessionId,
    store::{Lease, Result, StoreError},
};
use sqlx::query;

use crate::{
    row::{Fields, millis},
    work::Source,
};

pub(crate) async fn acquire(
    source: &mut impl Source,
    id: SessionId,
    owner: &str,
    now: Timestamp,
    lasts: Duration,
) -> Result<Option<Lease>> {
    let statement = query(
        "UPDATE sessions SET lease_owner = $2, lease_until = $3, lease_fence = lease_fence + 1 \
         WHERE id = $1 AND (lease_owner IS NULL OR lease_owner = $2 OR lease_until <= $4) RETURNING lease_fence",
    );
    let statement = statement.bind(id.to_string()).bind(owner.to_owned()).bind(end(now, lasts)).bind(millis(now));
    let Some(row) = source.one(statement).await? else { return Ok(None) };
    let fence = Fields::of("sessions", &row).get("lease_fence")?;
    Ok(Some(Lease { session: id, owner: owner.to_owned(), fence }))
}

pub(crate) async fn renew(source: &mut impl Source, owner: &str, now: Timestamp, lasts: Duration) -> Result<()> {
    let statement = query("UPDATE sessions SET lease_until = $2 WHERE lease_owner = $1");
    source.run(statement.bind(owner.to_owned()).bind(end(now, lasts))).await.map(drop)
}

pub(crate) async fn release(source: &mut impl Source, lease: &Lease) -> Result<()> {
    let statement = query(
        "UPDATE sessions SET lease_owner = NULL, lease_until = NULL \
         WHERE id = $1 AND lease_owner = $2 AND lease_fence = $3",
    );
    let statement = statement.bind(lease.session.to_string()).bind(lease.owner.clone()).bind(lease.fence);
    source.run(statement).await.map(drop)
}

pub(crate) async fn check(source: &mut impl Source, lease: &Lease) -> Result<()> {
    let statement = query("SELECT 1 FROM sessions WHERE id = $1 AND lease_owner = $2 AND lease_fence = $3");
    let statement = statement.bind(lease.session.to_string()).bind(lease.owner.clone()).bind(lease.fence);
    source.one(statement).await?.map(drop).ok_or(StoreError::LeaseLost)
}

fn end(now: Timestamp, lasts: Duration) -> i64 {
    millis(now.checked_add(lasts).unwrap_or(Timestamp::MAX))
}
