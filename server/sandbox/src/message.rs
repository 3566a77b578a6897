//! Passing messages on: to every device of the recipient and of the sender, or of a group. What is
//! inside is encrypted for each device and none of the network's business.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use wacore::messages::MessageUtils;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node, Server};

use crate::account::Account;
use crate::ambient;
use crate::device::DeviceAddress;
use crate::group::Place;
use crate::network::Exchange;
use crate::newsletter_post;
use crate::privacy_token;
use crate::stanza;
use crate::world::World;

/// Numbers an account remembers as having written to it.
const MOST_CONTACTS: usize = 10_000;

/// Why a message is not taken: the code of its negative acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Refused(u16);

const MALFORMED: Refused = Refused(479);
const FORBIDDEN: Refused = Refused(403);
const NOT_FOUND: Refused = Refused(404);
const RESTRICTED: Refused = Refused(463);
const UNAVAILABLE: Refused = Refused(503);

/// The encrypted payloads for each device, by the JID under which the sender addressed it.
struct Plan {
    deliveries: BTreeMap<DeviceAddress, (Jid, Vec<Node>)>,
    /// Of the devices the sender ought to have addressed, when it missed some.
    hash: Option<String>,
}

pub(crate) fn receive(exchange: &mut Exchange<'_>, node: &Node) {
    if stanza::jid(node, "to").is_some_and(|to| to.server == Server::Newsletter) {
        return newsletter_post::receive(exchange, node);
    }
    let ack = stanza::ack("message", node).attr("t", ambient::seconds());
    match take(exchange, node) {
        Ok(Some(hash)) => exchange.reply(ack.attr("phash", hash).build()),
        Ok(None) => exchange.reply(ack.build()),
        Err(Refused(code)) => {
            tracing::debug!(device = %exchange.from, ack.error = code, "a message is refused");
            exchange.reply(ack.attr("error", code).build());
            return;
        }
    }
    exchange.network.faults().nack_later(&exchange.from.number, exchange.link, |code| {
        stanza::ack("message", node).attr("t", ambient::seconds()).attr("error", code).build()
    });
}

fn take(exchange: &mut Exchange<'_>, node: &Node) -> Result<Option<String>, Refused> {
    let to = stanza::jid(node, "to").ok_or(MALFORMED)?;
    if stanza::text(node, "id").is_empty() {
        return Err(MALFORMED);
    }
    if let Some(code) = exchange.network.faults().take_nack(&exchange.from.number) {
        return Err(Refused(code));
    }
    let plan = match to.server {
        Server::Group => plan_group(exchange, node, &to)?,
        Server::Broadcast => plan_broadcast(exchange, node),
        Server::Pn | Server::Lid | Server::Hosted | Server::HostedLid | Server::Legacy => {
            plan_direct(exchange, node, &to)?
        }
        _ => return Err(NOT_FOUND),
    };
    deliver(exchange, node, &to, plan.deliveries)?;
    // The sender may believe it was taken only when it will outlive this process.
    if !exchange.world.journal.is_sound() {
        return Err(UNAVAILABLE);
    }
    Ok(plan.hash)
}

/// A message to one person, with copies for the sender's other devices.
fn plan_direct(exchange: &Exchange<'_>, node: &Node, to: &Jid) -> Result<Plan, Refused> {
    let world = &exchange.world;
    let sender = &exchange.from.number;
    let recipient = world.number_of(to).ok_or(NOT_FOUND)?;
    if recipient != sender && exchange.network.faults().is_restricted(sender) && !knows(world, sender, recipient) {
        return Err(RESTRICTED);
    }
    let direct = payloads(node);
    // What is sent again to the one device that could not read it was let in the first time.
    if direct.is_empty()
        && let Some(closed) = world.accounts.get(recipient)
        && !privacy_token::admits(world, exchange.from, closed, Some(node))
    {
        return Err(RESTRICTED);
    }
    let mut deliveries = BTreeMap::new();
    for (jid, payloads) in addressed(node) {
        if let Some(address) = world.address_of(&jid)
            && (address.number == recipient || address.number == *sender)
        {
            deliveries.insert(address, (jid, payloads));
        }
    }
    // Without a list of devices it is meant for one, which could not read it the first time.
    let is_for_all_devices = direct.is_empty();
    if !direct.is_empty()
        && let Some(address) = world.address_of(to)
    {
        deliveries.insert(address, (to.clone(), direct));
    }
    deliveries.remove(exchange.from);
    let expected: BTreeSet<DeviceAddress> = [recipient, sender.as_str()]
        .into_iter()
        .flat_map(|number| world.devices_of(number))
        .filter(|address| address != exchange.from)
        .collect();
    let is_complete = expected.iter().all(|address| deliveries.contains_key(address));
    let hash = if is_for_all_devices && !is_complete {
        let jids: Vec<Jid> = expected
            .iter()
            .filter_map(|address| Some(world.accounts.get(&address.number)?.jid_like(to, address.device)))
            .collect();
        MessageUtils::participant_list_hash(&jids).ok()
    } else {
        None
    };
    Ok(Plan { deliveries, hash })
}

/// A message to a group: one payload for all, and the sender's key for those who lack it.
fn plan_group(exchange: &Exchange<'_>, node: &Node, to: &Jid) -> Result<Plan, Refused> {
    let world = &exchange.world;
    let group = world.groups.get(to.user.as_str()).ok_or(NOT_FOUND)?;
    let role = group.role_of(&exchange.from.number).ok_or(FORBIDDEN)?;
    let is_community = matches!(group.place, Place::Community { .. });
    if is_community || (group.is_announcement && !role.is_admin()) {
        return Err(FORBIDDEN);
    }
    let direct = payloads(node);
    // Sent again for one device that could not read it.
    if let Some(jid) = stanza::jid(node, "participant") {
        let address = world.address_of(&jid).ok_or(NOT_FOUND)?;
        if !group.members.contains_key(&address.number) {
            return Err(FORBIDDEN);
        }
        return Ok(Plan { deliveries: BTreeMap::from([(address, (jid, direct))]), hash: None });
    }
    let mut deliveries = BTreeMap::new();
    let mut jids = Vec::new();
    for number in group.members.keys() {
        let Some(account) = world.accounts.get(number) else {
            continue;
        };
        for device in account.devices.keys() {
            let jid = account.lid_jid(*device);
            jids.push(jid.clone());
            let address = DeviceAddress::new(number, *device);
            if address != *exchange.from {
                deliveries.insert(address, (jid, Vec::new()));
            }
        }
    }
    for (jid, payloads) in addressed(node) {
        if let Some(address) = world.address_of(&jid)
            && let Some((_, payload)) = deliveries.get_mut(&address)
        {
            payload.extend(payloads);
        }
    }
    for (_, payload) in deliveries.values_mut() {
        payload.extend(direct.iter().cloned());
    }
    deliveries.retain(|_, (_, payload)| !payload.is_empty());
    let hash = node.attrs.get("phash").and_then(|sent| {
        let hash = MessageUtils::participant_list_hash(&jids).ok()?;
        (*sent != hash).then_some(hash)
    });
    Ok(Plan { deliveries, hash })
}

/// A status or a broadcast: whoever is addressed gets it. A device is addressed with a key that it
/// lacks, a person whose devices have all they need by name alone.
fn plan_broadcast(exchange: &Exchange<'_>, node: &Node) -> Plan {
    let world = &exchange.world;
    let direct = payloads(node);
    let mut deliveries = BTreeMap::new();
    for (jid, mut payloads) in addressed(node) {
        if !payloads.is_empty() {
            payloads.extend(direct.iter().cloned());
            if let Some(address) = world.address_of(&jid) {
                deliveries.insert(address, (jid, payloads));
            }
        } else if let Some(account) = world.account_of(&jid) {
            for address in world.devices_of(&account.info.number) {
                let device = account.jid_like(&jid, address.device);
                deliveries.entry(address).or_insert_with(|| (device, direct.clone()));
            }
        }
    }
    deliveries.remove(exchange.from);
    Plan { deliveries, hash: None }
}

fn deliver(
    exchange: &mut Exchange<'_>,
    node: &Node,
    to: &Jid,
    deliveries: BTreeMap<DeviceAddress, (Jid, Vec<Node>)>,
) -> Result<(), Refused> {
    let sender = exchange.account().ok_or(UNAVAILABLE)?;
    let envelope = Envelope::new(exchange, sender, node, to);
    let mut stanzas = Vec::with_capacity(deliveries.len());
    let mut recipients = BTreeSet::new();
    for (address, (jid, payloads)) in deliveries {
        if address.number != exchange.from.number {
            if blocks(exchange.world, &address.number, &exchange.from.number) {
                continue;
            }
            recipients.insert(address.number.clone());
        }
        let is_own = address.number == exchange.from.number;
        let mut stanza = envelope.around(&jid, payloads, is_own);
        if !is_own && exchange.network.faults().hides_numbers(&address.number) {
            envelope.hide_number(&mut stanza);
        }
        stanzas.push((address, stanza));
    }
    for (address, stanza) in stanzas {
        exchange.world.queue(&address, &Arc::new(stanza));
    }
    for recipient in recipients {
        remember_contact(exchange.world, &recipient, &exchange.from.number);
    }
    Ok(())
}

/// What all copies of one message have in common.
struct Envelope {
    head: Vec<(&'static str, wacore_binary::NodeValue)>,
    chat: Jid,
    is_direct: bool,
    is_peer: bool,
    sender_number: Jid,
    sender_lid: Jid,
    recipient: Jid,
    peer_number: Option<Jid>,
    common: Vec<Node>,
    device_identity: Option<Node>,
}

impl Envelope {
    fn new(exchange: &Exchange<'_>, sender: &Account, node: &Node, to: &Jid) -> Self {
        let mut head = vec![("t", ambient::seconds().into()), ("notify", sender.push_name.as_str().into())];
        for key in ["id", "type", "category", "push_priority", "edit"] {
            if let Some(value) = node.attrs.get(key) {
                head.push((key, value.clone()));
            }
        }
        let not_passed_on = ["participants", "enc", "device-identity", "tctoken", "cstoken"];
        let device = exchange.from.device;
        Self {
            head,
            chat: to.clone(),
            is_direct: crate::account::is_person(to),
            is_peer: stanza::is(node, "category", "peer"),
            sender_number: sender.number_jid(device),
            sender_lid: sender.lid_jid(device),
            recipient: stanza::jid(node, "recipient").unwrap_or_else(|| to.to_non_ad()),
            peer_number: exchange
                .world
                .account_of(to)
                .filter(|_| to.server.is_lid_family())
                .map(|peer| peer.number_jid(0)),
            common: stanza::children(node)
                .iter()
                .filter(|child| !not_passed_on.contains(&child.tag.as_ref()))
                .cloned()
                .collect(),
            device_identity: node.get_optional_child("device-identity").cloned(),
        }
    }

    /// The copy for one device, which the sender addressed by `jid`.
    fn around(&self, jid: &Jid, payloads: Vec<Node>, is_own: bool) -> Node {
        let mut message = NodeBuilder::new("message");
        for (key, value) in &self.head {
            message = message.attr(key, value.clone());
        }
        if self.is_direct {
            // Devices of one account know each other by LID, whichever way the sender put it.
            message = if jid.server.is_lid_family() || self.is_peer {
                message.attr("from", &self.sender_lid).attr("sender_pn", self.sender_number.to_non_ad())
            } else {
                message.attr("from", &self.sender_number).attr("sender_lid", self.sender_lid.to_non_ad())
            };
            if is_own {
                message = message.attr("recipient", &self.recipient);
                if let Some(number) = &self.peer_number {
                    message = message.attr("peer_recipient_pn", number);
                }
            }
        } else {
            message = message
                .attr("from", &self.chat)
                .attr("participant", &self.sender_lid)
                .attr("participant_pn", &self.sender_number)
                .attr("addressing_mode", "lid");
        }
        let opens_session = payloads.iter().any(|payload| stanza::is(payload, "type", "pkmsg"));
        let mut children = payloads;
        children.extend(self.common.iter().cloned());
        if opens_session {
            children.extend(self.device_identity.clone());
        }
        message.children(children).build()
    }

    /// Leaves the hidden id alone of who sent it.
    fn hide_number(&self, stanza: &mut Node) {
        let told = ["sender_pn", "sender_lid", "participant_pn"];
        stanza.attrs.0.retain(|(name, _)| !told.iter().any(|it| name == it));
        if self.is_direct {
            stanza.attrs.insert("from", &self.sender_lid);
        }
    }
}

/// `<participants><to jid><enc/></to></participants>`
fn addressed(node: &Node) -> Vec<(Jid, Vec<Node>)> {
    stanza::grandchildren(node, "participants")
        .iter()
        .filter(|child| child.tag == "to")
        .filter_map(|child| Some((stanza::jid(child, "jid")?, payloads(child))))
        .collect()
}

fn payloads(node: &Node) -> Vec<Node> {
    node.get_children_by_tag("enc").cloned().collect()
}

/// Whether the account has blocked the other one.
pub(crate) fn blocks(world: &World, number: &str, other: &str) -> bool {
    world.accounts.get(number).is_some_and(|account| account.blocked.contains(other))
}

/// Whether the other account has written to this one before.
fn knows(world: &World, number: &str, other: &str) -> bool {
    world.accounts.get(number).is_some_and(|account| account.contacts.contains(other))
}

fn remember_contact(world: &mut World, number: &str, contact: &str) {
    let Some(account) = world.accounts.get_mut(number) else {
        return;
    };
    if account.contacts.len() < MOST_CONTACTS && account.contacts.insert(contact.to_owned()) {
        world.save_account(number);
    }
}
