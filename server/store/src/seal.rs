//! Secrets at rest: AES-256-GCM under the vault key, a random nonce in front, the place of the value bound in.

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Generate, Nonce, Payload},
};

const NONCE_BYTES: usize = 12;

/// The text does not open: another key, another place, or damage.
#[derive(Debug)]
pub(crate) struct Unreadable;

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a secret does not decrypt: it was written under another vault key, moved, or damaged")
    }
}

impl std::error::Error for Unreadable {}

/// Encrypts and decrypts secrets. `place` says where a value stands, so that none can be put elsewhere.
pub(crate) struct Sealer(Aes256Gcm);

impl Sealer {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(Aes256Gcm::new(key.into()))
    }

    pub(crate) fn seal(&self, place: &str, clear: &[u8]) -> Result<Vec<u8>, Unreadable> {
        let nonce = Nonce::<Aes256Gcm>::generate();
        let sealed = self.0.encrypt(&nonce, Payload { msg: clear, aad: place.as_bytes() }).map_err(|_| Unreadable)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    pub(crate) fn unseal(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, Unreadable> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(Unreadable)?;
        self.0.decrypt(nonce.into(), Payload { msg: sealed, aad: place.as_bytes() }).map_err(|_| Unreadable)
    }

    pub(crate) fn unseal_text(&self, place: &str, sealed: &[u8]) -> Result<String, Unreadable> {
        String::from_utf8(self.unseal(place, sealed)?).map_err(|_| Unreadable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_opens_only_under_its_key_and_at_its_place() {
        let sealer = Sealer::new(&[7; 32]);
        let sealed = sealer.seal("a/b", b"secret").unwrap();
        assert_eq!(sealer.unseal("a/b", &sealed).unwrap(), b"secret");
        assert!(sealer.unseal("a/c", &sealed).is_err());
        assert!(Sealer::new(&[8; 32]).unseal("a/b", &sealed).is_err());
        for end in 0..sealed.len() {
            assert!(sealer.unseal("a/b", &sealed[..end]).is_err(), "cut to {end}");
        }
    }

    #[test]
    fn the_same_value_never_looks_the_same() {
        let sealer = Sealer::new(&[7; 32]);
        assert_ne!(sealer.seal("a", b"x").unwrap(), sealer.seal("a", b"x").unwrap());
    }
}
