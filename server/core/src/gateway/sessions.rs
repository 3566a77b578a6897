//! Sessions: make, start, link, stop, log out, delete.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use openwa_model::{
    content::MessageKind,
    files::FileKey,
    id::SessionId,
    login::{LoginFlow, LoginStep},
    session::{Session, SessionConfig, Status},
    store::{MessageFilter, Page, SessionFilter, StoreError},
};

use super::{Gateway, Result};
use crate::{
    error::GatewayError,
    running::Running,
    supervisor::{Launch, Slot},
};

/// A session to be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewSession {
    /// Its name; unique.
    pub name: String,
    /// What a person set.
    pub config: SessionConfig,
    /// The proxy it connects through: `http://`, `https://` or `socks5://`, with or without credentials.
    pub proxy: Option<String>,
}

/// A session as it is kept, and whether it runs here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionView {
    /// The row.
    pub session: Session,
    /// Whether an engine is loaded for it: linked, linking, or waiting to connect again.
    pub engine_loaded: bool,
}

/// Sessions, counted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Overview {
    /// All.
    pub total: u64,
    /// Those with an engine.
    pub active: u64,
    /// Those on line.
    pub ready: u64,
    /// Those stopped or between two attempts to connect.
    pub disconnected: u64,
    /// All by status; a status nobody has is left out.
    pub by_status: BTreeMap<Status, u64>,
}

/// The longest proxy address, in bytes.
const MAX_PROXY: usize = 255;
/// How long WhatsApp may take to confirm that an account was unlinked.
const LOG_OUT_LIMIT: Duration = Duration::from_secs(15);
/// How many rows are read at once where all are needed.
const BATCH: u32 = 1_000;
/// The kinds of messages that come with a file.
const KINDS_WITH_FILES: [MessageKind; 6] = [
    MessageKind::Image,
    MessageKind::Video,
    MessageKind::Audio,
    MessageKind::Voice,
    MessageKind::Document,
    MessageKind::Sticker,
];

impl Gateway {
    /// Makes a session; it does not run yet.
    pub async fn create_session(&self, new: NewSession) -> Result<SessionView> {
        if let Some(proxy) = &new.proxy {
            check_proxy(proxy)?;
        }
        let now = self.now();
        let session = Session {
            id: SessionId(self.0.context.ports.minter.uuid(now)),
            name: new.name,
            engine: self.default_engine(),
            wanted: false,
            status: Status::Created,
            last_error: None,
            account: None,
            config: new.config,
            proxy: new.proxy,
            restriction: None,
            connected_at: None,
            last_active: None,
            created_at: now,
            updated_at: now,
        };
        let mut unit = self.store().begin().await?;
        match unit.add_session(&session).await {
            Err(StoreError::Conflict(_)) => return Err(GatewayError::SessionNameTaken(session.name)),
            added => added?,
        }
        unit.commit().await?;
        Ok(self.seen(session))
    }

    /// Sessions, newest first.
    pub async fn sessions(&self, filter: &SessionFilter, page: Page) -> Result<Vec<SessionView>> {
        let sessions = self.view().await?.sessions(filter, page).await?;
        Ok(sessions.into_iter().map(|it| self.seen(it)).collect())
    }

    /// One session.
    pub async fn session(&self, id: SessionId) -> Result<SessionView> {
        let session = self.view().await?.session(id).await?.ok_or(GatewayError::SessionNotFound(id))?;
        Ok(self.seen(session))
    }

    /// Makes it run from now on, also after a restart of the gateway.
    pub async fn start_session(&self, id: SessionId) -> Result<SessionView> {
        let this = self.clone();
        self.detached(async move {
            let slot = this.slot(id).await?;
            let _turn = slot.turn.lock().await;
            this.0.supervisor.launch(&slot, id, Launch::Asked).await?;
            this.session(id).await
        })
        .await
    }

    /// Stops it for good; stopping one that does not run is fine.
    pub async fn stop_session(&self, id: SessionId) -> Result<SessionView> {
        let this = self.clone();
        self.detached(async move {
            let slot = this.slot(id).await?;
            let _turn = slot.turn.lock().await;
            this.unwant(id).await?;
            if let Some(running) = slot.running() {
                this.stop(&running).await?;
            }
            this.session(id).await
        })
        .await
    }

    /// Unlinks the account and stops.
    pub async fn log_out_session(&self, id: SessionId) -> Result<SessionView> {
        let this = self.clone();
        self.detached(async move {
            let slot = this.slot(id).await?;
            let _turn = slot.turn.lock().await;
            let running = slot.running().ok_or(GatewayError::SessionNotStarted)?;
            this.unwant(id).await?;
            let told = this.unlink(&running).await;
            this.stop(&running).await?;
            told.map_err(GatewayError::LogoutIncomplete)?;
            this.session(id).await
        })
        .await
    }

    /// Stops it without waiting for anything.
    pub async fn force_kill_session(&self, id: SessionId) -> Result<SessionView> {
        let this = self.clone();
        self.detached(async move {
            let slot = this.slot(id).await?;
            // Whoever holds the turn may be waiting for the very engine that hangs.
            if let Some(running) = slot.running() {
                running.kill.cancel();
            } else {
                return Err(GatewayError::SessionNotStarted);
            }
            let _turn = slot.turn.lock().await;
            this.unwant(id).await?;
            if let Some(running) = slot.running() {
                running.kill.cancel();
                this.0.supervisor.wait_for_end(&running).await?;
            }
            this.session(id).await
        })
        .await
    }

    /// Stops it and deletes it with all that is its own. The account is unlinked, if WhatsApp can be told.
    pub async fn delete_session(&self, id: SessionId) -> Result<()> {
        let this = self.clone();
        self.detached(async move {
            let slot = this.slot(id).await?;
            let _turn = slot.turn.lock().await;
            this.unwant(id).await?;
            if let Some(running) = slot.running() {
                if running.status() == Status::Ready
                    && let Err(why) = this.unlink(&running).await
                {
                    tracing::warn!(session.id = %id, "the account of a deleted session was not unlinked: {why}");
                }
                this.stop(&running).await?;
            }
            let files = this.files_of(id).await?;
            let mut unit = this.store().begin().await?;
            unit.delete_session(id).await?;
            unit.commit().await?;
            this.0.supervisor.forget(id);
            this.remove_files(files);
            Ok(())
        })
        .await
    }

    /// Counts sessions: all, or those among some.
    pub async fn session_overview(&self, among: Option<&[SessionId]>) -> Result<Overview> {
        let filter = SessionFilter { name: None, among: among.map(<[_]>::to_vec) };
        let mut view = self.view().await?;
        let mut overview = Overview::default();
        loop {
            let page = Page { limit: BATCH, offset: u32::try_from(overview.total).unwrap_or(u32::MAX) };
            let sessions = view.sessions(&filter, page).await?;
            let is_last = (sessions.len() as u32) < BATCH;
            for session in sessions {
                let SessionView { session, engine_loaded } = self.seen(session);
                overview.total += 1;
                overview.active += u64::from(engine_loaded);
                *overview.by_status.entry(session.status).or_default() += 1;
            }
            if is_last {
                break;
            }
        }
        let count = |status| overview.by_status.get(&status).copied().unwrap_or_default();
        (overview.ready, overview.disconnected) = (count(Status::Ready), count(Status::Disconnected));
        Ok(overview)
    }

    /// Replaces what a person set; it counts from the next attempt to connect.
    pub async fn set_session_config(&self, id: SessionId, config: SessionConfig) -> Result<Session> {
        self.edit_row(id, |row| row.config = config).await
    }

    /// Replaces the proxy; it counts from the next start.
    pub async fn set_session_proxy(&self, id: SessionId, proxy: Option<String>) -> Result<Session> {
        if let Some(proxy) = &proxy {
            check_proxy(proxy)?;
        }
        self.edit_row(id, |row| row.proxy = proxy).await
    }

    /// The text inside the QR code that is to be scanned now.
    pub async fn qr(&self, id: SessionId) -> Result<(String, Status)> {
        let running = self.running(id).await?;
        let live = running.live.borrow().clone();
        match live.status {
            Status::Ready | Status::Authenticating => Err(GatewayError::AlreadyAuthenticated),
            status => {
                let shown = live.qr.filter(|it| it.expires_at > self.now());
                Ok((shown.ok_or(GatewayError::QrNotAvailable)?.code, status))
            }
        }
    }

    /// Eight characters to type on the phone of this number (digits only).
    pub async fn pairing_code(&self, id: SessionId, number: &str) -> Result<(String, Status)> {
        let running = self.running(id).await?;
        let status = running.status();
        let link = running.link().filter(|_| status == Status::QrReady && running.capabilities.pairing_code);
        let link = link.ok_or(GatewayError::PairingNotPossible(status))?;
        let flow = LoginFlow::PairingCode { number: number.to_owned() };
        let limit = self.settings().call_timeout;
        self.detached(async move {
            let step = tokio::select! {
                step = link.engine.begin_login(flow) => step?,
                () = link.ended.cancelled() => return Err(GatewayError::PairingNotPossible(Status::Disconnected)),
                () = tokio::time::sleep(limit) => {
                    return Err(GatewayError::Unconfirmed("no pairing code came in time".to_owned()));
                }
            };
            match step {
                LoginStep::PairingCode { code, .. } => Ok((code, running.status())),
                LoginStep::Qr { .. } => {
                    Err(GatewayError::Engine("a QR code came instead of a pairing code".to_owned()))
                }
            }
        })
        .await
    }

    /// The session as it runs here; tells apart one that is not there from one that does not run.
    pub(crate) async fn running(&self, id: SessionId) -> Result<Arc<Running>> {
        if let Some(running) = self.0.supervisor.running(id) {
            return Ok(running);
        }
        let session = self.view().await?.session(id).await?.ok_or(GatewayError::SessionNotFound(id))?;
        // One that should run comes up by itself in a moment, after a restart for instance.
        let coming = GatewayError::SessionNotReady(Status::Disconnected);
        Err(if session.wanted { coming } else { GatewayError::SessionNotStarted })
    }

    fn seen(&self, mut session: Session) -> SessionView {
        let engine_loaded = self.0.supervisor.running(session.id).is_some();
        // What the row says of a link was true until the process ended that held it.
        let is_linkless =
            matches!(session.status, Status::Created | Status::Disconnected | Status::ActionRequired | Status::Failed);
        if !engine_loaded && !is_linkless {
            session.status = Status::Disconnected;
        }
        SessionView { engine_loaded, session }
    }

    /// The place of a session on this node; whoever holds its turn may change whether and how the session runs.
    async fn slot(&self, id: SessionId) -> Result<Arc<Slot>> {
        self.view_of(id).await?;
        Ok(self.0.supervisor.slot(id))
    }

    /// Writes that it should not run any more, before it is stopped: a crash in between must not bring it back.
    async fn unwant(&self, id: SessionId) -> Result<()> {
        let mut unit = self.store().begin().await?;
        let mut row = unit.session(id).await?.ok_or(GatewayError::SessionNotFound(id))?;
        if !row.wanted {
            return Ok(());
        }
        row.wanted = false;
        row.updated_at = self.now();
        unit.save_session(&row).await?;
        unit.commit().await?;
        Ok(())
    }

    async fn stop(&self, running: &Running) -> Result<()> {
        running.stop.cancel();
        self.0.supervisor.wait_for_end(running).await
    }

    /// Tells WhatsApp that the account is unlinked. However it goes, the credentials are gone once the session has stopped.
    async fn unlink(&self, running: &Running) -> std::result::Result<(), String> {
        running.log_out();
        let link = running.link().ok_or("the link was not up")?;
        let patience = if running.status() == Status::Ready { LOG_OUT_LIMIT } else { Duration::ZERO };
        let mut forget = link.engine.forget();
        let told = tokio::select! {
            told = &mut forget => told,
            () = tokio::time::sleep(patience) => {
                // An engine wipes its credentials only after its link has ended.
                running.stop.cancel();
                let limit = self.settings().stop_timeout;
                tokio::time::timeout(limit, forget).await.map_err(|_| "no answer in time".to_owned())?
            }
        };
        told.map_err(|error| error.message)
    }

    async fn edit_row(&self, id: SessionId, edit: impl FnOnce(&mut Session) + Send) -> Result<Session> {
        let mut unit = self.store().begin().await?;
        let mut row = unit.session(id).await?.ok_or(GatewayError::SessionNotFound(id))?;
        edit(&mut row);
        row.updated_at = self.now();
        unit.save_session(&row).await?;
        unit.commit().await?;
        Ok(row)
    }

    async fn files_of(&self, id: SessionId) -> Result<Vec<FileKey>> {
        let mut view = self.view().await?;
        let mut files = Vec::new();
        for kind in KINDS_WITH_FILES {
            let mut filter = MessageFilter { kind: Some(kind), ..MessageFilter::default() };
            loop {
                let messages = view.messages(id, &filter, Page { limit: BATCH, offset: 0 }).await?;
                filter.after = messages.last().map(|it| it.row);
                let is_last = (messages.len() as u32) < BATCH;
                files.extend(messages.into_iter().filter_map(|it| it.media?.file));
                if is_last {
                    break;
                }
            }
        }
        Ok(files)
    }

    pub(crate) fn remove_files(&self, keys: Vec<FileKey>) {
        let files = self.0.context.ports.files.clone();
        self.0.context.tasks.spawn(async move {
            for key in keys {
                if let Err(error) = files.remove(&key).await {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "a file of a deleted session was left behind"
                    );
                }
            }
        });
    }
}

fn check_proxy(proxy: &str) -> Result<()> {
    let refuse = |why: &str| Err(GatewayError::InvalidInput(format!("proxyUrl {why}")));
    if proxy.len() > MAX_PROXY {
        return refuse("must be shorter than or equal to 255 characters");
    }
    match url::Url::parse(proxy) {
        Ok(url) if !matches!(url.scheme(), "http" | "https" | "socks4" | "socks5") => {
            refuse("must start with http://, https://, socks4:// or socks5://")
        }
        Ok(url) if url.host_str().is_none() => refuse("must name a host"),
        Ok(_) => Ok(()),
        Err(_) => refuse("must be a URL"),
    }
}
