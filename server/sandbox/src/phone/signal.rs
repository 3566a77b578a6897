//! The phone's side of the Signal protocol: its keys, its sessions and its sender keys.
//!
//! Changes are held back until [`Signal::flush`], which comes before any stanza leaves the phone and
//! after what was decrypted is in the log. So a killed process comes back with ratchets that still
//! fit: what it had sent it does not encrypt with again, what it had not written down it can decrypt
//! again.

use std::collections::HashMap;

use wacore::libsignal::protocol::{
    CiphertextMessage, Direction, GenericSignedPreKey as _, IdentityChange, IdentityKey, IdentityKeyPair,
    IdentityKeyStore, KeyPair, PreKeyBundle, PreKeyId, PreKeyRecord, PreKeySignalMessage, PreKeyStore, ProtocolAddress,
    PublicKey, SenderKeyDistributionMessage, SenderKeyName, SenderKeyRecord, SenderKeyStore, SessionRecord,
    SessionStore, SignalMessage, SignalProtocolError, SignedPreKeyId, SignedPreKeyRecord, SignedPreKeyStore, Timestamp,
    UsePQRatchet, create_sender_key_distribution_message, group_decrypt, group_encrypt, message_decrypt,
    message_encrypt, process_prekey_bundle, process_sender_key_distribution_message,
};
use wacore_binary::Node;

use super::drawer::Drawer;
use crate::account::{PrimaryKeys, public_bytes};
use crate::{ambient, stanza};

type Signalled<T> = Result<T, SignalProtocolError>;

const SESSION: &str = "phone-session";
const PREKEY: &str = "phone-prekey";
const SENDER_KEY: &str = "phone-sender-key";

/// How a device is known to the phone's Signal state: the account's number and the device.
pub(crate) fn address(number: &str, device: u16) -> ProtocolAddress {
    ProtocolAddress::new(number, u32::from(device).into())
}

/// What is needed to write to a device for the first time.
pub(crate) struct Bundle {
    registration_id: u32,
    identity: PublicKey,
    prekey: Option<(PreKeyId, PublicKey)>,
    signed_prekey_id: SignedPreKeyId,
    signed_prekey: PublicKey,
    signature: Vec<u8>,
}

impl Bundle {
    /// Reads `<identity>`, `<key>` and `<skey>` of a `<user>` in an answer to a key request, or of
    /// the `<keys>` in a retry receipt.
    pub(crate) fn read(node: &Node, registration: &[u8]) -> Option<Self> {
        let key = |node: &Node| {
            Some((
                stanza::big_endian(stanza::child_content(node, "id"))?,
                public_key(stanza::child_content(node, "value"))?,
            ))
        };
        let signed = node.get_optional_child("skey")?;
        let (signed_prekey_id, signed_prekey) = key(signed)?;
        Some(Self {
            registration_id: stanza::big_endian(registration)?,
            identity: public_key(stanza::child_content(node, "identity"))?,
            prekey: node.get_optional_child("key").and_then(key).map(|(id, key)| (id.into(), key)),
            signed_prekey_id: signed_prekey_id.into(),
            signed_prekey,
            signature: stanza::child_content(signed, "signature").to_vec(),
        })
    }
}

fn public_key(bytes: &[u8]) -> Option<PublicKey> {
    PublicKey::from_djb_public_key_bytes(bytes).ok()
}

/// A message encrypted for one device.
pub(crate) struct Encrypted {
    /// `pkmsg`, `msg` or `skmsg`.
    pub(crate) kind: &'static str,
    pub(crate) bytes: Vec<u8>,
}

pub(crate) struct Signal {
    sessions: Sessions,
    identities: Identities,
    prekeys: PreKeys,
    signed_prekey: OwnSignedPreKey,
    sender_keys: SenderKeys,
    /// The name of this phone in sender keys.
    own: ProtocolAddress,
    next_prekey: u32,
}

impl Signal {
    /// Takes the state up where the journal left it.
    pub(crate) fn restore(number: &str, keys: &PrimaryKeys, drawer: Drawer) -> Self {
        let mut sessions = HashMap::new();
        for (key, value) in drawer.take(SESSION) {
            if let Ok(record) = SessionRecord::deserialize(&value) {
                sessions.insert(key, record);
            }
        }
        let mut prekeys = HashMap::new();
        for (_, value) in drawer.take(PREKEY) {
            if let Ok(record) = PreKeyRecord::deserialize(&value)
                && let Ok(id) = record.id()
            {
                prekeys.insert(u32::from(id), record);
            }
        }
        let mut sender_keys = HashMap::new();
        for (key, value) in drawer.take(SENDER_KEY) {
            if let Ok(record) = SenderKeyRecord::deserialize(&value) {
                sender_keys.insert(key, record);
            }
        }
        Self {
            next_prekey: prekeys.keys().max().map_or(1, |last| last + 1),
            sessions: Sessions(sessions, drawer.clone()),
            prekeys: PreKeys(prekeys, drawer.clone()),
            sender_keys: SenderKeys(sender_keys, drawer),
            identities: Identities {
                own: IdentityKeyPair::new(
                    IdentityKey::new(keys.identity.public_key),
                    keys.identity.private_key.clone(),
                ),
                registration_id: keys.registration_id,
                known: HashMap::new(),
            },
            signed_prekey: OwnSignedPreKey { key: keys.signed_prekey.clone(), signature: keys.signed_prekey_signature },
            own: address(number, 0),
        }
    }

    /// Writes what has changed into the journal.
    pub(crate) fn flush(&self) {
        self.sessions.1.flush();
    }

    pub(crate) fn registration_id(&self) -> u32 {
        self.identities.registration_id
    }

    /// Makes one-time pre-keys and gives their ids and public halves.
    pub(crate) fn fresh_prekeys(&mut self, count: u32) -> Signalled<Vec<(u32, [u8; 32])>> {
        let mut fresh = Vec::new();
        for _ in 0..count {
            let id = self.next_prekey;
            // Ids are three bytes on the wire.
            self.next_prekey = if id >= 0x00ff_fffe { 1 } else { id + 1 };
            let key = KeyPair::generate(&mut ambient::rng());
            let record = PreKeyRecord::new(id.into(), &key);
            self.prekeys.put(id, &record)?;
            fresh.push((id, public_bytes(&key)));
        }
        Ok(fresh)
    }

    pub(crate) fn has_session(&self, device: &ProtocolAddress) -> bool {
        self.sessions.0.contains_key(device.as_str())
    }

    pub(crate) fn forget_session(&mut self, device: &ProtocolAddress) {
        self.sessions.0.remove(device.as_str());
        self.sessions.1.hold_deletion(SESSION, device.as_str());
    }

    pub(crate) async fn begin_session(&mut self, device: &ProtocolAddress, bundle: Bundle) -> Signalled<()> {
        let bundle = PreKeyBundle::new(
            bundle.registration_id,
            device.device_id(),
            bundle.prekey,
            bundle.signed_prekey_id,
            bundle.signed_prekey,
            bundle.signature,
            IdentityKey::new(bundle.identity),
        )?;
        process_prekey_bundle(
            device,
            &mut self.sessions,
            &mut self.identities,
            &bundle,
            &mut ambient::rng(),
            UsePQRatchet::No,
        )
        .await?;
        Ok(())
    }

    pub(crate) async fn encrypt(&mut self, device: &ProtocolAddress, plaintext: &[u8]) -> Signalled<Encrypted> {
        let sealed = message_encrypt(plaintext, device, &mut self.sessions, &mut self.identities).await?;
        let (kind, _, bytes) =
            wacore::send::extract_ciphertext(sealed).ok_or(SignalProtocolError::InvalidProtobufEncoding)?;
        Ok(Encrypted { kind, bytes: bytes.into_vec() })
    }

    pub(crate) async fn decrypt(&mut self, device: &ProtocolAddress, kind: &str, sealed: &[u8]) -> Signalled<Vec<u8>> {
        let sealed = match kind {
            "pkmsg" => CiphertextMessage::PreKeySignalMessage(PreKeySignalMessage::try_from(sealed)?),
            _ => CiphertextMessage::SignalMessage(SignalMessage::try_from(sealed)?),
        };
        let opened = message_decrypt(
            &sealed,
            device,
            &mut self.sessions,
            &mut self.identities,
            &mut self.prekeys,
            &self.signed_prekey,
            &mut ambient::rng(),
            UsePQRatchet::No,
        )
        .await?;
        Ok(opened.plaintext)
    }

    /// The phone's sender key for a group, made if there is none.
    pub(crate) async fn distribution(&mut self, group: &str) -> Signalled<Vec<u8>> {
        let name = SenderKeyName::from_parts(group, self.own.as_str());
        let message = create_sender_key_distribution_message(&name, &mut self.sender_keys, &mut ambient::rng()).await?;
        Ok(message.serialized().to_vec())
    }

    pub(crate) async fn encrypt_for_group(&mut self, group: &str, plaintext: &[u8]) -> Signalled<Encrypted> {
        let name = SenderKeyName::from_parts(group, self.own.as_str());
        let sealed = group_encrypt(&mut self.sender_keys, &name, plaintext, &mut ambient::rng()).await?;
        Ok(Encrypted { kind: "skmsg", bytes: sealed.serialized().to_vec() })
    }

    /// After somebody left, the group gets a new key.
    pub(crate) fn forget_own_sender_key(&mut self, group: &str) {
        let name = SenderKeyName::from_parts(group, self.own.as_str());
        self.sender_keys.0.remove(name.cache_key());
        self.sender_keys.1.hold_deletion(SENDER_KEY, name.cache_key());
    }

    pub(crate) async fn accept_distribution(
        &mut self,
        group: &str,
        sender: &ProtocolAddress,
        distribution: &[u8],
    ) -> Signalled<()> {
        let message = SenderKeyDistributionMessage::try_from(distribution)?;
        let name = SenderKeyName::from_parts(group, sender.as_str());
        process_sender_key_distribution_message(&name, &message, &mut self.sender_keys).await
    }

    pub(crate) async fn decrypt_from_group(
        &mut self,
        group: &str,
        sender: &ProtocolAddress,
        sealed: &[u8],
    ) -> Signalled<Vec<u8>> {
        let name = SenderKeyName::from_parts(group, sender.as_str());
        group_decrypt(sealed, &mut self.sender_keys, &name).await
    }
}

struct Sessions(HashMap<String, SessionRecord>, Drawer);

#[async_trait::async_trait]
impl SessionStore for Sessions {
    async fn load_session(&self, address: &ProtocolAddress) -> Signalled<Option<SessionRecord>> {
        Ok(self.0.get(address.as_str()).cloned())
    }

    async fn has_session(&self, address: &ProtocolAddress) -> Signalled<bool> {
        Ok(self.0.contains_key(address.as_str()))
    }

    async fn store_session(&mut self, address: &ProtocolAddress, record: SessionRecord) -> Signalled<()> {
        self.1.hold(SESSION, address.as_str(), record.serialize()?);
        self.0.insert(address.as_str().to_owned(), record);
        Ok(())
    }
}

struct Identities {
    own: IdentityKeyPair,
    registration_id: u32,
    known: HashMap<String, IdentityKey>,
}

#[async_trait::async_trait]
impl IdentityKeyStore for Identities {
    async fn get_identity_key_pair(&self) -> Signalled<IdentityKeyPair> {
        Ok(self.own.clone())
    }

    async fn get_local_registration_id(&self) -> Signalled<u32> {
        Ok(self.registration_id)
    }

    async fn save_identity(&mut self, address: &ProtocolAddress, identity: &IdentityKey) -> Signalled<IdentityChange> {
        let before = self.known.insert(address.as_str().to_owned(), *identity);
        Ok(IdentityChange::from_changed(before.is_some_and(|before| before != *identity)))
    }

    /// The phone's owner accepts every change of a security code.
    async fn is_trusted_identity(
        &self,
        _address: &ProtocolAddress,
        _identity: &IdentityKey,
        _direction: Direction,
    ) -> Signalled<bool> {
        Ok(true)
    }

    async fn get_identity(&self, address: &ProtocolAddress) -> Signalled<Option<IdentityKey>> {
        Ok(self.known.get(address.as_str()).copied())
    }
}

struct PreKeys(HashMap<u32, PreKeyRecord>, Drawer);

impl PreKeys {
    fn put(&mut self, id: u32, record: &PreKeyRecord) -> Signalled<()> {
        self.1.hold(PREKEY, &id.to_string(), record.serialize()?);
        self.0.insert(id, record.clone());
        Ok(())
    }
}

#[async_trait::async_trait]
impl PreKeyStore for PreKeys {
    async fn get_pre_key(&self, id: PreKeyId) -> Signalled<PreKeyRecord> {
        self.0.get(&u32::from(id)).cloned().ok_or(SignalProtocolError::InvalidPreKeyId)
    }

    async fn save_pre_key(&mut self, id: PreKeyId, record: &PreKeyRecord) -> Signalled<()> {
        self.put(id.into(), record)
    }

    async fn remove_pre_key(&mut self, id: PreKeyId) -> Signalled<()> {
        self.0.remove(&u32::from(id));
        self.1.hold_deletion(PREKEY, &u32::from(id).to_string());
        Ok(())
    }
}

struct OwnSignedPreKey {
    key: KeyPair,
    signature: [u8; 64],
}

#[async_trait::async_trait]
impl SignedPreKeyStore for OwnSignedPreKey {
    /// A phone has one signed pre-key for life, whatever id is asked for.
    async fn get_signed_pre_key(&self, id: SignedPreKeyId) -> Signalled<SignedPreKeyRecord> {
        Ok(SignedPreKeyRecord::new(id, Timestamp::from_epoch_millis(0), &self.key, &self.signature))
    }

    async fn save_signed_pre_key(&mut self, _id: SignedPreKeyId, _record: &SignedPreKeyRecord) -> Signalled<()> {
        Ok(())
    }
}

struct SenderKeys(HashMap<String, SenderKeyRecord>, Drawer);

#[async_trait::async_trait]
impl SenderKeyStore for SenderKeys {
    async fn store_sender_key(&mut self, name: &SenderKeyName, record: SenderKeyRecord) -> Signalled<()> {
        self.1.hold(SENDER_KEY, name.cache_key(), record.serialize()?);
        self.0.insert(name.cache_key().to_owned(), record);
        Ok(())
    }

    async fn load_sender_key(&self, name: &SenderKeyName) -> Signalled<Option<SenderKeyRecord>> {
        Ok(self.0.get(name.cache_key()).cloned())
    }
}
