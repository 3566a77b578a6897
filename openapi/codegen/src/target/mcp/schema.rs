//! What a tool takes, as one JSON schema without references: models read no `$ref`.
//!
//! Path, query and body stand side by side under their names on the wire. Depth and length are bounded, because
//! each schema is read by a model at each call.

use serde_json::{Map, Value, json};

use crate::ir::{Api, Bounds, Field, Operation, Parameter, Shape, TypeRef};

/// How deep objects are described; below, any object is said to do.
const DEEPEST: usize = 4;
/// How many words of an enumeration are listed.
const MOST_WORDS: usize = 64;

/// The schema of an operation's arguments.
pub(super) fn input(api: &Api, operation: &Operation) -> Value {
    let mut object = Object::default();
    for parameter in operation.path_parameters.iter().chain(&operation.query).filter(|it| !it.deprecated) {
        object.add(&parameter.wire, parameter.required, of_parameter(api, parameter));
    }
    if let Some(body) = &operation.body {
        for field in fields(api, &body.schema).iter().filter(|it| !it.deprecated) {
            object.add(&field.wire, field.required && body.required, of_field(api, field, 1));
        }
    }
    object.into_schema()
}

#[derive(Default)]
struct Object {
    properties: Map<String, Value>,
    required: Vec<String>,
}

impl Object {
    fn add(&mut self, name: &str, required: bool, schema: Value) {
        self.properties.insert(name.to_owned(), schema);
        if required {
            self.required.push(name.to_owned());
        }
    }

    fn into_schema(self) -> Value {
        let mut schema = json!({"type": "object", "properties": self.properties, "additionalProperties": false});
        if !self.required.is_empty() {
            schema["required"] = json!(self.required);
        }
        schema
    }
}

fn fields<'a>(api: &'a Api, name: &str) -> &'a [Field] {
    match api.types.iter().find(|it| it.name == name).map(|it| &it.shape) {
        Some(Shape::Struct { fields }) => fields,
        _ => &[],
    }
}

fn of_parameter(api: &Api, parameter: &Parameter) -> Value {
    let schema = of_type(api, &parameter.kind, 1);
    finished(schema, &parameter.description, &parameter.bounds, parameter.default.as_ref())
}

fn of_field(api: &Api, field: &Field, depth: usize) -> Value {
    let schema = of_type(api, &field.kind, depth);
    finished(schema, &field.description, &field.bounds, field.default.as_ref())
}

fn finished(mut schema: Value, description: &str, bounds: &Bounds, default: Option<&Value>) -> Value {
    let mut set = |name: &str, value: Value| schema[name] = value;
    if !description.is_empty() {
        set("description", json!(description.replace('\n', " ")));
    }
    if let Some(default) = default {
        set("default", default.clone());
    }
    let numbers = [("minimum", bounds.minimum), ("maximum", bounds.maximum)];
    for (name, number) in numbers.into_iter().filter_map(|(name, it)| Some((name, it?))) {
        set(name, json!(number));
    }
    let sizes = [
        ("minLength", bounds.min_length),
        ("maxLength", bounds.max_length),
        ("minItems", bounds.min_items),
        ("maxItems", bounds.max_items),
    ];
    for (name, size) in sizes.into_iter().filter_map(|(name, it)| Some((name, it?))) {
        set(name, json!(size));
    }
    if let Some(pattern) = &bounds.pattern {
        set("pattern", json!(pattern));
    }
    schema
}

fn of_type(api: &Api, kind: &TypeRef, depth: usize) -> Value {
    match kind {
        TypeRef::String => json!({"type": "string"}),
        TypeRef::DateTime => json!({"type": "string", "format": "date-time"}),
        TypeRef::Uuid => json!({"type": "string", "format": "uuid"}),
        TypeRef::Integer => json!({"type": "integer"}),
        TypeRef::Number => json!({"type": "number"}),
        TypeRef::Boolean => json!({"type": "boolean"}),
        TypeRef::Any => json!({}),
        TypeRef::Constant { value } => json!({"type": "string", "const": value}),
        TypeRef::Array { of } => json!({"type": "array", "items": of_type(api, of, depth)}),
        TypeRef::Map { of } => json!({"type": "object", "additionalProperties": of_type(api, of, depth)}),
        TypeRef::Named { name } => of_named(api, name, depth),
    }
}

fn of_named(api: &Api, name: &str, depth: usize) -> Value {
    let Some(named) = api.types.iter().find(|it| it.name == name) else { return json!({}) };
    match &named.shape {
        Shape::Enum { values } => {
            let words: Vec<_> = values.iter().map(|it| &it.wire).take(MOST_WORDS).collect();
            json!({"type": "string", "enum": words})
        }
        Shape::Struct { .. } | Shape::Union { .. } if depth >= DEEPEST => json!({"type": "object"}),
        Shape::Struct { fields } => {
            let mut object = Object::default();
            for field in fields.iter().filter(|it| !it.deprecated) {
                object.add(&field.wire, field.required, of_field(api, field, depth + 1));
            }
            object.into_schema()
        }
        Shape::Union { tag, variants } => {
            let each = variants.iter().map(|variant| {
                let mut schema = of_named(api, &variant.schema, depth + 1);
                if schema.get("properties").is_some() {
                    schema["properties"][tag] = json!({"type": "string", "const": variant.wire});
                }
                schema
            });
            json!({"anyOf": each.collect::<Vec<_>>()})
        }
    }
}
