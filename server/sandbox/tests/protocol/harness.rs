//! A network on a free port, and clients that remember every event they saw.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use openwa_sandbox::account::AccountInfo;
use openwa_sandbox::media::MediaHost;
use openwa_sandbox::network::Network;
use openwa_sandbox::phone::{Phone, Phones, Script};
use openwa_sandbox::{Sandbox as Whole, SandboxConfig};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};
use whatsapp_rust::http::{HttpClient, HttpRequest, HttpResponse};
use whatsapp_rust::pair_code::PairCodeOptions;
use whatsapp_rust::prelude::*;
use whatsapp_rust::transport::TokioWebSocketTransportFactory;
use whatsapp_rust::types::events::EventHandler;
use whatsapp_rust::wacore::store::InMemoryBackend;

/// Long enough for a loaded machine; only a failure waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A network with phones, and the socket in front of it.
pub(crate) struct Sandbox {
    pub(crate) network: Network,
    address: SocketAddr,
    whole: Whole,
    _stop: DropGuard,
}

impl Sandbox {
    pub(crate) async fn start() -> Self {
        Self::with(SandboxConfig::default()).await
    }

    /// A network that remembers in this folder.
    pub(crate) async fn start_in(folder: &Path) -> Self {
        let config = SandboxConfig { state_dir: Some(folder.to_owned()), ..SandboxConfig::default() };
        Self::with(config).await
    }

    pub(crate) async fn with(config: SandboxConfig) -> Self {
        let whole = Whole::start(config).await.unwrap();
        let listening = whole.bind_wire(([127, 0, 0, 1], 0).into()).await.unwrap();
        let address = listening.plain_address();
        let stop = CancellationToken::new();
        tokio::spawn(listening.serve(stop.clone()));
        Self { network: whole.network().clone(), address, whole, _stop: stop.drop_guard() }
    }

    /// An account whose phone is on line.
    pub(crate) async fn account(&self, name: &str) -> AccountInfo {
        let phone = self.whole.phones().create(name, None, Script::default()).await.unwrap();
        phone.info().clone()
    }

    pub(crate) fn phones(&self) -> &Phones {
        self.whole.phones()
    }

    /// Where the network's files are.
    pub(crate) fn media(&self) -> &MediaHost {
        self.whole.media()
    }

    /// The account's phone.
    pub(crate) fn phone(&self, account: &AccountInfo) -> Phone {
        self.phones().get(account.id).unwrap()
    }

    /// A client that is linked to the account by QR code and has logged in.
    pub(crate) async fn linked(&self, account: &AccountInfo) -> TestClient {
        let client = self.client(&account.name, Store::default()).await;
        self.scan(account, &client).await;
        client.ready().await;
        client
    }

    /// The account's owner scans what the client shows.
    pub(crate) async fn scan(&self, account: &AccountInfo, client: &TestClient) {
        let code = client.qr_code().await;
        self.network.scan(&account.number, &code).unwrap();
    }

    /// Where clients connect.
    pub(crate) fn url(&self) -> String {
        format!("ws://{}/ws/chat", self.address)
    }

    pub(crate) async fn client(&self, name: &str, store: Store) -> TestClient {
        TestClient::start(self.address, name, store, None).await
    }

    pub(crate) async fn client_by_code(&self, name: &str, options: PairCodeOptions) -> TestClient {
        TestClient::start(self.address, name, Store::default(), Some(options)).await
    }

    /// Two accounts, each with one linked client.
    pub(crate) async fn pair(&self) -> (AccountInfo, TestClient, AccountInfo, TestClient) {
        let (alice, bob) = tokio::join!(self.account("Alice"), self.account("Bob"));
        let (alice_client, bob_client) = tokio::join!(self.linked(&alice), self.linked(&bob));
        (alice, alice_client, bob, bob_client)
    }
}

pub(crate) fn jid(account: &AccountInfo) -> Jid {
    Jid::pn(account.number.as_str())
}

/// Where a client keeps its credentials; the same store is the same linked device.
pub(crate) type Store = Arc<InMemoryBackend>;

/// The engine's client and everything it has reported.
pub(crate) struct TestClient {
    pub(crate) client: Arc<Client>,
    pub(crate) store: Store,
    handle: Option<BotHandle>,
    events: Arc<Recorder>,
}

struct Recorder {
    seen: Mutex<Vec<Arc<Event>>>,
    count: watch::Sender<usize>,
}

impl EventHandler for Recorder {
    fn handle_event(&self, event: Arc<Event>) {
        let mut seen = self.seen.lock().unwrap();
        seen.push(event);
        self.count.send_replace(seen.len());
    }
}

struct Forward(Arc<Recorder>);

impl EventHandler for Forward {
    fn handle_event(&self, event: Arc<Event>) {
        self.0.handle_event(event);
    }
}

/// These tests move no media.
struct NoHttp;

#[whatsapp_rust::async_trait]
impl HttpClient for NoHttp {
    async fn execute(&self, request: HttpRequest) -> whatsapp_rust::anyhow::Result<HttpResponse> {
        whatsapp_rust::anyhow::bail!("no HTTP here: {}", request.url)
    }
}

impl TestClient {
    async fn start(address: SocketAddr, name: &str, store: Store, code: Option<PairCodeOptions>) -> Self {
        let events = Arc::new(Recorder { seen: Mutex::default(), count: watch::channel(0).0 });
        let url = format!("ws://{address}/ws/chat");
        let mut builder = Bot::builder()
            .with_backend_arc(store.clone())
            .with_transport_factory(TokioWebSocketTransportFactory::new().with_url(url))
            .with_http_client(NoHttp)
            .with_runtime(TokioRuntime)
            .with_version((2, 3000, 1_026_131_876))
            .with_wanted_pre_key_count(20)
            .with_push_name(name)
            .with_event_handler(Forward(events.clone()));
        if let Some(code) = code {
            builder = builder.with_pair_code(code);
        }
        let bot = builder.build().await.unwrap();
        Self { client: bot.client(), store, handle: Some(bot.spawn()), events }
    }

    /// How many events there are; later waits may begin there.
    pub(crate) fn mark(&self) -> usize {
        self.events.seen.lock().unwrap().len()
    }

    /// Waits for an event, among those seen already, too.
    pub(crate) async fn wait(&self, what: &str, is_meant: impl Fn(&Event) -> bool) -> Arc<Event> {
        self.wait_from(0, what, is_meant).await
    }

    /// Waits for an event after a mark.
    pub(crate) async fn wait_from(&self, mark: usize, what: &str, is_meant: impl Fn(&Event) -> bool) -> Arc<Event> {
        let mut count = self.events.count.subscribe();
        let found = async {
            let mut next = mark;
            loop {
                let new: Vec<Arc<Event>> = self.events.seen.lock().unwrap().get(next..).unwrap_or_default().to_vec();
                next += new.len();
                if let Some(event) = new.into_iter().find(|event| is_meant(event)) {
                    return event;
                }
                count.changed().await.unwrap();
            }
        };
        match tokio::time::timeout(PATIENCE, found).await {
            Ok(event) => event,
            Err(_) => panic!("{what} never came to {:?}; seen: {:#?}", self.client.pn(), self.seen_kinds()),
        }
    }

    /// How many events of a kind were seen.
    pub(crate) fn count(&self, is_meant: impl Fn(&Event) -> bool) -> usize {
        let seen = self.events.seen.lock().unwrap();
        seen.iter().filter(|event| is_meant(event)).count()
    }

    fn seen_kinds(&self) -> Vec<String> {
        let seen = self.events.seen.lock().unwrap();
        seen.iter()
            .map(|event| serde_json::to_string(event).unwrap_or_else(|_| format!("{event:?}")))
            .map(|event| event.chars().take(700).collect())
            .collect()
    }

    pub(crate) async fn qr_code(&self) -> String {
        self.qr_code_from(0).await
    }

    pub(crate) async fn qr_code_from(&self, mark: usize) -> String {
        let event = self.wait_from(mark, "a QR code", |event| matches!(event, Event::PairingQrCode(_))).await;
        match &*event {
            Event::PairingQrCode(shown) => shown.code.clone(),
            _ => unreachable!("the wait was for a QR code"),
        }
    }

    /// Logged in, through with its backlog and in step with the account's other devices.
    pub(crate) async fn ready(&self) {
        self.ready_from(0).await;
    }

    pub(crate) async fn ready_from(&self, mark: usize) {
        self.wait_from(mark, "Connected", |event| matches!(event, Event::Connected(_))).await;
    }

    /// Waits for a text and says who sent it, in which chat, under which id.
    pub(crate) async fn text(&self, text: &str) -> (Jid, Jid, String) {
        let event = self
            .wait(&format!("the text {text:?}"), |event| {
                event.messages().any(|message| message.message.text_content() == Some(text))
            })
            .await;
        let message = event.messages().find(|message| message.message.text_content() == Some(text)).unwrap();
        let source = &message.info.source;
        (source.sender.clone(), source.chat.clone(), message.info.id.to_string())
    }

    pub(crate) fn texts(&self, text: &str) -> usize {
        self.count(|event| event.messages().any(|message| message.message.text_content() == Some(text)))
    }

    /// Stops the client, having written what it had to.
    pub(crate) async fn stop(mut self) -> Store {
        if let Some(handle) = self.handle.take() {
            handle.shutdown().await;
        }
        self.store.clone()
    }
}

impl Drop for TestClient {
    fn drop(&mut self) {
        if let Some(handle) = &self.handle {
            handle.abort();
        }
    }
}
