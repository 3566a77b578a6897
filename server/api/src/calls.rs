//! Calls: rejected, and invited to by a link.

use openwa_core::Gateway;
use openwa_model::{Timestamp, call::CallMedia, ops};
use poem_openapi::{Enum, Object, OpenApi, param::Path};
use serde::Serialize;

use crate::{
    answer::{Answer, Shown},
    app::Tag,
    auth::{AllChats, Caller, Operator},
    error::ApiError,
    input::Body,
    wire::{SessionPath, Success},
};

pub(crate) struct Calls(pub(crate) Gateway);

/// What a call link is for.
#[derive(Enum, Clone, Copy)]
#[oai(rename = "CallType", rename_all = "lowercase")]
pub(crate) enum CallType {
    /// Sound.
    Audio,
    /// Sound and picture.
    Video,
}

/// A call link to make.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct CreateCallLink {
    /// What it is for.
    #[oai(rename = "type")]
    kind: CallType,
    /// When the call is to begin, in milliseconds. WhatsApp's links hold no time: tell it where you send the link.
    start_time: i64,
}

/// A link by which others can call.
#[derive(Object, Serialize)]
pub(crate) struct CallLink {
    /// The link.
    link: String,
}

#[OpenApi]
impl Calls {
    /// Reject a call
    ///
    /// One that rings now, by the `callId` of its event `call.received`. To reject all calls, set `autoRejectCalls` in
    /// the session's configuration.
    #[oai(
        path = "/sessions/:sessionId/calls/:callId/reject",
        method = "post",
        operation_id = "rejectCall",
        tag = "Tag::Calls"
    )]
    async fn reject(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        #[oai(name = "callId")] id: Path<String>,
    ) -> Answer<Shown<Success>> {
        self.0.reject_call(session.0.id()?, &id.0).await?;
        Ok(Shown(Success::DONE))
    }

    /// Make a call link
    ///
    /// Whoever has it can join the call; it is good from now on.
    #[oai(
        path = "/sessions/:sessionId/calls/link",
        method = "post",
        operation_id = "createCallLink",
        tag = "Tag::Calls"
    )]
    async fn link(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<CreateCallLink>,
    ) -> Answer<Shown<CallLink>> {
        let CreateCallLink { kind, start_time } = body.value;
        Timestamp::from_millisecond(start_time).map_err(|_| ApiError::invalid("startTime is out of range"))?;
        let media = match kind {
            CallType::Audio => CallMedia::Audio,
            CallType::Video => CallMedia::Video,
        };
        let link = self.0.create_call_link(session.0.id()?, ops::CreateCallLink { media }).await?;
        Ok(Shown(CallLink { link }))
    }
}
