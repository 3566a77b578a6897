//! Linking by pairing code: the client shows eight characters, the person types them into the phone.
//! Both ends come to a secret through them that the network never sees in between.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wacore::libsignal::protocol::{KeyPair, PublicKey};
use wacore::pair_code::PairCodeUtils;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::{GRACE, LinkError, grant};
use crate::account::public_bytes;
use crate::ambient;
use crate::link::Link;
use crate::network::Network;
use crate::stanza;
use crate::world::World;

/// How long a pairing code counts.
const CODE_LIFETIME: Duration = Duration::from_secs(180);

/// The pairing code in the course of its two stages.
pub(super) struct Pairing {
    number: String,
    reference: String,
    wrapped_companion_key: Vec<u8>,
    /// Set when the person has typed the code.
    entered: Option<Entered>,
}

struct Entered {
    ephemeral: KeyPair,
    companion_ephemeral: [u8; 32],
}

/// The person types what the client shows. The slow derivations run outside the network's lock.
pub(crate) fn enter_pairing_code(network: &Network, number: &str, code: &str) -> Result<(), LinkError> {
    let code: String =
        code.chars().filter(|letter| !matches!(letter, '-' | ' ')).map(|letter| letter.to_ascii_uppercase()).collect();
    if !PairCodeUtils::validate_code(&code) {
        return Err(LinkError::MalformedCode);
    }
    let no_code = || LinkError::NoCodeAsked(number.to_owned());
    let (applicant, wrapped) = {
        let world = network.world();
        if !world.accounts.contains_key(number) {
            return Err(LinkError::NoSuchAccount(number.to_owned()));
        }
        // Whoever asked last shows the code that the person reads.
        world
            .desk
            .applicants
            .iter()
            .filter_map(|(id, applicant)| Some((*id, applicant.pairing.as_ref()?)))
            .filter(|(_, pairing)| pairing.number == number)
            .max_by_key(|(id, _)| *id)
            .map(|(id, pairing)| (id, pairing.wrapped_companion_key.clone()))
            .ok_or_else(no_code)?
    };
    let companion_ephemeral =
        PairCodeUtils::decrypt_primary_ephemeral_pub(&wrapped, &code).map_err(|_| LinkError::MalformedCode)?;
    let ephemeral = KeyPair::generate(&mut ambient::rng());
    let wrapped_own = PairCodeUtils::encrypt_ephemeral_pub(&public_bytes(&ephemeral), &code);

    let mut world = network.world();
    let id = world.new_id();
    let identity = world
        .accounts
        .get(number)
        .map(|account| account.keys.public_identity())
        .ok_or_else(|| LinkError::NoSuchAccount(number.to_owned()))?;
    let applicant = world.desk.applicants.get_mut(&applicant).ok_or_else(no_code)?;
    let pairing = applicant.pairing.as_mut().ok_or_else(no_code)?;
    pairing.entered = Some(Entered { ephemeral, companion_ephemeral });
    let stage = NodeBuilder::new("link_code_companion_reg")
        .attr("stage", "primary_hello")
        .children([
            NodeBuilder::new("link_code_pairing_wrapped_primary_ephemeral_pub").bytes(wrapped_own).build(),
            NodeBuilder::new("primary_identity_pub").bytes(identity).build(),
            NodeBuilder::new("link_code_pairing_ref").bytes(pairing.reference.as_bytes()).build(),
        ])
        .build();
    applicant
        .link
        .send(stanza::notification("link_code_companion_reg", stanza::server(), id).children([stage]).build());
    Ok(())
}

/// Stage one of the pairing code: the client shows a code and waits for it to be typed.
pub(super) fn ask_for_code(world: &mut World, link: &Link, request: &Node, stage: &Node) -> Node {
    let number = stanza::jid(stage, "jid").map(|jid| jid.user.to_string());
    let wrapped = stanza::child_content(stage, "link_code_pairing_wrapped_companion_ephemeral_pub");
    let reference = STANDARD.encode(ambient::random_bytes::<24>());
    let Some(applicant) = world.desk.applicants.get_mut(&link.id) else {
        return stanza::error(request, 404, "item-not-found");
    };
    let (Some(number), 80) = (number, wrapped.len()) else {
        return stanza::error(request, 400, "bad-request");
    };
    applicant.pairing =
        Some(Pairing { number, reference: reference.clone(), wrapped_companion_key: wrapped.to_vec(), entered: None });
    applicant.deadline = applicant.deadline.max(ambient::now() + CODE_LIFETIME + GRACE);
    let hello = NodeBuilder::new("link_code_companion_reg")
        .attr("stage", "companion_hello")
        .children([NodeBuilder::new("link_code_pairing_ref").bytes(reference.as_bytes()).build()])
        .build();
    stanza::result(request).children([hello]).build()
}

/// Stage two: the client has read the phone's key and sends its own, sealed.
pub(super) fn finish_code(world: &mut World, link: &Link, request: &Node, stage: &Node) -> Node {
    let Some(pairing) = world.desk.applicants.get_mut(&link.id).and_then(|applicant| applicant.pairing.take()) else {
        return stanza::error(request, 404, "item-not-found");
    };
    match open_bundle(world, &pairing, stage) {
        Some(adv_secret) => match grant(world, link.id, &pairing.number, &adv_secret) {
            Ok(()) => stanza::result(request).build(),
            Err(error) => {
                tracing::info!(link.id = link.id, %error, "a pairing code is refused");
                stanza::error(request, 403, "forbidden")
            }
        },
        // The code that was typed is not the one the client showed.
        None => stanza::error(request, 400, "bad-request"),
    }
}

/// The secret that both ends of the pairing code have come to, if they have.
fn open_bundle(world: &World, pairing: &Pairing, stage: &Node) -> Option<[u8; 32]> {
    let entered = pairing.entered.as_ref()?;
    let account = world.accounts.get(&pairing.number)?;
    let companion_identity = stanza::child_content(stage, "companion_identity_public");
    let bundle = stanza::child_content(stage, "link_code_pairing_wrapped_key_bundle");
    let (salt, rest) = bundle.split_first_chunk::<32>()?;
    let (nonce, sealed) = rest.split_first_chunk::<12>()?;
    let agree = |key: &KeyPair, other: &[u8]| {
        let other = PublicKey::from_djb_public_key_bytes(other).ok()?;
        key.calculate_agreement(&other).ok()
    };
    let shared = agree(&entered.ephemeral, &entered.companion_ephemeral)?;
    let mut key = [0; 32];
    wacore::crypto::hkdf_sha256_into(&shared, Some(salt), b"link_code_pairing_key_bundle_encryption_key", &mut key)
        .ok()?;
    let mut opened = Vec::new();
    wacore::libsignal::crypto::aes_256_gcm_decrypt(&key, nonce, b"", sealed, &mut opened).ok()?;
    let (companion, rest) = opened.split_first_chunk::<32>()?;
    let (primary, random) = rest.split_first_chunk::<32>()?;
    if companion != companion_identity || *primary != account.keys.public_identity() {
        return None;
    }
    let identities = agree(&account.keys.identity, companion_identity)?;
    let mut secret = [0; 32];
    wacore::crypto::hkdf_sha256_into(
        &[&shared[..], &identities[..], random].concat(),
        None,
        b"adv_secret",
        &mut secret,
    )
    .ok()?;
    Some(secret)
}
