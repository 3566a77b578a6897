//! Webhooks and their deliveries.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    event::EventKind,
    id::{DeliveryId, Position, SessionId, WebhookId},
    secret::Secret,
};

/// Which events a webhook wants.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Subscription {
    /// All, also kinds that are added later.
    Everything,
    /// These.
    Kinds(Vec<EventKind>),
}

impl Subscription {
    /// Whether it wants events of this kind.
    pub fn wants(&self, kind: EventKind) -> bool {
        match self {
            Self::Everything => true,
            Self::Kinds(kinds) => kinds.contains(&kind),
        }
    }

    /// The names as a person wrote them.
    pub fn names(&self) -> Vec<String> {
        match self {
            Self::Everything => vec!["*".to_owned()],
            Self::Kinds(kinds) => kinds.iter().map(|it| it.name().to_owned()).collect(),
        }
    }

    /// Reads names; `Err` is the first that is unknown. `*` anywhere means everything.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, &'a str> {
        let mut kinds = Vec::new();
        for name in names {
            if name == "*" {
                return Ok(Self::Everything);
            }
            let kind = EventKind::of(name).ok_or(name)?;
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        Ok(Self::Kinds(kinds))
    }
}

/// All of these must hold for a message event to be delivered.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filters {
    /// The conditions.
    pub conditions: Vec<Condition>,
}

/// One condition on a field of a message event.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Condition {
    /// `sender`, `recipient`, `chatId`, `body`, `type`, `isGroup`, `kind`, `fromMe`, `hasMedia` or `mentions`.
    pub field: String,
    /// `is`, `isNot`, `contains` or `equals`.
    pub operator: String,
    /// What the field is compared with.
    pub value: ConditionValue,
    /// For `contains` and `equals`; false when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_sensitive: Option<bool>,
}

/// What a condition compares with.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ConditionValue {
    /// For `isGroup`, `fromMe`, `hasMedia`.
    Flag(bool),
    /// One text.
    Text(String),
    /// Any of these texts.
    Texts(Vec<String>),
}

/// One webhook of a session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Its session.
    pub session: SessionId,
    /// Where to POST to.
    pub url: String,
    /// What it wants.
    pub events: Subscription,
    /// Whether anything is delivered.
    pub active: bool,
    /// What signatures are made with; never shown.
    pub secret: Option<Secret>,
    /// Further headers to send; never shown.
    pub headers: BTreeMap<String, String>,
    /// Further conditions.
    pub filters: Option<Filters>,
    /// How often a delivery is attempted in all; 0 counts as 1.
    pub retry_count: u32,
    /// When it was last tried.
    pub last_triggered_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// One dispatch of one event to one webhook, its body frozen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// Its id, constant across retries.
    pub id: DeliveryId,
    /// Where to.
    pub webhook: WebhookId,
    /// The session of the event.
    pub session: SessionId,
    /// The event's place in the deployment's log: the order of deliveries.
    pub position: Position,
    /// Deliveries of one webhook with the same lane go out one after another (the chat, or "" for the session's own events).
    pub lane: String,
    /// What sort of event.
    pub kind: EventKind,
    /// The contract's idempotency key, with the webhook's id.
    pub idempotency_key: String,
    /// The exact bytes to send.
    pub body: Vec<u8>,
    /// Attempts so far.
    pub attempts: u32,
    /// Not before then.
    pub due_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
}

/// How an attempt ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Settled {
    /// The receiver took it.
    Delivered {
        /// Its HTTP status.
        status: u16,
    },
    /// To be tried again.
    Retry {
        /// Not before then.
        due_at: Timestamp,
        /// The receiver's HTTP status, if it answered.
        status: Option<u16>,
        /// What went wrong.
        error: String,
    },
    /// Not to be tried again.
    Failed {
        /// The receiver's HTTP status, if it answered.
        status: Option<u16>,
        /// What went wrong.
        error: String,
    },
    /// Nobody wants it any more: the webhook was deleted, switched off, or unsubscribed.
    Dropped,
}

/// A delivery that will not be tried again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeliveryFailure {
    /// The delivery.
    pub delivery: Delivery,
    /// The receiver's last HTTP status, if it answered.
    pub last_status: Option<u16>,
    /// What went wrong last.
    pub last_error: String,
}
