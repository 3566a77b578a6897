//! Sessions: made, listed, started, stopped, unlinked, deleted.

use std::collections::HashMap;

use openwa_core::{
    Gateway,
    gateway::{NewSession, SessionView},
};
use openwa_model::{
    session::{Restriction, SessionConfig, Status},
    store::{Page, SessionFilter},
};
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
    types::Any,
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    answer::{Answer, Created, NoContent, Shown},
    app::Tag,
    auth::{Admin, AllChats, Caller, Deployment, Least, NoChats, Operator, Viewer},
    error::ApiError,
    input::Body,
    wire::{Moment, Nullable, SessionPath, longest_page},
    words::Word,
};

pub(crate) struct Sessions(pub(crate) Gateway);

/// A limit that WhatsApp put on the account.
#[derive(Object, Serialize)]
#[oai(rename = "SessionRestriction", rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct RestrictionResponse {
    /// `reachout_timelock`, `tos_block` or `proxy_block`.
    kind: String,
    /// WhatsApp's code.
    code: u32,
    /// When it ends, where it was told.
    expires_at: Nullable<Moment>,
}

impl From<Restriction> for RestrictionResponse {
    fn from(it: Restriction) -> Self {
        Self { kind: it.kind, code: it.code, expires_at: Nullable(it.expires_at.map(Moment)) }
    }
}

/// One session.
#[derive(Object, Serialize)]
#[oai(rename = "Session", rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionResponse {
    /// Its id.
    id: uuid::Uuid,
    /// Its name; unique.
    name: String,
    /// What it is doing.
    status: Word<Status>,
    /// The phone number it is linked to, digits only.
    phone: Nullable<String>,
    /// The name that account shows.
    push_name: Nullable<String>,
    /// When it last became ready.
    connected_at: Nullable<Moment>,
    /// When something last happened on it.
    last_active: Nullable<Moment>,
    /// When it was made.
    created_at: Moment,
    /// When it last changed.
    updated_at: Moment,
    /// Why it is not ready, for a person.
    last_error: Nullable<String>,
    /// A limit that WhatsApp put on the account.
    restriction: Nullable<RestrictionResponse>,
    /// Whether an engine is loaded for it: linked, linking, or waiting to connect again.
    engine_loaded: bool,
}

impl From<SessionView> for SessionResponse {
    fn from(SessionView { session, engine_loaded }: SessionView) -> Self {
        let (phone, push_name) = match session.account {
            Some(account) => (Some(account.phone.user().to_owned()), account.push_name),
            None => (None, None),
        };
        Self {
            id: session.id.0,
            name: session.name,
            status: session.status.into(),
            phone: Nullable(phone),
            push_name: Nullable(push_name),
            connected_at: Nullable(session.connected_at.map(Moment)),
            last_active: Nullable(session.last_active.map(Moment)),
            created_at: Moment(session.created_at),
            updated_at: Moment(session.updated_at),
            last_error: Nullable(session.last_error),
            restriction: Nullable(session.restriction.map(Into::into)),
            engine_loaded,
        }
    }
}

/// What to make a session with.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct CreateSession {
    /// Its name; unique. Letters, digits and hyphens.
    #[oai(validator(pattern = "^[a-zA-Z0-9-]+$", min_length = 3, max_length = 50))]
    name: String,
    /// How it behaves.
    config: Option<NewSessionConfig>,
    /// The proxy it connects through: `http://`, `https://` or `socks5://`, with or without credentials. Needs an admin key.
    #[oai(validator(max_length = 255))]
    proxy_url: Option<String>,
    /// Ignored; the URL says it.
    #[oai(deprecated, validator(max_length = 32))]
    proxy_type: Option<String>,
}

/// How a new session behaves. Further fields are accepted and ignored.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct NewSessionConfig {
    /// Whether incoming calls are refused.
    auto_reject_calls: Option<bool>,
    /// After how many failed attempts to reconnect the session is `failed`; null is never.
    #[oai(validator(minimum(value = "0"), maximum(value = "20")))]
    max_reconnect_attempts: Option<u32>,
    /// The first wait before a reconnect, in milliseconds.
    #[oai(validator(minimum(value = "1000"), maximum(value = "300000")))]
    reconnect_base_delay: Option<u32>,
    /// Accepted and ignored.
    #[oai(flatten)]
    others: HashMap<String, Any<Value>>,
}

/// Sessions, counted.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionsOverview {
    /// All.
    total: u64,
    /// Those with an engine.
    active: u64,
    /// Those on line.
    ready: u64,
    /// Those stopped or between two attempts to connect.
    disconnected: u64,
    /// All by status; a status nobody has is left out.
    by_status: HashMap<String, u64>,
    /// What the process takes up.
    memory_usage: MemoryUsage,
}

/// What the process takes up, in MiB; 0 where the system does not tell.
#[derive(Object, Default, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct MemoryUsage {
    /// Its own memory in RAM.
    heap_used: u64,
    /// Its own memory, also what is not in RAM.
    heap_total: u64,
    /// All of it in RAM.
    rss: u64,
}

impl MemoryUsage {
    async fn now() -> Self {
        let status = tokio::fs::read_to_string("/proc/self/status").await.unwrap_or_default();
        let mib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            line.and_then(|it| it.trim().strip_suffix(" kB")?.parse::<u64>().ok()).map_or(0, |kib| kib / 1024)
        };
        Self { heap_used: mib("RssAnon"), heap_total: mib("VmData"), rss: mib("VmRSS") }
    }
}

#[OpenApi]
impl Sessions {
    /// List sessions
    ///
    /// Newest first. A key that is limited to some sessions sees those.
    #[oai(path = "/sessions", method = "get", operation_id = "listSessions", tag = "Tag::Sessions")]
    async fn list(
        &self,
        caller: Caller<Viewer, NoChats>,
        /// How many at most.
        #[oai(default = "longest_page", validator(minimum(value = "1"), maximum(value = "1000")))]
        limit: Query<u32>,
        /// How many to skip.
        #[oai(default)]
        offset: Query<u32>,
        /// Only the one of exactly this name.
        #[oai(validator(max_length = 50))]
        name: Query<Option<String>>,
    ) -> Answer<Shown<Vec<SessionResponse>>> {
        let filter = SessionFilter { name: name.0, among: caller.sessions().map(<[_]>::to_vec) };
        let sessions = self.0.sessions(&filter, Page { limit: limit.0, offset: offset.0 }).await?;
        Ok(Shown(sessions.into_iter().map(Into::into).collect()))
    }

    /// Make a session
    ///
    /// It does not run yet: start it, then link it by QR code or pairing code.
    #[oai(path = "/sessions", method = "post", operation_id = "createSession", tag = "Tag::Sessions")]
    async fn create(
        &self,
        caller: Caller<Operator, Deployment>,
        body: Body<CreateSession>,
    ) -> Answer<Created<SessionResponse>> {
        let CreateSession { name, config, proxy_url, .. } = body.value;
        if proxy_url.is_some() && caller.key.role < Admin::ROLE {
            return Err(ApiError::forbidden("ROLE_TOO_LOW", "Insufficient permissions. Required: admin"));
        }
        let config = config.map_or_else(SessionConfig::default, |it| SessionConfig {
            auto_reject_calls: it.auto_reject_calls.unwrap_or_default(),
            max_reconnect_attempts: it.max_reconnect_attempts,
            reconnect_base_delay_ms: it.reconnect_base_delay,
        });
        let session = self.0.create_session(NewSession { name, config, proxy: proxy_url }).await?;
        Ok(Created(session.into()))
    }

    /// Count sessions
    ///
    /// Together with what the process takes up. A key that is limited to some sessions sees those.
    #[oai(
        path = "/sessions/stats/overview",
        method = "get",
        operation_id = "getSessionsOverview",
        tag = "Tag::Sessions"
    )]
    async fn overview(&self, caller: Caller<Viewer, NoChats>) -> Answer<Shown<SessionsOverview>> {
        let counted = self.0.session_overview(caller.sessions()).await?;
        Ok(Shown(SessionsOverview {
            total: counted.total,
            active: counted.active,
            ready: counted.ready,
            disconnected: counted.disconnected,
            by_status: counted.by_status.into_iter().map(|(status, n)| (status.name().to_owned(), n)).collect(),
            memory_usage: MemoryUsage::now().await,
        }))
    }

    /// Get a session
    #[oai(path = "/sessions/:sessionId", method = "get", operation_id = "getSession", tag = "Tag::Sessions")]
    async fn get(
        &self,
        _caller: Caller<Viewer, NoChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
    ) -> Answer<Shown<SessionResponse>> {
        Ok(Shown(self.0.session(session.0.id()?).await?.into()))
    }

    /// Delete a session
    ///
    /// Stops it and deletes it with all that is its own: chats, messages, events, webhooks, credentials.
    #[oai(path = "/sessions/:sessionId", method = "delete", operation_id = "deleteSession", tag = "Tag::Sessions")]
    async fn delete(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
    ) -> Answer<NoContent> {
        self.0.delete_session(session.0.id()?).await?;
        Ok(NoContent)
    }

    /// Start a session
    ///
    /// It runs from now on, also after a restart of the gateway.
    #[oai(path = "/sessions/:sessionId/start", method = "post", operation_id = "startSession", tag = "Tag::Sessions")]
    async fn start(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
    ) -> Answer<Shown<SessionResponse>> {
        Ok(Shown(self.0.start_session(session.0.id()?).await?.into()))
    }

    /// Stop a session
    ///
    /// It stays stopped, also after a restart of the gateway, and stays linked.
    #[oai(path = "/sessions/:sessionId/stop", method = "post", operation_id = "stopSession", tag = "Tag::Sessions")]
    async fn stop(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
    ) -> Answer<Shown<SessionResponse>> {
        Ok(Shown(self.0.stop_session(session.0.id()?).await?.into()))
    }

    /// Log a session out
    ///
    /// Unlinks the account, deletes its credentials and stops.
    #[oai(path = "/sessions/:sessionId/logout", method = "post", operation_id = "logoutSession", tag = "Tag::Sessions")]
    async fn log_out(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
    ) -> Answer<Shown<SessionResponse>> {
        Ok(Shown(self.0.log_out_session(session.0.id()?).await?.into()))
    }

    /// Stop a session by force
    ///
    /// Waits for nothing; for a session that does not stop.
    #[oai(
        path = "/sessions/:sessionId/force-kill",
        method = "post",
        operation_id = "forceKillSession",
        tag = "Tag::Sessions"
    )]
    async fn force_kill(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
    ) -> Answer<Shown<SessionResponse>> {
        Ok(Shown(self.0.force_kill_session(session.0.id()?).await?.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_process_knows_its_size() {
        let usage = MemoryUsage::now().await;
        assert!(usage.rss > 0 && usage.heap_total > 0);
    }
}
