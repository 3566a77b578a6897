//! A file far larger than what is held of it: sent as a form, received by another session, downloaded again.

use std::io;

use openwa_testkit::{
    client::Client,
    gateway::{Gateway, SandboxProcess, Setup},
};
use reqwest::{
    Body, Method,
    multipart::{Form, Part},
};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::story::{LIMIT, Session, text as text_of};

const PIECE: usize = 64 * 1024;
const PIECES: usize = 1024;
/// Far less than the file: what the allocator keeps, and the pieces that are on their way.
const MOST_GROWTH: u64 = 16 * 1024 * 1024;

fn piece(number: usize) -> Vec<u8> {
    vec![(number % 251) as u8; PIECE]
}

fn sum() -> Vec<u8> {
    let whole = (0..PIECES).fold(Sha256::new(), |sum, number| sum.chain_update(piece(number)));
    whole.finalize().to_vec()
}

/// The most memory that the gateway's process ever took up.
fn peak(gateway: &Gateway) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", gateway.process_id())).unwrap();
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

async fn send(client: &Client, session: &Session, chat: &str, length: usize) -> reqwest::Response {
    let pieces = (0..length.div_ceil(PIECE)).map(|it| Ok::<_, io::Error>(piece(it)));
    let body = Body::wrap_stream(futures_util::stream::iter(pieces));
    let file = Part::stream_with_length(body, length as u64).file_name("film.bin");
    let form = Form::new().text("chatId", chat.to_owned()).part("file", file);
    let path = session.path("/messages/send-document");
    // Longer than other answers take: an unoptimised build encrypts all of it.
    let request = client.request(Method::POST, &path).multipart(form).header("Idempotency-Key", "the-film");
    tokio::time::timeout(2 * LIMIT, request.send()).await.expect("an answer in time").unwrap()
}

#[tokio::test]
async fn a_large_file_passes_through_in_pieces() {
    let network = SandboxProcess::start().await;
    let gateway = Setup::joined_to(&network).with("MEDIA_DOWNLOAD_MAX_BYTES", "80mb").start().await;
    let (client, sandbox) = (gateway.client(), network.control());
    let (ours, theirs) = (sandbox.create_phone("Shop").await, sandbox.create_phone("Customer").await);
    let sender = Session::link(&client, &sandbox, "shop", &ours).await;
    let receiver = Session::link(&client, &sandbox, "customer", &theirs).await;
    let before = peak(&gateway);

    let answer = send(&client, &sender, &theirs.chat(), PIECES * PIECE).await;
    assert_eq!(answer.status(), 201);
    let sent: serde_json::Value = answer.json().await.unwrap();
    let id = text_of(&sent["messageId"]);
    let mut events = receiver.follow(&client).await;
    events.wait_for("the file", LIMIT, |it| it.data["data"]["id"] == id.as_str()).await;

    for (session, chat) in [(&receiver, ours.chat()), (&sender, theirs.chat())] {
        let path = session.path(&format!("/messages/{chat}/{id}/media"));
        let mut file = client.request(Method::GET, &path).send().await.unwrap();
        assert_eq!(file.status(), 200);
        let mut found = Sha256::new();
        while let Some(bytes) = file.chunk().await.unwrap() {
            found.update(&bytes);
        }
        assert_eq!(found.finalize().to_vec(), sum(), "{path}");
    }
    let growth = peak(&gateway) - before;
    assert!(growth < MOST_GROWTH, "the gateway took up {growth} bytes more");

    // What comes as base64 is decoded as it comes.
    let before = peak(&gateway);
    let text = "QUJD".repeat(5 * 1024 * 1024);
    let body = json!({"chatId": theirs.chat(), "mimetype": "application/pdf", "base64": text});
    let sent = client.post(&sender.path("/messages/send-document"), &body).await.expect(201);
    let growth = peak(&gateway) - before;
    assert!(growth < MOST_GROWTH, "the gateway took up {growth} bytes more");

    // The other session fetches the file before it tells of it.
    events.wait_for("the base64", LIMIT, |it| it.data["data"]["id"] == sent["messageId"]).await;

    let answer = send(&client, &sender, &theirs.chat(), 90 * 1024 * 1024).await;
    assert_eq!(answer.status(), 413, "more than the setting permits");
    let spool = gateway.data_dir().join("media/spool");
    assert_eq!(std::fs::read_dir(&spool).unwrap().count(), 0, "nothing unfinished stays");
}
