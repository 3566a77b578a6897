//! What was said in a chat.

use std::borrow::Cow;

use openwa_core::{Gateway, gateway::HistoryWanted};
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
    registry::{MetaSchemaRef, Registry},
    types::{ToJSON, Type},
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    answer::{Answer, Shown},
    app::Tag,
    auth::{Caller, OneChat, Viewer},
    error::ApiError,
    event_shapes::MessageEvent,
    wire::{SessionPath, chat_of},
};

/// How many messages a history has at most that is not deep.
const USUAL_LIMIT: u32 = 100;

pub(crate) struct History(pub(crate) Gateway);

/// A message as its event told it: the data of `message.received` or `message.sent`.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct HistoryMessage(Value);

impl Type for HistoryMessage {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        MessageEvent::name()
    }

    fn schema_ref() -> MetaSchemaRef {
        MessageEvent::schema_ref()
    }

    fn register(registry: &mut Registry) {
        MessageEvent::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ToJSON for HistoryMessage {
    fn to_json(&self) -> Option<Value> {
        Some(self.0.clone())
    }
}

/// How many messages a history has where nothing is said.
fn usual_length() -> u32 {
    50
}

#[OpenApi]
impl History {
    /// Get the history of a chat
    ///
    /// Its newest messages, oldest first, each as its event told it. Where fewer are stored than are asked for, the phone
    /// is asked what was said before the first of them, and has ten seconds to answer; that is told and not stored, and
    /// its files cannot be had; `syncHistory` stores it. Of a chat without a stored message nothing can be asked.
    #[oai(
        path = "/sessions/:sessionId/messages/:chatId/history",
        method = "get",
        operation_id = "getChatHistory",
        tag = "Tag::Messages"
    )]
    async fn history(
        &self,
        caller: Caller<Viewer, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The chat.
        #[oai(name = "chatId")]
        chat_id: Path<String>,
        /// How many at most: up to 100, or 2000 when `deep`.
        #[oai(default = "usual_length", validator(minimum(value = "1"), maximum(value = "2000")))]
        limit: Query<u32>,
        /// Whether files stand in the answer, up to 8 MiB in all.
        #[oai(name = "includeMedia", default)]
        include_media: Query<bool>,
        /// Whether more than 100 messages are wanted; then without files.
        #[oai(default)]
        deep: Query<bool>,
    ) -> Answer<Shown<Vec<HistoryMessage>>> {
        let (session, chat) = (session.0.id()?, chat_of(&chat_id.0)?);
        caller.may_use(&self.0, session, &chat).await?;
        if !deep.0 && limit.0 > USUAL_LIMIT {
            return Err(ApiError::invalid(format!("limit must not be greater than {USUAL_LIMIT} unless deep is true")));
        }
        let wanted = HistoryWanted { limit: limit.0, files: include_media.0 && !deep.0 };
        let told = self.0.history(session, &chat, wanted).await?;
        Ok(Shown(told.into_iter().map(HistoryMessage).collect()))
    }
}
