//! Time and chance. The sandbox reads both here and nowhere else.

use std::time::{SystemTime, UNIX_EPOCH};

use rand::Rng;

/// Seconds since 1970, the unit of every `t` attribute.
pub(crate) fn seconds() -> u64 {
    wall_clock().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The time of day.
pub(crate) fn wall_clock() -> SystemTime {
    SystemTime::now()
}

/// A generator fit for keys, seeded by the operating system.
pub(crate) fn rng() -> impl rand::CryptoRng {
    rand::make_rng::<rand::rngs::StdRng>()
}

/// `N` random bytes.
pub(crate) fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rng().fill_bytes(&mut bytes);
    bytes
}

/// A point in time to measure waits from.
pub(crate) fn now() -> tokio::time::Instant {
    tokio::time::Instant::now()
}
