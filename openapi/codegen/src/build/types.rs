//! The named schemas.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{Build, MOST_SCHEMAS, described, example, names, text, values};
use crate::ir::{EnumValue, Field, Shape, Type, TypeRef, Variant};

/// Each schema that is a type of its own, in the order of its name.
pub(super) fn all(build: &mut Build<'_>) -> Vec<Type> {
    let schemas = build.schemas;
    if schemas.len() > MOST_SCHEMAS {
        build.refuse("components.schemas", format_args!("there are more than {MOST_SCHEMAS} schemas"));
        return Vec::new();
    }
    let mut types = Vec::new();
    let mut spellings: BTreeMap<String, &str> = BTreeMap::new();
    for (name, schema) in schemas {
        if !is_named(schema) {
            continue;
        }
        let place = format!("components.schemas.{name}");
        names::schema(build, name);
        if let Some(other) = spellings.insert(name.to_ascii_lowercase(), name) {
            build.refuse(&place, format_args!("`{other}` differs from it in upper and lower case only; rename one"));
        }
        let description = described(build, &place, text(schema, "description"));
        let shape = shape(build, &place, schema);
        let (name, example) = (name.clone(), example(schema));
        types.push(Type { name, description, example, shape, in_requests: false, in_answers: false });
    }
    types.sort_by(|one, other| one.name.cmp(&other.name));
    variants_are_told_apart(build, &types);
    nothing_contains_itself(build, &types);
    types
}

/// Whether a schema is a type of its own, and not just another word for a string or a list.
pub(super) fn is_named(schema: &Value) -> bool {
    schema["enum"].is_array()
        || schema.get("properties").is_some()
        || is_union(schema)
        || schema["allOf"].as_array().is_some_and(|it| it.len() > 1)
}

fn is_union(schema: &Value) -> bool {
    choices(schema).is_some_and(|it| it.iter().filter(|it| it["type"] != "null").count() > 1)
}

fn choices(schema: &Value) -> Option<&Vec<Value>> {
    schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array())
}

fn shape<'a>(build: &mut Build<'a>, place: &str, schema: &'a Value) -> Shape {
    if let Some(values) = schema["enum"].as_array() {
        return Shape::Enum { values: values.iter().filter_map(|it| enum_value(build, place, it)).collect() };
    }
    if is_union(schema) {
        return union(build, place, schema);
    }
    let mut parts = Parts::default();
    parts.collect(build, place, schema, 0);
    let Parts { properties, required } = parts;
    for name in required.iter().filter(|it| !properties.contains_key(**it)) {
        build.refuse(place, format_args!("`{name}` is required, but is no field of it"));
    }
    let mut fields: Vec<Field> =
        properties.iter().map(|(name, schema)| field(build, place, name, schema, required.contains(name))).collect();
    let mut seen = BTreeSet::new();
    for it in &fields {
        if !seen.insert(&it.name) {
            build.refuse(place, format_args!("`{}` is another field's name in the spelling of some language", it.wire));
        }
    }
    let place_of = |it: &Field| required.iter().position(|name| *name == it.wire).unwrap_or(usize::MAX);
    fields.sort_by(|one, other| place_of(one).cmp(&place_of(other)).then_with(|| one.wire.cmp(&other.wire)));
    Shape::Struct { fields }
}

fn enum_value(build: &mut Build<'_>, place: &str, value: &Value) -> Option<EnumValue> {
    let Some(wire) = value.as_str() else {
        build.refuse(place, format_args!("its value {value} is no string"));
        return None;
    };
    Some(EnumValue { wire: wire.to_owned(), name: names::said(build, place, wire) })
}

fn union(build: &mut Build<'_>, place: &str, schema: &Value) -> Shape {
    let tag = schema["discriminator"]["propertyName"].as_str().unwrap_or_default().to_owned();
    if tag.is_empty() {
        build.refuse(place, "a union needs a `discriminator` that says which variant it is");
    }
    let mapping = schema["discriminator"]["mapping"].as_object();
    let mut variants = Vec::new();
    for choice in choices(schema).into_iter().flatten() {
        let reference = choice["$ref"].as_str().unwrap_or_default();
        let Some(name) = reference.strip_prefix("#/components/schemas/") else {
            build.refuse(place, "each variant of a union is a reference to a named schema");
            continue;
        };
        let mapped: Vec<&str> = mapping
            .into_iter()
            .flatten()
            .filter(|(_, target)| target.as_str().is_some_and(|it| it.rsplit('/').next() == Some(name)))
            .map(|(wire, _)| wire.as_str())
            .collect();
        if mapped.is_empty() {
            build.refuse(place, format_args!("the `mapping` of its discriminator has no word for `{name}`"));
        }
        for wire in mapped {
            let words = names::said(build, place, wire);
            variants.push(Variant { wire: wire.to_owned(), name: words, schema: name.to_owned() });
        }
    }
    Shape::Union { tag, variants }
}

/// The fields of a schema and of all that it is put together from.
#[derive(Default)]
struct Parts<'a> {
    properties: BTreeMap<&'a str, &'a Value>,
    /// In the order of the document, which is the one in which they were declared.
    required: Vec<&'a str>,
}

impl<'a> Parts<'a> {
    fn collect(&mut self, build: &mut Build<'a>, place: &str, schema: &'a Value, depth: usize) {
        if depth > 16 {
            build.refuse(place, "what it is put together from leads in a circle");
            return;
        }
        let own: Option<&Map<String, Value>> = schema["properties"].as_object();
        self.properties.extend(own.into_iter().flatten().map(|(name, schema)| (name.as_str(), schema)));
        self.required.extend(schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str));
        for part in schema["allOf"].as_array().into_iter().flatten() {
            let part = build.resolve(place, part);
            self.collect(build, place, part, depth + 1);
        }
    }
}

fn field(build: &mut Build<'_>, place: &str, wire: &str, schema: &Value, required: bool) -> Field {
    let place = format!("{place}.{wire}");
    let it = values::describe(build, &place, schema);
    let description = described(build, &place, it.description);
    Field {
        wire: wire.to_owned(),
        name: names::said(build, &place, wire),
        description,
        required,
        nullable: it.nullable,
        kind: it.kind,
        default: it.default,
        example: it.example,
        deprecated: it.deprecated,
        bounds: it.bounds,
    }
}

/// A variant is a struct whose tag has one fixed value, or no tag at all, which then comes from the union.
fn variants_are_told_apart(build: &mut Build<'_>, types: &[Type]) {
    for (owner, tag, variant) in types.iter().flat_map(|it| match &it.shape {
        Shape::Union { tag, variants } => variants.iter().map(|variant| (&it.name, tag, variant)).collect(),
        Shape::Struct { .. } | Shape::Enum { .. } => Vec::new(),
    }) {
        let place = format!("components.schemas.{owner}");
        let found = types.iter().find(|it| it.name == variant.schema).map(|it| &it.shape);
        let Some(Shape::Struct { fields }) = found else {
            build.refuse(&place, format_args!("its variant `{}` is no object with fields", variant.schema));
            continue;
        };
        if let Some(field) = fields.iter().find(|it| it.wire == *tag)
            && field.kind != (TypeRef::Constant { value: variant.wire.clone() })
        {
            let schema = &variant.schema;
            build.refuse(&place, format_args!("`{tag}` of its variant `{schema}` is not always \"{}\"", variant.wire));
        }
    }
}

/// A struct within itself, other than in a list or a map, has no size in languages that lay values out.
fn nothing_contains_itself(build: &mut Build<'_>, types: &[Type]) {
    let direct: BTreeMap<&str, Vec<&str>> = types.iter().map(|it| (it.name.as_str(), directly_in(&it.shape))).collect();
    for start in direct.keys() {
        let mut seen = BTreeSet::new();
        let mut next = direct[start].clone();
        while let Some(name) = next.pop() {
            if name == *start {
                build.refuse(format_args!("components.schemas.{start}"), "it contains itself; put a list in between");
                break;
            }
            if seen.insert(name) {
                next.extend(direct.get(name).into_iter().flatten());
            }
        }
    }
}

fn directly_in(shape: &Shape) -> Vec<&str> {
    match shape {
        Shape::Enum { .. } => Vec::new(),
        Shape::Union { variants, .. } => variants.iter().map(|it| it.schema.as_str()).collect(),
        Shape::Struct { fields } => fields
            .iter()
            .filter_map(|it| match &it.kind {
                TypeRef::Named { name } => Some(name.as_str()),
                _ => None,
            })
            .collect(),
    }
}
