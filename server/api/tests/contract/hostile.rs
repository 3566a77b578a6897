//! Bad input, derived from the schemas of the document: for each thing a schema says, something that breaks it.

use regex::Regex;
use serde_json::{Map, Value, json};

use crate::operations::resolved;

/// Longer texts and lists are not made up for a limit.
const LONGEST: u64 = 100_000;

/// Bodies that break the schema in one place each, made from a good one.
pub(crate) fn bodies(schema: &'static Value, good: &Value) -> Vec<Value> {
    let (Some(fields), Some(good)) = (schema["properties"].as_object(), good.as_object()) else {
        return vec![json!(5)];
    };
    let mut bad = vec![json!([])];
    if schema["additionalProperties"] == false {
        bad.push(with(good, "surprise", json!(1)));
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let mut without = good.clone();
        without.remove(name);
        bad.push(Value::Object(without));
    }
    for (name, schema) in fields {
        let values = values(schema, good.get(name));
        bad.extend(values.into_iter().map(|value| with(good, name, value)));
    }
    bad
}

/// Texts that break the schema of a query parameter.
pub(crate) fn texts(schema: &'static Value) -> Vec<String> {
    let schema = resolved(schema);
    let mut bad: Vec<String> = match schema["type"].as_str() {
        Some("integer") => vec!["many".to_owned(), "1.5".to_owned()],
        Some("boolean") => vec!["maybe".to_owned()],
        _ if schema["enum"].is_array() => vec!["nonsense".to_owned()],
        _ => Vec::new(),
    };
    let beyond = numbers(schema).into_iter().map(|it| it.to_string());
    bad.extend(beyond);
    bad.extend(strings(schema));
    bad
}

fn with(good: &Map<String, Value>, name: &str, value: Value) -> Value {
    let mut bad = good.clone();
    bad.insert(name.to_owned(), value);
    Value::Object(bad)
}

/// Values that break a schema; `good` is one that keeps it, where the example has one.
fn values(schema: &'static Value, good: Option<&Value>) -> Vec<Value> {
    let schema = resolved(schema);
    let kind = match &schema["type"] {
        Value::String(one) => one.as_str(),
        Value::Array(several) => several[0].as_str().unwrap_or_default(),
        _ => return Vec::new(),
    };
    match kind {
        "string" if schema["enum"].is_array() => vec![json!(5), json!("nonsense")],
        "string" => [json!(5)].into_iter().chain(strings(schema).into_iter().map(Value::from)).collect(),
        "integer" => [json!("1"), json!(1.5)].into_iter().chain(numbers(schema).into_iter().map(Value::from)).collect(),
        "number" => [json!("1")].into_iter().chain(numbers(schema).into_iter().map(Value::from)).collect(),
        "boolean" => vec![json!("false")],
        "array" => lists(schema, good),
        "object" if schema["properties"].is_object() => match good {
            Some(good) => bodies(schema, good),
            None => vec![json!(5)],
        },
        "object" => vec![json!(5)],
        _ => Vec::new(),
    }
}

fn lists(schema: &'static Value, good: Option<&Value>) -> Vec<Value> {
    let mut bad = vec![json!(5)];
    let one = good.and_then(|it| it.get(0));
    if let (Some(most), Some(one)) = (schema["maxItems"].as_u64().filter(|it| *it < LONGEST), one) {
        bad.push(Value::Array(vec![one.clone(); most as usize + 1]));
    }
    if schema["minItems"].as_u64().is_some_and(|it| it > 0) {
        bad.push(json!([]));
    }
    bad.extend(values(&schema["items"], one).into_iter().map(|it| json!([it])));
    bad
}

fn numbers(schema: &Value) -> Vec<i64> {
    let below = schema["minimum"].as_f64().map(|it| it as i64 - 1);
    let above = schema["maximum"].as_f64().map(|it| it as i64 + 1);
    [below, above].into_iter().flatten().collect()
}

fn strings(schema: &Value) -> Vec<String> {
    let mut bad = Vec::new();
    if let Some(most) = schema["maxLength"].as_u64().filter(|it| *it < LONGEST) {
        bad.push("x".repeat(most as usize + 1));
    }
    if schema["minLength"].as_u64().is_some_and(|it| it > 0) {
        bad.push(String::new());
    }
    if let Some(pattern) = schema["pattern"].as_str() {
        let pattern = Regex::new(pattern).unwrap();
        let unfit = ["", " ", "a b", "!", "x@y@z"].into_iter().find(|it| !pattern.is_match(it));
        bad.extend(unfit.map(str::to_owned));
    }
    if ["uuid", "date-time"].iter().any(|it| schema["format"] == *it) {
        bad.push("yesterday".to_owned());
    }
    bad
}
