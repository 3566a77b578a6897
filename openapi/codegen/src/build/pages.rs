//! Lists that come in pages, known by their parameters.

use crate::ir::{Page, Parameter, Response, Shape, Type, TypeRef};

/// How the next page is asked for.
///
/// `limit` and `offset` with a list in the answer; or `limit` and `after` with a list and the field
/// `next`, which is the `after` of the next page.
pub(super) fn page(query: &[Parameter], response: &Response, types: &[Type]) -> Option<Page> {
    let takes = |name: &str| query.iter().any(|it| it.wire == name && !it.required);
    let Response::Json { kind } = response else { return None };
    if !takes("limit") {
        return None;
    }
    let (item, items, next) = match kind {
        TypeRef::Array { of } => ((**of).clone(), None, false),
        TypeRef::Named { name } => {
            let Shape::Struct { fields } = &types.iter().find(|it| it.name == *name)?.shape else { return None };
            let mut lists = fields.iter().filter_map(|it| match &it.kind {
                TypeRef::Array { of } if it.required => Some(((**of).clone(), it.wire.clone())),
                _ => None,
            });
            let (item, items) = lists.next()?;
            if lists.next().is_some() {
                return None;
            }
            (item, Some(items), fields.iter().any(|it| it.wire == "next"))
        }
        _ => return None,
    };
    match items {
        Some(items) if next && takes("after") => {
            Some(Page::Cursor { item, items, next: "next".to_owned(), after: "after".to_owned() })
        }
        items if takes("offset") => Some(Page::Offset { item, items }),
        _ => None,
    }
}
