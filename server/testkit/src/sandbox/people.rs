//! What a phone does beside messages, and what it notices.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Phone, Sandbox};

impl Sandbox {
    /// What a phone noticed that is no message, oldest first.
    pub async fn events(&self, phone: &Phone) -> Vec<Value> {
        self.events_after(phone, 0, Duration::ZERO).await
    }

    async fn events_after(&self, phone: &Phone, after: u64, wait: Duration) -> Vec<Value> {
        let wait = wait.as_millis();
        let path = format!("/sandbox/phones/{}/events?limit=1000&after={after}&wait={wait}", phone.id);
        let answer = self.client().get(&path).await.expect(200);
        answer.as_array().expect("a list of events").clone()
    }

    /// Waits for an event of a type: `typing`, `recording`, `paused`, `presence`, `call`, `group`,
    /// `picture`, `about`, `app-state`, `blocklist`, `media-request`.
    pub async fn wait_for_event(
        &self,
        phone: &Phone,
        kind: &str,
        limit: Duration,
        is_meant: impl Fn(&Value) -> bool,
    ) -> Value {
        let looking = async {
            let mut after = 0;
            loop {
                // Answered as soon as there is more than what was seen.
                let page = self.events_after(phone, after, Duration::from_secs(10)).await;
                after = page.last().and_then(|it| it["sequence"].as_u64()).unwrap_or(after);
                if let Some(found) = page.into_iter().find(|it| it["type"] == kind && is_meant(it)) {
                    return found;
                }
            }
        };
        match tokio::time::timeout(limit, looking).await {
            Ok(found) => found,
            Err(_) => panic!("{} noticed no {kind} within {limit:?}: {:#?}", phone.name, self.events(phone).await),
        }
    }

    /// Shows others in a chat that the owner is `typing` or `recording`, or has `paused`.
    pub async fn chat_state(&self, phone: &Phone, chat: &str, state: &str) {
        let path = format!("/sandbox/phones/{}/chat-state", phone.id);
        self.client().post(&path, &json!({"chat": chat, "state": state})).await.expect(204);
    }

    /// Shows others whether the owner is there.
    pub async fn set_presence(&self, phone: &Phone, is_available: bool) {
        let path = format!("/sandbox/phones/{}/presence", phone.id);
        self.client().put(&path, &json!({"available": is_available})).await.expect(204);
    }

    /// Asks to be told when a person comes and goes: `presence` events follow.
    pub async fn subscribe(&self, phone: &Phone, chat: &str) {
        let path = format!("/sandbox/phones/{}/subscriptions", phone.id);
        self.client().post(&path, &json!({"chat": chat})).await.expect(204);
    }

    /// Blocks a person.
    pub async fn block(&self, phone: &Phone, chat: &str) {
        self.client().put(&format!("/sandbox/phones/{}/blocked/{chat}", phone.id), &json!({})).await.expect(204);
    }

    /// Unblocks a person.
    pub async fn unblock(&self, phone: &Phone, chat: &str) {
        self.client().delete(&format!("/sandbox/phones/{}/blocked/{chat}", phone.id)).await.expect(204);
    }

    /// Whom the phone's account blocks.
    pub async fn blocked(&self, phone: &Phone) -> Vec<String> {
        texts(&self.client().get(&format!("/sandbox/phones/{}/blocked", phone.id)).await.expect(200))
    }

    /// Changes `name`, `about`, `picture` (base64, empty takes it away) of the owner.
    pub async fn set_profile(&self, phone: &Phone, change: &Value) {
        self.client().patch(&format!("/sandbox/phones/{}/profile", phone.id), change).await.expect(204);
    }

    /// A person as this phone sees them.
    pub async fn contact(&self, phone: &Phone, chat: &str) -> Value {
        self.client().get(&format!("/sandbox/phones/{}/contacts/{chat}", phone.id)).await.expect(200)
    }

    /// Stars, archives, pins, mutes, labels, saves: what the account's devices agree on.
    pub async fn act(&self, phone: &Phone, action: &Value) {
        self.client().post(&format!("/sandbox/phones/{}/app-state", phone.id), action).await.expect(204);
    }

    /// All that is set in the account's app state: `collection`, `index`, `value`.
    pub async fn app_state(&self, phone: &Phone) -> Vec<Value> {
        let answer = self.client().get(&format!("/sandbox/phones/{}/app-state", phone.id)).await.expect(200);
        answer.as_array().expect("a list of entries").clone()
    }

    /// Waits until an entry whose index begins like this has a value that is meant. Answers the entry.
    pub async fn wait_for_app_state(
        &self,
        phone: &Phone,
        index: &[&str],
        limit: Duration,
        is_meant: impl Fn(&Value) -> bool,
    ) -> Value {
        let begins = |entry: &Value| {
            let parts = entry["index"].as_array().expect("an index");
            parts.len() >= index.len() && parts.iter().zip(index).all(|(part, wanted)| part == wanted)
        };
        let looking = async {
            let mut after = 0;
            loop {
                let entries = self.app_state(phone).await;
                if let Some(found) = entries.into_iter().find(|entry| begins(entry) && is_meant(&entry["value"])) {
                    return found;
                }
                // Whatever is written rings here.
                let page = self.events_after(phone, after, Duration::from_secs(1)).await;
                after = page.last().and_then(|it| it["sequence"].as_u64()).unwrap_or(after);
            }
        };
        match tokio::time::timeout(limit, looking).await {
            Ok(found) => found,
            Err(_) => {
                panic!("{index:?} was not set for {} within {limit:?}: {:#?}", phone.name, self.app_state(phone).await)
            }
        }
    }

    /// Calls a person. Answers the id of the call.
    pub async fn call(&self, phone: &Phone, chat: &str, is_video: bool) -> String {
        let path = format!("/sandbox/phones/{}/calls", phone.id);
        let answer = self.client().post(&path, &json!({"chat": chat, "video": is_video})).await.expect(201);
        answer["id"].as_str().expect("the id of a call").to_owned()
    }

    /// `accept`s, `reject`s or `terminate`s a call.
    pub async fn act_on_call(&self, phone: &Phone, id: &str, action: &str) {
        let path = format!("/sandbox/phones/{}/calls/{id}", phone.id);
        self.client().post(&path, &json!({"action": action})).await.expect(204);
    }

    /// The calls a phone made and got, oldest first.
    pub async fn calls(&self, phone: &Phone) -> Vec<Value> {
        let answer = self.client().get(&format!("/sandbox/phones/{}/calls", phone.id)).await.expect(200);
        answer.as_array().expect("a list of calls").clone()
    }

    /// Waits for a call in a state: `ringing`, `accepted`, `rejected`, `ended`.
    pub async fn wait_for_call(&self, phone: &Phone, state: &str, limit: Duration) -> Value {
        let looking = async {
            let mut after = 0;
            loop {
                if let Some(found) = self.calls(phone).await.into_iter().find(|call| call["state"] == state) {
                    return found;
                }
                let page = self.events_after(phone, after, Duration::from_secs(10)).await;
                after = page.last().and_then(|it| it["sequence"].as_u64()).unwrap_or(after);
            }
        };
        match tokio::time::timeout(limit, looking).await {
            Ok(found) => found,
            Err(_) => panic!("{} has no call that is {state}: {:#?}", phone.name, self.calls(phone).await),
        }
    }

    /// Makes the phone's account a business with this profile and catalogue.
    pub async fn set_business(&self, phone: &Phone, business: &Value) {
        self.client().put(&format!("/sandbox/phones/{}/business", phone.id), business).await.expect(204);
    }

    /// Whether the phone uploads expired files again when a linked device asks for them.
    pub async fn set_media_retries(&self, phone: &Phone, is_on: bool) {
        let path = format!("/sandbox/phones/{}/media-retries", phone.id);
        self.client().put(&path, &json!({"on": is_on})).await.expect(204);
    }
}

pub(super) fn texts(answer: &Value) -> Vec<String> {
    let list = answer.as_array().expect("a list").iter();
    list.map(|it| it.as_str().expect("a text").to_owned()).collect()
}
