use std::time::{Duration, Instant};

use openwa_client::{Client, ErrorKind};

use crate::faulty::{CHAT, Faulty, SESSION, nobody};

#[tokio::test]
async fn retry_read() {
    let server = Faulty::start();
    let client = server.client("503:DRAINING+drop+ok");
    assert_eq!(client.messages().list(SESSION).await.unwrap().messages.len(), 7);
    assert_eq!(server.log().await.len(), 3);
}

#[tokio::test]
async fn retry_half_answer() {
    let server = Faulty::start();
    let client = server.client("half+ok");
    assert_eq!(client.messages().list(SESSION).await.unwrap().total, 7);
    assert_eq!(server.log().await.len(), 2);
}

#[tokio::test]
async fn retry_send() {
    let server = Faulty::start();
    let client = server.client("drop+503:UNCONFIRMED+ok");
    let sent = client.messages().send_text(SESSION, CHAT, "Hello").await.unwrap();
    assert_eq!(sent.message_id, "3EB0C0FFEE");
    let mut keys = server.headers("idempotency-key").await;
    assert_eq!(keys.len(), 3);
    keys.dedup();
    assert!(matches!(keys.as_slice(), [Some(key)] if key.len() == 36), "{keys:?}");
}

#[tokio::test]
async fn retry_in_progress() {
    let server = Faulty::start();
    let client = server.client("drop+409:IDEMPOTENCY_KEY_IN_PROGRESS+ok");
    client.messages().send_text(SESSION, CHAT, "Hello").await.unwrap();
    assert_eq!(server.log().await.len(), 3);
}

#[tokio::test]
async fn retry_first_in_progress() {
    let server = Faulty::start();
    let client = server.client("409:IDEMPOTENCY_KEY_IN_PROGRESS");
    let error = client.messages().send_text(SESSION, CHAT, "Hello").idempotency_key("order-1").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(server.headers("idempotency-key").await, [Some("order-1".to_owned())]);
}

#[tokio::test]
async fn retry_after() {
    let server = Faulty::start();
    let client = server.client("429:RATE_LIMITED:1+ok");
    let began = Instant::now();
    client.messages().list(SESSION).await.unwrap();
    assert!(began.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn retry_after_date() {
    let server = Faulty::start();
    let client = server.client("date:429:2+ok");
    let began = Instant::now();
    client.messages().list(SESSION).await.unwrap();
    // Dates have whole seconds.
    assert!(began.elapsed() >= Duration::from_millis(900), "{:?}", began.elapsed());
}

#[tokio::test]
async fn retry_after_too_long() {
    let server = Faulty::start();
    let client = server.client("429:RATE_LIMITED:3600");
    let error = client.messages().list(SESSION).await.unwrap_err();
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::RateLimited, Some(Duration::from_secs(3600))));
    assert_eq!(server.log().await.len(), 1);
}

#[tokio::test]
async fn retry_ends() {
    let server = Faulty::start();
    let error = server.client("503").messages().list(SESSION).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(server.log().await.len(), 3);
}

#[tokio::test]
async fn retry_none() {
    let server = Faulty::start();
    let client = server.with("503").max_retries(0).build().unwrap();
    assert_eq!(client.messages().list(SESSION).await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(server.log().await.len(), 1);
    // A call's own number counts more than the client's.
    client.messages().list(SESSION).retries(1).await.unwrap_err();
    assert_eq!(server.log().await.len(), 3);
}

#[tokio::test]
async fn retry_write() {
    let server = Faulty::start();
    let error = server.client("drop").chats().mark_read(SESSION, CHAT).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert_eq!(server.log().await.len(), 1);
}

#[tokio::test]
async fn retry_refused() {
    let client = Client::builder().base_url(nobody()).max_retries(1).build().unwrap();
    let began = Instant::now();
    let error = client.chats().mark_read(SESSION, CHAT).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(began.elapsed() >= Duration::from_millis(250), "it was tried again: nothing was sent");
}

#[tokio::test]
async fn retry_client_error() {
    let server = Faulty::start();
    let error = server.client("400:INVALID_INPUT").messages().list(SESSION).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(server.log().await.len(), 1);
}

#[tokio::test]
async fn idempotency_fresh() {
    let server = Faulty::start();
    let client = server.client("ok");
    for _ in 0..2 {
        client.messages().send_text(SESSION, CHAT, "Hello").await.unwrap();
    }
    let keys: Vec<_> = server.headers("idempotency-key").await.into_iter().flatten().collect();
    assert_eq!(keys.len(), 2);
    assert_ne!(keys[0], keys[1]);
    assert!(keys.iter().all(|it| (1..=255).contains(&it.len()) && it.bytes().all(|it| it.is_ascii_graphic())));
}
