//! Events of the gateway's log, read as they come.

use std::collections::HashMap;

use openwa_client::raw::{EventStream, Follow, Method};
use serde_json::{Value, json};

use super::{
    connection::{Gateway, call},
    failure::CommandError,
    names,
    output::{Colour, Output, cell, moment, shown},
};

/// Which events.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// Of the session with this id only.
    pub(crate) session: Option<String>,
    /// Of these types only, with commas between.
    pub(crate) types: Option<String>,
    /// The id of the last event that is known; from now on when there is none.
    pub(crate) after: Option<u64>,
}

/// Follows them without end, over as many connections as it takes. The first is open when this returns: nothing
/// that happens from then on is missed.
pub(crate) async fn follow(gateway: &Gateway, wanted: Wanted) -> Result<EventStream, CommandError> {
    let mut call = call(Method::GET, "/api/events/stream", &[])?;
    call.query.extend(wanted.session.map(|it| ("sessionId".to_owned(), it)));
    call.query.extend(wanted.types.map(|it| ("types".to_owned(), it)));
    let after = wanted.after.map(|it| it.to_string());
    let mut events = gateway.client().follow(Follow { after, ..Follow::new(call) });
    events.connected().await.map_err(|it| gateway.failure(it))?;
    Ok(events)
}

/// The next one: its id, and what the log says.
pub(crate) async fn next(gateway: &Gateway, events: &mut EventStream) -> Result<(String, Value), CommandError> {
    match events.next().await {
        Some(Ok(event)) => match serde_json::from_slice(&event.data) {
            Ok(record) => Ok((event.id, record)),
            Err(error) => Err(CommandError::failed(format!(
                "the event {} does not read as one: {error}; check that {} is a gateway of this version",
                event.id,
                gateway.url()
            ))),
        },
        Some(Err(error)) => Err(gateway.failure(error)),
        None => Err(CommandError::failed("the gateway ended the stream of events")),
    }
}

/// The names of sessions, for those who read events.
#[derive(Debug, Default)]
pub(crate) struct SessionNames(HashMap<String, String>);

impl SessionNames {
    /// Those there are now.
    pub(crate) async fn read(gateway: &Gateway) -> Result<Self, CommandError> {
        let sessions = names::all_sessions(gateway).await?;
        Ok(Self(sessions.iter().map(|it| (cell(&it["id"]), cell(&it["name"]))).collect()))
    }

    /// Reads them again when an event is of a session that was made since.
    pub(crate) async fn meet(&mut self, gateway: &Gateway, id: &Value) -> Result<(), CommandError> {
        let id = cell(id);
        if !self.0.contains_key(&id) {
            self.0.extend(Self::read(gateway).await?.0);
            // One that is gone already keeps its id, so that it is looked for once.
            self.0.entry(id.clone()).or_insert(id);
        }
        Ok(())
    }

    /// The name of a session, its id when it is not known.
    pub(crate) fn of(&self, id: &Value) -> String {
        let id = cell(id);
        self.0.get(&id).cloned().unwrap_or(id)
    }
}

/// An event as a line for a person; `number` is what to give as `--after`.
pub(crate) fn line(output: Output, number: &str, record: &Value, names: &SessionNames) -> String {
    let kind = output.paint(Colour::Cyan, &cell(&record["event"]));
    let at = output.paint(Colour::Dim, &moment(&record["timestamp"]));
    format!("{number:>6}  {at}  {}  {kind}  {}", names.of(&record["sessionId"]), summary(record))
}

/// An event as a line for a program.
pub(crate) fn record(number: &str, mut record: Value) -> Value {
    if let Some(fields) = record.as_object_mut() {
        fields.insert("id".to_owned(), json!(number));
    }
    record
}

/// What an event says, in short.
pub(crate) fn summary(record: &Value) -> String {
    let data = &record["data"];
    let of = |name: &str| cell(&data[name]);
    match record["event"].as_str().unwrap_or_default() {
        "message.received" | "message.sent" => {
            let (who, body) = (if data["fromMe"] == true { of("to") } else { of("from") }, of("body"));
            let body = if body.is_empty() { format!("({})", of("type")) } else { body };
            format!("{who} {body}")
        }
        "message.ack" | "message.failed" => format!("{} {}", of("messageId"), of("status")),
        "message.reaction" => format!("{} {}", of("senderId"), of("reaction")),
        "message.edited" => format!("{} {}", of("messageId"), of("body")),
        "session.status" => of("status"),
        "session.authenticated" => format!("{} {}", of("phone"), of("pushName")).trim_end().to_owned(),
        "session.disconnected" => of("reason"),
        // The picture is long, and of no use on a line.
        "session.qr" => "a new code to scan".to_owned(),
        _ => shown(&data.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_told_in_a_line() {
        let output = Output::new(true);
        let names = SessionNames([("s1".to_owned(), "shop".to_owned())].into());
        let of = |event: &str, data: Value| json!({"event": event, "sessionId": "s1", "timestamp": "2026-10-03T10:00:00.000Z", "data": data});
        let text = of("message.received", json!({"from": "1@c.us", "body": "Hi\nthere", "type": "text"}));
        assert_eq!(
            line(output, "7", &text, &names),
            "     7  2026-10-03 10:00:00  shop  message.received  1@c.us Hi there"
        );
        let image = of("message.sent", json!({"fromMe": true, "to": "2@c.us", "body": "", "type": "image"}));
        assert_eq!(summary(&image), "2@c.us (image)");
        assert_eq!(summary(&of("session.qr", json!({"qr": "data:image/png;base64,AAAA"}))), "a new code to scan");
        assert_eq!(record("7", text)["id"], "7");
    }
}
