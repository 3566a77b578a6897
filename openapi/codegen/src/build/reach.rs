//! Which types requests contain, and which answers.

use std::collections::BTreeSet;

use crate::ir::{Event, Resource, Response, Shape, Type, TypeRef};

/// Marks each type by where it is used, directly or below.
pub(super) fn mark(types: &mut [Type], resources: &[Resource], events: &[Event]) {
    let operations = || resources.iter().flat_map(|it| &it.operations);
    let mut asked: Vec<String> = Vec::new();
    let mut answered: Vec<String> = events.iter().map(|it| it.delivery.clone()).collect();
    for it in operations() {
        asked.extend(it.body.as_ref().map(|body| body.schema.clone()));
        for parameter in it.path_parameters.iter().chain(&it.query).chain(&it.headers) {
            names(&parameter.kind, &mut asked);
        }
        match &it.response {
            Response::Json { kind } | Response::Events { kind } => names(kind, &mut answered),
            Response::Empty | Response::Bytes => {}
        }
    }
    let (asked, answered) = (below(asked, types), below(answered, types));
    for it in types {
        it.in_requests = asked.contains(&it.name);
        it.in_answers = answered.contains(&it.name);
    }
}

fn below(mut next: Vec<String>, types: &[Type]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    while let Some(name) = next.pop() {
        if !found.insert(name.clone()) {
            continue;
        }
        match types.iter().find(|it| it.name == name).map(|it| &it.shape) {
            Some(Shape::Struct { fields }) => fields.iter().for_each(|it| names(&it.kind, &mut next)),
            Some(Shape::Union { variants, .. }) => next.extend(variants.iter().map(|it| it.schema.clone())),
            Some(Shape::Enum { .. }) | None => {}
        }
    }
    found
}

fn names(kind: &TypeRef, found: &mut Vec<String>) {
    match kind {
        TypeRef::Named { name } => found.push(name.clone()),
        TypeRef::Array { of } | TypeRef::Map { of } => names(of, found),
        TypeRef::String
        | TypeRef::DateTime
        | TypeRef::Uuid
        | TypeRef::Integer
        | TypeRef::Number
        | TypeRef::Boolean
        | TypeRef::Any
        | TypeRef::Constant { .. } => {}
    }
}
