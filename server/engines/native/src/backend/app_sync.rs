//! What keeps archived, pinned, muted and named alike on all devices of an account.

use std::collections::HashMap;

use async_trait::async_trait;
use openwa_model::vault::VaultChange;
use wacore::{
    appstate::{hash::HashState, processor::AppStateMutationMAC},
    store::{
        error::Result,
        traits::{AppStateSyncKey, AppSyncStore},
    },
};

use super::{Backend, SEPARATOR, delete, joined, put, put_json, space};

/// There is one latest key; this is where its id stands.
const LATEST: &str = "id";

fn mac_key(collection: &str, index_mac: &[u8]) -> String {
    joined(&[collection, &hex::encode(index_mac)])
}

#[async_trait]
impl AppSyncStore for Backend {
    async fn get_sync_key(&self, key_id: &[u8]) -> Result<Option<AppStateSyncKey>> {
        self.read(space::SYNC_KEY, &hex::encode(key_id)).await
    }

    async fn set_sync_key(&self, key_id: &[u8], key: AppStateSyncKey) -> Result<()> {
        let changes =
            vec![put_json(space::SYNC_KEY, hex::encode(key_id), &key)?, put(space::LATEST_SYNC_KEY, LATEST, key_id)];
        self.apply(changes).await.map(drop)
    }

    async fn get_version(&self, name: &str) -> Result<HashState> {
        Ok(self.read(space::APP_STATE_VERSION, name).await?.unwrap_or_default())
    }

    async fn set_version(&self, name: &str, state: HashState) -> Result<()> {
        self.change(put_json(space::APP_STATE_VERSION, name, &state)?).await.map(drop)
    }

    async fn put_mutation_macs(&self, name: &str, _version: u64, mutations: &[AppStateMutationMAC]) -> Result<()> {
        let changes = mutations
            .iter()
            .map(|it| put(space::MUTATION_MAC, mac_key(name, &it.index_mac), it.value_mac.clone()))
            .collect();
        self.apply(changes).await.map(drop)
    }

    async fn get_mutation_mac(&self, name: &str, index_mac: &[u8]) -> Result<Option<Vec<u8>>> {
        self.value(space::MUTATION_MAC, &mac_key(name, index_mac)).await
    }

    async fn get_mutation_macs(&self, name: &str, index_macs: &[[u8; 32]]) -> Result<HashMap<[u8; 32], Vec<u8>>> {
        let index: HashMap<String, [u8; 32]> = index_macs.iter().map(|it| (mac_key(name, it), *it)).collect();
        let keys: Vec<_> = index.keys().cloned().collect();
        let records = self.vault.get_many(space::MUTATION_MAC, &keys).await.map_err(super::database)?;
        Ok(records.into_iter().filter_map(|it| Some((*index.get(&it.key)?, it.value))).collect())
    }

    async fn delete_mutation_macs(&self, name: &str, index_macs: &[Vec<u8>]) -> Result<()> {
        self.apply(index_macs.iter().map(|it| delete(space::MUTATION_MAC, mac_key(name, it))).collect()).await.map(drop)
    }

    async fn clear_mutation_macs(&self, name: &str) -> Result<()> {
        let prefix = format!("{name}{SEPARATOR}");
        self.change(VaultChange::DeletePrefix { space: space::MUTATION_MAC, prefix }).await.map(drop)
    }

    async fn get_latest_sync_key_id(&self) -> Result<Option<Vec<u8>>> {
        self.value(space::LATEST_SYNC_KEY, LATEST).await
    }
}
