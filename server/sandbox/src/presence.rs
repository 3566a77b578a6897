//! Who is there and who is typing. Nothing of it is kept, except that what somebody is typing is
//! shown to who comes back within moments.

use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use crate::account::Account;
use crate::ambient;
use crate::device::DeviceAddress;
use crate::message;
use crate::network::Exchange;
use crate::privacy_token;
use crate::stanza;
use crate::world::World;

/// Devices that may watch one account.
const MOST_WATCHERS: usize = 10_000;

/// `<presence type name/>`, `<presence type="subscribe" to/>`
pub(crate) fn receive(exchange: &mut Exchange<'_>, node: &Node) {
    match stanza::text(node, "type").as_str() {
        "subscribe" => subscribe(exchange, node),
        "unsubscribe" => unsubscribe(exchange, node),
        kind => {
            take_name(exchange, node);
            match kind {
                "available" => set_available(exchange.world, exchange.from, true),
                "unavailable" => set_available(exchange.world, exchange.from, false),
                _ => {}
            }
        }
    }
}

/// `<chatstate to><composing/></chatstate>`
pub(crate) fn receive_chat_state(exchange: &mut Exchange<'_>, node: &Node) {
    let Some(to) = stanza::jid(node, "to") else {
        return;
    };
    let Some(sender) = exchange.account() else {
        return;
    };
    let state = stanza::without(node.clone(), "to");
    if let Some(group) = exchange.world.groups.get(to.user.as_str()) {
        if group.role_of(&exchange.from.number).is_none() {
            return;
        }
        let mut state = state;
        state.attrs.insert("from", &to);
        state.attrs.insert("participant", sender.lid_jid(0));
        let members: Vec<String> =
            group.members.keys().filter(|number| **number != exchange.from.number).cloned().collect();
        for number in members {
            exchange.world.show_in_passing(&number, &state);
        }
    } else if let Some(recipient) = exchange.world.number_of(&to)
        && !message::blocks(exchange.world, recipient, &exchange.from.number)
    {
        let mut state = state;
        state.attrs.insert("from", sender.jid_like(&to, 0));
        let recipient = recipient.to_owned();
        exchange.world.show_in_passing(&recipient, &state);
    }
}

/// The device's link is gone, or the device itself is.
pub(crate) fn gone(world: &mut World, address: &DeviceAddress, was_available: bool) {
    if was_available {
        tell_of_change(world, &address.number, true);
    }
    for watchers in world.presence_watchers.values_mut() {
        watchers.remove(address);
    }
    world.presence_watchers.retain(|_, watchers| !watchers.is_empty());
}

fn subscribe(exchange: &mut Exchange<'_>, node: &Node) {
    let Some(to) = stanza::jid(node, "to") else {
        return;
    };
    let Some(watched) = exchange.world.account_of(&to) else {
        return;
    };
    let is_blocked = watched.blocked.contains(&exchange.from.number);
    if is_blocked || !privacy_token::admits(exchange.world, exchange.from, watched, Some(node)) {
        return;
    }
    let presence = presence_node(watched, &to);
    let number = watched.info.number.clone();
    let watchers = exchange.world.presence_watchers.entry(number).or_default();
    if watchers.len() < MOST_WATCHERS {
        watchers.insert(exchange.from.clone());
    }
    exchange.reply(presence);
}

fn unsubscribe(exchange: &mut Exchange<'_>, node: &Node) {
    if let Some(number) = stanza::jid(node, "to").and_then(|to| exchange.world.number_of(&to).map(str::to_owned))
        && let Some(watchers) = exchange.world.presence_watchers.get_mut(&number)
    {
        watchers.remove(exchange.from);
    }
}

/// A client announces its owner's name with its presence.
fn take_name(exchange: &mut Exchange<'_>, node: &Node) {
    let name: String = stanza::text(node, "name").chars().take(100).collect();
    let Some(account) = exchange.account_mut() else {
        return;
    };
    if !name.is_empty() && name != account.push_name {
        account.push_name = name;
        exchange.world.save_account(&exchange.from.number);
    }
}

fn set_available(world: &mut World, address: &DeviceAddress, is_available: bool) {
    let was_available = world.accounts.get(&address.number).is_some_and(Account::is_available);
    if let Some(device) = world.device_mut(address) {
        device.is_available = is_available;
    }
    tell_of_change(world, &address.number, was_available);
}

/// Tells the watchers, if the account came or went.
fn tell_of_change(world: &mut World, number: &str, was_available: bool) {
    let Some(account) = world.accounts.get_mut(number) else {
        return;
    };
    if account.is_available() == was_available {
        return;
    }
    if was_available {
        account.last_seen = Some(ambient::seconds());
    }
    let presence = presence_node(account, &account.number_jid(0));
    let Some(watchers) = world.presence_watchers.get(number) else {
        return;
    };
    for watcher in watchers {
        if let Some(link) = world.link_of(watcher) {
            link.send(presence.clone());
        }
    }
}

/// `<presence from type last/>` in the JID space in which it was asked for.
fn presence_node(account: &Account, asked: &wacore_binary::Jid) -> Node {
    let node = NodeBuilder::new("presence").attr("from", account.jid_like(asked, 0));
    if account.is_available() {
        return node.attr("type", "available").build();
    }
    let node = node.attr("type", "unavailable");
    match account.last_seen {
        Some(last_seen) if account.privacy.get("last").is_none_or(|who| who == "all") => {
            node.attr("last", last_seen).build()
        }
        Some(_) => node.attr("last", "deny").build(),
        None => node.build(),
    }
}
