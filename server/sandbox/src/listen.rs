//! The two listeners, plain and TLS, which serve the same routes.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use poem::endpoint::{BoxEndpoint, DynEndpoint};
use poem::http::uri::Scheme;
use poem::listener::{Acceptor, TcpAcceptor};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Response, Server};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::server::TlsStream;
use tokio_rustls::{Accept, TlsAcceptor};
use tokio_util::sync::CancellationToken;

/// How long open requests may take to end when the sandbox stops.
const FAREWELL: Duration = Duration::from_secs(2);

type Routes = Arc<dyn DynEndpoint<Output = Response>>;

/// Bound listeners that do not answer yet.
pub struct Listening {
    plain: (SocketAddr, TcpListener),
    tls: Option<(SocketAddr, TcpListener, Arc<ServerConfig>)>,
    routes: BoxEndpoint<'static>,
}

impl Listening {
    pub(crate) async fn bind(
        plain: SocketAddr,
        tls: Option<(SocketAddr, Arc<ServerConfig>)>,
        routes: BoxEndpoint<'static>,
    ) -> io::Result<Self> {
        let plain = TcpListener::bind(plain).await?;
        let plain = (plain.local_addr()?, plain);
        let tls = match tls {
            Some((address, config)) => {
                let listener = TcpListener::bind(address).await?;
                Some((listener.local_addr()?, listener, config))
            }
            None => None,
        };
        Ok(Self { plain, tls, routes })
    }

    /// Where `ws://` and `http://` are served.
    pub fn plain_address(&self) -> SocketAddr {
        self.plain.0
    }

    /// Where `wss://` and `https://` are served.
    pub fn tls_address(&self) -> Option<SocketAddr> {
        self.tls.as_ref().map(|tls| tls.0)
    }

    /// Serves until told to stop.
    pub async fn serve(self, stop: CancellationToken) -> io::Result<()> {
        let routes: Routes = Arc::from(self.routes);
        let plain = serve_one(TcpAcceptor::from_tokio(self.plain.1)?, routes.clone(), stop.clone());
        match self.tls {
            None => plain.await,
            Some((_, listener, config)) => {
                let acceptor =
                    TlsListener { listener: TcpAcceptor::from_tokio(listener)?, tls: TlsAcceptor::from(config) };
                tokio::try_join!(plain, serve_one(acceptor, routes, stop)).map(|_| ())
            }
        }
    }
}

async fn serve_one<A: Acceptor + 'static>(acceptor: A, routes: Routes, stop: CancellationToken) -> io::Result<()> {
    Server::new_with_acceptor(acceptor).run_with_graceful_shutdown(routes, stop.cancelled(), Some(FAREWELL)).await
}

/// Accepts TLS. The handshake happens on the connection's own task, so that a client that says
/// nothing holds up nobody.
struct TlsListener {
    listener: TcpAcceptor,
    tls: TlsAcceptor,
}

impl Acceptor for TlsListener {
    type Io = TlsIo;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.listener.local_addr()
    }

    async fn accept(&mut self) -> io::Result<(TlsIo, LocalAddr, RemoteAddr, Scheme)> {
        let (stream, local, remote, _) = self.listener.accept().await?;
        let io = TlsIo::Shaking(Box::new(self.tls.accept(stream)));
        Ok((io, local, remote, Scheme::HTTPS))
    }
}

enum TlsIo {
    Shaking(Box<Accept<TcpStream>>),
    Open(Box<TlsStream<TcpStream>>),
    Failed,
}

impl TlsIo {
    fn poll_open(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Pin<&mut TlsStream<TcpStream>>>> {
        if let Self::Shaking(accept) = self {
            match ready!(Pin::new(accept.as_mut()).poll(context)) {
                Ok(stream) => *self = Self::Open(Box::new(stream)),
                Err(error) => {
                    *self = Self::Failed;
                    return Poll::Ready(Err(error));
                }
            }
        }
        Poll::Ready(match self {
            Self::Open(stream) => Ok(Pin::new(stream.as_mut())),
            _ => Err(io::ErrorKind::ConnectionAborted.into()),
        })
    }
}

impl AsyncRead for TlsIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_open(context))?.poll_read(context, buffer)
    }
}

impl AsyncWrite for TlsIo {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_open(context))?.poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_open(context))?.poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_open(context))?.poll_shutdown(context)
    }
}
