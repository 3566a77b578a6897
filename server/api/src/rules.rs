//! Checks input against the document's own schemas, so that what is documented is what is accepted.
//! All faults of one request are told at once, in the sentences that clients of OpenWA know.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use regex::Regex;
use serde_json::Value;

/// More faults than this are not listed: they would only echo a hostile body.
const MOST_FAULTS: usize = 20;
/// Longer names of unknown fields are cut.
const LONGEST_NAME: usize = 64;

/// The schemas of everything on the wire.
pub(crate) struct Rules {
    schemas: Registry,
    patterns: Mutex<HashMap<String, Option<Regex>>>,
}

impl Rules {
    pub(crate) fn new(schemas: Registry) -> Self {
        Self { schemas, patterns: Mutex::default() }
    }

    /// What is wrong with a body; nothing when it is good.
    pub(crate) fn body(&self, schema: &MetaSchemaRef, value: &Value) -> Vec<String> {
        let mut faults = Faults::default();
        self.check(schema, value, "the body", &mut faults);
        faults.0
    }

    /// What is wrong with one query parameter, given as text.
    pub(crate) fn parameter(&self, name: &str, schema: &MetaSchemaRef, text: &str) -> Vec<String> {
        let mut faults = Faults::default();
        let read = match self.resolve(schema).map(|it| it.ty) {
            Some("integer") => text.parse::<i64>().map(Value::from).unwrap_or(Value::Null),
            Some("boolean") => text.parse::<bool>().map(Value::from).unwrap_or(Value::Null),
            _ => Value::from(text),
        };
        self.check(schema, &read, name, &mut faults);
        faults.0
    }

    fn resolve<'a>(&'a self, schema: &'a MetaSchemaRef) -> Option<&'a MetaSchema> {
        match schema {
            MetaSchemaRef::Inline(schema) => Some(schema),
            MetaSchemaRef::Reference(name) => self.schemas.schemas.get(name),
        }
    }

    fn check(&self, schema: &MetaSchemaRef, value: &Value, path: &str, faults: &mut Faults) {
        let Some(schema) = self.resolve(schema) else { return };
        if value.is_null() && schema.nullable {
            return;
        }
        for part in &schema.all_of {
            self.check(part, value, path, faults);
        }
        if !schema.enum_items.is_empty() {
            if !schema.enum_items.contains(value) {
                let words: Vec<_> = schema.enum_items.iter().filter_map(Value::as_str).collect();
                faults.add(format!("{path} must be one of the following values: {}", words.join(", ")));
            }
            return;
        }
        match (schema.ty, value) {
            ("object", Value::Object(fields)) => self.check_object(schema, fields, path, faults),
            ("array", Value::Array(items)) => self.check_array(schema, items, path, faults),
            ("string", Value::String(text)) => self.check_text(schema, text, path, faults),
            ("integer", Value::Number(number)) if number.is_i64() || number.is_u64() => {
                check_range(schema, number.as_f64(), path, faults);
            }
            ("number", Value::Number(number)) => check_range(schema, number.as_f64(), path, faults),
            ("boolean", Value::Bool(_)) | ("", _) => {}
            ("object", _) => faults.add(format!("{path} must be an object")),
            ("array", _) => faults.add(format!("{path} must be an array")),
            ("string", _) => faults.add(format!("{path} must be a string")),
            ("integer", _) => faults.add(format!("{path} must be an integer number")),
            ("number", _) => faults.add(format!("{path} must be a number")),
            (other, _) => faults.add(format!("{path} must be a {other} value")),
        }
    }

    fn check_object(
        &self,
        schema: &MetaSchema,
        fields: &serde_json::Map<String, Value>,
        path: &str,
        faults: &mut Faults,
    ) {
        let inner = |name: &str| if path == "the body" { name.to_owned() } else { format!("{path}.{name}") };
        for (name, value) in fields {
            match schema.properties.iter().find(|(known, _)| known == name) {
                // Absent and null are the same for a field that may be left out.
                Some((known, _)) if value.is_null() && !schema.required.contains(known) => {}
                Some((_, schema)) => self.check(schema, value, &inner(name), faults),
                None => match &schema.additional_properties {
                    Some(schema) => self.check(schema, value, &inner(&cut(name)), faults),
                    None => faults.add(format!("property {} should not exist", inner(&cut(name)))),
                },
            }
        }
        for name in &schema.required {
            if let Some((_, schema)) = schema.properties.iter().find(|(known, _)| known == name)
                && !fields.contains_key(*name)
            {
                match self.resolve(schema) {
                    Some(it) if it.nullable => {
                        faults.add(format!("{} must be given; null where there is none", inner(name)))
                    }
                    _ => self.check(schema, &Value::Null, &inner(name), faults),
                }
            }
        }
        if let Some(most) = schema.max_properties.filter(|most| fields.len() > *most) {
            faults.add(format!("{path} must contain no more than {most} properties"));
        }
    }

    fn check_array(&self, schema: &MetaSchema, items: &[Value], path: &str, faults: &mut Faults) {
        if let Some(most) = schema.max_items.filter(|most| items.len() > *most) {
            faults.add(format!("{path} must contain no more than {most} elements"));
            return;
        }
        if let Some(least) = schema.min_items.filter(|least| items.len() < *least) {
            faults.add(format!("{path} must contain at least {least} elements"));
        }
        if let Some(schema) = &schema.items {
            for item in items {
                self.check(schema, item, &format!("each value in {path}"), faults);
            }
        }
    }

    fn check_text(&self, schema: &MetaSchema, text: &str, path: &str, faults: &mut Faults) {
        if let Some(least) = schema.min_length.filter(|least| text.chars().take(*least).count() < *least) {
            faults.add(match least {
                1 => format!("{path} should not be empty"),
                _ => format!("{path} must be longer than or equal to {least} characters"),
            });
        }
        if let Some(most) = schema.max_length.filter(|most| text.chars().nth(*most).is_some()) {
            faults.add(format!("{path} must be shorter than or equal to {most} characters"));
        }
        if let Some(pattern) = schema.pattern.as_deref().filter(|pattern| !self.matches(pattern, text)) {
            faults.add(format!("{path} must match /{pattern}/ regular expression"));
        }
        if schema.format == Some("uuid") && text.parse::<uuid::Uuid>().is_err() {
            faults.add(format!("{path} must be a UUID"));
        }
        if schema.format == Some("date-time") && text.parse::<jiff::Timestamp>().is_err() {
            faults.add(format!("{path} must be a valid ISO 8601 date string"));
        }
    }

    fn matches(&self, pattern: &str, text: &str) -> bool {
        let mut patterns = self.patterns.lock().unwrap_or_else(PoisonError::into_inner);
        if !patterns.contains_key(pattern) {
            patterns.insert(pattern.to_owned(), Regex::new(pattern).ok());
        }
        patterns.get(pattern).is_some_and(|it| it.as_ref().is_some_and(|it| it.is_match(text)))
    }
}

fn check_range(schema: &MetaSchema, number: Option<f64>, path: &str, faults: &mut Faults) {
    let Some(number) = number else { return };
    let (least, most) = match schema.format {
        Some("uint8") => (Some(0.0), Some(f64::from(u8::MAX))),
        Some("uint16") => (Some(0.0), Some(f64::from(u16::MAX))),
        Some("uint32") => (Some(0.0), Some(f64::from(u32::MAX))),
        Some("uint64") => (Some(0.0), None),
        _ => (None, None),
    };
    if let Some(most) = schema.maximum.or(most).filter(|most| number > *most) {
        faults.add(format!("{path} must not be greater than {most}"));
    }
    if let Some(least) = schema.minimum.or(least).filter(|least| number < *least) {
        faults.add(format!("{path} must not be less than {least}"));
    }
}

fn cut(name: &str) -> String {
    name.chars().take(LONGEST_NAME).collect()
}

#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn add(&mut self, fault: String) {
        if self.0.len() < MOST_FAULTS && !self.0.contains(&fault) {
            self.0.push(fault);
        }
    }
}

#[cfg(test)]
mod tests {
    use poem_openapi::{Enum, Object, types::Type};
    use serde_json::json;

    use super::*;

    #[derive(Enum)]
    #[oai(rename_all = "lowercase")]
    enum Color {
        Red,
        Blue,
    }

    #[derive(Object)]
    #[oai(rename_all = "camelCase")]
    struct Inner {
        on: bool,
    }

    #[derive(Object)]
    #[oai(rename_all = "camelCase")]
    struct Sample {
        #[oai(validator(min_length = 3, max_length = 5, pattern = "^[a-z]+$"))]
        name: String,
        #[oai(validator(minimum(value = "0"), maximum(value = "20")))]
        how_many: Option<u32>,
        #[oai(validator(max_items = 2))]
        tags: Option<Vec<String>>,
        color: Option<Color>,
        inner: Option<Inner>,
        seats: Option<u32>,
    }

    #[derive(Object)]
    struct Explicit {
        value: crate::wire::Nullable<String>,
    }

    fn faults(body: &Value) -> Vec<String> {
        let mut schemas = Registry::new();
        Sample::register(&mut schemas);
        Rules::new(schemas).body(&Sample::schema_ref(), body)
    }

    #[test]
    fn good_bodies_pass() {
        for body in [
            json!({"name": "abc"}),
            json!({"name": "abcde", "howMany": 20, "tags": ["x"], "color": "red", "inner": {"on": false}}),
            json!({"name": "abc", "howMany": null, "inner": null}),
        ] {
            assert_eq!(faults(&body), Vec::<String>::new(), "{body}");
        }
    }

    #[test]
    fn each_fault_has_its_sentence() {
        for (body, sentence) in [
            (json!([]), "the body must be an object"),
            (json!({}), "name must be a string"),
            (json!({"name": 5}), "name must be a string"),
            (json!({"name": "ab"}), "name must be longer than or equal to 3 characters"),
            (json!({"name": "abcdef"}), "name must be shorter than or equal to 5 characters"),
            (json!({"name": "ABC"}), "name must match /^[a-z]+$/ regular expression"),
            (json!({"name": "abc", "x": 1}), "property x should not exist"),
            (json!({"name": "abc", "howMany": 21}), "howMany must not be greater than 20"),
            (json!({"name": "abc", "howMany": -1}), "howMany must not be less than 0"),
            (json!({"name": "abc", "seats": -1}), "seats must not be less than 0"),
            (json!({"name": "abc", "seats": 4_294_967_296u64}), "seats must not be greater than 4294967295"),
            (json!({"name": "abc", "howMany": 1.5}), "howMany must be an integer number"),
            (json!({"name": "abc", "howMany": "1"}), "howMany must be an integer number"),
            (json!({"name": "abc", "tags": "x"}), "tags must be an array"),
            (json!({"name": "abc", "tags": [1]}), "each value in tags must be a string"),
            (json!({"name": "abc", "tags": ["", "", ""]}), "tags must contain no more than 2 elements"),
            (json!({"name": "abc", "color": "green"}), "color must be one of the following values: red, blue"),
            (json!({"name": "abc", "inner": {"on": "yes"}}), "inner.on must be a boolean value"),
            (json!({"name": "abc", "inner": {"on": true, "x": 1}}), "property inner.x should not exist"),
        ] {
            assert_eq!(faults(&body), [sentence], "{body}");
        }
    }

    #[test]
    fn null_has_to_be_said_where_it_means_something() {
        let mut schemas = Registry::new();
        Explicit::register(&mut schemas);
        let rules = Rules::new(schemas);
        for (body, faults) in [
            (json!({"value": null}), vec![]),
            (json!({"value": "x"}), vec![]),
            (json!({"value": 1}), vec!["value must be a string"]),
            (json!({}), vec!["value must be given; null where there is none"]),
        ] {
            assert_eq!(rules.body(&Explicit::schema_ref(), &body), faults, "{body}");
        }
    }

    #[test]
    fn a_hostile_body_is_not_echoed_at_length() {
        let body = (0..1000).map(|i| (format!("{}{i}", "x".repeat(i)), json!(1))).collect::<serde_json::Map<_, _>>();
        let faults = faults(&Value::Object(body));
        assert_eq!(faults.len(), MOST_FAULTS);
        assert!(faults.iter().all(|it| it.len() < 120));
    }
}
