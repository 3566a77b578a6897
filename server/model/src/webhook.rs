//! Webhooks and their deliveries.

use std::{collections::BTreeMap, time::Duration};

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
    /// All but those that have to be named, also kinds that are added later.
    Everything,
    /// The same, and these of those that have to be named.
    EverythingAnd(Vec<EventKind>),
    /// These.
    Kinds(Vec<EventKind>),
}

impl Subscription {
    /// Whether it wants events of this kind.
    pub fn wants(&self, kind: EventKind) -> bool {
        match self {
            Self::Everything => !kind.is_by_name_only(),
            Self::EverythingAnd(named) => !kind.is_by_name_only() || named.contains(&kind),
            Self::Kinds(kinds) => kinds.contains(&kind),
        }
    }

    /// The names as a person wrote them.
    pub fn names(&self) -> Vec<String> {
        let names = |kinds: &[EventKind]| kinds.iter().map(|it| it.name().to_owned()).collect::<Vec<_>>();
        match self {
            Self::Everything => vec!["*".to_owned()],
            Self::EverythingAnd(named) => [vec!["*".to_owned()], names(named)].concat(),
            Self::Kinds(kinds) => names(kinds),
        }
    }

    /// Reads names; `Err` is the first that is unknown. `*` anywhere means everything that need not be named.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, &'a str> {
        let (mut kinds, mut everything) = (Vec::new(), false);
        for name in names {
            if name == "*" {
                everything = true;
                continue;
            }
            let kind = EventKind::of(name).ok_or(name)?;
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        if !everything {
            return Ok(Self::Kinds(kinds));
        }
        kinds.retain(|it| it.is_by_name_only());
        Ok(if kinds.is_empty() { Self::Everything } else { Self::EverythingAnd(kinds) })
    }
}

macro_rules! words {
    ($($(#[$doc:meta])* $list:ident { $($(#[$about:meta])* $name:ident = $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum $list { $($(#[$about])* $name,)* }

        impl $list {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The one of this name.
            pub fn of(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$name),)* _ => None }
            }
        }
    )*};
}

words! {
    /// What the deliveries of one webhook wait for.
    DeliveryOrder {
        /// Those of one chat go out one after another.
        Chat = "chat",
        /// Each goes out when it is due.
        None = "none",
    }

    /// How one attempt at a delivery ended.
    AttemptOutcome {
        /// The receiver took it.
        Delivered = "delivered",
        /// It did not, and will be tried again.
        Retrying = "retrying",
        /// It did not, and will not be tried again.
        Failed = "failed",
    }
}

/// How a webhook's receiver fares.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct WebhookHealth {
    /// Attempts that failed since it last took something.
    pub failures: u32,
    /// When the first of them did.
    pub failing_since: Option<Timestamp>,
    /// Nothing is attempted before then; while it is set, one at a time.
    pub paused_until: Option<Timestamp>,
    /// When it was told that it fails.
    pub told_at: Option<Timestamp>,
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
    /// What its deliveries wait for.
    pub ordering: DeliveryOrder,
    /// How its receiver fares.
    pub health: WebhookHealth,
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
    /// Deliveries of one webhook with the same lane go out one after another: the chat, or "" for the session's own
    /// events; where no order is kept, the delivery's own id.
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

/// One attempt at a delivery, as it is remembered for people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attempt {
    /// The webhook.
    pub webhook: WebhookId,
    /// The delivery.
    pub delivery: DeliveryId,
    /// What sort of event.
    pub kind: EventKind,
    /// The same for every attempt at this event.
    pub idempotency_key: String,
    /// Which attempt it was, from 1.
    pub attempt: u32,
    /// When it began.
    pub at: Timestamp,
    /// How long the receiver took to answer, or it took to find out that it does not.
    pub took: Duration,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// The receiver's HTTP status, if it answered.
    pub status: Option<u16>,
    /// What went wrong.
    pub error: Option<String>,
    /// The beginning of what the receiver answered.
    pub excerpt: Option<String>,
    /// When it is tried again.
    pub next_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_leaves_out_what_has_to_be_named() {
        for (names, read, wants_messages, wants_failing) in [
            (vec!["message.ack", "*"], vec!["*"], true, false),
            (vec!["webhook.failing", "*"], vec!["*", "webhook.failing"], true, true),
            (vec!["webhook.failing"], vec!["webhook.failing"], false, true),
        ] {
            let wanted = Subscription::of(names.clone()).unwrap();
            assert_eq!(wanted.names(), read, "{names:?}");
            assert_eq!(wanted.wants(EventKind::MessageReceived), wants_messages, "{names:?}");
            assert_eq!(wanted.wants(EventKind::WebhookFailing), wants_failing, "{names:?}");
            assert!(!wanted.wants(EventKind::WebhookRecovered), "{names:?}");
        }
        assert_eq!(Subscription::of(["*", "nonsense"]), Err("nonsense"));
    }
}
