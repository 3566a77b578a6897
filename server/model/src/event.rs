//! What happened, as the log keeps it and readers get it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    id::{Position, Seq, SessionId},
    jid::Jid,
};

macro_rules! event_kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// The contract's events.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum EventKind { $($(#[$doc])* $name,)* }

        impl EventKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The contract's name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The kind of this name.
            pub fn of(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$name),)* _ => None }
            }
        }
    };
}

event_kinds! {
    /// A message came in.
    MessageReceived = "message.received";
    /// This account sent a message, from here or from another of its devices.
    MessageSent = "message.sent";
    /// An outgoing message got further.
    MessageAck = "message.ack";
    /// An outgoing message will not arrive.
    MessageFailed = "message.failed";
    /// A message was taken back.
    MessageRevoked = "message.revoked";
    /// Someone reacted to a message.
    MessageReaction = "message.reaction";
    /// The text of a message was changed.
    MessageEdited = "message.edited";
    /// Someone voted in a poll, or took the vote back.
    PollVote = "poll.vote";
    /// Someone said whether they come to an appointment.
    EventResponse = "event.response";
    /// A chat was put away, kept on top, silenced, read, emptied or deleted, here or on another device.
    ChatUpdate = "chat.update";
    /// A session's status changed.
    SessionStatus = "session.status";
    /// A new QR code is to be scanned.
    SessionQr = "session.qr";
    /// A session was linked to an account.
    SessionAuthenticated = "session.authenticated";
    /// A session lost its link or was stopped.
    SessionDisconnected = "session.disconnected";
    /// Every fifth attempt in a row to reconnect.
    SessionReconnectLoop = "session.reconnect_loop";
    /// WhatsApp limited the account, or lifted the limit.
    SessionRestriction = "session.restriction";
    /// What the phone was asked about the past got further.
    SessionSync = "session.sync";
    /// A contact came on line, went away, or is typing.
    PresenceUpdate = "presence.update";
    /// A phone number was learned for a hidden id, and what was kept under both is one from now on.
    ContactMerged = "contact.merged";
    /// Members came into a group.
    GroupJoin = "group.join";
    /// Members left a group.
    GroupLeave = "group.leave";
    /// A group's subject, description, settings or admins changed.
    GroupUpdate = "group.update";
    /// Someone asks to join a group.
    GroupJoinRequest = "group.join_request";
    /// Someone posted a status.
    StatusReceived = "status.received";
    /// A call comes in.
    CallReceived = "call.received";
    /// A call was taken on another device of this account.
    CallAccepted = "call.accepted";
    /// A call was rejected, here or on another device of this account.
    CallRejected = "call.rejected";
    /// Nobody took a call.
    CallMissed = "call.missed";
    /// A webhook's receiver has failed for long.
    WebhookFailing = "webhook.failing";
    /// It takes deliveries again.
    WebhookRecovered = "webhook.recovered";
}

impl EventKind {
    /// Whether it is told only to those who ask for it by its name: it is about the gateway, not about WhatsApp, so `*`
    /// does not mean it.
    pub const fn is_by_name_only(self) -> bool {
        matches!(self, Self::WebhookFailing | Self::WebhookRecovered)
    }

    /// What is told where nobody says what they want.
    pub fn usual() -> Vec<Self> {
        Self::ALL.iter().copied().filter(|it| !it.is_by_name_only()).collect()
    }
}

impl Serialize for EventKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for EventKind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::of(&name).ok_or_else(|| serde::de::Error::custom(format!("unknown event '{name}'")))
    }
}

/// An event about to be appended.
#[derive(Clone, PartialEq, Debug)]
pub struct NewEvent {
    /// Whose log.
    pub session: SessionId,
    /// What sort.
    pub kind: EventKind,
    /// The chat it concerns. Deliveries of one chat keep their order.
    pub chat: Option<Jid>,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// The contract's idempotency key without the webhook's id; the same however often this is replayed.
    pub idempotency_key: String,
    /// The payload, the contract's `data`.
    pub data: Value,
}

/// An event in the log.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    /// Its number in the session's log.
    pub seq: Seq,
    /// Its number in the deployment's log, once it was fanned out.
    pub position: Option<Position>,
    /// The event.
    pub event: NewEvent,
}
