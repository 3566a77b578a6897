//! What the gateway runs on (contract §1.8), its settings (§1.7), and its numbers (§1.7, §10.3).

use openwa_api::{Installation, RateLimits};
use openwa_model::secret::Secret;
use serde_json::json;

use crate::house::{House, soon};

const TOKEN: &str = "a-token-for-prometheus";

async fn house() -> House {
    House::open_with(|settings| {
        settings.metrics_token = Some(Secret::new(TOKEN));
        settings.rate_limits = RateLimits::usual();
        settings.installation = Installation {
            base_url: "https://gateway.example.org".to_owned(),
            database: "data/openwa.sqlite".to_owned(),
            files: "data/media".to_owned(),
            readers: 4,
            library: Some(("a-library".to_owned(), "1.2.3".to_owned())),
            web_version: Some("2.3000.1".to_owned()),
            debug: true,
        };
    })
    .await
}

#[tokio::test]
async fn admins_see_what_it_runs_on() {
    let house = house().await;
    let health = house.answer(house.bare("GET", "/api/infra/health")).await.good(200);
    assert_eq!(health["status"], "ok", "§1.8, without a key");
    assert!(health["timestamp"].is_string(), "§1.8");

    let status = house.get("/api/infra/status").await.good(200);
    assert_eq!((&status["database"]["connected"], &status["database"]["type"]), (&json!(true), &json!("sqlite")));
    assert_eq!(status["redis"]["enabled"], false, "§1.8");
    assert_eq!(status["queue"]["webhooks"], json!({"pending": 0, "completed": 0, "failed": 0}), "§1.8");
    assert_eq!((&status["storage"]["type"], &status["storage"]["path"]), (&json!("local"), &json!("data/media")));
    assert_eq!((&status["engine"]["type"], &status["engine"]["webVersion"]), (&json!("native"), &json!("2.3000.1")));
    assert_eq!(status["engine"]["webVersionSource"], "pinned", "§1.8");

    let engines = house.get("/api/infra/engines").await.good(200);
    assert_eq!((&engines[0]["id"], &engines[0]["enabled"]), (&json!("native"), &json!(true)), "§1.8");
    assert_eq!(engines[0]["library"], json!({"name": "a-library", "version": "1.2.3"}), "§1.8");
    assert!(engines[0]["features"].as_array().unwrap().contains(&json!("sendMessage")), "§1.8");
    let current = house.get("/api/infra/engines/current").await.good(200);
    assert_eq!(current, json!({"engineType": "native"}), "§1.8");

    let config = house.get("/api/infra/config").await.good(200);
    assert_eq!(config["database"]["database"], "data/openwa.sqlite", "§1.8");
    assert_eq!(
        (&config["database"]["passwordSet"], &config["storage"]["s3CredentialsSet"]),
        (&json!(false), &json!(false))
    );

    let settings = house.get("/api/settings").await.good(200);
    let general = json!({"apiBaseUrl": "https://gateway.example.org", "autoReconnect": true, "debugMode": true});
    assert_eq!(settings["general"], general, "§1.7");
    assert_eq!(settings["api"], json!({"rateLimit": 100, "rateLimitWindow": 60, "enableDocs": true}), "§1.7");
}

#[tokio::test]
async fn prometheus_reads_with_its_token() {
    let house = house().await;
    let (id, link) = house.ready("main").await;
    link.receive("3EB0AA", "hello").await;
    house.get(&format!("/api/sessions/{id}")).await.good(200);
    let answer = house.answer(house.bare("GET", "/api/metrics").bearer_auth(TOKEN)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    for line in [
        "openwa_up 1",
        "openwa_stats_available 1",
        "openwa_sessions_total 1",
        "openwa_sessions_active 1",
        "openwa_sessions_restricted 0",
        "openwa_sessions{status=\"ready\"} 1",
        "openwa_sessions{status=\"failed\"} 0",
        "openwa_messages_total{direction=\"incoming\"} 1",
        "openwa_messages_failed_total 0",
        "openwa_webhook_delivery_failures_total 0",
        "http_requests_total{method=\"GET\",route=\"/api/sessions/{sessionId}\",status=\"200\"} 1",
        "http_requests_total{method=\"POST\",route=\"/api/sessions\",status=\"201\"} 1",
    ] {
        assert!(answer.text.lines().any(|it| it == line), "§10.3: no {line:?} in\n{}", answer.text);
    }
    let known: Vec<_> = answer.text.lines().filter_map(|it| it.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    for line in answer.text.lines().filter(|it| !it.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap();
        let name = name.strip_suffix("_sum").or(name.strip_suffix("_count")).unwrap_or(name);
        assert!(known.contains(&name), "{line} has no type");
    }
}

#[tokio::test]
async fn without_the_token_there_are_no_numbers() {
    let closed = House::open().await;
    let answer = closed.answer(closed.bare("GET", "/api/metrics").bearer_auth(TOKEN)).await;
    assert_eq!(answer.failed(404), "Cannot GET /api/metrics", "§1.7, §13.12");

    let house = house().await;
    for _ in 0..10 {
        let request = house.bare("GET", "/api/metrics").bearer_auth("a-token-of-somebody");
        soon("an answer", house.answer(request)).await.failed(401);
    }
    house.answer(house.bare("GET", "/api/metrics")).await.failed(429);
    let answer = house.answer(house.bare("GET", "/api/metrics").bearer_auth(TOKEN)).await;
    assert_eq!(answer.status, 200, "§1.7: who has the token is not kept out by who has not");
    assert_eq!(answer.header("x-ratelimit-limit-short"), None, "§2.3");
}
