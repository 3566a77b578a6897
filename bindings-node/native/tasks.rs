//! What lives longer than one answer: files that are fetched or sent, and event streams. Each is asked for more, and
//! goes no faster than it is asked.

use std::{io, sync::Arc};

use bytes::Bytes;
use futures_util::{FutureExt, Stream, stream};
use openwa_client::{
    Client, Error,
    raw::{Call, EventStream, Follow},
};
use tokio::sync::mpsc::{Receiver, UnboundedReceiver};

use crate::outbox::{Outbox, Outcome};

/// How many events are handed over at a time.
const MOST_EVENTS: usize = 64;

/// What a task is asked for.
pub(crate) enum Ask {
    More,
    Save(String),
}

/// Fetches a file.
pub(crate) async fn download(
    client: Client,
    call: Call,
    id: u32,
    outbox: Arc<Outbox>,
    mut asks: UnboundedReceiver<Ask>,
) {
    let mut download = match client.download(call).await {
        Ok(download) => download,
        Err(error) => return outbox.post(id, Outcome::Failure(error)),
    };
    outbox.post(id, Outcome::Head { status: download.status, headers: download.headers.clone() });
    while let Some(ask) = asks.recv().await {
        let outcome = match ask {
            Ask::More => match download.chunk().await {
                Ok(Some(piece)) => Outcome::Piece(piece),
                Ok(None) => Outcome::End,
                Err(error) => Outcome::Failure(error),
            },
            Ask::Save(path) => {
                return outbox.post(id, download.save(path).await.map_or_else(Outcome::Failure, Outcome::Saved));
            }
        };
        let is_last = outcome.is_last();
        outbox.post(id, outcome);
        if is_last {
            return;
        }
    }
}

/// Follows events.
pub(crate) async fn follow(
    client: Client,
    follow: Follow,
    id: u32,
    outbox: Arc<Outbox>,
    mut asks: UnboundedReceiver<Ask>,
) {
    let mut events = client.follow(follow);
    // What ended the stream while there were events to hand over first.
    let mut end = None;
    while asks.recv().await.is_some() {
        let outcome = match end.take() {
            Some(end) => end,
            None => some_events(&mut events, &mut end).await,
        };
        let is_last = outcome.is_last();
        outbox.post(id, outcome);
        if is_last {
            return;
        }
    }
}

/// One event, and those that came with it.
async fn some_events(events: &mut EventStream, end: &mut Option<Outcome>) -> Outcome {
    let ended = |it: Option<Error>| it.map_or(Outcome::End, Outcome::Failure);
    let mut some = match events.next().await {
        Some(Ok(event)) => vec![event],
        Some(Err(error)) => return ended(Some(error)),
        None => return ended(None),
    };
    while some.len() < MOST_EVENTS && end.is_none() {
        match events.next().now_or_never() {
            Some(Some(Ok(event))) => some.push(event),
            Some(Some(Err(error))) => *end = Some(ended(Some(error))),
            Some(None) => *end = Some(ended(None)),
            None => break,
        }
    }
    Outcome::Events(some)
}

/// The pieces that JavaScript hands over; each one taken asks for another.
pub(crate) fn pieces(
    id: u32,
    outbox: Arc<Outbox>,
    pieces: Receiver<io::Result<Bytes>>,
) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::unfold((pieces, outbox), move |(mut pieces, outbox)| async move {
        let piece = pieces.recv().await?;
        outbox.post(id, Outcome::Pull);
        Some((piece, (pieces, outbox)))
    })
}
