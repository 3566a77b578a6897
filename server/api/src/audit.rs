//! The audit log: who did what to the gateway itself.

use std::collections::HashMap;

use openwa_core::Gateway;
use openwa_model::{
    audit::{AuditAction, AuditEntry, AuditFilter, Severity},
    id::{KeyId, SessionId},
    store::Page,
};
use poem_openapi::{Object, OpenApi, param::Query};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    answer::{Answer, Shown},
    app::Tag,
    auth::{Admin, Caller, Deployment},
    wire::{Moment, Nullable},
    words::Word,
};

pub(crate) struct Audit(pub(crate) Gateway);

/// One page of the audit log.
#[derive(Object, Serialize)]
pub(crate) struct AuditPage {
    /// Newest first.
    data: Vec<AuditRecord>,
    /// How many there are.
    total: u64,
}

/// One thing that was done, or tried.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditRecord {
    /// Its id.
    id: Uuid,
    /// What.
    action: Word<AuditAction>,
    /// How much it matters.
    severity: Word<Severity>,
    /// The key it was done with.
    api_key_id: Nullable<Uuid>,
    /// What that key was called then.
    api_key_name: Nullable<String>,
    /// Where the request came from.
    ip_address: Nullable<String>,
    /// The session it was about.
    session_id: Nullable<Uuid>,
    /// What else there is to say.
    metadata: Nullable<HashMap<String, String>>,
    /// Why it did not happen.
    error_message: Nullable<String>,
    /// When.
    created_at: Moment,
}

impl From<AuditEntry> for AuditRecord {
    fn from(entry: AuditEntry) -> Self {
        let plain = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let metadata = match entry.metadata {
            Some(Value::Object(fields)) => Some(fields.into_iter().map(|(name, it)| (name, plain(it))).collect()),
            _ => None,
        };
        Self {
            id: entry.id,
            action: Word(entry.action),
            severity: Word(entry.severity),
            api_key_id: Nullable(entry.key.map(|it| it.0)),
            api_key_name: Nullable(entry.key_name),
            ip_address: Nullable(entry.address),
            session_id: Nullable(entry.session.map(|it| it.0)),
            metadata: Nullable(metadata),
            error_message: Nullable(entry.error),
            created_at: Moment(entry.at),
        }
    }
}

fn usual_page() -> u32 {
    50
}

#[OpenApi]
impl Audit {
    /// Read the audit log
    ///
    /// Newest first: keys and sessions that were made, changed and deleted, and who was refused.
    #[oai(path = "/audit", method = "get", operation_id = "listAuditEntries", tag = "Tag::Audit")]
    #[expect(clippy::too_many_arguments, reason = "each is one field of the query")]
    async fn list(
        &self,
        _caller: Caller<Admin, Deployment>,
        /// Of this action.
        action: Query<Option<Word<AuditAction>>>,
        /// Of this severity.
        severity: Query<Option<Word<Severity>>>,
        /// About this session.
        #[oai(name = "sessionId")]
        session: Query<Option<Uuid>>,
        /// With this key.
        #[oai(name = "apiKeyId")]
        key: Query<Option<Uuid>>,
        /// How many at most.
        #[oai(default = "usual_page", validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<u32>,
        /// How many to skip.
        #[oai(default)]
        offset: Query<u32>,
    ) -> Answer<Shown<AuditPage>> {
        let filter = AuditFilter {
            action: action.0.map(|it| it.0),
            severity: severity.0.map(|it| it.0),
            session: session.0.map(SessionId),
            key: key.0.map(KeyId),
        };
        let (entries, total) = self.0.audit_entries(&filter, Page { limit: limit.0, offset: offset.0 }).await?;
        Ok(Shown(AuditPage { data: entries.into_iter().map(Into::into).collect(), total }))
    }
}
