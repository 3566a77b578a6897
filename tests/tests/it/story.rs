//! What many tests begin with: sessions that are linked, and what was said on them.

use std::time::Duration;

use openwa_testkit::{
    client::{Client, Events},
    sandbox::{Phone, Sandbox},
};
use serde_json::{Value, json};

/// Longer than anything takes on a busy machine; only ever reached by a failing test.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// A session of a gateway.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
}

impl Session {
    /// Makes one that was never started.
    pub(crate) async fn create(client: &Client, name: &str) -> Self {
        let session = client.post("/api/sessions", &json!({"name": name})).await.expect(201);
        assert_eq!(session["status"], "created", "{session}");
        Self { id: text(&session["id"]) }
    }

    /// Makes one, starts it and links it to this phone.
    pub(crate) async fn link(client: &Client, sandbox: &Sandbox, name: &str, phone: &Phone) -> Self {
        let session = Self::create(client, name).await;
        let mut events = session.follow(client).await;
        client.post_empty(&session.path("/start")).await.expect(200);
        let code = session.qr(client, &mut events).await;
        sandbox.scan_with(phone, &code).await;
        wait_for_status(&mut events, "ready").await;
        session
    }

    /// A path below this session's.
    pub(crate) fn path(&self, below: &str) -> String {
        format!("/api/sessions/{}{below}", self.id)
    }

    /// Its events from the first on.
    pub(crate) async fn follow(&self, client: &Client) -> Events {
        client.follow(&format!("/api/events/stream?sessionId={}&after=0", self.id), None).await
    }

    /// Waits for a code to scan, and answers the text inside.
    pub(crate) async fn qr(&self, client: &Client, events: &mut Events) -> String {
        events.wait_for("a code to scan", LIMIT, |it| it.event.as_deref() == Some("session.qr")).await;
        let code = client.get(&self.path("/qr?format=raw")).await;
        assert_eq!(code.status, 200, "{}", code.text());
        assert!(code.header("content-type").starts_with("text/plain"), "{:?}", code.headers);
        code.text().trim().to_owned()
    }

    /// What it looks like now.
    pub(crate) async fn view(&self, client: &Client) -> Value {
        client.get(&self.path("")).await.expect(200)
    }

    /// Sends a text and answers the id of the message.
    pub(crate) async fn send_text(&self, client: &Client, chat: &str, body: &str) -> String {
        let answer = client.post(&self.path("/messages/send-text"), &json!({"chatId": chat, "text": body})).await;
        text(&answer.expect(201)["messageId"])
    }

    /// All stored messages that fit this query, page by page.
    pub(crate) async fn messages(&self, client: &Client, query: &str) -> Vec<Value> {
        let mut all = Vec::new();
        loop {
            let path = self.path(&format!("/messages?limit=100&offset={}&{query}", all.len()));
            let page = client.get(&path).await.expect(200);
            let messages = page["messages"].as_array().expect("a list of messages");
            if messages.is_empty() {
                return all;
            }
            all.extend(messages.iter().cloned());
        }
    }

    /// The stored message with this id.
    pub(crate) async fn message(&self, client: &Client, id: &str) -> Value {
        let messages = self.messages(client, &format!("messageId={id}")).await;
        assert_eq!(messages.len(), 1, "messages with the id {id}: {messages:#?}");
        messages[0].clone()
    }
}

/// Waits until the session is in this status.
pub(crate) async fn wait_for_status(events: &mut Events, status: &str) {
    let what = format!("the status {status}");
    events
        .wait_for(&what, LIMIT, |it| {
            it.event.as_deref() == Some("session.status") && it.data["data"]["status"] == status
        })
        .await;
}

/// Waits until a sent message has come this far.
pub(crate) async fn wait_for_ack(events: &mut Events, message: &str, status: &str) {
    let what = format!("{message} to be {status}");
    events
        .wait_for(&what, LIMIT, |it| {
            let data = &it.data["data"];
            it.event.as_deref() == Some("message.ack") && data["messageId"] == message && data["status"] == status
        })
        .await;
}

/// A field that has to be a text.
#[track_caller]
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a text")).to_owned()
}
