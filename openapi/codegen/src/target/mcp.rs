//! The tools of the MCP server: what a model may be told to do with the gateway, and how it is asked for it.
//!
//! Not every operation is one. Left out are lifecycle, settings, keys, deletions and whatever is not JSON; the
//! rest follows the contract's names, by rule where there is one and from [`NAMES`] where there is none.

mod schema;

use std::path::Path;

use heck::{ToPascalCase, ToSnakeCase};
use serde::Serialize;
use serde_json::Value;

use super::{Files, Target};
use crate::{
    error::Error,
    ir::{Api, Operation, Page, Resource, Response},
    template::Templates,
};

const FOLDER: &str = "integrations/mcp/src/generated";

pub(super) const TARGET: Target = Target { name: "mcp", folders: &[FOLDER], render };

/// The contract's names where they follow no rule.
const NAMES: &[(&str, &str)] = &[
    ("getSessionsOverview", "SessionGetStats"),
    ("listChats", "SessionGetChats"),
    ("listMessageReactions", "MessageGetReactions"),
    ("listMessages", "MessageList"),
    ("markChatRead", "SessionMarkChatRead"),
    ("markChatUnread", "SessionMarkChatUnread"),
    ("sendChatState", "SessionSendChatState"),
];

/// The resources a model may know of, and whether it may change something there. A new one is a decision.
const RESOURCES: &[(&str, Reach)] = &[
    ("Chats", Reach::Writes),
    ("Contacts", Reach::Writes),
    ("Events", Reach::Reads),
    ("Groups", Reach::Writes),
    ("Messages", Reach::Writes),
    // Whoever runs the gateway starts sessions and makes webhooks.
    ("Sessions", Reach::Reads),
    ("Webhooks", Reach::Reads),
];

#[derive(Clone, Copy, PartialEq)]
enum Reach {
    Reads,
    Writes,
}

/// Words of operations that are left out: what cannot be undone, what sends to many, what is set up once or by
/// admins, and what a model has little use for. It should not have to choose among more than 60.
const CLOSED_WORDS: &[&str] = &[
    "batch",
    "bulk",
    "capabilities",
    "config",
    "delete",
    "deliveries",
    "demote",
    "edit",
    "invite",
    "leave",
    "picture",
    "pictures",
    "product",
    "promote",
    "proxy",
    "qr",
    "remove",
    "revoke",
    "rule",
    "rules",
    "save",
    "settings",
    "sync",
];

/// Writes that have no further effect when they are made again.
const IDEMPOTENT: &[&str] = &["mark", "react", "block", "unblock", "set"];

/// Writes that take something away.
const DESTRUCTIVE: &[&str] = &["block", "clear", "revoke"];

fn render(api: &Api) -> Result<Files, Error> {
    let mut tools = Vec::new();
    for resource in &api.resources {
        for operation in resource.operations.iter().filter(|it| is_tool(resource, it)) {
            tools.push(Tool::of(api, resource, operation));
        }
    }
    let text = Templates::of("mcp")?.render("tools.jsonc", minijinja::context! { tools })?;
    Ok(vec![(Path::new(FOLDER).join("tools.jsonc"), text)])
}

fn is_tool(resource: &Resource, operation: &Operation) -> bool {
    let words = words(operation);
    let Some((_, reach)) = RESOURCES.iter().find(|it| it.0 == resource.tag) else { return false };
    matches!(operation.response, Response::Json { .. } | Response::Empty)
        && !operation.deprecated
        && operation.role.is_some()
        && (operation.method == "GET" || *reach == Reach::Writes)
        && operation.method != "DELETE"
        && !words.iter().any(|it| CLOSED_WORDS.contains(&it.as_str()))
}

/// The words of the operation's id, in lower case.
fn words(operation: &Operation) -> Vec<String> {
    operation.id.to_snake_case().split('_').map(str::to_owned).collect()
}

/// One of what a resource has many of.
fn singular(name: &str) -> String {
    match (name.strip_suffix("ies"), name.strip_suffix('s')) {
        (Some(stem), _) => format!("{stem}y"),
        (None, Some(one)) => one.to_owned(),
        (None, None) => name.to_owned(),
    }
}

/// One tool, as the server reads it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tool {
    name: String,
    operation: String,
    title: String,
    description: String,
    read_only: bool,
    destructive: bool,
    idempotent: bool,
    /// Whether people outside see something of it.
    open_world: bool,
    page: Option<PageView>,
    input: Value,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum PageView {
    /// The next page is asked for with a higher `offset`.
    Offset { items: Option<String> },
    /// The next page is asked for with what this one names.
    Cursor { items: String, next: String, after: String },
}

impl Tool {
    fn of(api: &Api, resource: &Resource, operation: &Operation) -> Self {
        let is_read = operation.method == "GET";
        let verb = words(operation).into_iter().next().unwrap_or_default();
        let among = |words: &[&str]| words.contains(&verb.as_str());
        let description = match &operation.description {
            Some(more) => format!("{}. {}", operation.summary, more.replace('\n', " ")),
            None => format!("{}.", operation.summary),
        };
        Self {
            name: name(resource, operation),
            operation: operation.id.clone(),
            title: operation.summary.clone(),
            description,
            read_only: is_read,
            destructive: !is_read && among(DESTRUCTIVE),
            idempotent: is_read || operation.method != "POST" || among(IDEMPOTENT),
            open_world: !is_read && !operation.id.starts_with("mark"),
            page: operation.page.as_ref().map(|it| match it {
                Page::Offset { items, .. } => PageView::Offset { items: items.clone() },
                Page::Cursor { items, next, after, .. } => {
                    PageView::Cursor { items: items.clone(), next: next.clone(), after: after.clone() }
                }
            }),
            input: schema::input(api, operation),
        }
    }
}

/// `SessionFindAll`, `SessionFindOne`, `MessageSendText`: the resource, then what is done to it.
fn name(resource: &Resource, operation: &Operation) -> String {
    if let Some((_, name)) = NAMES.iter().find(|it| it.0 == operation.id) {
        return (*name).to_owned();
    }
    let subject = singular(&resource.name.join("_")).to_pascal_case();
    let verb = match operation.name.join("_").as_str() {
        "list" => "FindAll".to_owned(),
        "get" => "FindOne".to_owned(),
        other => other.to_pascal_case(),
    };
    format!("{subject}{verb}")
}

#[cfg(test)]
mod tests {
    use super::singular;

    #[test]
    fn one_of_many() {
        for (many, one) in [("sessions", "session"), ("categories", "category"), ("presence", "presence")] {
            assert_eq!(singular(many), one);
        }
    }
}
