//! One request to a webhook, and what came of it.

use std::time::Duration;

use bytes::Bytes;
use openwa_model::{id::DeliveryId, webhook::Webhook};
use reqwest::{
    Client, Response,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};

use super::{body::delivery_name, signature::signature};
use crate::{
    guard::{AddressRefused, NetworkPolicy, UrlRefused},
    http::caused_by,
};

/// How much of an answer is read to keep the connection usable; a longer one costs the connection.
const MOST_READ: usize = 64 * 1024;
/// How long reading it may take.
const READ_LIMIT: Duration = Duration::from_secs(1);

/// Headers that a webhook's own ones cannot replace, besides all that start with `x-openwa-`.
const RESERVED: [&str; 14] = [
    "content-type",
    "content-length",
    "user-agent",
    "host",
    "connection",
    "expect",
    "http2-settings",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// What is to be sent.
pub(crate) struct Post<'a> {
    pub(crate) webhook: &'a Webhook,
    pub(crate) event: &'a str,
    pub(crate) idempotency_key: &'a str,
    pub(crate) delivery: DeliveryId,
    /// Attempts made before this one.
    pub(crate) retries: u32,
    pub(crate) body: Bytes,
}

/// Why a request counts as failed. The text is for the webhook's owner, so it says nothing about what is inside
/// the gateway's network.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PostFailed {
    /// The receiver's HTTP status, if it answered.
    pub(crate) status: Option<u16>,
    pub(crate) error: String,
}

impl PostFailed {
    fn without_answer(error: impl Into<String>) -> Self {
        Self { status: None, error: error.into() }
    }
}

/// Where requests go out.
#[derive(Clone)]
pub(crate) struct Sender {
    pub(crate) client: Client,
    pub(crate) network: NetworkPolicy,
    /// From connecting to the head of the answer.
    pub(crate) limit: Duration,
}

impl Sender {
    /// Sends once. Answers the receiver's status when it is one of 200 to 299.
    pub(crate) async fn send(&self, post: Post<'_>) -> Result<u16, PostFailed> {
        let url = self.network.check_url(&post.webhook.url).map_err(|refused| match refused {
            UrlRefused::Address(_) => refused_address(),
            other => PostFailed::without_answer(other.to_string()),
        })?;
        let headers = headers(&post);
        let request = self.client.post(url).headers(headers).body(post.body).send();
        let answer = match tokio::time::timeout(self.limit, request).await {
            Err(_) => return Err(PostFailed::without_answer(format!("No answer within {:?}", self.limit))),
            Ok(Err(error)) => return Err(PostFailed::without_answer(said_plainly(&error))),
            Ok(Ok(answer)) => answer,
        };
        let status = answer.status();
        read_rest(answer).await;
        match status.as_u16() {
            status @ 200..300 => Ok(status),
            status @ 300..400 => Err(PostFailed {
                status: Some(status),
                error: format!("The receiver answered {status}; redirects are not followed, enter the final address"),
            }),
            status => Err(PostFailed { status: Some(status), error: format!("The receiver answered {status}") }),
        }
    }
}

fn refused_address() -> PostFailed {
    PostFailed::without_answer("The address is private or reserved and may not be reached from this gateway")
}

fn said_plainly(error: &reqwest::Error) -> String {
    if caused_by::<AddressRefused>(error).is_some() {
        return refused_address().error;
    }
    if caused_by::<rustls::Error>(error).is_some() {
        return "The TLS connection failed; check the receiver's certificate".to_owned();
    }
    if error.is_timeout() {
        "The connection timed out".to_owned()
    } else if error.is_connect() {
        "No connection could be made; check the address and that the receiver runs".to_owned()
    } else {
        "The connection broke before an answer came".to_owned()
    }
}

/// A connection can be used again once the answer was read to its end; its outcome is settled already.
async fn read_rest(mut answer: Response) {
    let reading = async {
        let mut read = 0;
        while let Ok(Some(chunk)) = answer.chunk().await {
            read += chunk.len();
            if read > MOST_READ {
                break;
            }
        }
    };
    _ = tokio::time::timeout(READ_LIMIT, reading).await;
}

fn headers(post: &Post<'_>) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(post.webhook.headers.len() + 8);
    for (name, value) in &post.webhook.headers {
        if let Ok(name) = HeaderName::from_bytes(name.as_bytes())
            && !RESERVED.contains(&name.as_str())
            && !name.as_str().starts_with("x-openwa-")
            && let Some(value) = latin_1(value)
        {
            headers.insert(name, value);
        }
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let signed = post.webhook.secret.as_ref().map(|it| signature(it, &post.body));
    for (name, value) in [
        ("x-openwa-event", Some(post.event.to_owned())),
        ("x-openwa-idempotency-key", Some(post.idempotency_key.to_owned())),
        ("x-openwa-delivery-id", Some(delivery_name(post.delivery))),
        ("x-openwa-retry-count", Some(post.retries.to_string())),
        ("x-openwa-signature", signed),
    ] {
        if let Some(value) = value.and_then(|it| HeaderValue::from_maybe_shared(Bytes::from(it)).ok()) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    headers
}

/// Headers carry Latin-1 on the wire.
pub(crate) fn latin_1(text: &str) -> Option<HeaderValue> {
    let bytes: Option<Vec<u8>> = text.chars().map(|it| u8::try_from(u32::from(it)).ok()).collect();
    HeaderValue::from_bytes(&bytes?).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use openwa_model::{
        Timestamp,
        id::{SessionId, WebhookId},
        secret::Secret,
        webhook::Subscription,
    };
    use uuid::Uuid;

    use super::*;

    #[test]
    fn own_headers_are_added_but_replace_none_of_ours() {
        let own = [
            ("Authorization", "Bearer x"),
            ("X-Name", "Grüße"),
            ("Content-Type", "text/plain"),
            ("X-OPENWA-Signature", "sha256=0"),
            ("Host", "evil.example"),
            ("transfer-encoding", "chunked"),
            ("bad name", "x"),
            ("X-Bad", "line\nbreak"),
        ];
        let webhook = Webhook {
            id: WebhookId(Uuid::from_u128(2)),
            session: SessionId(Uuid::from_u128(1)),
            url: "https://example.org/".into(),
            events: Subscription::Everything,
            active: true,
            secret: Some(Secret::new("Jefe")),
            headers: own
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect::<BTreeMap<_, _>>(),
            filters: None,
            retry_count: 3,
            last_triggered_at: None,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        };
        let headers = headers(&Post {
            webhook: &webhook,
            event: "message.received",
            idempotency_key: "msg_1",
            delivery: DeliveryId(Uuid::from_u128(3)),
            retries: 1,
            body: Bytes::from_static(b"what do ya want for nothing?"),
        });
        let mut seen: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        seen.sort_unstable();
        let expected: [(&str, &[u8]); 8] = [
            ("authorization", b"Bearer x"),
            ("content-type", b"application/json"),
            ("x-name", b"Gr\xfc\xdfe"),
            ("x-openwa-delivery-id", b"dlv_00000000-0000-0000-0000-000000000003"),
            ("x-openwa-event", b"message.received"),
            ("x-openwa-idempotency-key", b"msg_1"),
            ("x-openwa-retry-count", b"1"),
            ("x-openwa-signature", b"sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        ];
        assert_eq!(seen, expected);
    }
}
