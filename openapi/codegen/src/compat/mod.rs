//! What in a document breaks the clients of an earlier one.
//!
//! Found on the intermediate form, so that it is about what clients say: methods, arguments, fields and
//! values. Additions do not break: clients keep fields and values that they do not know. In reading
//! order: [`operations`], [`types`], and [`changelog`], where a break that is wanted stands.

pub(crate) mod changelog;
mod operations;
#[cfg(test)]
mod tests;
mod types;

use std::{collections::BTreeMap, fmt};

use crate::ir::{Api, Bounds};

/// One thing that breaks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Break {
    /// The operation id, the schema's name or the kind of event.
    pub(crate) subject: String,
    pub(crate) what: String,
}

impl fmt::Display for Break {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "`{}`: {}", self.subject, self.what)
    }
}

/// Everything in the new document that breaks clients of the old one.
pub(crate) fn breaks(old: &Api, new: &Api) -> Vec<Break> {
    let mut found = Found::default();
    operations::compare(old, new, &mut found);
    types::compare(old, new, &mut found);
    let kinds: BTreeMap<_, _> = new.events.iter().map(|it| (&it.wire, it)).collect();
    for event in &old.events {
        found.at(&event.wire);
        match kinds.get(&event.wire) {
            None => found.add("this kind of event is gone"),
            Some(it) => {
                found.changed("its data", &event.data, &it.data);
                found.changed("the body of its webhook", &event.delivery, &it.delivery);
            }
        }
    }
    found.all.sort();
    found.all.dedup();
    found.all
}

#[derive(Default)]
struct Found {
    subject: String,
    all: Vec<Break>,
}

impl Found {
    fn at(&mut self, subject: &str) {
        subject.clone_into(&mut self.subject);
    }

    fn add(&mut self, what: impl fmt::Display) {
        self.all.push(Break { subject: self.subject.clone(), what: what.to_string() });
    }

    fn changed<T: PartialEq + fmt::Display>(&mut self, what: impl fmt::Display, old: T, new: T) {
        if old != new {
            self.add(format_args!("{what} was `{old}` and is `{new}`"));
        }
    }

    /// What was accepted is refused now.
    fn narrowed(&mut self, what: impl fmt::Display, old: &Bounds, new: &Bounds) {
        let mut lower = |name: &str, old: Option<i128>, new: Option<i128>| {
            if let Some(new) = new
                && old.is_none_or(|old| new > old)
            {
                self.add(format_args!("{what} is at least {new} ({name}), which it need not be before"));
            }
        };
        let wide = |it: Option<u64>| it.map(i128::from);
        lower("minimum", old.minimum.map(i128::from), new.minimum.map(i128::from));
        lower("minLength", wide(old.min_length), wide(new.min_length));
        lower("minItems", wide(old.min_items), wide(new.min_items));
        let mut upper = |name: &str, old: Option<i128>, new: Option<i128>| {
            if let Some(new) = new
                && old.is_none_or(|old| new < old)
            {
                self.add(format_args!("{what} is at most {new} ({name}), and could be more before"));
            }
        };
        upper("maximum", old.maximum.map(i128::from), new.maximum.map(i128::from));
        upper("maxLength", wide(old.max_length), wide(new.max_length));
        upper("maxItems", wide(old.max_items), wide(new.max_items));
        if let Some(pattern) = &new.pattern
            && old.pattern.as_ref() != Some(pattern)
        {
            self.add(format_args!("{what} has to look like `{pattern}`, which it need not before"));
        }
    }
}
