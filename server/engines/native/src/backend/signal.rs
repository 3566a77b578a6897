//! Signal's own state: identities, sessions, pre-keys and sender keys.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use openwa_model::vault::VaultRecord;
use wacore::store::{
    error::{Result, StoreError},
    traits::SignalStore,
};

use super::{Backend, delete, number, numbered, put, space};

/// A pre-key record with, before it, whether WhatsApp has been given it.
fn pre_key(record: &[u8], uploaded: bool) -> Vec<u8> {
    let mut value = Vec::with_capacity(record.len() + 1);
    value.push(u8::from(uploaded));
    value.extend_from_slice(record);
    value
}

fn pre_key_record(record: VaultRecord) -> Result<(u32, Bytes)> {
    let id = number(&record.key)?;
    if record.value.is_empty() {
        return Err(StoreError::Validation(format!("pre-key {id} is empty")));
    }
    Ok((id, Bytes::from(record.value).slice(1..)))
}

#[async_trait]
impl SignalStore for Backend {
    async fn put_identity(&self, address: &str, key: [u8; 32]) -> Result<()> {
        self.change(put(space::IDENTITY, address, key)).await.map(drop)
    }

    async fn put_identities_batch(&self, identities: &[(Arc<str>, [u8; 32])]) -> Result<()> {
        self.apply(identities.iter().map(|(address, key)| put(space::IDENTITY, &**address, *key)).collect())
            .await
            .map(drop)
    }

    async fn load_identity(&self, address: &str) -> Result<Option<[u8; 32]>> {
        let Some(value) = self.value(space::IDENTITY, address).await? else { return Ok(None) };
        let key = <[u8; 32]>::try_from(value)
            .map_err(|it| StoreError::Validation(format!("an identity key has {} bytes, not 32", it.len())))?;
        Ok(Some(key))
    }

    async fn delete_identity(&self, address: &str) -> Result<()> {
        self.change(delete(space::IDENTITY, address)).await.map(drop)
    }

    async fn get_session(&self, address: &str) -> Result<Option<Bytes>> {
        Ok(self.value(space::SESSION, address).await?.map(Bytes::from))
    }

    async fn put_session(&self, address: &str, session: &[u8]) -> Result<()> {
        self.change(put(space::SESSION, address, session)).await.map(drop)
    }

    async fn put_sessions_batch(&self, sessions: &[(Arc<str>, Bytes)]) -> Result<()> {
        self.apply(sessions.iter().map(|(address, record)| put(space::SESSION, &**address, &**record)).collect())
            .await
            .map(drop)
    }

    async fn delete_session(&self, address: &str) -> Result<()> {
        self.change(delete(space::SESSION, address)).await.map(drop)
    }

    async fn has_signal_state_for_user(&self, user: &str) -> Result<bool> {
        for kind in [space::SESSION, space::IDENTITY] {
            for end in ['@', ':'] {
                if !self.list(kind, &format!("{user}{end}")).await?.is_empty() {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    async fn store_prekey(&self, id: u32, record: &[u8], uploaded: bool) -> Result<()> {
        let _writing = self.writing.lock().await;
        self.change(put(space::PRE_KEY, numbered(id), pre_key(record, uploaded))).await.map(drop)
    }

    async fn store_prekeys_batch(&self, keys: &[(u32, Bytes)], uploaded: bool) -> Result<()> {
        let _writing = self.writing.lock().await;
        let changes =
            keys.iter().map(|(id, record)| put(space::PRE_KEY, numbered(*id), pre_key(record, uploaded))).collect();
        self.apply(changes).await.map(drop)
    }

    async fn load_prekey(&self, id: u32) -> Result<Option<Bytes>> {
        let record = self.get(space::PRE_KEY, &numbered(id)).await?;
        Ok(record.map(pre_key_record).transpose()?.map(|(_, record)| record))
    }

    async fn load_prekeys_batch(&self, ids: &[u32]) -> Result<Vec<(u32, Bytes)>> {
        let keys: Vec<_> = ids.iter().copied().map(numbered).collect();
        let records = self.vault.get_many(space::PRE_KEY, &keys).await.map_err(super::database)?;
        records.into_iter().map(pre_key_record).collect()
    }

    /// Only touches what is there: a key that was used up meanwhile must stay deleted.
    async fn mark_prekeys_uploaded(&self, ids: &[u32]) -> Result<()> {
        let _writing = self.writing.lock().await;
        let keys: Vec<_> = ids.iter().copied().map(numbered).collect();
        let records = self.vault.get_many(space::PRE_KEY, &keys).await.map_err(super::database)?;
        let changes = records
            .into_iter()
            .filter(|it| it.value.first() == Some(&0))
            .map(|mut it| {
                it.value[0] = 1;
                put(space::PRE_KEY, it.key, it.value)
            })
            .collect();
        self.apply(changes).await.map(drop)
    }

    async fn remove_prekey(&self, id: u32) -> Result<()> {
        let _writing = self.writing.lock().await;
        self.change(delete(space::PRE_KEY, numbered(id))).await.map(drop)
    }

    async fn get_max_prekey_id(&self) -> Result<u32> {
        let records = self.list(space::PRE_KEY, "").await?;
        records.last().map_or(Ok(0), |it| number(&it.key))
    }

    async fn store_signed_prekey(&self, id: u32, record: &[u8]) -> Result<()> {
        self.change(put(space::SIGNED_PRE_KEY, numbered(id), record)).await.map(drop)
    }

    async fn load_signed_prekey(&self, id: u32) -> Result<Option<Vec<u8>>> {
        self.value(space::SIGNED_PRE_KEY, &numbered(id)).await
    }

    async fn load_all_signed_prekeys(&self) -> Result<Vec<(u32, Vec<u8>)>> {
        let records = self.list(space::SIGNED_PRE_KEY, "").await?;
        records.into_iter().map(|it| Ok((number(&it.key)?, it.value))).collect()
    }

    async fn remove_signed_prekey(&self, id: u32) -> Result<()> {
        self.change(delete(space::SIGNED_PRE_KEY, numbered(id))).await.map(drop)
    }

    async fn put_sender_key(&self, address: &str, record: &[u8]) -> Result<()> {
        self.change(put(space::SENDER_KEY, address, record)).await.map(drop)
    }

    async fn put_sender_keys_batch(&self, sender_keys: &[(Arc<str>, Bytes)]) -> Result<()> {
        self.apply(sender_keys.iter().map(|(address, record)| put(space::SENDER_KEY, &**address, &**record)).collect())
            .await
            .map(drop)
    }

    async fn get_sender_key(&self, address: &str) -> Result<Option<Vec<u8>>> {
        self.value(space::SENDER_KEY, address).await
    }

    async fn delete_sender_key(&self, address: &str) -> Result<()> {
        self.change(delete(space::SENDER_KEY, address)).await.map(drop)
    }
}
