//! From the gateway's answer to what a model can read: structured, and never more than it can hold.

use openwa_client::{Error, raw::Answer};
use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::{Map, Value, json};

use crate::catalogue::Page;

/// The largest answer, in bytes of JSON.
const LARGEST: usize = 48 * 1024;
/// The longest text within it.
const LONGEST_TEXT: usize = 4_000;
/// Under which name a list stands that the gateway answers as it is.
const ITEMS: &str = "items";
/// Under which name a model is told what it does not see.
const NOTE: &str = "note";

/// What the gateway answered; `offset` is where the list begins that was asked for.
pub(crate) fn success(answer: &Answer, page: Option<&Page>, offset: u64) -> CallToolResult {
    let value = if answer.body.is_empty() { Ok(json!({"done": true})) } else { answer.json() };
    match value {
        Ok(value) => CallToolResult::structured(Value::Object(bounded(value, page, offset))),
        Err(error) => failure(&error),
    }
}

/// Why the gateway did not do it, for a model to read and act upon.
pub(crate) fn failure(error: &Error) -> CallToolResult {
    CallToolResult::structured_error(json!({
        "error": error.to_string(),
        "kind": error.kind().as_str(),
        "status": error.status(),
        "code": error.code(),
    }))
}

/// A sentence by which a model can do it better.
pub(crate) fn refusal(sentence: impl Into<String>) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(sentence)])
}

fn bounded(mut value: Value, page: Option<&Page>, offset: u64) -> Map<String, Value> {
    shorten(&mut value);
    let mut fields = match value {
        Value::Object(fields) => fields,
        list @ Value::Array(_) => [(ITEMS.to_owned(), list)].into_iter().collect(),
        other => [("result".to_owned(), other)].into_iter().collect(),
    };
    if size(&fields) <= LARGEST {
        return fields;
    }
    let items = match page {
        Some(Page::Cursor { items, .. } | Page::Offset { items: Some(items) }) => items.as_str(),
        Some(Page::Offset { items: None }) | None => ITEMS,
    };
    let Some(Value::Array(mut all)) = fields.remove(items) else {
        let note =
            format!("The answer is larger than {LARGEST} bytes and is left out. Ask for something more specific.");
        return [(NOTE.to_owned(), json!(note))].into_iter().collect();
    };
    let total = all.len();
    let mut left = LARGEST.saturating_sub(size(&fields) + 1_000);
    let kept = all.iter().take_while(|it| {
        let size = it.to_string().len() + 1;
        let fits = size <= left;
        left = left.saturating_sub(size);
        fits
    });
    let kept = kept.count();
    all.truncate(kept);
    fields.insert(items.to_owned(), Value::Array(all));
    let how = match page {
        Some(Page::Offset { .. }) => format!("For the next ones ask again with offset={}.", offset + kept as u64),
        Some(Page::Cursor { next, .. }) => {
            // It would skip what was cut off.
            fields.remove(next);
            format!("Ask again with limit={} to be told where to go on.", kept.max(1))
        }
        None => "Ask for something more specific.".to_owned(),
    };
    fields.insert(
        NOTE.to_owned(),
        json!(format!("Only the first {kept} of {total} are shown, the answer is too long. {how}")),
    );
    fields
}

/// Files in base64 and the like are cut, with a word about it.
fn shorten(value: &mut Value) {
    match value {
        Value::String(text) if text.len() > LONGEST_TEXT => {
            let whole = text.len();
            text.truncate(text.floor_char_boundary(LONGEST_TEXT));
            text.push_str(&format!("… (cut: {whole} bytes in all)"));
        }
        Value::Array(all) => all.iter_mut().for_each(shorten),
        Value::Object(fields) => fields.values_mut().for_each(shorten),
        _ => {}
    }
}

fn size(fields: &Map<String, Value>) -> usize {
    fields.iter().map(|(name, value)| name.len() + 4 + value.to_string().len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: usize, size: usize) -> Value {
        (0..count).map(|it| json!({"id": it, "text": "x".repeat(size)})).collect()
    }

    #[test]
    fn what_fits_is_left_alone() {
        let value = json!({"messages": [1], "total": 1});
        assert_eq!(Value::Object(bounded(value.clone(), None, 0)), value);
        assert_eq!(Value::Object(bounded(json!([1, 2]), None, 0)), json!({"items": [1, 2]}));
    }

    #[test]
    fn a_long_list_says_how_to_go_on() {
        let page = Page::Offset { items: None };
        let fields = bounded(rows(100, 1_000), Some(&page), 200);
        let shown = fields["items"].as_array().unwrap().len();
        assert!((30..50).contains(&shown) && size(&fields) <= LARGEST, "{shown}");
        let note = fields["note"].as_str().unwrap();
        assert!(
            note.contains(&format!("first {shown} of 100")) && note.contains(&format!("offset={}", 200 + shown)),
            "{note}"
        );

        let page = Page::Cursor { items: "events".into(), next: "next".into(), after: "after".into() };
        let fields = bounded(json!({"events": rows(100, 1_000), "next": 100}), Some(&page), 0);
        assert!(!fields.contains_key("next"), "a model would go on behind what it did not see");
        assert!(fields["note"].as_str().unwrap().contains("limit="));
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        let fields = bounded(json!({"data": "é".repeat(LONGEST_TEXT)}), None, 0);
        let text = fields["data"].as_str().unwrap();
        assert!(text.len() < LONGEST_TEXT + 100 && text.ends_with("(cut: 8000 bytes in all)"), "{text}");
    }

    #[test]
    fn what_is_no_list_and_too_long_is_left_out() {
        let many: Map<_, _> = (0..200).map(|it| (it.to_string(), json!("x".repeat(1_000)))).collect();
        let fields = bounded(Value::Object(many), None, 0);
        assert_eq!(fields.keys().collect::<Vec<_>>(), ["note"]);
    }
}
