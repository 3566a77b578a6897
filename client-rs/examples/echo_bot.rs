//! Answers every text with the same text, and goes on where it was after any interruption.
//!
//! ```sh
//! OPENWA_API_KEY=… cargo run -p openwa-client --example echo_bot
//! ```

use openwa_client::{Client, events::EventData};

#[tokio::main]
async fn main() -> Result<(), openwa_client::Error> {
    let client = Client::from_env()?;
    let mut events = client.events().stream().types("message.received").follow();
    events.connected().await?;
    println!("Write to any of your sessions.");
    while let Some(event) = events.next().await {
        let event = event?;
        let EventData::MessageReceived(message) = event.data else { continue };
        if message.body.is_empty() {
            continue;
        }
        // The key is that of the event: an answer that was sent already is not sent twice.
        let answer = client.messages().send_text(&event.session_id, &message.chat_id, &message.body);
        answer.quoted_message_id(&message.id).idempotency_key(format!("echo-{}", event.id)).await?;
        println!("{}: {}", message.from, message.body);
    }
    Ok(())
}
