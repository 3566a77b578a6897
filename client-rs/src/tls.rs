//! TLS by rustls: no OpenSSL anywhere.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::Error;

/// Trusts the public certificate authorities, the machine's, and those given, which are text in PEM.
pub(crate) fn config(is_needed: bool, further: &[String]) -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    if is_needed {
        roots.roots.extend_from_slice(webpki_roots::TLS_SERVER_ROOTS);
        // What the machine has and rustls cannot read is its owner's business; the public ones are there.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    for text in further {
        let refused = |error: String| Error::configuration(format!("not a certificate in PEM: {error}"));
        for certificate in CertificateDer::pem_slice_iter(text.as_bytes()) {
            let certificate = certificate.map_err(|it| refused(it.to_string()))?;
            roots.add(certificate).map_err(|it| refused(it.to_string()))?;
        }
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|it| Error::configuration("TLS is not available").because(it))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
