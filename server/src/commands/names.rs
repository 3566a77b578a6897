//! How a person names a session and a chat.

use openwa_client::raw::Method;
use serde_json::Value;

use super::{
    connection::{Gateway, call},
    failure::CommandError,
    output::cell,
};

/// How many sessions are asked for at a time.
const PAGE: usize = 100;
/// How many sessions are named in a sentence.
const NAMED: usize = 10;

/// The session of this name or id; when none is named, the only one there is.
pub(crate) async fn session(gateway: &Gateway, named: Option<&str>) -> Result<Value, CommandError> {
    match named {
        Some(named) => named_session(gateway, named).await,
        None => only_session(gateway).await,
    }
}

/// Its id.
pub(crate) fn id(session: &Value) -> &str {
    session["id"].as_str().unwrap_or_default()
}

async fn named_session(gateway: &Gateway, named: &str) -> Result<Value, CommandError> {
    let mut found = gateway.ask(call(Method::GET, "/api/sessions", &[])?.query("name", named)).await?;
    if let Some(session) = found.get_mut(0) {
        return Ok(session.take());
    }
    if is_id(named) {
        return gateway.get("/api/sessions/{sessionId}", &[named]).await;
    }
    let others = all_sessions(gateway).await?;
    let there = match others.is_empty() {
        true => format!("There is none yet: openwa sessions create {named}"),
        false => format!("There is {}", list(&others)),
    };
    Err(CommandError::failed(format!("there is no session '{named}'. {there}")))
}

async fn only_session(gateway: &Gateway) -> Result<Value, CommandError> {
    let mut all = all_sessions(gateway).await?;
    match all.len() {
        0 => Err(CommandError::failed("there is no session yet: openwa sessions create NAME")),
        1 => Ok(all.remove(0)),
        _ => Err(CommandError::usage(format!("say which session is meant: {}", list(&all)))),
    }
}

/// All sessions that the key may see.
pub(crate) async fn all_sessions(gateway: &Gateway) -> Result<Vec<Value>, CommandError> {
    all(gateway, "/api/sessions", &[]).await
}

/// Every row of a list, page by page.
pub(crate) async fn all(gateway: &Gateway, path: &str, query: &[(&str, &str)]) -> Result<Vec<Value>, CommandError> {
    let mut rows = Vec::new();
    loop {
        let page =
            call(Method::GET, path, &[])?.query("limit", PAGE.to_string()).query("offset", rows.len().to_string());
        let page = query.iter().fold(page, |it, (name, value)| it.query(*name, *value));
        let Value::Array(page) = gateway.ask(page).await? else { return Ok(rows) };
        let is_last = page.len() < PAGE;
        rows.extend(page);
        if is_last {
            return Ok(rows);
        }
    }
}

fn list(sessions: &[Value]) -> String {
    let names: Vec<_> = sessions.iter().take(NAMED).map(|it| cell(&it["name"])).collect();
    let more = if sessions.len() > NAMED { ", …" } else { "" };
    format!("{}{more}", names.join(", "))
}

/// Whether it has the form of an id: 8-4-4-4-12 hexadecimal digits.
fn is_id(text: &str) -> bool {
    let digits = |it: &str, length| it.len() == length && it.bytes().all(|it| it.is_ascii_hexdigit());
    let mut parts = text.split('-');
    [8, 4, 4, 4, 12].iter().all(|length| parts.next().is_some_and(|it| digits(it, *length))) && parts.next().is_none()
}

/// The chat with a number as people write it, or a chat id as it is.
pub(crate) fn chat(text: &str) -> Result<String, CommandError> {
    let text = text.trim();
    if text.contains('@') {
        return Ok(text.to_owned());
    }
    let number: String = text.chars().filter(|it| !" +-()./".contains(*it)).collect();
    match (6..=15).contains(&number.len()) && number.bytes().all(|it| it.is_ascii_digit()) {
        true => Ok(format!("{number}@c.us")),
        false => Err(CommandError::usage(format!(
            "'{text}' is neither a number with its country code, such as 15551234567, nor the id of a chat, such as 15551234567@c.us"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_taken_as_people_write_them() {
        for text in ["15551234567", "+1 (555) 123-4567", "15551234567@c.us"] {
            assert_eq!(chat(text).unwrap(), "15551234567@c.us");
        }
        assert_eq!(chat("120363@g.us").unwrap(), "120363@g.us");
        for text in ["", "Ada", "555", "1555123456712345"] {
            assert_eq!(chat(text).unwrap_err().exit_code(), 2, "{text:?}");
        }
    }

    #[test]
    fn an_id_is_known_by_its_form() {
        assert!(is_id("0199a8c5-4e00-7c3a-9d1e-5b6f7a8c9d0e"));
        for text in
            ["shop", "0199a8c5", "0199a8c5-4e00-7c3a-9d1e-5b6f7a8c9d0e-", "0199a8cg-4e00-7c3a-9d1e-5b6f7a8c9d0e"]
        {
            assert!(!is_id(text), "{text}");
        }
    }
}
