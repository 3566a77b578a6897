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
    let began = Instant::now();
    let mut next = Some(first);
    // Statements are sent together where they can be: each way to the connection's thread and back costs.
    let mut prepare = BEGIN;
    let mut finish = "COMMIT";
    while let Some(request) = next {
        if let Err(error) = control(&mut connection, prepare).await {
            _ = request.send(Err(unavailable(&error)));
            return Err(error);
        }
        let (back, returned) = oneshot::channel();
        // A turn that nobody takes any more is dropped here, and comes back undone.
        drop(request.send(Ok(Turn { lent: Some(Lent { connection, back }), broken: false })));
        let returned = wait_for(returned).await?;
        connection = returned.connection;
        (prepare, finish) = match returned.end {
            End::Keep(done) => {
                kept.push(done);
                ("RELEASE unit; SAVEPOINT unit", "COMMIT")
            }
            End::Undo => ("ROLLBACK TO unit", "ROLLBACK TO unit; COMMIT"),
        };
        next = if kept.len() < BATCH && began.elapsed() < PATIENCE { requests.try_recv().ok() } else { None };
    }
    control(&mut connection, finish).await?;
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

/// Fails, among others, when the database gave the transaction up by itself: then its savepoint is gone.
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

#[cfg(test)]
mod tests {
    use std::{future::Future, pin::pin, task::Poll};

    use sqlx::{Row as _, query};

    use super::*;

    struct Bench {
        writer: Writer,
        options: SqliteConnectOptions,
        _folder: tempfile::TempDir,
    }

    impl Bench {
        async fn new(tune: impl Fn(SqliteConnectOptions) -> SqliteConnectOptions) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let options = SqliteConnectOptions::new().filename(folder.path().join("db")).create_if_missing(true);
            let options = tune(options.journal_mode(sqlx::sqlite::SqliteJournalMode::Wal).foreign_keys(true));
            let mut connection = options.connect().await.unwrap();
            for table in ["parents (id INTEGER PRIMARY KEY)", "rows (text TEXT, parent INTEGER REFERENCES parents)"] {
                let statement = sqlx::AssertSqlSafe(format!("CREATE TABLE {table}"));
                query(statement).execute(&mut connection).await.unwrap();
            }
            Self { writer: Writer::spawn(connection, options.clone()), options, _folder: folder }
        }

        /// A turn that has written something.
        async fn turn(&self, text: &'static str) -> Turn {
            let mut turn = self.writer.turn().await.unwrap();
            turn.run(query("INSERT INTO rows (text) VALUES ($1)").bind(text)).await.unwrap();
            turn
        }

        /// What another connection sees.
        async fn rows(&self) -> Vec<String> {
            let mut connection = self.options.connect().await.unwrap();
            let rows = query("SELECT text FROM rows ORDER BY text").fetch_all(&mut connection).await.unwrap();
            rows.iter().map(|it| it.get(0)).collect()
        }
    }

    async fn is_ready<T>(mut future: std::pin::Pin<&mut impl Future<Output = T>>) -> Option<T> {
        std::future::poll_fn(|context| {
            Poll::Ready(match future.as_mut().poll(context) {
                Poll::Ready(it) => Some(it),
                Poll::Pending => None,
            })
        })
        .await
    }

    #[tokio::test]
    async fn a_commit_waits_for_those_who_wait_and_lands_with_them() {
        let bench = Bench::new(|it| it).await;
        let first = bench.turn("first").await;
        let mut second = pin!(bench.turn("second"));
        let mut third = pin!(bench.turn("third"));
        assert!(is_ready(second.as_mut()).await.is_none(), "it waits for the first");
        assert!(is_ready(third.as_mut()).await.is_none());
        let mut first = pin!(first.commit());
        assert!(is_ready(first.as_mut()).await.is_none());
        let second = second.await;
        assert!(is_ready(first.as_mut()).await.is_none(), "nothing is on the disk yet");
        assert_eq!(bench.rows().await, [""; 0]);
        drop(second);
        let third = third.await;
        assert!(is_ready(first.as_mut()).await.is_none());
        third.commit().await.unwrap();
        assert!(matches!(is_ready(first.as_mut()).await, Some(Ok(()))), "one flush served both");
        assert_eq!(bench.rows().await, ["first", "third"]);
    }

    #[tokio::test]
    async fn a_commit_that_fails_fails_all_its_units_and_no_later_one() {
        let bench = Bench::new(|it| it).await;
        let first = bench.turn("first").await;
        let mut second = pin!(bench.writer.turn());
        assert!(is_ready(second.as_mut()).await.is_none());
        let mut first = pin!(first.commit());
        assert!(is_ready(first.as_mut()).await.is_none());
        let mut second = second.await.unwrap();
        // The database finds this out at the outer commit only.
        second.run(query("PRAGMA defer_foreign_keys = ON")).await.unwrap();
        second.run(query("INSERT INTO rows (text, parent) VALUES ('orphan', 7)")).await.unwrap();
        let failed = second.commit().await;
        assert!(matches!(failed, Err(StoreError::Unavailable(_))), "{failed:?}");
        let failed = first.await;
        assert!(matches!(failed, Err(StoreError::Unavailable(_))), "{failed:?}");
        assert_eq!(bench.rows().await, [""; 0]);
        bench.turn("later").await.commit().await.unwrap();
        assert_eq!(bench.rows().await, ["later"]);
    }

    #[tokio::test]
    async fn a_full_disk_fails_the_unit_and_the_writer_lives_on() {
        let bench = Bench::new(|it| it.pragma("max_page_count", "20")).await;
        let first = bench.turn("first").await;
        let mut second = pin!(bench.writer.turn());
        assert!(is_ready(second.as_mut()).await.is_none());
        let mut first = pin!(first.commit());
        assert!(is_ready(first.as_mut()).await.is_none());
        let mut second = second.await.unwrap();
        let large = query("INSERT INTO rows (text) VALUES ($1)").bind("x".repeat(200_000));
        let failed = second.run(large).await;
        assert!(matches!(failed, Err(StoreError::Unavailable(_))), "{failed:?}");
        let refused = second.run(query("INSERT INTO rows (text) VALUES ('rest')")).await;
        assert!(matches!(refused, Err(StoreError::Driver(_))), "a broken unit goes no further: {refused:?}");
        assert!(second.commit().await.is_err());
        // The other unit of the batch is told the truth, whichever it is.
        let kept = first.await.is_ok();
        assert_eq!(bench.rows().await, if kept { vec!["first"] } else { vec![] });
        bench.turn("later").await.commit().await.unwrap();
        assert!(bench.rows().await.contains(&"later".to_owned()));
    }

    #[tokio::test]
    async fn an_abandoned_statement_breaks_its_unit() {
        let bench = Bench::new(|it| it).await;
        let mut turn = bench.turn("one").await;
        {
            // Counts to two million first, so that it is still at work when it is given up.
            let long = "INSERT INTO rows (text) SELECT max(i) FROM (WITH RECURSIVE numbers(i) AS \
                        (SELECT 1 UNION ALL SELECT i + 1 FROM numbers LIMIT 2000000) SELECT i FROM numbers)";
            let mut statement = pin!(turn.run(query(long)));
            assert!(is_ready(statement.as_mut()).await.is_none());
        }
        let refused = turn.commit().await;
        assert!(matches!(refused, Err(StoreError::Driver(_))), "{refused:?}");
        bench.turn("three").await.commit().await.unwrap();
        assert_eq!(bench.rows().await, ["three"]);
    }

    #[tokio::test]
    async fn a_closed_store_says_so() {
        let (sender, requests) = mpsc::channel(1);
        drop(requests);
        let refused = Writer(sender).turn().await.err();
        assert!(matches!(refused, Some(StoreError::Unavailable(_))), "{refused:?}");
    }
}
