//! The one connection that writes, and how units share a commit.
//!
//! A task owns the connection and lends it to one unit after another. All units of a batch stand in
//! one outer transaction, each behind a savepoint of its own, so that each can be undone alone. The
//! outer transaction is committed, and flushed to disk, when nobody waits for the connection any
//! more, or the batch is full or old; only then do the commits of its units return.
//!
//! Only the task runs what begins and ends transactions. A unit that is dropped, at whatever point,
//! hands the connection back in its `Drop`, which cannot wait and cannot fail.

use std::time::{Duration, Instant};

use openwa_model::store::{Result, StoreError};
use sqlx::{ConnectOptions, Connection as _, sqlite::SqliteConnectOptions};
use tokio::sync::{mpsc, oneshot};

use crate::{
    dialect::{BEGIN, Connection, Row, Statement, fault},
    work::Source,
};

/// How many may queue for the connection before the next has to wait for a place in the queue.
const QUEUE: usize = 1024;
/// How many units share a commit at most.
const BATCH: usize = 128;
/// For how long a commit may be put off because others wait.
const PATIENCE: Duration = Duration::from_millis(20);
/// After this long a unit is holding everyone up, which the log should say.
const TOO_LONG: Duration = Duration::from_secs(5);

type Request = oneshot::Sender<Result<Turn>>;

/// The way to the connection that writes.
#[derive(Clone)]
pub(crate) struct Writer(mpsc::Sender<Request>);

impl Writer {
    pub(crate) fn spawn(connection: Connection, options: SqliteConnectOptions) -> Self {
        let (sender, requests) = mpsc::channel(QUEUE);
        tokio::spawn(work(connection, options, requests));
        Self(sender)
    }

    /// Waits for the connection.
    pub(crate) async fn turn(&self) -> Result<Turn> {
        let (request, turn) = oneshot::channel();
        self.0.send(request).await.map_err(|_| gone())?;
        turn.await.map_err(|_| gone())?
    }
}

/// The connection, lent to one unit.
pub(crate) struct Turn {
    lent: Option<Lent>,
    /// True while a statement runs and after it failed or was abandoned: then part of what was
    /// asked for may be missing, and committing the rest would break it apart.
    broken: bool,
}

struct Lent {
    connection: Connection,
    back: oneshot::Sender<Returned>,
}

struct Returned {
    connection: Connection,
    end: End,
}

enum End {
    Keep(oneshot::Sender<Result<()>>),
    Undo,
}

impl Turn {
    /// Returns once what was done survives a crash.
    pub(crate) async fn commit(mut self) -> Result<()> {
        if self.broken {
            return Err(interrupted());
        }
        let (done, kept) = oneshot::channel();
        self.hand_back(End::Keep(done));
        kept.await.map_err(|_| gone())?
    }

    fn hand_back(&mut self, end: End) {
        if let Some(Lent { connection, back }) = self.lent.take() {
            // Should the task be gone, the connection closes here, and closing undoes what was not committed.
            _ = back.send(Returned { connection, end });
        }
    }

    fn connection(&mut self) -> Result<&mut Connection> {
        if std::mem::replace(&mut self.broken, true) {
            return Err(interrupted());
        }
        self.lent.as_mut().map(|it| &mut it.connection).ok_or_else(gone)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.hand_back(End::Undo);
    }
}

impl Source for Turn {
    async fn run(&mut self, statement: Statement<'_>) -> Result<u64> {
        let done = statement.execute(self.connection()?).await.map_err(fault)?;
        self.broken = false;
        Ok(done.rows_affected())
    }

    async fn one(&mut self, statement: Statement<'_>) -> Result<Option<Row>> {
        let row = statement.fetch_optional(self.connection()?).await.map_err(fault)?;
        self.broken = false;
        Ok(row)
    }

    async fn all(&mut self, statement: Statement<'_>) -> Result<Vec<Row>> {
        let rows = statement.fetch_all(self.connection()?).await.map_err(fault)?;
        self.broken = false;
        Ok(rows)
    }
}

async fn work(connection: Connection, options: SqliteConnectOptions, mut requests: mpsc::Receiver<Request>) {
    let mut connection = Some(connection);
    while let Some(first) = requests.recv().await {
        let ready = match connection.take() {
            Some(ready) => ready,
            None => match options.connect().await {
                Ok(ready) => ready,
                Err(error) => {
                    _ = first.send(Err(fault(error)));
                    continue;
                }
            },
        };
        connection = batch(ready, first, &mut requests).await;
    }
    if let Some(connection) = connection {
        _ = connection.close().await;
    }
}

/// One outer transaction. `None` when it failed: then the connection is closed, which undoes what it began.
async fn batch(connection: Connection, first: Request, requests: &mut mpsc::Receiver<Request>) -> Option<Connection> {
    let mut kept = Vec::new();
    match lend(connection, first, requests, &mut kept).await {
        Ok(connection) => {
            for done in kept {
                _ = done.send(Ok(()));
            }
            Some(connection)
        }
        Err(error) => {
            tracing::error!(%error, units = kept.len(), "a commit failed; nothing of its units is kept");
            for done in kept {
                _ = done.send(Err(unavailable(&error)));
            }
            None
        }
    }
}

/// Lends the connection to one unit after another, then commits.
async fn lend(
    mut connection: Connection,
    first: Request,
    requests: &mut mpsc::Receiver<Request>,
    kept: &mut Vec<oneshot::Sender<Result<()>>>,
) -> sqlx::Result<Connection> {
    let mut next = Some(first);
    let mut began = None;
    while let Some(request) = next {
        let ready = match began {
            None => control(&mut connection, BEGIN).await,
            Some(_) => Ok(()),
        };
        let ready = match ready {
            Ok(()) => control(&mut connection, "SAVEPOINT unit").await,
            failed => failed,
        };
        if let Err(error) = ready {
            _ = request.send(Err(unavailable(&error)));
            return Err(error);
        }
        let began = began.get_or_insert_with(Instant::now);
        let (back, returned) = oneshot::channel();
        // A turn that nobody takes any more is dropped here, and comes back undone.
        drop(request.send(Ok(Turn { lent: Some(Lent { connection, back }), broken: false })));
        let Returned { connection: returned, end } = wait_for(returned).await?;
        connection = returned;
        match end {
            End::Keep(done) => kept.push(done),
            End::Undo => control(&mut connection, "ROLLBACK TO unit").await?,
        }
        control(&mut connection, "RELEASE unit").await?;
        next = if kept.len() < BATCH && began.elapsed() < PATIENCE { requests.try_recv().ok() } else { None };
    }
    control(&mut connection, "COMMIT").await?;
    Ok(connection)
}

async fn wait_for(mut returned: oneshot::Receiver<Returned>) -> sqlx::Result<Returned> {
    let in_time = tokio::time::timeout(TOO_LONG, &mut returned).await;
    let returned = match in_time {
        Ok(returned) => returned,
        Err(_) => {
            tracing::warn!(
                seconds = TOO_LONG.as_secs(),
                "a unit of work is open for long and keeps all others waiting"
            );
            returned.await
        }
    };
    returned.map_err(|_| sqlx::Error::WorkerCrashed)
}

async fn control(connection: &mut Connection, statement: &'static str) -> sqlx::Result<()> {
    sqlx::query(statement).execute(connection).await.map(drop)
}

fn unavailable(error: &sqlx::Error) -> StoreError {
    StoreError::Unavailable(error.to_string().into())
}

fn gone() -> StoreError {
    StoreError::Unavailable("the store was closed".into())
}

fn interrupted() -> StoreError {
    StoreError::Driver("a statement of this unit failed or was abandoned, so the unit can only be dropped".into())
}
