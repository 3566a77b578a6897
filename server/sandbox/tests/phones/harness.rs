//! A sandbox on free ports, and phones that tell what happened to them.

use std::time::Duration;

use openwa_sandbox::phone::message::{Content, Draft, Message, Outgoing, Status};
use openwa_sandbox::phone::{Chat, Phone, Script};
use openwa_sandbox::{Sandbox, SandboxConfig};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Nothing here takes nearly as long; a test that waits this long has failed.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) async fn sandbox() -> Sandbox {
    Sandbox::start(SandboxConfig::default()).await.unwrap()
}

pub(crate) async fn phone(sandbox: &Sandbox, name: &str) -> Phone {
    let phones = sandbox.phones();
    phones.create(name, None, Script::Silent).await.unwrap()
}

pub(crate) fn chat_with(phone: &Phone) -> Chat {
    Chat::Person(phone.info().number.clone())
}

pub(crate) fn text(chat: Chat, text: &str) -> Draft {
    draft(chat, Outgoing::Text { text: text.into() })
}

pub(crate) fn draft(chat: Chat, content: Outgoing) -> Draft {
    Draft::new(chat, content)
}

/// The first message after this place in the log.
pub(crate) async fn next(phone: &Phone, after: u64) -> Message {
    let mut page = phone.messages(after, 1, DEADLINE).await;
    page.pop().expect("no message came")
}

/// The first message of a phone.
pub(crate) async fn first(phone: &Phone) -> Message {
    next(phone, 0).await
}

pub(crate) async fn reaches(phone: &Phone, id: &str, status: Status) {
    let message = phone.message_with_status(id, status, DEADLINE).await;
    assert_eq!(message.unwrap().status, status);
}

/// Waits until the phone has acknowledged everything the network had for it.
pub(crate) async fn drained(phone: &Phone) {
    let waiting = async {
        while phone.devices()[0].queued > 0 {
            tokio::task::yield_now().await;
        }
    };
    let drained = tokio::time::timeout(DEADLINE, waiting).await;
    assert!(drained.is_ok(), "{} leaves stanzas waiting", phone.info().name);
}

#[track_caller]
pub(crate) fn assert_text(message: &Message, expected: &str) {
    assert_eq!(message.content, Content::Text { text: expected.into() });
}

/// A sandbox that listens, and a client for its HTTP side. Both end with the value.
pub(crate) struct Served {
    pub(crate) sandbox: Sandbox,
    pub(crate) base: String,
    pub(crate) http: reqwest::Client,
    _stop: DropGuard,
}

pub(crate) async fn serve(sandbox: Sandbox) -> Served {
    // Another test of this process may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let any = ([127, 0, 0, 1], 0).into();
    let listening = sandbox.bind(any, None).await.unwrap();
    let base = format!("http://{}", listening.plain_address());
    let stop = CancellationToken::new();
    tokio::spawn(listening.serve(stop.clone()));
    Served { sandbox, base, http: reqwest::Client::new(), _stop: stop.drop_guard() }
}

impl Served {
    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let mut request = self.http.request(method, format!("{}/sandbox{path}", self.base));
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call(Method::GET, path, None).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.call(Method::POST, path, Some(body)).await;
        assert!(status.is_success(), "{path}: {answer}");
        answer
    }

    /// Makes a phone and gives the path of its operations.
    pub(crate) async fn phone(&self, name: &str) -> (String, Value) {
        let phone = self.post("/phones", json!({"name": name})).await;
        (format!("/phones/{}", phone["id"].as_str().unwrap()), phone)
    }
}
