//! Opening a database: its settings, its migrations, and whether the vault key fits.

use std::{str::FromStr, sync::Arc, time::Duration};

use async_trait::async_trait;
use openwa_model::{
    id::SessionId,
    store::{Result, Store, StoreError, Unit, View},
    vault::Vault,
};
use sqlx::{
    ConnectOptions,
    migrate::MigrateError,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{
    dialect::{Connection, fault},
    migrations::migrator,
    seal::Sealer,
    vault::SessionVault,
    work::{Readers, Source, Work},
    writer::Writer,
};

/// How a store is to be opened.
#[derive(Clone)]
pub struct StoreOptions {
    /// Secrets are encrypted under it. A database opens only with the key it was made with.
    pub vault_key: [u8; 32],
    /// How many connections read at the same time, whatever the number of sessions.
    pub readers: u32,
    /// How long to wait while another process writes.
    pub busy_timeout: Duration,
}

impl StoreOptions {
    /// The usual, with this key.
    pub fn new(vault_key: [u8; 32]) -> Self {
        Self { vault_key, readers: 4, busy_timeout: Duration::from_secs(10) }
    }
}

/// A store in one SQLite file.
#[derive(Clone)]
pub struct SqliteStore {
    pub(crate) readers: Readers,
    pub(crate) writer: Writer,
    pub(crate) sealer: Arc<Sealer>,
}

impl SqliteStore {
    /// Opens `sqlite://path/to/file`; makes the file where there is none and brings its tables up to date.
    /// The folder must be there. The store works on the runtime that this is called on.
    pub async fn open(url: &str, options: StoreOptions) -> Result<Self> {
        let connect = SqliteConnectOptions::from_str(url)
            .map_err(fault)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(options.busy_timeout)
            // All statements there are stay prepared, and what a savepoint remembers stays in memory.
            .statement_cache_capacity(256)
            .pragma("temp_store", "memory")
            // After a burst of writes, the log beside the file is cut back to this.
            .pragma("journal_size_limit", "67108864");
        if is_in_memory(url) {
            return Err(StoreError::Driver(
                "the database has to be a file, such as sqlite://data/openwa.sqlite".into(),
            ));
        }
        let mut connection = connect.connect().await.map_err(fault)?;
        migrator().run_direct(None, &mut connection, false).await.map_err(migration_fault)?;
        let sealer = Arc::new(Sealer::new(&options.vault_key));
        check_key(&mut connection, &sealer).await?;
        let pool = SqlitePoolOptions::new()
            .max_connections(options.readers.max(1))
            .test_before_acquire(false)
            .connect_lazy_with(connect.clone().create_if_missing(false).pragma("query_only", "1"));
        Ok(Self { readers: Readers(pool), writer: Writer::spawn(connection, connect), sealer })
    }
}

/// Each connection to such a database would see another one.
fn is_in_memory(url: &str) -> bool {
    url.contains(":memory:") || url.contains("mode=memory")
}

fn migration_fault(error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) => fault(error),
        other => {
            let advice = "the database was made by a newer program, or by one with changed migrations: run that one";
            StoreError::Driver(format!("{other}; {advice}").into())
        }
    }
}

/// The first opening leaves a known text under the key; every later one has to be able to read it.
async fn check_key(connection: &mut Connection, sealer: &Sealer) -> Result<()> {
    const PLACE: &str = "vault_check";
    let kept = sqlx::query_scalar::<_, Vec<u8>>("SELECT sealed FROM vault_check WHERE id = 1");
    if let Some(kept) = kept.fetch_optional(&mut *connection).await.map_err(fault)? {
        return sealer.unseal(PLACE, &kept).map(drop).map_err(|_| StoreError::WrongKey);
    }
    let sealed = sealer.seal(PLACE, b"openwa").map_err(|it| StoreError::Driver(it.into()))?;
    let statement = sqlx::query("INSERT INTO vault_check (id, sealed) VALUES (1, $1)").bind(sealed);
    statement.execute(connection).await.map(drop).map_err(fault)
}

#[async_trait]
impl Store for SqliteStore {
    async fn view(&self) -> Result<Box<dyn View>> {
        Ok(Box::new(Work { source: self.readers.clone(), sealer: self.sealer.clone() }))
    }

    async fn begin(&self) -> Result<Box<dyn Unit>> {
        Ok(Box::new(Work { source: self.writer.turn().await?, sealer: self.sealer.clone() }))
    }

    fn vault(&self, session: SessionId) -> Arc<dyn Vault> {
        Arc::new(SessionVault::new(self.clone(), session))
    }

    async fn ping(&self) -> Result<()> {
        self.readers.clone().one(sqlx::query("SELECT 1")).await.map(drop)
    }
}
