use std::time::{Duration, Instant};

use openwa_client::{Client, ErrorKind};

use crate::faulty::{CHAT, Faulty, SESSION, nobody};

#[tokio::test]
async fn error_kinds() {
    let server = Faulty::start();
    for (status, kind) in [
        (400, ErrorKind::InvalidRequest),
        (401, ErrorKind::Authentication),
        (403, ErrorKind::Forbidden),
        (404, ErrorKind::NotFound),
        (409, ErrorKind::Conflict),
        (422, ErrorKind::InvalidRequest),
        (429, ErrorKind::RateLimited),
        (500, ErrorKind::Server),
        (501, ErrorKind::NotImplemented),
        (502, ErrorKind::Unavailable),
        (503, ErrorKind::Unavailable),
        (504, ErrorKind::Unavailable),
    ] {
        let client = server.with(&format!("{status}:SOME_CODE")).max_retries(0).build().unwrap();
        let error = client.messages().list(SESSION).await.unwrap_err();
        assert_eq!((error.kind(), error.status(), error.code()), (kind, Some(status), Some("SOME_CODE")));
        assert_eq!(error.message(), format!("asked to fail with {status}"));
        assert!(error.request_id().is_some_and(|it| it.starts_with("faulty-")));
        assert!(error.to_string().starts_with(&format!("the gateway answered {status} SOME_CODE: asked to fail")));
        assert!(error.path().is_some_and(|it| it.ends_with("/messages")));
        assert!(error.headers().contains_key("x-request-id") && error.body().starts_with(b"{"));
    }
}

#[tokio::test]
async fn error_connection() {
    let client = Client::builder().base_url(nobody()).max_retries(0).build().unwrap();
    let error = client.messages().list(SESSION).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Connection, None));
    assert!(error.to_string().contains("OPENWA_BASE_URL"), "{error}");
}

async fn times_out(steps: &str) {
    let server = Faulty::start();
    let client = server.with(steps).max_retries(0).timeout(Duration::from_millis(300)).build().unwrap();
    let began = Instant::now();
    let error = client.messages().list(SESSION).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!((Duration::from_millis(290)..Duration::from_secs(5)).contains(&began.elapsed()));
}

#[tokio::test]
async fn error_timeout() {
    times_out("stall").await;
}

#[tokio::test]
async fn error_timeout_body() {
    times_out("stall-body").await;
}

#[tokio::test]
async fn error_garbage() {
    let server = Faulty::start();
    let error = server.client("garbage").messages().send_text(SESSION, CHAT, "Hello").await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Decode, Some(200)));
}

#[tokio::test]
async fn error_html() {
    let server = Faulty::start();
    let error = server.client("html").messages().list(SESSION).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("base URL"), "{error}");
}

#[tokio::test]
async fn error_endless() {
    let server = Faulty::start();
    let client = server.with("endless").longest_answer(1024 * 1024).build().unwrap();
    let error = client.messages().list(SESSION).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Decode, Some(200)));
    assert!(error.to_string().contains("longer than 1048576 bytes"), "{error}");
}

#[tokio::test]
async fn error_redirect() {
    let server = Faulty::start();
    let error = server.client("redirect").messages().list(SESSION).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Configuration, Some(302)));
    assert!(error.message().contains("/stolen/ok/api/sessions"), "{error}");
    assert!(server.log_of("stolen").await.is_empty());
}

#[tokio::test]
async fn error_secret() {
    let server = Faulty::start();
    let builder = server.with("401").header("Authorization", "Bearer owa_secret");
    let shown = format!("{builder:?}");
    let client = builder.build().unwrap();
    let error = client.messages().list(SESSION).await.unwrap_err();
    for text in [shown, format!("{client:?}"), error.to_string(), format!("{error:?}")] {
        assert!(!text.contains("owa_secret"), "{text}");
    }
    for address in ["http://user:owa_secret@host", "ftp://user:owa_secret@host"] {
        let error = Client::new(address, "key").unwrap_err();
        assert!(!error.to_string().contains("owa_secret"), "{error}");
    }
}

#[tokio::test]
async fn error_local() {
    let server = Faulty::start();
    let client = server.client("ok");
    for session in ["", "..", " "] {
        let error = client.messages().list(session).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{session:?}");
    }
    let send = client.messages().send_text(SESSION, CHAT, "Hello");
    assert_eq!(send.idempotency_key("line\nbreak").await.unwrap_err().kind(), ErrorKind::Configuration);
    assert!(server.log().await.is_empty());
    for address in ["", "host:2785", "http://", "ftp://host", "http://host/?a=b"] {
        assert_eq!(Client::new(address, "key").unwrap_err().kind(), ErrorKind::Configuration, "{address:?}");
    }
}
