//! How a client becomes a linked device: it registers and is given QR codes or asks for a pairing
//! code, the phone's owner scans or types, the phone signs the client's identity, and the client
//! is told to come back as what it now is.

mod pairing_code;
mod qr_code;

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use buffa::Message as _;
use tokio::time::Instant;
use wacore::adv::{AdvValidation, validate_adv_with_identity_key};
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;
use waproto::whatsapp as wa;

pub(crate) use self::pairing_code::enter_pairing_code;
use self::pairing_code::{Pairing, ask_for_code, finish_code};
use self::qr_code::QrCode;
use crate::account::sign;
use crate::ambient;
use crate::device::{Device, DeviceAddress, DeviceRecord, SignedPreKey};
use crate::link::Link;
use crate::network::Network;
use crate::roster;
use crate::stanza;
use crate::world::World;

/// Clients that may be waiting to be linked at one time.
const MOST_APPLICANTS: usize = 10_000;

/// Linked devices an account may have.
const MOST_COMPANIONS: usize = 32;

/// What comes over a slow line may come a little late.
const GRACE: Duration = Duration::from_secs(5);

/// How long a client may take to accept its identity.
const SIGNING_TIME: Duration = Duration::from_secs(60);

/// Why a client cannot be linked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    #[error("there is no account with the number {0}")]
    NoSuchAccount(String),
    #[error("this is not the text of a linking QR code. Give the whole text, with its commas.")]
    Malformed,
    #[error("the QR code is unknown or was used. Scan the one the client shows now.")]
    UnknownCode,
    #[error("the QR code has expired. Scan the one the client shows now.")]
    Expired,
    #[error("the QR code's keys are not those of the client it was given to")]
    WrongKeys,
    #[error("the client is being linked already")]
    AlreadyUsed,
    #[error("a pairing code has eight letters and digits")]
    MalformedCode,
    #[error("no client asks to be linked with the number {0} by a pairing code. Ask for a code first, then enter it.")]
    NoCodeAsked(String),
    #[error("the account has {MOST_COMPANIONS} linked devices. Unlink one of them first.")]
    TooManyDevices,
}

/// Who is waiting to be linked.
pub(crate) struct LinkingDesk {
    lifetimes: (Duration, Duration),
    refs: usize,
    applicants: HashMap<u64, Applicant>,
    /// QR code references by their text.
    codes: HashMap<String, Reference>,
}

struct Reference {
    applicant: u64,
    expires: Instant,
}

/// A client that wants to be linked, and how far it has come.
struct Applicant {
    link: Link,
    registration: Registration,
    deadline: Instant,
    pairing: Option<Pairing>,
    /// Given an identity, which the client has still to sign.
    granted: Option<(DeviceAddress, DeviceRecord)>,
}

/// What a client says of itself.
struct Registration {
    announced_name: Option<String>,
    platform: String,
    noise_key: [u8; 32],
    registration_id: u32,
    identity: [u8; 32],
    signed_prekey: SignedPreKey,
}

impl LinkingDesk {
    pub(crate) fn new(lifetimes: (Duration, Duration), refs: usize) -> Self {
        Self { lifetimes, refs: refs.max(1), applicants: HashMap::new(), codes: HashMap::new() }
    }

    fn forget(&mut self, applicant: u64) {
        self.applicants.remove(&applicant);
        self.codes.retain(|_, reference| reference.applicant != applicant);
    }

    fn by_code(&self, code: &QrCode) -> Result<u64, LinkError> {
        let reference = self.codes.get(&code.reference).ok_or(LinkError::UnknownCode)?;
        if reference.expires <= ambient::now() {
            return Err(LinkError::Expired);
        }
        Ok(reference.applicant)
    }
}

/// A client registers: it is given its QR codes. Says whether it may stay.
pub(crate) fn apply(network: &Network, link: &Link, payload: &wa::ClientPayload, noise_key: &[u8]) -> bool {
    let Some(registration) = read_registration(payload, noise_key) else {
        tracing::debug!(link.id = link.id, "a registration is malformed");
        return false;
    };
    let mut world = network.world();
    if world.desk.applicants.len() >= MOST_APPLICANTS {
        tracing::warn!("too many clients wait to be linked; one is sent away");
        return false;
    }
    let now = ambient::now();
    let (first, next) = world.desk.lifetimes;
    let mut expires = now + first;
    let mut references = Vec::with_capacity(world.desk.refs);
    for _ in 0..world.desk.refs {
        let text = format!("2@{}", STANDARD.encode(ambient::random_bytes::<48>()));
        references.push(NodeBuilder::new("ref").bytes(text.as_bytes()).build());
        let grace = GRACE.min(next);
        world.desk.codes.insert(text, Reference { applicant: link.id, expires: expires + grace });
        expires += next;
    }
    world.desk.applicants.insert(
        link.id,
        Applicant {
            link: link.clone(),
            registration,
            deadline: expires + GRACE.min(next),
            pairing: None,
            granted: None,
        },
    );
    let id = world.new_id();
    link.send(request(id).children([NodeBuilder::new("pair-device").children(references).build()]).build());
    true
}

/// The client is gone.
pub(crate) fn withdraw(network: &Network, link: &Link) {
    network.world().desk.forget(link.id);
}

/// Until when the client may wait; nothing when it need not wait any more.
pub(crate) fn deadline(network: &Network, link: &Link) -> Option<Instant> {
    let world = network.world();
    Some(world.desk.applicants.get(&link.id)?.deadline)
}

/// The name a client announces: its push name, else what it calls its platform.
pub(crate) fn announced_name(world: &World, qr: &str) -> Option<String> {
    let code = QrCode::parse(qr)?;
    let reference = world.desk.codes.get(&code.reference)?;
    let registration = &world.desk.applicants.get(&reference.applicant)?.registration;
    registration.announced_name.clone().or_else(|| Some(registration.platform.clone())).filter(|name| !name.is_empty())
}

/// The person scans what the client shows.
pub(crate) fn scan(world: &mut World, number: &str, qr: &str) -> Result<(), LinkError> {
    let code = QrCode::parse(qr).ok_or(LinkError::Malformed)?;
    let applicant = world.desk.by_code(&code)?;
    let registration = &world.desk.applicants.get(&applicant).ok_or(LinkError::UnknownCode)?.registration;
    if registration.noise_key != code.noise_key || registration.identity != code.identity {
        return Err(LinkError::WrongKeys);
    }
    grant(world, applicant, number, &code.adv_secret)
}

/// A stanza from a client that is not linked yet.
pub(crate) fn receive(network: &Network, link: &Link, node: &Node) {
    if node.tag != "iq" {
        return;
    }
    let mut world = network.world();
    if let Some(signed) = node.get_optional_child("pair-device-sign") {
        complete(&mut world, link, signed);
    } else if let Some(stage) = node.get_optional_child("link_code_companion_reg") {
        let answer = match stanza::text(stage, "stage").as_str() {
            "companion_hello" => ask_for_code(&mut world, link, node, stage),
            "companion_finish" => finish_code(&mut world, link, node, stage),
            _ => stanza::error(node, 400, "bad-request"),
        };
        link.send(answer);
    } else if stanza::is(node, "type", "get") || stanza::is(node, "type", "set") {
        link.send(stanza::result(node).build());
    }
}

/// The phone signs the client's identity, and the client learns whose device it will be.
fn grant(world: &mut World, applicant: u64, number: &str, adv_secret: &[u8]) -> Result<(), LinkError> {
    let id = world.new_id();
    let Some(account) = world.accounts.get_mut(number) else {
        return Err(LinkError::NoSuchAccount(number.to_owned()));
    };
    if account.devices.len() > MOST_COMPANIONS {
        return Err(LinkError::TooManyDevices);
    }
    let applicant = world.desk.applicants.get_mut(&applicant).ok_or(LinkError::UnknownCode)?;
    if applicant.granted.is_some() {
        return Err(LinkError::AlreadyUsed);
    }
    let device = account.next_device;
    account.next_device = account.next_device.checked_add(1).ok_or(LinkError::TooManyDevices)?;
    let registration = &applicant.registration;
    let details = wa::ADVDeviceIdentity {
        raw_id: Some(account.raw_id),
        timestamp: Some(ambient::seconds()),
        key_index: Some(u32::from(device)),
        ..Default::default()
    }
    .encode_to_vec();
    let message = [&[6, 0][..], &details, &registration.identity].concat();
    let signed = wa::ADVSignedDeviceIdentity {
        details: Some(details),
        account_signature_key: Some(account.keys.public_identity().to_vec()),
        account_signature: Some(sign(&account.keys.identity, &message).to_vec()),
        device_signature: None,
    }
    .encode_to_vec();
    let container = wa::ADVSignedDeviceIdentityHMAC {
        hmac: Some(seal(adv_secret, &signed)),
        details: Some(signed),
        ..Default::default()
    }
    .encode_to_vec();
    applicant.granted = Some((
        DeviceAddress::new(number, device),
        DeviceRecord {
            registration_id: registration.registration_id,
            identity: registration.identity,
            signed_prekey: registration.signed_prekey.clone(),
            signed_identity: Vec::new(),
            key_index: u32::from(device),
            noise_key: registration.noise_key.to_vec(),
            platform: registration.platform.clone(),
            linked_at: ambient::seconds(),
            was_announced: false,
        },
    ));
    applicant.deadline = ambient::now() + SIGNING_TIME;
    let success = NodeBuilder::new("pair-success")
        .children([
            NodeBuilder::new("device-identity").bytes(container).build(),
            NodeBuilder::new("device")
                .attr("jid", account.number_jid(device))
                .attr("lid", account.lid_jid(device))
                .build(),
            NodeBuilder::new("platform").attr("name", "android").build(),
        ])
        .build();
    applicant.link.send(request(id).attr("t", ambient::seconds()).children([success]).build());
    Ok(())
}

/// The client has signed in turn: it is a device now, and must log in as one.
fn complete(world: &mut World, link: &Link, signed: &Node) {
    let identity = stanza::child_content(signed, "device-identity").to_vec();
    let Some((address, mut record)) =
        world.desk.applicants.get_mut(&link.id).and_then(|applicant| applicant.granted.take())
    else {
        return;
    };
    let Some(account) = world.accounts.get_mut(&address.number) else {
        return;
    };
    let account_key = account.keys.public_identity();
    let valid = validate_adv_with_identity_key(&identity, &record.identity, Some(&account_key));
    if valid != AdvValidation::Valid {
        tracing::warn!(device = %address, "a client did not sign its identity rightly");
        link.cut();
        return;
    }
    record.signed_identity = identity;
    account.devices.insert(address.device, Device::new(record));
    account.key_index_list = None;
    world.save_account(&address.number);
    world.save_device(&address);
    world.desk.forget(link.id);
    tracing::info!(device = %address, "a device was linked");
    roster::tell_of_change(world, &address, roster::Change::Added);
    link.send(NodeBuilder::new("stream:error").attr("code", 515).build());
    link.end();
}

/// `<iq type="set" xmlns="md">` from the server.
fn request(id: String) -> NodeBuilder {
    NodeBuilder::new("iq").attr("from", stanza::server()).attr("type", "set").attr("id", id).attr("xmlns", "md")
}

fn seal(secret: &[u8], message: &[u8]) -> Vec<u8> {
    use hmac::{KeyInit as _, Mac as _};
    let Ok(mut mac) = hmac::Hmac::<sha2::Sha256>::new_from_slice(secret) else {
        return Vec::new();
    };
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn read_registration(payload: &wa::ClientPayload, noise_key: &[u8]) -> Option<Registration> {
    let data = payload.device_pairing_data.as_option()?;
    let props = wa::DeviceProps::decode_from_slice(data.device_props.as_deref()?).ok()?;
    let short = |text: &str| text.trim().chars().take(100).collect::<String>();
    Some(Registration {
        announced_name: payload.push_name.as_deref().map(short).filter(|name| !name.is_empty()),
        platform: short(props.os.as_deref().unwrap_or_default()),
        noise_key: noise_key.try_into().ok()?,
        registration_id: stanza::big_endian(data.e_regid.as_deref()?)?,
        identity: data.e_ident.as_deref()?.try_into().ok()?,
        signed_prekey: SignedPreKey {
            id: stanza::big_endian(data.e_skey_id.as_deref()?)?,
            value: data.e_skey_val.as_deref()?.try_into().ok()?,
            signature: data.e_skey_sig.clone().filter(|signature| signature.len() == 64)?,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expired_code_is_told_from_an_unknown_one() {
        let mut desk = LinkingDesk::new((GRACE, GRACE), 1);
        let expires = ambient::now();
        desk.codes.insert("old".to_owned(), Reference { applicant: 1, expires });
        desk.codes.insert("new".to_owned(), Reference { applicant: 2, expires: expires + GRACE });
        let ask = |reference: &str| {
            let key = [0; 32];
            desk.by_code(&QrCode { reference: reference.to_owned(), noise_key: key, identity: key, adv_secret: key })
        };
        assert_eq!(ask("old"), Err(LinkError::Expired));
        assert_eq!(ask("new"), Ok(2));
        assert_eq!(ask("other"), Err(LinkError::UnknownCode));
    }
}
