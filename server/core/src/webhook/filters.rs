//! Conditions on message events, of webhooks and of automation rules: checked once when they are set, evaluated for each
//! event.

use openwa_model::{
    content::MessageKind,
    event::EventKind,
    jid::{ChatKind, Jid},
    webhook::{Condition, ConditionValue, Filters},
};
use serde_json::Value;

const MAX_CONDITIONS: usize = 20;
const MAX_VALUES: usize = 100;
const MAX_LENGTH: usize = 1000;

/// What is compared, and so which operators make sense.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// A WhatsApp id.
    Id,
    /// One word of a closed list.
    Word,
    /// Free text.
    Text,
    /// Yes or no.
    Flag,
}

const FIELDS: [(&str, Shape); 10] = [
    ("sender", Shape::Id),
    ("recipient", Shape::Id),
    ("chatId", Shape::Id),
    ("body", Shape::Text),
    ("type", Shape::Word),
    ("isGroup", Shape::Flag),
    ("kind", Shape::Word),
    ("fromMe", Shape::Flag),
    ("hasMedia", Shape::Flag),
    ("mentions", Shape::Id),
];

fn shape_of(field: &str) -> Option<Shape> {
    FIELDS.iter().find(|it| it.0 == field).map(|it| it.1)
}

/// What is wrong with filters somebody wants to set; `field` is where they stood.
pub(crate) fn check(field: &str, filters: &Filters) -> Result<(), String> {
    if filters.conditions.len() > MAX_CONDITIONS {
        return Err(format!("{field}.conditions must contain no more than {MAX_CONDITIONS} elements"));
    }
    for (index, condition) in filters.conditions.iter().enumerate() {
        check_condition(condition).map_err(|error| format!("{field}.conditions.{index}.{error}"))?;
    }
    Ok(())
}

fn check_condition(condition: &Condition) -> Result<(), String> {
    let Some(shape) = shape_of(&condition.field) else {
        let names: Vec<_> = FIELDS.iter().map(|it| it.0).collect();
        return Err(format!("field must be one of the following values: {}", names.join(", ")));
    };
    let operators: &[&str] = match shape {
        Shape::Id | Shape::Word => &["is", "isNot"],
        Shape::Text => &["contains", "equals"],
        Shape::Flag => &["is"],
    };
    if !operators.contains(&condition.operator.as_str()) {
        return Err(format!("operator must be one of the following values: {}", operators.join(", ")));
    }
    let texts = match (&condition.value, shape) {
        (ConditionValue::Flag(_), Shape::Flag) => return Ok(()),
        (ConditionValue::Flag(_), _) => return Err("value must be a string or an array of strings".to_owned()),
        (_, Shape::Flag) => return Err("value must be a boolean value".to_owned()),
        (ConditionValue::Text(text), _) => std::slice::from_ref(text),
        (ConditionValue::Texts(texts), _) => texts.as_slice(),
    };
    if texts.is_empty() || texts.iter().any(String::is_empty) {
        return Err("value should not be empty".to_owned());
    }
    if texts.len() > MAX_VALUES {
        return Err(format!("value must contain no more than {MAX_VALUES} elements"));
    }
    if texts.iter().any(|it| it.chars().count() > MAX_LENGTH) {
        return Err(format!("value must be shorter than or equal to {MAX_LENGTH} characters"));
    }
    let known = |text: &String| match condition.field.as_str() {
        "type" => MessageKind::of(text).is_some(),
        "kind" => CHAT_KINDS.iter().any(|it| it.name() == text),
        _ => true,
    };
    if !texts.iter().all(known) {
        return Err(format!("value must be a known {}", condition.field));
    }
    Ok(())
}

const CHAT_KINDS: [ChatKind; 5] =
    [ChatKind::Individual, ChatKind::Group, ChatKind::Channel, ChatKind::Status, ChatKind::Broadcast];

/// Whether an event gets through. Filters are for message events; all others pass.
pub(crate) fn let_through(filters: &Filters, kind: EventKind, data: &Value) -> bool {
    !kind.name().starts_with("message.") || filters.conditions.iter().all(|it| holds(it, data))
}

/// A condition on a field that the event does not have does not hold.
fn holds(condition: &Condition, data: &Value) -> bool {
    let Some(shape) = shape_of(&condition.field) else { return false };
    match shape {
        Shape::Flag => match (flag(&condition.field, data), &condition.value) {
            (Some(seen), ConditionValue::Flag(wanted)) => condition.operator == "is" && seen == *wanted,
            _ => false,
        },
        Shape::Text => {
            let Some(body) = data.get("body").and_then(Value::as_str) else { return false };
            let fold = |text: &str| {
                if condition.case_sensitive == Some(true) { text.to_owned() } else { text.to_lowercase() }
            };
            let body = fold(body);
            wanted(condition).any(|it| match condition.operator.as_str() {
                "contains" => body.contains(&fold(it)),
                "equals" => body == fold(it),
                _ => false,
            })
        }
        Shape::Id | Shape::Word => {
            let Some(seen) = ids(&condition.field, data) else { return false };
            let spelled = |text: &str| if shape == Shape::Id { one_spelling(text) } else { text.to_owned() };
            let seen: Vec<_> = seen.into_iter().map(spelled).collect();
            let met = wanted(condition).any(|it| seen.contains(&spelled(it)));
            match condition.operator.as_str() {
                "is" => met,
                "isNot" => !met,
                _ => false,
            }
        }
    }
}

fn wanted(condition: &Condition) -> impl Iterator<Item = &str> {
    let texts = match &condition.value {
        ConditionValue::Flag(_) => &[],
        ConditionValue::Text(text) => std::slice::from_ref(text),
        ConditionValue::Texts(texts) => texts.as_slice(),
    };
    texts.iter().map(String::as_str)
}

fn flag(field: &str, data: &Value) -> Option<bool> {
    let seen = data.get(field).and_then(Value::as_bool);
    // A whole message says that it has a file by carrying `media`; only such a message has a `type` and `from`.
    if field == "hasMedia" && seen.is_none() && data.get("type").is_some() && data.get("from").is_some() {
        return Some(data.get("media").is_some_and(|it| !it.is_null()));
    }
    seen
}

/// All ids or words under which the event has this field; a person goes by phone number and by hidden id.
fn ids<'a>(field: &str, data: &'a Value) -> Option<Vec<&'a str>> {
    let text = |name: &str| data.get(name).and_then(Value::as_str);
    match field {
        "sender" => {
            // An acknowledgement names who sent the message, but that is not what the contract calls its sender.
            let named = text("author").or_else(|| text("from")).or_else(|| text("senderId"))?;
            Some([Some(named), text("senderPhone"), text("senderLid")].into_iter().flatten().collect())
        }
        "recipient" => Some(vec![text("to")?]),
        "mentions" => match data.get("mentionedIds").and_then(Value::as_array) {
            Some(all) => Some(all.iter().filter_map(Value::as_str).collect()),
            // A whole message without mentions mentions nobody; an acknowledgement does not say.
            None => (data.get("type").is_some() && data.get("from").is_some()).then(Vec::new),
        },
        _ => Some(vec![text(field)?]),
    }
}

/// One spelling for one id: both wire spellings of a phone id, and a bare number, are the same person.
fn one_spelling(text: &str) -> String {
    let digits = text.strip_prefix('+').unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit()) {
        return Jid::phone(digits).to_string();
    }
    text.parse::<Jid>().map_or_else(|_| text.to_owned(), |it| it.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn condition(value: Value) -> Condition {
        serde_json::from_value(value).unwrap()
    }

    fn message() -> Value {
        json!({
            "id": "3EB0", "from": "120363000000000001@g.us", "author": "100000000000009@lid",
            "senderPhone": "15550000001@c.us", "to": "15550000002@c.us", "chatId": "120363000000000001@g.us",
            "body": "Grüße, World", "type": "image", "isGroup": true, "kind": "group", "fromMe": false,
            "media": {"mimetype": "image/png"}, "mentionedIds": ["15550000003@c.us"],
        })
    }

    #[test]
    fn conditions_on_a_whole_message() {
        for (holds, field, operator, value) in [
            (true, "sender", "is", json!(["15550000001@c.us"])),
            (true, "sender", "is", json!(["100000000000009@lid", "1@c.us"])),
            (true, "sender", "is", json!("15550000001@s.whatsapp.net")),
            (true, "sender", "is", json!("+15550000001")),
            (false, "sender", "is", json!(["120363000000000001@g.us"])),
            (false, "sender", "isNot", json!(["15550000001@c.us"])),
            (true, "sender", "isNot", json!(["15550000005@c.us"])),
            (true, "recipient", "is", json!(["15550000002@c.us"])),
            (true, "chatId", "is", json!(["120363000000000001@g.us"])),
            (false, "chatId", "isNot", json!(["120363000000000001@g.us"])),
            (true, "body", "contains", json!("world")),
            (true, "body", "contains", json!(["absent", "grüße"])),
            (false, "body", "equals", json!("world")),
            (true, "body", "equals", json!("GRÜßE, world")),
            (true, "type", "is", json!(["video", "image"])),
            (true, "type", "isNot", json!(["text"])),
            (true, "isGroup", "is", json!(true)),
            (false, "isGroup", "is", json!(false)),
            (true, "kind", "is", json!(["group"])),
            (true, "fromMe", "is", json!(false)),
            (true, "hasMedia", "is", json!(true)),
            (true, "mentions", "is", json!(["15550000003@c.us"])),
            (false, "mentions", "isNot", json!(["15550000003@c.us"])),
        ] {
            let filters =
                Filters { conditions: vec![condition(json!({"field": field, "operator": operator, "value": value}))] };
            assert_eq!(check("filters", &filters), Ok(()), "{filters:?}");
            assert_eq!(let_through(&filters, EventKind::MessageReceived, &message()), holds, "{filters:?}");
        }
    }

    #[test]
    fn case_counts_only_when_asked() {
        for (sensitive, holds) in [(None, true), (Some(false), true), (Some(true), false)] {
            let only = Condition {
                field: "body".into(),
                operator: "contains".into(),
                value: ConditionValue::Text("WORLD".into()),
                case_sensitive: sensitive,
            };
            let filters = Filters { conditions: vec![only] };
            assert_eq!(let_through(&filters, EventKind::MessageReceived, &message()), holds);
        }
    }

    #[test]
    fn a_field_the_event_lacks_holds_nothing_back_but_messages() {
        let ack = json!({"id": "3EB0", "messageId": "3EB0", "status": "read", "ack": 3});
        for (field, operator, value) in [
            ("sender", "is", json!(["1@c.us"])),
            ("sender", "isNot", json!(["1@c.us"])),
            ("mentions", "isNot", json!(["1@c.us"])),
            ("hasMedia", "is", json!(false)),
            ("isGroup", "is", json!(false)),
            ("body", "contains", json!("x")),
            ("type", "isNot", json!(["text"])),
        ] {
            let filters =
                Filters { conditions: vec![condition(json!({"field": field, "operator": operator, "value": value}))] };
            assert!(!let_through(&filters, EventKind::MessageAck, &ack), "{filters:?}");
            assert!(let_through(&filters, EventKind::SessionStatus, &ack), "{filters:?}");
        }
        assert!(let_through(&Filters::default(), EventKind::MessageAck, &ack));
    }

    #[test]
    fn a_plain_message_has_no_file_and_mentions_nobody() {
        let plain = json!({"from": "1@c.us", "type": "text", "body": ""});
        for (field, operator, value) in [("hasMedia", "is", json!(false)), ("mentions", "isNot", json!(["1@c.us"]))] {
            let filters =
                Filters { conditions: vec![condition(json!({"field": field, "operator": operator, "value": value}))] };
            assert!(let_through(&filters, EventKind::MessageReceived, &plain), "{filters:?}");
        }
    }

    #[test]
    fn all_conditions_must_hold() {
        let filters = Filters {
            conditions: vec![
                condition(json!({"field": "type", "operator": "is", "value": ["image"]})),
                condition(json!({"field": "fromMe", "operator": "is", "value": true})),
            ],
        };
        assert!(!let_through(&filters, EventKind::MessageReceived, &message()));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (field, operator, value, error) in [
            (
                "colour",
                "is",
                json!(["a"]),
                "field must be one of the following values: sender, recipient, chatId, body, type, isGroup, kind, fromMe, hasMedia, mentions",
            ),
            ("sender", "contains", json!(["a"]), "operator must be one of the following values: is, isNot"),
            ("body", "is", json!("a"), "operator must be one of the following values: contains, equals"),
            ("isGroup", "isNot", json!(true), "operator must be one of the following values: is"),
            ("isGroup", "is", json!("true"), "value must be a boolean value"),
            ("body", "contains", json!(true), "value must be a string or an array of strings"),
            ("sender", "is", json!([]), "value should not be empty"),
            ("body", "contains", json!(""), "value should not be empty"),
            ("type", "is", json!(["picture"]), "value must be a known type"),
            ("kind", "is", json!(["crowd"]), "value must be a known kind"),
            ("sender", "is", json!(vec!["a"; 101]), "value must contain no more than 100 elements"),
            ("body", "contains", json!("a".repeat(1001)), "value must be shorter than or equal to 1000 characters"),
        ] {
            let filters =
                Filters { conditions: vec![condition(json!({"field": field, "operator": operator, "value": value}))] };
            assert_eq!(check("filters", &filters), Err(format!("filters.conditions.0.{error}")));
        }
        let one = condition(json!({"field": "fromMe", "operator": "is", "value": true}));
        assert_eq!(check("filters", &Filters { conditions: vec![one.clone(); 20] }), Ok(()));
        assert!(check("filters", &Filters { conditions: vec![one; 21] }).is_err());
    }
}
