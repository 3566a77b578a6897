//! What goes into the audit log: one table says which operations do. It is written before the answer is sent, so that
//! whoever got an answer is in it.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use openwa_core::{Gateway, gateway::AuditNote};
use openwa_model::{
    audit::{AuditAction, Severity},
    id::{KeyId, SessionId},
    key::ApiKey,
};
use poem::{Response, http::StatusCode};
use serde_json::{Map, Value};

use crate::{answer::REPLAYED, error::Sentence, operations::Matched};

/// How often the same refusal of the same address is written down.
const ONCE_IN: Duration = Duration::from_secs(60);
/// How many of them are remembered.
const MOST_REMEMBERED: usize = 4_096;

/// The operations that go into the audit log.
const AUDITED: &[(&str, AuditAction)] = &[
    ("createKey", AuditAction::KeyCreated),
    ("updateKey", AuditAction::KeyUpdated),
    ("revokeKey", AuditAction::KeyRevoked),
    ("deleteKey", AuditAction::KeyDeleted),
    ("createSession", AuditAction::SessionCreated),
    ("startSession", AuditAction::SessionStarted),
    ("stopSession", AuditAction::SessionStopped),
    ("forceKillSession", AuditAction::SessionForceKilled),
    ("logoutSession", AuditAction::SessionLoggedOut),
    ("deleteSession", AuditAction::SessionDeleted),
    ("getSessionQr", AuditAction::SessionQrGenerated),
    ("requestPairingCode", AuditAction::SessionQrGenerated),
    ("updateSessionConfig", AuditAction::SessionConfigUpdated),
    ("updateSessionProxy", AuditAction::SessionConfigUpdated),
];

/// Whose key a request carries, once it is known.
#[derive(Clone, Default)]
pub(crate) struct Identity(Arc<OnceLock<(KeyId, String)>>);

impl Identity {
    pub(crate) fn is(&self, key: &ApiKey) {
        // A second look at the same request finds the same key.
        _ = self.0.set((key.id, key.name.clone()));
    }
}

/// What is to be remembered of a request until it is answered.
pub(crate) struct Asking {
    pub(crate) matched: Option<Matched>,
    pub(crate) path: String,
    pub(crate) address: Option<IpAddr>,
    pub(crate) identity: Identity,
}

/// Writes the audit log.
pub(crate) struct Auditor {
    gateway: Gateway,
    refused: Mutex<HashMap<(AuditAction, Option<IpAddr>), Instant>>,
}

impl Auditor {
    pub(crate) fn new(gateway: Gateway) -> Self {
        Self { gateway, refused: Mutex::default() }
    }

    /// Writes down what came of a request, where it belongs into the log.
    pub(crate) async fn note(&self, asking: Asking, response: &mut Response) {
        // What was done before is in it already.
        if response.headers().contains_key(REPLAYED) {
            return;
        }
        let status = response.status();
        let refusal = match status {
            StatusCode::UNAUTHORIZED => Some(AuditAction::KeyAuthFailed),
            StatusCode::TOO_MANY_REQUESTS => Some(AuditAction::RateLimitExceeded),
            _ => None,
        };
        let action = match (refusal, &asking.matched) {
            (Some(action), Some(_)) if self.is_news(action, asking.address) => action,
            (None, Some(Matched(operation))) => {
                match operation.id.and_then(|id| AUDITED.iter().find(|it| it.0 == id)) {
                    // Whoever waits for a code asks again and again.
                    Some((_, AuditAction::SessionQrGenerated))
                        if !status.is_success() || !self.is_news(AuditAction::SessionQrGenerated, asking.address) =>
                    {
                        return;
                    }
                    Some((_, action)) => *action,
                    None => return,
                }
            }
            _ => return,
        };
        let severity = match status {
            _ if status.is_server_error() => Severity::Error,
            _ if status.is_client_error() => Severity::Warn,
            _ => Severity::Info,
        };
        let (key, key_name) = asking.identity.0.get().cloned().unzip();
        let mut metadata = Map::new();
        if let Some(Matched(operation)) = &asking.matched {
            metadata.insert("operation".to_owned(), operation.id.unwrap_or_default().into());
        }
        let named = answered(response).await;
        let of_path = || asking.path.split('/').filter_map(|it| it.parse::<uuid::Uuid>().ok()).next_back();
        let id = named.id.or_else(|| of_path().map(|it| it.to_string()));
        let in_session = asking.matched.as_ref().is_some_and(|Matched(it)| it.in_session);
        let is_session = in_session || action == AuditAction::SessionCreated;
        let session = id.as_deref().filter(|_| is_session && refusal.is_none()).and_then(|it| it.parse().ok());
        for (field, value) in [("id", id), ("name", named.name)] {
            if let Some(value) = value.filter(|_| refusal.is_none()) {
                metadata.insert(field.to_owned(), value.into());
            }
        }
        let note = AuditNote {
            action,
            severity,
            key,
            key_name,
            address: asking.address.map(|it| it.to_string()),
            session: session.map(SessionId),
            metadata: Some(Value::Object(metadata)),
            error: response.data::<Sentence>().map(|it| it.0.clone()).filter(|_| severity != Severity::Info),
        };
        if let Err(error) = self.gateway.note(note).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "an entry of the audit log could not be written");
        }
    }

    /// A flood of refusals must not become a flood of rows.
    fn is_news(&self, action: AuditAction, address: Option<IpAddr>) -> bool {
        let now = Instant::now();
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() >= MOST_REMEMBERED {
            refused.retain(|_, at| now.saturating_duration_since(*at) < ONCE_IN);
        }
        if refused.len() >= MOST_REMEMBERED {
            return false;
        }
        let before = refused.get(&(action, address)).copied();
        let is_news = before.is_none_or(|at| now.saturating_duration_since(at) >= ONCE_IN);
        if is_news {
            refused.insert((action, address), now);
        }
        is_news
    }
}

/// What an answer is about.
#[derive(Default)]
struct Named {
    id: Option<String>,
    name: Option<String>,
}

/// Reads it from the answer itself, which stays as it is.
async fn answered(response: &mut Response) -> Named {
    if !response.status().is_success() {
        return Named::default();
    }
    let Ok(bytes) = response.take_body().into_bytes().await else { return Named::default() };
    let told: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    response.set_body(bytes);
    let text = |field: &str| told.get(field).and_then(Value::as_str).map(str::to_owned);
    Named { id: text("id"), name: text("name") }
}
