//! The vault: an engine's secrets, each encrypted and bound to its place.
//!
//! It keeps nothing in memory. Writes take their turn on the writer like any unit, and share its commits.

use async_trait::async_trait;
use openwa_model::{
    id::SessionId,
    store::{Result, StoreError},
    vault::{Vault, VaultChange, VaultRecord},
};
use sqlx::query;

use crate::{
    SqliteStore,
    dialect::{Row, any_of, list},
    row::Fields,
    seal::Sealer,
    work::Source,
};

pub(crate) struct SessionVault {
    store: SqliteStore,
    session: SessionId,
}

impl SessionVault {
    pub(crate) fn new(store: SqliteStore, session: SessionId) -> Self {
        Self { store, session }
    }

    fn read(&self, space: &str, row: &Row) -> Result<VaultRecord> {
        let fields = Fields::of("vault", row);
        let key: String = fields.get("key")?;
        let opened = self.store.sealer.unseal(&place(self.session, space, &key), fields.get("sealed")?);
        Ok(VaultRecord { value: opened.map_err(|it| fields.corrupt(it))?, stamp: fields.get("stamp")?, key })
    }
}

#[async_trait]
impl Vault for SessionVault {
    async fn get(&self, space: &'static str, key: &str) -> Result<Option<VaultRecord>> {
        let statement = query("SELECT key, sealed, stamp FROM vault WHERE session = $1 AND space = $2 AND key = $3");
        let statement = statement.bind(self.session.to_string()).bind(space).bind(key.to_owned());
        self.store.readers.clone().one(statement).await?.map(|it| self.read(space, &it)).transpose()
    }

    async fn get_many(&self, space: &'static str, keys: &[String]) -> Result<Vec<VaultRecord>> {
        let statement = query(concat!(
            "SELECT key, sealed, stamp FROM vault WHERE session = $1 AND space = $2 AND key IN ",
            any_of!("$3"),
            " ORDER BY key"
        ));
        let statement = statement.bind(self.session.to_string()).bind(space).bind(list(keys));
        self.store.readers.clone().all(statement).await?.iter().map(|it| self.read(space, it)).collect()
    }

    async fn list(&self, space: &'static str, prefix: &str) -> Result<Vec<VaultRecord>> {
        let statement = query(
            "SELECT key, sealed, stamp FROM vault WHERE session = $1 AND space = $2 AND key >= $3 AND key < $4 \
             ORDER BY key",
        );
        let statement =
            statement.bind(self.session.to_string()).bind(space).bind(prefix.to_owned()).bind(beyond(prefix));
        self.store.readers.clone().all(statement).await?.iter().map(|it| self.read(space, it)).collect()
    }

    async fn count(&self, space: &'static str) -> Result<u64> {
        let statement = query("SELECT COUNT(*) AS count FROM vault WHERE session = $1 AND space = $2");
        let row = self.store.readers.clone().one(statement.bind(self.session.to_string()).bind(space)).await?;
        row.map_or(Ok(0), |it| Fields::of("vault", &it).count("count"))
    }

    async fn apply(&self, changes: Vec<VaultChange>) -> Result<u64> {
        if changes.is_empty() {
            return Ok(0);
        }
        let sealed = changes.into_iter().map(|it| seal(&self.store.sealer, self.session, it));
        let changes = sealed.collect::<Result<Vec<_>>>()?;
        let mut turn = self.store.writer.turn().await?;
        let mut deleted = 0;
        for change in changes {
            deleted += apply(&mut turn, self.session, change).await?;
        }
        turn.commit().await?;
        Ok(deleted)
    }

    async fn wipe(&self) -> Result<()> {
        let mut turn = self.store.writer.turn().await?;
        turn.run(query("DELETE FROM vault WHERE session = $1").bind(self.session.to_string())).await?;
        turn.commit().await
    }
}

/// Encrypts what is to be put, before anyone waits for the writer.
fn seal(sealer: &Sealer, session: SessionId, change: VaultChange) -> Result<VaultChange> {
    match change {
        VaultChange::Put { space, key, value, stamp } => {
            let sealed = sealer.seal(&place(session, space, &key), &value);
            Ok(VaultChange::Put { space, key, value: sealed.map_err(|it| StoreError::Driver(it.into()))?, stamp })
        }
        other => Ok(other),
    }
}

/// Says how many records a deletion removed.
async fn apply(source: &mut impl Source, session: SessionId, change: VaultChange) -> Result<u64> {
    let session = session.to_string();
    let statement = match change {
        VaultChange::Put { space, key, value, stamp } => {
            let statement = query(
                "INSERT INTO vault (session, space, key, sealed, stamp) \
                 SELECT id, $2, $3, $4, $5 FROM sessions WHERE id = $1 \
                 ON CONFLICT (session, space, key) DO UPDATE SET sealed = excluded.sealed, stamp = excluded.stamp",
            );
            let statement = statement.bind(session).bind(space).bind(key).bind(value).bind(stamp);
            return match source.run(statement).await? {
                0 => Err(StoreError::Driver("the session of this vault was deleted, or never made".into())),
                _ => Ok(0),
            };
        }
        VaultChange::Delete { space, key } => query("DELETE FROM vault WHERE session = $1 AND space = $2 AND key = $3")
            .bind(session)
            .bind(space)
            .bind(key),
        VaultChange::DeletePrefix { space, prefix } => {
            let beyond = beyond(&prefix);
            query("DELETE FROM vault WHERE session = $1 AND space = $2 AND key >= $3 AND key < $4")
                .bind(session)
                .bind(space)
                .bind(prefix)
                .bind(beyond)
        }
        VaultChange::DeleteBefore { space, stamp } => {
            query("DELETE FROM vault WHERE session = $1 AND space = $2 AND stamp > 0 AND stamp < $3")
                .bind(session)
                .bind(space)
                .bind(stamp)
        }
    };
    source.run(statement).await
}

/// The first text after all that start with this one.
fn beyond(prefix: &str) -> String {
    format!("{prefix}{}", char::MAX)
}

fn place(session: SessionId, space: &str, key: &str) -> String {
    format!("vault/{session}/{space}/{key}")
}
