//! The one error of this crate.

use std::{error::Error as StdError, fmt, time::Duration};

use bytes::Bytes;
use reqwest::{Method, StatusCode, header::HeaderMap};
use serde::Deserialize;

use crate::backoff;

/// The most of a gateway's sentence that is repeated.
const LONGEST_MESSAGE: usize = 2000;

/// What sort of thing went wrong. Closed: each has its own exception or class in the other languages.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ErrorKind {
    /// The client or the call was set up wrongly; nothing was sent, or the address redirects elsewhere.
    Configuration,
    /// No connection, or it broke before the answer was complete.
    Connection,
    /// No complete answer in time.
    Timeout,
    /// 401: no good API key.
    Authentication,
    /// 403: the key may not do this, or WhatsApp refused.
    Forbidden,
    /// 404: there is no such session, message, chat or webhook.
    NotFound,
    /// 409: not in the state for this.
    Conflict,
    /// Any other 4xx: the request does not read as this operation's.
    InvalidRequest,
    /// 429: too many requests.
    RateLimited,
    /// 501: the session's engine cannot do this.
    NotImplemented,
    /// 502, 503 and 504: not now; the outcome of a write may be unknown.
    Unavailable,
    /// Any other 5xx: it failed inside the gateway.
    Server,
    /// The answer is not what the API document promises, or too long.
    Decode,
    /// A local file or stream could not be read or written.
    File,
}

impl ErrorKind {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Configuration,
        Self::Connection,
        Self::Timeout,
        Self::Authentication,
        Self::Forbidden,
        Self::NotFound,
        Self::Conflict,
        Self::InvalidRequest,
        Self::RateLimited,
        Self::NotImplemented,
        Self::Unavailable,
        Self::Server,
        Self::Decode,
        Self::File,
    ];

    /// Its name in `snake_case`, the same in every language.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Connection => "connection",
            Self::Timeout => "timeout",
            Self::Authentication => "authentication",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::InvalidRequest => "invalid_request",
            Self::RateLimited => "rate_limited",
            Self::NotImplemented => "not_implemented",
            Self::Unavailable => "unavailable",
            Self::Server => "server",
            Self::Decode => "decode",
            Self::File => "file",
        }
    }

    fn of(status: StatusCode) -> Self {
        match status.as_u16() {
            300..400 => Self::Configuration,
            401 => Self::Authentication,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            409 => Self::Conflict,
            429 => Self::RateLimited,
            400..500 => Self::InvalidRequest,
            501 => Self::NotImplemented,
            502..=504 => Self::Unavailable,
            500..600 => Self::Server,
            _ => Self::Decode,
        }
    }

    /// What a person can do about it, where the gateway's own sentence does not say.
    fn advice(self) -> Option<&'static str> {
        match self {
            Self::Connection => Some("check that the gateway runs and that the base URL (OPENWA_BASE_URL) leads to it"),
            Self::Timeout => Some("give the call a longer timeout, or look whether the gateway is overloaded"),
            Self::Authentication => Some("check the API key (OPENWA_API_KEY)"),
            Self::Forbidden => Some("use a key whose role and sessions allow it"),
            Self::RateLimited => Some("slow down, or try again later"),
            Self::Decode => Some("check that the base URL leads to a gateway of a version this client knows"),
            _ => None,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// Why a call failed. Its text is one sentence that says what to do.
pub struct Error(Box<Parts>);

struct Parts {
    kind: ErrorKind,
    status: Option<u16>,
    code: Option<String>,
    message: String,
    retry_after: Option<Duration>,
    request_id: Option<String>,
    headers: HeaderMap,
    body: Bytes,
    request: Option<(Method, String)>,
    /// Whether the gateway cannot have seen the request.
    is_unsent: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// What sort of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The HTTP status, if the gateway answered.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The gateway's stable word for it, such as `SESSION_NOT_FOUND`.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// What is wrong, for a person: the gateway's own sentence where it gave one.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// How long the gateway asked to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The id of the request, as it stands in the gateway's log.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The headers of the gateway's answer.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// The body of the gateway's answer as it came.
    pub fn body(&self) -> &Bytes {
        &self.0.body
    }

    /// The method of the request, if one was made.
    pub fn method(&self) -> Option<&Method> {
        self.0.request.as_ref().map(|(method, _)| method)
    }

    /// The path of the request, if one was made.
    pub fn path(&self) -> Option<&str> {
        self.0.request.as_ref().map(|(_, path)| path.as_str())
    }

    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            kind,
            status: None,
            code: None,
            message: message.into(),
            retry_after: None,
            request_id: None,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            request: None,
            is_unsent: false,
            source: None,
        }))
    }

    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Configuration, message)
    }

    pub(crate) fn timeout(limit: Duration) -> Self {
        Self::new(ErrorKind::Timeout, format!("the gateway did not answer within {limit:?}"))
    }

    pub(crate) fn because(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(Box::new(source));
        self
    }

    /// What the HTTP client could not do.
    pub(crate) fn of_transport(error: reqwest::Error) -> Self {
        // The address holds ids and query; those who want it have it from the call.
        let error = error.without_url();
        if let Some(failed) = cause::<crate::upload::SourceFailed>(&error) {
            return Self::new(ErrorKind::File, format!("the file to send could not be read: {failed}"));
        }
        let is_unsent = error.is_connect();
        let (kind, message) = match () {
            () if error.is_builder() => (ErrorKind::Configuration, format!("the request cannot be made: {error}")),
            () if is_unsent => (ErrorKind::Connection, format!("no connection to the gateway: {}", root(&error))),
            () if error.is_timeout() => (ErrorKind::Timeout, "the gateway did not answer in time".to_owned()),
            () => (ErrorKind::Connection, format!("the connection to the gateway broke: {}", root(&error))),
        };
        let mut made = Self::new(kind, message).because(error);
        made.0.is_unsent = is_unsent;
        made
    }

    /// What the gateway answered instead of doing it.
    pub(crate) fn of_answer(status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        let said = Said::read(&body);
        let mut message = said.message.unwrap_or_else(|| plain(status, &headers));
        if message.len() > LONGEST_MESSAGE {
            message.truncate(message.floor_char_boundary(LONGEST_MESSAGE));
        }
        let retry_after = said.retry_after_seconds.and_then(|it| Duration::try_from_secs_f64(it).ok());
        let retry_after = retry_after.or_else(|| backoff::retry_after(&headers, jiff::Timestamp::now()));
        Self(Box::new(Parts {
            kind: ErrorKind::of(status),
            status: Some(status.as_u16()),
            code: said.code,
            message,
            retry_after,
            request_id: request_id(&headers),
            headers,
            body,
            request: None,
            is_unsent: false,
            source: None,
        }))
    }

    /// The answer came, and does not read as it should.
    pub(crate) fn unreadable(answer: &crate::answer::Answer, error: serde_json::Error) -> Self {
        let message = format!("the gateway's answer does not read as expected: {error}");
        let mut made = Self::new(ErrorKind::Decode, message).because(error);
        made.0.status = Some(answer.status);
        made.0.request_id.clone_from(&answer.request_id);
        made.0.headers.clone_from(&answer.headers);
        made.0.body.clone_from(&answer.body);
        made
    }

    pub(crate) fn with_status(mut self, status: StatusCode, headers: &HeaderMap) -> Self {
        self.0.status = Some(status.as_u16());
        self.0.request_id = request_id(headers);
        self
    }

    pub(crate) fn of_request(mut self, method: &Method, path: &str) -> Self {
        self.0.request = Some((method.clone(), path.to_owned()));
        self
    }

    pub(crate) fn is_unsent(&self) -> bool {
        self.0.is_unsent
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts { kind, status, code, message, retry_after, request_id, .. } = &*self.0;
        if let Some(status) = status {
            write!(out, "the gateway answered {status}")?;
            if let Some(code) = code {
                write!(out, " {code}")?;
            }
            out.write_str(": ")?;
        }
        out.write_str(message)?;
        if let Some(advice) = kind.advice() {
            write!(out, "; {advice}")?;
        }
        if let Some(wait) = retry_after {
            write!(out, " (it asks to wait {} s)", wait.as_secs_f64())?;
        }
        if let Some(id) = request_id {
            write!(out, " [request {id}]")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts { kind, status, code, message, retry_after, request_id, source, .. } = &*self.0;
        out.debug_struct("Error")
            .field("kind", kind)
            .field("status", status)
            .field("code", code)
            .field("message", message)
            .field("retry_after", retry_after)
            .field("request_id", request_id)
            .field("source", source)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|it| it as _)
    }
}

/// The gateway's body of an error. Other versions send several sentences as a list.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Said {
    #[serde(deserialize_with = "sentences")]
    message: Option<String>,
    code: Option<String>,
    retry_after_seconds: Option<f64>,
}

impl Said {
    fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }
}

fn sentences<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Message {
        One(String),
        Several(Vec<String>),
        Other(serde::de::IgnoredAny),
    }
    Ok(match Message::deserialize(from)? {
        Message::One(text) => Some(text),
        Message::Several(texts) => Some(texts.join(", ")),
        Message::Other(_) => None,
    })
}

fn plain(status: StatusCode, headers: &HeaderMap) -> String {
    if status.is_redirection() {
        let target = headers.get("location").and_then(|it| it.to_str().ok()).unwrap_or("another address");
        return format!("it redirects to {target}; redirects are not followed, set the base URL to the final address");
    }
    status.canonical_reason().unwrap_or("an answer without a sentence").to_owned()
}

pub(crate) fn request_id(headers: &HeaderMap) -> Option<String> {
    headers.get("x-request-id").and_then(|it| it.to_str().ok()).map(str::to_owned)
}

fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |it: &&'a (dyn StdError + 'static)| (*it).source())
}

fn cause<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    causes(error).find_map(|it| it.downcast_ref())
}

/// The innermost cause, which is the one that a person understands.
fn root(error: &(dyn StdError + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}
