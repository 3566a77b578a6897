//! A network, its phones, and sessions on it, so that a test reads as a story.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use openwa_engine_native::{NativeFactory, NativeSettings};
use openwa_files::LocalFiles;
use openwa_model::{
    engine::{Engine, EngineError, EngineFactory, Exit, Heard, InboundMessage, Seed, Signal, Signals},
    files::Files,
    id::{MessageId, SessionId},
    jid::Jid,
    login::{Account, LoginStep},
    ops::Operation,
    vault::Vault,
};
use openwa_sandbox::{
    Sandbox, SandboxConfig,
    phone::{
        Chat, Phone, Script,
        message::{Draft, Outgoing},
    },
};
use tempfile::TempDir;
use tokio::{
    sync::{Notify, mpsc},
    task::JoinHandle,
};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use crate::memory_vault::MemoryVault;

/// Nothing here takes long; this only turns a hang into a failure.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

pub(crate) struct House {
    pub(crate) sandbox: Sandbox,
    pub(crate) files: Arc<dyn Files>,
    factory: NativeFactory,
    _folder: TempDir,
    _serving: DropGuard,
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::open_with(|it| it).await
    }

    pub(crate) async fn open_with(change: impl FnOnce(NativeSettings) -> NativeSettings) -> Self {
        let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
        let listening = sandbox.bind(([127, 0, 0, 1], 0).into(), None).await.unwrap();
        let address = listening.plain_address();
        let stop = CancellationToken::new();
        tokio::spawn(listening.serve(stop.clone()));
        let settings = NativeSettings::sandbox(format!("ws://{address}/ws/chat"), format!("http://{address}"));
        let folder = tempfile::tempdir().unwrap();
        Self {
            sandbox,
            files: Arc::new(LocalFiles::open(folder.path()).await.unwrap()),
            factory: NativeFactory::new(change(settings)).unwrap(),
            _folder: folder,
            _serving: stop.drop_guard(),
        }
    }

    pub(crate) async fn phone(&self, name: &str) -> Phone {
        self.sandbox.phones().create(name, None, Script::Silent).await.unwrap()
    }

    /// A session that is not linked to anybody, running.
    pub(crate) async fn session(&self) -> Session {
        self.session_with(Arc::default()).await
    }

    /// A session that reaches the network through a proxy, running.
    pub(crate) async fn session_behind(&self, proxy: &str) -> Session {
        self.run(Arc::default(), Some(proxy.to_owned())).await
    }

    /// A session with the credentials of an earlier one, running.
    pub(crate) async fn session_with(&self, vault: Arc<MemoryVault>) -> Session {
        self.run(vault, None).await
    }

    async fn run(&self, vault: Arc<MemoryVault>, proxy: Option<String>) -> Session {
        let (signals, heard) = Signals::channel();
        let seed = Seed {
            session: SessionId(Uuid::new_v4()),
            vault: Arc::clone(&vault) as Arc<dyn Vault>,
            files: Arc::clone(&self.files),
            proxy,
        };
        let engine = self.factory.open(seed, signals).await.unwrap();
        let log = Arc::new(Log::default());
        tokio::spawn(listen(heard, Arc::clone(&log)));
        let stop = CancellationToken::new();
        let running = tokio::spawn({
            let (engine, stop) = (Arc::clone(&engine), stop.clone());
            async move { engine.run(stop).await }
        });
        Session { engine, vault, log, stop, running }
    }

    /// A session linked to a phone.
    pub(crate) async fn linked(&self, phone: &Phone) -> Session {
        let session = self.session().await;
        let qr = session.qr().await;
        phone.scan(&qr).unwrap();
        session.online().await;
        session
    }
}

#[derive(Default)]
struct Log {
    signals: Mutex<Vec<Signal>>,
    more: Notify,
}

async fn listen(mut heard: mpsc::Receiver<Heard>, log: Arc<Log>) {
    while let Some(Heard { signals, committed }) = heard.recv().await {
        log.signals.lock().unwrap().extend(signals);
        log.more.notify_waiters();
        // The engine may have been stopped meanwhile.
        let _ = committed.send(());
    }
}

pub(crate) struct Session {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) vault: Arc<MemoryVault>,
    log: Arc<Log>,
    pub(crate) stop: CancellationToken,
    running: JoinHandle<Exit>,
}

impl Session {
    /// The first signal, since the beginning, that is what is looked for.
    pub(crate) async fn hear<T>(&self, what: &str, mut find: impl FnMut(&Signal) -> Option<T>) -> T {
        let search = async {
            loop {
                let more = self.log.more.notified();
                tokio::pin!(more);
                more.as_mut().enable();
                if let Some(found) = self.log.signals.lock().unwrap().iter().find_map(&mut find) {
                    return found;
                }
                more.await;
            }
        };
        match tokio::time::timeout(DEADLINE, search).await {
            Ok(found) => found,
            Err(_) => panic!(
                "never heard: {what}; only {:#?}; the link has ended: {}",
                self.log.signals.lock().unwrap(),
                self.running.is_finished()
            ),
        }
    }

    pub(crate) fn heard(&self) -> Vec<Signal> {
        self.log.signals.lock().unwrap().clone()
    }

    pub(crate) async fn qr(&self) -> String {
        self.hear("a QR code", |it| match it {
            Signal::Login(LoginStep::Qr { code, .. }) => Some(code.clone()),
            _ => None,
        })
        .await
    }

    pub(crate) async fn online(&self) -> Account {
        self.hear("being on line", |it| match it {
            Signal::Online(account) => Some(account.clone()),
            _ => None,
        })
        .await
    }

    pub(crate) async fn message(&self, id: &str) -> InboundMessage {
        self.hear("a message", |it| match it {
            Signal::Message(message) if message.id.as_str() == id => Some((**message).clone()),
            _ => None,
        })
        .await
    }

    pub(crate) async fn ask<O: Operation>(&self, operation: O) -> Result<O::Output, EngineError> {
        let reply = self.engine.execute(operation.into_command()).await?;
        Ok(O::from_reply(reply).expect("the answer belongs to the question"))
    }

    /// How it ended, when it has.
    pub(crate) async fn ended(self) -> Exit {
        tokio::time::timeout(DEADLINE, self.running).await.expect("the link ends").unwrap()
    }

    pub(crate) async fn stop(self) -> Exit {
        self.stop.cancel();
        self.ended().await
    }
}

pub(crate) fn jid(phone: &Phone) -> Jid {
    Jid::phone(&*phone.info().number)
}

pub(crate) fn chat(jid: &Jid) -> Chat {
    Chat::parse(&jid.to_string()).unwrap()
}

pub(crate) fn id(text: &str) -> MessageId {
    MessageId(text.to_owned())
}

/// Lets a phone write, and says under which id.
pub(crate) async fn writes(phone: &Phone, to: &Jid, content: Outgoing, quoted: Option<&str>) -> String {
    let quoted = quoted.map(str::to_owned);
    phone.send(Draft { quoted, ..Draft::new(chat(to), content) }).await.unwrap().id
}

pub(crate) fn text(text: &str) -> Outgoing {
    Outgoing::Text { text: text.to_owned() }
}

/// What a phone has in its log under an id, once it is there.
pub(crate) async fn received(phone: &Phone, id: &str) -> openwa_sandbox::phone::message::Message {
    let mut after = 0;
    let search = async {
        loop {
            for message in phone.messages(after, 100, DEADLINE).await {
                if message.id == id {
                    return message;
                }
                after = message.sequence;
            }
        }
    };
    tokio::time::timeout(DEADLINE, search).await.expect("the phone gets the message")
}
