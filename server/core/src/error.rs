//! What can go wrong, as a closed list: the border maps each of these to a status, a sentence and a code.

use openwa_model::{
    batch::BatchStatus,
    engine::{EngineError, EngineKind, ErrorKind},
    files::FileError,
    id::{KeyId, RuleId, SessionId, TemplateId, WebhookId},
    ops::Op,
    session::Status,
    store::StoreError,
};

/// Why the gateway did not do it.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// There is no such session.
    #[error("Session with id '{0}' not found")]
    SessionNotFound(SessionId),
    /// Another session has this name.
    #[error("Session with name '{0}' already exists")]
    SessionNameTaken(String),
    /// It runs already.
    #[error("Session is already started")]
    SessionAlreadyStarted,
    /// It does not run.
    #[error("Session is not started. Call POST /sessions/:id/start first.")]
    SessionNotStarted,
    /// It runs, but its link is not up; try again.
    #[error("Session is not ready (status '{}'); try again when it is 'ready'", .0.name())]
    SessionNotReady(Status),
    /// Another node runs it.
    #[error("Session is run by another node")]
    OwnedElsewhere,
    /// No code is waiting to be scanned.
    #[error("QR code is not available yet; wait for status 'qr_ready'")]
    QrNotAvailable,
    /// It is linked already.
    #[error("Session is already authenticated")]
    AlreadyAuthenticated,
    /// A pairing code can only be asked for while a code is being shown.
    #[error("A pairing code can be requested only in status 'qr_ready'; the session is '{}'", .0.name())]
    PairingNotPossible(Status),
    /// Stopped and wiped here, but WhatsApp could not be told.
    #[error(
        "Session was stopped and its credentials were deleted here, but WhatsApp did not confirm: {0}. Remove the device on the phone."
    )]
    LogoutIncomplete(String),
    /// It did not stop in time.
    #[error("Session did not stop in time; try force-kill")]
    StopIncomplete,
    /// There is no such message in this chat.
    #[error("Message not found")]
    MessageNotFound,
    /// The message to answer is not there.
    #[error("Quoted message not found in this chat")]
    QuotedNotFound,
    /// The poll has no such option.
    #[error("Poll option '{option}' not found; the options are: {}", .valid.join(", "))]
    PollOptionNotFound {
        /// What was chosen.
        option: String,
        /// What could be.
        valid: Vec<String>,
    },
    /// There is no such status, or it is seen no more.
    #[error("Status not found")]
    StatusNotFound,
    /// There is no such chat.
    #[error("Chat not found")]
    ChatNotFound,
    /// There is no such person.
    #[error("Contact not found")]
    ContactNotFound,
    /// There is no such label.
    #[error("Label not found")]
    LabelNotFound,
    /// Only a business account has labels.
    #[error("Labels are only available on WhatsApp Business accounts")]
    NotABusiness,
    /// No such call rings.
    #[error("Call not found; only a call that still rings can be rejected")]
    CallNotFound,
    /// There is no such channel.
    #[error("Channel not found")]
    ChannelNotFound,
    /// The account is no business.
    #[error("This account is no business")]
    BusinessNotFound,
    /// This account sells nothing.
    #[error("This account has no catalog; only business accounts have one")]
    CatalogNotFound,
    /// There is no such product.
    #[error("Product not found")]
    ProductNotFound,
    /// There is no such group.
    #[error("Group not found")]
    GroupNotFound,
    /// The message has no file, or it cannot be had any more.
    #[error("No media stored for this message")]
    MediaNotStored,
    /// The file is too large.
    #[error("Media exceeds the maximum of {max} bytes")]
    MediaTooLarge {
        /// The largest there may be, in bytes.
        max: u64,
    },
    /// Files of this type are not taken here.
    #[error("Files of type '{0}' are not taken here; the operator can allow them with MEDIA_ALLOWED_TYPES")]
    MediaTypeNotAllowed(String),
    /// The file could not be fetched.
    #[error("Media could not be fetched: {0}")]
    MediaUnreachable(String),
    /// The file is not what its kind of message needs, and cannot be made into it.
    #[error("Media could not be converted: {0}")]
    NotConvertible(String),
    /// This gateway cannot convert files.
    #[error("{0}")]
    ConversionUnavailable(String),
    /// As many conversions run and wait as may.
    #[error("Media conversion is busy; try again")]
    ConversionBusy,
    /// The address may not be reached from here.
    #[error("Address is not allowed: {0}")]
    AddressRefused(String),
    /// What was asked does not make sense.
    #[error("{0}")]
    InvalidInput(String),
    /// There is no such template.
    #[error("Template with id '{0}' not found")]
    TemplateNotFound(TemplateId),
    /// The session has no template of this name.
    #[error("Template with name '{0}' not found")]
    TemplateNameNotFound(String),
    /// Another template of the session has this name.
    #[error("Template with name '{0}' already exists")]
    TemplateNameTaken(String),
    /// The session has no batch of this name.
    #[error("Batch '{0}' not found")]
    BatchNotFound(String),
    /// Another batch of the session has this name.
    #[error("Batch ID '{0}' already exists")]
    BatchNameTaken(String),
    /// The batch is over.
    #[error("Batch '{name}' is already {}", .status.name())]
    BatchOver {
        /// What callers know it by.
        name: String,
        /// How it ended.
        status: BatchStatus,
    },
    /// As many batches are under way as may be.
    #[error("At most {max} batches can be under way at once; try again when one has ended")]
    TooManyBatches {
        /// How many there may be.
        max: u64,
    },
    /// There is no such automation rule.
    #[error("Automation rule {0} not found")]
    RuleNotFound(RuleId),
    /// The session has as many automation rules as it may have.
    #[error("A session can have at most {max} automation rules; delete one before adding another")]
    TooManyRules {
        /// How many there may be.
        max: u32,
    },
    /// There is no such webhook.
    #[error("Webhook with id '{0}' not found")]
    WebhookNotFound(WebhookId),
    /// The session has as many webhooks as it may have.
    #[error("A session can have at most {max} webhooks")]
    TooManyWebhooks {
        /// How many there may be.
        max: u32,
    },
    /// There is no such key.
    #[error("API key with id '{0}' not found")]
    KeyNotFound(KeyId),
    /// Without this key nobody could administer the gateway any more.
    #[error("This is the last usable admin key; create another one first")]
    LastAdminKey,
    /// The session's engine cannot do this.
    #[error("Engine '{}' does not implement '{}'", .engine.name(), .op.name())]
    EngineCannot {
        /// What was asked.
        op: Op,
        /// Of which engine.
        engine: EngineKind,
    },
    /// WhatsApp does not let this account do it.
    #[error("WhatsApp refused: {0}")]
    Refused(String),
    /// WhatsApp knows no such person.
    #[error("WhatsApp does not know '{0}'")]
    NotOnWhatsApp(String),
    /// The message will not arrive.
    #[error("{0}")]
    SendFailed(String),
    /// It may have happened, or not. A message is sent again by itself, under the same id.
    #[error("WhatsApp did not confirm in time; the outcome is unknown: {0}")]
    Unconfirmed(String),
    /// The same request is being worked on.
    #[error("A request with this Idempotency-Key is in progress")]
    IdempotencyInProgress,
    /// The key was used for another request.
    #[error("This Idempotency-Key was used with a different request")]
    IdempotencyReused,
    /// Whether the first request took effect is not known yet.
    #[error("The outcome of the request with this Idempotency-Key is not known yet")]
    IdempotencyOutcomeUnknown,
    /// The gateway is stopping.
    #[error("The gateway is shutting down")]
    Draining,
    /// The engine failed in a way nobody foresaw.
    #[error("Engine failed: {0}")]
    Engine(String),
    /// The gateway cannot work with what it was given.
    #[error("{0}")]
    Setup(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The media store failed.
    #[error(transparent)]
    Files(#[from] FileError),
}

impl From<EngineError> for GatewayError {
    fn from(error: EngineError) -> Self {
        if let Some(source) = &error.source {
            tracing::debug!(error = &**source as &(dyn std::error::Error + 'static), "an engine failed: {error}");
        }
        match error.kind {
            ErrorKind::NotConnected => Self::SessionNotReady(Status::Disconnected),
            ErrorKind::NotFound => Self::NotOnWhatsApp(error.message),
            ErrorKind::Refused => Self::Refused(error.message),
            ErrorKind::NotABusiness => Self::NotABusiness,
            ErrorKind::Invalid => Self::InvalidInput(error.message),
            ErrorKind::Unconfirmed => Self::Unconfirmed(error.message),
            ErrorKind::Media | ErrorKind::Store | ErrorKind::Internal => Self::Engine(error.message),
        }
    }
}
