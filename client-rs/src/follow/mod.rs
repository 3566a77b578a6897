//! Following the gateway's log: one stream that outlives its connections.
//!
//! The gateway gives each event an id. When a connection ends, the next one begins after the last id that was given
//! out, so nothing is missed; what comes twice is dropped.

mod connection;
mod recent;
mod socket;
mod sse;

use std::{fmt, time::Duration};

use bytes::Bytes;
use futures_util::{Stream, stream};
use tokio::time::Instant;

use crate::{Client, Error, ErrorKind, backoff, raw::Call};
use connection::{Connection, Message};
use recent::Recent;

/// What is followed, and how.
#[derive(Debug)]
pub struct Follow {
    /// The call that opens the stream, without `Last-Event-ID`.
    pub call: Call,
    /// The id to go on from; from what comes next when absent.
    pub after: Option<String>,
    /// What carries the events.
    pub transport: Transport,
    /// How many attempts in a row may fail once a connection was made; no end when absent. Until the first
    /// connection, the retries of the call count.
    pub reconnects: Option<u32>,
}

impl Follow {
    /// Follows from now on by server-sent events, and without end.
    pub fn new(call: Call) -> Self {
        Self { call, after: None, transport: Transport::ServerSentEvents, reconnects: None }
    }
}

/// What carries the events.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Transport {
    /// HTTP that does not end: passes every proxy.
    #[default]
    ServerSentEvents,
    /// A WebSocket.
    WebSocket,
}

/// One event as it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// The place to go on from.
    pub id: String,
    /// Its type: `message.received`.
    pub kind: String,
    /// JSON.
    pub data: Bytes,
}

impl Client {
    /// Follows events. Nothing is sent before the first is asked for.
    pub fn follow(&self, follow: Follow) -> EventStream {
        EventStream {
            client: self.clone(),
            last_id: follow.after.clone(),
            follow,
            connection: None,
            recent: Recent::default(),
            failures: 0,
            was_connected: false,
            not_before: None,
            asked_delay: None,
            is_over: false,
        }
    }
}

/// Events as they come, over as many connections as it takes.
///
/// Dropping a call of [`next`](Self::next) loses nothing: the following one goes on where it was.
pub struct EventStream {
    client: Client,
    follow: Follow,
    last_id: Option<String>,
    connection: Option<Connection>,
    recent: Recent,
    /// Attempts that failed in a row.
    failures: u32,
    was_connected: bool,
    not_before: Option<Instant>,
    /// What the gateway asked for by `retry:`.
    asked_delay: Option<Duration>,
    is_over: bool,
}

impl EventStream {
    /// The id of the last event given out, to be kept by who wants to go on after a restart.
    pub fn last_id(&self) -> Option<&str> {
        self.last_id.as_deref()
    }

    /// Waits until a connection is open: what happens from then on is given out by [`next`](Self::next).
    ///
    /// # Errors
    ///
    /// As the first answer of [`next`](Self::next) would be.
    pub async fn connected(&mut self) -> Result<(), Error> {
        while self.connection.is_none() && !self.is_over {
            if let Err(error) = self.connect().await
                && let Some(error) = self.lost(error)
            {
                self.is_over = true;
                return Err(error);
            }
        }
        Ok(())
    }

    /// The next event. None only after an error that no new connection would cure, such as a bad key.
    pub async fn next(&mut self) -> Option<Result<Event, Error>> {
        while !self.is_over {
            match self.step().await {
                Ok(Some(event)) => return Some(Ok(event)),
                Ok(None) => {}
                Err(error) => {
                    self.connection = None;
                    if let Some(error) = self.lost(error) {
                        self.is_over = true;
                        return Some(Err(error));
                    }
                }
            }
        }
        None
    }

    /// The events as a [`Stream`].
    pub fn into_stream(self) -> impl Stream<Item = Result<Event, Error>> + Send {
        stream::unfold(self, async |mut it| Some((it.next().await?, it)))
    }

    /// Gets one step further: waits, connects, or reads.
    async fn step(&mut self) -> Result<Option<Event>, Error> {
        let Some(connection) = &mut self.connection else {
            self.connect().await?;
            return Ok(None);
        };
        let message = connection.next().await?;
        self.failures = 0;
        let Message { id, kind, data, retry } = message;
        self.asked_delay = retry.or(self.asked_delay);
        let Some(id) = id.or_else(|| self.last_id.clone()) else { return Ok(None) };
        if data.is_empty() {
            // Only says where to go on from.
            self.last_id = Some(id);
            return Ok(None);
        }
        if !self.recent.insert(&id) {
            tracing::debug!(id, "an event came again and is dropped");
            return Ok(None);
        }
        self.last_id = Some(id.clone());
        Ok(Some(Event { id, kind, data }))
    }

    async fn connect(&mut self) -> Result<(), Error> {
        if let Some(moment) = self.not_before {
            tokio::time::sleep_until(moment).await;
            self.not_before = None;
        }
        // The stream counts the attempts itself.
        let mut call = self.follow.call.again().retries(0);
        if let Some(id) = &self.last_id {
            call = call.header("Last-Event-ID", id);
        }
        self.connection = Some(Connection::open(&self.client, call, self.follow.transport).await?);
        self.was_connected = true;
        Ok(())
    }

    /// Prepares for another connection, or gives the error back.
    fn lost(&mut self, error: Error) -> Option<Error> {
        let most = match self.was_connected {
            true => self.follow.reconnects.unwrap_or(u32::MAX),
            false => self.follow.call.retries.unwrap_or_else(|| self.client.max_retries()),
        };
        let may_pass = matches!(
            error.kind(),
            ErrorKind::Connection
                | ErrorKind::Timeout
                | ErrorKind::RateLimited
                | ErrorKind::Unavailable
                | ErrorKind::Server
        );
        if !may_pass || self.failures >= most {
            return Some(error);
        }
        let usual = self.asked_delay.unwrap_or_else(|| backoff::delay(self.failures, rand::random()));
        let delay = error.retry_after().unwrap_or(usual).min(backoff::LONGEST_ASKED);
        self.failures = self.failures.saturating_add(1);
        tracing::debug!(%error, ?delay, last_id = self.last_id, "the event stream connects again");
        self.not_before = Instant::now().checked_add(delay);
        None
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("EventStream")
            .field("path", &self.follow.call.path)
            .field("last_id", &self.last_id)
            .field("failures", &self.failures)
            .finish_non_exhaustive()
    }
}
