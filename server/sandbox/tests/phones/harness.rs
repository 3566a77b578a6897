//! A sandbox on free ports, and phones that tell what happened to them.

use std::time::Duration;

use openwa_sandbox::phone::message::{Content, Draft, Message, Outgoing, Status};
use openwa_sandbox::phone::{Chat, Phone, Script};
use openwa_sandbox::{Sandbox, SandboxConfig};
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
    Draft { chat, content, quoted: None }
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
