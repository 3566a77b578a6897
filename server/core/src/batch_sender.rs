//! What sends batches: one worker looks which are due and lets each do one message at a time.
//!
//! Nothing is remembered but what is under way. A place in a batch learns the id of its message in the unit that
//! stores the message; so after a crash a place without an id was not sent, and one with an id is not sent again but
//! asked about: the reconciler brings such a message to its end, and how it ended is written here.

use std::{collections::HashMap, sync::Arc, time::Duration};

use openwa_model::{
    Timestamp,
    batch::{
        Batch, BatchContent, BatchError, BatchErrorCode, BatchMessage, BatchMessageStatus, BatchOutcome, BatchPlace,
        BatchRequest, BatchSource, BatchStatus,
    },
    content::Marks,
    id::{BatchId, SessionId},
    jid::Jid,
    message::DeliveryStatus,
    session::Status,
    store::StoreError,
};
use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    error::GatewayError,
    gateway::{Context, Gateway, PreviewWish, Result, SendContent, SendRequest},
    media_source::MediaSource,
    running::Running,
};

/// How many batches send a message at the same moment.
const AT_ONCE: usize = 32;
/// When to look although no bell rang: a session that became ready rings none.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// The wait after the store failed.
const AFTER_ERROR: Duration = Duration::from_secs(1);
/// The wait before a message is asked about, or tried, again.
const RECHECK: Duration = Duration::from_secs(5);
/// How long the rest of a batch waits for a message of which nobody knows whether it was sent.
const PATIENCE: Duration = Duration::from_secs(120);
/// How many such messages are asked about at once.
const UNKNOWN_AT_ONCE: u32 = 100;
/// What chance adds to a pause at most, in milliseconds.
const MOST_JITTER_MS: f64 = 2_000.0;

/// What is said of a message that is gone.
const GONE: &str = "the message was deleted before it was known whether it arrived";

/// The worker.
pub(crate) struct BatchSender {
    gateway: Gateway,
}

/// What is known of a message that was stored.
enum Known {
    /// How it ended.
    Ended(BatchOutcome),
    /// It is on its way, or nobody knows.
    NotYet,
}

impl BatchSender {
    /// A worker over the gateway's ports.
    pub(crate) fn new(gateway: Gateway) -> Self {
        Self { gateway }
    }

    /// Works until it is told to stop, then lets the messages under way end for as long as a drain may take.
    pub(crate) async fn run(self: Arc<Self>, stop: &CancellationToken) {
        let mut bell = self.context().batches.listen();
        let mut under_way = JoinSet::new();
        let mut busy: HashMap<Id, BatchId> = HashMap::new();
        while !stop.is_cancelled() {
            while let Some(done) = under_way.try_join_next_with_id() {
                busy.remove(&id_of(done));
            }
            let now = self.context().now();
            let (among, due) = match self.due(now).await {
                Ok(found) => found,
                Err(error) => {
                    complain(&error, "batches that are due could not be read; trying again");
                    _ = tokio::time::timeout(AFTER_ERROR, stop.cancelled()).await;
                    continue;
                }
            };
            for batch in due {
                if under_way.len() == AT_ONCE || busy.values().any(|it| *it == batch.id) {
                    continue;
                }
                let (worker, id) = (self.clone(), batch.id);
                busy.insert(under_way.spawn(async move { worker.step(batch).await }).id(), id);
            }
            let full = under_way.len() == AT_ONCE;
            tokio::select! {
                Some(done) = under_way.join_next_with_id() => {
                    busy.remove(&id_of(done));
                }
                () = bell.rung(), if !full => {}
                () = self.something_due(&among, now), if !full => {}
                () = stop.cancelled() => {}
            }
        }
        let draining = async { while under_way.join_next().await.is_some() {} };
        _ = tokio::time::timeout(self.context().settings.drain_timeout, draining).await;
    }

    /// The sessions that are ready here and have batches, and what of those is due.
    async fn due(&self, now: Timestamp) -> Result<(Vec<SessionId>, Vec<Batch>)> {
        let mut view = self.gateway.view().await?;
        let mut among = view.sessions_with_batches().await?;
        among.retain(|it| self.ready(*it).is_some());
        if among.is_empty() {
            return Ok((among, Vec::new()));
        }
        // Those under way are due too, so that many have to be read to find as many others.
        let due = view.due_batches(&among, now, AT_ONCE as u32).await?;
        Ok((among, due))
    }

    /// The session as it runs here, where it is ready.
    fn ready(&self, session: SessionId) -> Option<Arc<Running>> {
        self.gateway.0.supervisor.running(session).filter(|it| it.status() == Status::Ready)
    }

    /// Returns when a batch is due by the clock, or when it is time to look anyway.
    async fn something_due(&self, among: &[SessionId], now: Timestamp) {
        let look_again = tokio::time::sleep(LOOK_AGAIN);
        match self.next_due(among, now).await {
            Ok(Some(due)) => tokio::select! {
                () = self.context().ports.clock.until(due) => {}
                () = look_again => {}
            },
            _ => look_again.await,
        }
    }

    async fn next_due(&self, among: &[SessionId], now: Timestamp) -> Result<Option<Timestamp>> {
        if among.is_empty() {
            return Ok(None);
        }
        Ok(self.gateway.view().await?.next_batch_due(among, now).await?)
    }

    /// Does what is due about one batch: at most one message is sent.
    async fn step(&self, batch: Batch) {
        let Some(running) = self.ready(batch.session) else { return };
        let Err(error) = self.try_step(&batch, &running).await else { return };
        // A session that is being stopped is not ready in a moment.
        if !matches!(error, GatewayError::Store(StoreError::LeaseLost)) {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(session.id = %batch.session, batch.id = %batch.id, error, "a batch could not go on; trying again");
        }
        _ = tokio::time::timeout(AFTER_ERROR, self.context().draining.cancelled()).await;
    }

    async fn try_step(&self, batch: &Batch, running: &Running) -> Result<()> {
        let now = self.context().now();
        let begun = self.gateway.view().await?.begun_batch_messages(batch.id, UNKNOWN_AT_ONCE).await?;
        let mut unknown = Vec::new();
        for message in begun {
            match self.known(batch.session, &message).await? {
                Known::Ended(outcome) => self.settle(batch, running, message.place, &outcome).await?,
                Known::NotYet => unknown.push(message),
            }
        }
        // Read anew: what was settled may have ended it.
        let mut view = self.gateway.view().await?;
        let Some(batch) = view.batch(batch.id).await? else { return Ok(()) };
        let is_young = |it: &BatchMessage| it.begun_at.is_none_or(|at| now < at + PATIENCE);
        let has_to_wait = unknown.iter().any(|it| batch.options.stops_on_error || is_young(it));
        let next = match batch.status.is_active() && !has_to_wait {
            true => view.next_batch_message(batch.id).await?,
            false => None,
        };
        drop(view);
        match next {
            // Pauses hold also where something was just settled.
            Some(_) if batch.next_at.is_some_and(|it| it > now) => Ok(()),
            Some((message, request)) => self.send(&batch, running, message, request).await,
            None if unknown.is_empty() => self.end(&batch, running).await,
            None => self.look_again_later(&batch, running).await,
        }
    }

    async fn send(&self, batch: &Batch, running: &Running, message: BatchMessage, request: BatchRequest) -> Result<()> {
        let place = message.place;
        let sending = self.gateway.send_of_batch(batch.session, send_request(message.chat, request), place);
        let error = match sending.await {
            Ok(sent) => {
                let outcome = BatchOutcome::Sent(sent.id, sent.timestamp);
                return self.settle(batch, running, place, &outcome).await;
            }
            Err(error) => error,
        };
        // What is stored says how far it came.
        let Some(now) = self.gateway.view().await?.batch_message(place).await? else { return Ok(()) };
        match now.status {
            BatchMessageStatus::Pending if may_work_later(&error) => self.look_again_later(batch, running).await,
            BatchMessageStatus::Pending => {
                self.settle(batch, running, place, &BatchOutcome::Failed(reason(&error))).await
            }
            BatchMessageStatus::Sending => match self.known(batch.session, &now).await? {
                Known::NotYet => self.look_again_later(batch, running).await,
                // The link was gone before anything was handed over.
                Known::Ended(BatchOutcome::Failed(_)) if matches!(error, GatewayError::SessionNotReady(_)) => {
                    let mut unit = self.gateway.begin_for(running).await?;
                    unit.release_batch_message(place).await?;
                    unit.postpone_batch(batch.id, self.after(RECHECK)).await?;
                    Ok(unit.commit().await?)
                }
                Known::Ended(outcome) => self.settle(batch, running, place, &outcome).await,
            },
            // Somebody cancelled it, or settled it already.
            BatchMessageStatus::Sent | BatchMessageStatus::Failed | BatchMessageStatus::Cancelled => Ok(()),
        }
    }

    /// How a message that was stored ended, by what is stored of it.
    async fn known(&self, session: SessionId, message: &BatchMessage) -> Result<Known> {
        let failed = |message: String| {
            Known::Ended(BatchOutcome::Failed(BatchError { code: BatchErrorCode::SendFailed, message }))
        };
        let Some(id) = &message.message else { return Ok(failed(GONE.to_owned())) };
        let Some(stored) = self.gateway.own_message(session, id).await? else { return Ok(failed(GONE.to_owned())) };
        Ok(match stored.status {
            DeliveryStatus::Pending => Known::NotYet,
            DeliveryStatus::Failed => failed(stored.error.unwrap_or_else(|| "the message was not sent".to_owned())),
            DeliveryStatus::Sent | DeliveryStatus::Delivered | DeliveryStatus::Read => {
                Known::Ended(BatchOutcome::Sent(stored.id, stored.timestamp))
            }
        })
    }

    /// Writes how a message ended, and what that means for its batch: the next turn, or the end.
    async fn settle(&self, batch: &Batch, running: &Running, place: BatchPlace, outcome: &BatchOutcome) -> Result<()> {
        let mut unit = self.gateway.begin_for(running).await?;
        if !unit.settle_batch_message(place, outcome).await? {
            return Ok(());
        }
        let progress = unit.batch_progress(batch.id).await?;
        let is_stopped = batch.options.stops_on_error && matches!(outcome, BatchOutcome::Failed(_));
        if is_stopped || progress.pending == 0 {
            let status = if is_stopped { BatchStatus::Failed } else { progress.ending() };
            unit.end_batch(batch.id, status, self.context().now()).await?;
        } else {
            unit.postpone_batch(batch.id, self.after(self.pause(batch))).await?;
        }
        unit.commit().await?;
        if let BatchOutcome::Failed(error) = outcome {
            let (index, error) = (place.index, &*error.message);
            tracing::warn!(session.id = %batch.session, batch.id = %batch.id, batch.index = index, error, "a message of a batch failed");
        }
        Ok(())
    }

    /// Nothing is left to do about it.
    async fn end(&self, batch: &Batch, running: &Running) -> Result<()> {
        let mut unit = self.gateway.begin_for(running).await?;
        let progress = unit.batch_progress(batch.id).await?;
        unit.end_batch(batch.id, progress.ending(), self.context().now()).await?;
        Ok(unit.commit().await?)
    }

    async fn look_again_later(&self, batch: &Batch, running: &Running) -> Result<()> {
        let mut unit = self.gateway.begin_for(running).await?;
        unit.postpone_batch(batch.id, self.after(RECHECK)).await?;
        Ok(unit.commit().await?)
    }

    /// The pause after a message.
    fn pause(&self, batch: &Batch) -> Duration {
        let jitter_ms = match batch.options.is_delay_random {
            true => (self.context().ports.minter.fraction() * MOST_JITTER_MS) as u64,
            false => 0,
        };
        Duration::from_millis(batch.options.delay_ms.saturating_add(jitter_ms))
    }

    fn after(&self, wait: Duration) -> Timestamp {
        self.context().now().saturating_add(wait).unwrap_or(Timestamp::MAX)
    }

    fn context(&self) -> &Context {
        &self.gateway.0.context
    }
}

fn id_of<T>(done: std::result::Result<(Id, T), tokio::task::JoinError>) -> Id {
    match done {
        Ok((id, _)) => id,
        Err(error) => {
            complain(&error, "a batch was left in a way nobody foresaw; trying again");
            error.id()
        }
    }
}

fn complain(error: &(dyn std::error::Error + 'static), what: &str) {
    tracing::error!(error, "{what}");
}

/// Whether it says nothing of the message, so that the same message may go out a little later.
fn may_work_later(error: &GatewayError) -> bool {
    matches!(
        error,
        GatewayError::SessionNotReady(_)
            | GatewayError::SessionNotStarted
            | GatewayError::SessionNotFound(_)
            | GatewayError::OwnedElsewhere
            | GatewayError::Draining
            | GatewayError::ConversionBusy
            | GatewayError::Unconfirmed(_)
            | GatewayError::Store(_)
    )
}

fn reason(error: &GatewayError) -> BatchError {
    let code = match error {
        GatewayError::AddressRefused(_) => BatchErrorCode::SendBlocked,
        _ => BatchErrorCode::SendFailed,
    };
    BatchError { code, message: error.to_string() }
}

/// The message as any other is asked for.
fn send_request(chat: Jid, request: BatchRequest) -> SendRequest {
    let BatchRequest { content, mentions, mentions_everyone } = request;
    let content = match content {
        BatchContent::Text { body } => SendContent::Text { body, preview: PreviewWish::FromPage },
        BatchContent::Media { kind, source, mimetype, filename, caption } => {
            let source = match source {
                BatchSource::Url(url) => MediaSource::Url(url),
                BatchSource::Base64(text) => MediaSource::Base64(text),
            };
            SendContent::Media { kind, source, mimetype, filename, caption }
        }
    };
    let marks = Marks { mentions_everyone, ..Marks::default() };
    SendRequest { chat, content, quoted: None, mentions, marks, status: None }
}
