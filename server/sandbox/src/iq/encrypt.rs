//! Keys: a device uploads its own and asks for others'.

use wacore::prekeys::compute_key_bundle_digest;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use crate::ambient;
use crate::device::{Device, DeviceAddress, OneTimePreKey, SignedPreKey};
use crate::login;
use crate::network::Exchange;
use crate::stanza;
use crate::world::World;

/// One-time pre-keys a device may have here.
const MOST_PREKEYS: usize = 5_000;

/// Devices one request may ask the keys of.
const MOST_ASKED: usize = 10_000;

/// A device with fewer one-time keys is told to upload more.
const FEW_PREKEYS: usize = 5;

/// `<type>`: the only kind of key there is.
const CURVE_25519: u8 = 5;

pub(super) fn set(exchange: &mut Exchange<'_>, request: &Node) -> Node {
    let stored = match request.get_optional_child("rotate") {
        Some(rotated) => set_signed_prekey(exchange, rotated),
        None => upload(exchange, request),
    };
    match stored {
        Some(()) => {
            exchange.world.save_device(exchange.from);
            stanza::result(request).build()
        }
        None => stanza::error(request, 406, "not-acceptable"),
    }
}

pub(super) fn get(exchange: &mut Exchange<'_>, request: &Node) -> Node {
    if request.get_optional_child("count").is_some() {
        count(exchange, request)
    } else if request.get_optional_child("digest").is_some() {
        digest(exchange, request)
    } else if let Some(asked) = request.get_optional_child("key") {
        bundles(exchange, request, asked, Ask::Everything)
    } else if let Some(asked) = request.get_optional_child("identity") {
        bundles(exchange, request, asked, Ask::IdentityOnly)
    } else {
        stanza::error(request, 400, "bad-request")
    }
}

/// `<notification type="encrypt"><count value/></notification>`
fn tell_prekeys_low(world: &mut World, address: &DeviceAddress) {
    let Some(left) = world.device(address).map(|device| device.prekeys.len()) else {
        return;
    };
    let id = world.new_id();
    let notification = stanza::notification("encrypt", stanza::server(), id)
        .children([NodeBuilder::new("count").attr("value", left).build()])
        .build();
    world.queue(address, &std::sync::Arc::new(notification));
}

fn upload(exchange: &mut Exchange<'_>, request: &Node) -> Option<()> {
    let list = stanza::grandchildren(request, "list");
    let known = exchange.world.device(exchange.from)?.prekeys.len();
    if known + list.len() > MOST_PREKEYS {
        return None;
    }
    let keys: Vec<OneTimePreKey> = list
        .iter()
        .map(|key| {
            Some(OneTimePreKey {
                id: stanza::big_endian(stanza::child_content(key, "id"))?,
                value: stanza::child_content(key, "value").try_into().ok()?,
            })
        })
        .collect::<Option<_>>()?;
    let registration = stanza::big_endian(stanza::child_content(request, "registration"));
    let identity = stanza::child_content(request, "identity");
    let device = exchange.world.device_mut(exchange.from)?;
    // An identity was signed when the device was linked and cannot be another one now.
    if !identity.is_empty() && identity != device.record.identity {
        return None;
    }
    if let Some(registration) = registration {
        device.record.registration_id = registration;
    }
    if request.get_optional_child("skey").is_some() {
        set_signed_prekey(exchange, request)?;
    }
    exchange.world.add_prekeys(exchange.from, keys);
    login::announce(exchange.world, exchange.from);
    Some(())
}

fn set_signed_prekey(exchange: &mut Exchange<'_>, holder: &Node) -> Option<()> {
    let key = holder.get_optional_child("skey")?;
    let signed = SignedPreKey {
        id: stanza::big_endian(stanza::child_content(key, "id"))?,
        value: stanza::child_content(key, "value").try_into().ok()?,
        signature: stanza::child_content(key, "signature").to_vec(),
    };
    if signed.signature.len() != 64 {
        return None;
    }
    exchange.world.device_mut(exchange.from)?.record.signed_prekey = signed;
    Some(())
}

fn count(exchange: &Exchange<'_>, request: &Node) -> Node {
    let count = exchange.world.device(exchange.from).map_or(0, |device| device.prekeys.len());
    stanza::result(request).children([NodeBuilder::new("count").attr("value", count).build()]).build()
}

fn digest(exchange: &Exchange<'_>, request: &Node) -> Node {
    let Some(device) = exchange.world.device(exchange.from).filter(|device| !device.prekeys.is_empty()) else {
        return stanza::error(request, 404, "item-not-found");
    };
    let values: Vec<&[u8]> = device.prekeys.iter().map(|key| key.value.as_slice()).collect();
    let signed = &device.record.signed_prekey;
    let hash = compute_key_bundle_digest(&device.record.identity, &signed.value, &signed.signature, &values);
    let ids = device.prekeys.iter().map(|key| NodeBuilder::new("id").bytes(key_id(key.id)).build());
    let mut children = head(device);
    children.push(signed_node(signed));
    children.push(NodeBuilder::new("list").children(ids).build());
    children.push(NodeBuilder::new("hash").bytes(hash).build());
    stanza::result(request).children([NodeBuilder::new("digest").children(children).build()]).build()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ask {
    /// A whole bundle, with a one-time key if there is one.
    Everything,
    IdentityOnly,
}

fn bundles(exchange: &mut Exchange<'_>, request: &Node, asked: &Node, ask: Ask) -> Node {
    let mut users = Vec::new();
    for user in stanza::children(asked).iter().take(MOST_ASKED) {
        let Some(jid) = stanza::jid(user, "jid") else {
            continue;
        };
        let address = exchange.world.address_of(&jid);
        let bundle = address.and_then(|address| bundle(exchange.world, &address, ask));
        let children = bundle.unwrap_or_else(|| {
            vec![NodeBuilder::new("error").attr("code", 404).attr("text", "item-not-found").build()]
        });
        users.push(NodeBuilder::new("user").attr("jid", jid).attr("t", ambient::seconds()).children(children).build());
    }
    stanza::result(request).children([NodeBuilder::new("list").children(users).build()]).build()
}

fn bundle(world: &mut World, address: &DeviceAddress, ask: Ask) -> Option<Vec<Node>> {
    let device = world.device(address)?;
    let mut children = head(device);
    if ask == Ask::IdentityOnly {
        return Some(children);
    }
    let signed = signed_node(&device.record.signed_prekey);
    let signed_identity = device.record.signed_identity.clone();
    if let Some(key) = world.take_prekey(address) {
        children.push(
            NodeBuilder::new("key")
                .children([
                    NodeBuilder::new("id").bytes(key_id(key.id)).build(),
                    NodeBuilder::new("value").bytes(key.value).build(),
                ])
                .build(),
        );
        if world.device(address).is_some_and(|device| device.prekeys.len() == FEW_PREKEYS) {
            tell_prekeys_low(world, address);
        }
    }
    children.push(signed);
    if address.device != 0 {
        children.push(NodeBuilder::new("device-identity").bytes(signed_identity).build());
    }
    Some(children)
}

fn head(device: &Device) -> Vec<Node> {
    let registration = device.record.registration_id.to_be_bytes();
    vec![
        NodeBuilder::new("registration").bytes(registration).build(),
        NodeBuilder::new("type").bytes([CURVE_25519]).build(),
        NodeBuilder::new("identity").bytes(device.record.identity).build(),
    ]
}

fn signed_node(signed: &SignedPreKey) -> Node {
    NodeBuilder::new("skey")
        .children([
            NodeBuilder::new("id").bytes(key_id(signed.id)).build(),
            NodeBuilder::new("value").bytes(signed.value).build(),
            NodeBuilder::new("signature").bytes(signed.signature.as_slice()).build(),
        ])
        .build()
}

/// Key ids have three bytes.
fn key_id(id: u32) -> [u8; 3] {
    let [_, a, b, c] = id.to_be_bytes();
    [a, b, c]
}
