//! `openwa qr`.

use std::{collections::HashSet, time::Duration};

use clap::Args;
use console::Term;
use openwa_client::raw::{EventStream, Method};
use serde_json::{Value, json};

use super::{
    connection::{Gateway, call},
    failure::CommandError,
    following::{self, Wanted},
    names,
    output::{Output, cell},
    shared::Shared,
};
use crate::environment::Environment;

/// Events say when to look; without one it looks this often.
const LOOK_AGAIN: Duration = Duration::from_secs(3);
/// What changes while a session is linked.
const TYPES: &str = "session.status,session.qr,session.authenticated,session.disconnected";

#[derive(Debug, Args)]
pub(crate) struct QrFlags {
    #[command(flatten)]
    shared: Shared,
    /// The session, by its name or id; not needed when there is only one
    #[arg(env = "OPENWA_SESSION", hide_env_values = true)]
    session: Option<String>,
    /// Show a code to type on the phone with this number instead of one to scan
    #[arg(long, value_name = "NUMBER")]
    pairing_code: Option<String>,
}

pub(crate) async fn run(flags: QrFlags, environment: &Environment) -> Result<(), CommandError> {
    let gateway = Gateway::find(&flags.shared, environment)?;
    let output = Output::new(flags.shared.json);
    let session = names::session(&gateway, flags.session.as_deref()).await?;
    let number = flags.pairing_code.as_deref().map(names::chat).transpose()?;
    let number = number.map(|it| it.trim_end_matches("@c.us").to_owned());
    if session["status"] == "ready" {
        return linked(output, &session);
    }
    let mut linking =
        Linking { gateway, output, id: names::id(&session).to_owned(), number, shown: HashSet::new(), lines: 0 };
    let wanted = Wanted { session: Some(linking.id.clone()), types: Some(TYPES.to_owned()), after: None };
    let mut events = following::follow(&linking.gateway, wanted).await?;
    if session["engineLoaded"] != true {
        linking.gateway.post("/api/sessions/{sessionId}/start", &[&linking.id], None).await?;
    }
    linking.until_linked(&mut events).await
}

/// A session on its way to a phone.
struct Linking {
    gateway: Gateway,
    output: Output,
    id: String,
    /// The phone that gets a code to type.
    number: Option<String>,
    /// What was shown already.
    shown: HashSet<String>,
    /// How many lines the code on the terminal takes.
    lines: usize,
}

impl Linking {
    /// Looks at the session each time something happened to it: what counts is what it is, not what was heard of it.
    async fn until_linked(&mut self, events: &mut EventStream) -> Result<(), CommandError> {
        loop {
            let session = self.gateway.get("/api/sessions/{sessionId}", &[&self.id]).await?;
            match session["status"].as_str().unwrap_or_default() {
                "ready" => {
                    self.wipe();
                    return linked(self.output, &session);
                }
                "qr_ready" => self.show_code().await?,
                "authenticating" if self.shown.insert("authenticating".to_owned()) => {
                    self.wipe();
                    self.output.note("The phone has the code; linking …");
                }
                _ if session["engineLoaded"] == false => return Err(not_linked(&session)),
                _ => {}
            }
            tokio::select! {
                event = following::next(&self.gateway, events) => { event?; }
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
    }

    async fn show_code(&mut self) -> Result<(), CommandError> {
        match self.number.clone() {
            Some(number) => self.show_pairing_code(&number).await,
            None => self.show_qr().await,
        }
    }

    async fn show_qr(&mut self) -> Result<(), CommandError> {
        // A code that ran out meanwhile is followed by a new one, or by the end of the session's start.
        let Some(code) = self.qr("raw").await? else { return Ok(()) };
        if !self.shown.insert(code.clone()) {
            return Ok(());
        }
        if self.output.is_json() {
            return self.output.record(&json!({"event": "qr", "code": code}));
        }
        let Some(drawing) = self.qr("terminal").await? else { return Ok(()) };
        self.wipe();
        let drawing = drawing.trim_end_matches('\n');
        self.output.line(drawing)?;
        self.output.line("On the phone: WhatsApp, Linked devices, Link a device. A new code comes by itself.")?;
        self.lines = drawing.lines().count() + 1;
        Ok(())
    }

    async fn qr(&self, format: &str) -> Result<Option<String>, CommandError> {
        let call = call(Method::GET, "/api/sessions/{sessionId}/qr", &[&self.id])?.query("format", format);
        match self.gateway.client().send(call).await {
            Ok(answer) => Ok(Some(String::from_utf8_lossy(&answer.body).trim_end().to_owned())),
            Err(error) if matches!(error.status(), Some(400 | 404 | 409)) => Ok(None),
            Err(error) => Err(self.gateway.failure(error)),
        }
    }

    async fn show_pairing_code(&mut self, number: &str) -> Result<(), CommandError> {
        if !self.shown.insert("pairing".to_owned()) {
            return Ok(());
        }
        let body = json!({"phoneNumber": number});
        let answer = self.gateway.post("/api/sessions/{sessionId}/pairing-code", &[&self.id], Some(&body)).await?;
        let code = cell(&answer["pairingCode"]);
        if self.output.is_json() {
            return self.output.record(&json!({"event": "pairing_code", "code": code}));
        }
        let halves = code.split_at_checked(4).map_or(code.clone(), |(one, other)| format!("{one}-{other}"));
        self.output.line(&format!("Pairing code: {halves}"))?;
        self.output.line("On the phone: WhatsApp, Linked devices, Link a device, Link with phone number instead.")
    }

    /// Takes the last code off the terminal: it cannot be scanned any more.
    fn wipe(&mut self) {
        if self.output.is_terminal() && self.lines > 0 {
            // A terminal that cannot do it shows both.
            _ = Term::stdout().clear_last_lines(self.lines);
        }
        self.lines = 0;
    }
}

fn linked(output: Output, session: &Value) -> Result<(), CommandError> {
    if output.is_json() {
        return output.record(&json!({"event": "linked", "session": session}));
    }
    let account = cell(&session["pushName"]);
    let account = if account.is_empty() { String::new() } else { format!(" ({account})") };
    output.line(&format!("{} is linked to {}{account}", cell(&session["name"]), cell(&session["phone"])))
}

fn not_linked(session: &Value) -> CommandError {
    let (name, status, error) = (cell(&session["name"]), cell(&session["status"]), cell(&session["lastError"]));
    let why = if error.is_empty() { status } else { format!("{status}: {error}") };
    CommandError::failed(format!("{name} was not linked, it is {why}. For new codes: openwa qr {name}"))
}
