//! Passing on what is said about calls. What is spoken in them is none of the network's business.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node, Server};

use crate::ambient;
use crate::device::DeviceAddress;
use crate::message;
use crate::network::Exchange;
use crate::stanza;

/// `<call to id><offer call-id call-creator>…</offer></call>`
pub(crate) fn receive(exchange: &mut Exchange<'_>, node: &Node) {
    let said = stanza::children(node).first();
    let mut ack = stanza::ack("call", node);
    if let Some(said) = said {
        ack = ack.attr("type", said.tag.to_string());
    }
    let ack = match (stanza::jid(node, "to"), said) {
        (Some(to), Some(said)) if to.server == Server::Call => match answer(said) {
            Some(answer) => ack.children([answer]),
            None => ack.attr("error", 501u16),
        },
        (Some(to), Some(_)) => match pass_on(exchange, node, &to) {
            Ok(()) => ack,
            Err(code) => ack.attr("error", code),
        },
        _ => ack.attr("error", 400u16),
    };
    exchange.reply(ack.build());
}

/// What the network itself answers: a link by which others can call in.
fn answer(said: &Node) -> Option<Node> {
    let media = stanza::text(said, "media");
    if said.tag != "link_create" || !["audio", "video"].contains(&media.as_str()) {
        return None;
    }
    let token = BASE64_URL_SAFE_NO_PAD.encode(ambient::random_bytes::<16>());
    Some(NodeBuilder::new("link_create").attr("token", token).attr("media", media).build())
}

/// To every device of who is called or has called, or to the one that is meant. Otherwise the code
/// of the refusal.
fn pass_on(exchange: &mut Exchange<'_>, node: &Node, to: &Jid) -> Result<(), u16> {
    let address = exchange.world.address_of(to).ok_or(404u16)?;
    if message::blocks(exchange.world, &address.number, &exchange.from.number) {
        // Who is blocked hears it ring.
        return Ok(());
    }
    let sender = exchange.account().ok_or(500u16)?;
    let call = NodeBuilder::new("call")
        .attr("from", sender.jid_like(to, exchange.from.device))
        .attr("id", stanza::text(node, "id"))
        .attr("t", ambient::seconds())
        .attr("notify", sender.push_name.clone())
        .attr("platform", "android")
        .attr("version", "2.25.37.76")
        .children(stanza::children(node).to_vec())
        .build();
    let call = Arc::new(call);
    let devices = match address.device {
        0 => exchange.world.devices_of(&address.number),
        device => vec![DeviceAddress::new(&address.number, device)],
    };
    for device in devices {
        if device != *exchange.from {
            exchange.world.queue(&device, &call);
        }
    }
    Ok(())
}
