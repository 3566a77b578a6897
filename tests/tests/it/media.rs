//! Files through the front door, as the customer's phone has them.

use base64::{Engine, engine::general_purpose::STANDARD};
use openwa_testkit::gateway::Setup;
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
    let is_it = |all: &[Value]| all.iter().find(|it| it["id"] == id.as_str()).cloned();
    let seen = sandbox.wait_for(&customer, "the voice note", LIMIT, is_it).await;
    assert_eq!(
        (seen["type"].as_str(), seen["media"]["mimetype"].as_str()),
        (Some("voice"), Some("audio/ogg; codecs=opus"))
    );
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
    let note =
        json!({"chatId": customer.chat(), "ptt": true, "base64": STANDARD.encode(tone(1)), "mimetype": "audio/wav"});
    let refused = client.post(&session.path("/messages/send-audio"), &note).await.expect(503);
    assert_eq!(refused["code"], "CONVERSION_UNAVAILABLE", "{refused}");
    assert_eq!(session.messages(&client, "").await.len(), 0, "nothing was stored");
}
