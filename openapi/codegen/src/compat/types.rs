//! Types: what requests may hold, and what answers do.

use std::collections::BTreeMap;

use super::Found;
use crate::ir::{Api, EnumValue, Field, Shape, Type, TypeRef, Variant};

pub(super) fn compare(old: &Api, new: &Api, found: &mut Found) {
    let all: BTreeMap<&str, &Type> = new.types.iter().map(|it| (it.name.as_str(), it)).collect();
    for before in old.types.iter().filter(|it| it.in_requests || it.in_answers) {
        found.at(&before.name);
        let Some(now) = all.get(before.name.as_str()) else {
            found.add("the schema is gone");
            continue;
        };
        match (&before.shape, &now.shape) {
            (Shape::Struct { fields: old }, Shape::Struct { fields: new }) => {
                let used = Used { asked: before.in_requests || now.in_requests, answered: before.in_answers };
                fields(old, new, used, found);
            }
            (Shape::Enum { values: old }, Shape::Enum { values: new }) => values(old, new, found),
            (Shape::Union { tag, variants: old }, Shape::Union { tag: new_tag, variants: new }) => {
                found.changed("what tells its variants apart", tag, new_tag);
                variants(old, new, found);
            }
            (old, new) => found.changed("the schema", shape(old), shape(new)),
        }
    }
}

/// Where a type is used.
#[derive(Clone, Copy)]
struct Used {
    asked: bool,
    answered: bool,
}

fn fields(old: &[Field], new: &[Field], used: Used, found: &mut Found) {
    for before in old {
        let name = format!("its field `{}`", before.wire);
        let Some(now) = new.iter().find(|it| it.wire == before.wire) else {
            found.add(format_args!("{name} is gone"));
            continue;
        };
        found.changed(&name, spelt(&before.kind), spelt(&now.kind));
        if used.asked {
            if now.required && !before.required {
                found.add(format_args!("{name} has to be given"));
            }
            if before.nullable && !now.nullable {
                found.add(format_args!("{name} may not be null any more"));
            }
            found.narrowed(&name, &before.bounds, &now.bounds);
        }
        if used.answered {
            if before.required && !now.required {
                found.add(format_args!("{name} can be absent"));
            }
            if now.nullable && !before.nullable {
                found.add(format_args!("{name} can be null"));
            }
        }
    }
    let added = new.iter().filter(|it| !old.iter().any(|before| before.wire == it.wire));
    for it in added.filter(|it| used.asked && it.required) {
        found.add(format_args!("its field `{}` is new and has to be given", it.wire));
    }
}

fn values(old: &[EnumValue], new: &[EnumValue], found: &mut Found) {
    for it in old.iter().filter(|it| !new.iter().any(|now| now.wire == it.wire)) {
        found.add(format_args!("its value `{}` is gone", it.wire));
    }
}

fn variants(old: &[Variant], new: &[Variant], found: &mut Found) {
    for before in old {
        match new.iter().find(|it| it.wire == before.wire) {
            None => found.add(format_args!("its variant `{}` is gone", before.wire)),
            Some(now) => found.changed(format_args!("its variant `{}`", before.wire), &before.schema, &now.schema),
        }
    }
}

fn shape(shape: &Shape) -> &'static str {
    match shape {
        Shape::Struct { .. } => "an object with fields",
        Shape::Enum { .. } => "a list of values",
        Shape::Union { .. } => "a union",
    }
}

/// A type as a person would say it.
pub(super) fn spelt(kind: &TypeRef) -> String {
    match kind {
        TypeRef::String => "string".to_owned(),
        TypeRef::DateTime => "date-time".to_owned(),
        TypeRef::Uuid => "uuid".to_owned(),
        TypeRef::Integer => "integer".to_owned(),
        TypeRef::Number => "number".to_owned(),
        TypeRef::Boolean => "boolean".to_owned(),
        TypeRef::Any => "anything".to_owned(),
        TypeRef::Constant { value } => format!("{value:?}"),
        TypeRef::Array { of } => format!("list of {}", spelt(of)),
        TypeRef::Map { of } => format!("map of {}", spelt(of)),
        TypeRef::Named { name } => name.clone(),
    }
}
