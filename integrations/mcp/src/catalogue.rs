//! The tools, as `cargo codegen` writes them from the API document.

use std::sync::{Arc, LazyLock};

use openwa_client::Operation;
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde::Deserialize;

/// What a model can be offered.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) tool: Tool,
    pub(crate) operation: &'static Operation,
    pub(crate) read_only: bool,
    pub(crate) page: Option<Page>,
}

/// How the next page of a list is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub(crate) enum Page {
    /// With a higher `offset`.
    Offset {
        /// The field that holds the items; none where the answer is the list itself.
        items: Option<String>,
    },
    /// With what this page names.
    Cursor { items: String, next: String, after: String },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    name: String,
    operation: String,
    title: String,
    description: String,
    read_only: bool,
    destructive: bool,
    idempotent: bool,
    open_world: bool,
    page: Option<Page>,
    input: JsonObject,
}

/// All of them, in the order of the document.
pub(crate) static OFFERS: LazyLock<Vec<Offer>> = LazyLock::new(|| {
    let text = include_str!("generated/tools.jsonc");
    // The first line says where it comes from.
    let json = text.split_once('\n').map_or("", |it| it.1);
    let written: Vec<Written> = serde_json::from_str(json).expect("a test reads this file");
    written.into_iter().map(Offer::of).collect()
});

/// The one of this name.
pub(crate) fn offer(name: &str) -> Option<&'static Offer> {
    OFFERS.iter().find(|it| it.tool.name == name)
}

impl Offer {
    fn of(written: Written) -> Self {
        let Written {
            name,
            operation,
            title,
            description,
            read_only,
            destructive,
            idempotent,
            open_world,
            page,
            input,
        } = written;
        let annotations = ToolAnnotations::with_title(title.clone())
            .read_only(read_only)
            .destructive(destructive)
            .idempotent(idempotent)
            .open_world(open_world);
        let tool = Tool::new(name, description, Arc::new(input)).with_title(title).with_annotations(annotations);
        let operation = Operation::by_id(&operation).expect("both tables come from one document");
        Self { tool, operation, read_only, page }
    }

    /// The schemas of its arguments, by name.
    pub(crate) fn properties(&self) -> impl Iterator<Item = (&String, &serde_json::Value)> {
        self.tool.input_schema.get("properties").and_then(|it| it.as_object()).into_iter().flatten()
    }

    /// The names of the arguments that must be given.
    pub(crate) fn required(&self) -> impl Iterator<Item = &str> {
        let required = self.tool.input_schema.get("required").and_then(|it| it.as_array());
        required.into_iter().flatten().filter_map(|it| it.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What all descriptions and schemas together may cost a model.
    const LARGEST_LIST: usize = 64 * 1024;

    #[test]
    fn the_tools_are_few_small_and_named_by_the_contract() {
        let names: Vec<_> = OFFERS.iter().map(|it| it.tool.name.as_ref()).collect();
        for wanted in [
            "SessionFindAll",
            "SessionFindOne",
            "SessionGetChats",
            "SessionGetStats",
            "SessionMarkChatRead",
            "MessageList",
            "MessageGetReactions",
            "MessageSendText",
            "MessageSendImage",
            "MessageSendVideo",
            "MessageSendAudio",
            "MessageSendDocument",
            "MessageReply",
            "MessageReact",
            "ContactCheckNumber",
            "GroupFindAll",
            "GroupFindOne",
        ] {
            assert!(names.contains(&wanted), "{wanted} is missing among {names:?}");
        }
        assert!(names.len() <= 60, "{} tools are more than a model should choose from", names.len());
        let size: usize = OFFERS.iter().map(|it| serde_json::to_string(&it.tool).unwrap().len()).sum();
        assert!(size <= LARGEST_LIST, "the list of tools has {size} bytes");
        let mut unique = names.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), names.len(), "two tools have one name");
    }

    #[test]
    fn what_a_model_must_not_do_is_no_tool() {
        for offer in OFFERS.iter() {
            let id = offer.operation.id.to_ascii_lowercase();
            for word in ["delete", "logout", "start", "stop", "kill", "key", "proxy", "config", "qr", "pairing", "edit"]
            {
                assert!(!id.contains(word), "{} is offered", offer.operation.id);
            }
            assert_eq!(offer.read_only, offer.operation.is_read(), "{}", offer.operation.id);
        }
    }

    #[test]
    fn every_argument_has_its_place_in_the_call() {
        for offer in OFFERS.iter() {
            for (name, _) in offer.properties() {
                assert!(offer.operation.parameters.iter().any(|it| it.name == name), "{} {name}", offer.tool.name);
            }
        }
    }
}
