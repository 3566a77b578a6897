//! API keys: made, changed, revoked, and recognised.

use openwa_model::{
    Timestamp,
    id::{KeyId, SessionId},
    key::{ApiKey, Role},
    secret::Secret,
    store::{StoreError, Unit},
};

use super::{Gateway, Result};
use crate::{error::GatewayError, guard::Network, keyring::hash_key};

/// The longest key that is looked at, in bytes.
const MAX_KEY: usize = 512;
/// How many entries a list of addresses, sessions or chats may have.
const MAX_ENTRIES: usize = 1000;
/// The name of the key that the first start makes.
const FIRST_KEY: &str = "Default Admin Key";

/// A key to be made.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// What a person calls it, 3 to 100 characters.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The IPv4 addresses and networks it may come from; `None` is any.
    pub allowed_ips: Option<Vec<String>>,
    /// The sessions it may touch; `None` is all.
    pub allowed_sessions: Option<Vec<SessionId>>,
    /// The chats it may touch; `None` is all.
    pub allowed_chats: Option<Vec<String>>,
    /// When it stops working.
    pub expires_at: Option<Timestamp>,
}

/// What to change about a key; `None` leaves it as it is, and an inner `None` lifts the limit.
#[derive(Clone, Debug, Default)]
pub struct KeyPatch {
    /// The name.
    pub name: Option<String>,
    /// What it may do.
    pub role: Option<Role>,
    /// Where it may come from.
    pub allowed_ips: Option<Option<Vec<String>>>,
    /// The sessions it may touch.
    pub allowed_sessions: Option<Option<Vec<SessionId>>>,
    /// The chats it may touch.
    pub allowed_chats: Option<Option<Vec<String>>>,
    /// When it stops working.
    pub expires_at: Option<Option<Timestamp>>,
}

/// Why a key was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// No key has this text.
    #[error("Invalid API key")]
    Unknown,
    /// It was revoked.
    #[error("API key is revoked")]
    Revoked,
    /// Its time is over.
    #[error("API key has expired")]
    Expired,
    /// Whether it is good could not be found out.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Gateway {
    /// The key that was presented. Remembers good keys for seconds, and counts their use in the background.
    pub async fn authenticate(&self, presented: &str) -> std::result::Result<ApiKey, AuthError> {
        if presented.is_empty() || presented.len() > MAX_KEY {
            return Err(AuthError::Unknown);
        }
        let now = self.now();
        let keyring = &self.0.context.keyring;
        let hash = self.hash(presented);
        let key = match keyring.remembered(&hash, now) {
            Some(key) => key,
            None => {
                let asked = keyring.asking();
                let found = self.store().view().await?.key_by_hash(&hash).await?;
                let key = found.ok_or(AuthError::Unknown)?;
                keyring.remember(asked, &key, now);
                key
            }
        };
        if !key.active {
            return Err(AuthError::Revoked);
        }
        if key.expires_at.is_some_and(|it| it <= now) {
            return Err(AuthError::Expired);
        }
        keyring.count_use(key.id, now);
        Ok(key)
    }

    /// Makes a key. The text itself is answered here and never again.
    pub async fn create_key(&self, new: NewKey) -> Result<(ApiKey, Secret)> {
        let mut random = [0; 32];
        self.0.context.ports.minter.fill(&mut random);
        let text = Secret::new(format!("owa_k1_{}", hex::encode(random)));
        let key = self.key_of(&text, new)?;
        check(&key)?;
        let mut unit = self.store().begin().await?;
        unit.add_key(&key).await?;
        unit.commit().await?;
        Ok((key, text))
    }

    /// All keys, newest first.
    pub async fn keys(&self) -> Result<Vec<ApiKey>> {
        Ok(self.view().await?.keys().await?)
    }

    /// One key.
    pub async fn key(&self, id: KeyId) -> Result<ApiKey> {
        self.view().await?.key(id).await?.ok_or(GatewayError::KeyNotFound(id))
    }

    /// Changes a key.
    pub async fn update_key(&self, id: KeyId, patch: KeyPatch) -> Result<ApiKey> {
        self.change_key(id, |key| {
            let KeyPatch { name, role, allowed_ips, allowed_sessions, allowed_chats, expires_at } = patch;
            if let Some(it) = name {
                key.name = it.trim().to_owned();
            }
            if let Some(it) = role {
                key.role = it;
            }
            if let Some(it) = allowed_ips {
                key.allowed_ips = some_entries(it);
            }
            if let Some(it) = allowed_sessions {
                key.allowed_sessions = some_entries(it);
            }
            if let Some(it) = allowed_chats {
                key.allowed_chats = some_entries(it);
            }
            if let Some(it) = expires_at {
                key.expires_at = it;
            }
            check(key)
        })
        .await
    }

    /// Makes a key useless for good, and keeps its row.
    pub async fn revoke_key(&self, id: KeyId) -> Result<ApiKey> {
        self.change_key(id, |key| {
            key.active = false;
            Ok(())
        })
        .await
    }

    /// Deletes a key.
    pub async fn delete_key(&self, id: KeyId) -> Result<()> {
        let mut unit = self.store().begin().await?;
        let key = unit.key(id).await?.ok_or(GatewayError::KeyNotFound(id))?;
        keep_an_admin(&mut *unit, &key, None, self.now()).await?;
        unit.delete_key(id).await?;
        unit.commit().await?;
        self.0.context.keyring.forget_all();
        Ok(())
    }

    /// Makes the first admin key when there is no key at all: the one given, else a new one. Answers it when it was made.
    pub async fn ensure_first_key(&self, master: Option<Secret>) -> Result<Option<Secret>> {
        let mut unit = self.store().begin().await?;
        if !unit.keys().await?.is_empty() {
            return Ok(None);
        }
        let master = master.map(|it| Secret::new(it.expose().trim())).filter(|it| !it.expose().is_empty());
        let text = match master {
            Some(text) if text.expose().len() > MAX_KEY => {
                return Err(GatewayError::Setup(format!("API_MASTER_KEY is longer than {MAX_KEY} bytes; shorten it")));
            }
            Some(text) => text,
            None => {
                let mut random = [0; 32];
                self.0.context.ports.minter.fill(&mut random);
                Secret::new(format!("owa_k1_{}", hex::encode(random)))
            }
        };
        let first = NewKey {
            name: FIRST_KEY.to_owned(),
            role: Role::Admin,
            allowed_ips: None,
            allowed_sessions: None,
            allowed_chats: None,
            expires_at: None,
        };
        unit.add_key(&self.key_of(&text, first)?).await?;
        unit.commit().await?;
        Ok(Some(text))
    }

    async fn change_key(&self, id: KeyId, change: impl FnOnce(&mut ApiKey) -> Result<()> + Send) -> Result<ApiKey> {
        let mut unit = self.store().begin().await?;
        let before = unit.key(id).await?.ok_or(GatewayError::KeyNotFound(id))?;
        let mut after = before.clone();
        change(&mut after)?;
        keep_an_admin(&mut *unit, &before, Some(&after), self.now()).await?;
        unit.save_key(&after).await?;
        unit.commit().await?;
        self.0.context.keyring.forget_all();
        Ok(after)
    }

    fn key_of(&self, text: &Secret, new: NewKey) -> Result<ApiKey> {
        let now = self.now();
        if new.expires_at.is_some_and(|it| it <= now) {
            return Err(GatewayError::InvalidInput("expiresAt must be in the future".to_owned()));
        }
        Ok(ApiKey {
            id: KeyId(self.0.context.ports.minter.uuid(now)),
            name: new.name.trim().to_owned(),
            prefix: text.expose().chars().take(12).collect(),
            hash: self.hash(text.expose()),
            role: new.role,
            allowed_ips: some_entries(new.allowed_ips),
            allowed_sessions: some_entries(new.allowed_sessions),
            allowed_chats: some_entries(new.allowed_chats),
            active: true,
            expires_at: new.expires_at,
            last_used_at: None,
            usage_count: 0,
            created_at: now,
        })
    }

    fn hash(&self, text: &str) -> String {
        hash_key(text, self.settings().api_key_pepper.as_ref())
    }
}

/// An empty list limits nothing, as in OpenWA; it is kept as no list.
fn some_entries<T>(list: Option<Vec<T>>) -> Option<Vec<T>> {
    list.filter(|it| !it.is_empty())
}

fn check(key: &ApiKey) -> Result<()> {
    let invalid = |text: &str| Err(GatewayError::InvalidInput(text.to_owned()));
    match key.name.chars().count() {
        0..3 => return invalid("name must be longer than or equal to 3 characters"),
        3..=100 => {}
        _ => return invalid("name must be shorter than or equal to 100 characters"),
    }
    for (name, length) in [
        ("allowedIps", key.allowed_ips.as_ref().map(Vec::len)),
        ("allowedSessions", key.allowed_sessions.as_ref().map(Vec::len)),
        ("allowedChats", key.allowed_chats.as_ref().map(Vec::len)),
    ] {
        if length.is_some_and(|it| it > MAX_ENTRIES) {
            return invalid(&format!("{name} must contain no more than {MAX_ENTRIES} elements"));
        }
    }
    let addresses = key.allowed_ips.iter().flatten();
    if !addresses.map(|it| it.parse::<Network>()).all(|it| it.is_ok_and(|it| it.is_ipv4())) {
        return invalid("each value in allowedIps must be an IPv4 address or CIDR range");
    }
    if key.allowed_chats.iter().flatten().any(|it| it.is_empty() || it.len() > 128) {
        return invalid("each value in allowedChats must be a chat id");
    }
    Ok(())
}

/// Whether a person can administer the whole gateway with this key.
fn is_usable_admin(key: &ApiKey, now: Timestamp) -> bool {
    key.active
        && key.role == Role::Admin
        && key.allowed_sessions.is_none()
        && key.allowed_chats.is_none()
        && key.expires_at.is_none_or(|it| it > now)
}

async fn keep_an_admin(unit: &mut dyn Unit, before: &ApiKey, after: Option<&ApiKey>, now: Timestamp) -> Result<()> {
    if !is_usable_admin(before, now) || after.is_some_and(|it| is_usable_admin(it, now)) {
        return Ok(());
    }
    let others = unit.keys().await?;
    let another = others.iter().any(|it| it.id != before.id && is_usable_admin(it, now));
    if another { Ok(()) } else { Err(GatewayError::LastAdminKey) }
}
