//! Holds every answer of these tests against the document: what is told is what is sent.

use std::sync::LazyLock;

use serde_json::Value;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(&openwa_api::document()).unwrap());

/// Checks the answer of an operation. What is no operation has nothing to be held against.
pub(crate) fn check_answer(method: &str, path: &str, status: u16, content_type: &str, body: &Value) {
    let Some(operation) = operation(method, path) else { return };
    let name = format!("{method} {path} answered {status}");
    let responses = &operation["responses"];
    let response = match responses.get(status.to_string()) {
        Some(response) => response,
        None if status >= 400 => &responses["default"],
        None => panic!("{name}, which is not in the document"),
    };
    let Some(content) = response.get("content") else {
        return assert!(body.is_null(), "{name} with a body that is not in the document: {body}");
    };
    let bare = content_type.split(';').next().unwrap_or_default();
    if bare == "application/json" {
        check(&content[bare]["schema"], body, &name);
    }
}

/// Checks the payload of an event.
pub(crate) fn check_event(event: &str, data: &Value) {
    let operation = &DOCUMENT["webhooks"][event]["post"];
    let envelope = resolved(&operation["requestBody"]["content"]["application/json"]["schema"]);
    check(&envelope["properties"]["data"], data, event);
}

fn operation(method: &str, path: &str) -> Option<&'static Value> {
    let given: Vec<_> = path.trim_end_matches('/').split('/').collect();
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let takes = |template: &str| {
        let parts: Vec<_> = template.split('/').collect();
        let same = |(part, given): (&&str, &&str)| part.starts_with('{') || part.eq_ignore_ascii_case(given);
        parts.len() == given.len() && parts.iter().zip(&given).all(same)
    };
    let fixed_first = |template: &str| template.matches('{').count();
    let found = paths.iter().filter(|(template, _)| takes(template)).min_by_key(|(it, _)| fixed_first(it))?;
    found.1.get(method.to_lowercase())
}

fn resolved(schema: &'static Value) -> &'static Value {
    match schema["$ref"].as_str().and_then(|it| it.strip_prefix('#')) {
        Some(pointer) => DOCUMENT.pointer(pointer).unwrap_or_else(|| panic!("{pointer} leads nowhere")),
        None => schema,
    }
}

fn check(schema: &'static Value, value: &Value, path: &str) {
    let schema = resolved(schema);
    if let Some(choices) = schema["anyOf"].as_array() {
        // Only ever a reference or null.
        return if value.is_null() {
            assert_eq!(choices[1]["type"], "null", "{path}")
        } else {
            check(&choices[0], value, path)
        };
    }
    let types: Vec<_> = match &schema["type"] {
        Value::String(one) => vec![one.as_str()],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => return,
    };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(it) if it.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let fits = types.contains(&kind) || (kind == "integer" && types.contains(&"number"));
    assert!(fits, "{path}: {value} is not one of {types:?}");
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(value), "{path}: {value} is not one of {words:?}");
    }
    for item in value.as_array().into_iter().flatten() {
        check(&schema["items"], item, &format!("{path}[]"));
    }
    if let (Some(fields), Some(known)) = (value.as_object(), schema["properties"].as_object()) {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            assert!(fields.contains_key(name), "{path}: {name} is missing");
        }
        for (name, value) in fields {
            let schema = known.get(name).unwrap_or_else(|| panic!("{path}: {name} is not in the document"));
            check(schema, value, &format!("{path}.{name}"));
        }
    }
}

#[test]
#[should_panic(expected = "is not one of")]
fn a_word_that_is_not_told_is_noticed() {
    let session = "00000000-0000-7000-8000-000000000000";
    check_event("session.status", &serde_json::json!({"sessionId": session, "status": "nonsense"}));
}

#[test]
#[should_panic(expected = "surprise is not in the document")]
fn a_field_that_is_not_told_is_noticed() {
    check_answer(
        "GET",
        "/api/health/live",
        200,
        "application/json",
        &serde_json::json!({"status": "ok", "surprise": 1}),
    );
}
