//! `openwa sessions`.

use std::io::{self, IsTerminal, Write};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    connection::Gateway,
    failure::CommandError,
    names,
    output::{Colour, Output, cell, moment, shown},
    shared::Shared,
};
use crate::environment::Environment;

#[derive(Debug, Args)]
pub(crate) struct SessionsFlags {
    #[command(flatten)]
    shared: Shared,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Lists the sessions
    List,
    /// Makes a session
    Create {
        /// 3 to 50 letters, digits and hyphens
        name: String,
        /// Start it at once
        #[arg(long)]
        start: bool,
    },
    /// Shows one session
    Status(Named),
    /// Starts a session: it connects, or waits to be linked
    Start(Named),
    /// Stops a session; it stays linked
    Stop(Named),
    /// Unlinks a session from its phone
    Logout(Named),
    /// Deletes a session and all that is stored of it
    Delete {
        #[command(flatten)]
        session: Named,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

#[derive(Debug, Args)]
struct Named {
    /// Its name or id; not needed when there is only one
    #[arg(value_name = "SESSION")]
    named: Option<String>,
}

pub(crate) async fn run(flags: SessionsFlags, environment: &Environment) -> Result<(), CommandError> {
    let gateway = Gateway::find(&flags.shared, environment)?;
    let output = Output::new(flags.shared.json);
    match flags.action.unwrap_or(Action::List) {
        Action::List => list(&gateway, output).await,
        Action::Create { name, start } => {
            let mut session = gateway.post("/api/sessions", &[], Some(&json!({"name": name}))).await?;
            if start {
                session = gateway.post("/api/sessions/{sessionId}/start", &[names::id(&session)], None).await?;
            }
            told(output, &session)
        }
        Action::Status(Named { named }) => {
            let session = names::session(&gateway, named.as_deref()).await?;
            status(output, &session)
        }
        Action::Start(Named { named }) => act(&gateway, output, named, "/api/sessions/{sessionId}/start").await,
        Action::Stop(Named { named }) => act(&gateway, output, named, "/api/sessions/{sessionId}/stop").await,
        Action::Logout(Named { named }) => act(&gateway, output, named, "/api/sessions/{sessionId}/logout").await,
        Action::Delete { session: Named { named }, yes } => {
            let session = names::session(&gateway, named.as_deref()).await?;
            let name = cell(&session["name"]);
            if !yes && output.is_terminal() && io::stdin().is_terminal() && !confirmed(&name)? {
                return Err(CommandError::failed("nothing was deleted"));
            }
            gateway.delete("/api/sessions/{sessionId}", &[names::id(&session)]).await?;
            match output.is_json() {
                true => output.document(&json!({"id": session["id"], "deleted": true})),
                false => output.line(&format!("{name} is deleted")),
            }
        }
    }
}

async fn list(gateway: &Gateway, output: Output) -> Result<(), CommandError> {
    let sessions = names::all_sessions(gateway).await?;
    if output.is_json() {
        return output.document(&Value::Array(sessions));
    }
    let row = |it: &Value| {
        let error = cell(&it["lastError"]);
        [
            cell(&it["name"]),
            cell(&it["status"]),
            cell(&it["phone"]),
            cell(&it["pushName"]),
            moment(&it["lastActive"]),
            cell(&it["id"]),
            error,
        ]
    };
    let rows = sessions.iter().map(row).collect();
    let head = ["NAME", "STATUS", "PHONE", "ACCOUNT", "LAST ACTIVE", "ID", "ERROR"];
    output.table(head, rows, "There is no session yet: openwa sessions create NAME")
}

async fn act(gateway: &Gateway, output: Output, named: Option<String>, path: &str) -> Result<(), CommandError> {
    let session = names::session(gateway, named.as_deref()).await?;
    let answer = gateway.post(path, &[names::id(&session)], None).await?;
    told(output, &answer)
}

/// What became of a session, and what a person does next.
fn told(output: Output, session: &Value) -> Result<(), CommandError> {
    if output.is_json() {
        return output.document(session);
    }
    let name = cell(&session["name"]);
    output.line(&format!("{name} is {}", cell(&session["status"])))?;
    match session["status"].as_str() {
        Some("created") => output.note(&format!("Next: openwa qr {name}")),
        Some("initializing" | "qr_ready") if session["phone"].is_null() => {
            output.note(&format!("To link it: openwa qr {name}"));
        }
        _ => {}
    }
    Ok(())
}

fn status(output: Output, session: &Value) -> Result<(), CommandError> {
    if output.is_json() {
        return output.document(session);
    }
    let lines = [
        ("name", cell(&session["name"])),
        ("id", cell(&session["id"])),
        ("status", cell(&session["status"])),
        ("phone", cell(&session["phone"])),
        ("account", cell(&session["pushName"])),
        ("connected", moment(&session["connectedAt"])),
        ("last active", moment(&session["lastActive"])),
        ("created", moment(&session["createdAt"])),
        ("error", session["lastError"].as_str().map(shown).unwrap_or_default()),
        ("restriction", cell(&session["restriction"])),
    ];
    for (name, value) in lines.iter().filter(|it| !it.1.is_empty()) {
        output.line(&format!("{} {value}", output.paint(Colour::Dim, &format!("{name:12}"))))?;
    }
    Ok(())
}

fn confirmed(name: &str) -> io::Result<bool> {
    eprint!("Delete {name} and all its messages? Type its name: ");
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(answer.trim() == name)
}
