//! Batches: asked for, looked at, cancelled. What sends them is `batch_sender`.

use std::collections::BTreeMap;

use openwa_model::{
    batch::{
        Batch, BatchContent, BatchMessage, BatchOptions, BatchPlace, BatchProgress, BatchRequest, BatchSource,
        BatchStatus,
    },
    id::{BatchId, SessionId},
    jid::Jid,
    ops::Op,
    session::Status,
    store::StoreError,
    template::filled_in,
};

use super::{Gateway, Result};
use crate::error::GatewayError;

/// How many messages are read at once where all are needed.
const PAGE: u32 = 1000;

/// A batch to be sent.
#[derive(Debug)]
pub struct NewBatch {
    /// What the caller knows it by; one is made where nothing is said.
    pub name: Option<String>,
    /// Its messages, in the order of sending.
    pub messages: Vec<NewBatchMessage>,
    /// How it is sent.
    pub options: BatchOptions,
}

/// A message of a batch to be sent.
#[derive(Debug)]
pub struct NewBatchMessage {
    /// Where to.
    pub chat: Jid,
    /// What, with places to fill in.
    pub request: BatchRequest,
    /// What to fill in.
    pub values: BTreeMap<String, String>,
}

/// A batch and how far it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BatchView {
    /// The row.
    pub batch: Batch,
    /// Its messages, counted.
    pub progress: BatchProgress,
    /// What it waits for, where that is not just its next turn.
    pub waits_for: Option<String>,
}

impl Gateway {
    /// Takes a batch in. Once this returns it will be sent, also if the process dies.
    pub async fn create_batch(&self, session: SessionId, new: NewBatch) -> Result<BatchView> {
        self.check_may_send(session).await?;
        let NewBatch { name, messages, options } = new;
        let most = self.settings().bulk_max_messages;
        if messages.len() > most {
            return Err(GatewayError::InvalidInput(format!("messages must contain no more than {most} elements")));
        }
        let most_chars = self.settings().template_max_chars;
        let filled = messages.into_iter().enumerate().map(|(index, it)| it.filled_in(index, most_chars));
        let messages: Vec<(Jid, BatchRequest)> = filled.collect::<Result<_>>()?;
        let now = self.now();
        let id = BatchId(self.0.context.ports.minter.uuid(now));
        let most = self.settings().bulk_max_concurrent;
        let mut unit = self.store().begin().await?;
        unit.session(session).await?.ok_or(GatewayError::SessionNotFound(session))?;
        if unit.count_active_batches().await? >= most {
            return Err(GatewayError::TooManyBatches { max: most });
        }
        let name = match name {
            Some(name) => name,
            None => loop {
                let name = self.batch_name();
                if unit.batch_named(session, &name).await?.is_none() {
                    break name;
                }
            },
        };
        let batch = Batch {
            id,
            session,
            name,
            status: BatchStatus::Pending,
            options,
            created_at: now,
            started_at: None,
            completed_at: None,
            next_at: Some(now),
        };
        match unit.add_batch(&batch).await {
            Err(StoreError::Conflict(_)) => return Err(GatewayError::BatchNameTaken(batch.name)),
            added => added?,
        }
        for (index, (chat, request)) in (0..).zip(&messages) {
            unit.add_batch_message(BatchPlace { batch: id, index }, chat, request).await?;
        }
        let progress = unit.batch_progress(id).await?;
        unit.commit().await?;
        self.0.context.batches.ring();
        Ok(BatchView { waits_for: self.waits_for(&batch), batch, progress })
    }

    /// A batch of a session, by what callers know it by.
    pub async fn batch(&self, session: SessionId, name: &str) -> Result<BatchView> {
        let mut view = self.view_of(session).await?;
        let found = view.batch_named(session, name).await?;
        let batch = found.ok_or_else(|| GatewayError::BatchNotFound(name.to_owned()))?;
        let progress = view.batch_progress(batch.id).await?;
        Ok(BatchView { waits_for: self.waits_for(&batch), batch, progress })
    }

    /// The messages of a batch, in the order of sending.
    pub async fn batch_messages(&self, id: BatchId) -> Result<Vec<BatchMessage>> {
        let mut view = self.view().await?;
        let mut messages = Vec::new();
        loop {
            let from = messages.last().map_or(0, |it: &BatchMessage| it.place.index + 1);
            let page = view.batch_messages(id, from, PAGE).await?;
            let is_last = page.len() < PAGE as usize;
            messages.extend(page);
            if is_last {
                return Ok(messages);
            }
        }
    }

    /// Ends a batch before its next message. A message that is on its way already stays on it.
    pub async fn cancel_batch(&self, session: SessionId, name: &str) -> Result<BatchView> {
        self.view_of(session).await?;
        let mut unit = self.store().begin().await?;
        let found = unit.batch_named(session, name).await?;
        let batch = found.ok_or_else(|| GatewayError::BatchNotFound(name.to_owned()))?;
        if !unit.end_batch(batch.id, BatchStatus::Cancelled, self.now()).await? {
            return Err(GatewayError::BatchOver { name: batch.name, status: batch.status });
        }
        let progress = unit.batch_progress(batch.id).await?;
        let ended = unit.batch(batch.id).await?;
        let batch = ended.ok_or_else(|| GatewayError::BatchNotFound(name.to_owned()))?;
        unit.commit().await?;
        self.0.context.batches.ring();
        Ok(BatchView { waits_for: None, batch, progress })
    }

    /// Whether the session may be asked to send: now, or once its link is up again.
    async fn check_may_send(&self, session: SessionId) -> Result<()> {
        match self.running(session).await {
            Ok(running) if !running.capabilities.ops.has(Op::SendMessage) => {
                Err(GatewayError::EngineCannot { op: Op::SendMessage, engine: running.engine })
            }
            Ok(_) | Err(GatewayError::SessionNotReady(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn waits_for(&self, batch: &Batch) -> Option<String> {
        if !batch.status.is_active() {
            return None;
        }
        let status = self.0.supervisor.running(batch.session).map_or(Status::Disconnected, |it| it.status());
        let sentence = || format!("Session is not ready (status '{}'); the batch goes on when it is", status.name());
        (status != Status::Ready).then(sentence)
    }

    fn batch_name(&self) -> String {
        let mut bytes = [0; 4];
        self.0.context.ports.minter.fill(&mut bytes);
        format!("batch_{}", hex::encode(bytes))
    }
}

impl NewBatchMessage {
    fn filled_in(self, index: usize, most_chars: usize) -> Result<(Jid, BatchRequest)> {
        let Self { chat, mut request, values } = self;
        if values.is_empty() {
            return Ok((chat, request));
        }
        let mut texts: Vec<&mut String> = Vec::new();
        match &mut request.content {
            BatchContent::Text { body } => texts.push(body),
            BatchContent::Media { source, filename, caption, .. } => {
                texts.extend(filename.as_mut());
                texts.extend(caption.as_mut());
                match source {
                    BatchSource::Url(url) => texts.push(url),
                    BatchSource::Base64(_) => {}
                }
            }
        }
        for text in texts {
            *text = filled_in(text, &values, most_chars).ok_or_else(|| {
                let sentence = format!("messages[{index}]: rendered text is over the {most_chars}-character limit");
                GatewayError::InvalidInput(sentence)
            })?;
        }
        Ok((chat, request))
    }
}
