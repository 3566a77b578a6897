//! Asking the phone for what was said before this gateway was linked, or while it did not hear: wanted here, looked at
//! here. What asks is `history_syncer`.

use openwa_model::{
    Timestamp,
    id::SessionId,
    jid::{ChatKind, Jid},
    message::Message,
    ops::Op,
    session::Status,
    store::{MessageFilter, Page, Unit, View},
    sync::{HistorySync, SyncChat, SyncCursor, SyncProgress, SyncState},
};

use super::{Gateway, Result, messages::canonical};
use crate::error::GatewayError;

/// How many chats are asked about in one run, those with the newest messages.
const MOST_CHATS: Page = Page { limit: 200, offset: 0 };
const ONE: Page = Page { limit: 1, offset: 0 };

/// What of the past is wanted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SyncWanted {
    /// Of these chats, people and groups; of those with the newest messages where none are named.
    pub chats: Option<Vec<Jid>>,
    /// How many of the newest messages of each chat, those that are here already counted as well.
    pub count: Option<u32>,
}

/// How far asking the phone about the past is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyncView {
    /// Whether anything is being asked.
    pub state: SyncState,
    /// How it stands about the session.
    pub sync: HistorySync,
    /// The chats of the run, counted.
    pub progress: SyncProgress,
}

impl Gateway {
    /// Wants the phone to be asked. Once this returns it will be, also if the process dies; chats that are being asked
    /// about already are asked about from their newest message on again.
    pub async fn sync_history(&self, session: SessionId, wanted: SyncWanted) -> Result<SyncView> {
        self.check_may_ask_phone(session).await?;
        let mut view = self.view_of(session).await?;
        let chats = match wanted.chats {
            Some(named) => {
                let mut chats = Vec::new();
                for chat in named.iter().take(MOST_CHATS.limit as usize) {
                    if !can_be_asked_about(chat) {
                        let sentence = "chatId must be a person or a group; the phone tells nothing of other chats";
                        return Err(GatewayError::InvalidInput(sentence.to_owned()));
                    }
                    chats.push(canonical(&mut *view, session, chat).await?);
                }
                chats
            }
            None => newest_chats(&mut *view, session).await?,
        };
        drop(view);
        let now = self.now();
        let count = wanted.count.unwrap_or(self.settings().history_messages_per_chat);
        let asked =
            |chat| SyncChat { session, chat, wanted: count, until: None, before: None, attempts: 0, due_at: Some(now) };
        let chats: Vec<SyncChat> = chats.into_iter().map(asked).collect();
        let mut unit = self.store().begin().await?;
        unit.session(session).await?.ok_or(GatewayError::SessionNotFound(session))?;
        let known = unit.history_sync(session).await?;
        let mut sync = known.unwrap_or_else(|| HistorySync::of(session));
        add_to_run(&mut *unit, &mut sync, &chats, self.settings().history_messages, now).await?;
        let progress = unit.sync_progress(session).await?;
        unit.commit().await?;
        self.0.context.syncs.ring();
        Ok(self.sync_view(sync, progress))
    }

    /// How far it is.
    pub async fn history_sync(&self, session: SessionId) -> Result<SyncView> {
        let mut view = self.view_of(session).await?;
        // In this order: who is told that nothing is left is told all that was stored.
        let progress = view.sync_progress(session).await?;
        let sync = view.history_sync(session).await?.unwrap_or_else(|| HistorySync::of(session));
        Ok(self.sync_view(sync, progress))
    }

    fn sync_view(&self, sync: HistorySync, progress: SyncProgress) -> SyncView {
        let running = self.0.supervisor.running(sync.session);
        let is_ready = running.is_some_and(|it| it.status() == Status::Ready);
        SyncView { state: SyncState::of(&progress, is_ready, self.now()), sync, progress }
    }

    /// Whether the phone may be asked: now, or once the link is up again.
    async fn check_may_ask_phone(&self, session: SessionId) -> Result<()> {
        match self.running(session).await {
            Ok(running) if !running.capabilities.ops.has(Op::FetchHistory) => {
                Err(GatewayError::EngineCannot { op: Op::FetchHistory, engine: running.engine })
            }
            Ok(_) | Err(GatewayError::SessionNotReady(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// The phone tells of people and groups.
fn can_be_asked_about(chat: &Jid) -> bool {
    matches!(chat.kind(), ChatKind::Individual | ChatKind::Group)
}

/// The chats that are asked about where none is named.
pub(crate) async fn newest_chats(view: &mut dyn View, session: SessionId) -> Result<Vec<Jid>> {
    let chats = view.chats(session, MOST_CHATS).await?;
    Ok(chats.into_iter().map(|it| it.id).filter(can_be_asked_about).collect())
}

/// The newest stored message of a chat, or the newest that was sent before a moment.
pub(crate) async fn newest_message(
    view: &mut dyn View,
    session: SessionId,
    chat: &Jid,
    until: Option<Timestamp>,
) -> Result<Option<Message>> {
    let filter = MessageFilter { chat: Some(chat.clone()), until, by_timestamp: true, ..MessageFilter::default() };
    Ok(view.messages(session, &filter, ONE).await?.pop())
}

/// Where the phone goes on from.
pub(crate) fn cursor(message: Message) -> SyncCursor {
    SyncCursor { id: message.id, sender: message.sender, from_me: message.from_me, sent_at: message.timestamp }
}

/// Adds chats to the run, and begins one where none goes on.
pub(crate) async fn add_to_run(
    unit: &mut dyn Unit,
    sync: &mut HistorySync,
    chats: &[SyncChat],
    room: u32,
    now: Timestamp,
) -> Result<()> {
    if !chats.is_empty() && unit.sync_progress(sync.session).await?.left == 0 {
        unit.forget_done_sync_chats(sync.session).await?;
        let (session, seen_at, gap_since) = (sync.session, sync.seen_at, sync.gap_since);
        let run = sync.run.saturating_add(1);
        *sync = HistorySync { seen_at, gap_since, run, started_at: Some(now), room, ..HistorySync::of(session) };
    }
    for chat in chats {
        unit.save_sync_chat(chat).await?;
    }
    Ok(unit.save_history_sync(sync).await?)
}
