//! One account of the network: its phone's keys, its devices and what it keeps on the server.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use wacore::libsignal::protocol::{KeyPair, PrivateKey};
use wacore_binary::Jid;

use crate::ambient;
use crate::business::Business;
use crate::device::{Device, SignedPreKey};
use crate::hex_text;
use crate::link::Link;
use crate::scenario::Scenario;

/// What everybody may know of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountInfo {
    pub id: Uuid,
    /// The name the account was created with; names an account when a client announces it.
    pub name: String,
    /// Digits only, without a plus.
    pub number: String,
    /// The hidden id under which groups know the account, digits only.
    pub lid: String,
}

/// The keys of an account's phone, which is its device 0. The network keeps a copy, because the
/// phone's identity signs every device that is linked.
#[derive(Clone)]
pub struct PrimaryKeys {
    pub identity: KeyPair,
    pub registration_id: u32,
    pub signed_prekey_id: u32,
    pub signed_prekey: KeyPair,
    /// Of the serialised public signed pre-key, by the identity.
    pub signed_prekey_signature: [u8; 64],
}

impl PrimaryKeys {
    /// Fresh keys for a new phone.
    pub fn generate() -> Self {
        let mut rng = ambient::rng();
        let identity = KeyPair::generate(&mut rng);
        let signed_prekey = KeyPair::generate(&mut rng);
        let signed_prekey_signature = sign(&identity, &signed_prekey.public_key.serialize());
        Self {
            identity,
            registration_id: u32::from_be_bytes(ambient::random_bytes()) & 0x3fff | 1,
            signed_prekey_id: 1,
            signed_prekey,
            signed_prekey_signature,
        }
    }

    pub(crate) fn public_identity(&self) -> [u8; 32] {
        public_bytes(&self.identity)
    }

    pub(crate) fn public_signed_prekey(&self) -> SignedPreKey {
        SignedPreKey {
            id: self.signed_prekey_id,
            value: public_bytes(&self.signed_prekey),
            signature: self.signed_prekey_signature.to_vec(),
        }
    }
}

/// Signs with an identity. Only a broken key could fail, and those are refused when loaded.
pub(crate) fn sign(key: &KeyPair, message: &[u8]) -> [u8; 64] {
    key.private_key.calculate_signature(message, &mut ambient::rng()).unwrap_or([0; 64])
}

/// The 32 bytes of a public key, without its type.
pub(crate) fn public_bytes(key: &KeyPair) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(key.public_key.public_key_bytes());
    bytes
}

/// Everything the network knows of an account.
pub(crate) struct Account {
    pub(crate) info: AccountInfo,
    pub(crate) keys: PrimaryKeys,
    /// The name its owner goes by in chats.
    pub(crate) push_name: String,
    pub(crate) raw_id: u32,
    /// The id the next linked device gets; ids are not given twice.
    pub(crate) next_device: u16,
    pub(crate) about: About,
    pub(crate) picture: Option<Picture>,
    /// Values that differ from `all`, by category.
    pub(crate) privacy: BTreeMap<String, String>,
    /// Numbers this account has blocked.
    pub(crate) blocked: BTreeSet<String>,
    /// Numbers that asked for this account's devices and are told when they change.
    pub(crate) watchers: BTreeSet<String>,
    /// Numbers that have written to this account.
    pub(crate) contacts: BTreeSet<String>,
    /// How long messages of new chats last, in seconds, and since when.
    pub(crate) disappearing: (u32, u64),
    pub(crate) devices: BTreeMap<u16, Device>,
    /// Encoded `SyncdPatch`es by collection; the version of a collection is how many there are.
    pub(crate) collections: BTreeMap<String, Vec<Vec<u8>>>,
    /// The signed list of valid device keys, made anew when the devices change.
    pub(crate) key_index_list: Option<(u64, Vec<u8>)>,
    /// What it shows of itself when it is a business.
    pub(crate) business: Option<Business>,
    /// How the network treats the account, as its name says.
    pub(crate) scenario: Scenario,
    /// When the account was last available, if it was.
    pub(crate) last_seen: Option<u64>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct About {
    pub(crate) text: String,
    pub(crate) set_at: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Picture {
    pub(crate) id: String,
    #[serde(with = "hex_text")]
    pub(crate) bytes: Vec<u8>,
}

impl Account {
    pub(crate) fn new(info: AccountInfo, keys: PrimaryKeys) -> Self {
        let phone = Device::primary(&keys);
        Self {
            push_name: info.name.clone(),
            scenario: Scenario::of(&info.name),
            info,
            keys,
            raw_id: u32::from_be_bytes(ambient::random_bytes()) >> 1,
            next_device: 1,
            about: About::default(),
            picture: None,
            privacy: BTreeMap::new(),
            blocked: BTreeSet::new(),
            watchers: BTreeSet::new(),
            contacts: BTreeSet::new(),
            disappearing: (0, 0),
            devices: BTreeMap::from([(0, phone)]),
            collections: BTreeMap::new(),
            key_index_list: None,
            business: None,
            last_seen: None,
        }
    }

    /// Whether the account's owner is there on any device.
    pub(crate) fn is_available(&self) -> bool {
        self.devices.values().any(|device| device.is_available)
    }

    /// The links of the clients that are there.
    pub(crate) fn present(&self) -> impl Iterator<Item = &Link> {
        self.devices.values().filter(|device| device.is_active).filter_map(|device| device.link.as_ref())
    }

    pub(crate) fn number_jid(&self, device: u16) -> Jid {
        Jid::pn_device(self.info.number.as_str(), device)
    }

    pub(crate) fn lid_jid(&self, device: u16) -> Jid {
        Jid::lid_device(self.info.lid.as_str(), device)
    }

    /// The account's JID in the same space as another one.
    pub(crate) fn jid_like(&self, other: &Jid, device: u16) -> Jid {
        if other.server.is_lid_family() { self.lid_jid(device) } else { self.number_jid(device) }
    }

    pub(crate) fn record(&self) -> AccountRecord {
        AccountRecord {
            info: self.info.clone(),
            identity: *self.keys.identity.private_key.serialize(),
            registration_id: self.keys.registration_id,
            signed_prekey_id: self.keys.signed_prekey_id,
            signed_prekey: *self.keys.signed_prekey.private_key.serialize(),
            signed_prekey_signature: self.keys.signed_prekey_signature.to_vec(),
            push_name: self.push_name.clone(),
            raw_id: self.raw_id,
            next_device: self.next_device,
            about: self.about.clone(),
            picture: self.picture.clone(),
            privacy: self.privacy.clone(),
            blocked: self.blocked.clone(),
            watchers: self.watchers.clone(),
            contacts: self.contacts.clone(),
            disappearing: self.disappearing,
            business: self.business.clone(),
        }
    }

    /// Nothing when the keys in the record are no keys.
    pub(crate) fn from_record(record: AccountRecord) -> Option<Self> {
        let keys = PrimaryKeys {
            identity: key_pair(&record.identity)?,
            registration_id: record.registration_id,
            signed_prekey_id: record.signed_prekey_id,
            signed_prekey: key_pair(&record.signed_prekey)?,
            signed_prekey_signature: record.signed_prekey_signature.try_into().ok()?,
        };
        let mut account = Self::new(record.info, keys);
        account.push_name = record.push_name;
        account.raw_id = record.raw_id;
        account.next_device = record.next_device;
        account.about = record.about;
        account.picture = record.picture;
        account.privacy = record.privacy;
        account.blocked = record.blocked;
        account.watchers = record.watchers;
        account.contacts = record.contacts;
        account.disappearing = record.disappearing;
        account.business = record.business;
        Some(account)
    }
}

fn key_pair(private: &[u8; 32]) -> Option<KeyPair> {
    KeyPair::try_from(PrivateKey::deserialize(private).ok()?).ok()
}

/// The part of an account that outlives the process, without its devices.
#[derive(Serialize, Deserialize)]
pub(crate) struct AccountRecord {
    info: AccountInfo,
    #[serde(with = "hex_text")]
    identity: [u8; 32],
    registration_id: u32,
    signed_prekey_id: u32,
    #[serde(with = "hex_text")]
    signed_prekey: [u8; 32],
    #[serde(with = "hex_text")]
    signed_prekey_signature: Vec<u8>,
    push_name: String,
    raw_id: u32,
    next_device: u16,
    about: About,
    picture: Option<Picture>,
    privacy: BTreeMap<String, String>,
    blocked: BTreeSet<String>,
    watchers: BTreeSet<String>,
    contacts: BTreeSet<String>,
    disappearing: (u32, u64),
    #[serde(default)]
    business: Option<Business>,
}

/// The account a stanza's JID names, when it is a person's.
pub(crate) fn is_person(jid: &Jid) -> bool {
    jid.server.is_pn_family() || jid.server.is_lid_family()
}
