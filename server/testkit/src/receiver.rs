//! A webhook receiver that keeps every request byte for byte and misbehaves on demand.
//!
//! It speaks HTTP/1.1 over a plain socket, so that it can also hang up in the middle of an exchange.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// Bodies larger than this are a mistake of the test.
const LARGEST_BODY: usize = 64 * 1024 * 1024;

/// How one request is answered.
#[derive(Clone, Debug)]
pub struct Answer {
    status: u16,
    delay: Duration,
    headers: Vec<(String, String)>,
    body: String,
    hang_up: bool,
}

impl Answer {
    /// This status, at once.
    pub fn status(status: u16) -> Self {
        Self { status, delay: Duration::ZERO, headers: Vec::new(), body: String::new(), hang_up: false }
    }

    /// The same, with a body.
    pub fn saying(self, body: &str) -> Self {
        Self { body: body.to_owned(), ..self }
    }

    /// Reads the request and closes the connection without a word.
    pub fn hang_up() -> Self {
        Self { hang_up: true, ..Self::status(0) }
    }

    /// The same, so much later.
    pub fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// The same, with a header such as `Retry-After` or `Location`.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// One request as it came in.
#[derive(Clone, Debug)]
pub struct Received {
    /// `POST`.
    pub method: String,
    /// `/hook`, with the query if there was one.
    pub path: String,
    /// In the order in which they came, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The exact bytes.
    pub body: Vec<u8>,
    /// When the last of them came in.
    pub at: Instant,
    /// The status it was answered with; 0 when the receiver hung up.
    pub answered: u16,
}

impl Received {
    /// The value of a header; the name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|it| it.0 == name).map(|it| it.1.as_str())
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {:?}", String::from_utf8_lossy(&self.body)))
    }

    /// The event it tells of.
    pub fn event(&self) -> String {
        self.header("x-openwa-event").unwrap_or_default().to_owned()
    }

    /// The key by which a receiver drops repetitions.
    pub fn idempotency_key(&self) -> String {
        self.header("x-openwa-idempotency-key").unwrap_or_default().to_owned()
    }

    /// Whether the signature header is the one of these bytes under this secret.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
        mac.update(&self.body);
        let expected = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
        self.header("x-openwa-signature") == Some(expected.as_str())
    }
}

impl Received {
    /// Whether the headers of Standard Webhooks are those of these bytes under this key, computed from what came alone.
    pub fn is_standard_signed_with(&self, key: &[u8]) -> bool {
        let (Some(id), Some(time)) = (self.header("webhook-id"), self.header("webhook-timestamp")) else {
            return false;
        };
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return false };
        let signed = [id.as_bytes(), b".", time.as_bytes(), b".", self.body.as_slice()].concat();
        mac.update(&signed);
        let expected = format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()));
        time.bytes().all(|it| it.is_ascii_digit()) && self.header("webhook-signature") == Some(expected.as_str())
    }
}

#[derive(Debug)]
struct Script {
    next: VecDeque<Answer>,
    then: Answer,
}

#[derive(Debug)]
struct Shared {
    received: watch::Sender<Vec<Received>>,
    script: Mutex<Script>,
}

impl Shared {
    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The receiver; it ends when it is dropped.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

impl Receiver {
    /// Listens on a free port of this machine and answers 200 until told otherwise.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("the address just bound");
        let script = Mutex::new(Script { next: VecDeque::new(), then: Answer::status(200) });
        let shared = Arc::new(Shared { received: watch::Sender::default(), script });
        let accepting = tokio::spawn(accept(listener, shared.clone()));
        Self { address, shared, accepting }
    }

    /// Where to deliver to.
    pub fn url(&self) -> String {
        self.url_of("/hook")
    }

    /// Another path of the same receiver.
    pub fn url_of(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The next requests are answered like this, one after another; those after them with 200.
    pub fn answer_next(&self, answers: impl IntoIterator<Item = Answer>) {
        self.shared.script().next.extend(answers);
    }

    /// Every request that no [`answer_next`](Self::answer_next) is left for is answered like this.
    pub fn answer_always(&self, answer: Answer) {
        self.shared.script().then = answer;
    }

    /// All that came in so far, oldest first.
    pub fn received(&self) -> Vec<Received> {
        self.shared.received.borrow().clone()
    }

    /// Returns what `find` sees in all that came in, as soon as it sees something. Panics after `limit`.
    pub async fn wait_for<T>(&self, what: &str, limit: Duration, find: impl Fn(&[Received]) -> Option<T>) -> T {
        let mut news = self.shared.received.subscribe();
        let looking = async {
            loop {
                if let Some(found) = find(&news.borrow_and_update()) {
                    return found;
                }
                news.changed().await.expect("the receiver lives as long as this call");
            }
        };
        match tokio::time::timeout(limit, looking).await {
            Ok(found) => found,
            Err(_) => panic!("{what} did not come within {limit:?}; what came: {}", self.summary()),
        }
    }

    /// Waits for the first delivery of this event.
    pub async fn wait_for_event(&self, event: &str, limit: Duration) -> Received {
        self.wait_for(event, limit, |all| all.iter().find(|it| it.event() == event).cloned()).await
    }

    fn summary(&self) -> String {
        let received = self.received();
        let last: Vec<_> =
            received.iter().rev().take(20).map(|it| format!("{} {}", it.event(), it.idempotency_key())).collect();
        format!("{} requests, the last of them {last:?}", received.len())
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // Connections end with the listener, so that a receiver that is gone is gone for its clients too.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        let shared = shared.clone();
        connections.spawn(async move { _ = converse(socket, &shared).await });
        while connections.try_join_next().is_some() {}
    }
}

async fn converse(socket: TcpStream, shared: &Shared) -> std::io::Result<()> {
    socket.set_nodelay(true)?;
    let mut socket = BufReader::new(socket);
    while let Some(mut request) = read_request(&mut socket).await? {
        let answer = {
            let mut script = shared.script();
            script.next.pop_front().unwrap_or_else(|| script.then.clone())
        };
        request.answered = answer.status;
        shared.received.send_modify(|all| all.push(request));
        tokio::time::sleep(answer.delay).await;
        if answer.hang_up {
            return Ok(());
        }
        let mut head = format!("HTTP/1.1 {} Scripted\r\ncontent-length: {}\r\n", answer.status, answer.body.len());
        for (name, value) in &answer.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        head.push_str(&answer.body);
        socket.get_mut().write_all(head.as_bytes()).await?;
    }
    Ok(())
}

async fn read_request(socket: &mut BufReader<TcpStream>) -> std::io::Result<Option<Received>> {
    let wrong = |what: &str| std::io::Error::new(std::io::ErrorKind::InvalidData, what.to_owned());
    let mut line = String::new();
    if socket.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return Err(wrong("no request line")) };
    let mut headers: Vec<(String, String)> = Vec::new();
    loop {
        let mut line = String::new();
        if socket.read_line(&mut line).await? == 0 {
            return Err(wrong("cut off in the head"));
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').ok_or_else(|| wrong("a header without a colon"))?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|it| it.0 == "content-length").map_or(Some(0), |it| it.1.parse().ok());
    let length = length.filter(|it| *it <= LARGEST_BODY).ok_or_else(|| wrong("a body of a strange length"))?;
    let mut body = vec![0; length];
    socket.read_exact(&mut body).await?;
    Ok(Some(Received { method, path, headers, body, at: Instant::now(), answered: 0 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    fn client() -> reqwest::Client {
        crate::client::http_client()
    }

    #[tokio::test]
    async fn it_answers_as_told_and_keeps_what_came() {
        let receiver = Receiver::start().await;
        receiver.answer_next([Answer::status(503).with_header("Retry-After", "7"), Answer::hang_up()]);
        let post = || client().post(receiver.url()).header("X-OpenWA-Event", "test").body("{\"a\":1}").send();

        let first = post().await.unwrap();
        assert_eq!((first.status().as_u16(), first.headers()["retry-after"].to_str().unwrap()), (503, "7"));
        assert!(post().await.is_err(), "it hung up");
        assert_eq!(post().await.unwrap().status(), 200);

        let seen = receiver.wait_for("three requests", LIMIT, |all| (all.len() == 3).then(|| all.to_vec())).await;
        assert!(seen.iter().all(|it| it.event() == "test" && it.body == b"{\"a\":1}" && it.path == "/hook"));
    }

    #[test]
    fn a_signature_is_checked_over_the_exact_bytes() {
        // printf '{"a":1}' | openssl dgst -sha256 -hmac secret
        let signature = "sha256=aa9e2e3575f5d7098b6caccd790888c36d5fdb63342a73bada2d6a51747a8494";
        let signed = |body: &[u8]| Received {
            method: "POST".into(),
            path: "/".into(),
            headers: vec![("x-openwa-signature".into(), signature.into())],
            body: body.to_vec(),
            at: Instant::now(),
            answered: 200,
        };
        assert!(signed(b"{\"a\":1}").is_signed_with("secret"));
        assert!(!signed(b"{\"a\": 1}").is_signed_with("secret"));
        assert!(!signed(b"{\"a\":1}").is_signed_with("another secret"));
    }
}
