//! Whether this build would believe anyone who claims to be WhatsApp.
//!
//! The sandbox cannot prove that it is WhatsApp, so a build for it skips the check of WhatsApp's
//! certificates. The switch is a cargo feature, and cargo unifies features: another crate of the
//! same build can turn it on unseen. So the program does not ask which features it was built with,
//! it tries.

use wacore::handshake::HandshakeUtils;
use whatsapp_rust::waproto::whatsapp::{self as wa, cert_chain::noise_certificate};

use buffa::{Message as _, MessageField};

/// Shows the library a certificate chain that is whole in form and signed by nobody, and says
/// whether it was taken for WhatsApp's.
pub fn accepts_any_certificate() -> bool {
    let server = [7; 32];
    HandshakeUtils::verify_server_cert(&unsigned_chain(&server), &server).is_ok()
}

fn unsigned_chain(server: &[u8; 32]) -> Vec<u8> {
    let certificate = |serial, issuer, key: &[u8]| {
        let details = noise_certificate::Details {
            serial: Some(serial),
            issuer_serial: Some(issuer),
            key: Some(key.to_vec()),
            not_before: Some(0),
            not_after: Some(u64::from(u32::MAX)),
        };
        MessageField::some(wa::cert_chain::NoiseCertificate {
            details: Some(details.encode_to_vec()),
            signature: Some(vec![0; 64]),
        })
    };
    wa::CertChain { intermediate: certificate(1, 0, &[9; 32]), leaf: certificate(2, 1, server) }.encode_to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_for_the_sandbox_notices_that_it_is_one() {
        if cfg!(feature = "sandbox") {
            assert!(accepts_any_certificate());
        }
    }

    /// If the chain were broken in form, a careful build and a careless one would both refuse it.
    #[test]
    fn the_chain_is_refused_for_nothing_but_its_signatures() {
        let server = [7; 32];
        match HandshakeUtils::verify_server_cert(&unsigned_chain(&server), &server) {
            Ok(_) => {}
            Err(error) => assert!(error.to_string().contains("signature"), "{error}"),
        }
    }
}
