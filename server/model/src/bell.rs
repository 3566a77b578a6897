//! A bell carries no data: it says that the store holds something new to look at.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

/// Rung after a commit; listened to by the readers of the log.
#[derive(Clone, Debug)]
pub struct Bell(Arc<watch::Sender<u64>>);

impl Default for Bell {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl Bell {
    /// Wakes whoever listens. Rings that nobody heard yet fall together into one.
    pub fn ring(&self) {
        self.0.send_modify(|it| *it = it.wrapping_add(1));
    }

    /// A listener that hears every ring from now on.
    pub fn listen(&self) -> Listener {
        Listener(self.0.subscribe())
    }
}

/// One who waits for the bell.
#[derive(Debug)]
pub struct Listener(watch::Receiver<u64>);

impl Listener {
    /// Returns at the next ring, at once if it rang since the last call.
    pub async fn rung(&mut self) {
        if self.0.changed().await.is_err() {
            // The bell is gone, and with it any reason to wake up.
            std::future::pending::<()>().await;
        }
    }

    /// Returns at the next ring, or when the time is up: a missed ring only delays. Says whether it rang.
    pub async fn rung_within(&mut self, limit: Duration) -> bool {
        tokio::time::timeout(limit, self.rung()).await.is_ok()
    }
}
