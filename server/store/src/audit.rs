//! The audit log.

use async_trait::async_trait;
use openwa_model::{
    Timestamp,
    audit::{AuditAction, AuditEntry, AuditFilter, Severity},
    id::{KeyId, SessionId},
    store::{AuditReads, AuditWrites, Page, Result},
};
use sqlx::query;

use crate::{
    dialect::{Row, Statement},
    row::{Fields, millis, optional_json, optional_text},
    work::{Source, Work},
    writer::Turn,
};

#[async_trait]
impl<S: Source> AuditReads for Work<S> {
    async fn audit_entries(&mut self, filter: &AuditFilter, page: Page) -> Result<Vec<AuditEntry>> {
        let statement = query(
            "SELECT * FROM audit_log WHERE ($1 IS NULL OR action = $1) AND ($2 IS NULL OR severity = $2) \
             AND ($3 IS NULL OR session = $3) AND ($4 IS NULL OR key = $4) \
             ORDER BY created_at DESC, id DESC LIMIT $5 OFFSET $6",
        );
        let statement = narrow(statement, filter).bind(i64::from(page.limit)).bind(i64::from(page.offset));
        self.source.all(statement).await?.iter().map(read).collect()
    }

    async fn count_audit_entries(&mut self, filter: &AuditFilter) -> Result<u64> {
        let statement = query(
            "SELECT COUNT(*) AS count FROM audit_log WHERE ($1 IS NULL OR action = $1) \
             AND ($2 IS NULL OR severity = $2) AND ($3 IS NULL OR session = $3) AND ($4 IS NULL OR key = $4)",
        );
        let row = self.source.one(narrow(statement, filter)).await?;
        row.map_or(Ok(0), |it| Fields::of("audit_log", &it).count("count"))
    }
}

#[async_trait]
impl AuditWrites for Work<Turn> {
    async fn add_audit_entry(&mut self, entry: &AuditEntry) -> Result<()> {
        let statement = query(
            "INSERT INTO audit_log (id, action, severity, key, key_name, address, session, metadata, error, \
             created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        );
        let statement = statement
            .bind(entry.id.to_string())
            .bind(entry.action.name())
            .bind(entry.severity.name())
            .bind(optional_text(entry.key.as_ref()))
            .bind(entry.key_name.clone())
            .bind(entry.address.clone())
            .bind(optional_text(entry.session.as_ref()))
            .bind(optional_json(entry.metadata.as_ref())?)
            .bind(entry.error.clone())
            .bind(millis(entry.at));
        self.source.run(statement).await.map(drop)
    }

    async fn expire_audit_entries(&mut self, before: Timestamp) -> Result<()> {
        let statement = query("DELETE FROM audit_log WHERE created_at < $1").bind(millis(before));
        self.source.run(statement).await.map(drop)
    }
}

fn narrow<'q>(statement: Statement<'q>, filter: &AuditFilter) -> Statement<'q> {
    statement
        .bind(filter.action.map(AuditAction::name))
        .bind(filter.severity.map(Severity::name))
        .bind(optional_text(filter.session.as_ref()))
        .bind(optional_text(filter.key.as_ref()))
}

fn read(row: &Row) -> Result<AuditEntry> {
    let fields = Fields::of("audit_log", row);
    Ok(AuditEntry {
        id: fields.parsed("id")?,
        action: fields.word("action", AuditAction::of)?,
        severity: fields.word("severity", Severity::of)?,
        key: fields.optional_parsed("key")?.map(KeyId),
        key_name: fields.get("key_name")?,
        address: fields.get("address")?,
        session: fields.optional_parsed("session")?.map(SessionId),
        metadata: fields.optional_json("metadata")?,
        error: fields.get("error")?,
        at: fields.instant("created_at")?,
    })
}
