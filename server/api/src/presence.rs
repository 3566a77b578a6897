//! Who is there and who types.

use openwa_core::Gateway;
use openwa_model::{
    Timestamp,
    ops::SetPresence,
    presence::{ChatPresence, ParticipantPresence, PresenceState},
};
use poem_openapi::{Object, OpenApi, param::Path};
use serde::Serialize;

use crate::{
    answer::{Answer, Shown},
    app::Tag,
    auth::{AllChats, Caller, OneChat, Operator, Viewer},
    input::Body,
    wire::{Moment, OrNull, SessionPath, Success, chat_of},
    words::Word,
};

pub(crate) struct Presence(pub(crate) Gateway);

/// Whether the account is shown as on line.
#[derive(Object)]
pub(crate) struct PresenceChange {
    /// Whether it is shown as on line.
    available: bool,
}

/// Who to be told about.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct SubscribePresence {
    /// The chat with the person.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    chat_id: String,
}

/// What one person was last seen to be doing.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PresenceParticipant {
    /// Who.
    id: String,
    /// What.
    state: Word<PresenceState>,
    /// When last seen, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen: Option<i64>,
}

impl From<ParticipantPresence> for PresenceParticipant {
    fn from(it: ParticipantPresence) -> Self {
        Self { id: it.id.to_string(), state: Word(it.state), last_seen: it.last_seen.map(Timestamp::as_second) }
    }
}

/// What was last heard of the people of a chat. The document has it as the data of `presence.update`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PresenceRecord {
    chat_id: String,
    participants: Vec<PresenceParticipant>,
    observed_at: Moment,
}

impl From<ChatPresence> for PresenceRecord {
    fn from(it: ChatPresence) -> Self {
        Self {
            chat_id: it.chat.to_string(),
            participants: it.participants.into_iter().map(Into::into).collect(),
            observed_at: Moment(it.observed_at),
        }
    }
}

#[OpenApi]
impl Presence {
    /// Show this account as on line, or not
    ///
    /// It holds until the link ends; a new link shows it as on line. While it is not, the phone notifies its owner, and
    /// nobody is heard typing.
    #[oai(path = "/sessions/:sessionId/presence", method = "put", operation_id = "setPresence", tag = "Tag::Profile")]
    async fn set(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<PresenceChange>,
    ) -> Answer<Shown<Success>> {
        self.0.set_presence(session.0.id()?, SetPresence { available: body.value.available }).await?;
        Ok(Shown(Success::DONE))
    }

    /// Ask to be told when somebody comes on line or goes away
    ///
    /// Told as `presence.update`, where the person lets it be seen. It holds until the link ends.
    #[oai(
        path = "/sessions/:sessionId/presence/subscribe",
        method = "post",
        operation_id = "subscribePresence",
        tag = "Tag::Chats"
    )]
    async fn subscribe(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<SubscribePresence>,
    ) -> Answer<Shown<Success>> {
        let (session, chat) = (session.0.id()?, chat_of(&body.value.chat_id)?);
        caller.may_use(&self.0, session, &chat).await?;
        self.0.subscribe_presence(session, &chat).await?;
        Ok(Shown(Success::DONE))
    }

    /// Get what was last heard of the people of a chat
    ///
    /// The same as the data of the event `presence.update`, with everybody of the chat who was heard of since the session
    /// runs; null when nothing was heard.
    #[oai(
        path = "/sessions/:sessionId/presence/:chatId",
        method = "get",
        operation_id = "getPresence",
        tag = "Tag::Chats"
    )]
    async fn get(
        &self,
        caller: Caller<Viewer, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The chat.
        #[oai(name = "chatId")]
        chat_id: Path<String>,
    ) -> Answer<Shown<OrNull<PresenceRecord>>> {
        let (session, chat) = (session.0.id()?, chat_of(&chat_id.0)?);
        caller.may_use(&self.0, session, &chat).await?;
        Ok(Shown(OrNull(self.0.presence(session, &chat).await?.map(Into::into))))
    }
}
