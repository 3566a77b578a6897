//! The network's own certificate authority for the Noise handshake: a root key, an intermediate
//! and a leaf that names the server's static key.

use buffa::{Message as _, MessageField};
use wacore::libsignal::protocol::{KeyPair, PrivateKey};
use waproto::whatsapp as wa;

use crate::account::{public_bytes, sign};
use crate::ambient;
use crate::journal::{Journal, JournalError};

const KIND: &str = "noise";
const DAY: u64 = 24 * 60 * 60;

pub(crate) struct Pki {
    root: KeyPair,
    pub(crate) server: KeyPair,
    /// The encoded `CertChain` that is sent in every handshake.
    pub(crate) chain: Vec<u8>,
}

impl Pki {
    /// The keys that the journal remembers, so that clients may resume, or fresh ones.
    pub(crate) fn load(journal: &Journal) -> Result<Self, JournalError> {
        let mut known: Vec<(String, KeyPair)> = Vec::new();
        for (name, bytes) in journal.load(KIND)? {
            if let Ok(pair) = PrivateKey::deserialize(&bytes).and_then(KeyPair::try_from) {
                known.push((name, pair));
            }
        }
        let key = |name: &str| match known.iter().find(|(known, _)| known == name) {
            Some((_, pair)) => pair.clone(),
            None => {
                let pair = KeyPair::generate(&mut ambient::rng());
                journal.put(KIND, name, pair.private_key.serialize());
                pair
            }
        };
        let (root, intermediate, server) = (key("root"), key("intermediate"), key("server"));
        let chain = wa::CertChain {
            leaf: MessageField::some(certificate(2, 1, &server, &intermediate)),
            intermediate: MessageField::some(certificate(1, 0, &intermediate, &root)),
        }
        .encode_to_vec();
        Ok(Self { root, server, chain })
    }

    pub(crate) fn root_key(&self) -> [u8; 32] {
        public_bytes(&self.root)
    }
}

fn certificate(serial: u32, issuer_serial: u32, key: &KeyPair, issuer: &KeyPair) -> wa::cert_chain::NoiseCertificate {
    let now = ambient::seconds();
    let details = wa::cert_chain::noise_certificate::Details {
        serial: Some(serial),
        issuer_serial: Some(issuer_serial),
        key: Some(public_bytes(key).to_vec()),
        // A day back, because the client's clock need not be ours.
        not_before: Some(now.saturating_sub(DAY)),
        not_after: Some(now + 3_650 * DAY),
    }
    .encode_to_vec();
    let signature = sign(issuer, &details).to_vec();
    wa::cert_chain::NoiseCertificate { details: Some(details), signature: Some(signature) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_leads_from_the_root_to_the_servers_key() {
        let pki = Pki::load(&Journal::in_memory()).unwrap();
        let chain = wa::CertChain::decode_from_slice(&pki.chain).unwrap();
        let intermediate = chain.intermediate.into_option().unwrap();
        let leaf = chain.leaf.into_option().unwrap();
        let details = intermediate.details.unwrap();
        assert!(pki.root.public_key.verify_signature(&details, &intermediate.signature.unwrap()));
        let intermediate = wa::cert_chain::noise_certificate::Details::decode_from_slice(&details).unwrap();
        let issuer =
            wacore::libsignal::protocol::PublicKey::from_djb_public_key_bytes(&intermediate.key.unwrap()).unwrap();
        let details = leaf.details.unwrap();
        assert!(issuer.verify_signature(&details, &leaf.signature.unwrap()));
        let leaf = wa::cert_chain::noise_certificate::Details::decode_from_slice(&details).unwrap();
        assert_eq!(leaf.key.unwrap(), public_bytes(&pki.server));
    }

    #[test]
    fn the_keys_outlive_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let first = {
            let journal = Journal::open(folder.path()).unwrap();
            public_bytes(&Pki::load(&journal).unwrap().server)
        };
        let journal = Journal::open(folder.path()).unwrap();
        assert_eq!(public_bytes(&Pki::load(&journal).unwrap().server), first);
    }
}
