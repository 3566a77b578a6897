//! A call of the API that is being put together, and what every one of them can be told.
//!
//! Each operation with options has a type of its own, made by the macro [`request`]; those without share [`Request`].

use std::{fmt, marker::PhantomData, pin::Pin, time::Duration};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    Client, Error, Upload,
    answer::{Answer, Download},
    call::{Call, CallBody, Keyed, path},
};

/// What awaiting a request gives.
pub type Pending<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

/// A call whose parts may turn out to be wrong; then it fails when it is made.
pub(crate) struct Draft {
    client: Client,
    call: Result<Call, Error>,
}

impl Draft {
    pub(crate) fn new(client: &Client, method: reqwest::Method, template: &str, segments: &[&str]) -> Self {
        Self { client: client.clone(), call: path(template, segments).map(|it| Call::new(method, it)) }
    }

    fn change(&mut self, change: impl FnOnce(&mut Call)) {
        if let Ok(call) = &mut self.call {
            change(call);
        }
    }

    pub(crate) fn query(&mut self, name: &str, value: impl Into<String>) {
        self.change(|it| it.query.push((name.to_owned(), value.into())));
    }

    /// The value of a query parameter that was given.
    pub(crate) fn asked(&self, name: &str) -> Option<&str> {
        let query = &self.call.as_ref().ok()?.query;
        query.iter().rev().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }

    /// Gives a query parameter this value only.
    pub(crate) fn replace(&mut self, name: &str, value: String) {
        self.change(|it| it.query.retain(|(other, _)| other != name));
        self.query(name, value);
    }

    pub(crate) fn header(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.change(|it| it.headers.push((name.into(), value.into())));
    }

    pub(crate) fn timeout(&mut self, limit: Duration) {
        self.change(|it| it.timeout = Some(limit));
    }

    pub(crate) fn retries(&mut self, times: u32) {
        self.change(|it| it.retries = Some(times));
    }

    pub(crate) fn keyed(&mut self, key: Keyed) {
        self.change(|it| it.idempotency_key = key);
    }

    fn body(&mut self, body: Result<CallBody, serde_json::Error>) {
        match body {
            Ok(body) => self.change(|it| it.body = body),
            Err(error) => self.call = Err(Error::configuration("the body cannot be written as JSON").because(error)),
        }
    }

    pub(crate) async fn answer(self) -> Result<Answer, Error> {
        self.client.send(self.call?).await
    }

    pub(crate) async fn read<T>(self, read: fn(&Answer) -> Result<T, Error>) -> Result<T, Error> {
        read(&self.answer().await?)
    }

    pub(crate) async fn file(self) -> Result<Download, Error> {
        self.client.download(self.call?).await
    }

    /// The client, and the call as far as it is good.
    pub(crate) fn into_parts(self) -> (Client, Result<Call, Error>) {
        (self.client, self.call)
    }
}

impl fmt::Debug for Draft {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.call {
            Ok(call) => write!(out, "{} {}", call.method, call.path),
            Err(error) => write!(out, "{error}"),
        }
    }
}

/// What a request sends.
pub(crate) trait Body {
    fn put(self, draft: &mut Draft);
}

impl Body for () {
    fn put(self, _: &mut Draft) {}
}

/// JSON.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize> Body for Json<T> {
    fn put(self, draft: &mut Draft) {
        draft.body(serde_json::to_vec(&self.0).map(|it| CallBody::Json(it.into())));
    }
}

/// JSON, or the same fields as a form with a file.
#[derive(Debug)]
pub(crate) struct Form<T>(pub(crate) T, pub(crate) Option<Upload>);

impl<T: Serialize> Body for Form<T> {
    fn put(self, draft: &mut Draft) {
        let Self(fields, file) = self;
        match file {
            Some(file) => draft.body(form_fields(&fields).map(|fields| CallBody::Upload { fields, file })),
            None => Json(fields).put(draft),
        }
    }
}

/// Texts as they are, lists as the same name several times, the rest as JSON.
fn form_fields(of: &impl Serialize) -> Result<Vec<(String, String)>, serde_json::Error> {
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let Value::Object(fields) = serde_json::to_value(of)? else { return Ok(Vec::new()) };
    let each = fields.into_iter().flat_map(|(name, value)| {
        let values = match value {
            Value::Array(values) => values,
            Value::Null => Vec::new(),
            value => vec![value],
        };
        values.into_iter().map(move |it| (name.clone(), text(it)))
    });
    Ok(each.collect())
}

/// Reads an answer in which nothing is.
pub(crate) fn nothing(_: &Answer) -> Result<(), Error> {
    Ok(())
}

/// A call without options of its own. Awaiting it makes it.
#[must_use = "nothing is sent before it is awaited"]
pub struct Request<T> {
    pub(crate) draft: Draft,
    read: fn(&Answer) -> Result<T, Error>,
    answer: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Request<T> {
    pub(crate) fn json(draft: Draft) -> Self {
        Self { draft, read: Answer::json, answer: PhantomData }
    }
}

impl<T> Request<T> {
    /// How long each attempt may take; the client's timeout when not said.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.draft.timeout(limit);
        self
    }

    /// How often it is tried again; as often as the client says when not said.
    pub fn retries(mut self, times: u32) -> Self {
        self.draft.retries(times);
        self
    }

    /// Adds a header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.draft.header(name, value);
        self
    }

    /// Makes the call, and gives the answer with its status and headers, unread.
    pub async fn answer(self) -> Result<Answer, Error> {
        self.draft.answer().await
    }
}

impl<T: 'static> IntoFuture for Request<T> {
    type Output = Result<T, Error>;
    type IntoFuture = Pending<T>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { draft, read, .. } = self;
        Box::pin(draft.read(read))
    }
}

impl<T> fmt::Debug for Request<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.draft.fmt(out)
    }
}

/// The type of a request with options: what it sends, and how its answer is read.
macro_rules! request {
    ($(#[$about:meta])* $name:ident, body = $body:ty, answer = $read:ident $answer:ty) => {
        $crate::request::request_type!($(#[$about])* $name, $body);

        impl $name {
            /// Makes the call, and gives the answer with its status and headers, unread.
            pub async fn answer(self) -> Result<$crate::raw::Answer, $crate::Error> {
                let Self { mut draft, body } = self;
                $crate::request::Body::put(body, &mut draft);
                draft.answer().await
            }
        }

        impl IntoFuture for $name {
            type Output = Result<$answer, $crate::Error>;
            type IntoFuture = $crate::request::Pending<$answer>;

            fn into_future(self) -> Self::IntoFuture {
                let Self { mut draft, body } = self;
                $crate::request::Body::put(body, &mut draft);
                Box::pin($crate::request::read!($read draft))
            }
        }
    };
}

/// What comes of a request.
macro_rules! read {
    (json $draft:ident) => {
        $draft.read($crate::raw::Answer::json)
    };
    (empty $draft:ident) => {
        $draft.read($crate::request::nothing)
    };
    (file $draft:ident) => {
        $draft.file()
    };
}

/// Its struct, and what every request can be told.
macro_rules! request_type {
    ($(#[$about:meta])* $name:ident, $body:ty) => {
        $(#[$about])*
        #[must_use = "nothing is sent before it is awaited"]
        #[derive(Debug)]
        pub struct $name {
            pub(crate) draft: $crate::request::Draft,
            pub(crate) body: $body,
        }

        impl $name {
            /// How long each attempt may take; the client's timeout when not said.
            pub fn timeout(mut self, limit: std::time::Duration) -> Self {
                self.draft.timeout(limit);
                self
            }

            /// How often it is tried again; as often as the client says when not said.
            pub fn retries(mut self, times: u32) -> Self {
                self.draft.retries(times);
                self
            }

            /// Adds a header.
            pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
                self.draft.header(name, value);
                self
            }
        }
    };
}

/// A request that takes an idempotency key.
macro_rules! keyed {
    ($name:ident) => {
        impl $name {
            /// The same call with the same key, made again within 24 hours even by another process, takes effect
            /// once. When not said, one is made for this call, so that trying again is safe.
            pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
                self.draft.keyed($crate::raw::Keyed::Given(key.into()));
                self
            }
        }
    };
}

/// A request whose answer is followed.
macro_rules! followed {
    ($name:ident) => {
        impl $name {
            /// Goes on after the event with this id, which [`last_id`](crate::events::EventStream::last_id) told
            /// before; from what comes next when not said.
            pub fn resume_after(mut self, id: impl Into<String>) -> Self {
                self.body.after = Some(id.into());
                self
            }

            /// Gives up when this many attempts in a row to connect again fail; never, when not said.
            pub fn reconnects(mut self, most: u32) -> Self {
                self.body.reconnects = Some(most);
                self
            }

            /// Follows over a WebSocket instead of server-sent events.
            pub fn over_websocket(mut self) -> Self {
                self.body.transport = $crate::raw::Transport::WebSocket;
                self
            }

            /// Follows. Nothing is sent before the first event is asked for.
            pub fn follow(self) -> $crate::events::EventStream {
                self.body.follow(self.draft)
            }
        }
    };
}

pub(crate) use {followed, keyed, read, request, request_type};

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn forms_have_texts_as_they_are_and_lists_by_repetition() {
        let fields =
            form_fields(&json!({"a": "x \"y\"", "b": ["1", "2"], "c": 3, "d": true, "e": {"f": null}, "g": null}));
        let fields: Vec<_> = fields.unwrap().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(fields, ["a=x \"y\"", "b=1", "b=2", "c=3", "d=true", "e={\"f\":null}"]);
    }
}
