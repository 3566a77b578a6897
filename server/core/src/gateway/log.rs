//! The log: what happened, by number.

use openwa_model::{
    bell::Bell,
    event::Event,
    id::{Position, Seq, SessionId},
    store::EventFilter,
};

use super::{Gateway, Result};

impl Gateway {
    /// A session's events with a higher number, in order.
    pub async fn events_after(
        &self,
        session: SessionId,
        after: Seq,
        filter: &EventFilter,
        limit: u32,
    ) -> Result<Vec<Event>> {
        let mut view = self.view_of(session).await?;
        Ok(view.events_after(session, after, filter, limit).await?)
    }

    /// The deployment's events with a higher position, in order.
    pub async fn events_since(&self, after: Position, filter: &EventFilter, limit: u32) -> Result<Vec<Event>> {
        Ok(self.view().await?.events_since(after, filter, limit).await?)
    }

    /// The highest number of a session's log; 0 when it is empty.
    pub async fn last_seq(&self, session: SessionId) -> Result<Seq> {
        Ok(self.view_of(session).await?.last_seq(session).await?)
    }

    /// The highest position of the deployment's log; 0 when it is empty.
    pub async fn last_position(&self) -> Result<Position> {
        Ok(self.view().await?.last_position().await?)
    }

    /// Rung after each commit that appended events, and after events got their positions.
    pub fn bell(&self) -> &Bell {
        &self.0.context.bell
    }
}
