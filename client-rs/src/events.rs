//! What happens, as it happens: typed events over a stream that outlives its connections.
//!
//! ```no_run
//! use openwa_client::{Client, events::EventData};
//!
//! # async fn example() -> Result<(), openwa_client::Error> {
//! let client = Client::from_env()?;
//! let mut events = client.events().stream().types("message.received").follow();
//! while let Some(event) = events.next().await {
//!     let event = event?;
//!     if let EventData::MessageReceived(message) = event.data {
//!         println!("{}: {}", message.from, message.body);
//!     }
//! }
//! # Ok(())
//! # }
//! ```

use std::{fmt, pin::Pin};

use futures_util::{Stream, stream};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::{
    Error, ErrorKind,
    follow::{self, Follow},
    raw::Transport,
    request::Draft,
};

pub use crate::generated::events::{Delivery, Event, EventData};

/// The path of the same events over a WebSocket.
const OVER_WEBSOCKET: &str = "/api/events/ws";

impl EventData {
    /// The data of an event, by its type. What this version does not know, or cannot read, is kept as it is.
    pub fn of(kind: &str, data: &Value) -> Self {
        Self::read(kind, data).unwrap_or_else(|error| {
            tracing::warn!(kind, %error, "an event's data does not read as expected; it is given out as it came");
            Self::Unrecognized { kind: kind.to_owned(), data: data.clone() }
        })
    }

    pub(crate) fn of_text(kind: &str, data: &RawValue) -> Self {
        // Parsed a second time only when it is not what it should be.
        Self::read(kind, &mut serde_json::Deserializer::from_str(data.get())).unwrap_or_else(|_| {
            let data = serde_json::from_str(data.get()).unwrap_or_else(|_| Value::String(data.get().to_owned()));
            Self::of(kind, &data)
        })
    }
}

/// An event as it stands in the stream, its data unread.
pub(crate) fn record<'a, R: Deserialize<'a>>(data: &'a [u8]) -> Result<R, Error> {
    serde_json::from_slice(data)
        .map_err(|it| Error::new(ErrorKind::Decode, format!("an event does not read as expected: {it}")).because(it))
}

/// Typed events as they come, over as many connections as it takes. See [`crate::events`].
pub struct EventStream {
    /// Or why nothing can be followed.
    source: Result<follow::EventStream, Option<Error>>,
}

impl EventStream {
    /// The place of the last event given out: keep it, and give it to
    /// [`resume_after`](crate::resources::StreamEventsRequest::resume_after) to go on after a restart.
    pub fn last_id(&self) -> Option<&str> {
        self.source.as_ref().ok()?.last_id()
    }

    /// Waits until a connection is open: what happens from then on is given out.
    ///
    /// # Errors
    ///
    /// When no connection can be made.
    pub async fn connected(&mut self) -> Result<(), Error> {
        match &mut self.source {
            Ok(source) => source.connected().await,
            Err(error) => error.take().map_or(Ok(()), Err),
        }
    }

    /// The next event. None only after an error that no new connection would cure, such as a bad key. May be dropped
    /// at any point without losing one.
    pub async fn next(&mut self) -> Option<Result<Event, Error>> {
        match &mut self.source {
            Ok(source) => Some(source.next().await?.and_then(|it| Event::read(it.id, &it.data))),
            Err(error) => error.take().map(Err),
        }
    }

    /// The events as a [`Stream`].
    pub fn into_stream(self) -> Pin<Box<dyn Stream<Item = Result<Event, Error>> + Send>> {
        Box::pin(stream::unfold(self, async |mut it| Some((it.next().await?, it))))
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(out)
    }
}

/// How events are followed.
#[derive(Debug, Default)]
pub(crate) struct How {
    pub(crate) transport: Transport,
    pub(crate) after: Option<String>,
    pub(crate) reconnects: Option<u32>,
}

impl How {
    pub(crate) fn follow(self, draft: Draft) -> EventStream {
        let (client, call) = draft.into_parts();
        let source = call.map_err(Some).map(|mut call| {
            if self.transport == Transport::WebSocket {
                call.path = OVER_WEBSOCKET.to_owned();
            }
            client.follow(Follow {
                after: self.after,
                transport: self.transport,
                reconnects: self.reconnects,
                ..Follow::new(call)
            })
        });
        EventStream { source }
    }
}
