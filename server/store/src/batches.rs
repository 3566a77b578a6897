//! Batches and their messages. Progress is counted from the messages, so that the two cannot disagree.

use async_trait::async_trait;
use openwa_model::{
    Timestamp,
    batch::{
        Batch, BatchError, BatchErrorCode, BatchMessage, BatchMessageStatus, BatchOutcome, BatchPlace, BatchProgress,
        BatchRequest, BatchStatus,
    },
    id::{BatchId, MessageId, SessionId},
    jid::Jid,
    store::{BatchReads, BatchWrites, Result, StoreError},
};
use sqlx::query;

use crate::{
    dialect::{Row, any_of, list},
    row::{Fields, millis, to_json},
    work::{Source, Work},
    writer::Turn,
};

const NAME: &str = "a batch with this name";

/// All of a message but what it is to be, which may be large.
macro_rules! messages {
    ($rest:literal) => {
        concat!(
            "SELECT batch, place, chat, status, message, begun_at, sent_at, error_code, error FROM batch_messages ",
            $rest
        )
    };
}

#[async_trait]
impl<S: Source> BatchReads for Work<S> {
    async fn batch_named(&mut self, session: SessionId, name: &str) -> Result<Option<Batch>> {
        let statement = query("SELECT * FROM batches WHERE session = $1 AND name = $2");
        let row = self.source.one(statement.bind(session.to_string()).bind(name.to_owned())).await?;
        row.map(|it| read(&it)).transpose()
    }

    async fn batch(&mut self, id: BatchId) -> Result<Option<Batch>> {
        let row = self.source.one(query("SELECT * FROM batches WHERE id = $1").bind(id.to_string())).await?;
        row.map(|it| read(&it)).transpose()
    }

    async fn batch_progress(&mut self, id: BatchId) -> Result<BatchProgress> {
        let statement = query("SELECT status, COUNT(*) AS many FROM batch_messages WHERE batch = $1 GROUP BY status");
        let mut progress = BatchProgress::default();
        for row in self.source.all(statement.bind(id.to_string())).await? {
            let fields = Fields::of("batch_messages", &row);
            let many: u32 = fields.count("many")?;
            progress.total += many;
            match fields.word("status", BatchMessageStatus::of)? {
                BatchMessageStatus::Pending | BatchMessageStatus::Sending => progress.pending += many,
                BatchMessageStatus::Sent => progress.sent += many,
                BatchMessageStatus::Failed => progress.failed += many,
                BatchMessageStatus::Cancelled => progress.cancelled += many,
            }
        }
        Ok(progress)
    }

    async fn batch_messages(&mut self, id: BatchId, from: u32, limit: u32) -> Result<Vec<BatchMessage>> {
        let statement = query(messages!("WHERE batch = $1 AND place >= $2 ORDER BY place LIMIT $3"));
        let statement = statement.bind(id.to_string()).bind(i64::from(from)).bind(i64::from(limit));
        self.source.all(statement).await?.iter().map(read_message).collect()
    }

    async fn batch_message(&mut self, place: BatchPlace) -> Result<Option<BatchMessage>> {
        let statement = query(messages!("WHERE batch = $1 AND place = $2"));
        let statement = statement.bind(place.batch.to_string()).bind(i64::from(place.index));
        self.source.one(statement).await?.map(|it| read_message(&it)).transpose()
    }

    async fn begun_batch_messages(&mut self, id: BatchId, limit: u32) -> Result<Vec<BatchMessage>> {
        let statement = query(messages!("WHERE batch = $1 AND status = 'sending' ORDER BY place LIMIT $2"));
        let statement = statement.bind(id.to_string()).bind(i64::from(limit));
        self.source.all(statement).await?.iter().map(read_message).collect()
    }

    async fn next_batch_message(&mut self, id: BatchId) -> Result<Option<(BatchMessage, BatchRequest)>> {
        let statement = query(
            "SELECT * FROM batch_messages WHERE batch = $1 AND status = 'pending' AND request IS NOT NULL \
             ORDER BY place LIMIT 1",
        );
        let Some(row) = self.source.one(statement.bind(id.to_string())).await? else { return Ok(None) };
        let request = Fields::of("batch_messages", &row).json("request")?;
        Ok(Some((read_message(&row)?, request)))
    }

    async fn count_active_batches(&mut self) -> Result<u64> {
        let statement = query("SELECT COUNT(*) AS many FROM batches WHERE status IN ('pending', 'processing')");
        let row = self.source.one(statement).await?;
        row.map_or(Ok(0), |it| Fields::of("batches", &it).count("many"))
    }

    async fn sessions_with_batches(&mut self) -> Result<Vec<SessionId>> {
        let statement = query("SELECT DISTINCT session FROM batches WHERE next_at IS NOT NULL ORDER BY session");
        let rows = self.source.all(statement).await?;
        rows.iter().map(|it| Ok(SessionId(Fields::of("batches", it).parsed("session")?))).collect()
    }

    async fn due_batches(&mut self, among: &[SessionId], now: Timestamp, limit: u32) -> Result<Vec<Batch>> {
        let statement = query(concat!(
            "SELECT * FROM batches WHERE next_at <= $2 AND session IN ",
            any_of!("$1"),
            " ORDER BY next_at, id LIMIT $3"
        ));
        let statement = statement.bind(list(among)).bind(millis(now)).bind(i64::from(limit));
        self.source.all(statement).await?.iter().map(read).collect()
    }

    async fn next_batch_due(&mut self, among: &[SessionId], now: Timestamp) -> Result<Option<Timestamp>> {
        let statement = query(concat!(
            "SELECT MIN(next_at) AS next_at FROM batches WHERE next_at > $2 AND session IN ",
            any_of!("$1")
        ));
        let row = self.source.one(statement.bind(list(among)).bind(millis(now))).await?;
        row.map_or(Ok(None), |it| Fields::of("batches", &it).optional_instant("next_at"))
    }
}

#[async_trait]
impl BatchWrites for Work<Turn> {
    async fn add_batch(&mut self, batch: &Batch) -> Result<()> {
        let statement = query(
            "INSERT INTO batches (id, session, name, status, options, created_at, started_at, completed_at, next_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
        );
        let statement = statement
            .bind(batch.id.to_string())
            .bind(batch.session.to_string())
            .bind(batch.name.clone())
            .bind(batch.status.name())
            .bind(to_json(&batch.options)?)
            .bind(millis(batch.created_at))
            .bind(batch.started_at.map(millis))
            .bind(batch.completed_at.map(millis))
            .bind(batch.next_at.map(millis));
        match self.source.run(statement).await? {
            0 => Err(StoreError::Conflict(NAME)),
            _ => Ok(()),
        }
    }

    async fn add_batch_message(&mut self, place: BatchPlace, chat: &Jid, request: &BatchRequest) -> Result<()> {
        let statement = query(
            "INSERT INTO batch_messages (batch, place, chat, status, request) VALUES ($1, $2, $3, 'pending', $4)",
        );
        let statement = statement
            .bind(place.batch.to_string())
            .bind(i64::from(place.index))
            .bind(chat.to_string())
            .bind(to_json(request)?);
        self.source.run(statement).await.map(drop)
    }

    async fn begin_batch_message(&mut self, place: BatchPlace, message: &MessageId, now: Timestamp) -> Result<bool> {
        let begun = query(
            "UPDATE batch_messages SET status = 'sending', message = $3, begun_at = $4 \
             WHERE batch = $1 AND place = $2 AND status = 'pending' \
             AND EXISTS (SELECT 1 FROM batches WHERE id = $1 AND status IN ('pending', 'processing'))",
        );
        let begun = begun
            .bind(place.batch.to_string())
            .bind(i64::from(place.index))
            .bind(message.as_str().to_owned())
            .bind(millis(now));
        if self.source.run(begun).await? == 0 {
            return Ok(false);
        }
        let started = query(
            "UPDATE batches SET status = 'processing', started_at = COALESCE(started_at, $2) WHERE id = $1 \
             AND status IN ('pending', 'processing')",
        );
        self.source.run(started.bind(place.batch.to_string()).bind(millis(now))).await?;
        Ok(true)
    }

    async fn release_batch_message(&mut self, place: BatchPlace) -> Result<()> {
        let statement = query(
            "UPDATE batch_messages SET message = NULL, begun_at = NULL, status = CASE WHEN EXISTS (SELECT 1 FROM batches \
             WHERE id = $1 AND status IN ('pending', 'processing')) THEN 'pending' ELSE 'cancelled' END \
             WHERE batch = $1 AND place = $2 AND status = 'sending'",
        );
        self.source.run(statement.bind(place.batch.to_string()).bind(i64::from(place.index))).await.map(drop)
    }

    async fn settle_batch_message(&mut self, place: BatchPlace, outcome: &BatchOutcome) -> Result<bool> {
        let (status, message, sent_at, error) = match outcome {
            BatchOutcome::Sent(message, at) => (BatchMessageStatus::Sent, Some(message), Some(*at), None),
            BatchOutcome::Failed(error) => (BatchMessageStatus::Failed, None, None, Some(error)),
        };
        let statement = query(
            "UPDATE batch_messages SET status = $3, message = COALESCE($4, message), sent_at = $5, error_code = $6, \
             error = $7, request = NULL WHERE batch = $1 AND place = $2 AND status IN ('pending', 'sending')",
        );
        let statement = statement
            .bind(place.batch.to_string())
            .bind(i64::from(place.index))
            .bind(status.name())
            .bind(message.map(|it| it.as_str().to_owned()))
            .bind(sent_at.map(millis))
            .bind(error.map(|it| it.code.name()))
            .bind(error.map(|it| it.message.clone()));
        Ok(self.source.run(statement).await? > 0)
    }

    async fn postpone_batch(&mut self, id: BatchId, next_at: Timestamp) -> Result<()> {
        let statement = query("UPDATE batches SET next_at = $2 WHERE id = $1");
        self.source.run(statement.bind(id.to_string()).bind(millis(next_at))).await.map(drop)
    }

    async fn end_batch(&mut self, id: BatchId, status: BatchStatus, now: Timestamp) -> Result<bool> {
        let ended = query(
            "UPDATE batches SET status = $2, completed_at = $3 WHERE id = $1 AND status IN ('pending', 'processing')",
        );
        let ended = self.source.run(ended.bind(id.to_string()).bind(status.name()).bind(millis(now))).await? > 0;
        if ended {
            let statement = query(
                "UPDATE batch_messages SET status = 'cancelled', request = NULL \
                 WHERE batch = $1 AND status = 'pending'",
            );
            self.source.run(statement.bind(id.to_string())).await?;
        }
        // What is begun may be sent already: somebody has to see how it ended.
        let statement = query(
            "UPDATE batches SET next_at = CASE WHEN EXISTS (SELECT 1 FROM batch_messages WHERE batch = $1 \
             AND status = 'sending') THEN $2 ELSE NULL END WHERE id = $1",
        );
        self.source.run(statement.bind(id.to_string()).bind(millis(now))).await?;
        Ok(ended)
    }

    async fn expire_batches(&mut self, before: Timestamp, limit: u32) -> Result<u64> {
        let statement = query(
            "DELETE FROM batches WHERE id IN (SELECT id FROM batches WHERE completed_at < $1 AND next_at IS NULL \
             ORDER BY completed_at LIMIT $2)",
        );
        self.source.run(statement.bind(millis(before)).bind(i64::from(limit))).await
    }
}

fn read(row: &Row) -> Result<Batch> {
    let fields = Fields::of("batches", row);
    Ok(Batch {
        id: BatchId(fields.parsed("id")?),
        session: SessionId(fields.parsed("session")?),
        name: fields.get("name")?,
        status: fields.word("status", BatchStatus::of)?,
        options: fields.json("options")?,
        created_at: fields.instant("created_at")?,
        started_at: fields.optional_instant("started_at")?,
        completed_at: fields.optional_instant("completed_at")?,
        next_at: fields.optional_instant("next_at")?,
    })
}

fn read_message(row: &Row) -> Result<BatchMessage> {
    let fields = Fields::of("batch_messages", row);
    let error = match fields.optional_word("error_code", BatchErrorCode::of)? {
        Some(code) => Some(BatchError { code, message: fields.get::<Option<String>>("error")?.unwrap_or_default() }),
        None => None,
    };
    Ok(BatchMessage {
        place: BatchPlace { batch: BatchId(fields.parsed("batch")?), index: fields.count("place")? },
        chat: fields.parsed("chat")?,
        status: fields.word("status", BatchMessageStatus::of)?,
        message: fields.get::<Option<String>>("message")?.map(MessageId),
        begun_at: fields.optional_instant("begun_at")?,
        sent_at: fields.optional_instant("sent_at")?,
        error,
    })
}
