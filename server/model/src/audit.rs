//! Who did what to the gateway itself: keys, sessions, refusals.

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::id::{KeyId, SessionId};

macro_rules! words {
    ($($(#[$doc:meta])* $list:ident { $($(#[$word_doc:meta])* $word:ident = $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum $list { $($(#[$word_doc])* $word,)* }

        impl $list {
            /// Every word.
            pub const ALL: &[Self] = &[$(Self::$word,)*];

            /// The contract's word.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$word => $text,)* }
            }

            /// The one of this name.
            pub fn of(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.name() == name)
            }
        }
    )*};
}

words! {
    /// What was done.
    AuditAction {
        /// A key was made.
        KeyCreated = "api_key_created",
        /// A key was changed.
        KeyUpdated = "api_key_updated",
        /// A key was made useless.
        KeyRevoked = "api_key_revoked",
        /// A key was deleted.
        KeyDeleted = "api_key_deleted",
        /// A request came without a good key, or with one that may not do this.
        KeyAuthFailed = "api_key_auth_failed",
        /// An address asked more often than it may.
        RateLimitExceeded = "rate_limit_exceeded",
        /// A session was made.
        SessionCreated = "session_created",
        /// A session was started.
        SessionStarted = "session_started",
        /// A session was stopped.
        SessionStopped = "session_stopped",
        /// A session was stopped by force.
        SessionForceKilled = "session_force_killed",
        /// A session was unlinked.
        SessionLoggedOut = "session_logged_out",
        /// A session was deleted.
        SessionDeleted = "session_deleted",
        /// Somebody looked at the code that links a session, or asked for one.
        SessionQrGenerated = "session_qr_generated",
        /// A session's configuration or proxy was changed.
        SessionConfigUpdated = "session_config_updated",
    }
    /// How much it matters.
    Severity {
        /// It went as it should.
        Info = "info",
        /// It was refused.
        Warn = "warn",
        /// It broke.
        Error = "error",
    }
}

/// One thing that was done, or tried.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditEntry {
    /// Its id; rises with time.
    pub id: Uuid,
    /// What.
    pub action: AuditAction,
    /// How much it matters.
    pub severity: Severity,
    /// The key it was done with.
    pub key: Option<KeyId>,
    /// What that key was called then.
    pub key_name: Option<String>,
    /// Where the request came from.
    pub address: Option<String>,
    /// The session it was about.
    pub session: Option<SessionId>,
    /// What else there is to say.
    pub metadata: Option<Value>,
    /// Why it did not happen.
    pub error: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// Which entries.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AuditFilter {
    /// Of this action.
    pub action: Option<AuditAction>,
    /// Of this severity.
    pub severity: Option<Severity>,
    /// About this session.
    pub session: Option<SessionId>,
    /// With this key.
    pub key: Option<KeyId>,
}
