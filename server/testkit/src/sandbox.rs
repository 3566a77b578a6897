//! The control API of a sandbox network: phones, what they say and what they saw.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::Client;

/// A phone on the sandbox network.
#[derive(Clone, Debug)]
pub struct Phone {
    /// Its id in the control API.
    pub id: String,
    /// The name it shows to others.
    pub name: String,
    /// Its number, digits only.
    pub number: String,
    /// The hidden id of its account.
    pub lid: String,
}

impl Phone {
    /// The chat with it, as the gateway's API names it.
    pub fn chat(&self) -> String {
        format!("{}@c.us", self.number)
    }

    fn of(answer: &Value) -> Self {
        let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        Self { id: text("id"), name: text("name"), number: text("number"), lid: text("lid") }
    }
}

/// Speaks to the control API.
#[derive(Clone, Debug)]
pub struct Sandbox(Client);

impl Sandbox {
    /// Through this client.
    pub fn new(client: Client) -> Self {
        Self(client)
    }

    /// The client, for what has no method here.
    pub fn client(&self) -> &Client {
        &self.0
    }

    /// A new phone with a free number.
    pub async fn create_phone(&self, name: &str) -> Phone {
        Phone::of(&self.0.post("/sandbox/phones", &json!({"name": name})).await.expect(201))
    }

    /// All phones.
    pub async fn phones(&self) -> Vec<Phone> {
        let answer = self.0.get("/sandbox/phones").await.expect(200);
        answer.as_array().expect("a list of phones").iter().map(Phone::of).collect()
    }

    /// The person holds this phone's camera over the code.
    pub async fn scan_with(&self, phone: &Phone, qr: &str) {
        let answer = self.0.post(&format!("/sandbox/phones/{}/scan", phone.id), &json!({"qr": qr})).await;
        assert!((200..300).contains(&answer.status), "the scan answered {} {}", answer.status, answer.text());
    }

    /// Sends what `message` describes from a phone, and answers its id.
    pub async fn send(&self, phone: &Phone, message: &Value) -> String {
        let answer = self.0.post(&format!("/sandbox/phones/{}/messages", phone.id), message).await.expect(201);
        answer["id"].as_str().expect("the id of what was sent").to_owned()
    }

    /// Sends a text from a phone to a number.
    pub async fn send_text(&self, phone: &Phone, to: &str, text: &str) -> String {
        self.send(phone, &json!({"to": to, "type": "text", "text": text})).await
    }

    /// All that a phone sent and received, oldest first.
    pub async fn messages(&self, phone: &Phone) -> Vec<Value> {
        let answer = self.0.get(&format!("/sandbox/phones/{}/messages", phone.id)).await.expect(200);
        answer.as_array().expect("a list of messages").clone()
    }

    /// Returns what `find` sees in all that a phone has, as soon as it sees something. Panics after `limit`.
    pub async fn wait_for<T>(
        &self,
        phone: &Phone,
        what: &str,
        limit: Duration,
        find: impl Fn(&[Value]) -> Option<T>,
    ) -> T {
        let looking = async {
            let mut seen = self.messages(phone).await;
            loop {
                if let Some(found) = find(&seen) {
                    return found;
                }
                // The network answers as soon as there is more than what was seen, at the latest after ten seconds.
                let path = format!("/sandbox/phones/{}/messages?wait=10&skip={}", phone.id, seen.len());
                let more = self.0.get(&path).await.expect(200);
                seen.extend(more.as_array().expect("a list of messages").iter().cloned());
            }
        };
        match tokio::time::timeout(limit, looking).await {
            Ok(found) => found,
            Err(_) => panic!("{what} did not reach {} within {limit:?}: {:#?}", phone.name, self.messages(phone).await),
        }
    }

    /// Waits for a message with this text.
    pub async fn wait_for_text(&self, phone: &Phone, text: &str, limit: Duration) -> Value {
        self.wait_for(phone, text, limit, |all| all.iter().find(|it| it["text"] == text).cloned()).await
    }
}
