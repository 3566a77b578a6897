//! How receivers fare, and when they are left alone for a while: pure, so that it can be told in a table.
//!
//! A receiver that fails again and again is not asked for a time, then asked with one delivery, which ends the pause or
//! prolongs it. A pause puts deliveries off; it drops none.

use std::time::Duration;

use openwa_model::{Timestamp, webhook::WebhookHealth};

use crate::settings::Settings;

/// The longest pause that nobody asked for: how late it may be noticed that a receiver is back.
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);
/// Fewer failures than this in a row are told to nobody, however long they last.
const WORTH_TELLING: u32 = 3;

/// What attempts that ended do to a receiver's health.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HealthRules {
    /// After so many failures in a row it is left alone; 0 is never.
    pause_after: u32,
    /// The shortest pause.
    shortest: Duration,
    /// After how long it is told that it fails.
    failing_after: Duration,
}

/// What is worth an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum HealthNews {
    /// It has failed for long.
    Failing,
    /// It took something, after that was told.
    Recovered,
}

impl HealthRules {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            pause_after: settings.deliveries.pause_after,
            shortest: settings.webhook_retry_delay.min(LONGEST_PAUSE),
            failing_after: settings.deliveries.failing_after,
        }
    }

    /// Health after something was taken.
    pub(crate) fn after_success(self, before: WebhookHealth) -> (WebhookHealth, Option<HealthNews>) {
        (WebhookHealth::default(), before.told_at.map(|_| HealthNews::Recovered))
    }

    /// Health after an attempt that failed at `at`; until `wanted` the receiver wants to be left alone, if it said so.
    pub(crate) fn after_failure(
        self,
        before: WebhookHealth,
        at: Timestamp,
        wanted: Option<Timestamp>,
    ) -> (WebhookHealth, Option<HealthNews>) {
        let failures = before.failures.saturating_add(1);
        let since = before.failing_since.unwrap_or(at);
        let failing_for = Duration::try_from(at.duration_since(since)).unwrap_or_default();
        // Half of the time for which it has failed: so pauses grow by half each, and the failures of many attempts that
        // were under way together count as one.
        let pause = (failing_for / 2).clamp(self.shortest, LONGEST_PAUSE);
        let pauses = self.pause_after > 0 && failures >= self.pause_after;
        let pause = pauses.then(|| at.checked_add(pause).unwrap_or(Timestamp::MAX));
        let paused_until = [before.paused_until, pause, wanted].into_iter().flatten().max();
        let tells = before.told_at.is_none() && failures >= WORTH_TELLING && failing_for >= self.failing_after;
        let told_at = if tells { Some(at) } else { before.told_at };
        let health = WebhookHealth { failures, failing_since: Some(since), paused_until, told_at };
        (health, tells.then_some(HealthNews::Failing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: HealthRules =
        HealthRules { pause_after: 4, shortest: Duration::from_secs(5), failing_after: Duration::from_secs(300) };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn pauses_begin_after_some_failures_and_grow() {
        let mut health = WebhookHealth::default();
        for (second, paused_until, news) in [
            (0, None, None),
            (1, None, None),
            (2, None, None),
            (3, Some(8), None),
            // One that was under way prolongs it by little.
            (4, Some(9), None),
            (20, Some(30), None),
            (300, Some(450), Some(HealthNews::Failing)),
            (450, Some(675), None),
            (10_000, Some(10_300), None),
        ] {
            let told;
            (health, told) = RULES.after_failure(health, at(second), None);
            assert_eq!((health.paused_until, told), (paused_until.map(at), news), "{second}");
            assert_eq!(health.failing_since, Some(at(0)));
        }
        assert_eq!(health.failures, 9);
        assert_eq!(RULES.after_success(health), (WebhookHealth::default(), Some(HealthNews::Recovered)));
        assert_eq!(RULES.after_success(WebhookHealth::default()), (WebhookHealth::default(), None));
    }

    #[test]
    fn a_receiver_that_asks_for_time_gets_it_at_once() {
        let (health, _) = RULES.after_failure(WebhookHealth::default(), at(0), Some(at(60)));
        assert_eq!(health.paused_until, Some(at(60)));
        let (health, _) = RULES.after_failure(health, at(1), Some(at(30)));
        assert_eq!(health.paused_until, Some(at(60)), "the longest counts");
        let never = HealthRules { pause_after: 0, ..RULES };
        let (health, news) = never.after_failure(WebhookHealth { failures: 99, ..health }, at(1_000), None);
        assert_eq!((health.paused_until, news), (Some(at(60)), Some(HealthNews::Failing)));
    }
}
