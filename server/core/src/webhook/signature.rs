//! The signatures by which a receiver knows that a body is ours: OpenWA's, and that of Standard Webhooks.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use openwa_model::{Timestamp, secret::Secret};
use sha2::Sha256;

/// `sha256=` and the HMAC-SHA-256 of exactly these bytes in hexadecimal.
pub(crate) fn signature(secret: &Secret, body: &[u8]) -> String {
    let mac = keyed(secret.expose().as_bytes());
    format!("sha256={}", hex::encode(mac.chain_update(body).finalize().into_bytes()))
}

/// `v1,` and the HMAC-SHA-256 of id, time in seconds and these bytes in base64, as Standard Webhooks has it.
pub(crate) fn standard_signature(secret: &Secret, id: &str, at: Timestamp, body: &[u8]) -> String {
    let mac = keyed(&standard_key(secret)).chain_update(format!("{id}.{}.", at.as_second()));
    format!("v1,{}", BASE64_STANDARD.encode(mac.chain_update(body).finalize().into_bytes()))
}

/// What stands in base64 after `whsec_`, or the text itself: the rule of our SDKs.
fn standard_key(secret: &Secret) -> Vec<u8> {
    let text = secret.expose();
    let encoded = text.strip_prefix("whsec_").and_then(|it| BASE64_STANDARD.decode(it).ok());
    encoded.unwrap_or_else(|| text.as_bytes().to_vec())
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"))
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

    #[test]
    fn standard_signatures_are_those_of_the_specification() {
        let at = Timestamp::from_second(1_614_265_330).unwrap();
        for (secret, id, body, expected) in [
            // The specification's own example.
            (
                "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                r#"{"test": 2432232314}"#,
                "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ),
            // The others were computed with Python's hmac: a plain text, and one that only looks encoded.
            ("Jefe", "msg_1", "{}", "hAsYpuQrk4BOsJmGGtVG+C+mZqTEbvyVvd0JqXMbmg4="),
            ("whsec_not base64!", "msg_1", "{}", "IrgntAHhOP5K+GYeLeNQsXoJoDZw6zfmoprIC0BRIcM="),
        ] {
            let signature = standard_signature(&Secret::new(secret), id, at, body.as_bytes());
            assert_eq!(signature, format!("v1,{expected}"), "{secret}");
        }
    }
}
