//! The client and its options.

use std::{collections::BTreeMap, env, fmt, sync::Arc, time::Duration};

use reqwest::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use url::{Url, form_urlencoded};

use crate::{
    Error,
    attempts::{header, header_value},
    tls,
};

const DEFAULT_BASE_URL: &str = "http://127.0.0.1:2785";
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
const DEFAULT_RETRIES: u32 = 2;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections kept for the next calls.
const IDLE_CONNECTIONS: usize = 64;
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);
const LONGEST_ANSWER: usize = 64 * 1024 * 1024;

/// The gateway, seen from here. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    http: reqwest::Client,
    /// What every request has.
    headers: HeaderMap,
    /// Without a slash at its end.
    base_url: String,
    timeout: Duration,
    max_retries: u32,
    longest_answer: usize,
}

impl Client {
    /// A client with the usual options.
    ///
    /// # Errors
    ///
    /// When the address or the key cannot be one.
    pub fn new(base_url: impl Into<String>, api_key: impl Into<String>) -> Result<Self, Error> {
        Self::builder().base_url(base_url).api_key(api_key).build()
    }

    /// A client with address and key from `OPENWA_BASE_URL` and `OPENWA_API_KEY`.
    ///
    /// # Errors
    ///
    /// When the address or the key cannot be one.
    pub fn from_env() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// Options, beginning with the usual ones.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// The same client with another key, over the same connections.
    ///
    /// # Errors
    ///
    /// When the key cannot be one.
    pub fn with_api_key(&self, api_key: impl Into<String>) -> Result<Self, Error> {
        let mut inner = Inner::clone(&self.0);
        set_api_key(&mut inner.headers, &api_key.into())?;
        Ok(Self(Arc::new(inner)))
    }

    /// Where the gateway is, without a slash at its end.
    pub fn base_url(&self) -> &str {
        &self.0.base_url
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.0.http
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    pub(crate) fn timeout(&self) -> Duration {
        self.0.timeout
    }

    pub(crate) fn max_retries(&self) -> u32 {
        self.0.max_retries
    }

    pub(crate) fn longest_answer(&self) -> usize {
        self.0.longest_answer
    }

    pub(crate) fn url(&self, path: &str, query: &[(String, String)]) -> Result<Url, Error> {
        let base = &self.0.base_url;
        if !path.starts_with('/') {
            return Err(Error::configuration(format!("the path '{path}' must begin with a slash")));
        }
        let mut text = String::with_capacity(base.len() + path.len() + 32);
        text.push_str(base);
        text.push_str(path);
        if !query.is_empty() {
            text.push(if path.contains('?') { '&' } else { '?' });
            let at = text.len();
            let mut encoder = form_urlencoded::Serializer::for_suffix(text, at);
            text = encoder.extend_pairs(query).finish();
        }
        Url::parse(&text).map_err(|it| Error::configuration(format!("{path} is not a path: {it}")).because(it))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Client")
            .field("base_url", &self.0.base_url)
            .field("timeout", &self.0.timeout)
            .field("max_retries", &self.0.max_retries)
            .finish_non_exhaustive()
    }
}

/// Options of a [`Client`].
///
/// ```
/// use std::time::Duration;
/// use openwa_client::Client;
///
/// let client = Client::builder()
///     .base_url("http://127.0.0.1:2785")
///     .api_key("owa_key")
///     .timeout(Duration::from_secs(10))
///     .build()?;
/// # Ok::<(), openwa_client::Error>(())
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct ClientBuilder {
    base_url: Option<String>,
    api_key: Option<String>,
    timeout: Option<Duration>,
    max_retries: Option<u32>,
    longest_answer: Option<usize>,
    proxy: Option<String>,
    headers: BTreeMap<String, String>,
    user_agent: Option<String>,
    certificates: Vec<String>,
}

impl ClientBuilder {
    /// Where the gateway is; `OPENWA_BASE_URL` or `http://127.0.0.1:2785` when not said.
    pub fn base_url(mut self, address: impl Into<String>) -> Self {
        self.base_url = Some(address.into());
        self
    }

    /// The API key; `OPENWA_API_KEY` when not said.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// How long each attempt of a call may take, 30 seconds when not said; for ever when [`Duration::MAX`].
    ///
    /// For a file that is sent or fetched, it is how long nothing may move.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// How often a call is tried again, 2 when not said: after 0.5, 1, 2 … seconds, at most 8, less a random part; or
    /// after as long as the gateway asks, up to 60.
    ///
    /// Tried again are calls that broke, timed out, or were answered 408, 429, 500, 502, 503 or 504: those that only
    /// read, and those with an idempotency key, which sends have by themselves. Other calls are tried again only
    /// when no connection was made.
    pub fn max_retries(mut self, times: u32) -> Self {
        self.max_retries = Some(times);
        self
    }

    /// The longest answer that is read whole, 64 MiB when not said. Files are streamed and have no limit.
    pub fn longest_answer(mut self, bytes: usize) -> Self {
        self.longest_answer = Some(bytes);
        self
    }

    /// The proxy to go through: `http://`, `https://`, `socks5://` or `socks5h://`, with credentials if need be. None
    /// when not said, whatever the environment says.
    pub fn proxy(mut self, address: impl Into<String>) -> Self {
        self.proxy = Some(address.into());
        self
    }

    /// A header to send with every call.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }

    /// How the client calls itself; `openwa-rust/<version> (<system>; <machine>)` when not said.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = Some(name.into());
        self
    }

    /// Trusts further certificate authorities, as text in PEM, for a gateway inside a company. The public ones and
    /// the machine's are trusted anyway.
    pub fn certificate(mut self, pem: impl Into<String>) -> Self {
        self.certificates.push(pem.into());
        self
    }

    /// Makes the client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// When an option cannot be one.
    pub fn build(self) -> Result<Client, Error> {
        let environment = |name| env::var(name).ok().filter(|it| !it.trim().is_empty());
        let base_url = self.base_url.or_else(|| environment("OPENWA_BASE_URL"));
        let base_url = checked_base_url(base_url.as_deref().unwrap_or(DEFAULT_BASE_URL))?;
        let api_key = self.api_key.or_else(|| environment("OPENWA_API_KEY"));
        let own = || format!("openwa-rust/{} ({}; {})", env!("CARGO_PKG_VERSION"), env::consts::OS, env::consts::ARCH);
        let mut headers = default_headers(self.user_agent.unwrap_or_else(own), self.headers)?;
        if let Some(key) = api_key {
            set_api_key(&mut headers, &key)?;
        }

        let is_tls = |it: &str| it.starts_with("https:");
        let tls = tls::config(is_tls(&base_url) || self.proxy.as_deref().is_some_and(is_tls), &self.certificates)?;
        let mut http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .http1_only()
            .tcp_nodelay(true)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .no_proxy();
        if let Some(address) = self.proxy {
            let refused = |it| Error::configuration("the proxy must be an address like http://host:port").because(it);
            http = http.proxy(reqwest::Proxy::all(address.trim()).map_err(refused)?);
        }
        let unmade =
            |it| Error::configuration("the HTTP client cannot be made; check proxy and certificates").because(it);
        Ok(Client(Arc::new(Inner {
            http: http.build().map_err(unmade)?,
            headers,
            base_url,
            timeout: self.timeout.filter(|it| !it.is_zero()).unwrap_or(DEFAULT_TIMEOUT),
            max_retries: self.max_retries.unwrap_or(DEFAULT_RETRIES),
            longest_answer: self.longest_answer.unwrap_or(LONGEST_ANSWER),
        })))
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers and the proxy may hold credentials as well.
        out.debug_struct("ClientBuilder")
            .field("base_url", &self.base_url)
            .field("api_key", &self.api_key.as_ref().map(|_| "<redacted>"))
            .field("timeout", &self.timeout)
            .field("max_retries", &self.max_retries)
            .field("proxy", &self.proxy.as_ref().map(|_| "<redacted>"))
            .field("headers", &self.headers.keys())
            .finish_non_exhaustive()
    }
}

fn checked_base_url(text: &str) -> Result<String, Error> {
    let text = text.trim().trim_end_matches('/');
    let refused = |why: &str| Error::configuration(format!("the base URL '{}' {why}", shown(text)));
    let url = Url::parse(text).map_err(|it| refused("is not an address like http://host:2785").because(it))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(refused("must begin with http:// or https://"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refused("must have no query and no fragment"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("must hold no credentials: give the key as api_key"));
    }
    let is_here = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if url.scheme() == "http" && !is_here {
        tracing::warn!(base_url = text, "the API key goes over the network unencrypted; use https");
    }
    Ok(text.to_owned())
}

/// An address without the credentials it may hold.
fn shown(address: &str) -> &str {
    address.rsplit_once('@').map_or(address, |(_, host)| host)
}

fn default_headers(user_agent: String, own: BTreeMap<String, String>) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::with_capacity(own.len() + 3);
    headers.insert(USER_AGENT, header_value("User-Agent", user_agent)?);
    headers.insert(ACCEPT, HeaderValue::from_static("application/json, */*;q=0.5"));
    for (name, value) in own {
        let (name, value) = header(&name, value)?;
        headers.insert(name, value);
    }
    Ok(headers)
}

fn set_api_key(headers: &mut HeaderMap, key: &str) -> Result<(), Error> {
    const NAME: HeaderName = HeaderName::from_static("x-api-key");
    if key.trim().is_empty() {
        headers.remove(NAME);
        return Ok(());
    }
    let mut value = header_value("X-API-Key", key.trim().to_owned())?;
    value.set_sensitive(true);
    headers.insert(NAME, value);
    Ok(())
}
