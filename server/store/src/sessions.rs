//! Sessions: one row each, written whole.

use async_trait::async_trait;
use openwa_model::{
    Timestamp,
    engine::EngineKind,
    id::SessionId,
    session::{Session, Status},
    store::{Lease, Page, Result, SessionFilter, SessionReads, SessionWrites, StoreError},
};
use sqlx::query;
use std::time::Duration;

use crate::{
    dialect::{Row, Statement, any_of, list},
    leases,
    row::{Fields, millis, optional_json, to_json},
    seal::Sealer,
    work::{Source, Work},
    writer::Turn,
};

const NAME: &str = "a session of this name";

#[async_trait]
impl<S: Source> SessionReads for Work<S> {
    async fn session(&mut self, id: SessionId) -> Result<Option<Session>> {
        let row = self.source.one(query("SELECT * FROM sessions WHERE id = $1").bind(id.to_string())).await?;
        row.map(|it| read(&it, &self.sealer)).transpose()
    }

    async fn sessions(&mut self, filter: &SessionFilter, page: Page) -> Result<Vec<Session>> {
        let statement = query(concat!(
            "SELECT * FROM sessions WHERE ($1 IS NULL OR name = $1) AND ($2 IS NULL OR id IN ",
            any_of!("$2"),
            ") ORDER BY created_at DESC, id DESC LIMIT $3 OFFSET $4"
        ));
        let rows = statement
            .bind(filter.name.as_deref())
            .bind(filter.among.as_ref().map(list))
            .bind(i64::from(page.limit))
            .bind(i64::from(page.offset));
        self.source.all(rows).await?.iter().map(|it| read(it, &self.sealer)).collect()
    }

    async fn sessions_wanted(&mut self) -> Result<Vec<Session>> {
        let rows = self.source.all(query("SELECT * FROM sessions WHERE wanted = 1 ORDER BY created_at, id")).await?;
        rows.iter().map(|it| read(it, &self.sealer)).collect()
    }
}

#[async_trait]
impl SessionWrites for Work<Turn> {
    async fn add_session(&mut self, session: &Session) -> Result<()> {
        let statement = query(
            "INSERT INTO sessions (id, name, engine, wanted, status, last_error, account, config, proxy, restriction, \
             connected_at, last_active, updated_at, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING",
        );
        let statement = bind(statement, session, &self.sealer)?.bind(millis(session.created_at));
        match self.source.run(statement).await? {
            0 => Err(StoreError::Conflict(NAME)),
            _ => Ok(()),
        }
    }

    async fn save_session(&mut self, session: &Session) -> Result<bool> {
        let statement = query(
            "UPDATE sessions SET name = $2, engine = $3, wanted = $4, status = $5, last_error = $6, account = $7, \
             config = $8, proxy = $9, restriction = $10, connected_at = $11, last_active = $12, updated_at = $13 \
             WHERE id = $1",
        );
        match self.source.run(bind(statement, session, &self.sealer)?).await {
            Ok(changed) => Ok(changed > 0),
            Err(StoreError::Conflict(_)) => Err(StoreError::Conflict(NAME)),
            Err(error) => Err(error),
        }
    }

    async fn delete_session(&mut self, id: SessionId) -> Result<bool> {
        // All that is its own refers to it and goes with it.
        Ok(self.source.run(query("DELETE FROM sessions WHERE id = $1").bind(id.to_string())).await? > 0)
    }

    async fn acquire_lease(
        &mut self,
        id: SessionId,
        owner: &str,
        now: Timestamp,
        lasts: Duration,
    ) -> Result<Option<Lease>> {
        leases::acquire(&mut self.source, id, owner, now, lasts).await
    }

    async fn renew_leases(&mut self, owner: &str, now: Timestamp, lasts: Duration) -> Result<()> {
        leases::renew(&mut self.source, owner, now, lasts).await
    }

    async fn release_lease(&mut self, lease: &Lease) -> Result<()> {
        leases::release(&mut self.source, lease).await
    }

    async fn check_lease(&mut self, lease: &Lease) -> Result<()> {
        leases::check(&mut self.source, lease).await
    }
}

fn bind<'q>(statement: Statement<'q>, session: &Session, sealer: &Sealer) -> Result<Statement<'q>> {
    let sealed = session.proxy.as_ref().map(|it| sealer.seal(&proxy_place(session.id), it.as_bytes())).transpose();
    Ok(statement
        .bind(session.id.to_string())
        .bind(session.name.clone())
        .bind(session.engine.name())
        .bind(i64::from(session.wanted))
        .bind(session.status.name())
        .bind(session.last_error.clone())
        .bind(optional_json(session.account.as_ref())?)
        .bind(to_json(&session.config)?)
        .bind(sealed.map_err(|it| StoreError::Driver(it.into()))?)
        .bind(optional_json(session.restriction.as_ref())?)
        .bind(session.connected_at.map(millis))
        .bind(session.last_active.map(millis))
        .bind(millis(session.updated_at)))
}

fn read(row: &Row, sealer: &Sealer) -> Result<Session> {
    let fields = Fields::of("sessions", row);
    let id = SessionId(fields.parsed("id")?);
    let proxy: Option<&[u8]> = fields.get("proxy")?;
    let proxy = proxy.map(|it| sealer.unseal_text(&proxy_place(id), it)).transpose();
    Ok(Session {
        id,
        name: fields.get("name")?,
        engine: fields.word("engine", EngineKind::of)?,
        wanted: fields.flag("wanted")?,
        status: fields.word("status", Status::of)?,
        last_error: fields.get("last_error")?,
        account: fields.optional_json("account")?,
        config: fields.json("config")?,
        proxy: proxy.map_err(|it| fields.corrupt(it))?,
        restriction: fields.optional_json("restriction")?,
        connected_at: fields.optional_instant("connected_at")?,
        last_active: fields.optional_instant("last_active")?,
        created_at: fields.instant("created_at")?,
        updated_at: fields.instant("updated_at")?,
    })
}

fn proxy_place(id: SessionId) -> String {
    format!("sessions/{id}/proxy")
}
