//! API keys: their hashes and what they may do.

use async_trait::async_trait;
use openwa_model::{
    Timestamp,
    id::KeyId,
    key::{ApiKey, Role},
    store::{KeyReads, KeyWrites, Result, StoreError},
};
use sqlx::query;

use crate::{
    dialect::{Row, Statement},
    row::{Fields, millis, optional_json},
    work::{Source, Work},
    writer::Turn,
};

#[async_trait]
impl<S: Source> KeyReads for Work<S> {
    async fn key_by_hash(&mut self, hash: &str) -> Result<Option<ApiKey>> {
        let row = self.source.one(query("SELECT * FROM api_keys WHERE hash = $1").bind(hash.to_owned())).await?;
        row.map(|it| read(&it)).transpose()
    }

    async fn key(&mut self, id: KeyId) -> Result<Option<ApiKey>> {
        let row = self.source.one(query("SELECT * FROM api_keys WHERE id = $1").bind(id.to_string())).await?;
        row.map(|it| read(&it)).transpose()
    }

    async fn keys(&mut self) -> Result<Vec<ApiKey>> {
        let rows = self.source.all(query("SELECT * FROM api_keys ORDER BY created_at DESC, id DESC")).await?;
        rows.iter().map(read).collect()
    }
}

#[async_trait]
impl KeyWrites for Work<Turn> {
    async fn add_key(&mut self, key: &ApiKey) -> Result<()> {
        let statement = query(
            "INSERT INTO api_keys (id, name, role, allowed_ips, allowed_sessions, allowed_chats, active, expires_at, \
             created_at, prefix, hash, last_used_at, usage_count) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING",
        );
        let statement = bind(statement, key)?
            .bind(key.prefix.clone())
            .bind(key.hash.clone())
            .bind(key.last_used_at.map(millis))
            .bind(i64::try_from(key.usage_count).unwrap_or(i64::MAX));
        match self.source.run(statement).await? {
            0 => Err(StoreError::Conflict("this key")),
            _ => Ok(()),
        }
    }

    async fn save_key(&mut self, key: &ApiKey) -> Result<bool> {
        let statement = query(
            "UPDATE api_keys SET name = $2, role = $3, allowed_ips = $4, allowed_sessions = $5, allowed_chats = $6, \
             active = $7, expires_at = $8, created_at = $9 WHERE id = $1",
        );
        Ok(self.source.run(bind(statement, key)?).await? > 0)
    }

    async fn delete_key(&mut self, id: KeyId) -> Result<bool> {
        Ok(self.source.run(query("DELETE FROM api_keys WHERE id = $1").bind(id.to_string())).await? > 0)
    }

    async fn count_key_use(&mut self, id: KeyId, times: u64, at: Timestamp) -> Result<()> {
        let statement = query(
            "UPDATE api_keys SET usage_count = usage_count + $2, \
             last_used_at = CASE WHEN last_used_at > $3 THEN last_used_at ELSE $3 END WHERE id = $1",
        );
        let times = i64::try_from(times).unwrap_or(i64::MAX);
        self.source.run(statement.bind(id.to_string()).bind(times).bind(millis(at))).await.map(drop)
    }
}

fn bind<'q>(statement: Statement<'q>, key: &ApiKey) -> Result<Statement<'q>> {
    Ok(statement
        .bind(key.id.to_string())
        .bind(key.name.clone())
        .bind(key.role.name())
        .bind(optional_json(key.allowed_ips.as_ref())?)
        .bind(optional_json(key.allowed_sessions.as_ref())?)
        .bind(optional_json(key.allowed_chats.as_ref())?)
        .bind(i64::from(key.active))
        .bind(key.expires_at.map(millis))
        .bind(millis(key.created_at)))
}

fn read(row: &Row) -> Result<ApiKey> {
    let fields = Fields::of("api_keys", row);
    Ok(ApiKey {
        id: KeyId(fields.parsed("id")?),
        name: fields.get("name")?,
        prefix: fields.get("prefix")?,
        hash: fields.get("hash")?,
        role: fields.word("role", Role::of)?,
        allowed_ips: fields.optional_json("allowed_ips")?,
        allowed_sessions: fields.optional_json("allowed_sessions")?,
        allowed_chats: fields.optional_json("allowed_chats")?,
        active: fields.flag("active")?,
        expires_at: fields.optional_instant("expires_at")?,
        last_used_at: fields.optional_instant("last_used_at")?,
        usage_count: fields.count("usage_count")?,
        created_at: fields.instant("created_at")?,
    })
}
