//! The state behind the network: accounts, groups, who is linking. Handlers borrow it for the time
//! of one stanza; whatever must outlive the process is written to the journal as it changes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde::Serialize;
use tokio::sync::watch;
use tokio::time::Instant;
use wacore_binary::{Jid, Node, Server};

use crate::account::{Account, AccountRecord};
use crate::ambient;
use crate::device::{Device, DeviceAddress, DeviceRecord, OneTimePreKey, Queued};
use crate::group::Group;
use crate::journal::{Journal, JournalError};
use crate::link::Link;
use crate::linking::LinkingDesk;
use crate::newsletter::{MOST_POSTS, Newsletter, Post};

const ACCOUNT: &str = "account";
const DEVICE: &str = "device";
const PREKEY: &str = "prekey";
const QUEUED: &str = "queued";
const PATCH: &str = "patch";
const GROUP: &str = "group";
const NEWSLETTER: &str = "newsletter";
const POST: &str = "newsletter-post";

pub(crate) struct World {
    pub(crate) journal: Journal,
    pub(crate) accounts: BTreeMap<String, Account>,
    numbers_by_lid: HashMap<String, String>,
    pub(crate) groups: BTreeMap<String, Group>,
    pub(crate) newsletters: BTreeMap<String, Newsletter>,
    pub(crate) desk: LinkingDesk,
    /// Who watches whose presence: watched number → devices.
    pub(crate) presence_watchers: HashMap<String, BTreeSet<DeviceAddress>>,
    /// Who watches which channel live, and until when.
    pub(crate) newsletter_watchers: HashMap<String, BTreeMap<DeviceAddress, Instant>>,
    /// Rings when a stanza was acknowledged.
    pub(crate) acknowledged: watch::Sender<u64>,
    /// Ids of this run start with this, so that no two runs give the same one.
    run: u64,
    next_id: u64,
}

impl World {
    /// The world as the journal remembers it.
    pub(crate) fn load(journal: Journal, desk: LinkingDesk) -> Result<Self, JournalError> {
        let mut world = Self {
            journal: journal.clone(),
            accounts: BTreeMap::new(),
            numbers_by_lid: HashMap::new(),
            groups: BTreeMap::new(),
            newsletters: BTreeMap::new(),
            desk,
            presence_watchers: HashMap::new(),
            newsletter_watchers: HashMap::new(),
            acknowledged: watch::Sender::new(0),
            run: ambient::seconds(),
            next_id: 0,
        };
        for record in read::<AccountRecord>(&journal, ACCOUNT)? {
            if let Some(account) = Account::from_record(record.1) {
                world.admit(account);
            }
        }
        for (key, record) in read::<DeviceRecord>(&journal, DEVICE)? {
            if let Some((address, _)) = parse_key(&key)
                && let Some(account) = world.accounts.get_mut(&address.number)
            {
                account.devices.insert(address.device, Device::new(record));
            }
        }
        for (key, value) in journal.load(PREKEY)? {
            if let Some((address, Some(id))) = parse_key(&key)
                && let Ok(value) = value.try_into()
                && let Some(device) = world.device_mut(&address)
            {
                let id = id as u32;
                device.prekeys.push_back(OneTimePreKey { id, value });
            }
        }
        for (key, value) in journal.load(QUEUED)? {
            if let Some((address, Some(number))) = parse_key(&key)
                && let Some(node) = unpack(&value)
                && let Some(device) = world.device_mut(&address)
            {
                let node = Arc::new(node);
                device.enqueue(Queued { number, node });
            }
        }
        for (key, value) in journal.load(PATCH)? {
            if let Some((account, name)) = key
                .split_once('/')
                .and_then(|(number, rest)| Some((number, rest.split_once('/')?.0)))
                .and_then(|(number, name)| Some((world.accounts.get_mut(number)?, name)))
            {
                let patches = account.collections.entry(name.to_owned()).or_default();
                patches.push(value);
            }
        }
        for (id, group) in read::<Group>(&journal, GROUP)? {
            world.groups.insert(id, group);
        }
        for (id, newsletter) in read::<Newsletter>(&journal, NEWSLETTER)? {
            world.newsletters.insert(id, newsletter);
        }
        for (key, post) in read::<Post>(&journal, POST)? {
            if let Some((id, _)) = key.split_once('/')
                && let Some(newsletter) = world.newsletters.get_mut(id)
            {
                newsletter.posts.insert(post.server_id, post);
            }
        }
        Ok(world)
    }

    /// An id that no other stanza has.
    pub(crate) fn new_id(&mut self) -> String {
        self.next_id += 1;
        format!("{}-{}", self.run, self.next_id)
    }

    pub(crate) fn new_link_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// Takes a new account in.
    pub(crate) fn admit(&mut self, account: Account) {
        let number = account.info.number.clone();
        self.numbers_by_lid.insert(account.info.lid.clone(), number.clone());
        self.accounts.insert(number, account);
    }

    pub(crate) fn is_lid_taken(&self, lid: &str) -> bool {
        self.numbers_by_lid.contains_key(lid)
    }

    /// The number of the account that a JID names, in whichever space.
    pub(crate) fn number_of(&self, jid: &Jid) -> Option<&str> {
        let user = jid.user.as_str();
        match jid.server {
            Server::Lid | Server::HostedLid => self.numbers_by_lid.get(user).map(String::as_str),
            Server::Pn | Server::Hosted | Server::Legacy => {
                self.accounts.get_key_value(user).map(|(number, _)| number.as_str())
            }
            _ => None,
        }
    }

    /// The device that a JID names, if there is such an account (the device may be gone).
    pub(crate) fn address_of(&self, jid: &Jid) -> Option<DeviceAddress> {
        let number = self.number_of(jid)?;
        Some(DeviceAddress::new(number, jid.device))
    }

    pub(crate) fn account_of(&self, jid: &Jid) -> Option<&Account> {
        self.accounts.get(self.number_of(jid)?)
    }

    pub(crate) fn device(&self, address: &DeviceAddress) -> Option<&Device> {
        self.accounts.get(&address.number)?.devices.get(&address.device)
    }

    pub(crate) fn device_mut(&mut self, address: &DeviceAddress) -> Option<&mut Device> {
        self.accounts.get_mut(&address.number)?.devices.get_mut(&address.device)
    }

    /// The devices of an account, the phone first.
    pub(crate) fn devices_of(&self, number: &str) -> Vec<DeviceAddress> {
        self.accounts
            .get(number)
            .map(|account| account.devices.keys().map(|device| DeviceAddress::new(number, *device)).collect())
            .unwrap_or_default()
    }

    /// Queues a stanza until the device acknowledges it, and writes it when the device is there.
    pub(crate) fn queue(&mut self, to: &DeviceAddress, node: &Arc<Node>) {
        let journal = self.journal.clone();
        let Some(device) = self.device_mut(to) else {
            return;
        };
        if device.is_queue_full()
            && let Some(dropped) = device.drop_oldest()
        {
            tracing::warn!(device = %to, "a queue is full; its oldest stanza is dropped");
            journal.delete(QUEUED, &key(to, dropped.number));
        }
        let number = device.take_number();
        if let Some(bytes) = pack(node) {
            journal.put(QUEUED, &key(to, number), &bytes);
        }
        device.enqueue(Queued { number, node: node.clone() });
    }

    /// Queues a stanza for every device of an account but one.
    pub(crate) fn queue_for_account(&mut self, number: &str, node: Node, except: Option<&DeviceAddress>) {
        let node = Arc::new(node);
        for address in self.devices_of(number) {
            if Some(&address) != except {
                self.queue(&address, &node);
            }
        }
    }

    /// Shows the account's devices something that matters only now; who comes back within moments
    /// still sees it.
    pub(crate) fn show_in_passing(&mut self, number: &str, node: &Node) {
        let Some(account) = self.accounts.get_mut(number) else {
            return;
        };
        let node = Arc::new(node.clone());
        for device in account.devices.values_mut() {
            device.passing.show(&node, ambient::now());
            device.write_passing();
        }
    }

    /// The client has acknowledged stanzas of its queue.
    pub(crate) fn acknowledge(&mut self, by: &DeviceAddress, is_meant: impl Fn(&Node) -> bool) {
        let Some(device) = self.device_mut(by) else {
            return;
        };
        let keys: Vec<String> = device.acknowledge(is_meant).into_iter().map(|number| key(by, number)).collect();
        self.journal.delete_all(QUEUED, keys.iter().map(String::as_str));
        self.acknowledged.send_modify(|count| *count += keys.len() as u64);
    }

    /// Forgets the messages that wait for a device.
    pub(crate) fn lose_messages(&mut self, of: &DeviceAddress) {
        let Some(device) = self.device_mut(of) else {
            return;
        };
        let keys: Vec<String> = device.lose_messages().into_iter().map(|number| key(of, number)).collect();
        self.journal.delete_all(QUEUED, keys.iter().map(String::as_str));
        self.acknowledged.send_modify(|count| *count += keys.len() as u64);
    }

    pub(crate) fn add_prekeys(&mut self, of: &DeviceAddress, keys: Vec<OneTimePreKey>) {
        let records: Vec<(String, [u8; 32])> =
            keys.iter().map(|prekey| (key(of, u64::from(prekey.id)), prekey.value)).collect();
        let Some(device) = self.device_mut(of) else {
            return;
        };
        for prekey in keys {
            device.prekeys.retain(|known| known.id != prekey.id);
            device.prekeys.push_back(prekey);
        }
        self.journal.put_all(PREKEY, records.iter().map(|(key, value)| (key.as_str(), value.as_slice())));
    }

    /// Hands a one-time pre-key out; no key is handed out twice.
    pub(crate) fn take_prekey(&mut self, of: &DeviceAddress) -> Option<OneTimePreKey> {
        let prekey = self.device_mut(of)?.prekeys.pop_front()?;
        self.journal.delete(PREKEY, &key(of, u64::from(prekey.id)));
        Some(prekey)
    }

    /// Adds a patch to a collection; its version is then how many patches there are.
    pub(crate) fn add_patch(&mut self, number: &str, collection: &str, patch: Vec<u8>) {
        let Some(account) = self.accounts.get_mut(number) else {
            return;
        };
        let patches = account.collections.entry(collection.to_owned()).or_default();
        let version = patches.len() as u64 + 1;
        self.journal.put(PATCH, &format!("{number}/{collection}/{version:020}"), &patch);
        patches.push(patch);
    }

    pub(crate) fn save_account(&self, number: &str) {
        if let Some(account) = self.accounts.get(number) {
            self.save(ACCOUNT, number, &account.record());
        }
    }

    pub(crate) fn save_device(&self, address: &DeviceAddress) {
        // The phone's record follows from its account's keys.
        if address.device != 0
            && let Some(device) = self.device(address)
        {
            self.save(DEVICE, &device_key(address), &device.record);
        }
    }

    pub(crate) fn save_group(&self, id: &str) {
        match self.groups.get(id) {
            Some(group) => self.save(GROUP, id, group),
            None => self.journal.delete(GROUP, id),
        }
    }

    /// Stores a channel without its posts, or forgets it with all of them.
    pub(crate) fn save_newsletter(&self, id: &str) {
        match self.newsletters.get(id) {
            Some(newsletter) => self.save(NEWSLETTER, id, newsletter),
            None => self.journal.delete(NEWSLETTER, id),
        }
    }

    pub(crate) fn save_post(&self, newsletter: &str, server_id: u64) {
        match self.newsletters.get(newsletter).and_then(|newsletter| newsletter.posts.get(&server_id)) {
            Some(post) => self.save(POST, &post_key(newsletter, server_id), post),
            None => self.journal.delete(POST, &post_key(newsletter, server_id)),
        }
    }

    pub(crate) fn forget_oldest_post(&mut self, newsletter: &str) {
        let Some(known) = self.newsletters.get_mut(newsletter).filter(|known| known.posts.len() > MOST_POSTS) else {
            return;
        };
        if let Some((server_id, _)) = known.posts.pop_first() {
            self.save_post(newsletter, server_id);
        }
    }

    /// Forgets a channel and everything in it.
    pub(crate) fn remove_newsletter(&mut self, id: &str) -> Option<Newsletter> {
        let removed = self.newsletters.remove(id)?;
        self.newsletter_watchers.remove(id);
        self.save_newsletter(id);
        let keys: Vec<String> = removed.posts.keys().map(|server_id| post_key(id, *server_id)).collect();
        self.journal.delete_all(POST, keys.iter().map(String::as_str));
        Some(removed)
    }

    /// Forgets a device and everything that waits for it.
    pub(crate) fn remove_device(&mut self, address: &DeviceAddress) -> Option<Device> {
        let account = self.accounts.get_mut(&address.number)?;
        let mut device = account.devices.remove(&address.device)?;
        account.key_index_list = None;
        self.journal.delete(DEVICE, &device_key(address));
        let keys: Vec<String> = device.prekeys.iter().map(|prekey| key(address, u64::from(prekey.id))).collect();
        self.journal.delete_all(PREKEY, keys.iter().map(String::as_str));
        while let Some(queued) = device.drop_oldest() {
            self.journal.delete(QUEUED, &key(address, queued.number));
        }
        for watchers in self.presence_watchers.values_mut() {
            watchers.remove(address);
        }
        for watchers in self.newsletter_watchers.values_mut() {
            watchers.remove(address);
        }
        Some(device)
    }

    /// The live link of a device.
    pub(crate) fn link_of(&self, address: &DeviceAddress) -> Option<&Link> {
        self.device(address)?.link.as_ref()
    }

    fn save(&self, kind: &str, key: &str, record: &impl Serialize) {
        match serde_json::to_vec(record) {
            Ok(bytes) => self.journal.put(kind, key, &bytes),
            Err(error) => {
                tracing::error!(record.kind = kind, %error, "a record cannot be written");
            }
        }
    }
}

fn read<T: serde::de::DeserializeOwned>(journal: &Journal, kind: &str) -> Result<Vec<(String, T)>, JournalError> {
    let mut records = Vec::new();
    for (key, value) in journal.load(kind)? {
        match serde_json::from_slice(&value) {
            Ok(record) => records.push((key, record)),
            Err(error) => {
                tracing::warn!(record.kind = kind, record.key = key, %error, "a record of the journal cannot be read and is left out");
            }
        }
    }
    Ok(records)
}

fn device_key(address: &DeviceAddress) -> String {
    format!("{}/{}", address.number, address.device)
}

/// Numbers are padded, so that the journal gives them back in order.
fn key(address: &DeviceAddress, number: u64) -> String {
    format!("{}/{}/{number:020}", address.number, address.device)
}

fn post_key(newsletter: &str, server_id: u64) -> String {
    format!("{newsletter}/{server_id:020}")
}

fn parse_key(key: &str) -> Option<(DeviceAddress, Option<u64>)> {
    let mut parts = key.split('/');
    let address = DeviceAddress::new(parts.next()?, parts.next()?.parse().ok()?);
    Some((address, parts.next().and_then(|part| part.parse().ok())))
}

fn pack(node: &Node) -> Option<Vec<u8>> {
    wacore_binary::marshal::marshal(node)
        .inspect_err(|error| tracing::error!(%error, "a stanza cannot be written"))
        .ok()
}

fn unpack(bytes: &[u8]) -> Option<Node> {
    let unpacked = wacore_binary::util::unpack(bytes).ok()?;
    let node = wacore_binary::marshal::unmarshal_ref(&unpacked).ok()?;
    Some(node.to_owned())
}
