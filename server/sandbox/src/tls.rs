//! The sandbox's own certificate authority for `wss://` and `https://`.
//!
//! The authority is made at the first start and kept in the state folder, so that a client told
//! to trust `ca.pem` goes on trusting it after a restart. The certificate of the listener is made
//! anew at every start.

use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// Names clients reach the sandbox by; the second row are the network's public ones, for a client
/// whose resolver was pointed here.
const NAMES: [&str; 4] = ["localhost", "web.whatsapp.com", "mmg.whatsapp.net", "pps.whatsapp.net"];

/// Why the certificate authority could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("the sandbox's certificate could not be made")]
    Certificate(#[from] rcgen::Error),
    #[error("the sandbox's TLS listener could not be set up")]
    Listener(#[from] rustls::Error),
    #[error(
        "the sandbox's certificate authority could not be read or written: check that the state folder is writable"
    )]
    Folder(#[from] io::Error),
}

/// The certificate authority and the server configuration signed by it.
pub(crate) struct Tls {
    authority_pem: String,
    server: Arc<ServerConfig>,
}

impl Tls {
    /// Reads the authority from the folder or makes it there, and issues a certificate for these
    /// addresses beside the fixed names.
    pub(crate) fn open(folder: Option<&Path>, addresses: &[IpAddr]) -> Result<Self, TlsError> {
        let (key, authority_pem) = match folder {
            Some(folder) => kept_authority(folder)?,
            None => new_authority()?,
        };
        let issuer = Issuer::new(authority_params()?, key);

        let mut names: Vec<String> = NAMES.iter().map(ToString::to_string).collect();
        names.extend(["127.0.0.1".to_owned(), "::1".to_owned()]);
        for address in addresses {
            let address = address.to_string();
            if !names.contains(&address) {
                names.push(address);
            }
        }
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, "OpenWA sandbox");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let leaf_key = KeyPair::generate()?;
        let leaf = params.signed_by(&leaf_key, &issuer)?;

        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(
                vec![CertificateDer::from(leaf.der().to_vec())],
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf_key.serialize_der())),
            )?;
        // A WebSocket upgrade needs HTTP/1.1.
        server.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { authority_pem, server: Arc::new(server) })
    }

    /// The authority's certificate, for `NODE_EXTRA_CA_CERTS` and the like.
    pub(crate) fn authority_pem(&self) -> &str {
        &self.authority_pem
    }

    pub(crate) fn server(&self) -> Arc<ServerConfig> {
        self.server.clone()
    }
}

/// The name by which a certificate points at its authority is the same after every start.
fn authority_params() -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    params.distinguished_name.push(DnType::CommonName, "OpenWA sandbox authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn new_authority() -> Result<(KeyPair, String), rcgen::Error> {
    let key = KeyPair::generate()?;
    let pem = authority_params()?.self_signed(&key)?.pem();
    Ok((key, pem))
}

fn kept_authority(folder: &Path) -> Result<(KeyPair, String), TlsError> {
    let key_path = folder.join("ca-key.pem");
    let pem_path = folder.join("ca.pem");
    std::fs::create_dir_all(folder)?;
    match (std::fs::read_to_string(&key_path), std::fs::read_to_string(&pem_path)) {
        (Ok(key), Ok(pem)) => Ok((KeyPair::from_pem(&key)?, pem)),
        (Err(error), _) | (_, Err(error)) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => {
            let (key, pem) = new_authority()?;
            write_private(&key_path, key.serialize_pem().as_bytes())?;
            std::fs::write(&pem_path, &pem)?;
            Ok((key, pem))
        }
    }
}

/// Writes a file only its owner may read.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)?.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authority_stays_the_same_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let first = Tls::open(Some(folder.path()), &[]).unwrap();
        let second = Tls::open(Some(folder.path()), &[]).unwrap();
        assert_eq!(first.authority_pem(), second.authority_pem());
        let other = Tls::open(None, &[]).unwrap();
        assert_ne!(first.authority_pem(), other.authority_pem());
    }
}
