//! The log: what happened, by number.

use openwa_model::{
    bell::Bell,
    event::Event,
    id::{Position, Seq, SessionId},
    store::EventFilter,
};

use super::{Gateway, Result};
use crate::tail::News;

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

    /// The deployment's events with a higher position, in order. Who was woken by the bell gets what this process
    /// numbered from memory; who `looks` by itself gets also what others did, from the store.
    pub async fn news(&self, after: Position, filter: &EventFilter, limit: u32, looks: bool) -> Result<News> {
        let held = if looks { None } else { self.0.context.tail.after(after, filter, limit as usize) };
        if let Some(news) = held {
            return Ok(news);
        }
        let mut view = self.view().await?;
        // Asked first: whatever is at or before this place is in what is read next.
        let end = view.last_position().await?;
        let events = view.events_since(after, filter, limit).await?;
        let more = events.len() >= limit as usize;
        let last = events.iter().filter_map(|it| it.position).max();
        let reached = if more { last } else { last.max(Some(end)) };
        Ok(News { events, reached: reached.unwrap_or(after).max(after), more })
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
