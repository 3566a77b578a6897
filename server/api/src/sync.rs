//! Having the phone asked for what was said before this gateway was linked, or while it did not hear.

use openwa_core::{
    Gateway,
    gateway::{SyncView, SyncWanted},
};
use openwa_model::{
    jid::{ChatKind, Jid},
    sync::SyncState,
};
use poem_openapi::{Object, OpenApi, param::Path};
use serde::Serialize;

use crate::{
    answer::{Answer, Shown, Taken},
    app::Tag,
    auth::{Caller, NoChats, OneChat, Operator, Viewer},
    input::Body,
    wire::{Moment, Nullable, SessionPath, chat_of},
    words::Word,
};

pub(crate) struct Syncs(pub(crate) Gateway);

/// What of the past is wanted.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct SyncHistory {
    /// Of this chat, a person or a group; of the 200 chats with the newest messages when absent.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    chat_id: Option<String>,
    /// How many of the newest messages of each chat, those that are here already counted as well; 200 when absent, unless
    /// the operator set another number (`HISTORY_CHAT_MESSAGES`).
    #[oai(validator(minimum(value = "1"), maximum(value = "2000")))]
    count: Option<u32>,
}

/// How far asking the phone about the past is.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct HistorySync {
    /// Whether anything is being asked.
    state: Word<SyncState>,
    /// Chats of the run of which nothing is left to ask.
    chats_done: u32,
    /// Chats of the run that are still to be asked about.
    chats_left: u32,
    /// How many messages the run stored that were not here.
    messages_stored: u32,
    /// When the last run began.
    last_run_at: Nullable<Moment>,
    /// When it ended.
    last_ended_at: Nullable<Moment>,
    /// When the phone is asked next, while anything is left to ask.
    next_run_at: Nullable<Moment>,
    /// What went wrong last in the run.
    last_error: Nullable<String>,
}

impl From<SyncView> for HistorySync {
    fn from(view: SyncView) -> Self {
        let SyncView { state, sync, progress } = view;
        Self {
            state: Word(state),
            chats_done: progress.done,
            chats_left: progress.left,
            messages_stored: sync.stored,
            last_run_at: Nullable(sync.started_at.map(Moment)),
            last_ended_at: Nullable(sync.ended_at.map(Moment)),
            next_run_at: Nullable(progress.next_at.map(Moment)),
            last_error: Nullable(sync.last_error),
        }
    }
}

#[OpenApi]
impl Syncs {
    /// Ask the phone for older or missed messages
    ///
    /// It is asked page by page, from the newest message of each chat backwards; what was not here is stored. This goes on
    /// after a restart, and when the link or the phone was away. What is stored this way is found where all messages are
    /// (`GET …/messages`, most easily with `orderBy=timestamp`, and the search) and counts as read; it is never told as
    /// `message.received`. How far it is is told as `session.sync`, to those who ask for that event by its name or for `*`.
    /// After a long time without a link (`HISTORY_GAP_SECONDS`) the same happens by itself, back to the last message
    /// that was here. A run is told at most 10,000 messages (`HISTORY_SYNC_MESSAGES`).
    #[oai(path = "/sessions/:sessionId/sync", method = "post", operation_id = "syncHistory", tag = "Tag::Sessions")]
    async fn sync(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<SyncHistory>,
    ) -> Answer<Taken<HistorySync>> {
        let session = session.0.id()?;
        let SyncHistory { chat_id, count } = body.value;
        let chats = match chat_id.as_deref().map(chat_of).transpose()? {
            Some(chat) => {
                caller.may_use(&self.0, session, &chat).await?;
                Some(vec![chat])
            }
            // A key that is limited to some chats means those.
            None if caller.key.allowed_chats.is_some() => {
                let is_said = |it: &Jid| matches!(it.kind(), ChatKind::Individual | ChatKind::Group);
                let chats = caller.fence(&self.0, session).await?.chats();
                Some(chats.into_iter().filter(is_said).collect())
            }
            None => None,
        };
        Ok(Taken(self.0.sync_history(session, SyncWanted { chats, count }).await?.into()))
    }

    /// Get how far asking the phone for older or missed messages is
    #[oai(path = "/sessions/:sessionId/sync", method = "get", operation_id = "getHistorySync", tag = "Tag::Sessions")]
    async fn status(
        &self,
        _caller: Caller<Viewer, NoChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
    ) -> Answer<Shown<HistorySync>> {
        Ok(Shown(self.0.history_sync(session.0.id()?).await?.into()))
    }
}
