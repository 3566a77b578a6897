//! One running session: it holds the link, commits what the engine says, and decides what comes after an ending.
//!
//! It never waits for its engine: calls are made by whoever wants something, beside this task.

use std::{sync::Arc, time::Duration};

use openwa_model::{
    Timestamp,
    engine::{Engine, Exit, Heard, Seed, Signal, Signals},
    session::{Backoff, Effect, Input, Progress, Status, step},
    store::StoreError,
};
use tokio::{
    sync::mpsc,
    task::{JoinError, JoinHandle},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use crate::{
    gateway::Context,
    inbound::{Draft, Prepared, absorb, announce},
    payload::Events,
    reconciler,
    running::{Link, Live, Running},
};

/// How many waiting calls of [`Signals::commit`] go into one unit.
const BATCH: usize = 64;
/// How many bytes of files go into one unit's events, so that a burst of media does not fill memory.
const BATCH_MEDIA_BYTES: u64 = 8 * 1024 * 1024;
/// The pauses between attempts to write.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How often a batch of one is tried when the database answers but refuses it.
const REFUSALS: u32 = 5;
/// How often the last unit of a session that stops is tried.
const LAST_ATTEMPTS: u32 = 5;
/// How long an engine that is stopped by force may take to close its connection.
const GRACE: Duration = Duration::from_secs(1);
/// Every so many attempts in a row to reconnect are an event.
const LOOP_EVERY: u32 = 5;

/// Why the task ends, where the session's row does not decide it.
enum Ending {
    /// Somebody wants it to end.
    Stopped,
    /// What it stands for is over: the row says so already.
    Settled,
    /// Another node has the session; nothing may be written any more.
    LeaseLost,
}

pub(crate) struct SessionTask {
    context: Arc<Context>,
    running: Arc<Running>,
    progress: Progress,
    active_at: Timestamp,
}

impl SessionTask {
    /// For a session whose row says `initializing` already.
    pub(crate) fn new(context: Arc<Context>, running: Arc<Running>, progress: Progress) -> Self {
        let active_at = context.now();
        Self { context, running, progress, active_at }
    }

    /// Runs the session until it is stopped, or should not run any more.
    pub(crate) async fn run(mut self) {
        // Whatever happens here, those who wait for the end are told.
        let _ended = self.running.ended.clone().drop_guard();
        let ending = self.hold().await;
        self.running.set_link(None);
        match ending {
            Ending::Stopped => self.close().await,
            Ending::Settled => {}
            Ending::LeaseLost => {
                tracing::warn!(session.id = %self.running.id, "another node has taken this session over");
            }
        }
        tracing::info!(session.id = %self.running.id, session.status = self.progress.status.name(), "session ended");
    }

    async fn hold(&mut self) -> Ending {
        loop {
            let exit = match self.link().await {
                Ok(exit) => exit,
                Err(ending) => return ending,
            };
            if self.is_stopping() || self.running.is_logging_out() || exit == Exit::Stopped {
                return Ending::Stopped;
            }
            tracing::info!(session.id = %self.running.id, "the link ended: {exit:?}");
            let again_at = match self.leave(exit).await {
                Ok(Some(at)) => at,
                Ok(None) => return Ending::Settled,
                Err(ending) => return ending,
            };
            tokio::select! {
                biased;
                () = self.running.kill.cancelled() => return Ending::Stopped,
                () = self.running.stop.cancelled() => return Ending::Stopped,
                () = self.context.ports.clock.until(again_at) => {}
            }
            if let Err(ending) = self.enter().await {
                return ending;
            }
        }
    }

    fn is_stopping(&self) -> bool {
        self.running.stop.is_cancelled() || self.running.kill.is_cancelled()
    }

    /// Opens an engine and holds its link until it ends.
    async fn link(&mut self) -> Result<Exit, Ending> {
        let (signals, mut heard) = Signals::channel();
        let engine = match self.open(signals).await {
            Ok(engine) => engine,
            Err(why) => return Ok(Exit::Dropped(why)),
        };
        let ended = CancellationToken::new();
        let _link_ended = ended.clone().drop_guard();
        self.running.set_link(Some(Link { engine: engine.clone(), ended }));
        let hang_up = CancellationToken::new();
        let mut run = AbortOnDrop(self.context.tasks.spawn({
            let hang_up = hang_up.clone();
            async move { engine.run(hang_up).await }
        }));
        let ended = self.listen(&mut heard, &mut run, &hang_up).await;
        self.running.set_link(None);
        match ended {
            Ok(Some(exit)) => {
                self.drain(&mut heard).await?;
                Ok(match exit {
                    Ok(exit) => exit,
                    Err(error) if error.is_panic() => Exit::Dropped("the engine failed; see the log".to_owned()),
                    Err(_) => Exit::Stopped,
                })
            }
            given_up => {
                // Nothing it still says is stored, so nothing of it is acknowledged.
                heard.close();
                while heard.try_recv().is_ok() {}
                hang_up.cancel();
                // Two engines for one session must never be: nothing goes on before this one is gone.
                if tokio::time::timeout(GRACE, &mut run.0).await.is_err() {
                    run.0.abort();
                    _ = (&mut run.0).await;
                }
                given_up.map(|_| Exit::Stopped)
            }
        }
    }

    async fn open(&self, signals: Signals) -> Result<Arc<dyn Engine>, String> {
        let view = self.context.ports.store.view().await;
        let row = match view {
            Ok(mut view) => view.session(self.running.id).await,
            Err(error) => Err(error),
        };
        let Some(row) = row.map_err(|error| error.to_string())? else {
            return Err("the session was deleted".to_owned());
        };
        let seed = Seed {
            session: row.id,
            vault: self.context.ports.store.vault(row.id),
            files: self.context.ports.files.clone(),
            proxy: row.proxy,
        };
        let Some(factory) = self.context.factory(self.running.engine) else {
            return Err(format!("this build has no engine '{}'", self.running.engine.name()));
        };
        tokio::select! {
            engine = factory.open(seed, signals) => engine.map_err(|error| error.message),
            () = self.running.kill.cancelled() => Err("stopped".to_owned()),
        }
    }

    /// Commits what is heard until the engine's task ends; `None` when that takes too long.
    async fn listen(
        &mut self,
        heard: &mut mpsc::Receiver<Heard>,
        run: &mut AbortOnDrop,
        hang_up: &CancellationToken,
    ) -> Result<Option<Result<Exit, JoinError>>, Ending> {
        let mut batch = Vec::new();
        let mut give_up_at = None;
        loop {
            let deadline = async {
                match give_up_at {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = self.running.kill.cancelled() => return Ok(None),
                () = self.running.stop.cancelled(), if give_up_at.is_none() => {
                    hang_up.cancel();
                    give_up_at = Some(Instant::now() + self.context.settings.stop_timeout);
                }
                () = deadline => {
                    tracing::warn!(session.id = %self.running.id, "the engine did not stop in time");
                    return Ok(None);
                }
                _ = heard.recv_many(&mut batch, BATCH), if !heard.is_closed() || !heard.is_empty() => {
                    self.commit(std::mem::take(&mut batch)).await?;
                }
                exit = &mut run.0 => return Ok(Some(exit)),
            }
        }
    }

    /// What was said before the end still counts.
    async fn drain(&mut self, heard: &mut mpsc::Receiver<Heard>) -> Result<(), Ending> {
        while let Ok(first) = heard.try_recv() {
            let mut batch = vec![first];
            while batch.len() < BATCH
                && let Ok(next) = heard.try_recv()
            {
                batch.push(next);
            }
            self.commit(batch).await?;
        }
        Ok(())
    }

    /// Returns once all of it is stored and the engine was told so.
    async fn commit(&mut self, heard: Vec<Heard>) -> Result<(), Ending> {
        let mut parts = split_by_media(heard, self.context.settings.media_inline_max_bytes);
        parts.reverse();
        let (mut pause, mut refusals) = (FIRST_PAUSE, 0);
        while let Some(mut part) = parts.pop() {
            let error = match self.write(&part).await {
                Ok(draft) => {
                    (pause, refusals) = (FIRST_PAUSE, 0);
                    self.adopt(draft);
                    for it in part {
                        // Nobody waits any more when the engine gave up on it; stored is stored.
                        _ = it.committed.send(());
                    }
                    continue;
                }
                Err(StoreError::LeaseLost) => return Err(Ending::LeaseLost),
                Err(error) => error,
            };
            tracing::warn!(
                session.id = %self.running.id,
                error = &error as &dyn std::error::Error,
                "what came in could not be stored; trying again"
            );
            let refused = !matches!(error, StoreError::Unavailable(_));
            if refused && part.len() > 1 {
                // One of them is at fault: the others must not wait for it.
                let second = part.split_off(part.len() / 2);
                parts.push(second);
                parts.push(part);
                continue;
            }
            refusals += u32::from(refused);
            if refusals >= REFUSALS {
                tracing::error!(session.id = %self.running.id, "the database keeps refusing this; it stays unacknowledged");
                refusals = 0;
                continue;
            }
            parts.push(part);
            self.pause(pause).await?;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        Ok(())
    }

    /// Waits before another attempt to write; a session that is to stop does not wait for a database that is away.
    async fn pause(&self, pause: Duration) -> Result<(), Ending> {
        tokio::select! {
            biased;
            () = self.running.kill.cancelled() => Err(Ending::Stopped),
            () = self.running.stop.cancelled() => Err(Ending::Stopped),
            () = tokio::time::sleep(pause) => Ok(()),
        }
    }

    async fn write(&self, heard: &[Heard]) -> Result<Draft, StoreError> {
        let prepared = Prepared::of(&self.context, heard).await;
        let draft = Draft {
            progress: self.progress.clone(),
            live: self.running.live.borrow().clone(),
            active_at: self.active_at,
            unused: Vec::new(),
        };
        let mut unit = self.context.ports.store.begin().await?;
        unit.check_lease(&self.running.lease).await?;
        let draft = absorb(&mut *unit, &self.context, self.running.id, &prepared, draft, heard).await?;
        unit.commit().await?;
        Ok(draft)
    }

    /// Takes over what was just committed.
    fn adopt(&mut self, draft: Draft) {
        let came_online = draft.progress.status == Status::Ready && self.progress.status != Status::Ready;
        if draft.progress.status != self.progress.status {
            tracing::info!(session.id = %self.running.id, session.status = draft.progress.status.name(), "session status");
        }
        self.progress = draft.progress;
        self.active_at = draft.active_at;
        self.show(draft.live);
        self.context.bell.ring();
        for file in draft.unused {
            let files = self.context.ports.files.clone();
            self.context.tasks.spawn(async move {
                if let Err(error) = files.remove(&file).await {
                    tracing::warn!(error = &error as &dyn std::error::Error, "a file was left behind");
                }
            });
        }
        if came_online {
            reconciler::resend_pending(self.context.clone(), self.running.clone());
        }
    }

    fn show(&self, live: Live) {
        self.running.live.send_if_modified(|it| {
            let changed = *it != live;
            *it = live;
            changed
        });
    }

    /// Writes that the link ended; answers when to connect again, `None` for never.
    async fn leave(&mut self, exit: Exit) -> Result<Option<Timestamp>, Ending> {
        let fraction = self.context.ports.minter.fraction();
        let mut pause = FIRST_PAUSE;
        loop {
            match self.try_leave(&exit, fraction).await {
                Ok((progress, again_at)) => {
                    self.settle(progress, matches!(exit, Exit::LoggedOut(_)));
                    return Ok(again_at);
                }
                Err(StoreError::LeaseLost) => return Err(Ending::LeaseLost),
                Err(error) => self.complain(&error),
            }
            self.pause(pause).await?;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn try_leave(&self, exit: &Exit, fraction: f64) -> Result<(Progress, Option<Timestamp>), StoreError> {
        let id = self.running.id;
        if matches!(exit, Exit::LoggedOut(_)) {
            // Before the row says so: credentials that are no good any more must not outlive a crash.
            self.context.ports.store.vault(id).wipe().await?;
        }
        let now = self.context.now();
        let mut unit = self.context.ports.store.begin().await?;
        unit.check_lease(&self.running.lease).await?;
        let Some(mut row) = unit.session(id).await? else { return Ok((self.progress.clone(), None)) };
        let backoff = Backoff::of(&row.config);
        let (progress, effects) = step(&self.progress, Input::Ended(exit.clone()), now, &backoff, fraction);
        let events = Events { session: id, own: None };
        let mut again_at = None;
        for effect in effects {
            match effect {
                Effect::Announce => {
                    announce(&mut *unit, &mut row, &progress, now).await?;
                    if self.progress.status == Status::Ready || progress.status != Status::Disconnected {
                        let reason = progress.last_error.as_deref().unwrap_or("stopped");
                        unit.append_event(&events.disconnected(reason, now)).await?;
                    }
                }
                Effect::ReconnectAfter(wait, attempt) => {
                    again_at = Some(now.saturating_add(wait).unwrap_or(Timestamp::MAX));
                    if attempt.is_multiple_of(LOOP_EVERY) {
                        unit.append_event(&events.reconnect_loop(attempt, wait, now)).await?;
                    }
                }
                Effect::WipeCredentials => row.account = None,
                Effect::Unwant => row.wanted = false,
                Effect::Open => {}
            }
        }
        unit.save_session(&row).await?;
        if again_at.is_none() {
            unit.release_lease(&self.running.lease).await?;
        }
        unit.commit().await?;
        Ok((progress, again_at))
    }

    /// Writes that the next attempt to connect begins.
    async fn enter(&mut self) -> Result<(), Ending> {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.try_enter().await {
                Ok(progress) => {
                    self.settle(progress, false);
                    return Ok(());
                }
                Err(StoreError::LeaseLost) => return Err(Ending::LeaseLost),
                Err(error) => self.complain(&error),
            }
            self.pause(pause).await?;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn try_enter(&self) -> Result<Progress, StoreError> {
        let now = self.context.now();
        let mut unit = self.context.ports.store.begin().await?;
        unit.check_lease(&self.running.lease).await?;
        let Some(mut row) = unit.session(self.running.id).await? else { return Ok(self.progress.clone()) };
        let (progress, _) = step(&self.progress, Input::Start, now, &Backoff::of(&row.config), 0.0);
        announce(&mut *unit, &mut row, &progress, now).await?;
        unit.save_session(&row).await?;
        unit.commit().await?;
        Ok(progress)
    }

    /// The last unit of a session that was stopped.
    async fn close(&mut self) {
        let mut pause = FIRST_PAUSE;
        for _ in 0..LAST_ATTEMPTS {
            match self.try_close().await {
                Ok(progress) => return self.settle(progress, self.running.is_logging_out()),
                Err(StoreError::LeaseLost) => return,
                Err(error) => self.complain(&error),
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        // The next start of the gateway puts the row right.
        tracing::error!(session.id = %self.running.id, "the session stopped, but that could not be stored");
    }

    async fn try_close(&self) -> Result<Progress, StoreError> {
        let id = self.running.id;
        if self.running.is_logging_out() {
            self.context.ports.store.vault(id).wipe().await?;
        }
        let now = self.context.now();
        let mut unit = self.context.ports.store.begin().await?;
        unit.check_lease(&self.running.lease).await?;
        let Some(mut row) = unit.session(id).await? else { return Ok(self.progress.clone()) };
        let backoff = Backoff::of(&row.config);
        let (progress, _) = step(&self.progress, Input::Ended(Exit::Stopped), now, &backoff, 0.0);
        announce(&mut *unit, &mut row, &progress, now).await?;
        let reason = if self.running.is_logging_out() { "logged out" } else { "stopped" };
        unit.append_event(&Events { session: id, own: None }.disconnected(reason, now)).await?;
        if self.running.is_logging_out() {
            row.account = None;
            row.restriction = None;
        }
        unit.save_session(&row).await?;
        unit.release_lease(&self.running.lease).await?;
        unit.commit().await?;
        Ok(progress)
    }

    /// Takes over a committed status that did not come from the engine's signals.
    fn settle(&mut self, progress: Progress, unlinked: bool) {
        let account = self.running.account().filter(|_| !unlinked);
        self.show(Live { status: progress.status, account, qr: None });
        self.progress = progress;
        self.context.bell.ring();
    }

    fn complain(&self, error: &StoreError) {
        tracing::warn!(
            session.id = %self.running.id,
            error = error as &dyn std::error::Error,
            "the session's status could not be stored; trying again"
        );
    }
}

/// An engine's task never outlives the session's.
struct AbortOnDrop(JoinHandle<Exit>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Parts whose files fit into memory together; order stays.
fn split_by_media(heard: Vec<Heard>, inline_max_bytes: u64) -> Vec<Vec<Heard>> {
    let mut parts: Vec<Vec<Heard>> = Vec::new();
    let mut bytes = 0;
    for it in heard {
        let own = media_bytes(&it, inline_max_bytes);
        match parts.last_mut() {
            Some(part) if bytes + own <= BATCH_MEDIA_BYTES => part.push(it),
            _ => {
                bytes = 0;
                parts.push(vec![it]);
            }
        }
        bytes += own;
    }
    parts
}

fn media_bytes(heard: &Heard, inline_max_bytes: u64) -> u64 {
    let inlined = heard.signals.iter().filter_map(|it| match it {
        Signal::Message(message) => message.media.as_ref().filter(|it| it.file.is_some()),
        _ => None,
    });
    inlined.map(|it| it.size_bytes.unwrap_or(inline_max_bytes).min(inline_max_bytes)).sum()
}

#[cfg(test)]
mod tests {
    use openwa_model::{
        content::{Media, MessageKind},
        engine::InboundMessage,
        files::FileKey,
        id::MessageId,
        jid::Jid,
    };
    use tokio::sync::oneshot;

    use super::*;

    const MIB: u64 = 1024 * 1024;

    fn heard(size_bytes: u64) -> Heard {
        let media = (size_bytes > 0).then(|| Media {
            mimetype: "image/png".into(),
            filename: None,
            size_bytes: Some(size_bytes),
            file: Some(FileKey("it".into())),
            remote: None,
        });
        let message = InboundMessage {
            id: MessageId("A".into()),
            chat: Jid::phone("1"),
            chat_alternative: None,
            sender: Jid::phone("1"),
            sender_phone: None,
            sender_lid: None,
            push_name: None,
            from_me: false,
            kind: MessageKind::Image,
            body: String::new(),
            timestamp: Timestamp::UNIX_EPOCH,
            quoted: None,
            mentions: vec![],
            media,
            detail: None,
        };
        Heard { signals: vec![Signal::Message(Box::new(message))], committed: oneshot::channel().0 }
    }

    #[test]
    fn a_burst_of_files_is_cut_into_parts_that_fit() {
        for (sizes, parts) in [
            (vec![0; 64], vec![64]),
            (vec![MIB; 20], vec![8, 8, 4]),
            // What is too large for an event takes as much room as the largest that is not.
            (vec![50 * MIB; 9], vec![8, 1]),
            (vec![], vec![]),
        ] {
            let cut = split_by_media(sizes.into_iter().map(heard).collect(), MIB);
            assert_eq!(cut.iter().map(Vec::len).collect::<Vec<_>>(), parts);
        }
    }
}
