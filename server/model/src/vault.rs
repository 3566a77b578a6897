//! The port to where an engine keeps its secrets: credentials and Signal state of one session, encrypted at rest.

use async_trait::async_trait;

use crate::store::StoreError;

/// One change to a vault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum VaultChange {
    /// Writes a value. `stamp` is any rising number of the engine's choice (mostly seconds), for [`VaultChange::DeleteBefore`].
    Put {
        /// The kind of record.
        space: &'static str,
        /// Its key within the space.
        key: String,
        /// The value.
        value: Vec<u8>,
        /// For expiry; 0 when the record does not expire.
        stamp: i64,
    },
    /// Deletes one record, if it is there.
    Delete {
        /// The kind of record.
        space: &'static str,
        /// Its key within the space.
        key: String,
    },
    /// Deletes all records of a space whose key starts with a text ("" is all).
    DeletePrefix {
        /// The kind of record.
        space: &'static str,
        /// What the keys start with.
        prefix: String,
    },
    /// Deletes all records of a space with a stamp from 1 up to but not including this one.
    DeleteBefore {
        /// The kind of record.
        space: &'static str,
        /// The first stamp to stay.
        stamp: i64,
    },
}

/// One record of a vault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VaultRecord {
    /// Its key within the space.
    pub key: String,
    /// The value.
    pub value: Vec<u8>,
    /// As it was put.
    pub stamp: i64,
}

/// The secrets of one session. Reads see all writes that returned before.
#[async_trait]
pub trait Vault: Send + Sync + 'static {
    /// One record.
    async fn get(&self, space: &'static str, key: &str) -> Result<Option<VaultRecord>, StoreError>;
    /// Those of the keys that are there.
    async fn get_many(&self, space: &'static str, keys: &[String]) -> Result<Vec<VaultRecord>, StoreError>;
    /// All records of a space whose key starts with a text ("" is all), by key.
    async fn list(&self, space: &'static str, prefix: &str) -> Result<Vec<VaultRecord>, StoreError>;
    /// The number of records of a space.
    async fn count(&self, space: &'static str) -> Result<u64, StoreError>;
    /// Applies all changes in order, or none. They survive a crash once this returns. Says how many records the deletions removed.
    async fn apply(&self, changes: Vec<VaultChange>) -> Result<u64, StoreError>;
    /// Deletes everything of this session.
    async fn wipe(&self) -> Result<(), StoreError>;
}
