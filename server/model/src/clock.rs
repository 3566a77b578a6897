//! Time and chance come in by the door.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use rand::Rng;
use uuid::Uuid;

use crate::id::MessageId;

/// What time it is.
#[async_trait]
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;

    /// Returns once this clock says `at` or later.
    async fn until(&self, at: Timestamp) {
        // A machine that slept or whose clock was set wakes up within a minute of the right time.
        const LONGEST: Duration = Duration::from_secs(60);
        while let Ok(left) = Duration::try_from(at.duration_since(self.now()))
            && !left.is_zero()
        {
            tokio::time::sleep(left.min(LONGEST)).await;
        }
    }
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Makes what must not repeat.
pub trait Minter: Send + Sync + 'static {
    /// Fills the buffer with bytes nobody can guess.
    fn fill(&self, buffer: &mut [u8]);

    /// A new id that sorts by time.
    fn uuid(&self, now: Timestamp) -> Uuid {
        let mut bytes = [0; 10];
        self.fill(&mut bytes);
        let millis = u64::try_from(now.as_millisecond()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
    }

    /// A WhatsApp message id in the form of WhatsApp Web: `3EB0` and 18 hexadecimal digits.
    fn message_id(&self) -> MessageId {
        let mut bytes = [0; 9];
        self.fill(&mut bytes);
        let digits: String = bytes.iter().map(|it| format!("{it:02X}")).collect();
        MessageId(format!("3EB0{digits}"))
    }

    /// A number in `0.0..1.0`, for jitter.
    fn fraction(&self) -> f64 {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
    }
}

/// The operating system's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemMinter;

impl Minter for SystemMinter {
    fn fill(&self, buffer: &mut [u8]) {
        rand::rng().fill_bytes(buffer);
    }
}
