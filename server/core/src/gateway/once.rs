//! Writes that take effect once, whatever they do: their key is claimed before, and what they came to is kept after.
//!
//! Sends of messages know more: what becomes of their message says what became of the request (see `messages`). Here a
//! request that a crash cut off stays unknown, and whoever repeats it is told so.

use std::{
    collections::HashSet,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use openwa_model::{
    Timestamp,
    idempotency::{IdempotentRequest, KeyOwner, StoredAnswer},
    store::StoreError,
};

use super::{Context, Gateway, IdempotencyKey, Result};
use crate::{
    error::GatewayError,
    idempotency::{self, Standing},
};

/// How often it is tried to keep what a write came to.
const ATTEMPTS: u32 = 6;
/// The first pause between those attempts; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// What a write under a key is to do.
#[derive(Debug)]
pub enum Claim {
    /// Go on, and tell with [`Gateway::settle`] how it ended.
    Granted(Claimed),
    /// Answer this: it was done before.
    Replayed(StoredAnswer),
}

/// How a write ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ending {
    /// With this answer. One that tells of a failure says that it may have been done all the same.
    Answered(StoredAnswer),
    /// It came to nothing, so its key is free again.
    Nothing,
}

/// A key that is claimed. Dropped without [`Gateway::settle`], its outcome stays unknown.
pub struct Claimed {
    context: Arc<Context>,
    owner: KeyOwner,
    key: String,
}

impl Claimed {
    /// `None` when another request holds it.
    fn of(context: &Arc<Context>, owner: KeyOwner, key: &str) -> Option<Self> {
        let is_mine = context.claims.change(|it| it.insert((owner, key.to_owned())));
        is_mine.then(|| Self { context: context.clone(), owner, key: key.to_owned() })
    }
}

impl Drop for Claimed {
    fn drop(&mut self) {
        let claim = (self.owner, std::mem::take(&mut self.key));
        self.context.claims.change(|it| it.remove(&claim));
    }
}

impl fmt::Debug for Claimed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claimed").field("owner", &self.owner).field("key", &self.key).finish_non_exhaustive()
    }
}

/// The keys that are claimed in this process: what is in the store and not here was cut off.
#[derive(Default)]
pub(crate) struct Claims(Mutex<HashSet<(KeyOwner, String)>>);

impl Claims {
    fn change<T>(&self, change: impl FnOnce(&mut HashSet<(KeyOwner, String)>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Gateway {
    /// Claims a key for a write that is to be done once. Nothing may have been done for it yet.
    pub async fn claim(&self, owner: KeyOwner, IdempotencyKey { key, fingerprint }: IdempotencyKey) -> Result<Claim> {
        // First, so that whoever is not in the store by the next line comes after this one.
        let claimed = Claimed::of(&self.0.context, owner, &key);
        let now = self.now();
        let earlier = self.view().await?.idempotent_request(owner, &key, now).await?;
        match idempotency::judge_write(earlier, &fingerprint, claimed.is_none()) {
            Standing::Fresh => {}
            Standing::Replay(answer) => return Ok(Claim::Replayed(answer)),
            Standing::Refuse(error) => return Err(error),
        }
        let claimed = claimed.ok_or(GatewayError::IdempotencyInProgress)?;
        let mut unit = self.store().begin().await?;
        if let Some(session) = owner.session()
            && unit.session(session).await?.is_none()
        {
            return Err(GatewayError::SessionNotFound(session));
        }
        let request = IdempotentRequest {
            owner,
            key,
            fingerprint,
            message: None,
            answer: None,
            created_at: now,
            expires_at: now.saturating_add(self.settings().idempotency_lasts).unwrap_or(Timestamp::MAX),
        };
        match unit.add_idempotent_request(&request).await {
            // A send of a message, or another process, took it at the same moment.
            Err(StoreError::Conflict(_)) => return Err(GatewayError::IdempotencyInProgress),
            added => added?,
        }
        unit.commit().await?;
        Ok(Claim::Granted(claimed))
    }

    /// Keeps what a write came to. Tries for a while: what was done should not look unknown because the database was away
    /// for a second.
    pub async fn settle(&self, claimed: Claimed, ending: Ending) {
        let mut pause = FIRST_PAUSE;
        for attempt in 1..=ATTEMPTS {
            match self.write_ending(&claimed, &ending).await {
                Ok(()) => return,
                Err(error) if attempt == ATTEMPTS => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(error, "the outcome of a request with a key was not stored; it counts as unknown");
                    return;
                }
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "the outcome of a request with a key was not stored; trying again");
                }
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }

    async fn write_ending(
        &self,
        Claimed { owner, key, .. }: &Claimed,
        ending: &Ending,
    ) -> std::result::Result<(), StoreError> {
        let mut unit = self.store().begin().await?;
        match ending {
            Ending::Answered(answer) => {
                unit.answer_idempotent_request(*owner, key, answer.status, &answer.body).await?;
            }
            Ending::Nothing => unit.delete_idempotent_request(*owner, key).await?,
        }
        unit.commit().await
    }
}
