//! All that is particular to the database: its types, its errors, its spelling of lists.

use openwa_model::store::StoreError;
use sqlx::{Sqlite, query::Query, sqlite::SqliteArguments};

pub(crate) type Database = Sqlite;
pub(crate) type Row = sqlx::sqlite::SqliteRow;
pub(crate) type Connection = sqlx::SqliteConnection;
pub(crate) type Pool = sqlx::SqlitePool;
pub(crate) type Statement<'q> = Query<'q, Database, SqliteArguments>;

/// Begins a batch and the first unit in it. Takes the right to write at once, so that no unit finds out halfway
/// that it may not.
pub(crate) const BEGIN: &str = "BEGIN IMMEDIATE; SAVEPOINT unit";

/// A list that is bound as one JSON text, as rows: `id IN any_of!("$1")`.
macro_rules! any_of {
    ($parameter:literal) => {
        concat!("(SELECT value FROM json_each(", $parameter, "))")
    };
}
pub(crate) use any_of;

/// The objects of a list that is bound as one JSON text, as rows of `key` (their place) and `value`; a field of one is
/// `value ->> 'name'`.
macro_rules! each_of {
    ($parameter:literal) => {
        concat!("json_each(", $parameter, ")")
    };
}
pub(crate) use each_of;

/// What a [`any_of`] list is bound as.
pub(crate) fn list(items: impl IntoIterator<Item = impl ToString>) -> String {
    serde_json::Value::from_iter(items.into_iter().map(|it| it.to_string())).to_string()
}

/// Sorts the driver's errors by what a caller can do about them.
pub(crate) fn fault(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::Database(refused) if refused.is_unique_violation() => StoreError::Conflict("such a row"),
        sqlx::Error::Database(refused) if refused.code().is_some_and(|it| is_outage(&it)) => {
            StoreError::Unavailable(error.into())
        }
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => StoreError::Unavailable(error.into()),
        _ => StoreError::Driver(error.into()),
    }
}

/// Whether SQLite's result code speaks of the disk or of another process, not of the statement:
/// busy, locked, out of memory, read only, I/O, full, cannot open, protocol, not a database.
fn is_outage(code: &str) -> bool {
    code.parse::<u32>().is_ok_and(|it| matches!(it & 0xff, 5 | 6 | 7 | 8 | 10 | 13 | 14 | 15 | 26))
}
