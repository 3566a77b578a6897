//! Passes on every file that comes in one chat to another one, as a stream: nothing is kept on this machine.
//!
//! ```sh
//! cargo run --bin media_relay -- SESSION 15551234567@c.us 120363000000000000@g.us
//! ```
//!
//! `OPENWA_BASE_URL` and `OPENWA_API_KEY` say which gateway.

use std::{error::Error, io};

use futures_util::TryStreamExt as _;
use openwa_client::{
    Client, Upload,
    events::EventData,
    models::{MessageEvent, MessageType},
};

/// Of a file whose length is not known, this much is read into memory.
const LONGEST_UNSIZED: usize = 64 * 1024 * 1024;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [session, from, to] = &arguments[..] else {
        return Err("usage: media_relay SESSION FROM-CHAT TO-CHAT".into());
    };
    let client = Client::from_env()?;
    let mut events = client.events().stream().session_id(session).types("message.received").follow();
    events.connected().await?;
    println!("relaying from {from} to {to}");
    while let Some(event) = events.next().await {
        if let EventData::MessageReceived(message) = event?.data
            && message.chat_id == *from
            && !message.from_me
            && message.media.is_some()
        {
            relay(&client, session, &message, to).await?;
        }
    }
    Ok(())
}

async fn relay(client: &Client, session: &str, message: &MessageEvent, to: &str) -> Result<(), Box<dyn Error>> {
    let messages = client.messages();
    let media = messages.download_media(session, &message.chat_id, &message.id).await?;
    let name = media.file_name().unwrap_or_else(|| "file".to_owned());
    let mimetype = media.content_type().unwrap_or("application/octet-stream").to_owned();
    let file = match media.content_length() {
        Some(length) => Upload::stream(media.into_stream().map_err(io::Error::other), length),
        // Of unknown length, it is read first.
        None => Upload::bytes(media.bytes(LONGEST_UNSIZED).await?),
    };
    let file = file.named(name).mimetype(mimetype);

    let (caption, key) = (&message.body, format!("relay-{}", message.id));
    let sent = match message.r#type {
        MessageType::Image => messages.send_image(session, to).file(file).caption(caption).idempotency_key(key).await?,
        MessageType::Video => messages.send_video(session, to).file(file).caption(caption).idempotency_key(key).await?,
        MessageType::Audio => messages.send_audio(session, to).file(file).idempotency_key(key).await?,
        MessageType::Voice => messages.send_audio(session, to).file(file).ptt(true).idempotency_key(key).await?,
        MessageType::Document => {
            messages.send_document(session, to).file(file).caption(caption).idempotency_key(key).await?
        }
        _ => return Ok(()),
    };
    println!("relayed {} as {}", message.r#type, sent.message_id);
    Ok(())
}
