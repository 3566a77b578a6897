//! `openwa webhooks`.

use clap::{Args, Subcommand};
use openwa_model::clock::SystemMinter;
use serde_json::{Value, json};

use super::{
    connection::Gateway,
    failure::CommandError,
    listen, names,
    output::{Output, cell, moment},
    shared::{OnlySession, Shared, WhichSession},
};
use crate::environment::Environment;

#[derive(Debug, Args)]
pub(crate) struct WebhooksFlags {
    #[command(flatten)]
    shared: Shared,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Lists the webhooks of all sessions, or of one
    List {
        #[command(flatten)]
        only: OnlySession,
    },
    /// Makes a webhook
    Add {
        /// Where to POST to
        #[arg(value_name = "URL")]
        target: String,
        #[command(flatten)]
        which: WhichSession,
        /// Which events, with commas between; * for all
        #[arg(long, value_delimiter = ',', default_value = "message.received")]
        events: Vec<String>,
        /// What signatures are made with, at least 16 characters; one is made and shown when absent
        #[arg(long)]
        secret: Option<String>,
    },
    /// Sends a test delivery to a webhook
    Test {
        /// Its id
        webhook: String,
    },
    /// Deletes a webhook
    Delete {
        /// Its id
        webhook: String,
    },
    /// Lists the deliveries that failed for good
    Failures {
        #[command(flatten)]
        only: OnlySession,
    },
    /// Tries deliveries that failed for good again
    Redrive {
        /// The ids of the failures; all of them when there is none
        failures: Vec<String>,
        #[command(flatten)]
        only: OnlySession,
        /// Only those of this webhook
        #[arg(long, value_name = "ID")]
        webhook: Option<String>,
        /// This many at most
        #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=500))]
        limit: u16,
    },
}

pub(crate) async fn run(flags: WebhooksFlags, environment: &Environment) -> Result<(), CommandError> {
    let gateway = Gateway::find(&flags.shared, environment)?;
    let output = Output::new(flags.shared.json);
    let all = || Action::List { only: OnlySession { session: None } };
    match flags.action.unwrap_or_else(all) {
        Action::List { only } => list(&gateway, output, &only).await,
        Action::Add { target, which, events, secret } => add(&gateway, output, &which, &target, &events, secret).await,
        Action::Test { webhook } => test(&gateway, output, &webhook).await,
        Action::Delete { webhook } => delete(&gateway, output, &webhook).await,
        Action::Failures { only } => failures(&gateway, output, &only).await,
        Action::Redrive { failures, only, webhook, limit } => {
            let mut body = json!({"limit": limit});
            if !failures.is_empty() {
                body["ids"] = json!(failures);
            }
            if let Some(id) = id_of(&gateway, &only).await? {
                body["sessionId"] = json!(id);
            }
            if let Some(id) = webhook {
                body["webhookId"] = json!(id);
            }
            let answer = gateway.post("/api/webhooks/delivery-failures/redrive", &[], Some(&body)).await?;
            if output.is_json() {
                return output.document(&answer);
            }
            let (due, left) = (cell(&answer["redriven"]), cell(&answer["remaining"]));
            output.line(&format!("{due} deliveries are due again; {left} more could be"))
        }
    }
}

async fn id_of(gateway: &Gateway, only: &OnlySession) -> Result<Option<String>, CommandError> {
    Ok(match only.session.as_deref() {
        Some(named) => Some(names::id(&names::session(gateway, Some(named)).await?).to_owned()),
        None => None,
    })
}

async fn list(gateway: &Gateway, output: Output, only: &OnlySession) -> Result<(), CommandError> {
    let session = id_of(gateway, only).await?;
    let mut webhooks = names::all(gateway, "/api/webhooks", &[]).await?;
    if let Some(session) = session {
        webhooks.retain(|it| it["sessionId"] == session.as_str());
    }
    if output.is_json() {
        return output.document(&Value::Array(webhooks));
    }
    let events = |it: &Value| {
        let events = it["events"].as_array().map(Vec::as_slice).unwrap_or_default();
        events.iter().map(cell).collect::<Vec<_>>().join(",")
    };
    let row = |it: &Value| {
        let active = if it["active"] == true { "yes" } else { "no" };
        [
            cell(&it["id"]),
            cell(&it["url"]),
            events(it),
            active.to_owned(),
            moment(&it["lastTriggeredAt"]),
            cell(&it["sessionId"]),
        ]
    };
    let head = ["ID", "URL", "EVENTS", "ACTIVE", "LAST TRIED", "SESSION"];
    output.table(head, webhooks.iter().map(row).collect(), "There is no webhook yet: openwa webhooks add URL")
}

async fn add(
    gateway: &Gateway,
    output: Output,
    which: &WhichSession,
    url: &str,
    events: &[String],
    secret: Option<String>,
) -> Result<(), CommandError> {
    let session = names::session(gateway, which.session.as_deref()).await?;
    let made = secret.is_none().then(|| listen::new_secret(&SystemMinter));
    let secret = secret.or_else(|| made.clone());
    let body = json!({"url": url, "events": events, "secret": secret});
    let mut webhook = gateway.post("/api/sessions/{sessionId}/webhooks", &[names::id(&session)], Some(&body)).await?;
    if output.is_json() {
        if let Some(secret) = made {
            // The gateway never shows it again.
            webhook["secret"] = json!(secret);
        }
        return output.document(&webhook);
    }
    output.line(&format!("{} delivers to {}", cell(&webhook["id"]), cell(&webhook["url"])))?;
    match made {
        Some(secret) => output.line(&format!("Its secret, which is not shown again: {secret}")),
        None => Ok(()),
    }
}

/// The webhook with this id, of whichever session.
async fn find(gateway: &Gateway, id: &str) -> Result<Value, CommandError> {
    let mut all = names::all(gateway, "/api/webhooks", &[]).await?.into_iter();
    let found = all.find(|it| it["id"].as_str().is_some_and(|it| it.eq_ignore_ascii_case(id)));
    found.ok_or_else(|| CommandError::failed(format!("there is no webhook '{id}': openwa webhooks list")))
}

async fn test(gateway: &Gateway, output: Output, id: &str) -> Result<(), CommandError> {
    let webhook = find(gateway, id).await?;
    let (session, id) = (cell(&webhook["sessionId"]), cell(&webhook["id"]));
    let path = "/api/sessions/{sessionId}/webhooks/{webhookId}/test";
    let result = gateway.post(path, &[&session, &id], None).await?;
    let failed = CommandError::failed(format!("the test delivery failed: {}", why(&result)));
    if output.is_json() {
        output.document(&result)?;
    } else if result["success"] == true {
        output.line(&format!("{} answered {}", cell(&webhook["url"]), cell(&result["statusCode"])))?;
    }
    if result["success"] == true { Ok(()) } else { Err(failed) }
}

fn why(result: &Value) -> String {
    match (cell(&result["error"]), cell(&result["statusCode"])) {
        (error, status) if error.is_empty() => format!("the receiver answered {status}"),
        (error, _) => error,
    }
}

async fn delete(gateway: &Gateway, output: Output, id: &str) -> Result<(), CommandError> {
    let webhook = find(gateway, id).await?;
    let (session, id) = (cell(&webhook["sessionId"]), cell(&webhook["id"]));
    gateway.delete("/api/sessions/{sessionId}/webhooks/{webhookId}", &[&session, &id]).await?;
    match output.is_json() {
        true => output.document(&json!({"id": id, "deleted": true})),
        false => output.line(&format!("{id} is deleted")),
    }
}

async fn failures(gateway: &Gateway, output: Output, only: &OnlySession) -> Result<(), CommandError> {
    let session = id_of(gateway, only).await?;
    let query: Vec<_> = session.iter().map(|it| ("sessionId", it.as_str())).collect();
    let failures = names::all(gateway, "/api/webhooks/delivery-failures", &query).await?;
    if output.is_json() {
        return output.document(&Value::Array(failures));
    }
    let row = |it: &Value| {
        let replayable = if it["replayable"] == true { "yes" } else { "no" };
        [
            cell(&it["id"]),
            cell(&it["event"]),
            cell(&it["url"]),
            cell(&it["attempts"]),
            cell(&it["lastError"]),
            replayable.to_owned(),
            moment(&it["createdAt"]),
        ]
    };
    let head = ["ID", "EVENT", "URL", "ATTEMPTS", "ERROR", "REPLAYABLE", "MADE"];
    output.table(head, failures.iter().map(row).collect(), "No delivery has failed for good.")
}
