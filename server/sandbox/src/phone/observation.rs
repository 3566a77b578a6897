//! What a phone noticed that is no message: who types, who is there, who calls, what changed in
//! groups, profiles and the app state. Kept for as long as the process runs.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;

use super::chat::Chat;
use crate::ambient;

/// A phone forgets its oldest observations beyond this many.
const MOST_OBSERVATIONS: usize = 10_000;

/// What an observation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Typing,
    Recording,
    Paused,
    Presence,
    Call,
    Group,
    Picture,
    About,
    AppState,
    Blocklist,
    MediaRequest,
}

impl Kind {
    /// As the control API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Typing => "typing",
            Self::Recording => "recording",
            Self::Paused => "paused",
            Self::Presence => "presence",
            Self::Call => "call",
            Self::Group => "group",
            Self::Picture => "picture",
            Self::About => "about",
            Self::AppState => "app-state",
            Self::Blocklist => "blocklist",
            Self::MediaRequest => "media-request",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Observation {
    /// Its place among the phone's observations, rising by one; they are read on from here.
    pub sequence: u64,
    pub kind: Kind,
    pub chat: Option<Chat>,
    /// Who did it.
    pub from: Option<Chat>,
    /// Seconds since 1970.
    pub timestamp: u64,
    /// What else is known, by kind.
    pub data: Value,
}

/// The observations of one phone, oldest first, and the bell that rings when there is another.
pub(crate) struct Observations {
    seen: Mutex<VecDeque<Observation>>,
    last: watch::Sender<u64>,
}

impl Default for Observations {
    fn default() -> Self {
        Self { seen: Mutex::default(), last: watch::Sender::new(0) }
    }
}

impl Observations {
    pub(crate) fn note(&self, kind: Kind, chat: Option<Chat>, from: Option<Chat>, data: Value) {
        let mut seen = self.seen();
        let sequence = *self.last.borrow() + 1;
        seen.push_back(Observation { sequence, kind, chat, from, timestamp: ambient::seconds(), data });
        if seen.len() > MOST_OBSERVATIONS {
            seen.pop_front();
        }
        drop(seen);
        self.last.send_replace(sequence);
    }

    /// Observations after this place. Waits for the first one if there is none yet, but not longer
    /// than `longest`.
    pub(crate) async fn after(&self, after: u64, limit: usize, longest: Duration) -> Vec<Observation> {
        let mut last = self.last.subscribe();
        // When nothing comes in time, the page is empty.
        let _ = tokio::time::timeout(longest, last.wait_for(|last| *last > after)).await;
        let seen = self.seen();
        let start = seen.partition_point(|observation| observation.sequence <= after);
        seen.iter().skip(start).take(limit).cloned().collect()
    }

    fn seen(&self) -> MutexGuard<'_, VecDeque<Observation>> {
        // Whole at every point where a holder could panic.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
