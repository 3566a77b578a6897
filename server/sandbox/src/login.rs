//! How a linked device comes in, becomes active, and is sent away.

use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;
use waproto::whatsapp as wa;

use crate::ambient;
use crate::device::DeviceAddress;
use crate::fault::LoginRefusal;
use crate::link::Link;
use crate::network::{Exchange, Network};
use crate::presence;
use crate::roster;
use crate::stanza;
use crate::world::World;

/// Lets a client in that proves to be a linked device, and tells everybody else why not.
pub(crate) fn log_in(
    network: &Network,
    link: &Link,
    payload: &wa::ClientPayload,
    noise_key: &[u8],
) -> Option<DeviceAddress> {
    let number = payload.username?.to_string();
    let device = u16::try_from(payload.device.unwrap_or(0)).ok()?;
    let address = DeviceAddress::new(number, device);
    if let Some(refusal) = network.faults().login_refusal(&address.number, ambient::wall_clock()) {
        refuse(link, refused(refusal));
        return None;
    }
    let mut world = network.world();
    let lid = world.accounts.get(&address.number).map(|account| account.lid_jid(device));
    let known = world.device_mut(&address).filter(|known| {
        // The phone has no Noise key, so nobody logs in as device 0.
        !known.record.noise_key.is_empty() && known.record.noise_key == noise_key
    });
    let (Some(lid), Some(known)) = (lid, known) else {
        tracing::info!(device = %address, "a login is refused: there is no such device");
        refuse(link, failure(401));
        return None;
    };
    if let Some(old) = known.link.replace(link.clone()) {
        old.send(
            NodeBuilder::new("stream:error")
                .children([NodeBuilder::new("conflict").attr("type", "replaced").build()])
                .build(),
        );
        old.end();
    }
    known.deactivate();
    link.send(
        NodeBuilder::new("success")
            .attr("t", ambient::seconds())
            .attr("props", 27)
            .attr("location", "sandbox")
            .attr("lid", lid)
            .build(),
    );
    tracing::info!(device = %address, "a device has logged in");
    if payload.passive == Some(false) {
        activate(network, &mut world, &address, link);
    }
    Some(address)
}

/// `<iq xmlns="passive"><active/></iq>`: the client is ready for what waits for it.
pub(crate) fn set_passive(exchange: &mut Exchange<'_>, request: &Node) {
    exchange.reply(stanza::result(request).build());
    let is_active = exchange.world.device(exchange.from).is_some_and(|device| device.is_active);
    if request.get_optional_child("active").is_some() {
        if !is_active {
            activate(exchange.network, exchange.world, exchange.from, exchange.link);
        }
    } else if let Some(device) = exchange.world.device_mut(exchange.from) {
        device.deactivate();
    }
}

fn activate(network: &Network, world: &mut World, address: &DeviceAddress, link: &Link) {
    if address.device != 0 && network.faults().loses_offline(&address.number) {
        world.lose_messages(address);
    }
    let Some(device) = world.device_mut(address) else {
        return;
    };
    let backlog = device.activate();
    if backlog.total > 0 {
        link.send(stanza::info(
            NodeBuilder::new("offline_preview")
                .attr("count", backlog.total)
                .attr("message", backlog.messages)
                .attr("receipt", backlog.receipts)
                .attr("notification", backlog.notifications)
                .attr("appdata", 0)
                .build(),
        ));
    }
    device.write_queue();
    device.write_passing();
    announce(world, address);
}

/// Tells the phone of a new device as soon as the device is there and has put up the keys by which
/// it can be written to.
pub(crate) fn announce(world: &mut World, address: &DeviceAddress) {
    let Some(device) = world.device_mut(address) else {
        return;
    };
    if device.record.was_announced || !device.is_active || device.prekeys.is_empty() {
        return;
    }
    device.record.was_announced = true;
    world.save_device(address);
    roster::tell_phone(world, &address.number);
}

/// Forgets a device. A live client is told that it was removed. Says whether there was one.
pub(crate) fn unlink(world: &mut World, address: &DeviceAddress) -> bool {
    let Some(device) = world.remove_device(address) else {
        return false;
    };
    if let Some(link) = &device.link {
        link.send(
            NodeBuilder::new("stream:error")
                .attr("code", 401)
                .children([NodeBuilder::new("conflict").attr("type", "device_removed").build()])
                .build(),
        );
        link.end();
    }
    tracing::info!(device = %address, "a device was unlinked");
    presence::gone(world, address, device.is_available);
    roster::tell_of_change(world, address, roster::Change::Removed);
    true
}

/// `<iq xmlns="md"><remove-companion-device jid/></iq>`: a device unlinks itself or, from the
/// phone, another one.
pub(crate) fn remove_companion(exchange: &mut Exchange<'_>, request: &Node) {
    let Some(address) = request
        .get_optional_child("remove-companion-device")
        .and_then(|child| stanza::jid(child, "jid"))
        .and_then(|jid| exchange.world.address_of(&jid))
        .filter(|address| address.number == exchange.from.number && address.device != 0)
        .filter(|address| address == exchange.from || exchange.from.device == 0)
    else {
        exchange.reply(stanza::error(request, 403, "forbidden"));
        return;
    };
    exchange.reply(stanza::result(request).build());
    unlink(exchange.world, &address);
}

/// A ban has struck: the client is thrown out and learns why when it logs in again.
pub(crate) fn send_away(network: &Network, address: &DeviceAddress, link: &Link) {
    tracing::info!(device = %address, "an account is banned; its device is thrown out");
    link.send(NodeBuilder::new("stream:error").attr("code", 503).build());
    network.detach(address, link);
    link.end();
}

fn refuse(link: &Link, node: Node) {
    link.send(node);
    link.end();
}

fn failure(reason: u16) -> Node {
    NodeBuilder::new("failure").attr("reason", reason).attr("location", "sandbox").build()
}

fn refused(refusal: LoginRefusal) -> Node {
    match refusal {
        LoginRefusal::Unavailable => failure(503),
        LoginRefusal::Banned { code, expire } => {
            let mut node = failure(402);
            node.attrs.insert("code", code);
            // A ban for good has no end to name; clients take it for a lock of the account.
            match expire {
                Some(expire) => node.attrs.insert("expire", expire.as_secs()),
                None => node.attrs.insert("reason", 403),
            }
            node
        }
    }
}
