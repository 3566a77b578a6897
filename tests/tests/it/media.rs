//! Files through the front door, as the customer's phone has them.

use base64::{Engine, engine::general_purpose::STANDARD};
use openwa_testkit::gateway::{Gateway, Setup};
use reqwest::Method;
use serde_json::{Value, json};

use crate::story::{LIMIT, Session, text};

/// A tone of so many seconds, as a WAV file.
fn tone(seconds: u32) -> Vec<u8> {
    let samples = (0..seconds * 8000).map(|it| if it / 20 % 2 == 0 { 8000_i16 } else { -8000 });
    let data: Vec<u8> = samples.flat_map(i16::to_le_bytes).collect();
    let length = data.len() as u32;
    let mut wav = b"RIFF".to_vec();
    wav.extend_from_slice(&(36 + length).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend_from_slice(&8000_u32.to_le_bytes());
    wav.extend_from_slice(&16_000_u32.to_le_bytes());
    wav.extend_from_slice(b"\x02\0\x10\0data");
    wav.extend_from_slice(&length.to_le_bytes());
    wav.extend_from_slice(&data);
    wav
}

#[tokio::test]
async fn any_sound_arrives_as_a_voice_note_that_plays() {
    let gateway = Setup::with_sandbox_inside().start().await;
    let (client, sandbox) = (gateway.client(), gateway.sandbox());
    let (own, customer) = (sandbox.create_phone("Shop").await, sandbox.create_phone("Customer").await);
    let session = Session::link(&client, &sandbox, "shop", &own).await;

    // The file is the body, and everything else stands in the query.
    let path = session.path(&format!("/messages/send-audio?ptt=true&chatId={}", customer.chat()));
    let request = client.request(Method::POST, &path).header("Content-Type", "audio/wav").body(tone(3));
    let sent = client.send(request).await.expect(201);
    let id = text(&sent["messageId"]);
    let seen = sandbox.wait_for_message(&customer, &id, LIMIT).await;
    assert_eq!((seen["type"].as_str(), seen["media"]["mimetype"].as_str()), (Some("voice"), Some("audio/ogg; codecs=opus")));
    assert!(matches!(seen["media"]["seconds"].as_u64(), Some(3 | 4)), "{seen}");
    let bytes = STANDARD.decode(text(&seen["media"]["data"])).unwrap();
    assert!(bytes.starts_with(b"OggS"), "it is Ogg");
    assert_eq!(session.message(&client, &id).await["type"], "voice");
}

#[tokio::test]
async fn without_ffmpeg_a_voice_note_is_not_guessed_at() {
    let gateway = Setup::with_sandbox_inside().with("MEDIA_CONVERSION_ENABLED", "false").start().await;
    let (client, sandbox) = (gateway.client(), gateway.sandbox());
    let (own, customer) = (sandbox.create_phone("Shop").await, sandbox.create_phone("Customer").await);
    let session = Session::link(&client, &sandbox, "shop", &own).await;
    assert_eq!(client.get(&session.path("/media/convert")).await.expect(200), json!({"available": false}));
    let note = json!({"chatId": customer.chat(), "ptt": true, "base64": STANDARD.encode(tone(1)), "mimetype": "audio/wav"});
    let refused = client.post(&session.path("/messages/send-audio"), &note).await.expect(503);
    assert_eq!(refused["code"], "CONVERSION_UNAVAILABLE", "{refused}");
    assert_eq!(session.messages(&client, "").await.len(), 0, "nothing was stored");
}

/// A picture that came in after WhatsApp's media host had forgotten it.
async fn with_forgotten_picture(retries: bool) -> (Gateway, Session, String, Vec<u8>) {
    let gateway = Setup::with_sandbox_inside().start().await;
    let (client, sandbox) = (gateway.client(), gateway.sandbox());
    let (own, customer) = (sandbox.create_phone("Shop").await, sandbox.create_phone("Customer").await);
    sandbox.set_media_retries(&own, retries).await;
    let session = Session::link(&client, &sandbox, "shop", &own).await;
    let mut events = session.follow(&client).await;
    client.post_empty(&session.path("/stop")).await.expect(200);
    let bytes = b"\x89PNG\r\n\x1a\n not much of a picture".to_vec();
    let id = sandbox.send_media(&customer, &own.chat(), "image", "image/png", &bytes).await;
    sandbox.wait_for_message(&own, &id, LIMIT).await;
    sandbox.add_fault(&json!({"kind": "expire-media"})).await;
    client.post_empty(&session.path("/start")).await.expect(200);
    let is_it = |data: &Value| data["data"]["id"] == id.as_str();
    let event = events.wait_for("the picture", LIMIT, |it| is_it(&it.data)).await;
    assert_eq!(event.data["data"]["media"]["omitted"], true, "{}", event.data);
    let path = session.path(&format!("/messages/{}/{id}/media", customer.chat()));
    (gateway, session, path, bytes)
}

#[tokio::test]
async fn a_forgotten_file_is_asked_for_again() {
    let (gateway, _session, path, bytes) = with_forgotten_picture(true).await;
    let client = gateway.client();
    for _ in 0..2 {
        let answer = client.get(&path).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!((answer.header("content-type"), &answer.body[..]), ("image/png", &bytes[..]));
    }
}

#[tokio::test]
async fn a_file_that_the_phone_has_no_longer_is_not_to_be_had() {
    let (gateway, _session, path, _) = with_forgotten_picture(false).await;
    let answer = gateway.client().get(&path).await.expect(404);
    assert_eq!(answer["code"], "MEDIA_NOT_STORED", "{answer}");
    let spool = gateway.data_dir().join("media/spool");
    assert_eq!(std::fs::read_dir(&spool).unwrap().count(), 0, "nothing unfinished stays");
}
