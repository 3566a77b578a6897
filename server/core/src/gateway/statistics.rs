//! Sessions and messages, counted.

use openwa_model::{
    Timestamp,
    id::SessionId,
    statistics::{MessageCounts, MessageStatistics, StatisticsFilter},
};

use super::{Gateway, Result};

/// What came of all that was sent and received.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    /// From the beginning.
    pub ever: MessageCounts,
    /// Since midnight, by UTC.
    pub today: MessageCounts,
}

impl Gateway {
    /// Counts the messages of a session, or of all.
    pub async fn message_totals(&self, session: Option<SessionId>) -> Result<Totals> {
        let mut view = match session {
            Some(session) => self.view_of(session).await?,
            None => self.view().await?,
        };
        let second = self.now().as_second();
        let midnight = Timestamp::from_second(second - second.rem_euclid(24 * 60 * 60)).ok();
        let ever = view.message_counts(session, None).await?;
        Ok(Totals { ever, today: view.message_counts(session, midnight).await? })
    }

    /// Counts a stretch of time from several sides.
    pub async fn message_statistics(&self, filter: &StatisticsFilter) -> Result<MessageStatistics> {
        let mut view = match filter.session {
            Some(session) => self.view_of(session).await?,
            None => self.view().await?,
        };
        Ok(view.message_statistics(filter).await?)
    }

    /// How many deliveries wait or are under way, and how many will not be tried again.
    pub async fn count_deliveries(&self) -> Result<(u64, u64)> {
        Ok(self.view().await?.count_deliveries().await?)
    }
}
