//! How often one may ask, as it is set in the environment (contract §2.3), and the numbers of the program (§10.3).

use openwa_testkit::gateway::Setup;
use reqwest::Method;

#[tokio::test]
async fn limits_are_set_in_the_environment() {
    let setup = Setup::with_sandbox_inside();
    let setup = setup.with("RATE_LIMIT_ENABLED", "true").with("RATE_LIMIT_SHORT_LIMIT", "0");
    let setup = setup.with("RATE_LIMIT_MEDIUM_LIMIT", "2").with("RATE_LIMIT_MEDIUM_TTL", "3600000");
    let gateway = setup.with("METRICS_TOKEN", "a-token-for-prometheus").start().await;
    let client = gateway.client();
    for left in ["1", "0"] {
        let answer = client.get("/api/sessions").await;
        assert_eq!((answer.status, answer.header("x-ratelimit-remaining-medium")), (200, left), "§2.3");
    }
    let refused = client.get("/api/sessions").await;
    assert_eq!(refused.status, 429, "§2.3: {}", refused.text());
    assert_eq!(refused.header("retry-after"), refused.header("retry-after-medium"), "§2.3");
    client.get("/api/webhooks").await.expect(200);

    let request = client.request(Method::GET, "/api/metrics").bearer_auth("a-token-for-prometheus");
    let numbers = client.send(request).await;
    assert_eq!(numbers.status, 200, "{}", numbers.text());
    let counted = "http_requests_total{method=\"GET\",route=\"/api/sessions\",status=\"429\"} 1";
    assert!(numbers.text().lines().any(|it| it == counted), "§10.3: {}", numbers.text());
}

#[tokio::test]
async fn a_sandbox_has_no_limits_unless_they_are_asked_for() {
    let gateway = Setup::with_sandbox_inside().start().await;
    let client = gateway.client();
    for _ in 0..30 {
        client.get("/api/sessions").await.expect(200);
    }
}
