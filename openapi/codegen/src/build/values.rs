//! What a schema says about one value.

use serde_json::Value;

use super::{Build, example, text, types};
use crate::ir::{Bounds, TypeRef};

/// References and lists within each other are followed no deeper.
const DEPTH: usize = 32;

/// One value: its type, and what stands beside that.
#[derive(Debug, Clone)]
pub(super) struct Described {
    pub(super) kind: TypeRef,
    pub(super) nullable: bool,
    pub(super) description: Option<String>,
    pub(super) default: Option<Value>,
    pub(super) example: Option<Value>,
    pub(super) deprecated: bool,
    pub(super) bounds: Bounds,
}

/// Reads a schema. What is refused becomes any JSON, so that reading can go on.
pub(super) fn describe(build: &mut Build<'_>, place: &str, schema: &Value) -> Described {
    at_depth(build, place, schema, 0)
}

fn at_depth(build: &mut Build<'_>, place: &str, schema: &Value, depth: usize) -> Described {
    let mut found = if depth > DEPTH {
        build.refuse(place, "it is nested too deeply, or leads in a circle");
        plain(TypeRef::Any)
    } else {
        below(build, place, schema, depth)
    };
    // What stands beside a reference speaks for this place.
    found.description = text(schema, "description").or(found.description);
    found.default = schema.get("default").filter(|it| !it.is_null()).cloned().or(found.default);
    found.example = example(schema).or(found.example);
    found.deprecated |= schema["deprecated"] == true;
    found
}

fn below(build: &mut Build<'_>, place: &str, schema: &Value, depth: usize) -> Described {
    if let Some(reference) = schema["$ref"].as_str() {
        return referred(build, place, reference, depth);
    }
    for choice in ["anyOf", "oneOf"] {
        if let Some(among) = schema[choice].as_array() {
            return one_of(build, place, among, depth);
        }
    }
    match schema["allOf"].as_array().map(Vec::as_slice) {
        Some([only]) => return at_depth(build, place, only, depth + 1),
        Some(_) => {
            build.refuse(place, "several schemas are put together here; name the result in components.schemas");
            return plain(TypeRef::Any);
        }
        None => {}
    }
    if schema["nullable"] == true {
        build.refuse(place, "`nullable` is of OpenAPI 3.0; write the type as a list with \"null\"");
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one.as_str()],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let nullable = types.contains(&"null");
    let kind = match types.iter().filter(|it| **it != "null").copied().collect::<Vec<_>>().as_slice() {
        [] if schema.get("const").is_some() || schema.get("enum").is_some() => string(build, place, schema),
        [] => TypeRef::Any,
        ["string"] => string(build, place, schema),
        ["integer"] => TypeRef::Integer,
        ["number"] => TypeRef::Number,
        ["boolean"] => TypeRef::Boolean,
        ["array"] => array(build, place, schema, depth),
        ["object"] => object(build, place, schema, depth),
        other => {
            build.refuse(place, format_args!("it can be {}; a value has one type, or null", other.join(" or ")));
            TypeRef::Any
        }
    };
    let bounds = bounds(build, place, schema);
    Described { nullable, bounds, ..plain(kind) }
}

/// A named type is known by its name; anything else under a name is what it stands for.
fn referred(build: &mut Build<'_>, place: &str, reference: &str, depth: usize) -> Described {
    let schemas = build.schemas;
    let Some(name) = reference.strip_prefix("#/components/schemas/") else {
        build.refuse(place, format_args!("`{reference}` is not below components.schemas"));
        return plain(TypeRef::Any);
    };
    let Some(schema) = schemas.get(name) else {
        build.refuse(place, format_args!("there is no schema `{name}`"));
        return plain(TypeRef::Any);
    };
    if types::is_named(schema) {
        let description = text(schema, "description");
        return Described { description, ..plain(TypeRef::Named { name: name.to_owned() }) };
    }
    at_depth(build, &format!("components.schemas.{name}"), schema, depth + 1)
}

/// One schema or null. Unions have names.
fn one_of(build: &mut Build<'_>, place: &str, among: &[Value], depth: usize) -> Described {
    let some: Vec<&Value> = among.iter().filter(|it| it["type"] != "null").collect();
    match some.as_slice() {
        [only] => {
            let found = at_depth(build, place, only, depth + 1);
            Described { nullable: found.nullable || some.len() < among.len(), ..found }
        }
        _ => {
            build.refuse(place, "a union needs a name in components.schemas and a discriminator");
            plain(TypeRef::Any)
        }
    }
}

fn string(build: &mut Build<'_>, place: &str, schema: &Value) -> TypeRef {
    let fixed = match (&schema["const"], schema["enum"].as_array().map(Vec::as_slice)) {
        (Value::Null, None) => None,
        (Value::Null, Some([only])) => Some(only),
        (Value::Null, Some(_)) => {
            build.refuse(place, "a list of values needs a name in components.schemas");
            return TypeRef::String;
        }
        (fixed, _) => Some(fixed),
    };
    if let Some(fixed) = fixed {
        let Some(value) = fixed.as_str() else {
            build.refuse(place, "a fixed value is a string");
            return TypeRef::Any;
        };
        return TypeRef::Constant { value: value.to_owned() };
    }
    match schema["format"].as_str() {
        Some("date-time") => TypeRef::DateTime,
        Some("uuid") => TypeRef::Uuid,
        _ => TypeRef::String,
    }
}

fn array(build: &mut Build<'_>, place: &str, schema: &Value, depth: usize) -> TypeRef {
    let Some(items) = schema.get("items") else {
        build.refuse(place, "a list says what is in it: `items`");
        return TypeRef::Array { of: Box::new(TypeRef::Any) };
    };
    let of = at_depth(build, &format!("{place}.items"), items, depth + 1);
    if of.nullable {
        build.refuse(place, "a list has no nulls in it");
    }
    TypeRef::Array { of: Box::new(of.kind) }
}

fn object(build: &mut Build<'_>, place: &str, schema: &Value, depth: usize) -> TypeRef {
    if schema["properties"].as_object().is_some_and(|it| !it.is_empty()) {
        build.refuse(place, "an object with fields needs a name in components.schemas");
        return TypeRef::Any;
    }
    let of = match schema.get("additionalProperties") {
        None | Some(Value::Bool(true)) => plain(TypeRef::Any),
        Some(Value::Bool(false)) => {
            build.refuse(place, "an object that may hold nothing has no use");
            plain(TypeRef::Any)
        }
        Some(values) => at_depth(build, &format!("{place}.additionalProperties"), values, depth + 1),
    };
    if of.nullable {
        build.refuse(place, "a map has no nulls in it");
    }
    TypeRef::Map { of: Box::new(of.kind) }
}

fn bounds(build: &mut Build<'_>, place: &str, schema: &Value) -> Bounds {
    let mut whole = |name: &str| {
        let bound = schema.get(name).filter(|it| it.is_number())?;
        let value = bound.as_i64().or_else(|| {
            let value = bound.as_f64().filter(|it| it.fract() == 0.0 && it.abs() < 9e15)?;
            #[expect(clippy::cast_possible_truncation, reason = "it is whole, and small enough to be exact")]
            Some(value as i64)
        });
        if value.is_none() {
            build.refuse(place, format_args!("the bound `{name}` is no whole number of 64 bits"));
        }
        value
    };
    let minimum = whole("minimum").or_else(|| whole("exclusiveMinimum").map(|it| it.saturating_add(1)));
    let maximum = whole("maximum").or_else(|| whole("exclusiveMaximum").map(|it| it.saturating_sub(1)));
    let count = |name: &str| schema[name].as_u64();
    Bounds {
        minimum,
        maximum,
        min_length: count("minLength"),
        max_length: count("maxLength"),
        min_items: count("minItems"),
        max_items: count("maxItems"),
        pattern: schema["pattern"].as_str().map(str::to_owned),
    }
}

fn plain(kind: TypeRef) -> Described {
    Described {
        kind,
        nullable: false,
        description: None,
        default: None,
        example: None,
        deprecated: false,
        bounds: Bounds::default(),
    }
}
