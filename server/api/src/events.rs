//! The log: read by number, and followed as it grows.
//!
//! A reader keeps a number and asks for what came after it, so nothing is lost between two
//! connections and nothing is kept for readers that are away.

use std::{borrow::Cow, time::Duration};

use futures_util::{Stream, StreamExt, stream};
use openwa_core::Gateway;
use openwa_model::{
    event::{Event, EventKind},
    id::{Position, Seq},
    key::Role,
    store::EventFilter,
};
use poem::{
    IntoResponse, Request, Response,
    http::HeaderValue,
    web::sse::{Event as SseEvent, SSE},
};
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::{Path, Query},
    registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    answer::{Answer, Shown},
    app::Tag,
    auth::{Caller, ChatFence, OneChat, Viewer},
    error::ApiError,
    follower::{Follower, Following, Wanted},
    wire::{Moment, SessionPath},
    words::Word,
};

/// A comment or a ping this often keeps proxies from hanging up.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(15);

pub(crate) struct Events {
    pub(crate) gateway: Gateway,
    pub(crate) following: Following,
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

/// How many events a page has at most where nothing is said.
fn usual_page() -> u32 {
    100
}

/// Names of events, separated by commas.
pub(crate) fn kinds_of(text: Option<&str>) -> Answer<Option<Vec<EventKind>>> {
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
pub(crate) fn permitted(kinds: Option<Vec<EventKind>>, role: Role) -> Option<Vec<EventKind>> {
    if role >= Role::Operator {
        return kinds;
    }
    let wanted = kinds.unwrap_or_else(|| EventKind::ALL.to_vec());
    Some(wanted.into_iter().filter(|it| *it != EventKind::SessionQr).collect())
}

/// What concerns no chat is for every key.
pub(crate) fn is_seen(fence: &ChatFence, event: &Event) -> bool {
    event.event.chat.as_ref().is_none_or(|it| fence.sees(it))
}

fn sse_of(event: Event) -> SseEvent {
    let (id, kind) = (event.position.unwrap_or_default().0, event.event.kind);
    let data = serde_json::to_string(&EventRecord::from(event)).unwrap_or_default();
    SseEvent::message(data).event_type(kind.name()).id(id.to_string())
}

/// Events as they come.
pub(crate) struct Feed(Follower);

impl Feed {
    /// First an id without data: who loses the connection before the first event knows where to go on from.
    fn events(self) -> impl Stream<Item = SseEvent> + Send + 'static {
        let place = SseEvent::message("").id(self.0.place().0.to_string());
        stream::once(async { place }).chain(self.0.events().map(sse_of))
    }
}

impl IntoResponse for Feed {
    fn into_response(self) -> Response {
        let place = HeaderValue::from(self.0.place().0);
        let mut response = SSE::new(self.events()).keep_alive(HEARTBEAT).into_response();
        response.headers_mut().insert(LAST_EVENT_ID, place);
        response
    }
}

impl ApiResponse for Feed {
    fn meta() -> MetaResponses {
        let place = MetaHeader {
            name: LAST_EVENT_ID.to_owned(),
            description: Some("The place that the stream begins after.".to_owned()),
            required: true,
            deprecated: false,
            schema: i64::schema_ref(),
        };
        let response = MetaResponse {
            description: "Server-sent events: `event` is the type, `id` the place to go on from, `data` one event in JSON. \
                          The first block is the `id` alone that the stream begins after.",
            status: Some(200),
            status_range: None,
            content: vec![MetaMediaType { content_type: "text/event-stream", schema: EventRecord::schema_ref() }],
            headers: vec![place],
        };
        MetaResponses { responses: vec![response] }
    }

    fn register(registry: &mut Registry) {
        EventRecord::register(registry);
    }
}

const LAST_EVENT_ID: &str = "Last-Event-ID";

/// Where a follower wants to go on: `Last-Event-ID` wins, for it is what a browser sends by itself.
pub(crate) fn resume_at(request: &Request, after: Option<i64>) -> Answer<Option<Position>> {
    let Some(header) = request.headers().get(LAST_EVENT_ID) else { return Ok(after.map(Position)) };
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
        /// Only events with a higher number.
        #[oai(default, validator(minimum(value = "0")))]
        after: Query<i64>,
        /// How many at most.
        #[oai(default = "usual_page", validator(minimum(value = "1"), maximum(value = "1000")))]
        limit: Query<u32>,
        /// Only events of these types, separated by commas.
        #[oai(validator(max_length = 1024))]
        types: Query<Option<String>>,
    ) -> Answer<Shown<EventPage>> {
        let session = session.0.id()?;
        let after = Seq(after.0);
        let limit = limit.0;
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
        Ok(Shown(EventPage { events, next }))
    }

    /// Follow events as they come
    ///
    /// Server-sent events of all sessions the key may see. To go on after a lost connection, send the last `id` as
    /// `Last-Event-ID` (browsers do) or as `after`; without either it begins with what comes next. Without `types`, all
    /// comes but what is about webhooks themselves (`webhook.failing`, `webhook.recovered`).
    ///
    /// The same as a WebSocket: `GET /api/events/ws`, with the same query. Each event is one text frame: the event's
    /// JSON with its place in the stream as the further field `id`, which is what `after` takes; the first frame is
    /// `{"id": ...}` alone, the place that it begins after. The key goes into the
    /// header, or, for browsers, into the first frame: `{"apiKey": "..."}` within ten seconds; never into the query.
    /// The server pings. A socket that is refused after it was opened is closed with 4000 + the HTTP status.
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
        let wanted = Wanted { after: resume_at(request, after.0)?, session: session.0, types: types.0 };
        Ok(Feed(self.following.begin(caller.key, caller.presented, wanted).await?))
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
