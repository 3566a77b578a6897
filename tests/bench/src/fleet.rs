//! Many linked sessions.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use openwa_testkit::{
    client::Client,
    gateway::{Gateway, SandboxProcess, Setup},
    sandbox::Phone,
};
use serde_json::json;

/// Longer than anything here takes; only reached when something is broken.
pub(crate) const LIMIT: Duration = Duration::from_secs(120);

/// How many sessions are linked at a time: linking is not what is measured.
const AT_A_TIME: usize = 4;

/// A session and the phone it is linked to.
pub(crate) struct Linked {
    pub(crate) id: String,
    pub(crate) phone: Phone,
}

/// A gateway and a network as two processes, logging little.
pub(crate) async fn pair() -> (SandboxProcess, Gateway) {
    let network = SandboxProcess::start().await;
    let gateway = Setup::joined_to(&network).with("LOG_LEVEL", "warn").start().await;
    (network, gateway)
}

/// Links sessions number `from` up to but not including `to`.
pub(crate) async fn link(network: &SandboxProcess, gateway: &Gateway, from: usize, to: usize) -> Vec<Linked> {
    stream::iter(from..to).map(|number| link_one(network, gateway.client(), number)).buffered(AT_A_TIME).collect().await
}

async fn link_one(network: &SandboxProcess, client: Client, number: usize) -> Linked {
    let control = network.control();
    let phone = control.create_phone(&format!("phone-{number}")).await;
    let session = client.post("/api/sessions", &json!({"name": format!("session-{number}")})).await.expect(201);
    let id = session["id"].as_str().expect("the id of a session").to_owned();
    let mut events = client.follow(&format!("/api/events/stream?sessionId={id}&after=0"), None).await;
    client.post_empty(&format!("/api/sessions/{id}/start")).await.expect(200);
    events.wait_for("a code to scan", LIMIT, |it| it.event.as_deref() == Some("session.qr")).await;
    let code = client.get(&format!("/api/sessions/{id}/qr?format=raw")).await;
    assert_eq!(code.status, 200, "{}", code.text());
    control.scan_with(&phone, code.text().trim()).await;
    events.wait_for("ready", LIMIT, |it| it.data["data"]["status"] == "ready").await;
    Linked { id, phone }
}
