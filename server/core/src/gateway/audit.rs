//! The audit log: who did what to the gateway itself.

use openwa_model::{
    audit::{AuditAction, AuditEntry, AuditFilter, Severity},
    id::{KeyId, SessionId},
    store::Page,
};
use serde_json::Value;

use super::{Gateway, Result};

/// Something to be written into the audit log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditNote {
    /// What was done, or tried.
    pub action: AuditAction,
    /// How much it matters.
    pub severity: Severity,
    /// The key it was done with.
    pub key: Option<KeyId>,
    /// What that key is called.
    pub key_name: Option<String>,
    /// Where the request came from.
    pub address: Option<String>,
    /// The session it was about.
    pub session: Option<SessionId>,
    /// What else there is to say.
    pub metadata: Option<Value>,
    /// Why it did not happen.
    pub error: Option<String>,
}

impl Gateway {
    /// Writes an entry.
    pub async fn note(&self, note: AuditNote) -> Result<()> {
        let AuditNote { action, severity, key, key_name, address, session, metadata, error } = note;
        let at = self.now();
        let id = self.0.context.ports.minter.uuid(at);
        let entry = AuditEntry { id, action, severity, key, key_name, address, session, metadata, error, at };
        let mut unit = self.store().begin().await?;
        unit.add_audit_entry(&entry).await?;
        Ok(unit.commit().await?)
    }

    /// Entries, newest first, and how many there are.
    pub async fn audit_entries(&self, filter: &AuditFilter, page: Page) -> Result<(Vec<AuditEntry>, u64)> {
        let mut view = self.view().await?;
        let entries = view.audit_entries(filter, page).await?;
        Ok((entries, view.count_audit_entries(filter).await?))
    }
}
