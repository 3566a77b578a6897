//! Messages of every kind, as a phone sends and sees them.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Phone, Sandbox};

impl Sandbox {
    /// Sends what `message` describes, and answers its id.
    async fn send_for_id(&self, phone: &Phone, message: &Value) -> String {
        self.send(phone, message).await["id"].as_str().expect("the id of what was sent").to_owned()
    }

    /// Reacts to a message; an empty emoji takes the reaction back. Answers the new id, as all of these do.
    pub async fn react(&self, phone: &Phone, chat: &str, target: &str, emoji: &str) -> String {
        let reaction = json!({"chat": chat, "type": "reaction", "target": target, "text": emoji});
        self.send_for_id(phone, &reaction).await
    }

    /// Edits a message of this phone.
    pub async fn edit(&self, phone: &Phone, chat: &str, target: &str, text: &str) -> String {
        let edit = json!({"chat": chat, "type": "edit", "target": target, "text": text});
        self.send_for_id(phone, &edit).await
    }

    /// Edits a message of this phone, sealed with the secret of that message.
    pub async fn edit_encrypted(&self, phone: &Phone, chat: &str, target: &str, text: &str) -> String {
        let edit = json!({"chat": chat, "type": "edit", "target": target, "text": text, "encrypted": true});
        self.send_for_id(phone, &edit).await
    }

    /// Deletes a message for everybody.
    pub async fn revoke(&self, phone: &Phone, chat: &str, target: &str) -> String {
        self.send_for_id(phone, &json!({"chat": chat, "type": "revoke", "target": target})).await
    }

    /// Votes in a poll, by the texts of its options; none takes the vote back.
    pub async fn vote(&self, phone: &Phone, chat: &str, poll: &str, options: &[&str]) -> String {
        let vote = json!({"chat": chat, "type": "poll-vote", "target": poll, "options": options});
        self.send_for_id(phone, &vote).await
    }

    /// Answers an event: `going`, `not-going`, `maybe`.
    pub async fn respond_to_event(&self, phone: &Phone, chat: &str, event: &str, response: &str) -> String {
        let answer = json!({"chat": chat, "type": "event-response", "target": event, "response": response});
        self.send_for_id(phone, &answer).await
    }

    /// Sends a file as a kind of media: `image`, `video`, `gif`, `video-note`, `audio`, `voice`,
    /// `document`, `sticker`.
    pub async fn send_media(&self, phone: &Phone, chat: &str, kind: &str, mimetype: &str, bytes: &[u8]) -> String {
        let media = json!({"mimetype": mimetype, "data": STANDARD.encode(bytes)});
        self.send_for_id(phone, &json!({"chat": chat, "type": kind, "media": media})).await
    }

    /// Posts a status that these people see.
    pub async fn post_status(&self, phone: &Phone, audience: &[&str], message: &Value) -> Value {
        let mut message = message.clone();
        message["chat"] = "status@broadcast".into();
        message["audience"] = json!(audience);
        self.send(phone, &message).await
    }

    /// Looks at a status that somebody posted.
    pub async fn view_status(&self, phone: &Phone, id: &str) {
        let read = json!({"chat": "status@broadcast", "messageIds": [id]});
        self.client().post(&format!("/sandbox/phones/{}/read", phone.id), &read).await.expect(200);
    }

    /// Plays voice or video messages.
    pub async fn mark_played(&self, phone: &Phone, chat: &str, ids: &[&str]) {
        let played = json!({"chat": chat, "messageIds": ids, "played": true});
        self.client().post(&format!("/sandbox/phones/{}/read", phone.id), &played).await.expect(200);
    }

    /// A message the phone has, as it has it.
    pub async fn message(&self, phone: &Phone, id: &str) -> Value {
        self.client().get(&format!("/sandbox/phones/{}/messages/{id}?media=true", phone.id)).await.expect(200)
    }

    /// Waits for a message by its id.
    pub async fn wait_for_message(&self, phone: &Phone, id: &str, limit: Duration) -> Value {
        self.wait_for(phone, id, limit, |all| all.iter().find(|it| it["id"] == id).cloned()).await
    }
}
