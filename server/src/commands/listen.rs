//! `openwa listen`.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use clap::Args;
use openwa_client::webhook;
use openwa_model::clock::{Clock, Minter, SystemClock, SystemMinter};
use reqwest::{Client, redirect::Policy};
use serde_json::{Value, json};
use url::Url;

use super::{
    connection::Gateway,
    failure::CommandError,
    following::{self, SessionNames, Wanted, summary},
    names,
    output::{Colour, Output, cell, moment},
    shared::{OnlySession, Shared},
};
use crate::environment::Environment;

/// How long the receiver may take, as long as a webhook's.
const LIMIT: Duration = Duration::from_secs(10);

#[derive(Debug, Args)]
pub(crate) struct ListenFlags {
    #[command(flatten)]
    shared: Shared,
    #[command(flatten)]
    only: OnlySession,
    /// Where to forward to, such as http://localhost:3000/hook
    #[arg(long, value_name = "URL")]
    to: Url,
    /// What to sign with; one is made and shown when absent
    #[arg(long, env = "OPENWA_WEBHOOK_SECRET", hide_env_values = true)]
    secret: Option<String>,
    /// Only these types, with commas between
    #[arg(long, value_name = "TYPES")]
    types: Option<String>,
    /// Begin after this event, the first number of each line; with what comes next when absent
    #[arg(long, value_name = "NUMBER")]
    after: Option<u64>,
}

pub(crate) async fn run(flags: ListenFlags, environment: &Environment) -> Result<(), CommandError> {
    let ListenFlags { shared, only, to, secret, types, after } = flags;
    if !matches!(to.scheme(), "http" | "https") {
        return Err(CommandError::usage("--to takes an address such as http://localhost:3000/hook"));
    }
    let gateway = Gateway::find(&shared, environment)?;
    let output = Output::new(shared.json);
    let session = match only.session.as_deref() {
        Some(named) => Some(names::id(&names::session(&gateway, Some(named)).await?).to_owned()),
        None => None,
    };
    let mut names = SessionNames::read(&gateway).await?;
    let made = secret.is_none();
    let forwarder = Forwarder { client: client()?, to, secret: secret.unwrap_or_else(|| new_secret(&SystemMinter)) };
    let mut events = following::follow(&gateway, Wanted { session, types, after }).await?;

    output.note(&format!("Forwarding the events of {} to {}; Ctrl-C ends it.", gateway.url(), forwarder.to));
    if made {
        output.note(&format!("Signed with the secret {}", forwarder.secret));
    }
    loop {
        let (id, event) = following::next(&gateway, &mut events).await?;
        names.meet(&gateway, &event["sessionId"]).await?;
        let began = Instant::now();
        let answered = forwarder.forward(&event).await;
        let took = began.elapsed().as_millis();
        if output.is_json() {
            let (status, error) = match answered {
                Ok(status) => (json!(status), Value::Null),
                Err(why) => (Value::Null, json!(why)),
            };
            let forwarded = json!({"id": id, "event": event["event"], "sessionId": event["sessionId"], "status": status, "error": error, "milliseconds": took as u64});
            output.record(&forwarded)?;
            continue;
        }
        let answered = match answered {
            Ok(status @ 200..300) => output.paint(Colour::Green, &status.to_string()),
            Ok(status) => output.paint(Colour::Red, &status.to_string()),
            Err(why) => output.paint(Colour::Yellow, &why),
        };
        let (session, kind) = (names.of(&event["sessionId"]), output.paint(Colour::Cyan, &cell(&event["event"])));
        let at = output.paint(Colour::Dim, &moment(&event["timestamp"]));
        output.line(&format!("{id:>6}  {at}  {session}  {kind}  -> {answered} in {took} ms  {}", summary(&event)))?;
    }
}

/// A secret that nobody guesses.
pub(crate) fn new_secret(minter: &dyn Minter) -> String {
    let mut bytes = [0; 24];
    minter.fill(&mut bytes);
    hex::encode(bytes)
}

/// The development server gets what a webhook would: the same body, headers and signature.
struct Forwarder {
    client: Client,
    to: Url,
    secret: String,
}

impl Forwarder {
    /// The status of the answer, or why there was none.
    async fn forward(&self, event: &Value) -> Result<u16, String> {
        let kind = event["event"].as_str().unwrap_or_default();
        let key = format!("listen_{}_{}", cell(&event["sessionId"]), event["seq"]);
        let delivery = format!("dlv_{}", SystemMinter.uuid(SystemClock.now()));
        let body = body(event, &key, &delivery);
        let request = self
            .client
            .post(self.to.clone())
            .header("Content-Type", "application/json")
            .header("User-Agent", "OpenWA-Webhook/1.0.0")
            .header("X-OpenWA-Event", kind)
            .header("X-OpenWA-Idempotency-Key", key)
            .header("X-OpenWA-Delivery-Id", delivery)
            .header("X-OpenWA-Retry-Count", "0")
            .header("X-OpenWA-Signature", webhook::sign(&self.secret, body.as_bytes()))
            .body(body);
        match request.send().await {
            Ok(answer) => Ok(answer.status().as_u16()),
            Err(error) if error.is_timeout() => Err(format!("no answer within {LIMIT:?}")),
            Err(error) => Err(format!("no answer: {}", root(&error))),
        }
    }
}

/// A delivery, with its fields in the order in which the gateway writes them.
fn body(event: &Value, key: &str, delivery: &str) -> String {
    let field = |name: &str| event[name].to_string();
    format!(
        r#"{{"event":{},"timestamp":{},"sessionId":{},"idempotencyKey":{},"deliveryId":{},"data":{}}}"#,
        field("event"),
        field("timestamp"),
        field("sessionId"),
        Value::from(key),
        Value::from(delivery),
        field("data"),
    )
}

fn client() -> Result<Client, CommandError> {
    // Installed already is as good.
    _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().no_proxy().redirect(Policy::none()).timeout(LIMIT).build();
    client.map_err(|error| CommandError::failed(format!("nothing can be forwarded: {}", root(&error))))
}

/// The innermost cause, which is the one that a person understands.
fn root(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forwarded_event_reads_as_a_delivery_does() {
        let event = json!({"seq": 3, "event": "message.received", "sessionId": "s", "timestamp": "t", "chatId": "c", "data": {"a": 1}});
        assert_eq!(
            body(&event, "k", "d"),
            r#"{"event":"message.received","timestamp":"t","sessionId":"s","idempotencyKey":"k","deliveryId":"d","data":{"a":1}}"#
        );
        assert_ne!(new_secret(&SystemMinter), new_secret(&SystemMinter));
    }
}
