//! One running session: it holds the link, commits what the engine says, and decides what comes after an ending.
//!
//! It never waits for its engine: calls are made by whoever wants something, beside this task.
//! The units it writes are in `batches` (what the engine says) and `endings` (where the session stands).

mod batches;
mod endings;

use std::{sync::Arc, time::Duration};

use openwa_model::{
    Timestamp,
    engine::{Engine, Exit, Heard, Seed, Signals},
    session::Progress,
};
use tokio::{
    sync::mpsc,
    task::{JoinError, JoinHandle},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use crate::{
    gateway::Context,
    running::{Link, Live, Running},
};

/// How many waiting calls of [`Signals::commit`] go into one unit.
const BATCH: usize = 64;
/// The pauses between attempts to write.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long an engine that is stopped by force may take to close its connection.
const GRACE: Duration = Duration::from_secs(1);

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
    /// Waits before another attempt to write; a session that is to stop does not wait for a database that is away.
    async fn pause(&self, pause: Duration) -> Result<(), Ending> {
        tokio::select! {
            biased;
            () = self.running.kill.cancelled() => Err(Ending::Stopped),
            () = self.running.stop.cancelled() => Err(Ending::Stopped),
            () = tokio::time::sleep(pause) => Ok(()),
        }
    }

    fn show(&self, live: Live) {
        self.running.live.send_if_modified(|it| {
            let changed = *it != live;
            *it = live;
            changed
        });
    }
}

/// An engine's task never outlives the session's.
struct AbortOnDrop(JoinHandle<Exit>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
