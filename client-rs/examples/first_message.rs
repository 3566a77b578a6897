//! Sends a text on the first session that is ready.
//!
//! ```sh
//! OPENWA_API_KEY=… CHAT=15551234567@c.us cargo run -p openwa-client --example first_message
//! ```

use openwa_client::{Client, models::SessionStatus};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let chat = std::env::var("CHAT")?;
    let client = Client::from_env()?;
    let sessions = client.sessions().list().await?;
    let session = sessions.iter().find(|it| it.status == SessionStatus::Ready).ok_or("no session is ready")?;
    let sent = client.messages().send_text(&session.id, chat, "Your order ships today.").await?;
    println!("{}", sent.message_id);
    Ok(())
}
