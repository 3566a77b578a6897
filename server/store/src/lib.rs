//! Where everything is kept: SQLite under the ports [`openwa_model::store`] and [`openwa_model::vault`].
//!
//! In reading order: [`SqliteStore`] (`open`), the one connection that writes and how units share a
//! commit (`writer`), what reads and units run their statements on (`work`), then one file per
//! resource (`sessions`, `leases`, `chats`, `contacts`, `merge`, `messages`, `message_reads`, `early`, `syncs`,
//! `templates`, `batches`, `rules`, `events`, `webhooks`, `deliveries`, `failures`, `attempts`, `keys`, `idempotency`, `audit`,
//! `search`, `statistics`, `vault`), and below them the encryption of
//! secrets (`seal`), reading rows back (`row`) and all that is particular to the database (`dialect`).
//!
//! The SQL is written for SQLite and PostgreSQL alike: `$1`, milliseconds as BIGINT, ids and JSON as
//! text, flags as BIGINT. What must differ stands in `dialect`. The tables are in `migrations/`,
//! numbered, forward only and never edited.
//!
//! Never here: a network call, a decision about what a session should do, or a secret in clear on disk.

mod attempts;
mod audit;
mod batches;
mod chats;
mod contacts;
mod deliveries;
mod dialect;
mod early;
mod events;
mod failures;
mod idempotency;
mod keys;
mod labels;
mod leases;
mod merge;
mod message_reads;
mod messages;
mod migrations;
mod open;
mod row;
mod rules;
mod seal;
mod search;
mod sessions;
mod statistics;
mod syncs;
mod templates;
mod vault;
mod webhooks;
mod work;
mod writer;

pub use open::{SqliteStore, StoreOptions};
