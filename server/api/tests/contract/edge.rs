//! What every request passes and every answer carries.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::house::{ADMIN, House, soon};

/// A request written by hand, for what a good client would not send.
async fn raw(house: &House, request: &str) -> String {
    let address = house.base.strip_prefix("http://").unwrap();
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    soon("an answer", socket.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn every_answer_carries_its_headers() {
    let house = House::open().await;
    for request in [
        house.bare("GET", "/api/health"),
        house.bare("GET", "/api/sessions"),
        house.request("GET", "/api/nothing"),
        house.request("POST", "/api/sessions").body("{"),
        house.request("POST", "/api/sessions").header("Content-Encoding", "gzip").body("x"),
    ] {
        let answer = house.answer(request).await;
        let id = answer.header("x-request-id").expect("an id");
        assert_eq!(id.len(), 36, "{id}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert!(answer.header("content-security-policy").is_some());
    }
    let answer = house.answer(house.bare("GET", "/api/health").header("X-Request-ID", "mine-1")).await;
    assert_eq!(answer.header("x-request-id"), Some("mine-1"));
    let answer = house.answer(house.bare("GET", "/api/health").header("X-Request-ID", "x".repeat(200))).await;
    assert_ne!(answer.header("x-request-id").map(str::len), Some(200));
}

#[tokio::test]
async fn letters_and_a_slash_at_the_end_are_forgiven_except_when_deleting() {
    let house = House::open().await;
    let id = house.session("main").await;
    for path in ["/API/Sessions", "/api/sessions/", "/api/SESSIONS/?limit=5"] {
        assert_eq!(house.get(path).await.good(200).as_array().map(Vec::len), Some(1), "{path}");
    }
    house.get(&format!("/api/Sessions/{id}/CONFIG/")).await.good(200);
    house.delete(&format!("/api/sessions/{id}/")).await.failed(404);
    house.delete(&format!("/api/SESSIONS/{id}")).await.good(204);
}

#[tokio::test]
async fn an_at_sign_may_be_written_either_way() {
    let house = House::open().await;
    let (id, link) = house.ready("main").await;
    link.receive("3EB0AA", "hello").await;
    for chat in ["15550000001@c.us", "15550000001%40c.us", "15550000001%40C.us"] {
        let answer = house.get(&format!("/api/sessions/{id}/messages/{chat}/3EB0AA/reactions")).await;
        if chat.ends_with("C.us") {
            answer.failed(400);
        } else {
            assert_eq!(answer.good(200), json!([]), "{chat}");
        }
    }
}

#[tokio::test]
async fn a_nul_in_the_address_is_refused() {
    let house = House::open().await;
    for (path, status) in [("/api/sessions?name=%00", 400), ("/api/%00", 400), ("/api/sessions?name=%2500", 200)] {
        let answer = house.get(path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
    }
}

#[tokio::test]
async fn compressed_bodies_are_refused() {
    let house = House::open().await;
    let request = house.request("POST", "/api/sessions").header("Content-Encoding", "gzip").body("x");
    house.answer(request).await.failed(415);
    let request = house.request("POST", "/api/sessions").header("Content-Encoding", "identity");
    house.answer(request.body(r#"{"name": "good"}"#)).await.good(201);
}

#[tokio::test]
async fn bodies_that_are_too_large_are_refused_before_they_are_read() {
    let house = House::open_with(|settings| settings.body_limit = 1000).await;
    let head = format!(
        "POST /api/sessions HTTP/1.1\r\nHost: x\r\nX-API-Key: {ADMIN}\r\nConnection: close\r\nContent-Length: 1001\r\n\r\n"
    );
    let answer = raw(&house, &head).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    let body: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(body["statusCode"], 413);
    assert_eq!(body.get("error"), None, "the contract's answer has no name");

    // One that does not say how large it is, is read no further than the limit.
    let chunk = format!("{:x}\r\n{}\r\n", 600, "x".repeat(600));
    let head = format!(
        "POST /api/sessions HTTP/1.1\r\nHost: x\r\nX-API-Key: {ADMIN}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    let answer = raw(&house, &format!("{head}{chunk}{chunk}0\r\n\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test]
async fn bodies_that_nobody_asked_for_are_no_matter() {
    let house = House::open().await;
    let id = house.session("main").await;
    for body in ["", "{}", "[1, 2"] {
        let request = house.request("GET", &format!("/api/sessions/{id}")).header("Content-Type", "application/json");
        house.answer(request.body(body)).await.good(200);
    }
    let request = house.request("POST", "/api/auth/validate").header("Content-Type", "application/json");
    house.answer(request).await.good(200);
}

#[tokio::test]
async fn pages_of_listed_origins_may_read_answers() {
    let origin = "https://dashboard.example.org";
    let house = House::open_with(|settings| settings.cors_origins = vec![origin.to_owned()]).await;
    for (from, allowed) in [(origin, Some(origin)), ("https://evil.example.org", None)] {
        let answer = house.answer(house.bare("GET", "/api/sessions").header("Origin", from)).await;
        answer.failed(401);
        assert_eq!(answer.header("access-control-allow-origin"), allowed, "also on a refusal");
        let asked = house.bare("OPTIONS", "/api/sessions").header("Origin", from);
        let answer = house.answer(asked.header("Access-Control-Request-Method", "POST")).await;
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header("access-control-allow-origin"), allowed);
    }
}

#[tokio::test]
async fn the_document_and_its_page_are_served() {
    let house = House::open().await;
    let answer = house.answer(house.bare("GET", "/api/openapi.json")).await;
    assert_eq!(answer.text, openwa_api::document());
    assert_eq!(answer.good(200)["openapi"], "3.1.0");
    let page = house.answer(house.bare("GET", "/api/docs/")).await;
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").unwrap();
    let program = page.text.split("<script charset=\"UTF-8\">").nth(1).unwrap().split("</script>").next().unwrap();
    assert!(program.len() > 1_000_000, "the program is in it, {} bytes", program.len());
    let hash = BASE64_STANDARD.encode(Sha256::digest(program));
    assert!(policy.contains(&format!("script-src 'sha256-{hash}'")), "and may run: {policy}");
    assert!(page.text.contains("sendText"), "the document is in it");
}

#[tokio::test]
async fn bodies_share_a_budget_and_small_ones_always_fit() {
    let house = House::open_with(|settings| settings.body_limit = 100_000).await;
    let address = house.base.strip_prefix("http://").unwrap();
    // Four of the largest are announced and never come.
    let mut waiting = Vec::new();
    for _ in 0..4 {
        let mut socket = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST /api/sessions HTTP/1.1\r\nHost: x\r\nX-API-Key: {ADMIN}\r\nContent-Length: 100000\r\nExpect: 100-continue\r\n\r\n"
        );
        socket.write_all(head.as_bytes()).await.unwrap();
        // The server asks for the body once it has taken its share.
        let mut go_on = [0; 25];
        soon("an invitation", socket.read_exact(&mut go_on)).await.unwrap();
        waiting.push(socket);
    }
    let answer = house.post("/api/sessions", json!({"name": "good"})).await;
    answer.failed(503);
    assert_eq!(answer.header("retry-after"), Some("1"));
    waiting.pop();
    // Its share comes back once the server has seen the connection end.
    let made = soon("room", async {
        loop {
            let answer = house.post("/api/sessions", json!({"name": "good"})).await;
            if answer.status != 503 {
                break answer;
            }
            tokio::task::yield_now().await;
        }
    });
    made.await.good(201);
    let chunked = format!(
        "POST /api/sessions HTTP/1.1\r\nHost: x\r\nX-API-Key: {ADMIN}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n\
         10\r\n{{\"name\": \"better\r\n2\r\n\"}}\r\n0\r\n\r\n"
    );
    let answer = raw(&house, &chunked).await;
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}

#[tokio::test]
async fn the_head_alone_may_be_asked_for() {
    let house = House::open().await;
    for (path, status) in [("/api/health", 200), ("/api/nothing", 404)] {
        let answer = house.answer(house.bare("HEAD", path)).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (status, ""), "{path}");
    }
}

#[tokio::test]
async fn health_is_three_questions() {
    let house = House::open().await;
    let answer = house.answer(house.bare("GET", "/api/health")).await.good(200);
    assert_eq!((&answer["status"], answer.get("version")), (&json!("ok"), None));
    assert!(answer["timestamp"].as_str().unwrap().ends_with('Z'));
    let answer = house.get("/api/health").await.good(200);
    assert_eq!(answer["version"], env!("CARGO_PKG_VERSION"), "only for those with a key");
    let answer = house.answer(house.bare("GET", "/api/health/live")).await.good(200);
    assert_eq!(answer, json!({"status": "ok"}));
    let answer = house.answer(house.bare("GET", "/api/health/ready")).await.good(200);
    let up = json!({"status": "up"});
    assert_eq!(answer, json!({"status": "ok", "details": {"mainDatabase": up, "dataDatabase": up}}));
}

#[tokio::test]
async fn what_the_framework_refuses_is_told_like_everything_else() {
    let house = House::open().await;
    let id = house.session("main").await;
    for (method, path, content_type, body, status, code) in [
        ("GET", "/api/nothing".to_owned(), None, "", 404, "NO_SUCH_ROUTE"),
        ("PUT", "/api/sessions".to_owned(), None, "", 405, "METHOD_NOT_ALLOWED"),
        ("DELETE", format!("/api/sessions/{id}/start"), None, "", 405, "METHOD_NOT_ALLOWED"),
        ("POST", "/api/sessions".to_owned(), Some("application/json"), "{", 400, "INVALID_INPUT"),
        ("POST", "/api/sessions".to_owned(), Some("text/plain"), "{}", 415, "MEDIA_TYPE_NOT_TAKEN"),
        (
            "POST",
            "/api/sessions".to_owned(),
            Some("application/x-www-form-urlencoded"),
            "name=good",
            415,
            "MEDIA_TYPE_NOT_TAKEN",
        ),
        ("POST", "/api/sessions".to_owned(), Some("text/plain"), "", 400, "INVALID_INPUT"),
        ("POST", "/api/sessions".to_owned(), Some("Application/JSON; charset=utf-8"), "{}", 400, "INVALID_INPUT"),
        ("POST", "/api/sessions".to_owned(), None, "{}", 400, "INVALID_INPUT"),
        ("GET", "/api/sessions/%ff".to_owned(), None, "", 400, "INVALID_INPUT"),
    ] {
        let mut request = house.request(method, &path).body(body);
        if let Some(content_type) = content_type {
            request = request.header("Content-Type", content_type);
        }
        let answer = house.answer(request).await;
        assert!(!answer.failed(status).is_empty());
        assert_eq!(answer.body["code"], code, "{method} {path} {content_type:?}");
        assert_eq!(answer.header("content-type"), Some("application/json"), "{method} {path}");
    }
    let answer = house.answer(house.request("PATCH", "/api/sessions")).await;
    assert_eq!(answer.header("allow"), Some("GET, HEAD, POST"));
    let answer = house.answer(house.bare("POST", "/api/sessions").body("{")).await;
    assert_eq!(answer.failed(401), "API key is required", "before the body is looked at");
}
