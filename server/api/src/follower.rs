//! Those who follow the log, over whatever it reaches them: each keeps a place and reads what came after it.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures_util::{Stream, stream};
use openwa_core::Gateway;
use openwa_model::{
    bell::Listener,
    event::{Event, EventKind},
    id::{Position, SessionId},
    key::ApiKey,
    secret::Secret,
    store::EventFilter,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    answer::Answer,
    auth::{ChatFence, recognise},
    error::ApiError,
    events::{is_seen, kinds_of, permitted},
};

/// How many events a follower reads at a time, and so holds at most.
const BATCH: u32 = 100;
/// How many followers there may be.
const MOST_FOLLOWERS: usize = 512;
/// How long a follower trusts the bell before it looks by itself.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// How often the key of a follower is looked at again.
const KEY_CHECK: Duration = Duration::from_secs(60);

/// Where followers begin, and how many there may be.
#[derive(Clone)]
pub(crate) struct Following {
    pub(crate) gateway: Gateway,
    /// Cancelled when followers are to be let go.
    pub(crate) stopping: CancellationToken,
    places: Arc<Semaphore>,
}

/// What one wants to follow.
pub(crate) struct Wanted {
    /// From which place on; from now on, when absent.
    pub(crate) after: Option<Position>,
    /// Only this session.
    pub(crate) session: Option<Uuid>,
    /// Only these types, separated by commas.
    pub(crate) types: Option<String>,
}

impl Following {
    pub(crate) fn new(gateway: Gateway, stopping: CancellationToken) -> Self {
        Self { gateway, stopping, places: Arc::new(Semaphore::new(MOST_FOLLOWERS)) }
    }

    /// Begins to follow with a good key.
    pub(crate) async fn begin(&self, key: ApiKey, presented: Secret, wanted: Wanted) -> Answer<Follower> {
        let allowed = key.allowed_sessions.as_deref();
        let sessions = match (wanted.session.map(SessionId), allowed) {
            (Some(one), Some(allowed)) if !allowed.contains(&one) => {
                return Err(ApiError::forbidden("SESSION_NOT_ALLOWED", "API key not authorized for this session"));
            }
            (Some(one), _) => {
                self.gateway.session(one).await?;
                Some(vec![one])
            }
            (None, allowed) => allowed.map(<[_]>::to_vec),
        };
        let kinds = kinds_of(wanted.types.as_deref())?.unwrap_or_else(EventKind::usual);
        let kinds = permitted(Some(kinds), key.role);
        let place = self.places.clone().try_acquire_owned();
        let place = place.map_err(|_| ApiError::busy("Too many readers follow the events; try again"))?;
        // Listening begins before the first look, so that no ring falls in between.
        let listener = self.gateway.bell().listen();
        let cursor = match wanted.after {
            Some(position) => position,
            None => self.gateway.last_position().await?,
        };
        Ok(Follower {
            gateway: self.gateway.clone(),
            stopping: self.stopping.clone(),
            listener,
            filter: EventFilter { sessions, kinds },
            cursor,
            looks: false,
            waiting: VecDeque::new(),
            key,
            presented,
            check_key_at: Instant::now() + KEY_CHECK,
            _place: place,
        })
    }
}

/// One who follows the log.
pub(crate) struct Follower {
    gateway: Gateway,
    stopping: CancellationToken,
    listener: Listener,
    filter: EventFilter,
    cursor: Position,
    /// Whether it looks by itself, because no bell rang for long.
    looks: bool,
    waiting: VecDeque<Event>,
    key: ApiKey,
    presented: Secret,
    check_key_at: Instant,
    _place: OwnedSemaphorePermit,
}

impl Follower {
    /// Where it stands: what comes next comes after this place.
    pub(crate) fn place(&self) -> Position {
        self.cursor
    }

    /// Events as they come, until the gateway stops or the key is not what it was.
    pub(crate) fn events(self) -> impl Stream<Item = Event> + Send + 'static {
        stream::unfold(self, Self::next)
    }

    async fn next(mut self) -> Option<(Event, Self)> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some((event, self));
            }
            if self.stopping.is_cancelled() || !self.may_go_on().await {
                return None;
            }
            if !self.read().await {
                tokio::select! {
                    rung = self.listener.rung_within(LOOK_AGAIN) => self.looks = !rung,
                    () = self.stopping.cancelled() => return None,
                }
            }
        }
    }

    /// Reads what came after the cursor; false when that was all there is.
    async fn read(&mut self) -> bool {
        match self.gateway.news(self.cursor, &self.filter, BATCH, self.looks).await {
            Ok(news) => {
                self.cursor = news.reached;
                self.take(news.events).await;
                news.more || !self.waiting.is_empty()
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a follower of the log could not read");
                false
            }
        }
    }

    /// Keeps of what was read what the key may see.
    async fn take(&mut self, found: Vec<Event>) {
        if self.key.allowed_chats.is_none() {
            return self.waiting.extend(found);
        }
        for event in found {
            // A fence that could not be found out hides.
            let fence = ChatFence::of(&self.key, &self.gateway, event.event.session).await;
            if fence.is_ok_and(|it| is_seen(&it, &event)) {
                self.waiting.push_back(event);
            }
        }
    }

    /// Whether the key still is what it was.
    async fn may_go_on(&mut self) -> bool {
        if Instant::now() < self.check_key_at {
            return true;
        }
        self.check_key_at = Instant::now() + KEY_CHECK;
        let rights = |it: &ApiKey| (it.role, it.allowed_sessions.clone(), it.allowed_chats.clone());
        match recognise(&self.gateway, &self.presented).await {
            Ok(key) => rights(&key) == rights(&self.key),
            Err(error) => error.is_ours(),
        }
    }
}
