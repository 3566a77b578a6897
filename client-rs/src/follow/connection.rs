//! One connection of an event stream.

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;
use reqwest::{Response, StatusCode, header::CONTENT_TYPE};

use super::{
    Transport,
    socket::Socket,
    sse::{Block, Parser},
};
use crate::{Client, Error, ErrorKind, call::Call};

/// The longest event that is read.
pub(super) const LONGEST_EVENT: usize = 64 * 1024 * 1024;
/// The gateway says something at least every 15 seconds; a connection silent for this long is dead.
pub(super) const SILENCE: Duration = Duration::from_secs(45);

/// What comes over a connection: an event, or, without data, a place to go on from.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) id: Option<String>,
    pub(super) kind: String,
    pub(super) data: Bytes,
    pub(super) retry: Option<Duration>,
}

impl From<Block> for Message {
    fn from(Block { id, kind, data, retry }: Block) -> Self {
        Self { id, kind, data: data.into(), retry }
    }
}

pub(super) enum Connection {
    ServerSentEvents(Box<Lines>),
    WebSocket(Box<Socket>),
}

impl Connection {
    pub(super) async fn open(client: &Client, call: Call, transport: Transport) -> Result<Self, Error> {
        Ok(match transport {
            Transport::ServerSentEvents => Self::ServerSentEvents(Box::new(Lines::open(client, call).await?)),
            Transport::WebSocket => Self::WebSocket(Box::new(Socket::open(client, call).await?)),
        })
    }

    /// The next message; an error when the connection ended. May be dropped at any point.
    pub(super) async fn next(&mut self) -> Result<Message, Error> {
        match self {
            Self::ServerSentEvents(lines) => lines.next().await,
            Self::WebSocket(socket) => socket.next().await,
        }
    }
}

/// Server-sent events.
pub(super) struct Lines {
    response: Response,
    parser: Parser,
    waiting: VecDeque<Message>,
}

impl Lines {
    async fn open(client: &Client, call: Call) -> Result<Self, Error> {
        let response = client.open(call.header("Accept", "text/event-stream")).await?;
        let kind = response.headers().get(CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or_default();
        if response.status() != StatusCode::OK || !kind.starts_with("text/event-stream") {
            let message = format!("the gateway answered '{kind}' instead of an event stream");
            return Err(Error::new(ErrorKind::Decode, message).with_status(response.status(), response.headers()));
        }
        Ok(Self { response, parser: Parser::new(LONGEST_EVENT), waiting: VecDeque::new() })
    }

    async fn next(&mut self) -> Result<Message, Error> {
        loop {
            if let Some(message) = self.waiting.pop_front() {
                return Ok(message);
            }
            // Comments count as well: they are how the gateway shows that it is there.
            let read = tokio::time::timeout(SILENCE, self.response.chunk()).await;
            let read = read.map_err(|_| Error::timeout(SILENCE))?.map_err(Error::of_transport)?;
            let Some(chunk) = read else {
                return Err(Error::new(ErrorKind::Connection, "the gateway ended the event stream"));
            };
            let read = self.parser.feed(&chunk, |it| self.waiting.push_back(it.into()));
            read.map_err(|it| Error::new(ErrorKind::Decode, it.to_string()).because(it))?;
        }
    }
}
