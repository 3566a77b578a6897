//! Each rule on a small document.

use serde_json::{Value, json};

use super::breaks;
use crate::{build::tests::in_full, document::Document};

/// A document with one of everything.
fn base() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Letters", "version": "1.0.0"},
        "tags": [{"name": "Letters", "description": "Letters."}],
        "paths": {
            "/letters": {
                "get": {
                    "operationId": "listLetters", "tags": ["Letters"], "summary": "List letters",
                    "x-required-role": "viewer",
                    "parameters": [
                        {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 100}},
                        {"name": "offset", "in": "query", "schema": {"type": "integer"}}
                    ],
                    "responses": {"200": {"content": {"application/json": {"schema": {
                        "type": "array", "items": {"$ref": "#/components/schemas/Letter"}}}}}}
                },
                "post": {
                    "operationId": "writeLetter", "tags": ["Letters"], "summary": "Write a letter",
                    "x-required-role": "operator",
                    "parameters": [{"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}}],
                    "requestBody": {"required": true, "content": {"application/json": {"schema": {
                        "$ref": "#/components/schemas/WriteLetter"}}}},
                    "responses": {"201": {"content": {"application/json": {"schema": {
                        "$ref": "#/components/schemas/Letter"}}}}}
                }
            },
            "/letters/{letterId}": {
                "get": {
                    "operationId": "getLetter", "tags": ["Letters"], "summary": "Get a letter",
                    "parameters": [{"name": "letterId", "in": "path", "required": true, "schema": {"type": "string"}}],
                    "responses": {"200": {"content": {"application/json": {"schema": {
                        "$ref": "#/components/schemas/Letter"}}}}}
                }
            }
        },
        "webhooks": {
            "letter.read": {"post": {"summary": "A letter was read.", "requestBody": {"content": {"application/json": {
                "schema": {"$ref": "#/components/schemas/LetterReadDelivery"}}}}}}
        },
        "components": {"schemas": {
            "Colour": {"description": "A colour.", "type": "string", "enum": ["red", "blue"]},
            "EventType": {"description": "Kinds.", "type": "string", "enum": ["letter.read"]},
            "Letter": {
                "description": "A letter.", "type": "object", "required": ["id", "colour"],
                "properties": {
                    "id": {"type": "string"}, "colour": {"$ref": "#/components/schemas/Colour"},
                    "note": {"type": "string"}
                }
            },
            "LetterReadDelivery": {
                "description": "A delivery.", "type": "object", "required": ["data"],
                "properties": {"data": {"$ref": "#/components/schemas/Letter"}}
            },
            "WriteLetter": {
                "description": "What to write.", "type": "object", "required": ["text"],
                "properties": {
                    "text": {"type": "string", "maxLength": 100},
                    "colour": {"$ref": "#/components/schemas/Colour"},
                    "note": {"type": ["string", "null"]}
                }
            }
        }}
    })
}

/// What breaks when the base is changed so.
fn broken(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut changed = base();
    change(&mut changed);
    let api = |it: Value| Document(in_full(it)).api().unwrap_or_else(|error| panic!("{error}"));
    breaks(&api(base()), &api(changed)).iter().map(ToString::to_string).collect()
}

fn schema<'a>(document: &'a mut Value, name: &str) -> &'a mut Value {
    &mut document["components"]["schemas"][name]
}

fn remove(value: &mut Value, name: &str) {
    value.as_object_mut().unwrap().remove(name).unwrap();
}

#[test]
fn the_same_document_breaks_nothing() {
    assert_eq!(broken(|_| {}), [""; 0]);
}

#[test]
fn additions_break_nothing() {
    let found = broken(|it| {
        schema(it, "Colour")["enum"] = json!(["red", "blue", "green"]);
        schema(it, "Letter")["properties"]["pages"] = json!({"type": "integer"});
        schema(it, "Letter")["required"] = json!(["id", "colour", "pages"]);
        schema(it, "WriteLetter")["properties"]["pages"] = json!({"type": "integer"});
        schema(it, "WriteLetter")["properties"]["text"]["maxLength"] = json!(200);
        it["paths"]["/letters"]["get"]["parameters"][0]["schema"]["maximum"] = json!(1000);
        let parameters = it["paths"]["/letters"]["get"]["parameters"].as_array_mut().unwrap();
        parameters.push(json!({"name": "colour", "in": "query", "schema": {"$ref": "#/components/schemas/Colour"}}));
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn an_operation_that_is_gone() {
    assert_eq!(
        broken(|it| remove(&mut it["paths"], "/letters/{letterId}")),
        ["`getLetter`: the operation is gone (GET /letters/{letterId})"]
    );
}

#[test]
fn an_operation_that_moved() {
    let found = broken(|it| {
        let moved = it["paths"]["/letters/{letterId}"].take();
        remove(&mut it["paths"], "/letters/{letterId}");
        it["paths"]["/post/{letterId}"] = json!({"put": moved["get"]});
    });
    assert_eq!(
        found,
        [
            "`getLetter`: its method was `GET` and is `PUT`",
            "`getLetter`: its path was `/letters/{letterId}` and is `/post/{letterId}`",
        ]
    );
}

#[test]
fn another_status_or_answer() {
    let found = broken(|it| {
        let responses = &mut it["paths"]["/letters"]["post"]["responses"];
        *responses = json!({"202": {"content": {"application/json": {"schema": {
            "type": "array", "items": {"$ref": "#/components/schemas/Letter"}}}}}});
    });
    assert_eq!(
        found,
        [
            "`writeLetter`: its answer was `Letter` and is `list of Letter`",
            "`writeLetter`: its status of success was `201` and is `202`",
        ]
    );
}

#[test]
fn a_role_that_is_higher_and_a_key_that_is_not_taken() {
    let found = broken(|it| {
        it["paths"]["/letters"]["post"]["x-required-role"] = json!("admin");
        it["paths"]["/letters"]["post"]["parameters"] = json!([]);
    });
    assert_eq!(
        found,
        ["`writeLetter`: it needs a key with the role admin", "`writeLetter`: it takes no Idempotency-Key any more",]
    );
}

#[test]
fn parameters_that_are_gone_new_or_narrower() {
    let found = broken(|it| {
        it["paths"]["/letters"]["get"]["parameters"] = json!([
            {"name": "limit", "in": "query", "required": true,
                "schema": {"type": "integer", "minimum": 10, "maximum": 50}},
            {"name": "colour", "in": "query", "required": true, "schema": {"type": "string"}}
        ]);
    });
    assert_eq!(
        found,
        [
            "`listLetters`: how its pages are asked for was `offset of Letter in None` and is `no pages`",
            "`listLetters`: the query parameter `colour` is new and has to be given",
            "`listLetters`: the query parameter `limit` has to be given",
            "`listLetters`: the query parameter `limit` is at least 10 (minimum), which it need not be before",
            "`listLetters`: the query parameter `limit` is at most 50 (maximum), and could be more before",
            "`listLetters`: the query parameter `offset` is gone",
        ]
    );
}

#[test]
fn a_request_that_must_hold_more_or_may_hold_less() {
    let found = broken(|it| {
        let schema = schema(it, "WriteLetter");
        schema["required"] = json!(["text", "colour", "stamp"]);
        schema["properties"]["stamp"] = json!({"type": "string"});
        schema["properties"]["text"] = json!({"type": "string", "maxLength": 50, "minLength": 1, "pattern": "^a"});
        schema["properties"]["note"]["type"] = json!("string");
    });
    assert_eq!(
        found,
        [
            "`WriteLetter`: its field `colour` has to be given",
            "`WriteLetter`: its field `note` may not be null any more",
            "`WriteLetter`: its field `stamp` is new and has to be given",
            "`WriteLetter`: its field `text` has to look like `^a`, which it need not before",
            "`WriteLetter`: its field `text` is at least 1 (minLength), which it need not be before",
            "`WriteLetter`: its field `text` is at most 50 (maxLength), and could be more before",
        ]
    );
}

#[test]
fn an_answer_that_holds_less() {
    let found = broken(|it| {
        let letter = schema(it, "Letter");
        letter["required"] = json!(["id"]);
        remove(&mut letter["properties"], "note");
        letter["properties"]["id"]["type"] = json!(["integer", "null"]);
        schema(it, "Colour")["enum"] = json!(["red", "green"]);
    });
    assert_eq!(
        found,
        [
            "`Colour`: its value `blue` is gone",
            "`Letter`: its field `colour` can be absent",
            "`Letter`: its field `id` can be null",
            "`Letter`: its field `id` was `string` and is `integer`",
            "`Letter`: its field `note` is gone",
        ]
    );
}

#[test]
fn an_event_that_is_gone() {
    let found = broken(|it| {
        let event = it["webhooks"]["letter.read"].take();
        it["webhooks"] = json!({"letter.lost": event});
        schema(it, "EventType")["enum"] = json!(["letter.lost"]);
    });
    assert!(found.contains(&"`letter.read`: this kind of event is gone".to_owned()), "{found:?}");
}

#[test]
fn a_schema_that_is_gone() {
    let found = broken(|it| {
        let renamed = schema(it, "WriteLetter").take();
        remove(&mut it["components"]["schemas"], "WriteLetter");
        it["components"]["schemas"]["NewLetter"] = renamed;
        it["paths"]["/letters"]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"] =
            json!("#/components/schemas/NewLetter");
    });
    assert_eq!(
        found,
        ["`WriteLetter`: the schema is gone", "`writeLetter`: its body was `WriteLetter` and is `NewLetter`",]
    );
}
