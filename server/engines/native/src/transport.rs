//! The WebSocket to WhatsApp: plain or TLS, direct or through the session's proxy.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;
use tokio_websockets::ClientBuilder;
use url::Url;
use wacore::net::{Transport, TransportEvent, TransportFactory, WHATSAPP_WEB_ORIGIN};
use whatsapp_rust::{anyhow, async_channel, transport::from_websocket};

use crate::{proxy::Proxy, socket::HearingOut};

/// Why the address of a WebSocket cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("'{0}' is not the address of a WebSocket; write ws://host:port/path or wss://host/path")]
pub(crate) struct NotAWebSocket(String);

/// Where to connect to.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    url: Url,
    host: String,
    port: u16,
    secure: bool,
}

impl Endpoint {
    pub(crate) fn parse(text: &str) -> Result<Self, NotAWebSocket> {
        let refuse = || NotAWebSocket(text.to_owned());
        let url = Url::parse(text).map_err(|_| refuse())?;
        let secure = match url.scheme() {
            "ws" => false,
            "wss" => true,
            _ => return Err(refuse()),
        };
        let host = url.host_str().filter(|it| !it.is_empty()).ok_or_else(refuse)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = url.port_or_known_default().ok_or_else(refuse)?;
        Ok(Self { url, host, port, secure })
    }
}

/// How the last attempt to connect ended. The library only logs it.
#[derive(Default, Debug)]
pub(crate) struct DialOutcome(Mutex<Option<String>>);

impl DialOutcome {
    fn note(&self, failure: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = failure;
    }

    /// Why it failed; `None` when it did not, or was not tried.
    pub(crate) fn failure(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Connects one session.
pub(crate) struct Dialer {
    pub(crate) endpoint: Endpoint,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) tls: Arc<rustls::ClientConfig>,
    pub(crate) timeout: Duration,
    pub(crate) outcome: Arc<DialOutcome>,
}

type Link = (Arc<dyn Transport>, async_channel::Receiver<TransportEvent>);

impl Dialer {
    async fn stream(&self) -> io::Result<TcpStream> {
        let Endpoint { host, port, .. } = &self.endpoint;
        if let Some(proxy) = &self.proxy {
            return proxy.connect(host, *port).await;
        }
        let stream = TcpStream::connect((&**host, *port)).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    async fn dial(&self) -> anyhow::Result<Link> {
        let stream = HearingOut::new(self.stream().await?);
        if !self.endpoint.secure {
            return self.upgrade(stream).await;
        }
        let name = ServerName::try_from(self.endpoint.host.clone())?;
        let stream = TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream).await?;
        self.upgrade(stream).await
    }

    async fn upgrade<S>(&self, stream: S) -> anyhow::Result<Link>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let origin = reqwest::header::HeaderValue::from_static(WHATSAPP_WEB_ORIGIN);
        let (socket, _) = ClientBuilder::new()
            .uri(self.endpoint.url.as_str())?
            .add_header(reqwest::header::ORIGIN, origin)?
            .connect_on(stream)
            .await?;
        Ok(from_websocket(socket))
    }
}

#[async_trait]
impl TransportFactory for Dialer {
    async fn create_transport(&self) -> anyhow::Result<Link> {
        let dialled = match tokio::time::timeout(self.timeout, self.dial()).await {
            Ok(dialled) => dialled,
            Err(_) => Err(anyhow::anyhow!("no connection within {} seconds", self.timeout.as_secs())),
        };
        self.outcome.note(dialled.as_ref().err().map(|error| format!("{error:#}")));
        dialled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_websockets_are_taken() {
        for (text, host, port, secure) in [
            ("ws://127.0.0.1:9080/ws/chat", "127.0.0.1", 9080, false),
            ("wss://web.whatsapp.com/ws/chat", "web.whatsapp.com", 443, true),
            ("ws://[::1]/ws", "::1", 80, false),
        ] {
            let endpoint = Endpoint::parse(text).unwrap();
            assert_eq!((&*endpoint.host, endpoint.port, endpoint.secure), (host, port, secure), "{text}");
        }
        for text in ["", "127.0.0.1:9080", "http://127.0.0.1/ws/chat"] {
            Endpoint::parse(text).unwrap_err();
        }
    }

    #[tokio::test]
    async fn a_failed_attempt_leaves_its_reason() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let dialer = Dialer {
            endpoint: Endpoint::parse(&format!("ws://{closed}/ws/chat")).unwrap(),
            proxy: None,
            tls: crate::tls::client_config().unwrap(),
            timeout: Duration::from_secs(5),
            outcome: Arc::default(),
        };
        assert!(dialer.create_transport().await.is_err());
        assert!(dialer.outcome.failure().is_some());
    }
}
