//! Sessions: make, start, link, stop, log out, delete.

use std::collections::BTreeMap;

use openwa_model::{
    id::SessionId,
    session::{Session, SessionConfig, Status},
    store::{Page, SessionFilter},
};

use super::{Gateway, Result};

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

impl Gateway {
    /// Makes a session; it does not run yet.
    pub async fn create_session(&self, new: NewSession) -> Result<SessionView> {
        todo!()
    }
    /// Sessions, newest first.
    pub async fn sessions(&self, filter: &SessionFilter, page: Page) -> Result<Vec<SessionView>> {
        todo!()
    }
    /// One session.
    pub async fn session(&self, id: SessionId) -> Result<SessionView> {
        todo!()
    }
    /// Makes it run from now on, also after a restart of the gateway.
    pub async fn start_session(&self, id: SessionId) -> Result<SessionView> {
        todo!()
    }
    /// Stops it for good; stopping one that does not run is fine.
    pub async fn stop_session(&self, id: SessionId) -> Result<SessionView> {
        todo!()
    }
    /// Unlinks the account and stops.
    pub async fn log_out_session(&self, id: SessionId) -> Result<SessionView> {
        todo!()
    }
    /// Stops it without waiting for anything.
    pub async fn force_kill_session(&self, id: SessionId) -> Result<SessionView> {
        todo!()
    }
    /// Stops it and deletes it with all that is its own.
    pub async fn delete_session(&self, id: SessionId) -> Result<()> {
        todo!()
    }
    /// Counts sessions: all, or those among some.
    pub async fn session_overview(&self, among: Option<&[SessionId]>) -> Result<Overview> {
        todo!()
    }
    /// Replaces what a person set; it counts from the next attempt to connect.
    pub async fn set_session_config(&self, id: SessionId, config: SessionConfig) -> Result<Session> {
        todo!()
    }
    /// Replaces the proxy; it counts from the next start.
    pub async fn set_session_proxy(&self, id: SessionId, proxy: Option<String>) -> Result<Session> {
        todo!()
    }
    /// The text inside the QR code that is to be scanned now.
    pub async fn qr(&self, id: SessionId) -> Result<(String, Status)> {
        todo!()
    }
    /// Eight characters to type on the phone of this number (digits only).
    pub async fn pairing_code(&self, id: SessionId, number: &str) -> Result<(String, Status)> {
        todo!()
    }
}
