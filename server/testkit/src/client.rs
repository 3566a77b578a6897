//! A small JSON client of the gateway, and a reader of its event streams.

use std::time::Duration;

use bytes::Bytes;
use reqwest::{Method, RequestBuilder, header::HeaderMap};
use serde_json::Value;

/// A client without timeouts of its own: a test bounds what it waits for.
pub fn http_client() -> reqwest::Client {
    // A second caller finds it installed already, which is as good.
    _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().expect("a client without special settings")
}

/// Speaks to one gateway, or to one sandbox, under one key.
#[derive(Clone, Debug)]
pub struct Client {
    base: String,
    key: Option<String>,
    http: reqwest::Client,
}

impl Client {
    /// Speaks to `http://host:port`.
    pub fn new(base: impl Into<String>, key: Option<String>) -> Self {
        Self { base: base.into(), key, http: http_client() }
    }

    /// The same gateway under another key, or under none.
    pub fn with_key(&self, key: Option<&str>) -> Self {
        Self { key: key.map(str::to_owned), ..self.clone() }
    }

    /// The same key at another address, on the same connections.
    pub fn at(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    /// `http://host:port`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// A request to be filled by hand; it carries the key.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.key {
            Some(key) => request.header("X-API-Key", key),
            None => request,
        }
    }

    /// Sends what was filled by hand; a gateway that cannot be reached is an error.
    pub async fn try_send(&self, request: RequestBuilder) -> Result<Response, reqwest::Error> {
        let (http, request) = request.build_split();
        let request = request?;
        let asked = format!("{} {}", request.method(), request.url());
        let response = http.execute(request).await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Response { asked, status, headers, body: response.bytes().await? })
    }

    /// Sends what was filled by hand; the gateway is expected to be there.
    pub async fn send(&self, request: RequestBuilder) -> Response {
        self.try_send(request).await.unwrap_or_else(|error| panic!("no answer: {error:?}"))
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Response {
        self.send(self.request(Method::GET, path)).await
    }

    /// POST with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Response {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// POST without a body.
    pub async fn post_empty(&self, path: &str) -> Response {
        self.send(self.request(Method::POST, path)).await
    }

    /// PUT with a JSON body.
    pub async fn put(&self, path: &str, body: &Value) -> Response {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    /// PATCH with a JSON body.
    pub async fn patch(&self, path: &str, body: &Value) -> Response {
        self.send(self.request(Method::PATCH, path).json(body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Response {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// Opens a stream of server-sent events.
    pub async fn follow(&self, path: &str, last_event_id: Option<&str>) -> Events {
        let mut request = self.request(Method::GET, path).header("Accept", "text/event-stream");
        if let Some(id) = last_event_id {
            request = request.header("Last-Event-ID", id);
        }
        let response = request.send().await.unwrap_or_else(|error| panic!("no answer: {error:?}"));
        assert_eq!(response.status(), 200, "GET {path} did not open a stream");
        Events { response, buffer: Vec::new() }
    }
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Response {
    asked: String,
    /// `200`.
    pub status: u16,
    /// As they came.
    pub headers: HeaderMap,
    /// The exact bytes.
    pub body: Bytes,
}

impl Response {
    /// Panics with the whole answer unless it has this status; then the body as JSON, `null` when there is none.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{} answered {}", self.asked, self.text());
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{}: {error} in {:?}", self.asked, self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header as text, "" when it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default()
    }
}

/// One server-sent event.
#[derive(Clone, Debug)]
pub struct ServerEvent {
    /// What to resume after.
    pub id: Option<String>,
    /// Its name.
    pub event: Option<String>,
    /// Its data, as JSON; `null` when it is empty.
    pub data: Value,
}

/// An open stream of server-sent events.
#[derive(Debug)]
pub struct Events {
    response: reqwest::Response,
    buffer: Vec<u8>,
}

impl Events {
    /// The next event; `None` when the gateway ended the stream. Panics after `limit`.
    pub async fn next(&mut self, limit: Duration) -> Option<ServerEvent> {
        match tokio::time::timeout(limit, self.read()).await {
            Ok(event) => event,
            Err(_) => panic!("no event within {limit:?}"),
        }
    }

    /// Reads on until one is found. Panics after `limit`, or when the stream ends before.
    pub async fn wait_for(&mut self, what: &str, limit: Duration, find: impl Fn(&ServerEvent) -> bool) -> ServerEvent {
        let mut passed = Vec::new();
        let looking = async {
            while let Some(event) = self.read().await {
                if find(&event) {
                    return Some(event);
                }
                passed.push(event.event.unwrap_or_default());
            }
            None
        };
        match tokio::time::timeout(limit, looking).await {
            Ok(Some(event)) => event,
            Ok(None) => panic!("the stream ended before {what}; passed by: {passed:?}"),
            Err(_) => panic!("{what} did not come within {limit:?}; passed by: {passed:?}"),
        }
    }

    async fn read(&mut self) -> Option<ServerEvent> {
        loop {
            while let Some(end) = self.buffer.windows(2).position(|it| it == b"\n\n") {
                let block: Vec<u8> = self.buffer.drain(..end + 2).collect();
                if let Some(event) = parse(&String::from_utf8_lossy(&block)) {
                    return Some(event);
                }
            }
            self.buffer.extend_from_slice(&self.response.chunk().await.ok()??);
        }
    }
}

/// `None` for what only keeps the connection alive, or says where the stream begins.
fn parse(block: &str) -> Option<ServerEvent> {
    let field = |name: &str| -> Vec<&str> {
        let values = block.lines().filter_map(|line| line.split_once(':'));
        values.filter(|it| it.0 == name).map(|it| it.1.strip_prefix(' ').unwrap_or(it.1)).collect()
    };
    let first = |name| field(name).first().map(|it| (*it).to_owned());
    let data = field("data").join("\n");
    let (id, event) = (first("id"), first("event"));
    if event.is_none() && data.is_empty() {
        return None;
    }
    Some(ServerEvent { id, event, data: serde_json::from_str(&data).unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_read_and_a_comment_is_not_one() {
        let event = parse("id: 7\nevent:message.received\ndata: {\"a\":\ndata: 1}\n\n").unwrap();
        assert_eq!((event.id.as_deref(), event.event.as_deref()), (Some("7"), Some("message.received")));
        assert_eq!(event.data, serde_json::json!({"a": 1}));
        assert!(parse(": still here\n\n").is_none());
        assert!(parse("id: 7\n\n").is_none());
    }
}
