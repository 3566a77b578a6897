//! Requests that must take effect once, and what they were answered.

use async_trait::async_trait;
use openwa_model::{
    Timestamp,
    id::{KeyId, MessageId, SessionId},
    idempotency::{IdempotentRequest, KeyOwner, StoredAnswer},
    store::{IdempotencyReads, IdempotencyWrites, Result, StoreError},
};
use sqlx::query;

use crate::{
    dialect::Row,
    row::{Fields, millis, optional_text},
    work::{Source, Work},
    writer::Turn,
};

#[async_trait]
impl<S: Source> IdempotencyReads for Work<S> {
    async fn idempotent_request(
        &mut self,
        owner: KeyOwner,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<IdempotentRequest>> {
        let statement = query("SELECT * FROM idempotent_requests WHERE owner = $1 AND key = $2 AND expires_at > $3");
        let statement = statement.bind(owner.to_string()).bind(key.to_owned()).bind(millis(now));
        self.source.one(statement).await?.map(|it| read(&it)).transpose()
    }
}

#[async_trait]
impl IdempotencyWrites for Work<Turn> {
    async fn add_idempotent_request(&mut self, request: &IdempotentRequest) -> Result<()> {
        let statement = query(
            "INSERT INTO idempotent_requests (owner, key, session, fingerprint, message, answer_status, answer_body, \
             created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
             ON CONFLICT (owner, key) DO UPDATE SET fingerprint = excluded.fingerprint, message = excluded.message, \
             answer_status = excluded.answer_status, answer_body = excluded.answer_body, \
             created_at = excluded.created_at, expires_at = excluded.expires_at \
             WHERE idempotent_requests.expires_at <= excluded.created_at",
        );
        let statement = statement
            .bind(request.owner.to_string())
            .bind(request.key.clone())
            .bind(optional_text(request.owner.session().as_ref()))
            .bind(request.fingerprint.clone())
            .bind(request.message.as_ref().map(|it| it.as_str().to_owned()))
            .bind(request.answer.as_ref().map(|it| i64::from(it.status)))
            .bind(request.answer.as_ref().map(|it| it.body.clone()))
            .bind(millis(request.created_at))
            .bind(millis(request.expires_at));
        match self.source.run(statement).await? {
            0 => Err(StoreError::Conflict("a request with this idempotency key")),
            _ => Ok(()),
        }
    }

    async fn answer_idempotent_request(&mut self, owner: KeyOwner, key: &str, status: u16, body: &[u8]) -> Result<()> {
        let statement =
            query("UPDATE idempotent_requests SET answer_status = $3, answer_body = $4 WHERE owner = $1 AND key = $2");
        let statement =
            statement.bind(owner.to_string()).bind(key.to_owned()).bind(i64::from(status)).bind(body.to_vec());
        self.source.run(statement).await.map(drop)
    }

    async fn delete_idempotent_request(&mut self, owner: KeyOwner, key: &str) -> Result<()> {
        let statement = query("DELETE FROM idempotent_requests WHERE owner = $1 AND key = $2");
        self.source.run(statement.bind(owner.to_string()).bind(key.to_owned())).await.map(drop)
    }

    async fn expire_idempotent_requests(&mut self, now: Timestamp) -> Result<()> {
        let statement = query("DELETE FROM idempotent_requests WHERE expires_at <= $1");
        self.source.run(statement.bind(millis(now))).await.map(drop)
    }
}

fn read(row: &Row) -> Result<IdempotentRequest> {
    let fields = Fields::of("idempotent_requests", row);
    let answer = match fields.get::<Option<i64>>("answer_status")? {
        Some(_) => {
            let body: Option<Vec<u8>> = fields.get("answer_body")?;
            Some(StoredAnswer { status: fields.count("answer_status")?, body: body.unwrap_or_default() })
        }
        None => None,
    };
    let owner = match fields.optional_parsed("session")? {
        Some(session) => KeyOwner::Session(SessionId(session)),
        None => KeyOwner::ApiKey(KeyId(fields.parsed("owner")?)),
    };
    Ok(IdempotentRequest {
        owner,
        key: fields.get("key")?,
        fingerprint: fields.get("fingerprint")?,
        message: fields.get::<Option<String>>("message")?.map(MessageId),
        answer,
        created_at: fields.instant("created_at")?,
        expires_at: fields.instant("expires_at")?,
    })
}
