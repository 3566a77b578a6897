//! Messages, found by their words.

use std::time::Instant;

use openwa_core::Gateway;
use openwa_model::{
    Timestamp,
    content::MessageKind,
    id::SessionId,
    search::{Hit, SearchFilter},
    store::{Page, SessionFilter},
};
use poem_openapi::{Object, OpenApi, param::Query};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    answer::{Answer, Shown},
    app::Tag,
    auth::{Caller, ChatFence, OneChat, Operator},
    error::ApiError,
    message_records::Direction,
    wire::{chat_of, longest_page},
    words::Word,
};

pub(crate) struct Search(pub(crate) Gateway);

/// What was found.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct SearchResults {
    /// One page of it, newest first.
    hits: Vec<SearchHit>,
    /// How many there are.
    total: u64,
    /// How long it took, in milliseconds.
    took_ms: u64,
    /// What looked for it.
    provider: String,
}

/// One message that was found.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct SearchHit {
    /// Our id of the message.
    message_id: Uuid,
    /// WhatsApp's id of it.
    wa_message_id: String,
    /// Its session.
    session_id: Uuid,
    /// Its chat.
    chat_id: String,
    /// Its text.
    body: String,
    /// A piece of the text with the words between `<mark>` and `</mark>`. The rest of it is text, not HTML.
    snippet: String,
    /// When it was sent, in seconds.
    timestamp: i64,
    /// What it is.
    #[oai(rename = "type")]
    #[serde(rename = "type")]
    kind: Word<MessageKind>,
    /// Which way it went.
    direction: Direction,
    /// Who sent it; in a group the group.
    from: String,
    /// How well it fits; more is better.
    score: f64,
}

impl From<Hit> for SearchHit {
    fn from(Hit { message, snippet, score }: Hit) -> Self {
        let from = if message.from_me { &message.sender } else { &message.chat };
        Self {
            message_id: message.row.0,
            wa_message_id: message.id.to_string(),
            session_id: message.session.0,
            from: from.to_string(),
            chat_id: message.chat.to_string(),
            snippet,
            timestamp: message.timestamp.as_second(),
            kind: Word(message.kind),
            direction: if message.from_me { Direction::Outgoing } else { Direction::Incoming },
            body: message.body,
            score,
        }
    }
}

fn usual_page() -> u32 {
    20
}

fn moment(field: &str, milliseconds: Option<i64>) -> Result<Option<Timestamp>, ApiError> {
    let read = |it| Timestamp::from_millisecond(it).map_err(|_| ApiError::invalid(format!("{field} is out of range")));
    milliseconds.map(read).transpose()
}

#[OpenApi]
impl Search {
    /// Find messages by their words
    ///
    /// All words have to be there, the last one may be the beginning of a word. Accents and capitals are no matter.
    /// A key that is limited to some sessions or chats finds what is in those.
    #[oai(path = "/search", method = "get", operation_id = "search", tag = "Tag::Search")]
    #[expect(clippy::too_many_arguments, reason = "each is one field of the query")]
    async fn search(
        &self,
        caller: Caller<Operator, OneChat>,
        /// The words.
        #[oai(validator(min_length = 1, max_length = 256))]
        q: Query<String>,
        /// In this session.
        #[oai(name = "sessionId")]
        session: Query<Option<Uuid>>,
        /// In this chat.
        #[oai(name = "chatId", validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
        chat: Query<Option<String>>,
        /// Which way they went.
        direction: Query<Option<Direction>>,
        /// Of this type.
        #[oai(name = "type")]
        kind: Query<Option<Word<MessageKind>>>,
        /// From this sender.
        #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
        from: Query<Option<String>>,
        /// Sent at or after, in milliseconds.
        #[oai(name = "dateFrom")]
        date_from: Query<Option<i64>>,
        /// Sent at or before, in milliseconds.
        #[oai(name = "dateTo")]
        date_to: Query<Option<i64>>,
        /// How many at most.
        #[oai(default = "usual_page", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u32>,
        /// How many to skip.
        #[oai(default)]
        offset: Query<u32>,
    ) -> Answer<Shown<SearchResults>> {
        let began = Instant::now();
        let session = session.0.map(SessionId);
        if let (Some(session), Some(allowed)) = (session, caller.sessions())
            && !allowed.contains(&session)
        {
            return Err(ApiError::forbidden("SESSION_NOT_ALLOWED", "API key not authorized for this session"));
        }
        let sessions = session.map(|it| vec![it]).or_else(|| caller.sessions().map(<[_]>::to_vec));
        let mut chats = self.chats_of(&caller, sessions.clone()).await?;
        if let Some(chat) = &chat.0 {
            let mut asked = vec![chat_of(chat)?];
            if let Some(session) = session {
                asked.push(self.0.canonical_chat(session, &asked[0]).await?);
            }
            if chats.as_ref().is_some_and(|allowed| !asked.iter().any(|it| allowed.contains(it))) {
                return Err(ApiError::forbidden("CHAT_NOT_ALLOWED", "API key not authorized for this chat"));
            }
            chats = Some(asked);
        }
        let filter = SearchFilter {
            text: q.0,
            sessions,
            chats,
            sender: from.0.as_deref().map(chat_of).transpose()?,
            from_me: direction.0.map(|it| it == Direction::Outgoing),
            kind: kind.0.map(|it| it.0),
            since: moment("dateFrom", date_from.0)?,
            until: moment("dateTo", date_to.0)?,
        };
        let (hits, total) = self.0.search(session, &filter, Page { limit: limit.0, offset: offset.0 }).await?;
        Ok(Shown(SearchResults {
            hits: hits.into_iter().map(Into::into).collect(),
            total,
            took_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            provider: "builtin-fts".to_owned(),
        }))
    }
}

impl Search {
    /// The chats that a key is limited to, under every id they are kept under in these sessions.
    async fn chats_of(
        &self,
        caller: &Caller<Operator, OneChat>,
        sessions: Option<Vec<SessionId>>,
    ) -> Answer<Option<Vec<openwa_model::jid::Jid>>> {
        if caller.key.allowed_chats.is_none() {
            return Ok(None);
        }
        let filter = SessionFilter { name: None, among: sessions };
        let mut chats = Vec::new();
        for it in self.0.sessions(&filter, Page { limit: longest_page(), offset: 0 }).await? {
            chats.extend(ChatFence::of(&caller.key, &self.0, it.session.id).await?.chats());
        }
        Ok(Some(chats))
    }
}
