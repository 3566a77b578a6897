//! Answers every text with the same text.
//!
//! ```sh
//! cargo run --bin echo_bot -- SESSION
//! ```
//!
//! `OPENWA_BASE_URL` and `OPENWA_API_KEY` say which gateway. The place in the log is kept in the file `SESSION.place`:
//! what comes in while the bot is down is answered when it is back, and nothing is answered twice.

use std::{error::Error, fs};

use openwa_client::{
    Client,
    events::EventData,
    models::{MessageEvent, MessageType},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let session = std::env::args().nth(1).ok_or("usage: echo_bot SESSION")?;
    let client = Client::from_env()?;
    let place = format!("{session}.place");

    let mut request = client.events().stream().session_id(&session).types("message.received");
    if let Ok(id) = fs::read_to_string(&place) {
        request = request.resume_after(id);
    }
    let mut events = request.follow();
    events.connected().await?;
    println!("echoing on {session}");
    while let Some(event) = events.next().await {
        if let EventData::MessageReceived(message) = event?.data {
            echo(&client, &session, &message).await?;
        }
        // Kept after the answer: a crash in between makes the call again, which its key renders harmless.
        fs::write(&place, events.last_id().unwrap_or_default())?;
    }
    Ok(())
}

async fn echo(client: &Client, session: &str, message: &MessageEvent) -> Result<(), openwa_client::Error> {
    let is_status = message.is_status_broadcast.unwrap_or_default();
    if message.from_me || message.is_group || is_status || message.r#type != MessageType::Text {
        return Ok(());
    }
    client
        .messages()
        .send_text(session, &message.chat_id, &message.body)
        .quoted_message_id(&message.id)
        .idempotency_key(format!("echo-{}", message.id))
        .await?;
    println!("echoed to {}: {}", message.chat_id, message.body);
    Ok(())
}
