//! The same document for tools that know OpenAPI 3.0.3 only.

use serde_json::{Map, Value, json};

use crate::document::Document;

/// Where it lies.
pub(crate) const PATH: &str = "openapi/openapi-3.0.json";

/// The text of the 3.0.3 document.
pub(crate) fn document(newer: &Document) -> String {
    let mut text = serde_json::to_string_pretty(&downgraded(&newer.0)).unwrap_or_default();
    text.push('\n');
    text
}

fn downgraded(newer: &Value) -> Value {
    let schemas = &newer["components"]["schemas"];
    let mut older = Writer { schemas }.plain(newer);
    older["openapi"] = json!("3.0.3");
    if let Some(fields) = older.as_object_mut() {
        fields.remove("jsonSchemaDialect");
        if let Some(webhooks) = fields.remove("webhooks") {
            fields.insert("x-webhooks".to_owned(), webhooks);
        }
    }
    if let Some(info) = older["info"].as_object_mut() {
        info.remove("summary");
    }
    if let Some(licence) = older["info"]["license"].as_object_mut() {
        // What 3.1 says by an identifier, 3.0 says by an address.
        if licence.remove("identifier").is_some() {
            licence.insert("url".to_owned(), json!("https://spdx.org/licenses/"));
        }
    }
    older
}

struct Writer<'a> {
    schemas: &'a Value,
}

impl Writer<'_> {
    /// Anything that is not a schema.
    fn plain(&self, value: &Value) -> Value {
        match value {
            Value::Object(fields) => {
                let written = fields.iter().map(|(name, value)| (name.clone(), self.below(name, value)));
                Value::Object(written.collect())
            }
            Value::Array(items) => Value::Array(items.iter().map(|it| self.plain(it)).collect()),
            other => other.clone(),
        }
    }

    fn below(&self, name: &str, value: &Value) -> Value {
        match name {
            "schema" => self.schema(value),
            "schemas" => self.each(value),
            "example" | "examples" => value.clone(),
            // Only OAuth has scopes in 3.0; the roles stand in `x-required-role` as well.
            "security" => without_scopes(value),
            _ if name.starts_with("x-") => value.clone(),
            _ => self.plain(value),
        }
    }

    fn each(&self, schemas: &Value) -> Value {
        let all = schemas.as_object().into_iter().flatten();
        Value::Object(all.map(|(name, schema)| (name.clone(), self.schema(schema))).collect())
    }

    fn schema(&self, schema: &Value) -> Value {
        // `true` is a schema since 3.1 only.
        let Some(fields) = schema.as_object() else { return json!({}) };
        let mut written = Map::new();
        for (name, value) in fields {
            match name.as_str() {
                "properties" => {
                    written.insert(name.clone(), self.each(value));
                }
                "items" | "not" => {
                    written.insert(name.clone(), self.schema(value));
                }
                "additionalProperties" if value.is_object() => {
                    written.insert(name.clone(), self.schema(value));
                }
                "allOf" | "anyOf" | "oneOf" => {
                    let all = value.as_array().into_iter().flatten().filter(|it| it["type"] != "null");
                    written.insert(name.clone(), all.map(|it| self.schema(it)).collect());
                }
                "type" => take_type(value, &mut written),
                "const" => {
                    written.insert("enum".to_owned(), json!([value]));
                }
                "examples" => {
                    let first = value.get(0).cloned();
                    written.extend(first.map(|it| ("example".to_owned(), it)));
                }
                "exclusiveMinimum" | "exclusiveMaximum" if value.is_number() => {
                    let bound = if name == "exclusiveMinimum" { "minimum" } else { "maximum" };
                    written.insert(bound.to_owned(), value.clone());
                    written.insert(name.clone(), json!(true));
                }
                "contentMediaType" => {
                    written.insert("type".to_owned(), json!("string"));
                    written.insert("format".to_owned(), json!("binary"));
                }
                "contentEncoding" => {
                    written.insert("format".to_owned(), json!("byte"));
                }
                "$comment" | "$defs" | "$id" | "$schema" | "propertyNames" => {}
                _ => {
                    written.insert(name.clone(), value.clone());
                }
            }
        }
        self.nothing_beside_a_reference(&mut written);
        self.one_or_null(fields, &mut written);
        without_null_references(&mut written);
        Value::Object(written)
    }

    /// What stands beside a `$ref` is not read in 3.0.
    fn nothing_beside_a_reference(&self, written: &mut Map<String, Value>) {
        if written.len() > 1
            && let Some(reference) = written.remove("$ref")
        {
            written.insert("allOf".to_owned(), json!([{"$ref": reference}]));
        }
    }

    /// A choice between one schema and null is that schema, nullable.
    fn one_or_null(&self, fields: &Map<String, Value>, written: &mut Map<String, Value>) {
        for choice in ["anyOf", "oneOf"] {
            if !fields.get(choice).and_then(Value::as_array).is_some_and(|it| it.iter().any(|it| it["type"] == "null"))
            {
                continue;
            }
            written.insert("nullable".to_owned(), json!(true));
            let Some([only]) = written.get(choice).and_then(Value::as_array).map(Vec::as_slice) else { continue };
            let only = only.clone();
            written.remove(choice);
            match (only.as_object(), only.get("$ref")) {
                (Some(fields), None) => {
                    let missing: Vec<_> = fields.iter().filter(|(name, _)| !written.contains_key(*name)).collect();
                    let missing: Vec<_> =
                        missing.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect();
                    written.extend(missing);
                }
                _ => {
                    // `nullable` counts only where the type stands beside it.
                    written.insert("type".to_owned(), json!(self.type_of(&only)));
                    written.insert("allOf".to_owned(), json!([only]));
                }
            }
        }
    }

    fn type_of(&self, schema: &Value) -> String {
        let name = schema["$ref"].as_str().and_then(|it| it.rsplit('/').next()).unwrap_or_default();
        self.schemas[name]["type"].as_str().unwrap_or("object").to_owned()
    }
}

/// A list of types with null in it is the type, nullable.
fn take_type(value: &Value, written: &mut Map<String, Value>) {
    let Some(several) = value.as_array() else {
        written.insert("type".to_owned(), value.clone());
        return;
    };
    if several.iter().any(|it| it == "null") {
        written.insert("nullable".to_owned(), json!(true));
    }
    let types: Vec<&Value> = several.iter().filter(|it| *it != "null").collect();
    match types.as_slice() {
        [only] => {
            written.insert("type".to_owned(), (*only).clone());
        }
        all => {
            written.insert("anyOf".to_owned(), all.iter().map(|it| json!({"type": it})).collect());
        }
    }
}

/// In 3.0 a reference that is null satisfies no validator, so an example that shows one is left out.
fn without_null_references(written: &mut Map<String, Value>) {
    let shown = written.get("example").and_then(Value::as_object).into_iter().flatten();
    let nulls: Vec<&String> = shown.filter(|(_, value)| value.is_null()).map(|(name, _)| name).collect();
    let references =
        written.get("properties").is_some_and(|it| nulls.iter().any(|name| it[*name].get("allOf").is_some()));
    if references {
        written.remove("example");
    }
}

fn without_scopes(security: &Value) -> Value {
    let requirement = |it: &Value| {
        let schemes = it.as_object().into_iter().flatten();
        Value::Object(schemes.map(|(scheme, _)| (scheme.clone(), json!([]))).collect())
    };
    security.as_array().into_iter().flatten().map(requirement).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(newer: &Value) -> Value {
        let schemas = json!({"Colour": {"type": "string", "enum": ["red", "blue"]}});
        Writer { schemas: &schemas }.schema(newer)
    }

    #[test]
    fn a_type_or_null_is_nullable() {
        assert_eq!(schema(&json!({"type": ["string", "null"]})), json!({"type": "string", "nullable": true}));
        assert_eq!(
            schema(&json!({"anyOf": [{"$ref": "#/components/schemas/Colour"}, {"type": "null"}], "description": "d"})),
            json!({"allOf": [{"$ref": "#/components/schemas/Colour"}], "type": "string", "nullable": true, "description": "d"})
        );
        assert_eq!(
            schema(&json!({"oneOf": [{"type": "string", "maxLength": 3}, {"type": "null"}]})),
            json!({"type": "string", "maxLength": 3, "nullable": true})
        );
    }

    #[test]
    fn a_reference_stands_alone() {
        assert_eq!(
            schema(&json!({"$ref": "#/components/schemas/Colour", "description": "Which."})),
            json!({"allOf": [{"$ref": "#/components/schemas/Colour"}], "description": "Which."})
        );
        let alone = json!({"$ref": "#/components/schemas/Colour"});
        assert_eq!(schema(&alone), alone);
    }

    #[test]
    fn newer_words_become_older_ones() {
        assert_eq!(schema(&json!({"const": "a", "type": "string"})), json!({"enum": ["a"], "type": "string"}));
        assert_eq!(
            schema(&json!({"type": "string", "examples": ["a", "b"]})),
            json!({"type": "string", "example": "a"})
        );
        assert_eq!(
            schema(&json!({"contentMediaType": "application/octet-stream"})),
            json!({"type": "string", "format": "binary"})
        );
        assert_eq!(
            schema(&json!({"type": "number", "exclusiveMinimum": 0})),
            json!({"type": "number", "minimum": 0, "exclusiveMinimum": true})
        );
        assert_eq!(schema(&json!(true)), json!({}));
    }

    #[test]
    fn an_example_that_shows_a_null_reference_is_left_out() {
        let with = |example: Value| {
            let colour = json!({"anyOf": [{"$ref": "#/components/schemas/Colour"}, {"type": "null"}]});
            let name = json!({"type": ["string", "null"]});
            schema(&json!({"type": "object", "properties": {"colour": colour, "name": name}, "examples": [example]}))
        };
        assert_eq!(with(json!({"colour": null})).get("example"), None);
        assert_eq!(with(json!({"colour": "red", "name": null}))["example"], json!({"colour": "red", "name": null}));
    }

    #[test]
    fn fields_may_be_called_like_words_of_a_schema() {
        let fields = json!({"type": "object", "properties": {
            "type": {"type": "string"}, "const": {"type": ["string", "null"]}, "examples": {"type": "integer"}
        }});
        assert_eq!(
            schema(&fields)["properties"],
            json!({"type": {"type": "string"}, "const": {"type": "string", "nullable": true}, "examples": {"type": "integer"}})
        );
    }

    #[test]
    fn the_rest_of_the_document_is_older_too() {
        let older = downgraded(&json!({
            "openapi": "3.1.0",
            "info": {"title": "T", "summary": "S", "license": {"name": "MIT", "identifier": "MIT"}},
            "paths": {"/a": {"get": {"security": [{"apiKey": ["viewer"]}]}}},
            "webhooks": {"happened": {}},
        }));
        assert_eq!(
            older,
            json!({
                "openapi": "3.0.3",
                "info": {"title": "T", "license": {"name": "MIT", "url": "https://spdx.org/licenses/"}},
                "paths": {"/a": {"get": {"security": [{"apiKey": []}]}}},
                "x-webhooks": {"happened": {}},
            })
        );
    }
}
