//! A vault in memory, for tests of this room.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use openwa_model::{
    store::StoreError as VaultError,
    vault::{Vault, VaultChange, VaultRecord},
};

type Records = BTreeMap<(&'static str, String), (Vec<u8>, i64)>;

/// A vault in memory that counts what is applied and can be made to fail.
#[derive(Default)]
pub(crate) struct MemoryVault {
    pub(crate) records: Mutex<Records>,
    pub(crate) applied: AtomicUsize,
    pub(crate) failing: AtomicBool,
}

impl MemoryVault {
    /// How often something was applied since this was last asked.
    pub(crate) fn applied(&self) -> usize {
        self.applied.swap(0, Ordering::SeqCst)
    }
}

fn record((key, (value, stamp)): (&(&'static str, String), &(Vec<u8>, i64))) -> VaultRecord {
    VaultRecord { key: key.1.clone(), value: value.clone(), stamp: *stamp }
}

type VaultResult<T> = std::result::Result<T, VaultError>;

#[async_trait]
impl Vault for MemoryVault {
    async fn get(&self, space: &'static str, key: &str) -> VaultResult<Option<VaultRecord>> {
        Ok(self.get_many(space, &[key.to_owned()]).await?.pop())
    }

    async fn get_many(&self, space: &'static str, keys: &[String]) -> VaultResult<Vec<VaultRecord>> {
        let records = self.records.lock().unwrap();
        Ok(keys.iter().filter_map(|it| records.get_key_value(&(space, it.clone()))).map(record).collect())
    }

    async fn list(&self, space: &'static str, prefix: &str) -> VaultResult<Vec<VaultRecord>> {
        let records = self.records.lock().unwrap();
        Ok(records.iter().filter(|(key, _)| key.0 == space && key.1.starts_with(prefix)).map(record).collect())
    }

    async fn count(&self, space: &'static str) -> VaultResult<u64> {
        Ok(self.list(space, "").await?.len() as u64)
    }

    async fn apply(&self, changes: Vec<VaultChange>) -> VaultResult<u64> {
        self.applied.fetch_add(1, Ordering::SeqCst);
        if self.failing.load(Ordering::SeqCst) {
            return Err(VaultError::Unavailable("the disk is full".into()));
        }
        let mut records = self.records.lock().unwrap();
        let mut removed = 0;
        for change in changes {
            let before = records.len();
            match change {
                VaultChange::Put { space, key, value, stamp } => {
                    records.insert((space, key), (value, stamp));
                    continue;
                }
                VaultChange::Delete { space, key } => drop(records.remove(&(space, key))),
                VaultChange::DeletePrefix { space, prefix } => {
                    records.retain(|key, _| key.0 != space || !key.1.starts_with(&prefix));
                }
                VaultChange::DeleteBefore { space, stamp } => {
                    records.retain(|key, (_, its)| key.0 != space || *its < 1 || *its >= stamp);
                }
            }
            removed += before - records.len();
        }
        Ok(removed as u64)
    }

    async fn wipe(&self) -> VaultResult<()> {
        self.records.lock().unwrap().clear();
        Ok(())
    }
}
