//! What statements run on: the read pool for a view, a turn on the writer for a unit.

use std::sync::Arc;

use async_trait::async_trait;
use openwa_model::store::{Result, Unit, View};

use crate::{
    dialect::{Pool, Row, Statement, fault},
    seal::Sealer,
    writer::Turn,
};

/// Runs statements one at a time.
pub(crate) trait Source: Send {
    /// Runs it and says how many rows it changed.
    fn run(&mut self, statement: Statement<'_>) -> impl Future<Output = Result<u64>> + Send;
    /// Its first row.
    fn one(&mut self, statement: Statement<'_>) -> impl Future<Output = Result<Option<Row>>> + Send;
    /// All its rows.
    fn all(&mut self, statement: Statement<'_>) -> impl Future<Output = Result<Vec<Row>>> + Send;
}

/// The read pool. Each statement borrows a connection for itself, so whoever keeps a view blocks nobody.
#[derive(Clone)]
pub(crate) struct Readers(pub(crate) Pool);

impl Source for Readers {
    async fn run(&mut self, statement: Statement<'_>) -> Result<u64> {
        Ok(statement.execute(&self.0).await.map_err(fault)?.rows_affected())
    }

    async fn one(&mut self, statement: Statement<'_>) -> Result<Option<Row>> {
        statement.fetch_optional(&self.0).await.map_err(fault)
    }

    async fn all(&mut self, statement: Statement<'_>) -> Result<Vec<Row>> {
        statement.fetch_all(&self.0).await.map_err(fault)
    }
}

/// A view or a unit. The ports are implemented for it resource by resource: reads for any source,
/// writes only for a turn on the writer.
pub(crate) struct Work<S> {
    pub(crate) source: S,
    pub(crate) sealer: Arc<Sealer>,
}

impl<S: Source> View for Work<S> {}

#[async_trait]
impl Unit for Work<Turn> {
    async fn commit(self: Box<Self>) -> Result<()> {
        self.source.commit().await
    }
}
