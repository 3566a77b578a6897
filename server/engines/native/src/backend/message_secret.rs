//! The secret inside each message, with which later additions to it (votes, edits, reactions in
//! communities) are encrypted.

use async_trait::async_trait;
use openwa_model::vault::{VaultChange, VaultRecord};
use wacore::store::{
    error::{Result, StoreError},
    traits::{MsgSecretEntry, MsgSecretStore, merge_msg_secret_expiry, merge_msg_secret_message_ts},
};

use super::{Backend, count, joined, space};

/// A secret, and when its message was sent.
struct Secret {
    bytes: [u8; 32],
    message_at: i64,
}

impl Secret {
    fn to_value(&self) -> Vec<u8> {
        let mut value = self.bytes.to_vec();
        value.extend_from_slice(&self.message_at.to_le_bytes());
        value
    }

    fn of(value: &[u8]) -> Result<Self> {
        let parts = value.split_first_chunk::<32>().and_then(|(bytes, rest)| Some((bytes, rest.first_chunk::<8>()?)));
        let Some((bytes, time)) = parts else {
            return Err(StoreError::Validation(format!("a message secret has {} bytes, not 40", value.len())));
        };
        Ok(Self { bytes: *bytes, message_at: i64::from_le_bytes(*time) })
    }
}

#[async_trait]
impl MsgSecretStore for Backend {
    async fn put_msg_secrets(&self, entries: Vec<MsgSecretEntry>) -> Result<usize> {
        let _writing = self.writing.lock().await;
        let keys: Vec<_> = entries.iter().map(|it| joined(&[&it.chat, &it.sender, &it.msg_id])).collect();
        let known = self.vault.get_many(space::MESSAGE_SECRET, &keys).await.map_err(super::database)?;
        let mut kept: std::collections::HashMap<String, VaultRecord> =
            known.into_iter().map(|it| (it.key.clone(), it)).collect();
        let stored = entries.len();
        let mut changes = Vec::with_capacity(stored);
        for (key, entry) in keys.into_iter().zip(entries) {
            let mut secret = Secret { bytes: entry.secret, message_at: entry.message_ts };
            let mut stamp = entry.expires_at;
            if let Some(old) = kept.get(&key) {
                stamp = merge_msg_secret_expiry(old.stamp, stamp);
                secret.message_at = merge_msg_secret_message_ts(Secret::of(&old.value)?.message_at, secret.message_at);
            }
            let record = VaultRecord { key: key.clone(), value: secret.to_value(), stamp };
            kept.insert(key, record.clone());
            let VaultRecord { key, value, stamp } = record;
            changes.push(VaultChange::Put { space: space::MESSAGE_SECRET, key, value, stamp });
        }
        self.apply(changes).await?;
        Ok(stored)
    }

    async fn get_msg_secret(&self, chat: &str, sender: &str, msg_id: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.get_msg_secret_with_ts(chat, sender, msg_id).await?.map(|(secret, _)| secret))
    }

    async fn get_msg_secret_with_ts(&self, chat: &str, sender: &str, msg_id: &str) -> Result<Option<(Vec<u8>, i64)>> {
        let Some(value) = self.value(space::MESSAGE_SECRET, &joined(&[chat, sender, msg_id])).await? else {
            return Ok(None);
        };
        let secret = Secret::of(&value)?;
        Ok(Some((secret.bytes.to_vec(), secret.message_at)))
    }

    async fn delete_expired_msg_secrets(&self, cutoff_timestamp: i64) -> Result<u32> {
        // The library's deadline is the first second in which a secret is gone.
        let stamp = cutoff_timestamp.saturating_add(1);
        self.change(VaultChange::DeleteBefore { space: space::MESSAGE_SECRET, stamp }).await.map(count)
    }
}
