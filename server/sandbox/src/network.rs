//! The network from outside: accounts are made, phones come on line, people scan codes, clients
//! connect.
//!
//! A phone is a client like any other, except that it runs in this process and is trusted: it
//! exchanges the same stanzas through a [`PrimaryLink`] instead of a socket. It uploads its one-time
//! pre-keys, asks for others' devices and keys, sends `<message>` with `<participants>`, and
//! acknowledges what it gets with `<receipt>` or `<ack>`; until it does, a stanza waits for it.
//!
//! A phone learns of the account's linked devices by
//! `<notification type="account_sync"><devices><device jid key-index/>…</devices></notification>`,
//! sent whenever the list changes and when a new device is active for the first time: that is the
//! moment to share the app-state keys and the history with every device not yet served.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;
use wacore_binary::Node;

use crate::account::{Account, AccountInfo, PrimaryKeys};
use crate::ambient;
use crate::business::Business;
use crate::device::{DeviceAddress, DeviceInfo};
use crate::fault::Faults;
use crate::iq;
use crate::journal::{Journal, JournalError};
use crate::link::Link;
use crate::linking::{self, LinkError, LinkingDesk};
use crate::login;
use crate::newsletter::{Follower, Role};
use crate::pki::Pki;
use crate::presence;
use crate::privacy_token;
use crate::world::World;
use crate::{call, media_retry, message, receipt};

pub use crate::primary_link::PrimaryLink;

/// Accounts a network may have.
const MOST_ACCOUNTS: usize = 100_000;

/// The first number given to an account that was made without one.
const FIRST_NUMBER: u64 = 15_550_000_001;

/// How a network behaves.
#[derive(Clone)]
pub struct Settings {
    /// Host and port of the media host, without a scheme; see [`Network::set_media_host`].
    pub media_host: String,
    /// How long the first QR code of a client counts, and each one after it.
    pub ref_lifetimes: (Duration, Duration),
    /// How many QR codes a client is given before it is sent away.
    pub refs: usize,
    /// How long a client may stay silent before its link is taken for dead.
    pub silence: Duration,
    /// Where the network remembers what must outlive the process.
    pub journal: Journal,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            media_host: String::new(),
            ref_lifetimes: (Duration::from_secs(60), Duration::from_secs(20)),
            refs: 6,
            silence: Duration::from_secs(180),
            journal: Journal::in_memory(),
        }
    }
}

/// Why an account or a device cannot be made or found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    #[error("the number {0} is taken. Choose another one, or leave it out to be given one.")]
    NumberTaken(String),
    #[error("{0:?} is not a number. Give 7 to 15 digits, country code first, without a plus.")]
    NumberInvalid(String),
    #[error("a name has 1 to 100 characters")]
    NameInvalid,
    #[error("the network has {MOST_ACCOUNTS} accounts and takes no more")]
    TooManyAccounts,
    #[error("there is no account with the number {0}")]
    NoSuchAccount(String),
    #[error("the account {0} has no linked device {1}. The list of its devices shows which it has.")]
    NoSuchDevice(String, u16),
    #[error("there is no channel {0}. Write `<id>@newsletter`.")]
    NoSuchChannel(String),
}

/// A WhatsApp network. Cheap to clone.
#[derive(Clone)]
pub struct Network {
    inner: Arc<Inner>,
}

struct Inner {
    world: Mutex<World>,
    settings: Settings,
    media_host: Mutex<String>,
    pki: Pki,
    faults: Faults,
    handshakes: Mutex<Handshakes>,
}

/// What contact tokens are made with, on its way to an account's clients.
pub(crate) struct ContactSalt {
    pub(crate) bytes: Vec<u8>,
    pub(crate) with_history: bool,
    pub(crate) with_app_state: bool,
}

/// How clients came in so far, counted since the network started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Handshakes {
    /// By a client that knew nothing of the server (XX).
    pub full: u64,
    /// In one round trip, by a client that knew the server's key (IK).
    pub resumed: u64,
    /// By a client whose key of the server was out of date (XXfallback).
    pub fallback: u64,
}

impl Network {
    /// The network that the journal remembers, or an empty one.
    pub fn new(settings: Settings) -> Result<Self, JournalError> {
        let desk = LinkingDesk::new(settings.ref_lifetimes, settings.refs);
        Ok(Self {
            inner: Arc::new(Inner {
                pki: Pki::load(&settings.journal)?,
                world: Mutex::new(World::load(settings.journal.clone(), desk)?),
                media_host: Mutex::new(settings.media_host.clone()),
                settings,
                faults: Faults::default(),
                handshakes: Mutex::default(),
            }),
        })
    }

    /// Makes an account. Its phone holds the same keys and comes on line by
    /// [`attach_primary`](Self::attach_primary).
    pub fn create_account(
        &self,
        name: &str,
        number: Option<&str>,
        keys: PrimaryKeys,
    ) -> Result<AccountInfo, NetworkError> {
        if name.trim().is_empty() || name.chars().count() > 100 {
            return Err(NetworkError::NameInvalid);
        }
        let mut world = self.world();
        if world.accounts.len() >= MOST_ACCOUNTS {
            return Err(NetworkError::TooManyAccounts);
        }
        let number = match number {
            Some(number) => {
                if !(7..=15).contains(&number.len()) || !number.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(NetworkError::NumberInvalid(number.to_owned()));
                }
                if world.accounts.contains_key(number) {
                    return Err(NetworkError::NumberTaken(number.to_owned()));
                }
                number.to_owned()
            }
            None => free_number(&world),
        };
        let info =
            AccountInfo { id: Uuid::new_v4(), name: name.to_owned(), lid: free_lid(&world), number: number.clone() };
        world.admit(Account::new(info.clone(), keys));
        world.save_account(&number);
        Ok(info)
    }

    pub fn account_by_id(&self, id: Uuid) -> Option<AccountInfo> {
        self.find(|info| info.id == id)
    }

    pub fn account_by_number(&self, number: &str) -> Option<AccountInfo> {
        let world = self.world();
        world.accounts.get(number).map(|account| account.info.clone())
    }

    pub fn account_by_name(&self, name: &str) -> Option<AccountInfo> {
        self.find(|info| info.name == name)
    }

    /// The account a JID user belongs to, whether a number or a LID.
    pub fn account_by_lid(&self, lid: &str) -> Option<AccountInfo> {
        self.find(|info| info.lid == lid)
    }

    /// Every account, in the order of their numbers.
    pub fn accounts(&self) -> Vec<AccountInfo> {
        let world = self.world();
        world.accounts.values().map(|account| account.info.clone()).collect()
    }

    /// The keys of an account's phone.
    pub fn primary_keys(&self, number: &str) -> Option<PrimaryKeys> {
        let world = self.world();
        world.accounts.get(number).map(|account| account.keys.clone())
    }

    /// What an account's clients make their contact tokens with, and by which ways its phone is to
    /// tell them.
    pub(crate) fn contact_salt(&self, number: &str) -> Option<ContactSalt> {
        let world = self.world();
        let account = world.accounts.get(number)?;
        Some(ContactSalt {
            bytes: privacy_token::contact_salt(account),
            with_history: account.scenario.salt_by_history,
            with_app_state: account.scenario.salt_by_app_state,
        })
    }

    /// Puts the account's phone on line. What waited for it comes first, marked `offline="1"`.
    /// An earlier link of the same phone ends.
    pub fn attach_primary(&self, number: &str) -> Result<PrimaryLink, NetworkError> {
        let mut world = self.world();
        let id = world.new_link_id();
        let address = DeviceAddress::new(number, 0);
        let device = world.device_mut(&address).ok_or_else(|| NetworkError::NoSuchAccount(number.to_owned()))?;
        let (link, reader) = Link::new(id);
        if let Some(old) = device.link.replace(link.clone()) {
            old.cut();
        }
        device.deactivate();
        device.activate();
        device.write_queue();
        drop(world);
        Ok(PrimaryLink::new(self.clone(), address, link, reader))
    }

    /// The person scans a QR code with the phone of this account.
    pub fn scan(&self, number: &str, qr: &str) -> Result<(), LinkError> {
        linking::scan(&mut self.world(), number, qr)
    }

    /// The name that the client behind a QR code announces, when it announces one.
    pub fn linking_name(&self, qr: &str) -> Option<String> {
        linking::announced_name(&self.world(), qr)
    }

    /// The person types the eight characters that a client shows into the phone of this account.
    pub fn enter_pairing_code(&self, number: &str, code: &str) -> Result<(), LinkError> {
        linking::enter_pairing_code(self, number, code)
    }

    /// The account's devices, the phone first; none when there is no such account.
    pub fn devices(&self, number: &str) -> Vec<DeviceInfo> {
        let world = self.world();
        world
            .accounts
            .get(number)
            .map(|account| account.devices.iter().map(|(id, device)| device.info(*id)).collect())
            .unwrap_or_default()
    }

    /// Waits until a device has acknowledged everything that was queued for it. Waits for good
    /// when the device is away, and not at all when it is none.
    pub async fn drained(&self, number: &str, device: u16) {
        let address = DeviceAddress::new(number, device);
        let mut acknowledged = self.world().acknowledged.subscribe();
        loop {
            let is_drained = self.world().device(&address).is_none_or(|device| device.info(0).queued == 0);
            if is_drained || acknowledged.changed().await.is_err() {
                return;
            }
        }
    }

    /// Unlinks a device: a live client is told and sent away, later logins are refused for good.
    pub fn unlink(&self, number: &str, device: u16) -> Result<(), NetworkError> {
        let address = DeviceAddress::new(number, device);
        if device == 0 || !login::unlink(&mut self.world(), &address) {
            return Err(NetworkError::NoSuchDevice(number.to_owned(), device));
        }
        Ok(())
    }

    /// Makes the account a business that shows this of itself, or an ordinary account again.
    pub fn set_business(&self, number: &str, business: Option<Business>) -> Result<(), NetworkError> {
        let mut world = self.world();
        let account = world.accounts.get_mut(number).ok_or_else(|| NetworkError::NoSuchAccount(number.to_owned()))?;
        account.business = business;
        world.save_account(number);
        Ok(())
    }

    /// Makes the account an admin of a channel, and a follower of it: as if its owner had asked and the account agreed.
    pub fn make_channel_admin(&self, number: &str, channel: &str) -> Result<(), NetworkError> {
        let mut world = self.world();
        if !world.accounts.contains_key(number) {
            return Err(NetworkError::NoSuchAccount(number.to_owned()));
        }
        let unknown = || NetworkError::NoSuchChannel(channel.to_owned());
        let id = channel.strip_suffix("@newsletter").ok_or_else(unknown)?;
        let newsletter = world.newsletters.get_mut(id).ok_or_else(unknown)?;
        let new = || Follower { role: Role::Follower, since: ambient::seconds(), muted: BTreeSet::new() };
        let follower = newsletter.followers.entry(number.to_owned()).or_insert_with(new);
        follower.role = follower.role.max(Role::Admin);
        world.save_newsletter(id);
        Ok(())
    }

    /// A profile picture, served by the media host at `/pps/{id}`.
    pub fn picture(&self, id: &str) -> Option<Bytes> {
        let world = self.world();
        let of_people = world.accounts.values().filter_map(|account| account.picture.as_ref());
        let of_groups = world.groups.values().filter_map(|group| group.picture.as_ref());
        let of_channels = world.newsletters.values().filter_map(|newsletter| newsletter.picture.as_ref());
        of_people
            .chain(of_groups)
            .chain(of_channels)
            .find(|picture| picture.id == id)
            .map(|picture| Bytes::copy_from_slice(&picture.bytes))
    }

    /// What goes wrong on demand.
    pub fn faults(&self) -> &Faults {
        &self.inner.faults
    }

    /// Where the network remembers; phones keep their own records in it under kinds of their own.
    pub fn journal(&self) -> &Journal {
        &self.inner.settings.journal
    }

    /// Host and port where clients reach media, without a scheme.
    pub fn media_host(&self) -> String {
        lock(&self.inner.media_host).clone()
    }

    pub fn set_media_host(&self, host: &str) {
        host.clone_into(&mut lock(&self.inner.media_host));
    }

    /// The public half of the key that signs the network's certificates.
    pub fn root_key(&self) -> [u8; 32] {
        self.inner.pki.root_key()
    }

    /// How clients came in so far.
    pub fn handshakes(&self) -> Handshakes {
        *lock(&self.inner.handshakes)
    }

    /// Ends every link and lets go of the state folder, so that another network may use it. What
    /// this one is asked afterwards is not remembered.
    pub fn close(&self) {
        let world = self.world();
        let devices = world.accounts.values().flat_map(|account| account.devices.values());
        for link in devices.filter_map(|device| device.link.as_ref()) {
            link.cut();
        }
        self.journal().close();
    }

    pub(crate) fn count_handshake(&self, count: impl FnOnce(&mut Handshakes)) {
        count(&mut lock(&self.inner.handshakes));
    }

    pub(crate) fn pki(&self) -> &Pki {
        &self.inner.pki
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.inner.world)
    }

    /// A stanza from a device that is logged in.
    pub(crate) fn receive(&self, from: &DeviceAddress, link: &Link, node: Node) {
        let mut world = self.world();
        // A client that was unlinked or replaced has nothing more to say.
        if !world.device(from).is_some_and(|device| device.is_linked_by(link)) {
            return;
        }
        let mut exchange = Exchange { network: self, world: &mut world, from, link };
        match node.tag.as_ref() {
            "iq" => iq::receive(&mut exchange, &node),
            "message" => message::receive(&mut exchange, &node),
            "receipt" => receipt::receive(&mut exchange, &node),
            "ack" => receipt::receive_ack(&mut exchange, &node),
            "presence" => presence::receive(&mut exchange, &node),
            "chatstate" => presence::receive_chat_state(&mut exchange, &node),
            "call" => call::receive(&mut exchange, &node),
            "notification" => media_retry::receive(&mut exchange, &node),
            "ib" => {}
            tag => tracing::debug!(device = %from, stanza.tag = tag, "a stanza nobody here reads"),
        }
    }

    /// The device's link is gone.
    pub(crate) fn detach(&self, address: &DeviceAddress, link: &Link) {
        let mut world = self.world();
        let Some(device) = world.device_mut(address) else {
            return;
        };
        if device.is_linked_by(link) {
            let was_available = device.is_available;
            device.link = None;
            device.deactivate();
            presence::gone(&mut world, address, was_available);
        }
    }

    fn find(&self, is_meant: impl Fn(&AccountInfo) -> bool) -> Option<AccountInfo> {
        let world = self.world();
        world.accounts.values().map(|account| &account.info).find(|info| is_meant(info)).cloned()
    }
}

/// One stanza in hand: who sent it, over which link, and the state it may change.
pub(crate) struct Exchange<'a> {
    pub(crate) network: &'a Network,
    pub(crate) world: &'a mut World,
    pub(crate) from: &'a DeviceAddress,
    pub(crate) link: &'a Link,
}

impl Exchange<'_> {
    /// The sender's account. It was there when the stanza came in and nothing removes accounts.
    pub(crate) fn account(&self) -> Option<&Account> {
        self.world.accounts.get(&self.from.number)
    }

    pub(crate) fn account_mut(&mut self) -> Option<&mut Account> {
        self.world.accounts.get_mut(&self.from.number)
    }

    pub(crate) fn reply(&self, node: Node) {
        self.link.send(node);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A handler that panicked has left at most one stanza half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn free_number(world: &World) -> String {
    let mut number = FIRST_NUMBER + world.accounts.len() as u64;
    while world.accounts.contains_key(&number.to_string()) {
        number += 1;
    }
    number.to_string()
}

fn free_lid(world: &World) -> String {
    loop {
        let random = u64::from_be_bytes(ambient::random_bytes());
        let lid = (100_000_000_000_000 + random % 900_000_000_000_000).to_string();
        if !world.is_lid_taken(&lid) {
            return lid;
        }
    }
}
