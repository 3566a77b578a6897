//! A session that runs here: what its task and those who call it share.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use openwa_model::{
    capability::Capabilities,
    engine::{Engine, EngineError, EngineKind, ErrorKind, Retry},
    id::{MessageId, SessionId},
    login::Account,
    ops::{Op, Operation},
    session::Status,
    store::Lease,
};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::{error::GatewayError, presence::Presences};

/// One session that runs here.
pub(crate) struct Running {
    pub(crate) id: SessionId,
    pub(crate) engine: EngineKind,
    pub(crate) capabilities: &'static Capabilities,
    /// Our claim on the session; checked in every unit that writes its log.
    pub(crate) lease: Lease,
    /// What its last committed unit says.
    pub(crate) live: watch::Sender<Live>,
    /// Cancelled when it is to stop in good order.
    pub(crate) stop: CancellationToken,
    /// Cancelled when it is to stop at once.
    pub(crate) kill: CancellationToken,
    /// Cancelled when its task has ended; only then may another one be started.
    pub(crate) ended: CancellationToken,
    link: Mutex<Option<Link>>,
    calls: Semaphore,
    sending: Mutex<HashSet<MessageId>>,
    /// Held by whoever sends pending messages again: one at a time.
    pub(crate) resending: tokio::sync::Mutex<()>,
    /// Held by whoever waits to do that.
    pub(crate) waiting_to_resend: tokio::sync::Mutex<()>,
    logging_out: AtomicBool,
    presences: Mutex<Presences>,
}

/// What a running session looks like from outside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Live {
    pub(crate) status: Status,
    pub(crate) account: Option<Account>,
    /// The QR code to be scanned now. Only ever in memory.
    pub(crate) qr: Option<ShownQr>,
}

/// A QR code, as long as it is good for something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ShownQr {
    pub(crate) code: String,
    pub(crate) expires_at: openwa_model::Timestamp,
}

/// One link to WhatsApp; a session that reconnects has one after another.
#[derive(Clone)]
pub(crate) struct Link {
    pub(crate) engine: Arc<dyn Engine>,
    /// Cancelled when the link has ended: whoever still waits for its engine waits in vain.
    pub(crate) ended: CancellationToken,
}

/// Why a call did not work.
#[derive(Debug)]
pub(crate) enum CallError {
    /// The engine cannot do this at all.
    Cannot(Op, EngineKind),
    /// There is no link to do it over.
    NotReady(Status),
    /// The engine tried.
    Engine(EngineError),
}

impl From<CallError> for GatewayError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Cannot(op, engine) => Self::EngineCannot { op, engine },
            CallError::NotReady(status) => Self::SessionNotReady(status),
            CallError::Engine(error) => error.into(),
        }
    }
}

impl Running {
    pub(crate) fn new(
        lease: Lease,
        engine: EngineKind,
        capabilities: &'static Capabilities,
        calls_in_flight: usize,
        live: Live,
        closing: &CancellationToken,
    ) -> Self {
        Self {
            id: lease.session,
            engine,
            capabilities,
            lease,
            live: watch::Sender::new(live),
            stop: closing.child_token(),
            kill: CancellationToken::new(),
            ended: CancellationToken::new(),
            link: Mutex::default(),
            calls: Semaphore::new(calls_in_flight),
            sending: Mutex::default(),
            resending: tokio::sync::Mutex::default(),
            waiting_to_resend: tokio::sync::Mutex::default(),
            logging_out: AtomicBool::new(false),
            presences: Mutex::default(),
        }
    }

    pub(crate) fn status(&self) -> Status {
        self.live.borrow().status
    }

    pub(crate) fn account(&self) -> Option<Account> {
        self.live.borrow().account.clone()
    }

    /// What was last heard of who is there and who types.
    pub(crate) fn presences(&self) -> MutexGuard<'_, Presences> {
        lock(&self.presences)
    }

    /// From now on, however the link ends, it ended because somebody logged out.
    pub(crate) fn log_out(&self) {
        self.logging_out.store(true, Ordering::Release);
    }

    pub(crate) fn is_logging_out(&self) -> bool {
        self.logging_out.load(Ordering::Acquire)
    }

    pub(crate) fn set_link(&self, link: Option<Link>) {
        *lock(&self.link) = link;
    }

    pub(crate) fn link(&self) -> Option<Link> {
        lock(&self.link).clone()
    }

    /// Whether the engine can do it and the session is ready for it.
    pub(crate) fn check(&self, op: Op) -> Result<(), CallError> {
        if !self.capabilities.ops.has(op) {
            return Err(CallError::Cannot(op, self.engine));
        }
        match self.status() {
            Status::Ready => Ok(()),
            status => Err(CallError::NotReady(status)),
        }
    }

    /// Has the engine do one thing. Never called by the session's own task: an engine that waits
    /// for its signals to be committed would wait for itself.
    pub(crate) async fn call<O: Operation>(&self, operation: O, limit: Duration) -> Result<O::Output, CallError> {
        self.check(O::OP)?;
        let not_ready = || CallError::NotReady(self.status());
        let link = self.link().ok_or_else(not_ready)?;
        let unconfirmed = |why: &str| {
            CallError::Engine(EngineError::new(
                ErrorKind::Unconfirmed,
                Retry::Later,
                format!("{}: {why}", O::OP.name()),
            ))
        };
        // A call that never had its turn did nothing; one that did may have done it.
        let turn = tokio::time::timeout(limit, self.calls.acquire()).await;
        let Ok(Ok(_permit)) = turn else { return Err(not_ready()) };
        if link.ended.is_cancelled() {
            return Err(not_ready());
        }
        let reply = tokio::select! {
            reply = link.engine.execute(operation.into_command()) => reply.map_err(CallError::Engine)?,
            () = link.ended.cancelled() => return Err(unconfirmed("the link ended before the answer came")),
            () = tokio::time::sleep(limit) => return Err(unconfirmed("no answer in time")),
        };
        O::from_reply(reply).ok_or_else(|| {
            let message = format!("{}: the engine gave an answer of another kind", O::OP.name());
            CallError::Engine(EngineError::new(ErrorKind::Internal, Retry::Never, message))
        })
    }

    /// Notes that a message is on its way, so that nobody sends it a second time; `None` when it is already.
    pub(crate) fn begin_sending(self: &Arc<Self>, id: &MessageId) -> Option<Sending> {
        lock(&self.sending).insert(id.clone()).then(|| Sending { running: self.clone(), id: id.clone() })
    }

    pub(crate) fn is_sending(&self, id: &MessageId) -> bool {
        lock(&self.sending).contains(id)
    }

    pub(crate) fn sends_under_way(&self) -> usize {
        lock(&self.sending).len()
    }
}

/// A message on its way; dropped when its outcome is stored, or it is known to be unknown.
pub(crate) struct Sending {
    running: Arc<Running>,
    id: MessageId,
}

impl Drop for Sending {
    fn drop(&mut self) {
        lock(&self.running.sending).remove(&self.id);
    }
}

/// What these locks guard is whole between any two statements, so a panic elsewhere spoils nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
