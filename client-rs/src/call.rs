//! What is asked of the gateway, before it is made into a request.

use std::{fmt, time::Duration};

use bytes::Bytes;
use reqwest::Method;

use crate::{Error, upload::Upload};

/// One call.
#[derive(Debug)]
pub struct Call {
    /// The HTTP method.
    pub method: Method,
    /// Percent-encoded, with its leading slash; [`path`] makes it from a template. It may have a query of its own.
    pub path: String,
    /// Names and values as they are; encoded when the call is made.
    pub query: Vec<(String, String)>,
    /// Headers of this call; they replace the client's own of the same name.
    pub headers: Vec<(String, String)>,
    /// What is sent.
    pub body: CallBody,
    /// Whether and how it is kept from taking effect twice.
    pub idempotency_key: Keyed,
    /// How long each attempt may take, or the silence of a transfer; the client's when absent, for ever when
    /// [`Duration::MAX`].
    pub timeout: Option<Duration>,
    /// How often it is tried again; the client's number when absent.
    pub retries: Option<u32>,
}

impl Call {
    /// A call without query, headers and body.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            query: Vec::new(),
            headers: Vec::new(),
            body: CallBody::Empty,
            idempotency_key: Keyed::None,
            timeout: None,
            retries: None,
        }
    }

    /// The same call once more, without its body.
    pub(crate) fn again(&self) -> Self {
        Self {
            method: self.method.clone(),
            path: self.path.clone(),
            query: self.query.clone(),
            headers: self.headers.clone(),
            body: CallBody::Empty,
            idempotency_key: Keyed::None,
            timeout: self.timeout,
            retries: self.retries,
        }
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sends JSON, already written.
    #[must_use]
    pub fn json(mut self, body: impl Into<Bytes>) -> Self {
        self.body = CallBody::Json(body.into());
        self
    }

    /// Sends a form with a file.
    #[must_use]
    pub fn upload(mut self, fields: Vec<(String, String)>, file: Upload) -> Self {
        self.body = CallBody::Upload { fields, file };
        self
    }

    /// Says how it is kept from taking effect twice.
    #[must_use]
    pub fn keyed(mut self, key: Keyed) -> Self {
        self.idempotency_key = key;
        self
    }

    /// Says how long each attempt may take.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Says how often it is tried again.
    #[must_use]
    pub fn retries(mut self, times: u32) -> Self {
        self.retries = Some(times);
        self
    }
}

/// What a call sends.
#[derive(Debug, Default)]
pub enum CallBody {
    /// Nothing.
    #[default]
    Empty,
    /// JSON, already written.
    Json(Bytes),
    /// `multipart/form-data`: the fields, then the file as the part `file`, streamed.
    Upload {
        /// Names and values.
        fields: Vec<(String, String)>,
        /// The file.
        file: Upload,
    },
}

/// The `Idempotency-Key` of a call, the same for all its attempts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Keyed {
    /// The operation takes none: a write is not repeated once it may have arrived.
    #[default]
    None,
    /// One is made for this call.
    Fresh,
    /// This one: the same call made again, even by another process, takes effect once.
    Given(String),
}

impl Keyed {
    pub(crate) fn value(self) -> Result<Option<String>, Error> {
        match self {
            Self::None => Ok(None),
            Self::Fresh => Ok(Some(uuid::Uuid::new_v4().to_string())),
            Self::Given(key) if (1..=255).contains(&key.len()) && key.bytes().all(|it| it.is_ascii_graphic()) => {
                Ok(Some(key))
            }
            Self::Given(_) => Err(Error::configuration("an idempotency key has 1 to 255 visible ASCII characters")),
        }
    }
}

/// A path from its template, with the parameters in its order:
/// `path("/api/sessions/{sessionId}/start", &[id])`.
///
/// # Errors
///
/// When a parameter is empty, `.` or `..`, for it would lead to another operation, or when there are more or fewer
/// parameters than places.
pub fn path(template: &str, parameters: &[&str]) -> Result<String, Error> {
    let mut path = String::with_capacity(template.len() + parameters.iter().map(|it| it.len()).sum::<usize>());
    let mut parameters = parameters.iter();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        let too_few = || Error::configuration(format!("{template} needs a value for {name}"));
        let value = parameters.next().ok_or_else(too_few)?;
        path.push_str(before);
        push_segment(&mut path, value).map_err(|Senseless| {
            Error::configuration(format!("{name} must not be empty, '.' or '..': give the id of one that exists"))
        })?;
        rest = after;
    }
    if parameters.next().is_some() {
        return Err(Error::configuration(format!("{template} has fewer places than values were given")));
    }
    path.push_str(rest);
    Ok(path)
}

/// One segment of a path, percent-encoded.
///
/// # Errors
///
/// When it is empty, `.` or `..`.
pub fn segment(value: &str) -> Result<String, Error> {
    let mut out = String::with_capacity(value.len());
    push_segment(&mut out, value)
        .map_err(|Senseless| Error::configuration("a segment of a path must not be empty, '.' or '..'"))?;
    Ok(out)
}

struct Senseless;

fn push_segment(out: &mut String, value: &str) -> Result<(), Senseless> {
    if matches!(value.trim(), "" | "." | "..") {
        return Err(Senseless);
    }
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~@:+".contains(&byte) {
            out.push(char::from(byte));
        } else {
            _ = fmt::Write::write_fmt(out, format_args!("%{byte:02X}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_cannot_leave_their_segment() {
        let made = path("/api/{a}/x/{b}", &["1 2/3?é", "15550000002@c.us"]).unwrap();
        assert_eq!(made, "/api/1%202%2F3%3F%C3%A9/x/15550000002@c.us");
        for bad in ["", " ", ".", "..", " .. "] {
            assert!(path("/api/{a}", &[bad]).unwrap_err().message().starts_with("a must not be empty"), "{bad:?}");
            assert!(segment(bad).is_err());
        }
        assert!(path("/api/{a}", &[]).is_err());
        assert!(path("/api", &["1"]).is_err());
    }

    #[test]
    fn keys_are_fresh_each_time_and_checked_when_given() {
        let fresh = || Keyed::Fresh.value().unwrap().unwrap();
        assert_ne!(fresh(), fresh());
        assert_eq!(Keyed::None.value().unwrap(), None);
        assert_eq!(Keyed::Given("order-1".into()).value().unwrap().as_deref(), Some("order-1"));
        for bad in ["", "a b", "é", "line\n", &"x".repeat(256)] {
            assert!(Keyed::Given(bad.to_owned()).value().is_err(), "{bad:?}");
        }
    }
}
