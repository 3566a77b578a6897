//! The whole put together: network, phones, media host, routes.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use poem::endpoint::BoxEndpoint;
use poem::web::websocket::{WebSocket, WebSocketConfig};
use poem::web::{Data, Path};
use poem::{EndpointExt as _, IntoEndpoint, IntoResponse, Response, Route, get, handler, post};

use crate::connection;
use crate::control;
use crate::journal::{Journal, JournalError};
use crate::listen::Listening;
use crate::media::{self, MediaHost, MediaLimits};
use crate::mock_phone;
use crate::network::{Network, Settings};
use crate::phone::Phones;
use crate::tls::{Tls, TlsError};

/// How a sandbox is set up.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// Where network, phones, media and the certificate authority outlive the process. Without a
    /// folder everything is in memory and gone with the process.
    pub state_dir: Option<PathBuf>,
    /// What the media host keeps.
    pub media: MediaLimits,
    /// Host and port by which clients reach the media host; by default where the sandbox listens.
    pub media_host: Option<String>,
    /// How long the first linking QR code of a client counts, and each one after it.
    pub qr_lifetimes: (Duration, Duration),
    /// Addresses besides loopback by which TLS clients reach the sandbox.
    pub addresses: Vec<std::net::IpAddr>,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            state_dir: None,
            media: MediaLimits::default(),
            media_host: None,
            qr_lifetimes: Settings::default().ref_lifetimes,
            addresses: Vec::new(),
        }
    }
}

/// Why a sandbox could not be started.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("the media folder cannot be used: check that the state folder is writable")]
    Media(#[source] io::Error),
    #[error("cannot listen on {address}: {source}. Choose another port, or 0 for a free one.")]
    Listen { address: String, source: io::Error },
}

/// A running network with its phones. Cheap to clone; it runs for as long as a clone or a
/// listener is left.
#[derive(Clone)]
pub struct Sandbox {
    network: Network,
    phones: Phones,
    media: MediaHost,
    tls: std::sync::Arc<Tls>,
    has_own_media_host: bool,
}

impl Sandbox {
    /// Takes up what the state folder holds and puts the phones on line.
    pub async fn start(config: SandboxConfig) -> Result<Self, SandboxError> {
        let journal = match &config.state_dir {
            Some(folder) => Journal::open(folder)?,
            None => Journal::in_memory(),
        };
        let network = Network::new(Settings {
            media_host: config.media_host.clone().unwrap_or_default(),
            ref_lifetimes: config.qr_lifetimes,
            journal,
            ..Settings::default()
        })?;
        let folder = config.state_dir.as_ref().map(|folder| folder.join("media"));
        let media = MediaHost::open(folder, config.media, network.faults().clone()).map_err(SandboxError::Media)?;
        let tls = Tls::open(config.state_dir.as_deref(), &config.addresses)?;
        let phones = Phones::restore(network.clone(), media.clone()).await?;
        Ok(Self {
            network,
            phones,
            media,
            tls: std::sync::Arc::new(tls),
            has_own_media_host: config.media_host.is_some(),
        })
    }

    pub fn network(&self) -> &Network {
        &self.network
    }

    pub fn phones(&self) -> &Phones {
        &self.phones
    }

    /// Where files are uploaded to and downloaded from.
    pub fn media(&self) -> &MediaHost {
        &self.media
    }

    /// The certificate authority of the TLS listener.
    pub fn authority_pem(&self) -> &str {
        self.tls.authority_pem()
    }

    /// What clients speak to: `/ws/chat`, uploads, downloads, profile pictures.
    pub fn wire_routes(&self) -> BoxEndpoint<'static> {
        Route::new()
            .at("/", get(greet))
            .at("/ws/chat", get(chat))
            .at("/pps/:id", get(picture))
            .nest_no_strip("/", media::routes(self.media.clone()))
            .data(self.network.clone())
            .map_to_response()
            .boxed()
    }

    /// What tests and people steer by, to be mounted under `/sandbox`.
    pub fn control_routes(&self) -> BoxEndpoint<'static> {
        control::routes(self.phones.clone(), self.network.clone(), self.authority_pem().to_owned())
            .into_endpoint()
            .map_to_response()
            .boxed()
    }

    /// Everything on one port.
    pub fn routes(&self) -> BoxEndpoint<'static> {
        Route::new()
            .nest("/sandbox", self.control_routes())
            .at("/admin/mock-phone/scan-qr", post(mock_phone::scan).data(self.phones.clone()))
            .nest_no_strip("/", self.wire_routes())
            .map_to_response()
            .boxed()
    }

    /// Binds everything to these addresses. Port 0 is a free one; the answer says which. Clients
    /// are told to find media there too, by TLS when there is TLS, unless another host was set.
    pub async fn bind(&self, plain: SocketAddr, tls: Option<SocketAddr>) -> Result<Listening, SandboxError> {
        self.bind_routes(plain, tls, self.routes()).await
    }

    /// As [`bind`](Self::bind), but without the control API.
    pub async fn bind_wire(&self, plain: SocketAddr) -> Result<Listening, SandboxError> {
        self.bind_routes(plain, None, self.wire_routes()).await
    }

    async fn bind_routes(
        &self,
        plain: SocketAddr,
        tls: Option<SocketAddr>,
        routes: BoxEndpoint<'static>,
    ) -> Result<Listening, SandboxError> {
        let with_config = tls.map(|address| (address, self.tls.server()));
        let listening = Listening::bind(plain, with_config, routes).await.map_err(|source| SandboxError::Listen {
            address: match tls {
                Some(tls) => format!("{plain} or {tls}"),
                None => plain.to_string(),
            },
            source,
        })?;
        if !self.has_own_media_host {
            let address = listening.tls_address().unwrap_or_else(|| listening.plain_address());
            self.network.set_media_host(&reachable(address).to_string());
        }
        Ok(listening)
    }
}

/// Where a client on this machine finds a listener that is bound to every address.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

#[handler]
fn greet() -> &'static str {
    "OpenWA sandbox network. WebSocket: /ws/chat. Control API: /sandbox/openapi.json\n"
}

#[handler]
fn chat(socket: WebSocket, Data(network): Data<&Network>) -> impl IntoResponse {
    let network = network.clone();
    let limits = WebSocketConfig::default()
        .max_message_size(Some(connection::LARGEST_MESSAGE))
        .max_frame_size(Some(connection::LARGEST_MESSAGE));
    socket.config(limits).on_upgrade(move |socket| connection::serve(network, socket))
}

#[handler]
fn picture(Path(id): Path<String>, Data(network): Data<&Network>) -> Response {
    match network.picture(&id) {
        Some(bytes) => Response::builder().content_type("image/jpeg").body(bytes),
        None => poem::http::StatusCode::NOT_FOUND.into_response(),
    }
}
