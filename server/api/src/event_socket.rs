//! The events as a WebSocket, for those who cannot read server-sent events. It stands beside the document's operations,
//! for OpenAPI has no word for it, and is described with `streamEvents`.

use std::{net::IpAddr, pin::pin, sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use openwa_model::{event::Event, id::Position, secret::Secret};
use poem::{
    Endpoint, FromRequest, IntoResponse, Request, Response,
    http::{HeaderMap, header},
    web::websocket::{CloseCode, Message, WebSocket, WebSocketConfig, WebSocketStream},
};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, MissedTickBehavior, interval_at, timeout},
};
use uuid::Uuid;

use crate::{
    auth::{admitted, peer, presented_key},
    error::ApiError,
    events::{EventRecord, HEARTBEAT, resume_at},
    follower::{Follower, Following, Wanted},
    input::door_of,
};

/// The longest frame that is read; readers have nothing to say but their key.
const LONGEST_FRAME: usize = 4 * 1024;
/// How long one may take to say the key.
const INTRODUCTION: Duration = Duration::from_secs(10);
/// How many there may be who have not said their key yet.
const MOST_STRANGERS: usize = 64;
/// How long a reader may take for one frame before it is let go.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many pings may stay without a sign of life.
const MOST_UNANSWERED: u32 = 3;

/// Serves the socket.
pub(crate) struct EventSocket {
    following: Following,
    strangers: Arc<Semaphore>,
}

/// One at the other end, with the key in a header or still to say it.
enum Reader {
    Known(Box<Follower>),
    Stranger { following: Following, wanted: Wanted, from: Option<IpAddr>, _place: OwnedSemaphorePermit },
}

/// The query, the same as the stream's.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Query {
    after: Option<i64>,
    session_id: Option<Uuid>,
    types: Option<String>,
}

/// What a reader says first who could not set a header.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Introduction {
    api_key: String,
}

/// One event as it is sent; first of all the place alone that the stream begins after.
#[derive(Serialize)]
struct Frame {
    /// Its place in the stream.
    id: Position,
    #[serde(flatten)]
    event: Option<EventRecord>,
}

impl EventSocket {
    pub(crate) fn new(following: Following) -> Self {
        Self { following, strangers: Arc::new(Semaphore::new(MOST_STRANGERS)) }
    }

    async fn open(&self, request: Request) -> Result<Response, ApiError> {
        let from = peer(&request);
        let presented = match presented_key(&request) {
            Ok(presented) => Some(presented),
            Err(_) if asks_for_a_socket(request.headers()) => None,
            Err(missing) => return Err(missing),
        };
        let key = match &presented {
            Some(presented) => Some(admitted(&self.following.gateway, presented, from).await?),
            None => None,
        };
        door_of(&request)?.check_query(&request)?;
        let query: Query = request.params().map_err(|_| ApiError::invalid("the query could not be read"))?;
        let wanted = Wanted { after: resume_at(&request, query.after)?, session: query.session_id, types: query.types };
        let reader = match (key, presented) {
            (Some(key), Some(presented)) => {
                Reader::Known(Box::new(self.following.begin(key, presented, wanted).await?))
            }
            _ => {
                let place = self.strangers.clone().try_acquire_owned();
                let place = place.map_err(|_| ApiError::busy("Too many readers have not said their key; try again"))?;
                Reader::Stranger { following: self.following.clone(), wanted, from, _place: place }
            }
        };
        let (request, mut body) = request.split();
        let socket = WebSocket::from_request(&request, &mut body).await.map_err(|_| ApiError::upgrade_required())?;
        let limits = WebSocketConfig::default();
        let limits = limits.max_message_size(Some(LONGEST_FRAME)).max_frame_size(Some(LONGEST_FRAME));
        let stopping = self.following.stopping.clone();
        let serving = async move |mut socket: WebSocketStream| {
            let end = match introduced(&mut socket, reader).await {
                Ok(follower) => tell(&mut socket, follower).await,
                Err(error) => Some(refusal(&error)),
            };
            let Some(end) = end else { return };
            let end = if stopping.is_cancelled() { Message::close_with(CloseCode::Away, "stopping") } else { end };
            // The reader may be gone already.
            _ = timeout(PATIENCE, socket.send(end)).await;
        };
        Ok(socket.config(limits).on_upgrade(serving).into_response())
    }
}

impl Endpoint for EventSocket {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        Ok(self.open(request).await?)
    }
}

fn asks_for_a_socket(headers: &HeaderMap) -> bool {
    headers.get(header::UPGRADE).is_some_and(|it| it.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// The follower of a reader, once its key is known and good.
async fn introduced(socket: &mut WebSocketStream, reader: Reader) -> Result<Follower, ApiError> {
    match reader {
        Reader::Known(follower) => Ok(*follower),
        Reader::Stranger { following, wanted, from, _place } => {
            let missing = || ApiError::unauthenticated("API_KEY_REQUIRED", "API key is required");
            let said = timeout(INTRODUCTION, first_text(socket)).await.ok().flatten().ok_or_else(missing)?;
            let said: Introduction = serde_json::from_str(&said).map_err(|_| missing())?;
            let presented = Secret::new(said.api_key);
            let key = admitted(&following.gateway, &presented, from).await?;
            following.begin(key, presented, wanted).await
        }
    }
}

async fn first_text(socket: &mut WebSocketStream) -> Option<String> {
    while let Some(Ok(message)) = socket.next().await {
        match message {
            Message::Text(text) => return Some(text),
            Message::Ping(_) | Message::Pong(_) => {}
            Message::Binary(_) | Message::Close(_) => return None,
        }
    }
    None
}

/// Tells events until something ends; what to say at the end, where anybody is left to hear it.
async fn tell(socket: &mut WebSocketStream, follower: Follower) -> Option<Message> {
    let begins_after = frame_of(follower.place(), None);
    timeout(PATIENCE, socket.send(begins_after)).await.ok()?.ok()?;
    let mut events = pin!(follower.events());
    let mut beat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut unanswered = 0;
    loop {
        let message = tokio::select! {
            event = events.next() => match event {
                Some(event) => frame_of(event.position.unwrap_or_default(), Some(event)),
                None => return Some(Message::close_with(CloseCode::Policy, "the key is not what it was")),
            },
            said = socket.next() => match said {
                None | Some(Err(_) | Ok(Message::Close(_))) => return None,
                Some(Ok(_)) => {
                    unanswered = 0;
                    continue;
                }
            },
            _ = beat.tick() => {
                if unanswered == MOST_UNANSWERED {
                    return None;
                }
                unanswered += 1;
                Message::ping("")
            }
        };
        // A reader that takes nothing is let go; it goes on later from the last place it saw.
        match timeout(PATIENCE, socket.send(message)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return None,
        }
    }
}

fn frame_of(id: Position, event: Option<Event>) -> Message {
    let frame = Frame { id, event: event.map(Into::into) };
    Message::text(serde_json::to_string(&frame).unwrap_or_default())
}

/// Why a socket is closed that was opened already: 4000 and the status, and as much of the reason as fits.
fn refusal(error: &ApiError) -> Message {
    const LONGEST: usize = 120;
    let reason = error.message();
    let end = (0..=reason.len().min(LONGEST)).rev().find(|it| reason.is_char_boundary(*it)).unwrap_or_default();
    Message::close_with(4000 + error.status().as_u16(), &reason[..end])
}
