//! Messages, counted.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;

use crate::{content::MessageKind, id::SessionId, jid::Jid};

/// How many messages there were.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MessageCounts {
    /// Sent by the account, and not failed.
    pub sent: u64,
    /// Received.
    pub received: u64,
    /// That could not be sent.
    pub failed: u64,
}

/// What to count.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatisticsFilter {
    /// Of this session only.
    pub session: Option<SessionId>,
    /// Sent at or after.
    pub since: Timestamp,
    /// The width of one step in time.
    pub step: Duration,
    /// How many of the busiest chats to name.
    pub chats: u32,
}

/// A stretch of time, counted from several sides.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MessageStatistics {
    /// By the beginning of each step; steps without any message are left out.
    pub by_time: BTreeMap<Timestamp, MessageCounts>,
    /// By what they are.
    pub by_kind: Vec<(MessageKind, u64)>,
    /// By session, the busiest first.
    pub by_session: Vec<(SessionId, MessageCounts)>,
    /// The busiest chats, with their names where they have one.
    pub chats: Vec<(SessionId, Jid, Option<String>, u64)>,
}
