//! How often one address may ask one route: three windows at once, and the headers that tell where a caller stands.
//!
//! A window begins with the first request in it and ends after its time, whatever comes. Each tier is counted only
//! while those before it let the request through, so that hammering does not use up the hour.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use poem::{
    Response,
    http::{HeaderMap, HeaderName, header},
};

use crate::operations::{Matched, Operation};

/// How many windows are remembered before those that have ended are forgotten.
const TIDY_ABOVE: usize = 4_096;
/// More are not remembered: beyond it all counts begin anew, which a flood from that many networks is not stopped by anyway.
const MOST_REMEMBERED: usize = 200_000;

/// So many requests in so much time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RateLimit {
    /// How many.
    pub requests: u32,
    /// In which time.
    pub window: Duration,
}

/// What one address may ask of one route; a tier that is absent limits nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RateLimits {
    /// Against bursts.
    pub short: Option<RateLimit>,
    /// In between.
    pub medium: Option<RateLimit>,
    /// Over a long time.
    pub long: Option<RateLimit>,
}

impl RateLimits {
    /// OpenWA's: 10 in a second, 100 in a minute, 1000 in an hour.
    pub fn usual() -> Self {
        let limit = |requests, seconds| Some(RateLimit { requests, window: Duration::from_secs(seconds) });
        Self { short: limit(10, 1), medium: limit(100, 60), long: limit(1000, 3600) }
    }
}

/// One tier, with the names of its headers.
#[derive(Debug)]
struct Tier {
    limit: RateLimit,
    limit_name: HeaderName,
    remaining_name: HeaderName,
    reset_name: HeaderName,
    retry_name: HeaderName,
}

macro_rules! tier {
    ($limit:expr, $name:literal) => {
        $limit.map(|limit| Tier {
            limit,
            limit_name: HeaderName::from_static(concat!("x-ratelimit-limit-", $name)),
            remaining_name: HeaderName::from_static(concat!("x-ratelimit-remaining-", $name)),
            reset_name: HeaderName::from_static(concat!("x-ratelimit-reset-", $name)),
            retry_name: HeaderName::from_static(concat!("retry-after-", $name)),
        })
    };
}

/// Whose requests are counted together: the place of the route in memory, and the address or its network.
type Who = (usize, Ipv6Addr);

/// The counts.
pub(crate) struct Limiter {
    tiers: Arc<[Tier]>,
    counts: Mutex<HashMap<Who, Vec<Window>>>,
}

#[derive(Clone, Copy)]
struct Window {
    began: Instant,
    requests: u32,
}

/// Where a caller stands after a request.
pub(crate) struct Standing {
    tiers: Arc<[Tier]>,
    /// For each tier that was counted: how many are left, and after how many seconds the window ends.
    counted: Vec<(u32, u64)>,
    /// The tier that is used up.
    refused: Option<usize>,
}

impl Limiter {
    pub(crate) fn new(limits: &RateLimits) -> Self {
        let tiers = [tier!(limits.short, "short"), tier!(limits.medium, "medium"), tier!(limits.long, "long")];
        Self { tiers: tiers.into_iter().flatten().collect(), counts: Mutex::default() }
    }

    /// Counts one request; nothing where this route is not limited.
    pub(crate) fn count(&self, Matched(route): &Matched, address: Option<IpAddr>, now: Instant) -> Option<Standing> {
        if !route.limited {
            return None;
        }
        self.count_by(std::ptr::from_ref::<Operation>(route).addr(), address, now)
    }

    /// Counts one of those that share a number and a network.
    pub(crate) fn count_by(&self, number: usize, address: Option<IpAddr>, now: Instant) -> Option<Standing> {
        if self.tiers.is_empty() {
            return None;
        }
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= TIDY_ABOVE && counts.len() == counts.capacity() {
            self.tidy(&mut counts, now);
        }
        let who = (number, network(address));
        let windows = counts.entry(who).or_insert_with(|| vec![Window { began: now, requests: 0 }; self.tiers.len()]);
        let mut standing = Standing { tiers: self.tiers.clone(), counted: Vec::new(), refused: None };
        for (place, (tier, window)) in self.tiers.iter().zip(windows).enumerate() {
            if window.has_ended(tier, now) {
                *window = Window { began: now, requests: 0 };
            }
            let ends_in = tier.limit.window.saturating_sub(now.saturating_duration_since(window.began));
            let ends_in = ends_in.as_millis().div_ceil(1000) as u64;
            if window.requests >= tier.limit.requests {
                standing.counted.push((0, ends_in));
                standing.refused = Some(place);
                break;
            }
            window.requests += 1;
            standing.counted.push((tier.limit.requests - window.requests, ends_in));
        }
        Some(standing)
    }

    fn tidy(&self, counts: &mut HashMap<Who, Vec<Window>>, now: Instant) {
        counts.retain(|_, windows| self.tiers.iter().zip(windows).any(|(tier, window)| !window.has_ended(tier, now)));
        if counts.len() >= MOST_REMEMBERED {
            counts.clear();
        }
    }
}

impl Window {
    fn has_ended(&self, tier: &Tier, now: Instant) -> bool {
        now.saturating_duration_since(self.began) >= tier.limit.window
    }
}

impl Standing {
    pub(crate) fn is_refused(&self) -> bool {
        self.refused.is_some()
    }

    /// Writes it into an answer.
    pub(crate) fn tell(&self, response: &mut Response) {
        let headers = response.headers_mut();
        for (tier, (remaining, ends_in)) in self.tiers.iter().zip(&self.counted) {
            set(headers, &tier.limit_name, u64::from(tier.limit.requests));
            set(headers, &tier.remaining_name, u64::from(*remaining));
            set(headers, &tier.reset_name, *ends_in);
        }
        if let Some(place) = self.refused
            && let (Some(tier), Some((_, ends_in))) = (self.tiers.get(place), self.counted.get(place))
        {
            set(headers, &tier.retry_name, *ends_in);
            set(headers, &header::RETRY_AFTER, *ends_in);
        }
    }
}

fn set(headers: &mut HeaderMap, name: &HeaderName, value: u64) {
    headers.insert(name.clone(), value.into());
}

/// One address of IPv4, or the 64 bits of IPv6 that one customer has.
fn network(address: Option<IpAddr>) -> Ipv6Addr {
    match address {
        None => Ipv6Addr::UNSPECIFIED,
        Some(IpAddr::V4(it)) => it.to_ipv6_mapped(),
        Some(IpAddr::V6(it)) => Ipv6Addr::from_bits(it.to_bits() >> 64 << 64),
    }
}

#[cfg(test)]
mod tests {
    use poem::http::Method;
    use poem_openapi::OpenApi;

    use super::*;
    use crate::operations::Operations;

    struct Sample;

    #[OpenApi]
    impl Sample {
        #[oai(path = "/health", method = "get")]
        async fn health(&self) {}
        #[oai(path = "/one", method = "get")]
        async fn one(&self) {}
        #[oai(path = "/two", method = "get")]
        async fn two(&self) {}
    }

    struct Bench {
        limiter: Limiter,
        operations: Operations,
        begin: Instant,
    }

    impl Bench {
        fn new() -> Self {
            let limit = |requests, seconds| Some(RateLimit { requests, window: Duration::from_secs(seconds) });
            let limits = RateLimits { short: limit(2, 1), medium: None, long: limit(3, 60) };
            let operations = Operations::new("/api", <Sample as OpenApi>::meta());
            Self { limiter: Limiter::new(&limits), operations, begin: Instant::now() }
        }

        /// What is told after so many milliseconds; nothing where nothing is counted.
        fn ask(&self, path: &str, from: &str, after: u64) -> Option<Vec<String>> {
            let (matched, _) = self.operations.find(&Method::GET, path).unwrap();
            let now = self.begin + Duration::from_millis(after);
            let standing = self.limiter.count(&matched, Some(from.parse().unwrap()), now)?;
            let mut response = Response::default();
            standing.tell(&mut response);
            let told = response.headers().iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()));
            let mut told: Vec<_> = told.filter(|it| !it.contains("-limit-")).collect();
            told.sort();
            Some(told)
        }

        fn is_refused(&self, path: &str, from: &str, after: u64) -> bool {
            self.ask(path, from, after).unwrap().iter().any(|it| it.starts_with("retry-after"))
        }
    }

    #[test]
    fn a_caller_is_told_where_it_stands() {
        let bench = Bench::new();
        assert_eq!(bench.ask("/api/health", "10.0.0.1", 0), None, "health is always answered");
        assert_eq!(
            bench.ask("/api/one", "10.0.0.1", 0).unwrap(),
            [
                "x-ratelimit-remaining-long: 2",
                "x-ratelimit-remaining-short: 1",
                "x-ratelimit-reset-long: 60",
                "x-ratelimit-reset-short: 1",
            ]
        );
        assert!(!bench.is_refused("/api/one", "10.0.0.1", 10));
        assert_eq!(
            bench.ask("/api/one", "10.0.0.1", 20).unwrap(),
            ["retry-after-short: 1", "retry-after: 1", "x-ratelimit-remaining-short: 0", "x-ratelimit-reset-short: 1"],
            "and the long window was not counted"
        );
        assert!(!bench.is_refused("/api/one", "10.0.0.1", 1_000), "a new second");
        let told = bench.ask("/api/one", "10.0.0.1", 1_100).unwrap();
        assert!(told.contains(&"retry-after-long: 59".to_owned()), "{told:?}");
        assert!(!bench.is_refused("/api/one", "10.0.0.1", 60_000));
    }

    #[test]
    fn each_route_and_each_network_counts_for_itself() {
        let bench = Bench::new();
        for _ in 0..2 {
            assert!(!bench.is_refused("/api/one", "2001:db8::1", 0));
        }
        for (path, from, refused) in [
            ("/api/one", "2001:db8::ffff:1", true),
            ("/api/one", "2001:db8:0:1::1", false),
            ("/api/two", "2001:db8::1", false),
            ("/api/one", "10.0.0.1", false),
        ] {
            assert_eq!(bench.is_refused(path, from, 0), refused, "{path} {from}");
        }
    }

    #[test]
    fn what_has_ended_is_forgotten() {
        let bench = Bench::new();
        for number in 0..20_000_u64 {
            let from = Ipv6Addr::from_bits(u128::from(number) << 64).to_string();
            bench.is_refused("/api/one", &from, number * 60);
        }
        let remembered = bench.limiter.counts.lock().unwrap().len();
        assert!(remembered < 10_000, "{remembered} are remembered");
    }
}
