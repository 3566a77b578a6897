//! Receipts and acknowledgements: they take stanzas out of queues and tell senders what became of
//! their messages.

use std::sync::Arc;

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node, Server};

use crate::ambient;
use crate::device::DeviceAddress;
use crate::message;
use crate::network::Exchange;
use crate::stanza;

/// Messages one receipt may speak of.
const MOST_IDS: usize = 10_000;

/// `<ack class id/>`: a notification, a receipt or a message has arrived.
pub(crate) fn receive_ack(exchange: &mut Exchange<'_>, node: &Node) {
    let id = stanza::text(node, "id");
    let class = stanza::text(node, "class");
    exchange.world.acknowledge(exchange.from, |queued| {
        stanza::is(queued, "id", &id) && (class.is_empty() || queued.tag == class)
    });
}

/// `<receipt id to type/>`: what the client has done with messages.
pub(crate) fn receive(exchange: &mut Exchange<'_>, node: &Node) {
    let Some(to) = stanza::jid(node, "to") else {
        return;
    };
    let kind = stanza::text(node, "type");
    let ids = message_ids(node);
    // An answer to a retry is no receipt of the message, which the sender will send once more; but
    // this copy is of no more use to anyone.
    exchange.world.acknowledge(exchange.from, |queued| {
        queued.tag == "message" && ids.iter().any(|id| stanza::is(queued, "id", id)) && is_same_chat(queued, &to)
    });
    pass_on(exchange, node, &to, &kind);
    let mut ack = stanza::ack("receipt", node).attr("t", ambient::seconds());
    if !kind.is_empty() {
        ack = ack.attr("type", kind);
    }
    exchange.reply(ack.build());
}

fn pass_on(exchange: &mut Exchange<'_>, node: &Node, to: &Jid, kind: &str) {
    let is_direct = crate::account::is_person(to);
    let target = if is_direct { Some(to.clone()) } else { stanza::jid(node, "participant") };
    let Some(reader) = exchange.account() else {
        return;
    };
    let mut receipt = NodeBuilder::new("receipt").attr("id", stanza::text(node, "id")).attr("t", ambient::seconds());
    if !kind.is_empty() {
        receipt = receipt.attr("type", kind);
    }
    let Some(target) = target else {
        return;
    };
    let own = reader.jid_like(&target, exchange.from.device);
    receipt = if is_direct {
        receipt.attr("from", own)
    } else {
        let mode = if to.server == Server::Group { "lid" } else { "pn" };
        receipt.attr("from", to).attr("participant", own).attr("addressing_mode", mode)
    };
    if let Some(recipient) = node.attrs.get("recipient") {
        receipt = receipt.attr("recipient", recipient.clone());
    }
    if let Some(children) = node.children() {
        receipt = receipt.children(children.to_vec());
    }
    let receipt = receipt.build();
    let own = exchange.from.number.clone();
    let address = exchange.world.address_of(&target);
    // What is read on one device is read on all of them; between two people, the chat is who is told.
    if matches!(kind, "read" | "played") && address.as_ref().is_none_or(|it| it.number != own) {
        let mut receipt = receipt.clone();
        if is_direct {
            receipt.attrs.insert("recipient", to.to_non_ad());
        }
        exchange.world.queue_for_account(&own, receipt, Some(exchange.from));
    }
    let Some(address) = address else {
        return;
    };
    if message::blocks(exchange.world, &address.number, &own) {
        return;
    }
    match kind {
        // Only the device that sent it has to know: it alone can encrypt the message again.
        "retry" | "enc_rekey_retry" | "peer_msg" | "hist_sync" => {
            exchange.world.queue(&address, &Arc::new(receipt));
        }
        // The phone has the file that another device could not fetch.
        "server-error" => {
            let phone = DeviceAddress::new(&address.number, 0);
            exchange.world.queue(&phone, &Arc::new(receipt));
        }
        // Read, but the sender is not to know; the reader's other devices are.
        "read-self" => {
            let mut receipt = receipt;
            receipt.attrs.insert("from", to);
            exchange.world.queue_for_account(&own, receipt, Some(exchange.from));
        }
        _ => {
            let number = address.number.clone();
            exchange.world.queue_for_account(&number, receipt, Some(exchange.from));
        }
    }
}

/// The id of the receipt and those in its list.
fn message_ids(node: &Node) -> Vec<String> {
    let mut ids = vec![stanza::text(node, "id")];
    ids.extend(stanza::grandchildren(node, "list").iter().take(MOST_IDS).map(|item| stanza::text(item, "id")));
    ids
}

/// Whether a queued message is of the chat a receipt goes to, as far as groups are concerned.
fn is_same_chat(queued: &Node, to: &Jid) -> bool {
    let is_group = |jid: &Jid| matches!(jid.server, Server::Group | Server::Broadcast);
    stanza::jid(queued, "from").is_some_and(|from| if is_group(&from) || is_group(to) { from == *to } else { true })
}
