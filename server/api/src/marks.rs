//! Messages with a star, and messages kept on top of their chat.

use openwa_core::Gateway;
use poem_openapi::{Object, OpenApi, param::Path};

use crate::{
    answer::{Answer, Shown},
    app::Tag,
    auth::{Caller, OneChat, Operator},
    error::ApiError,
    input::Body,
    wire::{SessionPath, Success, chat_of, message_id},
};

/// For how many seconds WhatsApp keeps a message on top.
const DURATIONS: [u32; 3] = [86_400, 604_800, 2_592_000];

pub(crate) struct Marks(pub(crate) Gateway);

/// A message to mark with a star, or no longer.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct StarMessage {
    /// The chat.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    chat_id: String,
    /// The message.
    #[oai(validator(min_length = 1))]
    message_id: String,
    /// Whether it has a star.
    star: bool,
}

/// A message to keep on top of its chat.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct PinMessage {
    /// The chat.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    chat_id: String,
    /// The message.
    #[oai(validator(min_length = 1))]
    message_id: String,
    /// For how many seconds: 86400 (a day), 604800 (a week) or 2592000 (30 days).
    #[oai(default = "a_week")]
    duration_seconds: u32,
}

fn a_week() -> u32 {
    604_800
}

/// A message to keep on top no longer.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct UnpinMessage {
    /// The chat.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    chat_id: String,
    /// The message.
    #[oai(validator(min_length = 1))]
    message_id: String,
}

#[OpenApi]
impl Marks {
    /// Star a message
    ///
    /// Marks it on all devices of this account, or takes the mark away; nobody else sees it.
    #[oai(
        path = "/sessions/:sessionId/messages/star",
        method = "post",
        operation_id = "starMessage",
        tag = "Tag::Messages"
    )]
    async fn star(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<StarMessage>,
    ) -> Answer<Shown<Success>> {
        let (session, chat) = (session.0.id()?, chat_of(&body.value.chat_id)?);
        caller.may_use(&self.0, session, &chat).await?;
        let id = message_id("messageId", &body.value.message_id)?;
        self.0.star_message(session, &chat, &id, body.value.star).await?;
        Ok(Shown(Success::DONE))
    }

    /// Pin a message
    ///
    /// Keeps it on top of its chat for everyone, for a day, a week or 30 days.
    #[oai(
        path = "/sessions/:sessionId/messages/pin",
        method = "post",
        operation_id = "pinMessage",
        tag = "Tag::Messages"
    )]
    async fn pin(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<PinMessage>,
    ) -> Answer<Shown<Success>> {
        let (session, chat) = (session.0.id()?, chat_of(&body.value.chat_id)?);
        caller.may_use(&self.0, session, &chat).await?;
        let id = message_id("messageId", &body.value.message_id)?;
        let seconds = body.value.duration_seconds;
        if !DURATIONS.contains(&seconds) {
            let sentence = "durationSeconds must be one of the following values: 86400, 604800, 2592000";
            return Err(ApiError::invalid(sentence));
        }
        self.0.pin_message(session, &chat, &id, seconds).await?;
        Ok(Shown(Success::DONE))
    }

    /// Unpin a message
    #[oai(
        path = "/sessions/:sessionId/messages/unpin",
        method = "post",
        operation_id = "unpinMessage",
        tag = "Tag::Messages"
    )]
    async fn unpin(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<UnpinMessage>,
    ) -> Answer<Shown<Success>> {
        let (session, chat) = (session.0.id()?, chat_of(&body.value.chat_id)?);
        caller.may_use(&self.0, session, &chat).await?;
        let id = message_id("messageId", &body.value.message_id)?;
        self.0.unpin_message(session, &chat, &id).await?;
        Ok(Shown(Success::DONE))
    }
}
