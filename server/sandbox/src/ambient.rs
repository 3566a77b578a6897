//! Time and chance. The sandbox reads both here and nowhere else.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand::Rng;

/// Seconds since 1970, the unit of every `t` attribute.
pub(crate) fn seconds() -> u64 {
    since_epoch().as_secs()
}

/// Time since 1970.
pub(crate) fn since_epoch() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
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
