//! Privacy tokens: what opens an account that is closed to strangers.
//!
//! Whoever writes to a person lets the network hand them a token of trust (`tctoken`), and with it
//! they may answer. Who has none shows a contact token (`cstoken`) instead, which proves that its
//! phone gave it the account's salt. Both follow from the keys of phones, so nothing is stored: a
//! token is right when it is the one that the network would hand out.

use hmac::{KeyInit as _, Mac as _};
use wacore::iq::tctoken::compute_cs_token;
use wacore_binary::Node;

use crate::account::Account;
use crate::device::DeviceAddress;
use crate::stanza;
use crate::world::World;

/// The token by which the account with this number may write to the issuer.
pub(crate) fn trust_token(issuer: &Account, holder: &str) -> Vec<u8> {
    derived(issuer, &format!("trusted contact {holder}"))
}

/// What the account's clients make their contact tokens with.
pub(crate) fn contact_salt(account: &Account) -> Vec<u8> {
    derived(account, "contact token salt")
}

/// Whether a device may reach an account, given the node that carries its tokens, if it has any.
pub(crate) fn admits(world: &World, from: &DeviceAddress, closed: &Account, tokens: Option<&Node>) -> bool {
    let scenario = &closed.scenario;
    if !scenario.is_restricted || from.number == closed.info.number {
        return true;
    }
    let Some(stranger) = world.accounts.get(&from.number) else {
        return false;
    };
    // A phone knows whom it heard from; only linked clients have to be told.
    if from.device == 0 {
        return stranger.contacts.contains(&closed.info.number);
    }
    let shown = |tag: &str| tokens.map(|node| stanza::child_content(node, tag)).filter(|token| !token.is_empty());
    let is_trusted = || shown("tctoken").is_some_and(|token| token == trust_token(closed, &from.number));
    let is_contact = || {
        let right = compute_cs_token(&contact_salt(stranger), &closed.lid_jid(0).to_string());
        shown("cstoken").is_some_and(|token| token == right)
    };
    (scenario.takes_trust_tokens && is_trusted()) || (scenario.takes_contact_tokens && is_contact())
}

/// A secret that only this account's keys give for this purpose.
fn derived(account: &Account, purpose: &str) -> Vec<u8> {
    let key = account.keys.identity.private_key.serialize();
    let Ok(mut mac) = hmac::Hmac::<sha2::Sha256>::new_from_slice(key.as_slice()) else {
        return Vec::new();
    };
    mac.update(purpose.as_bytes());
    mac.finalize().into_bytes().to_vec()
}
