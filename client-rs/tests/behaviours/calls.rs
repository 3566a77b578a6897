use std::time::{Duration, Instant};

use openwa_client::{
    Client, ErrorKind, OPERATIONS, Operation,
    raw::{Call, Method},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::faulty::{CHAT, Faulty, SESSION};

#[tokio::test]
async fn call_headers() {
    let server = Faulty::start();
    let client = server.with("ok").header("X-Tenant", "a").build().unwrap();
    client.messages().list(SESSION).header("X-Call", "b").await.unwrap();
    client.with_api_key("another").unwrap().messages().list(SESSION).await.unwrap();
    let log = server.log().await;
    let header = |name: &str| log[0]["headers"][name].as_str().unwrap_or_default().to_owned();
    assert_eq!([header("x-api-key"), header("x-tenant"), header("x-call")], ["owa_secret", "a", "b"]);
    assert!(header("user-agent").starts_with("openwa-rust/"), "{}", header("user-agent"));
    assert_eq!(log[1]["headers"]["x-api-key"], "another");
}

#[tokio::test]
async fn call_query_and_body() {
    let server = Faulty::start();
    let client = server.client("ok");
    client.messages().list(SESSION).chat_id("a&b=c d+é").await.unwrap();
    client.messages().send_text(SESSION, CHAT, "Grüße \u{1f468}\u{200d}\u{1f469}").mentions(["1@c.us"]).await.unwrap();
    client.send(Call::new(Method::GET, "/api/sessions?limit=1").query("offset", "2")).await.unwrap();
    let log = server.log().await;
    assert_eq!(log[0]["query"]["chatId"], "a&b=c d+é");
    let body: serde_json::Value = serde_json::from_str(log[1]["body"].as_str().unwrap()).unwrap();
    let expected =
        serde_json::json!({"chatId": CHAT, "text": "Grüße \u{1f468}\u{200d}\u{1f469}", "mentions": ["1@c.us"]});
    assert_eq!(body, expected);
    assert_eq!(log[2]["query"], serde_json::json!({"limit": "1", "offset": "2"}));
}

#[tokio::test]
async fn call_timeout() {
    let server = Faulty::start();
    let client = server.with("slow:1").timeout(Duration::from_millis(200)).max_retries(0).build().unwrap();
    client.messages().list(SESSION).timeout(Duration::from_secs(30)).await.unwrap();
    assert_eq!(client.messages().list(SESSION).await.unwrap_err().kind(), ErrorKind::Timeout);
    client.messages().list(SESSION).timeout(Duration::MAX).await.unwrap();
}

#[tokio::test]
async fn call_proxy() {
    let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://user:pass@{}", proxy.local_addr().unwrap());
    let client = Client::builder().base_url("http://gateway.test").api_key("k").proxy(address).build().unwrap();
    let asked = tokio::spawn(async move {
        let (mut connection, _) = proxy.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(connection.read_u8().await.unwrap());
        }
        let answer =
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"status\":\"ok\"}";
        connection.write_all(answer).await.unwrap();
        String::from_utf8(head).unwrap().to_lowercase()
    });
    assert_eq!(client.health().check_liveness().await.unwrap().status, "ok");
    let asked = asked.await.unwrap();
    assert!(asked.starts_with("get http://gateway.test/api/health/live http/1.1"), "{asked}");
    assert!(asked.contains("proxy-authorization: basic dxnlcjpwyxnz"), "{asked}");
}

#[tokio::test]
async fn call_parallel() {
    let server = Faulty::start();
    let client = server.client("ok");
    let calls = (0..64).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.messages().list(SESSION).await.unwrap().messages.len() })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap(), 7);
    }
    assert_eq!(server.log().await.len(), 64);
}

#[tokio::test]
async fn cancel() {
    let server = Faulty::start();
    let client = server.client("stall+ok");
    let call = tokio::spawn({
        let client = client.clone();
        async move { client.messages().list(SESSION).await.map(drop) }
    });
    while server.log().await.is_empty() {
        tokio::task::yield_now().await;
    }
    let began = Instant::now();
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    client.messages().list(SESSION).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn null_takes_away_and_absence_leaves() {
    let server = Faulty::start();
    let client = server.client("ok");
    for proxy in [None, Some("socks5://proxy.example.org:1080".to_owned())] {
        _ = client.sessions().update_proxy(SESSION, proxy).answer().await.unwrap();
    }
    _ = client.webhooks().update(SESSION, "w").filters(None).answer().await.unwrap();
    _ = client.webhooks().update(SESSION, "w").active(false).answer().await.unwrap();
    let bodies: Vec<_> = server.log().await.iter().map(|it| it["body"].as_str().unwrap().to_owned()).collect();
    let [none, some, lifted, set] = bodies.as_slice() else { panic!("{bodies:?}") };
    assert!(none.contains(r#""proxyUrl":null"#) && some.contains("socks5://proxy"), "{bodies:?}");
    assert_eq!([lifted.as_str(), set.as_str()], [r#"{"filters":null}"#, r#"{"active":false}"#]);
}

#[test]
fn the_table_has_what_programs_need() {
    let send = Operation::by_id("sendText").unwrap();
    assert_eq!((send.resource, send.name, send.method, send.takes_key), ("messages", "send_text", "POST", true));
    assert_eq!(send.path_parameters().collect::<Vec<_>>(), ["sessionId"]);
    assert!(send.parameters.iter().any(|it| it.name == "chatId" && it.is_required));
    assert!(OPERATIONS.iter().all(|it| it.path.matches('{').count() == it.path_parameters().count()));
    assert!(Operation::by_id("listMessages").unwrap().is_read());
    assert!(Operation::by_id("sendDocument").unwrap().takes_file);
}
