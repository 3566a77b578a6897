//! Tells a customer that an order is on its way, and waits until the phone has the message.
//!
//! ```sh
//! cargo run --bin order_notification -- SESSION order.json
//! ```
//!
//! `OPENWA_BASE_URL` and `OPENWA_API_KEY` say which gateway. Run twice for one order, it sends once.

use std::{error::Error, fs::File, io::BufReader};

use openwa_client::{Client, events::EventData, models::DeliveryStatus};
use serde::Deserialize;

#[derive(Deserialize)]
struct Order {
    number: String,
    customer: Customer,
    tracking: String,
}

#[derive(Deserialize)]
struct Customer {
    name: String,
    phone: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [session, file] = &arguments[..] else { return Err("usage: order_notification SESSION order.json".into()) };
    let order: Order = serde_json::from_reader(BufReader::new(File::open(file)?))?;
    let client = Client::from_env()?;
    let Some(message) = notify(&client, session, &order).await? else {
        return Err(format!("{} is not on WhatsApp", order.customer.phone).into());
    };
    println!("sent {message}");
    println!("{}", outcome(&client, session, &message).await?);
    Ok(())
}

/// Sends the notification and answers the message's id; none when the number is not on WhatsApp.
async fn notify(client: &Client, session: &str, order: &Order) -> Result<Option<String>, openwa_client::Error> {
    let Order { number, customer, tracking } = order;
    let digits: String = customer.phone.chars().filter(char::is_ascii_digit).collect();
    let check = client.contacts().check_number(session, &digits).await?;
    if !check.exists {
        return Ok(None);
    }
    let chat = check.whatsapp_id.unwrap_or_else(|| format!("{digits}@c.us"));
    let text = format!("Hello {}, your order {number} is on its way: {tracking}", customer.name);
    // The key belongs to the order, not to this call: whoever asks again, the customer reads it once.
    let key = format!("order-{number}-shipped");
    let sent = client.messages().send_text(session, chat, text).idempotency_key(key).await?;
    Ok(Some(sent.message_id))
}

/// Waits until the message is on the customer's phone, or has failed for good.
async fn outcome(client: &Client, session: &str, message: &str) -> Result<DeliveryStatus, Box<dyn Error>> {
    // From the log's beginning: what happened before this line is not missed.
    let mut events = client.events().stream().session_id(session).types("message.ack").resume_after("0").follow();
    while let Some(event) = events.next().await {
        if let EventData::MessageAck(ack) = event?.data
            && ack.message_id == message
            && matches!(ack.status, DeliveryStatus::Delivered | DeliveryStatus::Read | DeliveryStatus::Failed)
        {
            return Ok(ack.status);
        }
    }
    Err("the gateway ended the stream".into())
}
