//! What is remembered about API keys between requests: the good ones for seconds, and how often each was used.

use std::{
    collections::HashMap,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use hmac::{Hmac, KeyInit, Mac};
use openwa_model::{
    Timestamp,
    id::KeyId,
    key::ApiKey,
    secret::Secret,
    store::{Store, StoreError},
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// How long a change made on another node may go unnoticed.
const REMEMBERED_FOR: Duration = Duration::from_secs(5);
/// More keys than this are not remembered at once.
const MOST_REMEMBERED: usize = 4096;

/// SHA-256 of a key in hexadecimal; with a pepper, HMAC-SHA-256 under it.
pub(crate) fn hash_key(text: &str, pepper: Option<&Secret>) -> String {
    let pepper = pepper.map(Secret::expose).filter(|it| !it.is_empty());
    match pepper.and_then(|it| Hmac::<Sha256>::new_from_slice(it.as_bytes()).ok()) {
        Some(mac) => hex::encode(mac.chain_update(text).finalize().into_bytes()),
        None => hex::encode(Sha256::digest(text)),
    }
}

/// The memory.
#[derive(Default)]
pub(crate) struct Keyring(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    keys: HashMap<String, (ApiKey, Timestamp)>,
    /// Rises whenever all is forgotten, so that what was read before is not remembered after.
    generation: u64,
    uses: HashMap<KeyId, (u64, Timestamp)>,
}

/// A question to the store, by which the keyring knows whether the answer may be out of date.
#[derive(Clone, Copy)]
pub(crate) struct Asked(u64);

impl Keyring {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key with this hash, if it was seen a moment ago.
    pub(crate) fn remembered(&self, hash: &str, now: Timestamp) -> Option<ApiKey> {
        let memory = self.memory();
        let (key, at) = memory.keys.get(hash)?;
        let fresh = now.duration_since(*at).unsigned_abs() < REMEMBERED_FOR;
        let same = key.hash.as_bytes().ct_eq(hash.as_bytes());
        (fresh && bool::from(same)).then(|| key.clone())
    }

    /// To be called before the store is asked.
    pub(crate) fn asking(&self) -> Asked {
        Asked(self.memory().generation)
    }

    /// Keeps the store's answer, unless keys have changed since it was asked.
    pub(crate) fn remember(&self, asked: Asked, key: &ApiKey, now: Timestamp) {
        let mut memory = self.memory();
        if memory.generation != asked.0 {
            return;
        }
        if memory.keys.len() >= MOST_REMEMBERED {
            memory.keys.clear();
        }
        memory.keys.insert(key.hash.clone(), (key.clone(), now));
    }

    /// To be called after each committed change of a key.
    pub(crate) fn forget_all(&self) {
        let mut memory = self.memory();
        memory.generation += 1;
        memory.keys.clear();
    }

    /// Counts one use.
    pub(crate) fn count_use(&self, id: KeyId, now: Timestamp) {
        let mut memory = self.memory();
        let (times, last) = memory.uses.entry(id).or_insert((0, now));
        *times += 1;
        *last = now.max(*last);
    }

    /// Writes the counted uses down; says how many keys were used. What could not be written is counted on.
    pub(crate) async fn write_uses(&self, store: &dyn Store) -> Result<usize, StoreError> {
        let uses = mem::take(&mut self.memory().uses);
        if uses.is_empty() {
            return Ok(0);
        }
        let written = async {
            let mut unit = store.begin().await?;
            for (id, (times, last)) in &uses {
                unit.count_key_use(*id, *times, *last).await?;
            }
            unit.commit().await
        };
        if let Err(error) = written.await {
            let mut memory = self.memory();
            for (id, (times, last)) in uses {
                let entry = memory.uses.entry(id).or_insert((0, last));
                *entry = (entry.0 + times, entry.1.max(last));
            }
            return Err(error);
        }
        Ok(uses.len())
    }
}

#[cfg(test)]
mod tests {
    use openwa_model::key::Role;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn hashes_are_those_of_openwa() {
        // printf %s owa_k1_test | sha256sum; … | openssl dgst -sha256 -hmac pepper
        for (pepper, hash) in [
            (None, "43aa4d533a2db212199dcb6ffe17f2dce891c85d878e3796eb4023314add3f1e"),
            (Some(""), "43aa4d533a2db212199dcb6ffe17f2dce891c85d878e3796eb4023314add3f1e"),
            (Some("pepper"), "6eed10fd8976467b42d35db329f97cba65ce06d40c3548e57725c587ad07871c"),
        ] {
            let pepper = pepper.map(Secret::new);
            assert_eq!(hash_key("owa_k1_test", pepper.as_ref()), hash);
        }
    }

    fn key() -> ApiKey {
        ApiKey {
            id: KeyId(Uuid::from_u128(1)),
            name: "test".into(),
            prefix: "owa_k1_test".into(),
            hash: hash_key("owa_k1_test", None),
            role: Role::Viewer,
            allowed_ips: None,
            allowed_sessions: None,
            allowed_chats: None,
            active: true,
            expires_at: None,
            last_used_at: None,
            usage_count: 0,
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_key_is_remembered_for_seconds() {
        let (keyring, key, now) = (Keyring::default(), key(), Timestamp::UNIX_EPOCH);
        assert_eq!(keyring.remembered(&key.hash, now), None);
        keyring.remember(keyring.asking(), &key, now);
        assert_eq!(keyring.remembered(&key.hash, now + Duration::from_secs(4)).as_ref(), Some(&key));
        assert_eq!(keyring.remembered(&key.hash, now + REMEMBERED_FOR), None);
        assert_eq!(keyring.remembered(&key.hash, now - REMEMBERED_FOR), None);
    }

    #[test]
    fn what_was_read_before_a_change_is_not_remembered_after_it() {
        let (keyring, key, now) = (Keyring::default(), key(), Timestamp::UNIX_EPOCH);
        let asked = keyring.asking();
        keyring.forget_all();
        keyring.remember(asked, &key, now);
        assert_eq!(keyring.remembered(&key.hash, now), None);
    }
}
