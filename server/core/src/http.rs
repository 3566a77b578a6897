//! The one place where clients for the gateway's own requests are made.

use std::{error::Error, sync::Arc, time::Duration};

use reqwest::{Client, redirect};
use rustls::{ClientConfig, RootCertStore, crypto::ring};

use crate::guard::{GuardedResolver, NetworkPolicy};

/// How long an idle connection is kept. Shorter than what servers usually allow (Node: 5 s, nginx: 75 s) would cost
/// handshakes; longer meets more connections that the other side has just closed.
const IDLE: Duration = Duration::from_secs(20);

/// What receivers of webhooks see as the sender.
const WEBHOOK_AGENT: &str = "OpenWA-Webhook/1.0.0";
/// What hosts of media see as the asker.
const MEDIA_AGENT: &str = concat!("OpenWA/", env!("CARGO_PKG_VERSION"));
/// What hosts of pages see. Some show what they are about only to what calls itself a browser.
const PAGE_AGENT: &str = concat!("Mozilla/5.0 (compatible; OpenWA/", env!("CARGO_PKG_VERSION"), "; link preview)");

/// The clients for all of the gateway's own requests.
pub(crate) struct Clients {
    /// Delivers webhooks.
    pub(crate) webhooks: Client,
    /// Fetches media.
    pub(crate) media: Client,
    /// Fetches pages for link previews.
    pub(crate) pages: Client,
}

impl Clients {
    /// All kinds, kept to what the policy permits.
    pub(crate) fn new(network: &NetworkPolicy, connect_limit: Duration) -> Result<Self, ClientError> {
        let tls = tls()?;
        Ok(Self {
            webhooks: guarded_client(network, tls.clone(), WEBHOOK_AGENT, connect_limit)?,
            media: guarded_client(network, tls.clone(), MEDIA_AGENT, connect_limit)?,
            pages: guarded_client(network, tls, PAGE_AGENT, connect_limit)?,
        })
    }
}

/// No client could be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// The TLS library refused its configuration.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    /// The HTTP library refused its configuration.
    #[error("the HTTP client cannot be set up")]
    Http(#[from] reqwest::Error),
}

/// A client that reaches only what the policy permits: names are checked as they are resolved, proxies of the
/// environment are not used (they would resolve names themselves), and redirects are left to the caller.
/// Addresses written as numbers never come to the resolver: check each URL with [`NetworkPolicy::check_url`] first.
fn guarded_client(
    network: &NetworkPolicy,
    tls: ClientConfig,
    user_agent: &str,
    connect_limit: Duration,
) -> Result<Client, reqwest::Error> {
    Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(Arc::new(GuardedResolver::new(network.clone())))
        .redirect(redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .user_agent(user_agent)
        .connect_timeout(connect_limit)
        .pool_idle_timeout(IDLE)
        .build()
}

/// Trusts the public certificate authorities, also in a container that has none, and those of the machine, so that
/// a receiver inside a company works once its authority is installed.
fn tls() -> Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let machine = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(machine.certs);
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Whether some error in the chain is of this kind.
pub(crate) fn caused_by<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}
