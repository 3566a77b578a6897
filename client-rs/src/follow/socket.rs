//! Events over a WebSocket: through the same HTTP client as everything else, so proxy, TLS and headers are the same.

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::StreamExt;
use reqwest::{
    StatusCode, Upgraded,
    header::{HeaderMap, UPGRADE},
};
use serde::Deserialize;
use tokio_websockets::{ClientBuilder, Limits, WebSocketStream};

use super::connection::{LONGEST_EVENT, Message, SILENCE};
use crate::{Client, Error, ErrorKind, call::Call};

/// Close codes of the gateway are HTTP statuses from here on.
const STATUSES: u16 = 4000;

pub(super) struct Socket(WebSocketStream<Upgraded>);

/// What each frame begins with. The rest is for whoever takes the event.
#[derive(Deserialize)]
struct Frame<'a> {
    id: Option<i64>,
    #[serde(borrow)]
    event: Option<Cow<'a, str>>,
}

impl Socket {
    pub(super) async fn open(client: &Client, call: Call) -> Result<Self, Error> {
        let key = STANDARD.encode(rand::random::<[u8; 16]>());
        let call = call
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", key);
        let response = client.open(call).await?;
        // The status and this header say enough: the digest of the key guards against caches, which keep no 101.
        let named = response.headers().get(UPGRADE).and_then(|it| it.to_str().ok()).unwrap_or_default();
        if response.status() != StatusCode::SWITCHING_PROTOCOLS || !named.eq_ignore_ascii_case("websocket") {
            let message = "the gateway answered instead of opening a WebSocket; follow without over_websocket()";
            return Err(Error::new(ErrorKind::Decode, message).with_status(response.status(), response.headers()));
        }
        let stream = response.upgrade().await.map_err(Error::of_transport)?;
        let limits = Limits::default().max_payload_len(Some(LONGEST_EVENT));
        Ok(Self(ClientBuilder::new().limits(limits).take_over(stream)))
    }

    pub(super) async fn next(&mut self) -> Result<Message, Error> {
        loop {
            let read = tokio::time::timeout(SILENCE, self.0.next()).await.map_err(|_| Error::timeout(SILENCE))?;
            let message = match read {
                Some(read) => read.map_err(broken)?,
                None => return Err(Error::new(ErrorKind::Connection, "the gateway ended the event stream")),
            };
            if let Some((code, reason)) = message.as_close() {
                return Err(closed(code.into(), reason));
            }
            // Pings are answered by the library, and show that the gateway is there.
            if message.is_text() {
                return read_frame(message.into_payload().into());
            }
        }
    }
}

fn read_frame(data: Bytes) -> Result<Message, Error> {
    let frame: Frame<'_> = serde_json::from_slice(&data)
        .map_err(|it| Error::new(ErrorKind::Decode, format!("an event does not read as expected: {it}")).because(it))?;
    let (id, kind) = (frame.id.map(|it| it.to_string()), frame.event.map(Cow::into_owned));
    let data = if kind.is_some() { data } else { Bytes::new() };
    Ok(Message { id, kind: kind.unwrap_or_default(), data, retry: None })
}

fn broken(error: tokio_websockets::Error) -> Error {
    let kind = match error {
        tokio_websockets::Error::PayloadTooLong { .. } => ErrorKind::Decode,
        _ => ErrorKind::Connection,
    };
    Error::new(kind, format!("the WebSocket broke: {error}")).because(error)
}

fn closed(code: u16, reason: &str) -> Error {
    match code.checked_sub(STATUSES).and_then(|it| StatusCode::from_u16(it).ok()) {
        Some(status) if status.is_client_error() || status.is_server_error() => {
            let body = serde_json::json!({ "message": reason }).to_string();
            Error::of_answer(status, HeaderMap::new(), body.into())
        }
        _ => Error::new(ErrorKind::Connection, format!("the gateway closed the WebSocket: {code} {reason}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_an_event_or_a_place() {
        let text = r#"{"id":7,"seq":3,"event":"message.received","data":{"body":"x"}}"#;
        let event = read_frame(Bytes::from_static(text.as_bytes())).unwrap();
        assert_eq!((event.id.as_deref(), &*event.kind, &*event.data), (Some("7"), "message.received", text.as_bytes()));
        let place = read_frame(Bytes::from_static(br#"{"id":6}"#)).unwrap();
        assert_eq!((place.id.as_deref(), place.data.len()), (Some("6"), 0));
        assert_eq!(read_frame(Bytes::from_static(b"[]x")).unwrap_err().kind(), ErrorKind::Decode);
    }

    #[test]
    fn refusals_have_the_kind_of_their_status() {
        assert_eq!(closed(4401, "no key").kind(), ErrorKind::Authentication);
        assert_eq!(closed(4404, "no session").message(), "no session");
        assert_eq!(closed(1001, "stopping").kind(), ErrorKind::Connection);
        assert_eq!(closed(4000, "").kind(), ErrorKind::Connection);
    }
}
