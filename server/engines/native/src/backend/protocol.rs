//! What the protocol remembers between connections: who has which sender key, which number is which
//! hidden id, which devices a person has, what was sent and what waits to be committed.

use async_trait::async_trait;
use openwa_model::vault::VaultChange;
use wacore::{
    store::{
        error::Result,
        traits::{
            DeviceListRecord, LidPnMappingEntry, PendingInboundKey, PendingInboundRow, ProtocolStore, TcTokenEntry,
        },
    },
    time::now_secs,
};

use super::{Backend, SEPARATOR, count, delete, joined, put, put_json, space};

impl Backend {
    /// The changes that store a mapping, and whether it is news. A number loses the hidden id it had before.
    async fn mapping_changes(&self, entry: &LidPnMappingEntry, changes: &mut Vec<VaultChange>) -> Result<bool> {
        let old: Option<LidPnMappingEntry> = self.read(space::LID, &entry.lid).await?;
        if let Some(old) = &old
            && old.phone_number != entry.phone_number
            && self.value(space::LID_OF_PHONE, &old.phone_number).await?.as_deref() == Some(entry.lid.as_bytes())
        {
            changes.push(delete(space::LID_OF_PHONE, &*old.phone_number));
        }
        changes.push(put_json(space::LID, &*entry.lid, entry)?);
        changes.push(put(space::LID_OF_PHONE, &*entry.phone_number, entry.lid.as_bytes()));
        Ok(old.is_none_or(|it| it.phone_number != entry.phone_number))
    }

    async fn put_privacy_token(&self, jid: &str, entry: &TcTokenEntry) -> Result<()> {
        self.change(put_json(space::PRIVACY_TOKEN, jid, entry)?).await.map(drop)
    }
}

fn pending_key(chat: &str, sender: &str, id: &str) -> String {
    joined(&[chat, sender, id])
}

fn pending(row: &PendingInboundRow<'_>, now: i64) -> VaultChange {
    VaultChange::Put {
        space: space::PENDING_INBOUND,
        key: pending_key(row.chat, row.sender, row.id),
        value: row.message.to_vec(),
        stamp: now,
    }
}

#[async_trait]
impl ProtocolStore for Backend {
    async fn get_sender_key_devices(&self, group_jid: &str) -> Result<Vec<(String, bool)>> {
        let prefix = format!("{group_jid}{SEPARATOR}");
        let records = self.list(space::SENDER_KEY_DEVICE, &prefix).await?;
        Ok(records.into_iter().map(|it| (it.key[prefix.len()..].to_owned(), it.value.first() == Some(&1))).collect())
    }

    async fn set_sender_key_status(&self, group_jid: &str, entries: &[(&str, bool)]) -> Result<()> {
        let changes = entries
            .iter()
            .map(|(device, has_key)| put(space::SENDER_KEY_DEVICE, joined(&[group_jid, device]), [u8::from(*has_key)]))
            .collect();
        self.apply(changes).await.map(drop)
    }

    async fn clear_sender_key_devices(&self, group_jid: &str) -> Result<()> {
        let prefix = format!("{group_jid}{SEPARATOR}");
        self.change(VaultChange::DeletePrefix { space: space::SENDER_KEY_DEVICE, prefix }).await.map(drop)
    }

    async fn delete_sender_key_device_rows(&self, device_jids: &[&str]) -> Result<()> {
        if device_jids.is_empty() {
            return Ok(());
        }
        let records = self.list(space::SENDER_KEY_DEVICE, "").await?;
        let gone = |key: &str| key.split_once(SEPARATOR).is_some_and(|(_, device)| device_jids.contains(&device));
        self.apply(
            records.into_iter().filter(|it| gone(&it.key)).map(|it| delete(space::SENDER_KEY_DEVICE, it.key)).collect(),
        )
        .await
        .map(drop)
    }

    async fn clear_all_sender_key_devices(&self) -> Result<()> {
        let prefix = String::new();
        self.change(VaultChange::DeletePrefix { space: space::SENDER_KEY_DEVICE, prefix }).await.map(drop)
    }

    async fn get_lid_mapping(&self, lid: &str) -> Result<Option<LidPnMappingEntry>> {
        self.read(space::LID, lid).await
    }

    async fn get_pn_mapping(&self, phone: &str) -> Result<Option<LidPnMappingEntry>> {
        let Some(lid) = self.value(space::LID_OF_PHONE, phone).await? else { return Ok(None) };
        self.read(space::LID, &String::from_utf8_lossy(&lid)).await
    }

    async fn put_lid_mapping(&self, entry: &LidPnMappingEntry) -> Result<()> {
        self.put_lid_mappings(std::slice::from_ref(entry)).await
    }

    async fn put_lid_mappings(&self, entries: &[LidPnMappingEntry]) -> Result<()> {
        let _writing = self.writing.lock().await;
        let mut changes = Vec::with_capacity(entries.len() * 2);
        let mut news = Vec::new();
        for entry in entries {
            if self.mapping_changes(entry, &mut changes).await? {
                news.push(entry);
            }
        }
        self.apply(changes).await?;
        if let Some(observer) = &self.mappings {
            for entry in news {
                observer.learned(&entry.phone_number, &entry.lid);
            }
        }
        Ok(())
    }

    async fn get_all_lid_mappings(&self) -> Result<Vec<LidPnMappingEntry>> {
        let records = self.list(space::LID, "").await?;
        records.iter().map(|it| super::from_json(&it.value)).collect()
    }

    async fn save_base_key(&self, address: &str, message_id: &str, base_key: &[u8]) -> Result<()> {
        self.change(put(space::BASE_KEY, joined(&[address, message_id]), base_key)).await.map(drop)
    }

    async fn has_same_base_key(&self, address: &str, message_id: &str, current_base_key: &[u8]) -> Result<bool> {
        let saved = self.value(space::BASE_KEY, &joined(&[address, message_id])).await?;
        Ok(saved.is_some_and(|it| it == current_base_key))
    }

    async fn delete_base_key(&self, address: &str, message_id: &str) -> Result<()> {
        self.change(delete(space::BASE_KEY, joined(&[address, message_id]))).await.map(drop)
    }

    async fn update_device_list(&self, record: DeviceListRecord) -> Result<()> {
        self.change(put_json(space::DEVICE_LIST, &*record.user, &record)?).await.map(drop)
    }

    async fn update_device_lists(&self, records: Vec<DeviceListRecord>) -> Result<()> {
        let changes =
            records.iter().map(|it| put_json(space::DEVICE_LIST, &*it.user, it)).collect::<Result<Vec<_>>>()?;
        self.apply(changes).await.map(drop)
    }

    async fn get_devices(&self, user: &str) -> Result<Option<DeviceListRecord>> {
        self.read(space::DEVICE_LIST, user).await
    }

    async fn delete_devices(&self, user: &str) -> Result<()> {
        self.change(delete(space::DEVICE_LIST, user)).await.map(drop)
    }

    async fn get_group_metadata(&self, group_jid: &str) -> Result<Option<Vec<u8>>> {
        self.value(space::GROUP, group_jid).await
    }

    async fn put_group_metadata(&self, group_jid: &str, blob: &[u8]) -> Result<()> {
        self.change(put(space::GROUP, group_jid, blob)).await.map(drop)
    }

    async fn delete_group_metadata(&self, group_jid: &str) -> Result<()> {
        self.change(delete(space::GROUP, group_jid)).await.map(drop)
    }

    async fn get_tc_token(&self, jid: &str) -> Result<Option<TcTokenEntry>> {
        self.read(space::PRIVACY_TOKEN, jid).await
    }

    async fn put_tc_token(&self, jid: &str, entry: &TcTokenEntry) -> Result<()> {
        let _writing = self.writing.lock().await;
        self.put_privacy_token(jid, entry).await
    }

    async fn delete_tc_token(&self, jid: &str) -> Result<()> {
        let _writing = self.writing.lock().await;
        self.change(delete(space::PRIVACY_TOKEN, jid)).await.map(drop)
    }

    async fn get_all_tc_token_jids(&self) -> Result<Vec<String>> {
        Ok(self.list(space::PRIVACY_TOKEN, "").await?.into_iter().map(|it| it.key).collect())
    }

    async fn delete_expired_tc_tokens(&self, token_cutoff: i64, sender_cutoff: i64) -> Result<u32> {
        let _writing = self.writing.lock().await;
        let mut changes = Vec::new();
        for record in self.list(space::PRIVACY_TOKEN, "").await? {
            let entry: TcTokenEntry = super::from_json(&record.value)?;
            let token_lives = !entry.token.is_empty() && entry.token_timestamp >= token_cutoff;
            let sender_lives = entry.sender_timestamp.is_some_and(|it| it >= sender_cutoff);
            if !token_lives && !sender_lives {
                changes.push(delete(space::PRIVACY_TOKEN, record.key));
            }
        }
        self.apply(changes).await.map(count)
    }

    async fn touch_tc_token_sender_timestamp(&self, jid: &str, sender_timestamp: i64) -> Result<()> {
        let _writing = self.writing.lock().await;
        let entry = match self.get_tc_token(jid).await? {
            Some(entry) => {
                let latest = entry.sender_timestamp.map_or(sender_timestamp, |it| it.max(sender_timestamp));
                TcTokenEntry { sender_timestamp: Some(latest), ..entry }
            }
            None => TcTokenEntry {
                token: Vec::new(),
                token_timestamp: sender_timestamp,
                sender_timestamp: Some(sender_timestamp),
            },
        };
        self.put_privacy_token(jid, &entry).await
    }

    async fn store_received_tc_token(&self, jid: &str, token: &[u8], token_timestamp: i64) -> Result<()> {
        let _writing = self.writing.lock().await;
        let known = self.get_tc_token(jid).await?;
        if known.as_ref().is_some_and(|it| !it.token.is_empty() && token_timestamp < it.token_timestamp) {
            return Ok(());
        }
        let sender_timestamp = known.and_then(|it| it.sender_timestamp);
        let entry = TcTokenEntry { token: token.to_vec(), token_timestamp, sender_timestamp };
        self.put_privacy_token(jid, &entry).await
    }

    async fn store_sent_message(&self, chat_jid: &str, message_id: &str, payload: &[u8]) -> Result<()> {
        self.change(VaultChange::Put {
            space: space::SENT_MESSAGE,
            key: joined(&[chat_jid, message_id]),
            value: payload.to_vec(),
            stamp: now_secs(),
        })
        .await
        .map(drop)
    }

    /// It stays: the library puts a message back after it was taken, and in between a second device of the
    /// recipient that asks for it would be told that there is none, and never get it. Age removes it.
    async fn take_sent_message(&self, chat_jid: &str, message_id: &str) -> Result<Option<Vec<u8>>> {
        self.value(space::SENT_MESSAGE, &joined(&[chat_jid, message_id])).await
    }

    async fn delete_expired_sent_messages(&self, cutoff_timestamp: i64) -> Result<u32> {
        let stamp = cutoff_timestamp;
        self.change(VaultChange::DeleteBefore { space: space::SENT_MESSAGE, stamp }).await.map(count)
    }

    async fn store_pending_inbound(&self, chat: &str, sender: &str, id: &str, message: &[u8]) -> Result<()> {
        self.change(pending(&PendingInboundRow { chat, sender, id, message }, now_secs())).await.map(drop)
    }

    async fn get_pending_inbound(&self, chat: &str, sender: &str, id: &str) -> Result<Option<Vec<u8>>> {
        self.value(space::PENDING_INBOUND, &pending_key(chat, sender, id)).await
    }

    async fn delete_pending_inbound(&self, chat: &str, sender: &str, id: &str) -> Result<()> {
        self.change(delete(space::PENDING_INBOUND, pending_key(chat, sender, id))).await.map(drop)
    }

    async fn delete_expired_pending_inbound(&self, cutoff_timestamp: i64) -> Result<u32> {
        let stamp = cutoff_timestamp;
        self.change(VaultChange::DeleteBefore { space: space::PENDING_INBOUND, stamp }).await.map(count)
    }

    async fn store_pending_inbound_batch(&self, rows: &[PendingInboundRow<'_>]) -> Result<()> {
        let now = now_secs();
        self.apply(rows.iter().map(|it| pending(it, now)).collect()).await.map(drop)
    }

    async fn delete_pending_inbound_batch(&self, keys: &[PendingInboundKey<'_>]) -> Result<()> {
        let changes =
            keys.iter().map(|it| delete(space::PENDING_INBOUND, pending_key(it.chat, it.sender, it.id))).collect();
        self.apply(changes).await.map(drop)
    }
}
