//! Who is told which devices an account has: its own devices, and everybody who asked for them.

use buffa::Message as _;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;
use waproto::whatsapp as wa;

use crate::account::{Account, sign};
use crate::ambient;
use crate::device::DeviceAddress;
use crate::stanza;
use crate::world::World;

/// Accounts that are told of another one's devices; who comes later asks again by itself.
const MOST_WATCHERS: usize = 10_000;

/// What has happened to a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Added,
    Removed,
}

/// The device was linked or unlinked: everybody concerned is told.
pub(crate) fn tell_of_change(world: &mut World, address: &DeviceAddress, change: Change) {
    tell_own_devices(world, &address.number, Some(address));
    let Some(account) = world.accounts.get_mut(&address.number) else {
        return;
    };
    let key_index_list = key_index_list(account);
    let tag = match change {
        Change::Added => "add",
        Change::Removed => "remove",
    };
    let operation = NodeBuilder::new(tag)
        .children([
            device_node(account, address.device).attr("lid", account.lid_jid(address.device)).build(),
            key_index_list,
        ])
        .build();
    let (from, lid) = (account.number_jid(0), account.lid_jid(0));
    let watchers: Vec<String> = account.watchers.iter().cloned().collect();
    for watcher in watchers {
        let id = world.new_id();
        let notification = stanza::notification("devices", from.clone(), id)
            .attr("lid", lid.clone())
            .children([operation.clone()])
            .build();
        world.queue_for_account(&watcher, notification, None);
    }
}

/// Tells the account's own devices, the phone among them, which devices there are.
pub(crate) fn tell_own_devices(world: &mut World, number: &str, except: Option<&DeviceAddress>) {
    let id = world.new_id();
    if let Some(account) = world.accounts.get(number) {
        let notification = own_devices(account, id);
        world.queue_for_account(number, notification, except);
    }
}

/// Tells the phone alone; a device that is active for the first time is served by it.
pub(crate) fn tell_phone(world: &mut World, number: &str) {
    let id = world.new_id();
    if let Some(account) = world.accounts.get(number) {
        let notification = std::sync::Arc::new(own_devices(account, id));
        world.queue(&DeviceAddress::new(number, 0), &notification);
    }
}

/// Remembers who asked for an account's devices.
pub(crate) fn watch(world: &mut World, watched: &str, watcher: &str) {
    if watched == watcher {
        return;
    }
    let Some(account) = world.accounts.get_mut(watched) else {
        return;
    };
    if account.watchers.len() < MOST_WATCHERS && account.watchers.insert(watcher.to_owned()) {
        world.save_account(watched);
    }
}

/// `<device-list>` of the account and the signed list of the keys that count.
pub(crate) fn devices_node(account: &mut Account) -> Node {
    let list = account.devices.iter().map(|(id, device)| {
        let mut node = NodeBuilder::new("device").attr("id", *id);
        if *id != 0 {
            node = node.attr("key-index", device.record.key_index);
        }
        node.build()
    });
    let list = NodeBuilder::new("device-list").children(list).build();
    let key_index_list = key_index_list(account);
    NodeBuilder::new("devices").children([list, key_index_list]).build()
}

fn own_devices(account: &Account, id: String) -> Node {
    let devices = account.devices.keys().map(|device| device_node(account, *device).build());
    stanza::notification("account_sync", account.number_jid(0), id)
        .children([NodeBuilder::new("devices").children(devices).build()])
        .build()
}

fn device_node(account: &Account, device: u16) -> NodeBuilder {
    let mut node = NodeBuilder::new("device").attr("jid", account.number_jid(device));
    if device != 0 {
        // A removed device's index was its id, as every device's is.
        let key_index = account.devices.get(&device).map_or(u32::from(device), |device| device.record.key_index);
        node = node.attr("key-index", key_index);
    }
    node
}

/// `<key-index-list ts>` around the signed list, made once for each change of the devices.
fn key_index_list(account: &mut Account) -> Node {
    let (timestamp, signed) = match account.key_index_list.take() {
        Some(list) => list,
        None => sign_key_index_list(account),
    };
    let node = NodeBuilder::new("key-index-list").attr("ts", timestamp).bytes(signed.as_slice()).build();
    account.key_index_list = Some((timestamp, signed));
    node
}

fn sign_key_index_list(account: &Account) -> (u64, Vec<u8>) {
    let timestamp = ambient::seconds();
    let details = wa::ADVKeyIndexList {
        raw_id: Some(account.raw_id),
        timestamp: Some(timestamp),
        current_index: Some(u32::from(account.next_device.saturating_sub(1))),
        valid_indexes: account.devices.values().map(|device| device.record.key_index).collect(),
        ..Default::default()
    }
    .encode_to_vec();
    let message = [&[6, 2][..], &details].concat();
    let signed = wa::ADVSignedKeyIndexList {
        details: Some(details),
        account_signature: Some(sign(&account.keys.identity, &message).to_vec()),
        account_signature_key: Some(account.keys.public_identity().to_vec()),
    }
    .encode_to_vec();
    (timestamp, signed)
}
