//! Messages as they are kept.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    content::{Detail, Marks, Media, MessageKind, Outgoing, Quoted},
    id::{MessageId, RowId, SessionId},
    jid::Jid,
};

/// How far a message got. Never goes back, except that anything unsent may fail.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryStatus {
    /// Stored, not yet accepted by WhatsApp.
    Pending,
    /// Accepted by WhatsApp.
    Sent,
    /// On the recipient's device.
    Delivered,
    /// Seen, or played.
    Read,
    /// Will not arrive.
    Failed,
}

impl DeliveryStatus {
    /// Every status.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Sent, Self::Delivered, Self::Read, Self::Failed];

    /// The contract's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "failed",
        }
    }

    /// The status of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// The contract's older number: -1 error, 0 pending, 1 sent, 2 delivered, 3 read.
    pub const fn ack(self) -> i8 {
        match self {
            Self::Failed => -1,
            Self::Pending => 0,
            Self::Sent => 1,
            Self::Delivered => 2,
            Self::Read => 3,
        }
    }

    /// Whether a message in this status may move to `next`.
    pub const fn may_become(self, next: Self) -> bool {
        match (self, next) {
            (Self::Pending, Self::Pending) | (Self::Failed, Self::Pending) => false,
            // A receipt proves that a send which seemed to fail went through after all.
            (Self::Failed, Self::Sent | Self::Delivered | Self::Read) => true,
            (Self::Pending | Self::Sent, Self::Failed) => true,
            (_, Self::Failed) => false,
            (from, to) => (from as u8) < (to as u8),
        }
    }
}

/// One stored message.
#[derive(Clone, PartialEq, Debug)]
pub struct Message {
    /// Our id of the row; rises with time of storage.
    pub row: RowId,
    /// The session it belongs to.
    pub session: SessionId,
    /// WhatsApp's id.
    pub id: MessageId,
    /// The chat, by phone number where it is known.
    pub chat: Jid,
    /// Who sent it, by phone number where it is known. In a private chat the other side or ourselves.
    pub sender: Jid,
    /// The sender's phone number, where it is known.
    pub sender_phone: Option<Jid>,
    /// The sender's hidden id, where it is known.
    pub sender_lid: Option<Jid>,
    /// The name the sender shows.
    pub push_name: Option<String>,
    /// Whether this account sent it, from here or from another of its devices.
    pub from_me: bool,
    /// What it is.
    pub kind: MessageKind,
    /// Text or caption, "" when it has none.
    pub body: String,
    /// When it was sent, by WhatsApp's clock.
    pub timestamp: Timestamp,
    /// How far it got.
    pub status: DeliveryStatus,
    /// Why it failed.
    pub error: Option<String>,
    /// The message it answers.
    pub quoted: Option<Quoted>,
    /// Who is mentioned.
    pub mentions: Vec<Jid>,
    /// Its file.
    pub media: Option<Media>,
    /// Place, contact cards, poll and the like.
    pub detail: Option<Detail>,
    /// What its sender says about it.
    pub marks: Marks,
    /// When the text was last changed.
    pub edited_at: Option<Timestamp>,
    /// What to send, while it is not known to be sent.
    pub outgoing: Option<Outgoing>,
    /// When the row was stored.
    pub created_at: Timestamp,
}

/// One reaction to a message; a person has at most one per message.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Reaction {
    /// The chat.
    pub chat: Jid,
    /// The message reacted to.
    pub target: MessageId,
    /// Who reacts.
    pub sender: Jid,
    /// The emoji, "" to take it back.
    pub emoji: String,
    /// When.
    pub timestamp: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::DeliveryStatus::{self, *};

    #[test]
    fn a_status_never_goes_back() {
        let allowed = [
            (Pending, Sent),
            (Pending, Delivered),
            (Pending, Read),
            (Pending, Failed),
            (Sent, Delivered),
            (Sent, Read),
            (Sent, Failed),
            (Delivered, Read),
            (Failed, Sent),
            (Failed, Delivered),
            (Failed, Read),
        ];
        for from in DeliveryStatus::ALL {
            for to in DeliveryStatus::ALL {
                assert_eq!(from.may_become(to), allowed.contains(&(from, to)), "{from:?} -> {to:?}");
            }
        }
    }
}
