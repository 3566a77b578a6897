//! What crosses over between JavaScript and Rust.

use std::time::Duration;

use napi::{
    Env, JsString,
    bindgen_prelude::{Array, Buffer, BufferSlice},
};
use napi_derive::napi;
use openwa_client::{
    Client, Error,
    raw::{Call, HeaderMap, Keyed, Method},
};

use crate::outbox::Outcome;

/// Options of a client, filled up by JavaScript.
#[napi(object)]
pub struct Options {
    pub base_url: String,
    pub api_key: String,
    pub timeout_ms: f64,
    pub max_retries: f64,
    pub longest_answer: f64,
    pub user_agent: String,
    pub headers: Vec<(String, String)>,
    pub proxy: Option<String>,
    pub certificate: Option<String>,
}

impl Options {
    pub(crate) fn client(self) -> Result<Client, Error> {
        let mut builder = Client::builder()
            .base_url(self.base_url)
            .api_key(self.api_key)
            .timeout(limit(self.timeout_ms))
            .max_retries(count(self.max_retries))
            .longest_answer(self.longest_answer as usize)
            .user_agent(self.user_agent);
        for (name, value) in self.headers {
            builder = builder.header(name, value);
        }
        if let Some(proxy) = self.proxy {
            builder = builder.proxy(proxy);
        }
        if let Some(certificate) = self.certificate {
            builder = builder.certificate(certificate);
        }
        builder.build()
    }
}

/// What a call has of its own.
#[napi(object)]
#[derive(Default)]
pub struct Settings {
    pub timeout_ms: Option<f64>,
    pub max_retries: Option<f64>,
    pub headers: Option<Vec<(String, String)>>,
}

/// A call; the key is absent where the operation takes none, and empty where one is to be made.
pub(crate) fn call(
    method: &str,
    path: String,
    key: Option<String>,
    settings: Option<Settings>,
) -> Result<Call, String> {
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| format!("'{method}' is not an HTTP method"))?;
    let settings = settings.unwrap_or_default();
    Ok(Call {
        headers: settings.headers.unwrap_or_default(),
        idempotency_key: match key {
            None => Keyed::None,
            Some(key) if key.is_empty() => Keyed::Fresh,
            Some(key) => Keyed::Given(key),
        },
        timeout: settings.timeout_ms.map(limit),
        retries: settings.max_retries.map(count),
        ..Call::new(method, path)
    })
}

/// A file to send: from a path, from memory, or of so many bytes that come piece by piece.
#[napi(object)]
pub struct File {
    pub fields: Vec<(String, String)>,
    pub name: Option<String>,
    pub mimetype: Option<String>,
    pub path: Option<String>,
    pub bytes: Option<Buffer>,
    pub size: Option<f64>,
}

/// Zero and infinity are no limit.
fn limit(milliseconds: f64) -> Duration {
    match Duration::try_from_secs_f64(milliseconds / 1000.0) {
        Ok(limit) if !limit.is_zero() => limit,
        _ => Duration::MAX,
    }
}

fn count(times: f64) -> u32 {
    times as u32
}

/// Why a call failed, for JavaScript to make an error of.
#[napi(object)]
pub struct Failure {
    pub kind: String,
    pub message: String,
    pub status: Option<u32>,
    /// Names and values in turn.
    pub headers: Vec<String>,
    pub text: String,
    pub cause: Option<String>,
}

impl Failure {
    fn of(error: &Error) -> Self {
        let mut causes = std::iter::successors(std::error::Error::source(error), |it| it.source());
        Self {
            kind: error.kind().as_str().to_owned(),
            message: error.to_string(),
            status: error.status().map(u32::from),
            headers: flat(error.headers()),
            text: String::from_utf8_lossy(error.body()).into_owned(),
            cause: causes.next().map(ToString::to_string),
        }
    }
}

/// An answer with all that came, or the head of a file.
#[napi(object)]
pub struct Whole {
    pub status: u32,
    /// Names and values in turn.
    pub headers: Vec<String>,
    pub text: String,
}

/// Names and values in turn; a value is bytes, which JavaScript has as characters up to 255.
fn flat(headers: &HeaderMap) -> Vec<String> {
    let pairs = headers.iter();
    pairs
        .flat_map(|(name, value)| [name.to_string(), value.as_bytes().iter().copied().map(char::from).collect()])
        .collect()
}

// What an outcome is, where it is not the status of an answer that is told by its text alone.
const FAILURE: u32 = 0;
const WHOLE: u32 = 1;
const HEAD: u32 = 2;
const PIECE: u32 = 3;
const EVENTS: u32 = 4;
const SAVED: u32 = 5;
const END: u32 = 6;
const PULL: u32 = 7;

/// Number, tag and value of each outcome, in turn.
pub(crate) fn outcomes<'env>(env: &'env Env, all: Vec<(u32, Outcome)>) -> napi::Result<Array<'env>> {
    let mut array = env.create_array(all.len() as u32 * 3)?;
    for (index, (id, outcome)) in all.into_iter().enumerate() {
        let at = index as u32 * 3;
        array.set(at, id)?;
        let tag = match outcome {
            Outcome::Answer(answer) => {
                array.set(at + 2, text(env, &answer.body)?)?;
                answer.status.into()
            }
            Outcome::Whole(answer) => {
                let text = String::from_utf8_lossy(&answer.body).into_owned();
                array.set(at + 2, Whole { status: answer.status.into(), headers: flat(&answer.headers), text })?;
                WHOLE
            }
            Outcome::Failure(error) => {
                array.set(at + 2, Failure::of(&error))?;
                FAILURE
            }
            Outcome::Head { status, headers } => {
                array.set(at + 2, Whole { status: status.into(), headers: flat(&headers), text: String::new() })?;
                HEAD
            }
            Outcome::Piece(bytes) => {
                array.set(at + 2, BufferSlice::copy_from(env, &bytes)?)?;
                PIECE
            }
            Outcome::Saved(count) => {
                array.set(at + 2, count as f64)?;
                SAVED
            }
            Outcome::Events(events) => {
                let mut list = env.create_array(events.len() as u32 * 2)?;
                for (index, event) in events.into_iter().enumerate() {
                    list.set(index as u32 * 2, event.id)?;
                    list.set(index as u32 * 2 + 1, text(env, &event.data)?)?;
                }
                array.set(at + 2, list)?;
                EVENTS
            }
            Outcome::End => END,
            Outcome::Pull => PULL,
        };
        array.set(at + 1, tag)?;
    }
    Ok(array)
}

/// A string of V8. Most answers are ASCII, which it takes over without decoding.
fn text<'env>(env: &'env Env, bytes: &[u8]) -> napi::Result<JsString<'env>> {
    if bytes.is_ascii() {
        return env.create_string_latin1(bytes);
    }
    env.create_string(String::from_utf8_lossy(bytes))
}
