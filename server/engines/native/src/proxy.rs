//! A session's proxy: HTTP `CONNECT` or SOCKS5, with or without credentials.
//!
//! Names are resolved by the proxy, so that neither the name nor the address of WhatsApp's servers
//! is asked for from this machine.

use std::io;

use base64::{Engine, engine::general_purpose::STANDARD};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use url::Url;

/// The longest answer to `CONNECT` that is read.
const LONGEST_ANSWER: usize = 8 * 1024;

/// Why a proxy cannot be used. Never shows credentials.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum ProxyError {
    #[error(
        "the proxy is not an address; write http://host:port or socks5://host:port, with user:password@ before the host where needed"
    )]
    NotAnAddress,
    #[error("the proxy speaks '{0}'; only http and socks5 are supported")]
    Scheme(String),
    #[error("the proxy's user name and password may have at most 255 bytes each")]
    Credentials,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Http,
    Socks5,
}

/// Where to connect through.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Proxy {
    kind: Kind,
    host: String,
    port: u16,
    credentials: Option<(String, String)>,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Proxy({:?} {}:{})", self.kind, self.host, self.port)
    }
}

impl Proxy {
    pub(crate) fn parse(text: &str) -> Result<Self, ProxyError> {
        let url = Url::parse(text).map_err(|_| ProxyError::NotAnAddress)?;
        let (kind, default_port) = match url.scheme() {
            "http" => (Kind::Http, 80),
            "socks5" | "socks5h" => (Kind::Socks5, 1080),
            other => return Err(ProxyError::Scheme(other.to_owned())),
        };
        let host = url.host_str().filter(|it| !it.is_empty()).ok_or(ProxyError::NotAnAddress)?;
        let credentials = match (url.username(), url.password()) {
            ("", None) => None,
            (user, password) => Some((percent_decoded(user)?, percent_decoded(password.unwrap_or_default())?)),
        };
        Ok(Self {
            kind,
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: url.port().unwrap_or(default_port),
            credentials,
        })
    }

    /// The address for an HTTP client, which reads the credentials from it.
    pub(crate) fn for_http_client(&self) -> Result<reqwest::Proxy, reqwest::Error> {
        let scheme = match self.kind {
            Kind::Http => "http",
            Kind::Socks5 => "socks5h",
        };
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let proxy = reqwest::Proxy::all(match &self.credentials {
            Some((user, password)) if self.kind == Kind::Socks5 => {
                format!("{scheme}://{}:{}@{host}:{}", percent_encoded(user), percent_encoded(password), self.port)
            }
            _ => format!("{scheme}://{host}:{}", self.port),
        })?;
        Ok(match &self.credentials {
            Some((user, password)) if self.kind == Kind::Http => proxy.basic_auth(user, password),
            _ => proxy,
        })
    }

    /// A stream to the host, through the proxy.
    pub(crate) async fn connect(&self, host: &str, port: u16) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect((&*self.host, self.port))
            .await
            .map_err(|error| io::Error::new(error.kind(), format!("the proxy cannot be reached: {error}")))?;
        stream.set_nodelay(true)?;
        match self.kind {
            Kind::Http => self.tunnel(&mut stream, host, port).await?,
            Kind::Socks5 => self.negotiate(&mut stream, host, port).await?,
        }
        Ok(stream)
    }

    async fn tunnel(&self, stream: &mut TcpStream, host: &str, port: u16) -> io::Result<()> {
        let mut request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n");
        if let Some((user, password)) = &self.credentials {
            let basic = STANDARD.encode(format!("{user}:{password}"));
            request.push_str(&format!("Proxy-Authorization: Basic {basic}\r\n"));
        }
        request.push_str("\r\n");
        stream.write_all(request.as_bytes()).await?;

        // Byte by byte: what follows the empty line belongs to the tunnel.
        let mut answer = Vec::with_capacity(256);
        while !answer.ends_with(b"\r\n\r\n") {
            if answer.len() >= LONGEST_ANSWER {
                return Err(io::Error::other("the proxy's answer is too long"));
            }
            answer.push(stream.read_u8().await?);
        }
        let first = String::from_utf8_lossy(&answer);
        match first.split_whitespace().nth(1) {
            Some("200") => Ok(()),
            Some("407") => Err(io::Error::other("the proxy refuses the user name or password (407)")),
            status => {
                Err(io::Error::other(format!("the proxy refuses to connect ({})", status.unwrap_or("no status"))))
            }
        }
    }

    async fn negotiate(&self, stream: &mut TcpStream, host: &str, port: u16) -> io::Result<()> {
        const NO_CREDENTIALS: u8 = 0;
        const PASSWORD: u8 = 2;
        let method = if self.credentials.is_some() { PASSWORD } else { NO_CREDENTIALS };
        stream.write_all(&[5, 1, method]).await?;
        let mut chosen = [0; 2];
        stream.read_exact(&mut chosen).await?;
        if chosen != [5, method] {
            return Err(io::Error::other("the proxy wants another way of authentication, or is no SOCKS5 proxy"));
        }
        if let Some((user, password)) = &self.credentials {
            let mut request = vec![1, length(user.as_bytes())?];
            request.extend_from_slice(user.as_bytes());
            request.push(length(password.as_bytes())?);
            request.extend_from_slice(password.as_bytes());
            stream.write_all(&request).await?;
            let mut answer = [0; 2];
            stream.read_exact(&mut answer).await?;
            if answer[1] != 0 {
                return Err(io::Error::other("the proxy refuses the user name or password"));
            }
        }
        let mut request = vec![5, 1, 0, 3, length(host.as_bytes())?];
        request.extend_from_slice(host.as_bytes());
        request.extend_from_slice(&port.to_be_bytes());
        stream.write_all(&request).await?;
        let mut answer = [0; 4];
        stream.read_exact(&mut answer).await?;
        if answer[1] != 0 {
            return Err(io::Error::other(format!("the proxy refuses to connect (SOCKS error {})", answer[1])));
        }
        // The address the proxy connects from, which nobody needs, and its port.
        let address = match answer[3] {
            1 => 4,
            4 => 16,
            3 => usize::from(stream.read_u8().await?),
            _ => return Err(io::Error::other("the proxy answers with an address of unknown kind")),
        };
        let mut rest = vec![0; address + 2];
        stream.read_exact(&mut rest).await?;
        Ok(())
    }
}

fn length(bytes: &[u8]) -> io::Result<u8> {
    u8::try_from(bytes.len()).map_err(|_| io::Error::other("a name is too long for a SOCKS5 proxy"))
}

fn percent_decoded(text: &str) -> Result<String, ProxyError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let pair = [rest.next(), rest.next()].map(|it| it.and_then(|it| char::from(it).to_digit(16)));
        let [Some(high), Some(low)] = pair else { return Err(ProxyError::NotAnAddress) };
        bytes.push((high * 16 + low) as u8);
    }
    if bytes.len() > usize::from(u8::MAX) {
        return Err(ProxyError::Credentials);
    }
    String::from_utf8(bytes).map_err(|_| ProxyError::NotAnAddress)
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|it| match it {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(it).to_string(),
            _ => format!("%{it:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn addresses_are_read_with_their_credentials() {
        for (text, kind, host, port, credentials) in [
            ("http://proxy.example", Kind::Http, "proxy.example", 80, None),
            ("http://u:p%40ss@proxy.example:3128", Kind::Http, "proxy.example", 3128, Some(("u", "p@ss"))),
            ("socks5://[::1]:9", Kind::Socks5, "::1", 9, None),
            ("socks5h://only@10.0.0.1", Kind::Socks5, "10.0.0.1", 1080, Some(("only", ""))),
        ] {
            let proxy = Proxy::parse(text).unwrap();
            let credentials = credentials.map(|(user, password)| (user.to_owned(), password.to_owned()));
            assert_eq!((proxy.kind, &*proxy.host, proxy.port), (kind, host, port), "{text}");
            assert_eq!(proxy.credentials, credentials, "{text}");
            proxy.for_http_client().unwrap();
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused_without_showing_its_password() {
        for text in ["", "proxy:3128", "https://u:secret@proxy", "ftp://u:secret@proxy", "http://u:%zz@proxy"] {
            let error = Proxy::parse(text).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
        let proxy = Proxy::parse("http://u:secret@proxy").unwrap();
        assert!(!format!("{proxy:?}").contains("secret"));
    }

    #[tokio::test]
    async fn an_http_proxy_is_asked_for_a_tunnel() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let peer = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![];
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.unwrap());
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\nX: y\r\n\r\nhello").await.unwrap();
            String::from_utf8(request).unwrap()
        });
        let proxy = Proxy::parse(&format!("http://user:pass@127.0.0.1:{port}")).unwrap();
        let mut stream = proxy.connect("web.whatsapp.com", 443).await.unwrap();
        let request = peer.await.unwrap();
        assert!(request.starts_with("CONNECT web.whatsapp.com:443 HTTP/1.1\r\n"), "{request}");
        assert!(request.contains("Proxy-Authorization: Basic dXNlcjpwYXNz\r\n"), "{request}");
        let mut first = [0; 5];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"hello");
    }

    #[tokio::test]
    async fn a_refusal_of_the_credentials_is_named() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let peer = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await.unwrap();
            stream
        });
        let proxy = Proxy::parse(&format!("http://127.0.0.1:{port}")).unwrap();
        let error = proxy.connect("web.whatsapp.com", 443).await.unwrap_err();
        assert!(error.to_string().contains("407"), "{error}");
        drop(peer.await.unwrap());
    }

    #[tokio::test]
    async fn a_socks_proxy_gets_the_name_not_the_address() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let peer = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut greeting = [0; 3];
            stream.read_exact(&mut greeting).await.unwrap();
            stream.write_all(&[5, 2]).await.unwrap();
            let mut credentials = [0; 5];
            stream.read_exact(&mut credentials).await.unwrap();
            stream.write_all(&[1, 0]).await.unwrap();
            let mut request = [0; 5 + 16 + 2];
            stream.read_exact(&mut request).await.unwrap();
            stream.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 80]).await.unwrap();
            (greeting, credentials, request)
        });
        let proxy = Proxy::parse(&format!("socks5://u:p@127.0.0.1:{port}")).unwrap();
        proxy.connect("web.whatsapp.com", 443).await.unwrap();
        let (greeting, credentials, request) = peer.await.unwrap();
        assert_eq!(greeting, [5, 1, 2]);
        assert_eq!(credentials, [1, 1, b'u', 1, b'p']);
        assert_eq!(&request[5..21], b"web.whatsapp.com");
        assert_eq!(request[21..], 443u16.to_be_bytes());
    }
}
