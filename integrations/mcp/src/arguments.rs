//! From a tool's arguments to a call of the gateway.

use openwa_client::{
    Place,
    raw::{Call, Keyed, Method, path},
};
use rmcp::model::JsonObject;
use serde_json::{Map, Value};

use crate::catalogue::Offer;

/// How many names a sentence lists.
const NAMED: usize = 30;

/// The call that these arguments mean, or a sentence by which a model can correct them.
pub(crate) fn call(offer: &Offer, mut arguments: JsonObject) -> Result<Call, String> {
    check(offer, &arguments)?;
    let operation = offer.operation;
    let in_path: Vec<_> = operation
        .path_parameters()
        .map(|name| arguments.remove(name).map(|it| text(&it)).unwrap_or_default())
        .collect();
    let in_path: Vec<_> = in_path.iter().map(String::as_str).collect();
    let path = path(operation.path, &in_path).map_err(|it| it.message().to_owned())?;
    let method = Method::from_bytes(operation.method.as_bytes()).map_err(|it| it.to_string())?;
    let mut call = Call::new(method, path);
    let mut body = Map::new();
    for (name, value) in arguments {
        match operation.parameters.iter().find(|it| it.name == name).map(|it| it.place) {
            // A model writes null for what it leaves out.
            _ if value.is_null() => {}
            Some(Place::Query) => call = call.query(name, text(&value)),
            Some(Place::Header) => call = call.header(name, text(&value)),
            Some(Place::Body) => _ = body.insert(name, value),
            Some(Place::Path) | None => {}
        }
    }
    if operation.has_body {
        call = call.json(Value::Object(body).to_string());
    }
    Ok(if operation.takes_key { call.keyed(Keyed::Fresh) } else { call })
}

/// Names and rough types are told here, where all that is wrong can be said at once; the gateway checks the rest.
fn check(offer: &Offer, arguments: &JsonObject) -> Result<(), String> {
    let mut wrong = Vec::new();
    for name in offer.required() {
        if arguments.get(name).is_none_or(Value::is_null) {
            wrong.push(format!("{name} is missing"));
        }
    }
    for (name, value) in arguments.iter().take(NAMED) {
        match offer.properties().find(|it| it.0 == name) {
            None => wrong.push(format!("there is no argument {}", shortened(name))),
            Some((_, schema)) => wrong.extend(mismatch(name, schema, value)),
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let known: Vec<_> = offer.properties().map(|it| it.0.as_str()).take(NAMED).collect();
    Err(format!("{}. {} takes {}.", wrong.join("; "), offer.tool.name, known.join(", ")))
}

fn mismatch(name: &str, schema: &Value, value: &Value) -> Option<String> {
    let wanted = schema["type"].as_str()?;
    let fits = match wanted {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    };
    if !fits && !value.is_null() {
        return Some(format!("{name} must be of the type {wanted}"));
    }
    let words = schema["enum"].as_array().filter(|words| value.is_string() && !words.contains(value))?;
    let words: Vec<_> = words.iter().filter_map(Value::as_str).collect();
    Some(format!("{name} must be one of {}", words.join(", ")))
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn shortened(name: &str) -> String {
    name.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use openwa_client::raw::CallBody;
    use serde_json::json;

    use super::*;
    use crate::catalogue::offer;

    fn made(tool: &str, arguments: Value) -> Result<Call, String> {
        let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
        call(offer(tool).expect("the tool is there"), arguments)
    }

    #[test]
    fn arguments_go_where_they_belong() {
        let send =
            made("MessageSendText", json!({"sessionId": "a/b", "chatId": "1@c.us", "text": "Hi", "mentions": null}));
        let send = send.unwrap();
        assert_eq!((send.method.as_str(), send.path.as_str()), ("POST", "/api/sessions/a%2Fb/messages/send-text"));
        let CallBody::Json(body) = &send.body else { panic!("{send:?}") };
        assert_eq!(serde_json::from_slice::<Value>(body).unwrap(), json!({"chatId": "1@c.us", "text": "Hi"}));
        assert_eq!(send.idempotency_key, Keyed::Fresh);

        let list = made("SessionFindAll", json!({"limit": 5, "name": "shop"})).unwrap();
        assert_eq!(list.query, [("limit".to_owned(), "5".to_owned()), ("name".to_owned(), "shop".to_owned())]);
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let sentence = made("MessageSendText", json!({"chat": "1", "text": 5})).unwrap_err();
        for part in ["sessionId is missing", "chatId is missing", "no argument chat", "text must be of the type string"]
        {
            assert!(sentence.contains(part), "{part} is not in: {sentence}");
        }
        let sentence = made("MessageList", json!({"sessionId": "a", "direction": "up"})).unwrap_err();
        assert!(sentence.contains("direction must be one of"), "{sentence}");
        assert!(made("SessionFindOne", json!({"sessionId": ".."})).is_err());
    }
}
