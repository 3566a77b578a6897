//! Sessions and messages, counted.

use std::{collections::HashMap, time::Duration};

use openwa_core::{
    Gateway,
    gateway::{SessionView, Totals},
};
use openwa_model::{
    Timestamp,
    id::SessionId,
    session::Status,
    statistics::{MessageCounts, MessageStatistics, StatisticsFilter},
    store::{Page, SessionFilter},
};
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    answer::{Answer, Shown},
    app::Tag,
    auth::{Admin, AllChats, Caller, Deployment, Viewer},
    wire::{Moment, Nullable, SessionPath, longest_page},
    words::Word,
};

/// How many of the busiest chats are named.
const TOP_CHATS: u32 = 10;

pub(crate) struct Statistics(pub(crate) Gateway);

/// Sessions and messages, counted.
#[derive(Object, Serialize)]
pub(crate) struct StatisticsOverview {
    /// Sessions.
    sessions: SessionCounts,
    /// Messages.
    messages: MessageTotals,
}

/// Sessions, counted.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionCounts {
    /// Those with an engine.
    active: u64,
    /// All.
    total: u64,
    /// All by status; a status nobody has is left out.
    by_status: HashMap<String, u64>,
}

/// Messages, counted.
#[derive(Object, Serialize)]
pub(crate) struct MessageTotals {
    /// Sent.
    sent: u64,
    /// Received.
    received: u64,
    /// That could not be sent.
    failed: u64,
    /// Since midnight, by UTC.
    today: DayTotals,
}

/// The messages of a day.
#[derive(Object, Serialize)]
pub(crate) struct DayTotals {
    /// Sent.
    sent: u64,
    /// Received.
    received: u64,
}

impl From<Totals> for MessageTotals {
    fn from(Totals { ever, today }: Totals) -> Self {
        let today = DayTotals { sent: today.sent, received: today.received };
        Self { sent: ever.sent, received: ever.received, failed: ever.failed, today }
    }
}

/// The messages of a stretch of time.
#[derive(Object, Serialize)]
#[oai(rename = "MessageStatistics", rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct MessageStatisticsResponse {
    /// One row an hour, or a day for the longer periods.
    time_series: Vec<TimeStep>,
    /// By what they are.
    by_type: HashMap<String, u64>,
    /// By session, the busiest first.
    by_session: Vec<SessionTraffic>,
    /// The busiest chats.
    top_chats: Vec<BusyChat>,
}

/// The messages of an hour or a day.
#[derive(Object, Serialize)]
pub(crate) struct TimeStep {
    /// When it begins.
    timestamp: Moment,
    /// Sent.
    sent: u64,
    /// Received.
    received: u64,
}

/// The messages of a session.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionTraffic {
    /// The session.
    session_id: Uuid,
    /// Its name.
    name: String,
    /// Sent.
    sent: u64,
    /// Received.
    received: u64,
}

/// A chat and how much was written in it.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct BusyChat {
    /// The chat.
    chat_id: String,
    /// What it is called.
    chat_name: Nullable<String>,
    /// How many messages there were in it.
    message_count: u64,
}

/// One session, counted.
#[derive(Object, Serialize)]
#[oai(rename = "SessionStatistics", rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionStatisticsResponse {
    /// The session.
    session_id: Uuid,
    /// Its name.
    name: String,
    /// What it is doing.
    status: Word<Status>,
    /// Its messages.
    messages: MessageTotals,
    /// One row an hour, or a day for the longer periods.
    time_series: Vec<TimeStep>,
    /// By what they are.
    by_type: HashMap<String, u64>,
    /// The busiest chats.
    top_chats: Vec<BusyChat>,
}

/// How long a period is, and how long a step in it.
fn period(name: &str) -> (Duration, Duration) {
    let hours = |it: u64| Duration::from_secs(it * 3600);
    match name {
        "7d" => (hours(7 * 24), hours(24)),
        "30d" => (hours(30 * 24), hours(24)),
        _ => (hours(24), hours(1)),
    }
}

fn usual_period() -> String {
    "24h".to_owned()
}

/// What to count for a period that ends now.
fn filter(name: &str, session: Option<SessionId>, now: Timestamp) -> StatisticsFilter {
    let (length, step) = period(name);
    let since = now.saturating_sub(length).unwrap_or(now);
    StatisticsFilter { session, since, step, chats: TOP_CHATS }
}

/// Every step from the first to now, also those without any message.
fn steps(filter: &StatisticsFilter, told: &MessageStatistics, now: Timestamp) -> Vec<TimeStep> {
    let step = i64::try_from(filter.step.as_millis()).unwrap_or(i64::MAX).max(1);
    let first = filter.since.as_millisecond().div_euclid(step);
    let last = now.as_millisecond().div_euclid(step);
    let row = |number: i64| {
        let timestamp = Timestamp::from_millisecond(number * step).unwrap_or(now);
        let MessageCounts { sent, received, .. } = told.by_time.get(&timestamp).copied().unwrap_or_default();
        TimeStep { timestamp: Moment(timestamp), sent, received }
    };
    (first..=last).map(row).collect()
}

fn by_type(told: &MessageStatistics) -> HashMap<String, u64> {
    told.by_kind.iter().map(|(kind, count)| (kind.name().to_owned(), *count)).collect()
}

fn top_chats(told: MessageStatistics) -> Vec<BusyChat> {
    let row = |(_, chat, name, count): (_, openwa_model::jid::Jid, Option<String>, u64)| BusyChat {
        chat_id: chat.to_string(),
        chat_name: Nullable(name),
        message_count: count,
    };
    told.chats.into_iter().map(row).collect()
}

#[OpenApi]
impl Statistics {
    /// Count sessions and messages
    #[oai(path = "/stats/overview", method = "get", operation_id = "getStatisticsOverview", tag = "Tag::Statistics")]
    async fn overview(&self, _caller: Caller<Admin, Deployment>) -> Answer<Shown<StatisticsOverview>> {
        let counted = self.0.session_overview(None).await?;
        let sessions = SessionCounts {
            active: counted.active,
            total: counted.total,
            by_status: counted.by_status.into_iter().map(|(status, n)| (status.name().to_owned(), n)).collect(),
        };
        let messages = self.0.message_totals(None).await?.into();
        Ok(Shown(StatisticsOverview { sessions, messages }))
    }

    /// Count messages over time
    ///
    /// By hour or day, type, session and chat.
    #[oai(path = "/stats/messages", method = "get", operation_id = "countMessages", tag = "Tag::Statistics")]
    async fn messages(
        &self,
        _caller: Caller<Admin, Deployment>,
        /// How far back: `24h`, `7d` or `30d`.
        #[oai(default = "usual_period", validator(pattern = "^(24h|7d|30d)$"))]
        period: Query<String>,
    ) -> Answer<Shown<MessageStatisticsResponse>> {
        let now = self.0.now();
        let filter = filter(&period.0, None, now);
        let told = self.0.message_statistics(&filter).await?;
        let among = told.by_session.iter().map(|it| it.0).collect();
        let named = SessionFilter { name: None, among: Some(among) };
        let sessions = self.0.sessions(&named, Page { limit: longest_page(), offset: 0 }).await?;
        let names: HashMap<_, _> = sessions.into_iter().map(|it| (it.session.id, it.session.name)).collect();
        let row = |(session, counts): &(SessionId, MessageCounts)| SessionTraffic {
            session_id: session.0,
            name: names.get(session).cloned().unwrap_or_default(),
            sent: counts.sent,
            received: counts.received,
        };
        Ok(Shown(MessageStatisticsResponse {
            time_series: steps(&filter, &told, now),
            by_type: by_type(&told),
            by_session: told.by_session.iter().map(row).collect(),
            top_chats: top_chats(told),
        }))
    }

    /// Count the messages of a session
    #[oai(
        path = "/stats/sessions/:sessionId",
        method = "get",
        operation_id = "countSessionMessages",
        tag = "Tag::Statistics"
    )]
    async fn session(
        &self,
        _caller: Caller<Viewer, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// How far back the steps go: `24h`, `7d` or `30d`.
        #[oai(default = "usual_period", validator(pattern = "^(24h|7d|30d)$"))]
        period: Query<String>,
    ) -> Answer<Shown<SessionStatisticsResponse>> {
        let (id, now) = (session.0.id()?, self.0.now());
        let SessionView { session, .. } = self.0.session(id).await?;
        let filter = filter(&period.0, Some(id), now);
        let told = self.0.message_statistics(&filter).await?;
        Ok(Shown(SessionStatisticsResponse {
            session_id: id.0,
            name: session.name,
            status: Word(session.status),
            messages: self.0.message_totals(Some(id)).await?.into(),
            time_series: steps(&filter, &told, now),
            by_type: by_type(&told),
            top_chats: top_chats(told),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_has_all_its_steps() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        for (name, rows) in [("24h", 25), ("7d", 8), ("30d", 31)] {
            let filter = filter(name, None, now);
            let steps = steps(&filter, &MessageStatistics::default(), now);
            assert_eq!(steps.len(), rows, "{name}");
            assert!(steps.iter().all(|it| it.sent == 0 && it.timestamp.0 <= now), "{name}");
        }
    }
}
