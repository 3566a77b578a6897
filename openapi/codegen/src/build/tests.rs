//! What is refused, each on a small document, and what is understood.

use serde_json::{Value, json};

use super::{api, earlier_api};
use crate::ir::{Api, Page, Response, Shape, TypeRef};

/// A document with two operations.
fn base() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Letters", "version": "1.0.0"},
        "tags": [{"name": "Letters", "description": "Letters."}],
        "paths": {"/letters/{letterId}": {
            "get": {
                "operationId": "getLetter", "tags": ["Letters"], "summary": "Get a letter",
                "parameters": [{"name": "letterId", "in": "path", "required": true, "schema": {"type": "string"}}],
                "responses": {"200": {"content": {"application/json": {"schema": {
                    "$ref": "#/components/schemas/Letter"}}}}}
            },
            "put": {
                "operationId": "changeLetter", "tags": ["Letters"], "summary": "Change a letter",
                "parameters": [{"name": "letterId", "in": "path", "required": true, "schema": {"type": "string"}}],
                "requestBody": {"required": true, "content": {"application/json": {"schema": {
                    "$ref": "#/components/schemas/ChangeLetter"}}}},
                "responses": {"204": {"description": "Done."}}
            }
        }},
        "components": {"schemas": {
            "Letter": {
                "description": "A letter.", "type": "object", "required": ["text"],
                "properties": {
                    "text": {"type": "string"}, "note": {"type": ["string", "null"]},
                    "address": {"$ref": "#/components/schemas/Address", "description": "Where to."}
                }
            },
            "Address": {"type": "string", "pattern": "^.+@.+$"},
            "ChangeLetter": {
                "description": "What to change.", "type": "object", "properties": {"text": {"type": "string"}}
            }
        }}
    })
}

/// The document with what this test is not about: a description of everything, an example of each body.
pub(crate) fn in_full(mut document: Value) -> Value {
    fn describe(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, below) in &mut *fields {
                    if name == "properties" {
                        let schemas = below.as_object_mut().into_iter().flat_map(|it| it.values_mut());
                        schemas.filter_map(Value::as_object_mut).for_each(said);
                    }
                    describe(below);
                }
                if fields.contains_key("in") && fields.contains_key("schema") {
                    said(fields);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(describe),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    fn said(fields: &mut serde_json::Map<String, Value>) {
        fields.entry("description").or_insert_with(|| json!("It."));
    }
    describe(&mut document);
    let schemas = document["components"]["schemas"].as_object_mut().into_iter().flat_map(|it| it.values_mut());
    for schema in schemas.filter(|it| it.get("properties").is_some()) {
        schema["examples"] = json!([{}]);
    }
    document
}

fn understood(change: impl FnOnce(&mut Value)) -> Api {
    let mut document = base();
    change(&mut document);
    api(&in_full(document)).unwrap_or_else(|refusals| panic!("{refusals:#?}"))
}

/// The first refusal of the base when it is changed so.
fn refused(change: impl FnOnce(&mut Value)) -> String {
    let mut document = base();
    change(&mut document);
    api(&in_full(document)).expect_err("it should be refused")[0].to_string()
}

fn get(document: &mut Value) -> &mut Value {
    &mut document["paths"]["/letters/{letterId}"]["get"]
}

fn schemas(document: &mut Value) -> &mut Value {
    &mut document["components"]["schemas"]
}

/// Gives the letter one more field.
fn field(schema: Value) -> impl FnOnce(&mut Value) {
    move |it| schemas(it)["Letter"]["properties"]["extra"] = schema
}

#[test]
fn the_base_is_understood() {
    let api = understood(|_| {});
    let letters = &api.resources[0];
    assert_eq!(letters.operations.iter().map(|it| it.name.join("_")).collect::<Vec<_>>(), ["get", "change"]);
    let letter = api.types.iter().find(|it| it.name == "Letter").unwrap();
    assert!(letter.in_answers && !letter.in_requests);
    let Shape::Struct { fields } = &letter.shape else { panic!("{letter:?}") };
    assert_eq!(fields.iter().map(|it| it.wire.as_str()).collect::<Vec<_>>(), ["text", "address", "note"]);
    // A name for a string is a string, with what was said about it.
    assert_eq!((&fields[1].kind, fields[1].description.as_str()), (&TypeRef::String, "Where to."));
    assert_eq!(fields[1].bounds.pattern.as_deref(), Some("^.+@.+$"));
    assert!(fields[2].nullable);
    assert!(matches!(letters.operations[1].response, Response::Empty));
}

#[test]
fn a_document_of_another_version_is_refused() {
    assert!(refused(|it| it["openapi"] = json!("3.0.3")).contains("not OpenAPI 3.1"));
}

#[test]
fn an_operation_needs_a_name_a_tag_and_a_summary() {
    for (name, sentence) in [("operationId", "no operationId"), ("tags", "0 tags"), ("summary", "no summary")] {
        let found = refused(|it| get(it)[name] = Value::Null);
        assert!(found.starts_with("GET /letters/{letterId}") && found.contains(sentence), "{found}");
    }
}

#[test]
fn what_is_not_described_or_shown_is_refused() {
    let places: Vec<String> = api(&base()).unwrap_err().iter().map(ToString::to_string).collect();
    for refusal in [
        "GET /letters/{letterId}, parameter `letterId`: it has no description; say in a sentence what it is",
        "components.schemas.Letter.text: it has no description; say in a sentence what it is",
        "PUT /letters/{letterId}: there is no example of its body; give the schema `ChangeLetter` one",
    ] {
        assert!(places.iter().any(|it| it == refusal), "{places:#?}");
    }
    assert!(earlier_api(&base()).is_ok(), "what was released before is still read");
}

#[test]
fn two_methods_of_one_name_are_refused_with_both_operations() {
    let found = refused(|it| {
        it["paths"]["/letters/{letterId}"]["put"]["operationId"] = json!("getLetters");
    });
    assert!(found.contains("`getLetters` and `getLetter` would both be called `get`"), "{found}");
}

#[test]
fn names_that_clients_have_themselves_are_refused() {
    for name in ["Error", "File", "Configuration", "ApiError", "Map"] {
        let found = refused(|it| schemas(it)[name] = json!({"description": "d", "type": "object", "properties": {}}));
        assert!(found.contains("rename it"), "{found}");
    }
    let found = refused(|it| schemas(it)["Page_Letter"] = json!({"description": "d", "properties": {}}));
    assert!(found.contains("PascalCase"), "{found}");
}

#[test]
fn what_stands_where_a_named_schema_is_needed_is_refused() {
    for (schema, sentence) in [
        (json!({"type": "object", "properties": {"a": {"type": "string"}}}), "an object with fields needs a name"),
        (json!({"oneOf": [{"type": "string"}, {"type": "integer"}]}), "a union needs a name"),
        (json!({"type": "string", "enum": ["a", "b"]}), "a list of values needs a name"),
        (json!({"type": ["string", "integer"]}), "has one type"),
        (json!({"type": "string", "nullable": true}), "OpenAPI 3.0"),
        (json!({"type": "array"}), "`items`"),
        (json!({"$ref": "#/components/schemas/Nothing"}), "no schema `Nothing`"),
        (json!({"type": "integer", "minimum": 0.5}), "whole number"),
    ] {
        let found = refused(field(schema));
        assert!(found.starts_with("components.schemas.Letter.extra") && found.contains(sentence), "{found}");
    }
}

#[test]
fn a_union_is_told_apart_by_a_tag() {
    let variants = |it: &mut Value| {
        let variant = |kind: &str| {
            json!({"description": "d", "type": "object", "required": ["kind"],
                "properties": {"kind": {"const": kind, "type": "string"}}})
        };
        schemas(it)["RedStamp"] = variant("red");
        schemas(it)["BlueStamp"] = variant("blue");
        schemas(it)["Stamp"] = json!({
            "description": "d",
            "oneOf": [{"$ref": "#/components/schemas/RedStamp"}, {"$ref": "#/components/schemas/BlueStamp"}],
            "discriminator": {"propertyName": "kind", "mapping": {
                "red": "#/components/schemas/RedStamp", "blue": "#/components/schemas/BlueStamp"}}
        });
    };
    let api = understood(variants);
    let stamp = api.types.iter().find(|it| it.name == "Stamp").unwrap();
    let Shape::Union { tag, variants: found } = &stamp.shape else { panic!("{stamp:?}") };
    assert_eq!((tag.as_str(), found.len()), ("kind", 2));

    let found = refused(|it| {
        variants(it);
        schemas(it)["Stamp"]["discriminator"] = Value::Null;
    });
    assert!(found.contains("a union needs a `discriminator`"), "{found}");
    let found = refused(|it| {
        variants(it);
        schemas(it)["RedStamp"]["properties"]["kind"]["const"] = json!("green");
    });
    assert!(found.contains("is not always \"red\""), "{found}");
}

#[test]
fn a_schema_within_itself_is_refused_unless_a_list_is_between() {
    assert!(refused(field(json!({"$ref": "#/components/schemas/Letter"}))).contains("contains itself"));
    understood(field(json!({"type": "array", "items": {"$ref": "#/components/schemas/Letter"}})));
}

#[test]
fn a_circle_of_names_ends() {
    let found = refused(|it| {
        schemas(it)["Address"] = json!({"$ref": "#/components/schemas/Address"});
    });
    assert!(found.contains("circle"), "{found}");
}

#[test]
fn fields_that_are_one_in_some_language_are_refused() {
    let found = refused(|it| {
        schemas(it)["Letter"]["properties"]["Text"] = json!({"type": "string"});
    });
    assert!(found.contains("another field's name"), "{found}");
    let found = refused(|it| {
        schemas(it)["ChangeLetter"]["properties"]["letterId"] = json!({"type": "string"});
    });
    assert!(found.contains("is a parameter and a field of the body"), "{found}");
}

#[test]
fn a_path_and_its_parameters_agree() {
    let found = refused(|it| get(it)["parameters"] = json!([]));
    assert!(found.contains("`{letterId}` of the path is not declared"), "{found}");
}

#[test]
fn pages_are_known_by_their_parameters() {
    let limit = json!({"name": "limit", "in": "query", "schema": {"type": "integer"}});
    let list = |parameter: &str, schema: Value| {
        let parameters = json!([limit, {"name": parameter, "in": "query", "schema": {"type": "integer"}}]);
        understood(|it| {
            schemas(it)["LetterPage"] = json!({
                "description": "d", "type": "object", "required": ["letters", "next"], "properties": {
                    "letters": {"type": "array", "items": {"$ref": "#/components/schemas/Letter"}},
                    "next": {"type": "integer"}
                }
            });
            it["paths"]["/letters"]["get"] = json!({
                "operationId": "listLetters", "tags": ["Letters"], "summary": "List letters", "parameters": parameters,
                "responses": {"200": {"content": {"application/json": {"schema": schema}}}}
            });
        })
    };
    let page = |api: Api| api.resources[0].operations.iter().find(|it| it.id == "listLetters").unwrap().page.clone();
    let letters = json!({"type": "array", "items": {"$ref": "#/components/schemas/Letter"}});
    let wrapped = json!({"$ref": "#/components/schemas/LetterPage"});
    assert!(matches!(page(list("offset", letters.clone())), Some(Page::Offset { items: None, .. })));
    assert!(
        matches!(page(list("offset", wrapped.clone())), Some(Page::Offset { items: Some(it), .. }) if it == "letters")
    );
    assert!(matches!(page(list("after", wrapped)), Some(Page::Cursor { items, .. }) if items == "letters"));
    assert!(page(list("after", letters)).is_none());
}

#[test]
fn a_file_is_streamed_beside_the_fields_of_the_json() {
    let form = |parts: Value| {
        move |it: &mut Value| {
            let content = &mut it["paths"]["/letters/{letterId}"]["put"]["requestBody"]["content"];
            content["multipart/form-data"] = json!({"schema": {"type": "object", "properties": parts}});
        }
    };
    let api = understood(form(json!({"text": {"type": "string"}, "file": {"type": "string", "format": "binary"}})));
    assert!(api.resources[0].operations[1].body.as_ref().unwrap().multipart);
    assert!(refused(form(json!({"text": {"type": "string"}}))).contains("no part `file`"));
    assert!(refused(form(json!({"file": {}, "other": {}}))).contains("the part `other`"));
}

#[test]
fn events_are_those_of_the_enum_each_with_its_data() {
    let described = |it: &mut Value| {
        schemas(it)["EventType"] =
            json!({"description": "d", "type": "string", "enum": ["letter.read", "letter.lost"]});
        for name in ["letter.lost", "letter.read"] {
            let delivery = if name == "letter.read" { "LetterReadDelivery" } else { "LetterLostDelivery" };
            schemas(it)[delivery] = json!({
                "description": "d", "type": "object", "required": ["data"],
                "properties": {"data": {"$ref": "#/components/schemas/Letter"}}
            });
            it["webhooks"][name]["post"] = json!({"summary": "It happened.", "requestBody": {"content": {
                "application/json": {"schema": {"$ref": format!("#/components/schemas/{delivery}")}}}}});
        }
    };
    let api = understood(described);
    assert_eq!(api.events.iter().map(|it| it.wire.as_str()).collect::<Vec<_>>(), ["letter.read", "letter.lost"]);
    assert_eq!((api.events[0].delivery.as_str(), api.events[0].data.as_str()), ("LetterReadDelivery", "Letter"));
    let found = refused(|it| {
        described(it);
        it["webhooks"].as_object_mut().unwrap().remove("letter.lost");
    });
    assert!(found.contains("`letter.lost` of EventType is not described"), "{found}");
}
