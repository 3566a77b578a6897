//! What the API looks like from outside: the handlers' own declarations as a valid OpenAPI 3.1 document.

use poem_openapi::{
    OpenApi,
    registry::{MetaApi, Registry},
};
use serde_json::{Map, Value, json};

use crate::{
    app::{Api, PREFIX},
    error::CODES,
    event_shapes, examples,
    upload::FORM,
};

const ABOUT: &str = "A self-hosted WhatsApp gateway. Keys go into the header `X-API-Key`, or `Authorization: Bearer`. \
Everything that happens is an event: called back by webhook, followed at `/api/events/stream`, or read by number at \
`/api/sessions/{sessionId}/events`.";

/// The document, the same bytes for the same program.
pub fn document() -> String {
    let mut schemas = Registry::new();
    Api::register(&mut schemas);
    event_shapes::register(&mut schemas);
    let mut components: Map<String, Value> =
        schemas.schemas.iter().map(|(name, schema)| (name.clone(), plain(schema))).collect();
    let webhooks = event_shapes::webhooks(&mut components);
    components.values_mut().for_each(modernise);
    tell_codes(&mut components);
    for (name, schema) in &mut components {
        if let Some(example) = examples::of(name) {
            schema["examples"] = json!([example]);
        }
    }

    let mut paths = Map::new();
    for path in Api::meta().into_iter().flat_map(|MetaApi { paths }| paths) {
        let entry = paths.entry(format!("{PREFIX}{}", path.path)).or_insert_with(|| json!({}));
        for operation in &path.operations {
            let method = operation.method.as_str().to_lowercase();
            entry[method] = operation_of(plain(operation));
        }
    }

    close_bodies(&mut paths, &mut components);

    let tags: Vec<_> = schemas.tags.iter().map(|it| json!({"name": it.name, "description": it.description})).collect();
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "OpenWA",
            "description": ABOUT,
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "This gateway."}],
        "tags": tags,
        "paths": paths,
        "webhooks": webhooks,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An API key."},
                "bearer": {"type": "http", "scheme": "bearer", "description": "The same API key."},
            },
        },
    });
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

/// The words that a failure may carry to branch on.
fn tell_codes(components: &mut Map<String, Value>) {
    let of_status = |(status, codes): &(u16, &[&str])| format!("{status} `{}`", codes.join("`, `"));
    let all = CODES.iter().map(of_status).collect::<Vec<_>>().join("; ");
    if let Some(code) = components.get_mut("Failure").and_then(|it| it.pointer_mut("/properties/code")) {
        code["description"] =
            json!(format!("A stable word to branch on; there may be more in time. By status: {all}."));
    }
}

/// Bodies of requests may hold no more than what is declared: that is refused.
fn close_bodies(paths: &mut Map<String, Value>, components: &mut Map<String, Value>) {
    let mut open = Vec::new();
    for operation in paths.values_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        let Some(body) = operation.get_mut("requestBody") else { continue };
        references(body, &mut open);
        if let Some(form) = body["content"].get_mut(FORM) {
            form["schema"]["additionalProperties"] = json!(false);
        }
    }
    while let Some(name) = open.pop() {
        let Some(fields) = components.get_mut(&name).and_then(Value::as_object_mut) else { continue };
        if fields.contains_key("properties") && !fields.contains_key("additionalProperties") {
            fields.insert("additionalProperties".to_owned(), json!(false));
            references(&components[&name], &mut open);
        }
    }
}

/// The names of the components that a value refers to.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            let name = fields.get("$ref").and_then(Value::as_str).and_then(|it| it.rsplit('/').next());
            found.extend(name.map(str::to_owned));
            fields.values().for_each(|it| references(it, found));
        }
        Value::Array(items) => items.iter().for_each(|it| references(it, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn plain(declared: &impl serde::Serialize) -> Value {
    serde_json::to_value(declared).unwrap_or_default()
}

/// One operation in the spelling of OpenAPI 3.1.
fn operation_of(mut operation: Value) -> Value {
    declare_security(&mut operation);
    document_failures(&mut operation);
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        tidy_parameter(parameter);
    }
    if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
        for (status, response) in responses {
            if response["description"] == "" {
                response["description"] = json!(if status == "200" { "Done." } else { "It failed." });
            }
        }
    }
    modernise(&mut operation);
    operation
}

/// Role and fence were carried here as one word; a route without is public.
fn declare_security(operation: &mut Value) {
    let declared = operation["security"].take();
    let word = declared[0].as_object().and_then(|it| it.keys().next());
    let Some((role, fence)) = word.and_then(|it| it.split_once('/')) else {
        operation["security"] = json!([]);
        return;
    };
    operation["security"] = json!([{"apiKey": [role]}, {"bearer": [role]}]);
    operation["x-required-role"] = json!(role);
    operation["x-key-scope"] = json!(fence);
}

/// Which failures an operation can answer follows from what it is given.
fn document_failures(operation: &mut Value) {
    let empty = Vec::new();
    let parameters = operation["parameters"].as_array().unwrap_or(&empty);
    let has = |place: &str| parameters.iter().any(|it| it["in"] == place);
    let once = parameters.iter().any(|it| it["name"] == "Idempotency-Key");
    let body = operation.get("requestBody").is_some();
    let form = operation["requestBody"]["content"].get(FORM).is_some();
    let guarded = operation["security"].as_array().is_some_and(|it| !it.is_empty());
    let failures = [
        (
            "400",
            body || has("query") || has("path"),
            "The request does not read as this operation's, or cannot be done now.",
        ),
        ("401", guarded, "No good key was given."),
        ("403", guarded, "The key may not do this, or WhatsApp refused."),
        ("404", has("path"), "There is no such session, message or entity."),
        ("408", form, "Nothing more of the body came."),
        ("409", has("path") && guarded, "Not in the state for this; it may work later."),
        ("413", body, "The body or the file is too large."),
        ("415", body, "The body says that it is something else than this operation takes, or is compressed."),
        ("422", once, "The `Idempotency-Key` was used for another request."),
        ("429", guarded, "Asked more often than one address may; `Retry-After` says when to come back."),
        ("501", has("path") && guarded, "The session's engine cannot do this."),
        ("503", guarded, "Not confirmed in time, or not reachable; the outcome of a write may be unknown."),
    ];
    let failure = operation["responses"]["default"].take();
    let content = json!({"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}});
    for (status, can_happen, description) in failures {
        if can_happen && operation["responses"].get(status).is_none() {
            operation["responses"][status] = json!({"description": description, "content": content});
        }
    }
    if failure.is_null()
        && let Some(responses) = operation["responses"].as_object_mut()
    {
        responses.remove("default");
    } else {
        operation["responses"]["default"] = failure;
    }
}

fn tidy_parameter(parameter: &mut Value) {
    if parameter["name"] == "sessionId" && parameter.get("description").is_none() {
        parameter["description"] = json!("The session's id.");
    }
    if parameter.get("description").is_none() {
        let name = parameter["name"].as_str().unwrap_or_default().trim_end_matches("Id").to_owned();
        parameter["description"] = json!(format!("The {name}'s id."));
    }
    if let Some(fields) = parameter.as_object_mut() {
        // The default for its place.
        fields.remove("explode");
    }
}

/// From the framework's OpenAPI 3.0 to 3.1, at every depth.
fn modernise(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(modernise),
        Value::Object(fields) => {
            fields.values_mut().for_each(modernise);
            modernise_fields(fields);
            if fields.remove("nullable") == Some(json!(true)) {
                make_nullable(fields);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn modernise_fields(fields: &mut Map<String, Value>) {
    // A media type is looked up by its name, without parameters.
    let charset: Vec<_> = fields.keys().filter(|it| it.contains("; charset=")).cloned().collect();
    for name in charset {
        if let Some(content) = fields.remove(&name) {
            let bare = name.split(';').next().unwrap_or_default().to_owned();
            fields.insert(bare, content);
        }
    }
    // A reference with words of its own: in 3.1 they may stand side by side.
    if let Some(Value::Array(parts)) = fields.get("allOf")
        && let [reference, words] = &parts[..]
        && reference.get("$ref").is_some()
        && words.get("properties").is_none()
    {
        let (reference, words) = (reference["$ref"].clone(), words.as_object().cloned().unwrap_or_default());
        fields.remove("allOf");
        fields.extend(words);
        fields.insert("$ref".to_owned(), reference);
    }
    if fields.get("deprecated") == Some(&json!(false)) {
        fields.remove("deprecated");
    }
    for name in ["minimum", "maximum", "multipleOf"] {
        if let Some(whole) = fields.get(name).and_then(Value::as_f64).filter(|it| it.fract() == 0.0) {
            fields.insert(name.to_owned(), json!(whole as i64));
        }
    }
    let format = fields.get("format").and_then(Value::as_str).map(str::to_owned);
    match format.as_deref() {
        Some("uint8" | "uint16") => unsigned(fields, "int32"),
        Some("uint32" | "uint64") => unsigned(fields, "int64"),
        Some("binary") => {
            fields.remove("format");
            fields.remove("type");
            fields.insert("contentMediaType".to_owned(), json!("application/octet-stream"));
        }
        _ => {}
    }
    if fields.contains_key("type") && fields.contains_key("properties") {
        // The name of the component again.
        fields.remove("title");
    }
}

fn unsigned(fields: &mut Map<String, Value>, format: &str) {
    fields.insert("format".to_owned(), json!(format));
    fields.entry("minimum").or_insert(json!(0));
}

fn make_nullable(fields: &mut Map<String, Value>) {
    if let Some(Value::String(one)) = fields.get("type") {
        let both = json!([one, "null"]);
        fields.insert("type".to_owned(), both);
    } else if let Some(reference) = fields.remove("$ref") {
        fields.insert("anyOf".to_owned(), json!([{"$ref": reference}, {"type": "null"}]));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};

    use poem_openapi::registry::MetaSchemaRef;

    use super::*;
    use crate::rules::Rules;

    fn parsed() -> Value {
        serde_json::from_str(&document()).unwrap()
    }

    fn operations(document: &Value) -> Vec<(String, &Value)> {
        let paths = document["paths"].as_object().unwrap();
        let all = paths.iter().flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap();
            methods.iter().map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
        });
        all.collect()
    }

    #[test]
    fn every_operation_says_what_it_is_and_who_may() {
        let document = parsed();
        let mut ids = HashSet::new();
        for (name, operation) in operations(&document) {
            let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{name} has no operationId"));
            assert!(ids.insert(id), "{name}: two operations are called {id}");
            assert!(id.starts_with(|it: char| it.is_ascii_lowercase()), "{name}: {id}");
            assert!(operation["summary"].is_string(), "{name} has no summary");
            assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{name} has not one tag");
            let public = operation["security"] == json!([]);
            assert_eq!(public, name.contains("/health"), "{name}");
            if !public {
                assert!(operation["x-required-role"].is_string(), "{name} has no role");
                assert!(operation["responses"]["401"].is_object(), "{name} does not document 401");
            }
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                assert!(parameter["description"].is_string(), "{name}: {parameter}");
            }
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_schema_is_used() {
        let document = parsed();
        let mut found = Vec::new();
        references(&document, &mut found);
        let named = document["components"]["schemas"].as_object().unwrap();
        for name in &found {
            assert!(named.contains_key(name), "{name} leads nowhere");
        }
        for name in named.keys() {
            assert!(found.contains(name), "{name} is not used");
        }
    }

    #[test]
    fn every_body_answer_and_event_has_an_example_that_keeps_its_schema() {
        let document = parsed();
        let mut named = Vec::new();
        for (_, operation) in operations(&document) {
            references(&operation["requestBody"], &mut named);
            references(&operation["responses"], &mut named);
        }
        references(&document["webhooks"], &mut named);
        let mut schemas = Registry::new();
        Api::register(&mut schemas);
        event_shapes::register(&mut schemas);
        let rules = Rules::new(schemas);
        for name in named {
            let schema = &document["components"]["schemas"][&name];
            let example = &schema["examples"][0];
            assert!(example.is_object(), "{name} has no example");
            let (checked, example) = match name.strip_suffix("Delivery") {
                None => (name.clone(), example),
                Some(_) => {
                    let data = schema["properties"]["data"]["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
                    (data.to_owned(), &example["data"])
                }
            };
            let faults = rules.body(&MetaSchemaRef::Reference(checked), example);
            assert_eq!(faults, Vec::<String>::new(), "{name}");
        }
    }

    #[test]
    fn nothing_is_left_of_the_older_version() {
        fn walk(value: &Value, path: &str) {
            match value {
                Value::Object(fields) => {
                    for (name, inner) in fields {
                        let schema_word = ["nullable", "example"].contains(&name.as_str());
                        assert!(!schema_word || path.ends_with("/properties"), "{name} at {path}");
                        assert!(!name.contains("; charset"), "{name} at {path}");
                        walk(inner, &format!("{path}/{name}"));
                    }
                }
                Value::Array(items) => items.iter().for_each(|it| walk(it, path)),
                Value::String(text) => assert!(!text.starts_with("uint"), "{text} at {path}"),
                Value::Null => assert!(path.contains("/examples"), "nothing at {path}"),
                Value::Bool(_) | Value::Number(_) => {}
            }
        }
        walk(&parsed(), "");
    }

    #[test]
    fn bodies_are_closed_all_the_way_down() {
        let document = parsed();
        let schemas = &document["components"]["schemas"];
        for name in ["SendText", "CustomLinkPreview", "CreateWebhook", "WebhookFilters", "WebhookCondition"] {
            assert_eq!(schemas[name]["additionalProperties"], false, "{name}");
        }
        assert!(schemas["NewSessionConfig"]["additionalProperties"].is_object(), "harmless fields are accepted");
        assert_eq!(schemas["Session"].get("additionalProperties"), None, "answers may grow");
    }

    #[test]
    fn what_null_changes_may_be_null() {
        let document = parsed();
        let schemas = &document["components"]["schemas"];
        for (name, field) in [
            ("UpdateApiKey", "allowedSessions"),
            ("UpdateApiKey", "expiresAt"),
            ("UpdateSessionConfig", "maxReconnectAttempts"),
            ("UpdateSessionProxy", "proxyUrl"),
            ("UpdateWebhook", "filters"),
            ("UpdateAutomationRule", "conditions"),
        ] {
            let schema = &schemas[name]["properties"][field];
            let types = schema["type"].as_array().or_else(|| schema["anyOf"].as_array());
            let null = |it: &Value| it == "null" || it["type"] == "null";
            assert!(types.is_some_and(|it| it.iter().any(null)), "{name}.{field}: {schema}");
        }
    }

    #[test]
    fn the_same_program_writes_the_same_bytes() {
        assert_eq!(document(), document());
    }

    #[test]
    fn roles_and_fences_are_the_contracts() {
        let document = parsed();
        let told: BTreeMap<_, _> = operations(&document)
            .into_iter()
            .filter_map(|(name, it)| {
                Some((name, format!("{} {}", it["x-required-role"].as_str()?, it["x-key-scope"].as_str()?)))
            })
            .collect();
        for (name, expected) in [
            ("GET /api/sessions", "viewer noChats"),
            ("POST /api/sessions", "operator deployment"),
            ("PATCH /api/sessions/{sessionId}/proxy", "admin deployment"),
            ("GET /api/sessions/{sessionId}/qr", "operator allChats"),
            ("GET /api/sessions/{sessionId}/messages", "viewer oneChat"),
            ("POST /api/sessions/{sessionId}/messages/send-text", "operator oneChat"),
            ("POST /api/sessions/{sessionId}/messages/send-bulk", "operator oneChat"),
            ("GET /api/sessions/{sessionId}/messages/batch/{batchId}", "viewer oneChat"),
            ("POST /api/sessions/{sessionId}/messages/batch/{batchId}/cancel", "operator oneChat"),
            ("GET /api/sessions/{sessionId}/contacts/check/{number}", "operator allChats"),
            ("GET /api/webhooks/delivery-failures", "admin allChats"),
            ("POST /api/auth/api-keys", "admin deployment"),
            ("POST /api/auth/validate", "viewer noChats"),
        ] {
            assert_eq!(told.get(name).map(String::as_str), Some(expected), "{name}");
        }
    }
}
