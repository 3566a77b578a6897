//! The tree of a repository that holds the document and nothing else.

use serde_json::{Value, json};

use super::*;
use crate::build::tests::in_full;

/// A repository that holds the document and nothing else.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("openapi")).unwrap();
    std::fs::copy(root().join(document::PUBLISHED), folder.path().join(document::PUBLISHED)).unwrap();
    folder
}

#[test]
fn what_is_stale_is_written_once() {
    let folder = repository();
    let written = refresh(folder.path()).unwrap();
    assert!(written.contains(&Stale::Written(PathBuf::from(older::PATH))), "{written:?}");
    assert_eq!(refresh(folder.path()).unwrap(), []);
    std::fs::write(folder.path().join(older::PATH), "{}").unwrap();
    assert_eq!(refresh(folder.path()).unwrap(), [Stale::Written(PathBuf::from(older::PATH))]);
}

#[test]
fn a_generated_file_that_nobody_renders_is_removed_and_a_hand_written_one_is_not() {
    let folder = repository();
    refresh(folder.path()).unwrap();
    let own = Path::new(TARGETS[0].folders[0]);
    let (stray, by_hand) = (own.join("below/stray.rs"), own.join("below/by_hand.rs"));
    std::fs::create_dir_all(folder.path().join(own).join("below")).unwrap();
    std::fs::write(folder.path().join(&stray), format!("// {MARK}\n")).unwrap();
    std::fs::write(folder.path().join(&by_hand), format!("// By hand.\n// {MARK}\n")).unwrap();
    assert_eq!(refresh(folder.path()).unwrap(), [Stale::Removed(stray.clone())]);
    assert!(!folder.path().join(stray).exists());
    assert!(folder.path().join(by_hand).exists());
}

#[test]
fn a_document_that_is_refused_writes_nothing() {
    let folder = repository();
    std::fs::write(folder.path().join(document::PUBLISHED), r#"{"openapi": "3.0.3"}"#).unwrap();
    let error = refresh(folder.path()).unwrap_err();
    assert!(error.to_string().contains("not OpenAPI 3.1"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    assert!(!folder.path().join(older::PATH).exists());
}

/// A resource that nobody has heard of, with everything that a document can say.
fn with_a_new_resource(document: &mut Value) {
    document["tags"].as_array_mut().unwrap().push(json!({"name": "Widgets", "description": "Widgets."}));
    let schemas = &mut document["components"]["schemas"];
    schemas["RedWidget"] = variant("red");
    schemas["WidgetPage"] = json!({
        "description": "Widgets.", "type": "object", "required": ["widgets", "next"], "properties": {
            "widgets": {"type": "array", "items": {"$ref": "#/components/schemas/RedWidget"}},
            "next": {"type": "string"}
        }
    });
    schemas["WidgetColour"] =
        json!({"description": "A colour.", "type": "string", "enum": ["red", "dark-blue", "none"]});
    schemas["ChangeWidget"] = json!({
        "description": "What to change.", "type": "object", "required": ["from", "at"], "additionalProperties": false,
        "properties": {
            "from": {"type": "string", "minLength": 1, "maxLength": 5, "description": "Ends */ and \"\"\" and \\d here."},
            "at": {"type": "string", "format": "date-time"},
            "type": {"$ref": "#/components/schemas/WidgetColour"},
            "class": {"type": ["integer", "null"], "minimum": 0, "maximum": 9, "default": 3},
            "default": {"type": "boolean", "deprecated": true},
            "anything": {},
            "numbers": {"type": "object", "additionalProperties": {"type": "number"}},
            "lists": {"type": "array", "items": {"type": "array", "items": {"type": "string", "format": "uuid"}}}
        }
    });
    let parameter = |name: &str, place: &str, schema: Value| json!({"name": name, "in": place, "required": place == "path", "schema": schema, "description": "It."});
    let id = parameter("widgetId", "path", json!({"type": "string"}));
    let answer = |schema: &str| {
        let schema = json!({"$ref": format!("#/components/schemas/{schema}")});
        json!({"200": {"description": "Done.", "content": {"application/json": {"schema": schema}}}})
    };
    document["paths"]["/api/widgets"]["get"] = json!({
        "operationId": "listWidgets", "tags": ["Widgets"], "summary": "List widgets", "x-required-role": "viewer",
        "parameters": [
            parameter("limit", "query", json!({"type": "integer", "default": 50})),
            parameter("after", "query", json!({"type": "string"})),
            parameter("colour", "query", json!({"type": "array", "items": {"$ref": "#/components/schemas/WidgetColour"}})),
        ],
        "responses": answer("WidgetPage"),
    });
    document["paths"]["/api/widgets/{widgetId}"] = json!({
        "patch": {
            "operationId": "changeWidget", "tags": ["Widgets"], "summary": "Change a widget",
            "description": "Ends */ here.\n\nAnd \"\"\" here.", "x-required-role": "operator",
            "parameters": [id, parameter("Idempotency-Key", "header", json!({"type": "string"}))],
            "requestBody": {"required": true, "content": {"application/json": {"schema": {
                "$ref": "#/components/schemas/ChangeWidget"}}}},
            "responses": answer("RedWidget"),
        },
        "delete": {
            "operationId": "deleteWidget", "tags": ["Widgets"], "summary": "Delete a widget", "deprecated": true, "parameters": [id],
            "x-required-role": "operator", "responses": {"204": {"description": "Done."}},
        },
        "get": {
            "operationId": "downloadWidget", "tags": ["Widgets"], "summary": "Download a widget", "parameters": [id],
            "x-required-role": "viewer",
            "responses": {"200": {"description": "Done.", "content": {"application/octet-stream": {"schema": {}}}}},
        },
    });
}

fn variant(kind: &str) -> Value {
    json!({
        "description": "One kind of widget.", "type": "object", "required": ["kind", "name"],
        "properties": {"kind": {"type": "string", "const": kind}, "name": {"type": "string"}}
    })
}

#[test]
fn a_new_resource_reaches_every_target_by_the_document_alone() {
    let folder = repository();
    refresh(folder.path()).unwrap();
    let published = folder.path().join(document::PUBLISHED);
    let mut document = document::load(&published).unwrap().0;
    with_a_new_resource(&mut document);
    std::fs::write(&published, in_full(document).to_string()).unwrap();
    let written: Vec<PathBuf> = refresh(folder.path())
        .unwrap()
        .into_iter()
        .map(|it| match it {
            Stale::Written(path) | Stale::Removed(path) => path,
        })
        .collect();
    // Which resources a model gets is decided one by one.
    for target in TARGETS.iter().filter(|it| it.name != "mcp") {
        let of_it = written.iter().filter(|path| target.folders.iter().any(|folder| path.starts_with(folder)));
        let text: String = of_it.map(|path| std::fs::read_to_string(folder.path().join(path)).unwrap()).collect();
        for operation in ["list", "change"] {
            let there = text.to_lowercase().lines().any(|it| it.contains("widget") && it.contains(operation));
            assert!(there, "{} does not know how to {operation} widgets", target.name);
        }
    }
}
