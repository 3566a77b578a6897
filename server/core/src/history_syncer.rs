//! What asks phones about the past: one worker looks which sessions have something left to ask and lets each ask for one
//! page of one chat at a time.
//!
//! Nothing is remembered but what is under way. A page is stored in the same unit as the message that the next one comes
//! before, so that after a crash the same page is asked for again or the next one is, and a message is stored once either
//! way. A phone that does not answer is asked again after pauses that grow, and then given up for this run.

use std::{collections::HashMap, sync::Arc, time::Duration};

use openwa_model::{
    Timestamp,
    engine::InboundMessage,
    id::{MessageId, SessionId},
    ops::{FetchHistory, MessageRef, Op},
    session::Status,
    store::{StoreError, Unit},
    sync::{HistorySync, SyncChat, SyncCursor},
};
use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    error::GatewayError,
    gateway::{Context, Gateway, Result, add_to_run, cursor, newest_chats, newest_message},
    inbound::store_past,
    payload::Events,
    running::{CallError, Running},
};

/// How many phones are asked at the same moment.
const AT_ONCE: usize = 16;
/// How many messages a phone is asked for at once.
const PAGE: u32 = 50;
/// How long a phone may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// When to look although no bell rang: a session that became ready rings none.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// The wait after the store failed, or where the session is not ready any more.
const AFTER_ERROR: Duration = Duration::from_secs(1);
/// How often it is written that links are up.
const NOTE_EVERY: Duration = Duration::from_secs(60);
/// What is stored so long after a link was last noted to be up came with the next one.
const CERTAINLY_AFTER: Duration = Duration::from_secs(2 * 60);
/// The pauses after a phone did not answer, in seconds. After the last it is given up.
const PAUSES: [u64; 6] = [60, 5 * 60, 30 * 60, 2 * 60 * 60, 6 * 60 * 60, 12 * 60 * 60];
/// After how many of them it is assumed that the phone cannot tell of what follows no message.
const ATTEMPTS_FROM_THE_TOP: u32 = 2;

/// The worker.
pub(crate) struct HistorySyncer {
    gateway: Gateway,
}

impl HistorySyncer {
    /// A worker over the gateway's ports.
    pub(crate) fn new(gateway: Gateway) -> Self {
        Self { gateway }
    }

    /// Works until it is told to stop. What a phone has not answered by then is asked for again at the next start.
    pub(crate) async fn run(self: Arc<Self>, stop: &CancellationToken) {
        let mut bell = self.context().syncs.listen();
        let mut under_way = JoinSet::new();
        let mut busy: HashMap<Id, SessionId> = HashMap::new();
        let mut noted_at = self.context().now();
        while !stop.is_cancelled() {
            while let Some(done) = under_way.try_join_next_with_id() {
                busy.remove(&id_of(done));
            }
            let now = self.context().now();
            let is_time = noted_at.saturating_add(NOTE_EVERY).is_ok_and(|it| it <= now);
            if is_time {
                noted_at = now;
                if let Err(error) = self.note_links_up(now).await {
                    complain(&error, "it could not be written that links are up");
                }
            }
            let due = match self.due(now).await {
                Ok(due) => due,
                Err(error) => {
                    complain(&error, "what is left to ask phones could not be read; trying again");
                    _ = tokio::time::timeout(AFTER_ERROR, stop.cancelled()).await;
                    continue;
                }
            };
            for session in due {
                if under_way.len() == AT_ONCE || busy.values().any(|it| *it == session) {
                    continue;
                }
                let worker = self.clone();
                busy.insert(under_way.spawn(async move { worker.step(session).await }).id(), session);
            }
            tokio::select! {
                Some(done) = under_way.join_next_with_id() => {
                    busy.remove(&id_of(done));
                }
                () = bell.rung() => {}
                () = tokio::time::sleep(LOOK_AGAIN) => {}
                () = stop.cancelled() => {}
            }
        }
        let draining = async { while under_way.join_next().await.is_some() {} };
        _ = tokio::time::timeout(self.context().settings.drain_timeout, draining).await;
    }

    async fn note_links_up(&self, now: Timestamp) -> Result<()> {
        let running = self.gateway.0.supervisor.all_running().into_iter();
        let is_up = |it: &Arc<Running>| it.status() == Status::Ready && it.link().is_some();
        let up: Vec<SessionId> = running.filter(is_up).map(|it| it.id).collect();
        if up.is_empty() {
            return Ok(());
        }
        let mut unit = self.gateway.store().begin().await?;
        unit.note_links_up(&up, now).await?;
        Ok(unit.commit().await?)
    }

    /// The sessions that are ready here and have something to ask by now.
    async fn due(&self, now: Timestamp) -> Result<Vec<SessionId>> {
        let mut view = self.gateway.view().await?;
        let mut among = view.sessions_to_sync().await?;
        among.retain(|it| self.ready(*it).is_some());
        if among.is_empty() { Ok(among) } else { Ok(view.due_syncs(&among, now).await?) }
    }

    /// The session as it runs here, where it is ready.
    fn ready(&self, session: SessionId) -> Option<Arc<Running>> {
        self.gateway.0.supervisor.running(session).filter(|it| it.status() == Status::Ready)
    }

    async fn step(&self, session: SessionId) {
        let Some(running) = self.ready(session) else { return };
        match self.try_step(&running).await {
            Ok(true) => return,
            Ok(false) => {}
            // A session that is being stopped is not ready in a moment.
            Err(GatewayError::Store(StoreError::LeaseLost)) => {}
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(session.id = %session, error, "the past could not be asked for; trying again");
            }
        }
        _ = tokio::time::timeout(AFTER_ERROR, self.context().draining.cancelled()).await;
    }

    /// Does what is due about one session: looks for a gap, or asks for one page. False when that was not the time for it.
    async fn try_step(&self, running: &Running) -> Result<bool> {
        let mut view = self.gateway.view().await?;
        let sync = view.history_sync(running.id).await?;
        if let Some(since) = sync.and_then(|it| it.gap_since) {
            drop(view);
            self.look_for_gap(running, since).await?;
            return Ok(true);
        }
        let Some(chat) = view.next_sync_chat(running.id, self.context().now()).await? else { return Ok(true) };
        drop(view);
        let asking = running.call(self.question(&chat), PATIENCE);
        let answer = tokio::select! {
            answer = asking => answer,
            () = self.context().draining.cancelled() => return Ok(false),
        };
        match answer {
            Ok(told) => self.take(running, chat, told).await?,
            Err(CallError::NotReady(_)) => return Ok(false),
            // The link went, and the phone had no chance.
            Err(_) if running.status() != Status::Ready => return Ok(false),
            Err(error) => self.unanswered(running, chat, GatewayError::from(error).to_string()).await?,
        }
        Ok(true)
    }

    /// A phone is asked for what comes before a message. From the newest on that is one that does not exist, sent now.
    fn question(&self, chat: &SyncChat) -> FetchHistory {
        let top = || SyncCursor {
            id: MessageId(String::new()),
            sender: chat.chat.clone(),
            from_me: false,
            sent_at: self.context().now(),
        };
        let SyncCursor { id, sender, from_me, sent_at } = chat.before.clone().unwrap_or_else(top);
        let before = MessageRef { id, chat: chat.chat.clone(), sender, from_me };
        FetchHistory { chat: chat.chat.clone(), before, sent_at, count: chat.wanted.min(PAGE) }
    }

    /// The link was away for long: each chat is asked back to the last message that was stored before.
    async fn look_for_gap(&self, running: &Running, since: Timestamp) -> Result<()> {
        let (session, now) = (running.id, self.context().now());
        let settings = &self.context().settings;
        let came_after = since.saturating_add(CERTAINLY_AFTER).unwrap_or(Timestamp::MAX);
        let mut chats = Vec::new();
        if running.capabilities.ops.has(Op::FetchHistory) {
            let mut view = self.gateway.view().await?;
            for chat in newest_chats(&mut *view, session).await? {
                let last = newest_message(&mut *view, session, &chat, Some(since)).await?;
                let newest = newest_message(&mut *view, session, &chat, None).await?;
                chats.push(SyncChat {
                    session,
                    wanted: settings.history_messages_per_chat,
                    until: Some(last.map_or(since, |it| it.timestamp)),
                    // What came since is the best place to begin at; nothing may have.
                    before: newest.filter(|it| it.created_at >= came_after).map(cursor),
                    attempts: 0,
                    due_at: Some(now),
                    chat,
                });
            }
        }
        let mut unit = self.gateway.begin_for(running).await?;
        let Some(mut sync) = unit.history_sync(session).await? else { return Ok(()) };
        sync.gap_since = None;
        // Who asked for a chat meanwhile wants more of it than this.
        let mut new = Vec::new();
        for chat in chats {
            let asked = unit.sync_chat(session, &chat.chat).await?;
            if asked.is_none_or(|it| it.due_at.is_none()) {
                new.push(chat);
            }
        }
        add_to_run(&mut *unit, &mut sync, &new, settings.history_messages, now).await?;
        if !new.is_empty() {
            self.tell(&mut *unit, &sync).await?;
        }
        tracing::info!(session.id = %session, sync.chats = new.len(), %since, "the link was away for long; the phone is asked what passed");
        self.gateway.commit(unit).await
    }

    /// Stores a page, and where the next one begins.
    async fn take(&self, running: &Running, asked: SyncChat, mut told: Vec<InboundMessage>) -> Result<()> {
        // Oldest first already, but for what a phone made of its own clock.
        told.sort_by_key(|it| it.timestamp);
        let now = self.context().now();
        let mut unit = self.gateway.begin_for(running).await?;
        let stored = store_past(&mut *unit, self.context(), running, &told).await?;
        let Some(mut sync) = unit.history_sync(running.id).await? else { return self.gateway.commit(unit).await };
        let many = u32::try_from(told.len()).unwrap_or(u32::MAX);
        sync.stored = sync.stored.saturating_add(stored);
        sync.room = sync.room.saturating_sub(many);
        // Who asked for the chat anew meanwhile wants it from its newest message on.
        if unit.sync_chat(running.id, &asked.chat).await?.as_ref() == Some(&asked) {
            let next = match told.first() {
                Some(oldest) => next_page(&asked, oldest, many),
                // The phone has no more, or cannot tell of what follows no message.
                None => stored_place(&mut *unit, &asked).await?,
            };
            let wanted = asked.wanted.saturating_sub(many);
            let due_at = next.as_ref().map(|_| now);
            unit.save_sync_chat(&SyncChat { wanted, before: next, attempts: 0, due_at, ..asked.clone() }).await?;
            if due_at.is_none() {
                self.close_chat(&mut *unit, &mut sync).await?;
            } else if sync.room == 0 {
                self.close_run(&mut *unit, &mut sync).await?;
            }
        }
        unit.save_history_sync(&sync).await?;
        self.gateway.commit(unit).await
    }

    /// The phone did not answer: it is off, or does not know what to do with the question.
    async fn unanswered(&self, running: &Running, asked: SyncChat, error: String) -> Result<()> {
        let mut unit = self.gateway.begin_for(running).await?;
        let Some(mut sync) = unit.history_sync(running.id).await? else { return Ok(()) };
        if unit.sync_chat(running.id, &asked.chat).await?.as_ref() != Some(&asked) {
            return Ok(());
        }
        sync.last_error = Some(error);
        let attempts = asked.attempts.saturating_add(1);
        let pause = PAUSES.get(asked.attempts as usize).copied().map(Duration::from_secs);
        let due_at = pause.map(|it| self.context().now().saturating_add(it).unwrap_or(Timestamp::MAX));
        let before = match attempts > ATTEMPTS_FROM_THE_TOP && asked.before.is_none() {
            true => stored_place(&mut *unit, &asked).await?,
            false => asked.before.clone(),
        };
        unit.save_sync_chat(&SyncChat { before, attempts, due_at, ..asked.clone() }).await?;
        match due_at {
            // It is the same phone for all chats.
            Some(due_at) => {
                unit.postpone_sync(running.id, due_at).await?;
                self.tell(&mut *unit, &sync).await?;
            }
            None => self.close_chat(&mut *unit, &mut sync).await?,
        }
        unit.save_history_sync(&sync).await?;
        self.gateway.commit(unit).await
    }

    /// Nothing is left to ask about a chat, and maybe about none.
    async fn close_chat(&self, unit: &mut dyn Unit, sync: &mut HistorySync) -> Result<()> {
        if sync.room == 0 {
            return self.close_run(unit, sync).await;
        }
        if unit.sync_progress(sync.session).await?.left == 0 {
            sync.ended_at = Some(self.context().now());
        }
        self.tell(unit, sync).await
    }

    /// The run was told as much as it may be.
    async fn close_run(&self, unit: &mut dyn Unit, sync: &mut HistorySync) -> Result<()> {
        if unit.sync_progress(sync.session).await?.left > 0 {
            let most = self.context().settings.history_messages;
            sync.last_error = Some(format!(
                "the run was told {most} messages, as many as it may (HISTORY_SYNC_MESSAGES); ask for another one to go on"
            ));
        }
        unit.end_sync_chats(sync.session).await?;
        sync.ended_at = Some(self.context().now());
        self.tell(unit, sync).await
    }

    async fn tell(&self, unit: &mut dyn Unit, sync: &HistorySync) -> Result<()> {
        let progress = unit.sync_progress(sync.session).await?;
        let event = Events { session: sync.session, own: None }.sync(sync, &progress, self.context().now());
        unit.append_event(&event).await?;
        Ok(())
    }

    fn context(&self) -> &Context {
        &self.gateway.0.context
    }
}

/// Where the page after this one begins; `None` when it was the last. `oldest` is the oldest message of this one.
fn next_page(asked: &SyncChat, oldest: &InboundMessage, told: u32) -> Option<SyncCursor> {
    let goes_back = asked.before.as_ref().is_none_or(|it| it.id != oldest.id && oldest.timestamp <= it.sent_at);
    // Times are told to the second: what was said in the same one may still be missing.
    let is_there = asked.until.is_some_and(|until| oldest.timestamp < until);
    let goes_on = goes_back && !is_there && told < asked.wanted;
    goes_on.then(|| SyncCursor {
        id: oldest.id.clone(),
        sender: oldest.sender.clone(),
        from_me: oldest.from_me,
        sent_at: oldest.timestamp,
    })
}

fn id_of<T>(done: std::result::Result<(Id, T), tokio::task::JoinError>) -> Id {
    match done {
        Ok((id, _)) => id,
        Err(error) => {
            complain(&error, "asking a phone ended in a way nobody foresaw; trying again");
            error.id()
        }
    }
}

fn complain(error: &(dyn std::error::Error + 'static), what: &str) {
    tracing::error!(error, "{what}");
}

/// The newest stored message of a chat that was asked about from the top in vain, where what is wanted may be before it.
async fn stored_place(unit: &mut dyn Unit, asked: &SyncChat) -> Result<Option<SyncCursor>> {
    if asked.before.is_some() {
        return Ok(None);
    }
    let newest = newest_message(unit, asked.session, &asked.chat, None).await?;
    Ok(newest.filter(|it| asked.until.is_none_or(|until| it.timestamp > until)).map(cursor))
}
