//! How often one address may ask (contract §2.3), and whom a proxy names (§2.2).

use std::time::Duration;

use openwa_api::{RateLimit, RateLimits};
use serde_json::json;

use crate::house::{ADMIN, House};

/// Long enough for a window not to end while a test runs.
const LONG: Duration = Duration::from_secs(3600);

async fn house(short: u32, long: u32) -> House {
    let limit = |requests| Some(RateLimit { requests, window: LONG });
    let limits = RateLimits { short: limit(short), medium: None, long: limit(long) };
    House::open_with(|settings| {
        settings.rate_limits = limits;
        settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await
}

#[tokio::test]
async fn a_route_is_asked_so_often_and_no_more() {
    let house = house(3, 100).await;
    for left in ["2", "1", "0"] {
        let answer = house.answer(house.bare("GET", "/api/sessions")).await;
        answer.failed(401);
        assert_eq!(answer.header("x-ratelimit-limit-short"), Some("3"), "§2.3, also on a refusal");
        assert_eq!(answer.header("x-ratelimit-remaining-short"), Some(left), "§2.3");
        assert!(
            answer.header("x-ratelimit-reset-short").is_some_and(|it| it.parse::<u64>().is_ok_and(|it| it <= 3600))
        );
        assert_eq!(answer.header("x-ratelimit-limit-medium"), None, "a tier that is off tells nothing");
        assert_eq!(answer.header("x-ratelimit-limit-long"), Some("100"), "§2.3");
        assert_eq!(answer.header("retry-after"), None);
    }
    let refused = house.get("/api/sessions").await;
    assert_eq!(refused.failed(429), "ThrottlerException: Too Many Requests");
    assert_eq!(refused.body["error"], "Too Many Requests");
    assert_eq!(refused.body["code"], "RATE_LIMITED");
    let seconds: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((3590..=3600).contains(&seconds), "§2.3: {seconds}");
    assert_eq!(refused.header("retry-after-short"), refused.header("retry-after"), "§2.3");
    assert_eq!(refused.header("retry-after-long"), None);
    assert!(refused.header("x-request-id").is_some(), "§1.0: also on early rejections");
    assert_eq!(refused.header("x-content-type-options"), Some("nosniff"), "§1.0");

    house.get("/api/webhooks").await.good(200);
    let made = house.post("/api/sessions", json!({"name": "main"})).await;
    assert_eq!(made.header("x-ratelimit-remaining-short"), Some("2"), "§2.3: each route counts for itself");
}

#[tokio::test]
async fn health_is_always_answered() {
    let house = house(1, 100).await;
    for path in ["/api/health", "/api/health/live", "/api/health/ready"] {
        for _ in 0..3 {
            let answer = house.answer(house.bare("GET", path)).await;
            assert_eq!((answer.status.as_u16(), answer.header("x-ratelimit-limit-short")), (200, None), "§2.3: {path}");
        }
    }
    for _ in 0..2 {
        let answer = house.get("/api/nothing").await;
        assert_eq!((answer.status.as_u16(), answer.header("x-ratelimit-limit-short")), (404, None));
    }
}

#[tokio::test]
async fn each_address_counts_for_itself() {
    let house = house(1, 100).await;
    let ask = async |forwarded: &str| {
        house.answer(house.request("GET", "/api/sessions").header("X-Forwarded-For", forwarded)).await.status.as_u16()
    };
    assert_eq!(ask("198.51.100.1").await, 200);
    assert_eq!(ask("198.51.100.1").await, 429);
    assert_eq!(ask("198.51.100.2").await, 200);
    assert_eq!(ask("6.6.6.6, 198.51.100.2").await, 429, "§2.2: what the client wrote itself is not believed");
    assert_eq!(ask("2001:db8:1:1::1").await, 200);
    assert_eq!(ask("2001:db8:1:1::2").await, 429, "§2.3: one customer of IPv6 is one /64");
    assert_eq!(ask("2001:db8:1:2::1").await, 200);
}

#[tokio::test]
async fn a_key_of_one_network_may_come_through_a_proxy() {
    let house = house(100, 100).await;
    let key = house.key(json!({"name": "from there", "allowedIps": ["198.51.100.0/24"]})).await;
    let ask = async |forwarded: Option<&str>| {
        let request = house.bare("GET", "/api/sessions").header("X-API-Key", &key);
        let request = match forwarded {
            Some(forwarded) => request.header("X-Forwarded-For", forwarded),
            None => request,
        };
        house.answer(request).await.status.as_u16()
    };
    for (forwarded, status) in
        [(Some("198.51.100.7"), 200), (Some("203.0.113.1"), 403), (None, 403), (Some("198.51.100.7, 203.0.113.1"), 403)]
    {
        assert_eq!(ask(forwarded).await, status, "§2.2: {forwarded:?}");
    }
}

#[tokio::test]
async fn pages_of_listed_origins_may_read_where_they_stand() {
    let origin = "https://app.example.org";
    let house = House::open_with(|settings| {
        settings.cors_origins = vec![origin.to_owned()];
        settings.rate_limits = RateLimits::usual();
    })
    .await;
    let request = house.bare("GET", "/api/sessions").header("Origin", origin).header("X-API-Key", ADMIN);
    let answer = house.answer(request).await;
    let exposed = answer.header("access-control-expose-headers").unwrap().to_ascii_lowercase();
    for name in answer.headers.keys().filter(|it| it.as_str().starts_with("x-ratelimit-")) {
        assert!(exposed.split(", ").any(|it| it == name.as_str()), "{name}");
    }
    assert_eq!(answer.headers.keys().filter(|it| it.as_str().starts_with("x-ratelimit-")).count(), 9, "§2.3");
}
