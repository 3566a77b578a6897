//! Who may ask how often and from where: rate limits, trusted proxies, and origins of pages.

use std::time::Duration;

use openwa_api::{RateLimit, RateLimits};
use openwa_core::guard::Network;
use openwa_model::secret::Secret;

use crate::{
    config::{ConfigError, Reader, within},
    environment::Environment,
};

/// What is let in.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Traffic {
    pub(crate) rate_limits: RateLimits,
    pub(crate) trusted_proxies: Vec<Network>,
    pub(crate) cors_origins: Vec<String>,
    /// Whether callers are told what is wrong with their input.
    pub(crate) validation_detail: bool,
    /// The bearer of Prometheus.
    pub(crate) metrics_token: Option<Secret>,
}

const REQUESTS: &str = "a number of requests from 0 to 1000000, where 0 is no limit";
const WINDOW: &str = "a number of milliseconds from 1 to 86400000";
const PROXIES: &str =
    "a list of IP addresses, networks such as 10.0.0.0/8, and the words loopback, linklocal and uniquelocal";
const ORIGINS: &str = "a list of origins such as https://app.example.org, with commas between";
/// In production, a page of any origin may not read answers.
const ORIGINS_IN_PRODUCTION: &str = "a list of origins such as https://app.example.org, because NODE_ENV is production";

impl Traffic {
    /// `limited` is whether there are rate limits where nothing is said: a sandbox is for tests, and has none.
    pub(crate) fn read(environment: &Environment, limited: bool) -> Result<Self, ConfigError> {
        let of = Reader(environment);
        let limited = of.value("RATE_LIMIT_ENABLED", "true or false", |it| it.parse().ok())?.unwrap_or(limited);
        let production = environment.get("NODE_ENV") == Some("production");
        let expected = if production { ORIGINS_IN_PRODUCTION } else { ORIGINS };
        Ok(Self {
            rate_limits: if limited { rate_limits(&of)? } else { RateLimits::default() },
            trusted_proxies: of.value("TRUSTED_PROXIES", PROXIES, proxies)?.unwrap_or_default(),
            cors_origins: of.value("CORS_ORIGINS", expected, |it| origins(it, !production))?.unwrap_or_default(),
            validation_detail: of
                .value("VALIDATION_ERROR_DETAIL", "true or false", |it| it.parse().ok())?
                .unwrap_or(true),
            metrics_token: of.secret("METRICS_TOKEN", "8 to 255 visible ASCII characters", token)?,
        })
    }
}

/// OpenWA's three tiers, and its older pair of settings for the one in the middle.
fn rate_limits(of: &Reader<'_>) -> Result<RateLimits, ConfigError> {
    let usual = RateLimits::usual();
    let requests = |name: &'static str| of.value(name, REQUESTS, |it| within(it, 0_u32, 1_000_000));
    let window =
        |name: &'static str| of.value(name, WINDOW, |it| within(it, 1_u64, 86_400_000).map(Duration::from_millis));
    let tier = |usual: Option<RateLimit>, most: Option<u32>, long: Option<Duration>| {
        let usual = usual?;
        let requests = most.unwrap_or(usual.requests);
        (requests > 0).then(|| RateLimit { requests, window: long.unwrap_or(usual.window) })
    };
    let older = of.value("RATE_LIMIT_TTL", "a number of seconds from 1 to 86400", |it| within(it, 1_u64, 86_400))?;
    let medium_window = window("RATE_LIMIT_MEDIUM_TTL")?.or(older.map(Duration::from_secs));
    let medium_requests = requests("RATE_LIMIT_MEDIUM_LIMIT")?.or(requests("RATE_LIMIT_MAX")?);
    Ok(RateLimits {
        short: tier(usual.short, requests("RATE_LIMIT_SHORT_LIMIT")?, window("RATE_LIMIT_SHORT_TTL")?),
        medium: tier(usual.medium, medium_requests, medium_window),
        long: tier(usual.long, requests("RATE_LIMIT_LONG_LIMIT")?, window("RATE_LIMIT_LONG_TTL")?),
    })
}

fn listed(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|it| !it.is_empty())
}

fn proxies(text: &str) -> Option<Vec<Network>> {
    let mut networks = Vec::new();
    for entry in listed(text) {
        let entries: &[&str] = match entry {
            "loopback" => &["127.0.0.0/8", "::1"],
            "linklocal" => &["169.254.0.0/16", "fe80::/10"],
            "uniquelocal" => &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
            other => &[other],
        };
        for entry in entries {
            networks.push(entry.parse().ok()?);
        }
    }
    (networks.len() <= 1_000).then_some(networks)
}

fn origins(text: &str, any: bool) -> Option<Vec<String>> {
    let origin = |it: &str| {
        let bare = it.split_once("://").is_some_and(|(scheme, host)| {
            matches!(scheme, "http" | "https") && !host.is_empty() && !host.contains(['/', '?', '#', '@', ' '])
        });
        bare || (any && it == "*")
    };
    let origins: Vec<_> = listed(text).map(|it| it.trim_end_matches('/').to_owned()).collect();
    (origins.len() <= 1_000 && origins.iter().all(|it| origin(it))).then_some(origins)
}

fn token(text: &str) -> Option<Secret> {
    let fits = (8..=255).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_graphic());
    fits.then(|| Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<const N: usize>(values: [(&str, &str); N]) -> Result<Traffic, String> {
        Traffic::read(&Environment::from(values), true).map_err(|it| it.to_string())
    }

    #[test]
    fn without_any_setting_the_limits_are_openwas() {
        assert_eq!(read([]).unwrap().rate_limits, RateLimits::usual());
        assert_eq!(read([("RATE_LIMIT_ENABLED", "false")]).unwrap().rate_limits, RateLimits::default());
        let sandbox = Traffic::read(&Environment::default(), false).unwrap();
        assert_eq!(sandbox.rate_limits, RateLimits::default());
    }

    #[test]
    fn each_tier_can_be_set_and_turned_off() {
        let limits = read([
            ("RATE_LIMIT_SHORT_LIMIT", "0"),
            ("RATE_LIMIT_TTL", "30"),
            ("RATE_LIMIT_MAX", "50"),
            ("RATE_LIMIT_LONG_TTL", "60000"),
            ("RATE_LIMIT_LONG_LIMIT", "7"),
        ]);
        let limits = limits.unwrap().rate_limits;
        let limit = |requests, seconds| Some(RateLimit { requests, window: Duration::from_secs(seconds) });
        assert_eq!(limits, RateLimits { short: None, medium: limit(50, 30), long: limit(7, 60) });
    }

    #[test]
    fn proxies_are_addresses_networks_and_three_words() {
        let proxies = read([("TRUSTED_PROXIES", "10.1.2.3, loopback,2001:db8::/32")]).unwrap().trusted_proxies;
        for (address, trusted) in
            [("10.1.2.3", true), ("127.9.9.9", true), ("::1", true), ("2001:db8::7", true), ("10.1.2.4", false)]
        {
            assert_eq!(proxies.iter().any(|it| it.contains(address.parse().unwrap())), trusted, "{address}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (name, value) in [
            ("RATE_LIMIT_SHORT_LIMIT", "-1"),
            ("RATE_LIMIT_SHORT_TTL", "1s"),
            ("TRUSTED_PROXIES", "everyone"),
            ("CORS_ORIGINS", "app.example.org"),
            ("CORS_ORIGINS", "https://app.example.org/path"),
        ] {
            let sentence = read([(name, value)]).unwrap_err();
            assert!(sentence.starts_with(name) && sentence.contains(value), "{sentence}");
        }
        assert!(read([("CORS_ORIGINS", "*")]).is_ok());
        let refused = read([("CORS_ORIGINS", "*"), ("NODE_ENV", "production")]).unwrap_err();
        assert!(refused.contains("production"), "{refused}");
        assert!(!read([("METRICS_TOKEN", "short")]).unwrap_err().contains("\"short\""), "a secret is not shown");
    }
}
