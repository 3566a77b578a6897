//! The control API of a sandbox network: phones, what they say and what they saw. Messages of every
//! kind are in `messages`, what phones do beside them in `people` and `groups`.

mod groups;
mod messages;
mod people;

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

    /// A new phone with a free number, that does nothing by itself.
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
        self.0.post(&format!("/sandbox/phones/{}/scan", phone.id), &json!({"qr": qr})).await.expect(200);
    }

    /// The person holds the camera of the phone whose name the client announces over the code.
    pub async fn scan(&self, qr: &str) -> Phone {
        Phone::of(&self.0.post("/sandbox/scan", &json!({"qr": qr})).await.expect(200))
    }

    /// Takes a phone off line.
    pub async fn go_offline(&self, phone: &Phone) {
        self.0.post_empty(&format!("/sandbox/phones/{}/offline", phone.id)).await.expect(200);
    }

    /// Puts it back on line.
    pub async fn go_online(&self, phone: &Phone) {
        self.0.post_empty(&format!("/sandbox/phones/{}/online", phone.id)).await.expect(200);
    }

    /// The ids of the devices linked to a phone.
    pub async fn linked_devices(&self, phone: &Phone) -> Vec<u64> {
        let answer = self.0.get(&format!("/sandbox/phones/{}/devices", phone.id)).await.expect(200);
        let devices = answer.as_array().expect("a list of devices").iter();
        devices.filter_map(|it| it["id"].as_u64()).filter(|id| *id != 0).collect()
    }

    /// The person logs a linked device out.
    pub async fn unlink(&self, phone: &Phone, device: u64) {
        self.0.delete(&format!("/sandbox/phones/{}/devices/{device}", phone.id)).await.expect(204);
    }

    /// Has something go wrong; answers the id by which it goes right again.
    pub async fn add_fault(&self, fault: &Value) -> u64 {
        self.0.post("/sandbox/faults", fault).await.expect(201)["id"].as_u64().expect("the id of a fault")
    }

    /// Has it go right again.
    pub async fn clear_fault(&self, id: u64) {
        self.0.delete(&format!("/sandbox/faults/{id}")).await.expect(204);
    }

    /// Sends what `message` describes from a phone, and answers it as the phone has it.
    pub async fn send(&self, phone: &Phone, message: &Value) -> Value {
        self.0.post(&format!("/sandbox/phones/{}/messages", phone.id), message).await.expect(201)
    }

    /// Sends a text from a phone to a number or group, and answers its id.
    pub async fn send_text(&self, phone: &Phone, chat: &str, text: &str) -> String {
        let sent = self.send(phone, &json!({"chat": chat, "text": text})).await;
        sent["id"].as_str().expect("the id of what was sent").to_owned()
    }

    /// Marks all of a chat as read on a phone.
    pub async fn mark_read(&self, phone: &Phone, chat: &str) {
        self.0.post(&format!("/sandbox/phones/{}/read", phone.id), &json!({"chat": chat})).await.expect(200);
    }

    /// All that a phone sent and received, oldest first, with the decrypted files.
    pub async fn messages(&self, phone: &Phone) -> Vec<Value> {
        self.messages_after(phone, 0, Duration::ZERO).await
    }

    async fn messages_after(&self, phone: &Phone, after: u64, wait: Duration) -> Vec<Value> {
        let wait = wait.as_millis();
        let mut all = Vec::new();
        let mut after = after;
        loop {
            let wait = if all.is_empty() { wait } else { 0 };
            let path = format!("/sandbox/phones/{}/messages?media=true&limit=1000&after={after}&wait={wait}", phone.id);
            let answer = self.0.get(&path).await.expect(200);
            let page = answer.as_array().expect("a list of messages");
            all.extend(page.iter().cloned());
            match page.last() {
                Some(last) if page.len() == 1_000 => after = last["sequence"].as_u64().expect("a place in the log"),
                _ => return all,
            }
        }
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
            let mut seen = Vec::new();
            loop {
                if let Some(found) = find(&seen) {
                    return found;
                }
                let after = seen.last().and_then(|it: &Value| it["sequence"].as_u64()).unwrap_or_default();
                // Answered as soon as there is more than what was seen, at the latest when the wait is over.
                seen.extend(self.messages_after(phone, after, Duration::from_secs(10)).await);
            }
        };
        match tokio::time::timeout(limit, looking).await {
            Ok(found) => found,
            Err(_) => panic!("{what} did not reach {} within {limit:?}: {:#?}", phone.name, self.messages(phone).await),
        }
    }

    /// Waits until what a phone sent has come this far: `sent`, `delivered`, `read`.
    pub async fn wait_for_status(&self, phone: &Phone, id: &str, status: &str, limit: Duration) {
        let wait = limit.as_millis();
        let path = format!("/sandbox/phones/{}/messages/{id}?status={status}&wait={wait}", phone.id);
        let message = self.0.get(&path).await.expect(200);
        assert_eq!(message["status"], status, "{message:#}");
    }

    /// Waits for a message with this text.
    pub async fn wait_for_text(&self, phone: &Phone, text: &str, limit: Duration) -> Value {
        self.wait_for(phone, text, limit, |all| all.iter().find(|it| it["text"] == text).cloned()).await
    }
}
