//! A phone has uploaded a file again that another device of its account could not fetch.

use std::sync::Arc;

use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use crate::ambient;
use crate::network::Exchange;
use crate::stanza;

/// `<notification type="mediaretry" to id><encrypt/></notification>`, from a phone to a device of its own.
pub(crate) fn receive(exchange: &mut Exchange<'_>, node: &Node) {
    let address = stanza::jid(node, "to").and_then(|to| exchange.world.address_of(&to));
    let Some(address) = address.filter(|to| to.number == exchange.from.number) else {
        return;
    };
    if exchange.from.device != 0 || !stanza::is(node, "type", "mediaretry") {
        return;
    }
    let Some(own) = exchange.account().map(|account| account.number_jid(0)) else {
        return;
    };
    let notification = NodeBuilder::new("notification")
        .attr("from", own)
        .attr("type", "mediaretry")
        .attr("id", stanza::text(node, "id"))
        .attr("t", ambient::seconds())
        .children(stanza::children(node).to_vec())
        .build();
    exchange.world.queue(&address, &Arc::new(notification));
}
