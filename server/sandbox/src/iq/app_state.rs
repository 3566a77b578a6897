//! Collections of app state: what an account's devices agree on, as a series of encrypted patches.

use buffa::{Message as _, MessageField};
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;
use waproto::whatsapp as wa;

use crate::network::Exchange;
use crate::stanza;

const COLLECTIONS: [&str; 5] = ["critical_block", "critical_unblock_low", "regular_low", "regular_high", "regular"];

/// Patches a collection may have.
const MOST_PATCHES: usize = 100_000;

/// Patches sent in one answer; the client asks again for the rest.
const PATCHES_AT_ONCE: usize = 500;

/// `<sync><collection name version><patch/></collection></sync>`
pub(super) fn sync(exchange: &mut Exchange<'_>, request: &Node) -> Node {
    let mut answers = Vec::new();
    let mut changed = Vec::new();
    for collection in stanza::grandchildren(request, "sync").iter().take(COLLECTIONS.len()) {
        let name = stanza::text(collection, "name");
        if !COLLECTIONS.contains(&name.as_str()) {
            answers.push(failed(&name, 0, 400, "bad-request", &[]));
            continue;
        }
        let version: usize = stanza::number(collection, "version").unwrap_or(0);
        let patch = collection.get_optional_child("patch").map(|patch| stanza::content(patch).to_vec());
        answers.push(match patch {
            None => read(exchange, &name, version),
            Some(patch) => {
                let answer = write(exchange, &name, version, &patch);
                if stanza::text(&answer, "type") != "error" {
                    changed.push(name);
                }
                answer
            }
        });
    }
    if !changed.is_empty() {
        tell_other_devices(exchange, &changed);
    }
    stanza::result(request).children([NodeBuilder::new("sync").children(answers).build()]).build()
}

/// What the client has not seen yet.
fn read(exchange: &Exchange<'_>, name: &str, version: usize) -> Node {
    let patches = patches(exchange, name);
    let unseen: Vec<Node> = patches
        .iter()
        .skip(version)
        .take(PATCHES_AT_ONCE)
        .map(|patch| NodeBuilder::new("patch").bytes(patch.as_slice()).build())
        .collect();
    let mut answer = NodeBuilder::new("collection").attr("name", name).attr("version", patches.len());
    if version + unseen.len() < patches.len() {
        answer = answer.attr("has_more_patches", true);
    }
    if !unseen.is_empty() {
        answer = answer.children([NodeBuilder::new("patches").children(unseen).build()]);
    }
    answer.build()
}

/// Appends a patch, if the client has seen all before it.
fn write(exchange: &mut Exchange<'_>, name: &str, version: usize, patch: &[u8]) -> Node {
    let known = patches(exchange, name);
    let count = known.len();
    if version != count {
        let unseen: Vec<Vec<u8>> = known.iter().skip(version).take(PATCHES_AT_ONCE).cloned().collect();
        return failed(name, count, 409, "conflict", &unseen);
    }
    let Ok(mut patch) = wa::SyncdPatch::decode_from_slice(patch) else {
        return failed(name, count, 400, "bad-request", &[]);
    };
    if count >= MOST_PATCHES {
        return failed(name, count, 500, "internal-server-error", &[]);
    }
    let version = count as u64 + 1;
    patch.version = MessageField::some(wa::SyncdVersion { version: Some(version) });
    let number = exchange.from.number.clone();
    exchange.world.add_patch(&number, name, patch.encode_to_vec());
    NodeBuilder::new("collection").attr("name", name).attr("version", version).build()
}

fn failed(name: &str, version: usize, code: u16, text: &'static str, unseen: &[Vec<u8>]) -> Node {
    let mut children = vec![NodeBuilder::new("error").attr("code", code).attr("text", text).build()];
    if !unseen.is_empty() {
        let patches = unseen.iter().map(|patch| NodeBuilder::new("patch").bytes(patch.as_slice()).build());
        children.push(NodeBuilder::new("patches").children(patches).build());
    }
    NodeBuilder::new("collection")
        .attr("name", name)
        .attr("type", "error")
        .attr("version", version)
        .children(children)
        .build()
}

fn patches<'a>(exchange: &'a Exchange<'_>, name: &str) -> &'a [Vec<u8>] {
    exchange.account().and_then(|account| account.collections.get(name)).map(Vec::as_slice).unwrap_or_default()
}

/// `<notification type="server_sync"><collection name version/></notification>`
fn tell_other_devices(exchange: &mut Exchange<'_>, changed: &[String]) {
    let collections: Vec<Node> = changed
        .iter()
        .map(|name| {
            NodeBuilder::new("collection").attr("name", name).attr("version", patches(exchange, name).len()).build()
        })
        .collect();
    let Some(own) = exchange.account().map(|account| account.number_jid(0)) else {
        return;
    };
    let id = exchange.world.new_id();
    let notification = stanza::notification("server_sync", own, id).children(collections).build();
    let number = exchange.from.number.clone();
    exchange.world.queue_for_account(&number, notification, Some(exchange.from));
}
