//! The signature by which a receiver knows that a body is ours.

use hmac::{Hmac, KeyInit, Mac};
use openwa_model::secret::Secret;
use sha2::Sha256;

/// `sha256=` and the HMAC-SHA-256 of exactly these bytes in hexadecimal.
pub(crate) fn signature(secret: &Secret, body: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes());
    let mac = mac.unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    format!("sha256={}", hex::encode(mac.chain_update(body).finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_rfc_4231() {
        // Its other keys are not text, so they cannot be secrets.
        for (secret, body, expected) in [
            (
                "Jefe",
                "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                "\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b",
                "Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
        ] {
            assert_eq!(signature(&Secret::new(secret), body.as_bytes()), format!("sha256={expected}"));
        }
    }
}
