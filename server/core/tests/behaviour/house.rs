//! A gateway over the real store, with a clock, a store and an engine that tests steer.

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use openwa_core::{
    Gateway, GatewayError, Ports, Settings,
    gateway::{IdempotencyKey, NewSession, PreviewWish, SendContent, SendOutcome, SendRequest},
};
use openwa_files::LocalFiles;
use openwa_model::{
    Timestamp,
    capability::{Capabilities, OpSet},
    clock::{Clock, SystemMinter},
    content::MessageKind,
    engine::{
        Engine, EngineError, EngineFactory, EngineKind, ErrorKind, Exit, Gone, InboundMessage, Receipt, Retry, Seed,
        Signal, Signals,
    },
    event::Event,
    id::{MessageId, Seq, SessionId},
    jid::Jid,
    login::{Account, LoginFlow, LoginStep},
    message::{DeliveryStatus, Message},
    ops::{Command, Op, Reply, Sent},
    session::{Session, SessionConfig, Status},
    store::{EventFilter, Result as StoreResult, Store, StoreError, Unit, View},
    vault::{Vault, VaultChange},
};
use openwa_store::{SqliteStore, StoreOptions};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

/// Nothing here takes long; whatever takes this long will not happen any more.
const LIMIT: Duration = Duration::from_secs(30);

pub(crate) async fn soon<T>(what: &str, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, work).await.unwrap_or_else(|_| panic!("{what}: it did not happen"))
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + seconds).unwrap()
}

pub(crate) fn phone() -> Jid {
    Jid::phone("15550000001")
}

pub(crate) fn account() -> Account {
    Account {
        phone: Jid::phone("15550000009"),
        lid: Some("100000000000009@lid".parse().unwrap()),
        push_name: Some("Gateway".into()),
    }
}

/// A clock that stands still until it is wound.
#[derive(Clone)]
pub(crate) struct ManualClock(Arc<watch::Sender<Timestamp>>);

impl ManualClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.send_modify(|now| *now = now.checked_add(by).unwrap());
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.borrow()
    }

    async fn until(&self, at: Timestamp) {
        _ = self.0.subscribe().wait_for(|now| *now >= at).await;
    }
}

/// The real store, whose units can be held up or refused.
pub(crate) struct GatedStore {
    inner: SqliteStore,
    open: watch::Sender<bool>,
    /// How many units wait at the gate.
    waiting: watch::Sender<usize>,
    refusals: AtomicUsize,
}

impl GatedStore {
    pub(crate) fn close_gate(&self) {
        self.open.send_replace(false);
    }

    pub(crate) fn open_gate(&self) {
        self.open.send_replace(true);
    }

    /// The next so many units are refused as if the database were away.
    pub(crate) fn refuse(&self, units: usize) {
        self.refusals.store(units, Ordering::SeqCst);
    }

    pub(crate) async fn somebody_waits(&self) {
        _ = soon("a unit at the gate", self.waiting.subscribe().wait_for(|it| *it > 0)).await;
    }
}

#[async_trait]
impl Store for GatedStore {
    async fn view(&self) -> StoreResult<Box<dyn View>> {
        self.inner.view().await
    }

    async fn begin(&self) -> StoreResult<Box<dyn Unit>> {
        let refused = self.refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |it| it.checked_sub(1));
        if refused.is_ok() {
            return Err(StoreError::Unavailable("the test says so".into()));
        }
        if !*self.open.borrow() {
            self.waiting.send_modify(|it| *it += 1);
            let opened = self.open.subscribe().wait_for(|it| *it).await.map(drop);
            self.waiting.send_modify(|it| *it -= 1);
            opened.unwrap();
        }
        self.inner.begin().await
    }

    fn vault(&self, session: SessionId) -> Arc<dyn Vault> {
        self.inner.vault(session)
    }

    async fn ping(&self) -> StoreResult<()> {
        self.inner.ping().await
    }
}

static CAPABILITIES: Capabilities = Capabilities {
    ops: OpSet::of(&[
        Op::SendMessage,
        Op::React,
        Op::EditMessage,
        Op::RevokeMessage,
        Op::MarkRead,
        Op::DeleteForMe,
        Op::FetchHistory,
    ]),
    qr: true,
    pairing_code: true,
    max_media_bytes: 1_000_000,
};

/// Makes engines and hands the other end of each to the test.
pub(crate) struct ScriptedFactory {
    opened: mpsc::UnboundedSender<ScriptedLink>,
    alive: Arc<AtomicUsize>,
    /// The most engines that ever ran at once.
    pub most_alive: Arc<AtomicUsize>,
}

/// The test's end of one engine.
pub(crate) struct ScriptedLink {
    pub session: SessionId,
    pub signals: Signals,
    exit: mpsc::UnboundedSender<Exit>,
    commands: mpsc::UnboundedReceiver<Asked>,
    pub forgotten: watch::Receiver<bool>,
    /// Set to make the engine deaf to being told to stop.
    pub deaf: watch::Sender<bool>,
    pub vault: Arc<dyn Vault>,
}

/// A command that waits for the test's answer.
pub(crate) struct Asked {
    pub command: Command,
    answer: oneshot::Sender<Result<Reply, EngineError>>,
}

impl Asked {
    pub(crate) fn message_id(&self) -> MessageId {
        match &self.command {
            Command::SendMessage(it) => it.0.id.clone(),
            other => panic!("not a send: {other:?}"),
        }
    }

    pub(crate) fn accept(self, at: Timestamp) {
        let sent = Sent { id: self.message_id(), at };
        _ = self.answer.send(Ok(Reply::SendMessage(sent)));
    }

    /// Answers a command that has nothing to tell.
    pub(crate) fn answer_unit(self) {
        let reply = match &self.command {
            Command::MarkRead(_) => Reply::MarkRead(()),
            Command::DeleteForMe(_) => Reply::DeleteForMe(()),
            other => panic!("it has something to tell: {other:?}"),
        };
        _ = self.answer.send(Ok(reply));
    }

    /// Answers as the phone that was asked what was said before.
    pub(crate) fn tell(self, messages: Vec<InboundMessage>) {
        _ = self.answer.send(Ok(Reply::FetchHistory(messages)));
    }

    pub(crate) fn refuse(self, kind: ErrorKind) {
        _ = self.answer.send(Err(EngineError::new(kind, Retry::Never, "the test says so")));
    }
}

struct ScriptedEngine {
    exit: tokio::sync::Mutex<mpsc::UnboundedReceiver<Exit>>,
    commands: mpsc::UnboundedSender<Asked>,
    forgotten: watch::Sender<bool>,
    deaf: watch::Receiver<bool>,
    vault: Arc<dyn Vault>,
    alive: Arc<AtomicUsize>,
    most_alive: Arc<AtomicUsize>,
}

struct Alive(Arc<AtomicUsize>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Engine for ScriptedEngine {
    async fn run(&self, stop: CancellationToken) -> Exit {
        let alive = self.alive.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_alive.fetch_max(alive, Ordering::SeqCst);
        let _alive = Alive(self.alive.clone());
        let mut exit = self.exit.lock().await;
        let told_to_stop = async {
            stop.cancelled().await;
            if *self.deaf.borrow() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            exit = exit.recv() => exit.unwrap_or(Exit::Dropped("the test is over".into())),
            () = told_to_stop => Exit::Stopped,
        }
    }

    async fn execute(&self, command: Command) -> Result<Reply, EngineError> {
        let (answer, answered) = oneshot::channel();
        let nobody = || EngineError::new(ErrorKind::Unconfirmed, Retry::Later, "the test is over");
        self.commands.send(Asked { command, answer }).map_err(|_| nobody())?;
        answered.await.map_err(|_| nobody())?
    }

    async fn begin_login(&self, _flow: LoginFlow) -> Result<LoginStep, EngineError> {
        Ok(LoginStep::PairingCode { code: "ABCD1234".into(), expires_at: at(1_000) })
    }

    async fn forget(&self) -> Result<(), EngineError> {
        self.vault.wipe().await.unwrap();
        self.forgotten.send_replace(true);
        Ok(())
    }
}

#[async_trait]
impl EngineFactory for ScriptedFactory {
    fn kind(&self) -> EngineKind {
        EngineKind::Native
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    async fn open(&self, seed: Seed, signals: Signals) -> Result<Arc<dyn Engine>, EngineError> {
        let (exit, exits) = mpsc::unbounded_channel();
        let (commands, asked) = mpsc::unbounded_channel();
        let (forgotten, was_forgotten) = watch::channel(false);
        let (deaf, is_deaf) = watch::channel(false);
        let link = ScriptedLink {
            session: seed.session,
            signals,
            exit,
            commands: asked,
            forgotten: was_forgotten,
            deaf,
            vault: seed.vault.clone(),
        };
        _ = self.opened.send(link);
        Ok(Arc::new(ScriptedEngine {
            exit: tokio::sync::Mutex::new(exits),
            commands,
            forgotten,
            deaf: is_deaf,
            vault: seed.vault,
            alive: self.alive.clone(),
            most_alive: self.most_alive.clone(),
        }))
    }
}

impl ScriptedLink {
    pub(crate) async fn say(&self, signals: Vec<Signal>) -> Result<(), Gone> {
        soon("a commit", self.signals.commit(signals)).await
    }

    pub(crate) async fn come_online(&self) {
        self.say(vec![Signal::Linked(account()), Signal::Online(account())]).await.unwrap();
    }

    pub(crate) async fn asked(&mut self) -> Asked {
        soon("a command", self.commands.recv()).await.expect("the engine is gone")
    }

    pub(crate) fn was_asked(&mut self) -> bool {
        self.commands.try_recv().is_ok()
    }

    pub(crate) fn end(&self, exit: Exit) {
        _ = self.exit.send(exit);
    }

    pub(crate) async fn write_credentials(&self) {
        let put = VaultChange::Put { space: "device", key: "it".into(), value: b"secret".to_vec(), stamp: 0 };
        self.vault.apply(vec![put]).await.unwrap();
    }

    pub(crate) async fn has_credentials(&self) -> bool {
        self.vault.count("device").await.unwrap() > 0
    }
}

pub(crate) struct House {
    pub gateway: Gateway,
    pub store: Arc<GatedStore>,
    pub clock: ManualClock,
    pub most_alive: Arc<AtomicUsize>,
    opened: tokio::sync::Mutex<mpsc::UnboundedReceiver<ScriptedLink>>,
    stop: CancellationToken,
    run: Mutex<Option<JoinHandle<()>>>,
}

impl House {
    pub(crate) async fn open(folder: &Path) -> Self {
        Self::open_with(folder, |_| {}).await
    }

    pub(crate) async fn open_with(folder: &Path, adjust: impl FnOnce(&mut Settings)) -> Self {
        let url = format!("sqlite://{}", folder.join("openwa.sqlite").display());
        let store = Arc::new(GatedStore {
            inner: SqliteStore::open(&url, StoreOptions::new([7; 32])).await.unwrap(),
            open: watch::Sender::new(true),
            waiting: watch::Sender::new(0),
            refusals: AtomicUsize::new(0),
        });
        let (opened, links) = mpsc::unbounded_channel();
        let most_alive = Arc::new(AtomicUsize::new(0));
        let factory = ScriptedFactory { opened, alive: Arc::default(), most_alive: most_alive.clone() };
        let clock = ManualClock(Arc::new(watch::Sender::new(at(0))));
        let ports = Ports {
            store: store.clone(),
            files: Arc::new(LocalFiles::open(&folder.join("media")).await.unwrap()),
            engines: vec![Arc::new(factory)],
            clock: Arc::new(clock.clone()),
            minter: Arc::new(SystemMinter),
        };
        let mut settings = Settings { stop_timeout: Duration::from_millis(200), ..Settings::default() };
        adjust(&mut settings);
        let gateway = Gateway::open(ports, settings).await.unwrap();
        let stop = CancellationToken::new();
        let run = tokio::spawn({
            let (gateway, stop) = (gateway.clone(), stop.clone());
            async move { gateway.run(stop).await }
        });
        Self {
            gateway,
            store,
            clock,
            most_alive,
            opened: tokio::sync::Mutex::new(links),
            stop,
            run: Mutex::new(Some(run)),
        }
    }

    /// Stops in good order.
    pub(crate) async fn close(&self) {
        self.stop.cancel();
        let run = self.run.lock().unwrap().take();
        soon("a graceful stop", run.expect("it was closed already")).await.unwrap();
    }

    pub(crate) async fn create(&self, name: &str) -> SessionId {
        self.create_with(name, SessionConfig::default()).await
    }

    pub(crate) async fn create_with(&self, name: &str, config: SessionConfig) -> SessionId {
        let new = NewSession { name: name.into(), config, proxy: None };
        self.gateway.create_session(new).await.unwrap().session.id
    }

    pub(crate) async fn next_link(&self) -> ScriptedLink {
        soon("an engine", async { self.opened.lock().await.recv().await }).await.expect("the factory is gone")
    }

    pub(crate) async fn no_link(&self) -> bool {
        self.opened.lock().await.try_recv().is_err()
    }

    /// A session that is linked and on line.
    pub(crate) async fn ready(&self, name: &str) -> (SessionId, ScriptedLink) {
        let id = self.create(name).await;
        self.gateway.start_session(id).await.unwrap();
        let link = self.next_link().await;
        link.come_online().await;
        (id, link)
    }

    pub(crate) async fn row(&self, id: SessionId) -> Session {
        self.gateway.session(id).await.unwrap().session
    }

    pub(crate) async fn status(&self, id: SessionId, status: Status) {
        self.until(status.name(), async || self.row(id).await.status == status).await;
    }

    /// Looks after each ring of the bell.
    pub(crate) async fn until(&self, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
        let mut bell = self.gateway.bell().listen();
        soon(what, async {
            while !is_so().await {
                bell.rung().await;
            }
        })
        .await;
    }

    pub(crate) async fn events(&self, id: SessionId) -> Vec<Event> {
        self.gateway.events_after(id, Seq(0), &EventFilter::default(), 1_000).await.unwrap()
    }

    /// The names of a session's events from the first of this name on.
    pub(crate) async fn kinds_from(&self, id: SessionId, first: &str) -> Vec<&'static str> {
        let kinds: Vec<_> = self.events(id).await.iter().map(|it| it.event.kind.name()).collect();
        kinds.into_iter().skip_while(|it| *it != first).collect()
    }

    pub(crate) async fn message(&self, id: SessionId, chat: &Jid, message: &MessageId) -> Option<Message> {
        match self.gateway.message(id, chat, message).await {
            Ok(message) => Some(message),
            Err(GatewayError::MessageNotFound) => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// Sends beside the test, which answers as the engine.
    pub(crate) fn send(
        &self,
        id: SessionId,
        body: &str,
        key: Option<&str>,
    ) -> JoinHandle<Result<SendOutcome, GatewayError>> {
        let request = text(body);
        let key = key.map(|it| IdempotencyKey { key: it.into(), fingerprint: body.into() });
        let gateway = self.gateway.clone();
        tokio::spawn(async move { gateway.send(id, request, key).await })
    }
}

pub(crate) fn text(body: &str) -> SendRequest {
    SendRequest {
        chat: phone(),
        content: SendContent::Text { body: body.into(), preview: PreviewWish::FromPage },
        quoted: None,
        mentions: vec![],
        marks: Default::default(),
        status: None,
    }
}

pub(crate) fn incoming(id: &str, body: &str) -> Signal {
    Signal::Message(Box::new(inbound(id, body)))
}

pub(crate) fn inbound(id: &str, body: &str) -> InboundMessage {
    InboundMessage {
        id: MessageId(id.into()),
        chat: phone(),
        chat_alternative: None,
        sender: phone(),
        sender_phone: None,
        sender_lid: None,
        push_name: Some("Ana".into()),
        from_me: false,
        kind: MessageKind::Text,
        body: body.into(),
        timestamp: at(0),
        quoted: None,
        mentions: vec![],
        media: None,
        detail: None,
        marks: Default::default(),
    }
}

pub(crate) fn receipt(ids: &[&MessageId], status: DeliveryStatus) -> Signal {
    Signal::Receipt(Receipt {
        chat: phone(),
        ids: ids.iter().map(|it| (*it).clone()).collect(),
        participant: phone(),
        from_me: false,
        status,
        timestamp: at(1),
    })
}
