//! One request to a webhook, and what came of it.

use std::time::Duration;

use bytes::Bytes;
use openwa_model::{Timestamp, id::DeliveryId, webhook::Webhook};
use reqwest::{
    Client, Response,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER},
};
use tokio::time::Instant;

use super::{
    body::delivery_name,
    signature::{signature, standard_signature},
};
use crate::{
    guard::{AddressRefused, NetworkPolicy, UrlRefused},
    http::caused_by,
};

/// How much of an answer is read to keep the connection usable; a longer one costs the connection.
const MOST_READ: usize = 64 * 1024;
/// How long reading it may take.
const READ_LIMIT: Duration = Duration::from_secs(1);
/// How much of an answer is remembered, in bytes.
const EXCERPT: usize = 1024;

/// Headers that a webhook's own ones cannot replace, besides all that start with `x-openwa-`.
const RESERVED: [&str; 17] = [
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
    "webhook-id",
    "webhook-signature",
    "webhook-timestamp",
];

/// What is to be sent.
pub(crate) struct Post<'a> {
    pub(crate) webhook: &'a Webhook,
    pub(crate) event: &'a str,
    pub(crate) idempotency_key: &'a str,
    pub(crate) delivery: DeliveryId,
    /// Attempts made before this one.
    pub(crate) retries: u32,
    /// When it is sent.
    pub(crate) at: Timestamp,
    pub(crate) body: Bytes,
}

/// What came of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Outcome {
    /// The receiver's HTTP status, if it answered.
    pub(crate) status: Option<u16>,
    /// Why it counts as failed; nothing when the receiver took it. The text is for the webhook's owner, so it says
    /// nothing about what is inside the gateway's network.
    pub(crate) error: Option<String>,
    /// How long the receiver wants not to be asked.
    pub(crate) retry_after: Option<Duration>,
    /// The beginning of its answer.
    pub(crate) excerpt: Option<String>,
    /// Until the head of the answer came, or until it was clear that none comes.
    pub(crate) took: Duration,
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
    /// Sends once.
    pub(crate) async fn send(&self, post: Post<'_>) -> Outcome {
        let (began, at) = (Instant::now(), post.at);
        let answer = self.answer(post).await;
        let took = began.elapsed();
        match answer {
            Err(error) => Outcome { status: None, error: Some(error), retry_after: None, excerpt: None, took },
            Ok(answer) => {
                let status = answer.status().as_u16();
                let retry_after = if matches!(status, 429 | 503) { retry_after(answer.headers(), at) } else { None };
                let excerpt = read_rest(answer).await;
                Outcome { status: Some(status), error: wrong_with(status), retry_after, excerpt, took }
            }
        }
    }

    /// The head of the answer, or why there is none.
    async fn answer(&self, post: Post<'_>) -> Result<Response, String> {
        let url = self.network.check_url(&post.webhook.url).map_err(|refused| match refused {
            UrlRefused::Address(_) => REFUSED_ADDRESS.to_owned(),
            other => other.to_string(),
        })?;
        let headers = headers(&post);
        let request = self.client.post(url).headers(headers).body(post.body).send();
        match tokio::time::timeout(self.limit, request).await {
            Err(_) => Err(format!("No answer within {:?}", self.limit)),
            Ok(Err(error)) => Err(said_plainly(&error)),
            Ok(Ok(answer)) => Ok(answer),
        }
    }
}

/// Only a status from 200 to 299 means that it was taken.
fn wrong_with(status: u16) -> Option<String> {
    match status {
        200..300 => None,
        300..400 => {
            Some(format!("The receiver answered {status}; redirects are not followed, enter the final address"))
        }
        _ => Some(format!("The receiver answered {status}")),
    }
}

/// Seconds, or a date. What is neither asks for nothing.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Duration::try_from(at.duration_since(now)).ok()
}

const REFUSED_ADDRESS: &str = "The address is private or reserved and may not be reached from this gateway";

fn said_plainly(error: &reqwest::Error) -> String {
    if caused_by::<AddressRefused>(error).is_some() {
        return REFUSED_ADDRESS.to_owned();
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

/// A connection can be used again once the answer was read to its end; its outcome is settled already. Answers the
/// beginning, as text.
async fn read_rest(mut answer: Response) -> Option<String> {
    let mut beginning = Vec::new();
    let reading = async {
        let mut read = 0;
        while let Ok(Some(chunk)) = answer.chunk().await {
            let room = EXCERPT - beginning.len();
            beginning.extend_from_slice(&chunk[..chunk.len().min(room)]);
            read += chunk.len();
            if read > MOST_READ {
                break;
            }
        }
    };
    _ = tokio::time::timeout(READ_LIMIT, reading).await;
    let shown = |it: &char| !it.is_control() || matches!(it, '\n' | '\t');
    let text: String = String::from_utf8_lossy(&beginning).chars().filter(shown).collect();
    Some(text).filter(|it| !it.is_empty())
}

fn headers(post: &Post<'_>) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(post.webhook.headers.len() + 11);
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
    let id = delivery_name(post.delivery);
    let secret = post.webhook.secret.as_ref();
    let signed = secret.map(|it| signature(it, &post.body));
    let standard = secret.map(|it| standard_signature(it, &id, post.at, &post.body));
    for (name, value) in [
        ("x-openwa-event", Some(post.event.to_owned())),
        ("x-openwa-idempotency-key", Some(post.idempotency_key.to_owned())),
        ("x-openwa-delivery-id", Some(id.clone())),
        ("x-openwa-retry-count", Some(post.retries.to_string())),
        ("x-openwa-signature", signed),
        ("webhook-id", secret.map(|_| id)),
        ("webhook-timestamp", secret.map(|_| post.at.as_second().to_string())),
        ("webhook-signature", standard),
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
        id::{SessionId, WebhookId},
        secret::Secret,
        webhook::{DeliveryOrder, Subscription, WebhookHealth},
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
            ("Webhook-Signature", "v1,forged"),
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
            ordering: DeliveryOrder::Chat,
            health: WebhookHealth::default(),
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
            at: Timestamp::UNIX_EPOCH,
            body: Bytes::from_static(b"what do ya want for nothing?"),
        });
        let mut seen: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        seen.sort_unstable();
        let expected: [(&str, &[u8]); 11] = [
            ("authorization", b"Bearer x"),
            ("content-type", b"application/json"),
            ("webhook-id", b"dlv_00000000-0000-0000-0000-000000000003"),
            ("webhook-signature", b"v1,RU76sNRGy3RK0Hf7t+y5Fn4c43vilt6yyXLbLygqSwc="),
            ("webhook-timestamp", b"0"),
            ("x-name", b"Gr\xfc\xdfe"),
            ("x-openwa-delivery-id", b"dlv_00000000-0000-0000-0000-000000000003"),
            ("x-openwa-event", b"message.received"),
            ("x-openwa-idempotency-key", b"msg_1"),
            ("x-openwa-retry-count", b"1"),
            ("x-openwa-signature", b"sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_receiver_may_ask_for_time_in_seconds_or_by_a_date() {
        let now = Timestamp::from_second(784_111_777).unwrap();
        for (text, expected) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:48:37 GMT", None),
            ("18446744073709551616", None),
            ("-1", None),
            ("soon", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]);
            assert_eq!(retry_after(&headers, now), expected.map(Duration::from_secs), "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
