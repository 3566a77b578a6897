//! `openwa events`.

use clap::Args;
use openwa_client::raw::Method;
use serde_json::Value;

use super::{
    connection::{Gateway, call},
    failure::CommandError,
    following::{self, SessionNames, Wanted},
    names,
    output::Output,
    shared::Shared,
};
use crate::environment::Environment;

#[derive(Debug, Args)]
pub(crate) struct EventsFlags {
    #[command(flatten)]
    shared: Shared,
    /// The session, by its name or id; with --follow, all of them when absent
    #[arg(long, short, value_name = "NAME", env = "OPENWA_SESSION", hide_env_values = true)]
    session: Option<String>,
    /// Go on with what comes, without end
    #[arg(long, short)]
    follow: bool,
    /// Only these types, with commas between, such as message.received,message.ack
    #[arg(long, value_name = "TYPES")]
    types: Option<String>,
    /// Only events after this number, the first of each line; 0 for all that is kept
    #[arg(long, value_name = "NUMBER")]
    after: Option<u64>,
    /// Show this many at most, then end
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
}

/// How many are asked for at a time.
const PAGE: u64 = 100;

pub(crate) async fn run(flags: EventsFlags, environment: &Environment) -> Result<(), CommandError> {
    let gateway = Gateway::find(&flags.shared, environment)?;
    let output = Output::new(flags.shared.json);
    if flags.follow { follow(&gateway, output, flags).await } else { read(&gateway, output, flags).await }
}

/// What the log of a session holds. Its numbers are those of the session.
async fn read(gateway: &Gateway, output: Output, flags: EventsFlags) -> Result<(), CommandError> {
    let session = names::session(gateway, flags.session.as_deref()).await?;
    let names = SessionNames::read(gateway).await?;
    let mut after = flags.after.unwrap_or_default();
    let mut left = flags.limit.unwrap_or(u64::MAX);
    while left > 0 {
        let page = call(Method::GET, "/api/sessions/{sessionId}/events", &[names::id(&session)])?;
        let mut page = page.query("after", after.to_string()).query("limit", left.min(PAGE).to_string());
        page.query.extend(flags.types.iter().map(|it| ("types".to_owned(), it.clone())));
        let mut page = gateway.ask(page).await?;
        let next = page["next"].as_u64().unwrap_or(after);
        let Value::Array(events) = page["events"].take() else { break };
        for event in events {
            let number = event["seq"].to_string();
            show(output, &number, event, &names)?;
            left -= 1;
        }
        if next <= after {
            break;
        }
        after = next;
    }
    Ok(())
}

/// What comes. Its numbers are those of the whole gateway.
async fn follow(gateway: &Gateway, output: Output, flags: EventsFlags) -> Result<(), CommandError> {
    let session = match flags.session.as_deref() {
        Some(named) => Some(names::id(&names::session(gateway, Some(named)).await?).to_owned()),
        None => None,
    };
    let mut names = SessionNames::read(gateway).await?;
    let wanted = Wanted { session, types: flags.types, after: flags.after };
    let mut events = following::follow(gateway, wanted).await?;
    output.note(&format!("Following the events of {}; Ctrl-C ends it.", gateway.url()));
    let mut left = flags.limit.unwrap_or(u64::MAX);
    while left > 0 {
        let (id, event) = following::next(gateway, &mut events).await?;
        names.meet(gateway, &event["sessionId"]).await?;
        show(output, &id, event, &names)?;
        left -= 1;
    }
    Ok(())
}

fn show(output: Output, number: &str, event: Value, names: &SessionNames) -> Result<(), CommandError> {
    match output.is_json() {
        true => output.record(&following::record(number, event)),
        false => output.line(&following::line(output, number, &event, names)),
    }
}
