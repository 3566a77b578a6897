//! whatsapp-rust's storage over the vault: one [`Backend`] is one session.
//!
//! The library asks for five stores; each has its file. Every record lies in a space of its own
//! ([`space`]), every batch is one `apply`, and whatever reads before it writes holds the backend's
//! one lock meanwhile, because the vault itself only knows whole records.

mod app_sync;
mod device;
mod message_secret;
mod protocol;
mod signal;

#[cfg(test)]
mod memory_vault;
#[cfg(test)]
mod tests;

use std::sync::{Arc, atomic::AtomicBool};

use openwa_model::vault::{Vault, VaultChange, VaultRecord};
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::{Mutex, RwLock};
use wacore::store::error::{Result, StoreError};

/// The kinds of records. A name is part of what is stored: it may never change.
mod space {
    pub(super) const IDENTITY: &str = "identity";
    pub(super) const SESSION: &str = "session";
    pub(super) const PRE_KEY: &str = "pre_key";
    pub(super) const SIGNED_PRE_KEY: &str = "signed_pre_key";
    pub(super) const SENDER_KEY: &str = "sender_key";
    pub(super) const SYNC_KEY: &str = "sync_key";
    pub(super) const LATEST_SYNC_KEY: &str = "latest_sync_key";
    pub(super) const APP_STATE_VERSION: &str = "app_state_version";
    pub(super) const MUTATION_MAC: &str = "mutation_mac";
    pub(super) const SENDER_KEY_DEVICE: &str = "sender_key_device";
    pub(super) const LID: &str = "lid";
    pub(super) const LID_OF_PHONE: &str = "lid_of_phone";
    pub(super) const BASE_KEY: &str = "base_key";
    pub(super) const DEVICE_LIST: &str = "device_list";
    pub(super) const GROUP: &str = "group";
    pub(super) const PRIVACY_TOKEN: &str = "privacy_token";
    pub(super) const SENT_MESSAGE: &str = "sent_message";
    pub(super) const PENDING_INBOUND: &str = "pending_inbound";
    pub(super) const MESSAGE_SECRET: &str = "message_secret";
    pub(super) const DEVICE: &str = "device";
}

/// Stands between the parts of a key. No WhatsApp id or address contains it.
const SEPARATOR: char = '\u{1f}';

/// Told of each pair of phone number and hidden id that the library learns.
pub(crate) trait MappingObserver: Send + Sync + 'static {
    /// Both are the user parts alone.
    fn learned(&self, phone: &str, lid: &str);
}

/// One session's storage.
pub(crate) struct Backend {
    vault: Arc<dyn Vault>,
    mappings: Option<Arc<dyn MappingObserver>>,
    /// Held by whatever reads a record in order to write it.
    writing: Mutex<()>,
    /// Whether writing is still allowed; held while something is written.
    open: RwLock<bool>,
    /// Whether an account has been stored.
    registered: AtomicBool,
}

impl Backend {
    pub(crate) fn new(vault: Arc<dyn Vault>, mappings: Option<Arc<dyn MappingObserver>>) -> Self {
        let (open, registered) = (RwLock::new(true), AtomicBool::new(false));
        Self { vault, mappings, writing: Mutex::new(()), open, registered }
    }

    /// Waits for what is being written and refuses everything after it. The library writes some things
    /// in the background; what comes late must neither undo what a next link has written nor bring
    /// credentials back that were removed.
    pub(crate) async fn close(&self) {
        *self.open.write().await = false;
    }

    async fn get(&self, space: &'static str, key: &str) -> Result<Option<VaultRecord>> {
        self.vault.get(space, key).await.map_err(database)
    }

    async fn value(&self, space: &'static str, key: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.get(space, key).await?.map(|it| it.value))
    }

    async fn read<T: DeserializeOwned>(&self, space: &'static str, key: &str) -> Result<Option<T>> {
        self.value(space, key).await?.map(|it| from_json(&it)).transpose()
    }

    async fn list(&self, space: &'static str, prefix: &str) -> Result<Vec<VaultRecord>> {
        self.vault.list(space, prefix).await.map_err(database)
    }

    async fn apply(&self, changes: Vec<VaultChange>) -> Result<u64> {
        if changes.is_empty() {
            return Ok(0);
        }
        let open = self.open.read().await;
        if !*open {
            return Err(StoreError::Connection("the link that this belongs to has ended".into()));
        }
        self.vault.apply(changes).await.map_err(database)
    }

    /// One change; says how many records it removed.
    async fn change(&self, change: VaultChange) -> Result<u64> {
        self.apply(vec![change]).await
    }
}

fn put(space: &'static str, key: impl Into<String>, value: impl Into<Vec<u8>>) -> VaultChange {
    VaultChange::Put { space, key: key.into(), value: value.into(), stamp: 0 }
}

fn put_json(space: &'static str, key: impl Into<String>, value: &impl Serialize) -> Result<VaultChange> {
    let value = serde_json::to_vec(value).map_err(|error| StoreError::Serialization(error.into()))?;
    Ok(put(space, key, value))
}

fn delete(space: &'static str, key: impl Into<String>) -> VaultChange {
    VaultChange::Delete { space, key: key.into() }
}

fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| StoreError::Serialization(error.into()))
}

fn database(error: openwa_model::store::StoreError) -> StoreError {
    StoreError::Database(Box::new(error))
}

/// A key of several parts.
fn joined(parts: &[&str]) -> String {
    let mut key = String::with_capacity(parts.iter().map(|it| it.len() + 1).sum());
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            key.push(SEPARATOR);
        }
        key.push_str(part);
    }
    key
}

/// Numbers as keys of one length, so that they sort as numbers do.
fn numbered(id: u32) -> String {
    format!("{id:010}")
}

fn number(key: &str) -> Result<u32> {
    key.parse().map_err(|_| StoreError::Validation(format!("'{key}' is not the number of a key")))
}

fn count(removed: u64) -> u32 {
    u32::try_from(removed).unwrap_or(u32::MAX)
}
