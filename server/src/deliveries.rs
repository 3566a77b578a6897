//! How deliveries to webhooks are tried again, and what is remembered of them.

use std::time::Duration;

use openwa_core::settings::DeliverySettings;

use crate::{
    config::{ConfigError, Reader, within},
    environment::Environment,
};

const WAIT: &str = "a number of milliseconds from 1 to 86400000";
const HOURS: &str = "a number of hours from 1 to 8760";
const DAYS: &str = "a number of days from 1 to 3650";
const HOUR: Duration = Duration::from_secs(60 * 60);

/// Reads the settings, or names the first that makes no sense.
pub(crate) fn read(environment: &Environment) -> Result<DeliverySettings, ConfigError> {
    let of = Reader(environment);
    let usual = DeliverySettings::default();
    let wait = |name: &'static str| of.value(name, WAIT, |it| within(it, 1_u64, 86_400_000).map(Duration::from_millis));
    let days = |name: &'static str| of.value(name, DAYS, |it| within(it, 1_u32, 3_650).map(|it| it * 24 * HOUR));
    let give_up_after = of.value("WEBHOOK_GIVE_UP_HOURS", HOURS, |it| within(it, 1_u32, 8_760).map(|it| it * HOUR))?;
    let pause_after =
        of.value("WEBHOOK_PAUSE_AFTER", "a number of failures from 0 to 10000, where 0 is never", |it| {
            within(it, 0_u32, 10_000)
        })?;
    let log_entries = of.value("WEBHOOK_LOG_ENTRIES", "a number from 0 to 100000, where 0 is no log", |it| {
        within(it, 0_u32, 100_000)
    })?;
    let failures = of.value("WEBHOOK_FAILURES_MAX", "a number from 1 to 1000000", |it| within(it, 1_u32, 1_000_000))?;
    Ok(DeliverySettings {
        longest_wait: wait("WEBHOOK_RETRY_MAX_DELAY")?.unwrap_or(usual.longest_wait),
        pause_after: pause_after.unwrap_or(usual.pause_after),
        failing_after: wait("WEBHOOK_FAILING_AFTER")?.unwrap_or(usual.failing_after),
        give_up_after: give_up_after.unwrap_or(usual.give_up_after),
        log_entries: log_entries.unwrap_or(usual.log_entries),
        log_lasts: days("WEBHOOK_LOG_DAYS")?.unwrap_or(usual.log_lasts),
        failures: failures.unwrap_or(usual.failures),
        failures_last: days("WEBHOOK_FAILURES_DAYS")?.unwrap_or(usual.failures_last),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings<const N: usize>(values: [(&str, &str); N]) -> Result<DeliverySettings, String> {
        read(&Environment::from(values)).map_err(|it| it.to_string())
    }

    #[test]
    fn each_can_be_set() {
        assert_eq!(settings([]), Ok(DeliverySettings::default()));
        let set = settings([
            ("WEBHOOK_RETRY_MAX_DELAY", "14400000"),
            ("WEBHOOK_PAUSE_AFTER", "0"),
            ("WEBHOOK_FAILING_AFTER", "60000"),
            ("WEBHOOK_GIVE_UP_HOURS", "2"),
            ("WEBHOOK_LOG_ENTRIES", "0"),
            ("WEBHOOK_LOG_DAYS", "1"),
            ("WEBHOOK_FAILURES_MAX", "5"),
            ("WEBHOOK_FAILURES_DAYS", "2"),
        ]);
        let expected = DeliverySettings {
            longest_wait: 4 * HOUR,
            pause_after: 0,
            failing_after: Duration::from_secs(60),
            give_up_after: 2 * HOUR,
            log_entries: 0,
            log_lasts: 24 * HOUR,
            failures: 5,
            failures_last: 48 * HOUR,
        };
        assert_eq!(set, Ok(expected));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (name, value) in [
            ("WEBHOOK_RETRY_MAX_DELAY", "1h"),
            ("WEBHOOK_PAUSE_AFTER", "-1"),
            ("WEBHOOK_GIVE_UP_HOURS", "0"),
            ("WEBHOOK_LOG_ENTRIES", "many"),
            ("WEBHOOK_FAILURES_MAX", "0"),
            ("WEBHOOK_FAILURES_DAYS", "3651"),
        ] {
            let sentence = settings([(name, value)]).unwrap_err();
            assert!(sentence.starts_with(name) && sentence.contains(value), "{sentence}");
        }
    }
}
