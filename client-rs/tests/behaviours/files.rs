use std::io;

use bytes::Bytes;
use openwa_client::{ErrorKind, Upload};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::faulty::{CHAT, Faulty, SESSION};

const SIZE: usize = 1_000_000;

/// What the server sends for `bytes:1000000`, and what is sent here.
fn content() -> Vec<u8> {
    (0..SIZE).map(|it| u8::try_from(it % 251).unwrap()).collect()
}

fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A file in a folder that vanishes.
fn file() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Gr\u{fc}\u{df}e 1.pdf");
    std::fs::write(&path, content()).unwrap();
    (folder, path)
}

#[tokio::test]
async fn upload_path() {
    let server = Faulty::start();
    let (_folder, path) = file();
    let send = server.client("ok");
    let send = send.messages().send_document(SESSION, CHAT).caption("A \"file\"").mentions(["1@c.us", "2@c.us"]);
    send.file(Upload::path(&path)).await.unwrap();
    let log = server.log().await;
    let expected = json!({"mimetype": "application/pdf", "length": SIZE, "sha256": hash(&content())});
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(log[0]["file"][name], *value, "{name}");
    }
    assert!(log[0]["file"]["name"].as_str().unwrap().ends_with("1.pdf"));
    assert_eq!(log[0]["fields"], json!({"chatId": CHAT, "caption": "A \"file\"", "mentions": "2@c.us"}));
    assert!(log[0]["headers"]["idempotency-key"].is_string());
    assert!(log[0]["headers"]["content-length"].is_string(), "the length is known, so nothing is chunked");
}

#[tokio::test]
async fn upload_stream() {
    let server = Faulty::start();
    let client = server.client("ok");
    let reader = Upload::reader(io::Cursor::new(content()), SIZE as u64).named("a.bin").mimetype("text/x-a");
    client.messages().send_document(SESSION, CHAT).file(reader).await.unwrap();
    let pieces: Vec<_> = content().chunks(777).map(|it| Ok(Bytes::copy_from_slice(it))).collect();
    let stream = Upload::stream(futures_util::stream::iter(pieces), SIZE as u64);
    client.messages().send_document(SESSION, CHAT).file(stream).await.unwrap();
    let bytes = Upload::bytes(content());
    client.messages().send_document(SESSION, CHAT).file(bytes).await.unwrap();
    let log = server.log().await;
    assert_eq!((&log[0]["file"]["name"], &log[0]["file"]["mimetype"]), (&json!("a.bin"), &json!("text/x-a")));
    for request in &log {
        assert_eq!((&request["file"]["length"], &request["file"]["sha256"]), (&json!(SIZE), &json!(hash(&content()))));
    }
}

#[tokio::test]
async fn upload_retry() {
    let server = Faulty::start();
    let (_folder, path) = file();
    server.client("drop+ok").messages().send_document(SESSION, CHAT).file(Upload::path(&path)).await.unwrap();
    let log = server.log().await;
    assert_eq!(log.len(), 2);
    assert_eq!(log[0]["headers"]["idempotency-key"], log[1]["headers"]["idempotency-key"]);
    assert_eq!(log[0]["file"], log[1]["file"]);
}

#[tokio::test]
async fn upload_no_replay() {
    let server = Faulty::start();
    let reader = Upload::reader(io::Cursor::new(content()), SIZE as u64);
    let send = server.client("drop+ok").messages().send_document(SESSION, CHAT).file(reader);
    assert_eq!(send.await.unwrap_err().kind(), ErrorKind::Connection);
    assert_eq!(server.log().await.len(), 1);
}

#[tokio::test]
async fn upload_missing() {
    let server = Faulty::start();
    let send = server.client("ok").messages().send_document(SESSION, CHAT).file(Upload::path("/nowhere/x.pdf"));
    let error = send.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::File);
    assert!(error.to_string().contains("/nowhere/x.pdf"), "{error}");
    assert!(server.log().await.is_empty());
}

#[tokio::test]
async fn upload_that_fails_says_so() {
    let server = Faulty::start();
    let pieces = [Ok(Bytes::from_static(b"begun")), Err(io::Error::other("the disk is gone"))];
    let stream = Upload::stream(futures_util::stream::iter(pieces), 100);
    let send = server.client("ok").messages().send_document(SESSION, CHAT).file(stream);
    let error = send.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::File);
    assert!(error.to_string().contains("the disk is gone"), "{error}");
}

#[tokio::test]
async fn download_file() {
    let server = Faulty::start();
    let client = server.client("503+bytes:1000000");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.bin");
    let file = client.messages().download_media(SESSION, CHAT, "3EB0").await.unwrap();
    assert_eq!((file.content_length(), file.content_type()), (Some(SIZE as u64), Some("application/octet-stream")));
    assert_eq!(file.file_name().as_deref(), Some("Gr\u{fc}\u{df}e.bin"));
    assert_eq!(file.save(&path).await.unwrap(), SIZE as u64);
    assert_eq!(std::fs::read(&path).unwrap(), content());

    let file = client.messages().download_media(SESSION, CHAT, "3EB0").await.unwrap();
    assert_eq!(file.bytes(SIZE).await.unwrap(), content());
    let file = client.messages().download_media(SESSION, CHAT, "3EB0").await.unwrap();
    assert_eq!(file.bytes(SIZE - 1).await.unwrap_err().kind(), ErrorKind::Decode);
}

#[tokio::test]
async fn download_cut() {
    let server = Faulty::start();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.bin");
    std::fs::write(&path, "what was there").unwrap();
    let file = server.client("half-bytes:1000000").messages().download_media(SESSION, CHAT, "3EB0").await.unwrap();
    assert_eq!(file.save(&path).await.unwrap_err().kind(), ErrorKind::Connection);
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(left, ["x.bin"]);
    assert_eq!(std::fs::read(&path).unwrap(), b"what was there");
}
