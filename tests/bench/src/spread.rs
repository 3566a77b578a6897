//! Many durations in a few figures.

use std::{fmt, time::Duration};

/// Durations, sorted.
pub(crate) struct Spread(Vec<Duration>);

impl Spread {
    /// Of at least one duration.
    pub(crate) fn of(mut durations: Vec<Duration>) -> Self {
        assert!(!durations.is_empty(), "nothing was measured");
        durations.sort_unstable();
        Self(durations)
    }

    /// The duration that this share (0 to 1) of them does not exceed.
    pub(crate) fn share(&self, share: f64) -> Duration {
        let last = self.0.len() - 1;
        self.0[((last as f64) * share).ceil() as usize]
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = |share| self.share(share).as_secs_f64() * 1_000.0;
        write!(
            f,
            "p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms of {}",
            millis(0.5),
            millis(0.99),
            millis(1.0),
            self.0.len()
        )
    }
}
