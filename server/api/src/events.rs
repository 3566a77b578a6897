//! The log: read by number, and followed as it grows.
//!
//! A reader keeps a number and asks for what came after it, so nothing is lost between two
//! connections and nothing is kept for readers that are away.

use std::{borrow::Cow, collections::VecDeque, sync::Arc, time::Duration};

use futures_util::{Stream, stream};
use openwa_core::Gateway;
use openwa_model::{
    bell::Listener,
    event::{Event, EventKind},
    id::{Position, Seq, SessionId},
    key::{ApiKey, Role},
    secret::Secret,
    store::EventFilter,
};
use poem::{
    IntoResponse, Request, Response,
    web::sse::{Event as SseEvent, SSE},
};
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::{Path, Query},
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde::Serialize;
use serde_json::Value;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    answer::{Answer, Long},
    app::Tag,
    auth::{Caller, ChatFence, OneChat, Viewer, recognise},
    error::ApiError,
    wire::{Moment, SessionPath},
    words::Word,
};

/// How many events a follower reads at a time, and so holds at most.
const BATCH: u32 = 100;
/// How many followers there may be.
const MOST_FOLLOWERS: usize = 512;
/// A comment this often keeps proxies from hanging up.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a follower trusts the bell before it looks by itself.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// How often the key of a follower is looked at again.
const KEY_CHECK: Duration = Duration::from_secs(60);

pub(crate) struct Events {
    gateway: Gateway,
    stopping: CancellationToken,
    followers: Arc<Semaphore>,
}

impl Events {
    pub(crate) fn new(gateway: Gateway, stopping: CancellationToken) -> Self {
        Self { gateway, stopping, followers: Arc::new(Semaphore::new(MOST_FOLLOWERS)) }
    }
}

/// The payload of an event; which fields it has depends on the event's type.
#[derive(Serialize, Clone, PartialEq, Debug)]
#[serde(transparent)]
pub(crate) struct EventData(Value);

impl Type for EventData {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "object".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        let anything = MetaSchemaRef::Inline(Box::new(MetaSchema::ANY));
        let schema = MetaSchema { additional_properties: Some(Box::new(anything)), ..MetaSchema::new("object") };
        MetaSchemaRef::Inline(Box::new(schema))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ToJSON for EventData {
    fn to_json(&self) -> Option<Value> {
        Some(self.0.clone())
    }
}

impl ParseFromJSON for EventData {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        match value {
            Some(value @ Value::Object(_)) => Ok(Self(value)),
            other => Err(ParseError::expected_type(other.unwrap_or_default())),
        }
    }
}

/// One event of the log.
#[derive(Object, Serialize)]
#[oai(rename = "Event", rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventRecord {
    /// Its number in the session's log: rising by one from 1.
    seq: i64,
    /// What sort of event.
    event: Word<EventKind>,
    /// The session.
    session_id: Uuid,
    /// When it happened.
    timestamp: Moment,
    /// The chat it concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    chat_id: Option<String>,
    /// The payload; see the webhook of the same name for its fields.
    data: EventData,
}

impl From<Event> for EventRecord {
    fn from(Event { seq, event, .. }: Event) -> Self {
        Self {
            seq: seq.0,
            event: Word(event.kind),
            session_id: event.session.0,
            timestamp: Moment(event.occurred_at),
            chat_id: event.chat.map(|it| it.to_string()),
            data: EventData(event.data),
        }
    }
}

/// Events of a session, in order.
#[derive(Object, Serialize)]
pub(crate) struct EventPage {
    /// The events.
    events: Vec<EventRecord>,
    /// What to give as `after` for the next page.
    next: i64,
}

/// Names of events, separated by commas.
fn kinds_of(text: Option<&str>) -> Answer<Option<Vec<EventKind>>> {
    let Some(text) = text else { return Ok(None) };
    // By its full name: the framework's `Type` has an `is_empty` of its own, which would be taken here.
    let names = text.split(',').map(str::trim).filter(|it| !str::is_empty(it));
    let one = |name: &str| {
        let unknown = || format!("types: '{}' is not an event", name.chars().take(64).collect::<String>());
        EventKind::of(name).ok_or_else(|| ApiError::invalid(unknown()))
    };
    names.map(one).collect::<Answer<Vec<_>>>().map(|it| Some(it).filter(|it| !it.is_empty()))
}

/// The code that links an account is not for those who may only read.
fn permitted(kinds: Option<Vec<EventKind>>, role: Role) -> Option<Vec<EventKind>> {
    if role >= Role::Operator {
        return kinds;
    }
    let wanted = kinds.unwrap_or_else(|| EventKind::ALL.to_vec());
    Some(wanted.into_iter().filter(|it| *it != EventKind::SessionQr).collect())
}

/// What concerns no chat is for every key.
fn is_seen(fence: &ChatFence, event: &Event) -> bool {
    event.event.chat.as_ref().is_none_or(|it| fence.sees(it))
}

/// One who follows the log.
struct Follower {
    gateway: Gateway,
    stopping: CancellationToken,
    listener: Listener,
    filter: EventFilter,
    cursor: Position,
    waiting: VecDeque<Event>,
    key: ApiKey,
    presented: Secret,
    check_key_at: Instant,
    _place: OwnedSemaphorePermit,
}

impl Follower {
    async fn next(mut self) -> Option<(SseEvent, Self)> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some((sse_of(event), self));
            }
            if self.stopping.is_cancelled() || !self.may_go_on().await {
                return None;
            }
            if !self.read().await {
                tokio::select! {
                    () = self.listener.rung_within(LOOK_AGAIN) => {}
                    () = self.stopping.cancelled() => return None,
                }
            }
        }
    }

    /// Reads what came after the cursor; false when that was all there is.
    async fn read(&mut self) -> bool {
        let read = async {
            // Asked first: whatever is at or before this place is in what is read next.
            let end = self.gateway.last_position().await?;
            let found = self.gateway.events_since(self.cursor, &self.filter, BATCH).await?;
            Ok::<_, openwa_core::GatewayError>((end, found))
        };
        match read.await {
            Ok((end, found)) => {
                let more = found.len() >= BATCH as usize;
                let last = found.iter().filter_map(|it| it.position).max();
                let reached = if more { last } else { last.max(Some(end)) };
                self.cursor = reached.unwrap_or(self.cursor).max(self.cursor);
                self.take(found).await;
                more || !self.waiting.is_empty()
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a follower of the log could not read");
                false
            }
        }
    }

    /// Keeps of what was read what the key may see.
    async fn take(&mut self, found: Vec<Event>) {
        if self.key.allowed_chats.is_none() {
            return self.waiting.extend(found);
        }
        for event in found {
            // A fence that could not be found out hides.
            let fence = ChatFence::of(&self.key, &self.gateway, event.event.session).await;
            if fence.is_ok_and(|it| is_seen(&it, &event)) {
                self.waiting.push_back(event);
            }
        }
    }

    /// Whether the key still is what it was.
    async fn may_go_on(&mut self) -> bool {
        if Instant::now() < self.check_key_at {
            return true;
        }
        self.check_key_at = Instant::now() + KEY_CHECK;
        let rights = |it: &ApiKey| (it.role, it.allowed_sessions.clone(), it.allowed_chats.clone());
        match recognise(&self.gateway, &self.presented).await {
            Ok(key) => rights(&key) == rights(&self.key),
            Err(error) => error.is_ours(),
        }
    }
}

fn sse_of(event: Event) -> SseEvent {
    let (id, kind) = (event.position.unwrap_or_default().0, event.event.kind);
    let data = serde_json::to_string(&EventRecord::from(event)).unwrap_or_default();
    SseEvent::message(data).event_type(kind.name()).id(id.to_string())
}

/// Events as they come.
pub(crate) struct Feed(Follower);

impl Feed {
    fn events(self) -> impl Stream<Item = SseEvent> + Send + 'static {
        stream::unfold(self.0, Follower::next)
    }
}

impl IntoResponse for Feed {
    fn into_response(self) -> Response {
        SSE::new(self.events()).keep_alive(HEARTBEAT).into_response()
    }
}

impl ApiResponse for Feed {
    fn meta() -> MetaResponses {
        let response = MetaResponse {
            description: "Server-sent events: `event` is the type, `id` the place to go on from, `data` one event in JSON.",
            status: Some(200),
            status_range: None,
            content: vec![MetaMediaType { content_type: "text/event-stream", schema: EventRecord::schema_ref() }],
            headers: vec![],
        };
        MetaResponses { responses: vec![response] }
    }

    fn register(registry: &mut Registry) {
        EventRecord::register(registry);
    }
}

/// Where a follower wants to go on: `Last-Event-ID` wins, for it is what a browser sends by itself.
fn resume_at(request: &Request, after: Option<i64>) -> Answer<Option<Position>> {
    let Some(header) = request.headers().get("Last-Event-ID") else { return Ok(after.map(Position)) };
    match header.to_str().ok().map(str::trim) {
        Some("") => Ok(after.map(Position)),
        Some(text) => {
            let read = text.parse().map_err(|_| ApiError::invalid("Last-Event-ID must be the id of an event"))?;
            Ok(Some(Position(read)))
        }
        None => Err(ApiError::invalid("Last-Event-ID must be the id of an event")),
    }
}

#[OpenApi]
impl Events {
    /// Read a session's events
    ///
    /// In order, by number. Keep `next` and give it as `after` to go on; nothing is lost in between.
    #[oai(path = "/sessions/:sessionId/events", method = "get", operation_id = "listEvents", tag = "Tag::Events")]
    async fn list(
        &self,
        caller: Caller<Viewer, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// Only events with a higher number; 0 when absent.
        #[oai(validator(minimum(value = "0")))]
        after: Query<Option<i64>>,
        /// How many at most; 100 when absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "1000")))]
        limit: Query<Option<u32>>,
        /// Only events of these types, separated by commas.
        #[oai(validator(max_length = 1024))]
        types: Query<Option<String>>,
    ) -> Answer<Long<EventPage>> {
        let session = session.0.id()?;
        let after = Seq(after.0.unwrap_or_default());
        let limit = limit.0.unwrap_or(100);
        let kinds = permitted(kinds_of(types.0.as_deref())?, caller.key.role);
        // Asked first, so that what this page leaves out need not be looked at again.
        let end = self.gateway.last_seq(session).await?;
        let filter = EventFilter { sessions: None, kinds };
        let found = self.gateway.events_after(session, after, &filter, limit).await?;
        let last = found.last().map(|it| it.seq);
        let next = if found.len() >= limit as usize { last } else { last.max(Some(end)) };
        let next = next.unwrap_or(after).max(after).0;
        let fence = caller.fence(&self.gateway, session).await?;
        let events = found.into_iter().filter(|it| is_seen(&fence, it)).map(Into::into).collect();
        Ok(Long(EventPage { events, next }))
    }

    /// Follow events as they come
    ///
    /// Server-sent events of all sessions the key may see. To go on after a lost connection, send the last `id` as
    /// `Last-Event-ID` (browsers do) or as `after`; without either it begins with what comes next.
    #[oai(path = "/events/stream", method = "get", operation_id = "streamEvents", tag = "Tag::Events")]
    async fn stream(
        &self,
        caller: Caller<Viewer, OneChat>,
        request: &Request,
        /// Only events after this `id`.
        #[oai(validator(minimum(value = "0")))]
        after: Query<Option<i64>>,
        /// Only events of this session.
        #[oai(name = "sessionId")]
        session: Query<Option<Uuid>>,
        /// Only events of these types, separated by commas.
        #[oai(validator(max_length = 1024))]
        types: Query<Option<String>>,
    ) -> Answer<Feed> {
        let sessions = match (session.0.map(SessionId), caller.sessions()) {
            (Some(one), Some(allowed)) if !allowed.contains(&one) => {
                return Err(ApiError::forbidden("SESSION_NOT_ALLOWED", "API key not authorized for this session"));
            }
            (Some(one), _) => {
                self.gateway.session(one).await?;
                Some(vec![one])
            }
            (None, allowed) => allowed.map(<[_]>::to_vec),
        };
        let kinds = permitted(kinds_of(types.0.as_deref())?, caller.key.role);
        let place = self.followers.clone().try_acquire_owned();
        let place = place.map_err(|_| ApiError::busy("Too many readers follow the events; try again"))?;
        // Listening begins before the first look, so that no ring falls in between.
        let listener = self.gateway.bell().listen();
        let cursor = match resume_at(request, after.0)? {
            Some(position) => position,
            None => self.gateway.last_position().await?,
        };
        Ok(Feed(Follower {
            gateway: self.gateway.clone(),
            stopping: self.stopping.clone(),
            listener,
            filter: EventFilter { sessions, kinds },
            cursor,
            waiting: VecDeque::new(),
            key: caller.key,
            presented: caller.presented,
            check_key_at: Instant::now() + KEY_CHECK,
            _place: place,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_and_unknown_ones_refused() {
        assert_eq!(kinds_of(None).unwrap(), None);
        assert_eq!(kinds_of(Some("")).unwrap(), None);
        let both = Some(vec![EventKind::MessageAck, EventKind::SessionQr]);
        assert_eq!(kinds_of(Some("message.ack, session.qr")).unwrap(), both);
        assert!(kinds_of(Some("message.ack,nonsense")).is_err());
    }

    #[test]
    fn readers_do_not_get_the_linking_code() {
        assert_eq!(permitted(None, Role::Operator), None);
        assert!(!permitted(None, Role::Viewer).unwrap().contains(&EventKind::SessionQr));
        assert_eq!(permitted(Some(vec![EventKind::SessionQr]), Role::Viewer), Some(vec![]));
        assert_eq!(permitted(Some(vec![EventKind::SessionQr]), Role::Admin), Some(vec![EventKind::SessionQr]));
    }
}
