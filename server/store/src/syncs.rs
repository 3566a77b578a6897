//! What the phone is asked about the past. Progress is counted from the chats, so that the two cannot disagree.

use async_trait::async_trait;
use openwa_model::{
    Timestamp,
    id::SessionId,
    jid::Jid,
    store::{Result, SyncReads, SyncWrites},
    sync::{HistorySync, SyncChat, SyncProgress},
};
use sqlx::query;

use crate::{
    dialect::{Row, any_of, list},
    row::{Fields, millis, optional_json},
    work::{Source, Work},
    writer::Turn,
};

#[async_trait]
impl<S: Source> SyncReads for Work<S> {
    async fn history_sync(&mut self, session: SessionId) -> Result<Option<HistorySync>> {
        let statement = query("SELECT * FROM history_syncs WHERE session = $1");
        self.source.one(statement.bind(session.to_string())).await?.map(|it| read(&it)).transpose()
    }

    async fn sync_progress(&mut self, session: SessionId) -> Result<SyncProgress> {
        let statement = query(
            "SELECT COUNT(*) AS many, COUNT(due_at) AS waiting, MIN(due_at) AS next_at \
             FROM history_sync_chats WHERE session = $1",
        );
        let Some(row) = self.source.one(statement.bind(session.to_string())).await? else {
            return Ok(SyncProgress::default());
        };
        let fields = Fields::of("history_sync_chats", &row);
        let (all, left): (u32, u32) = (fields.count("many")?, fields.count("waiting")?);
        Ok(SyncProgress { done: all.saturating_sub(left), left, next_at: fields.optional_instant("next_at")? })
    }

    async fn sync_chat(&mut self, session: SessionId, chat: &Jid) -> Result<Option<SyncChat>> {
        let statement = query("SELECT * FROM history_sync_chats WHERE session = $1 AND chat = $2");
        let row = self.source.one(statement.bind(session.to_string()).bind(chat.to_string())).await?;
        row.map(|it| read_chat(&it)).transpose()
    }

    async fn next_sync_chat(&mut self, session: SessionId, now: Timestamp) -> Result<Option<SyncChat>> {
        let statement = query(
            "SELECT * FROM history_sync_chats WHERE session = $1 AND due_at <= $2 \
             ORDER BY attempts, due_at, chat LIMIT 1",
        );
        let row = self.source.one(statement.bind(session.to_string()).bind(millis(now))).await?;
        row.map(|it| read_chat(&it)).transpose()
    }

    async fn sessions_to_sync(&mut self) -> Result<Vec<SessionId>> {
        let statement = query(
            "SELECT session FROM history_sync_chats WHERE due_at IS NOT NULL \
             UNION SELECT session FROM history_syncs WHERE gap_since IS NOT NULL ORDER BY session",
        );
        self.source.all(statement).await?.iter().map(read_session).collect()
    }

    async fn due_syncs(&mut self, among: &[SessionId], now: Timestamp) -> Result<Vec<SessionId>> {
        let statement = query(concat!(
            "SELECT session FROM history_sync_chats WHERE due_at <= $2 AND session IN ",
            any_of!("$1"),
            " UNION SELECT session FROM history_syncs WHERE gap_since IS NOT NULL AND session IN ",
            any_of!("$1"),
            " ORDER BY session"
        ));
        self.source.all(statement.bind(list(among)).bind(millis(now))).await?.iter().map(read_session).collect()
    }
}

#[async_trait]
impl SyncWrites for Work<Turn> {
    async fn save_history_sync(&mut self, sync: &HistorySync) -> Result<()> {
        let statement = query(
            "INSERT INTO history_syncs (session, seen_at, gap_since, run, started_at, ended_at, room, stored, last_error) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (session) DO UPDATE SET \
             seen_at = excluded.seen_at, gap_since = excluded.gap_since, run = excluded.run, \
             started_at = excluded.started_at, ended_at = excluded.ended_at, room = excluded.room, \
             stored = excluded.stored, last_error = excluded.last_error",
        );
        let statement = statement
            .bind(sync.session.to_string())
            .bind(sync.seen_at.map(millis))
            .bind(sync.gap_since.map(millis))
            .bind(i64::from(sync.run))
            .bind(sync.started_at.map(millis))
            .bind(sync.ended_at.map(millis))
            .bind(i64::from(sync.room))
            .bind(i64::from(sync.stored))
            .bind(sync.last_error.clone());
        self.source.run(statement).await.map(drop)
    }

    async fn note_links_up(&mut self, sessions: &[SessionId], now: Timestamp) -> Result<()> {
        let statement = query(concat!("UPDATE history_syncs SET seen_at = $2 WHERE session IN ", any_of!("$1")));
        self.source.run(statement.bind(list(sessions)).bind(millis(now))).await.map(drop)
    }

    async fn save_sync_chat(&mut self, chat: &SyncChat) -> Result<()> {
        let statement = query(
            "INSERT INTO history_sync_chats (session, chat, wanted, until, before_message, attempts, due_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (session, chat) DO UPDATE SET wanted = excluded.wanted, \
             until = excluded.until, before_message = excluded.before_message, attempts = excluded.attempts, \
             due_at = excluded.due_at",
        );
        let statement = statement
            .bind(chat.session.to_string())
            .bind(chat.chat.to_string())
            .bind(i64::from(chat.wanted))
            .bind(chat.until.map(millis))
            .bind(optional_json(chat.before.as_ref())?)
            .bind(i64::from(chat.attempts))
            .bind(chat.due_at.map(millis));
        self.source.run(statement).await.map(drop)
    }

    async fn postpone_sync(&mut self, session: SessionId, due_at: Timestamp) -> Result<()> {
        let statement = query("UPDATE history_sync_chats SET due_at = $2 WHERE session = $1 AND due_at < $2");
        self.source.run(statement.bind(session.to_string()).bind(millis(due_at))).await.map(drop)
    }

    async fn end_sync_chats(&mut self, session: SessionId) -> Result<()> {
        let statement = query("UPDATE history_sync_chats SET due_at = NULL WHERE session = $1");
        self.source.run(statement.bind(session.to_string())).await.map(drop)
    }

    async fn forget_done_sync_chats(&mut self, session: SessionId) -> Result<()> {
        let statement = query("DELETE FROM history_sync_chats WHERE session = $1 AND due_at IS NULL");
        self.source.run(statement.bind(session.to_string())).await.map(drop)
    }

    async fn forget_history_sync(&mut self, session: SessionId) -> Result<()> {
        for statement in
            ["DELETE FROM history_sync_chats WHERE session = $1", "DELETE FROM history_syncs WHERE session = $1"]
        {
            self.source.run(query(statement).bind(session.to_string())).await?;
        }
        Ok(())
    }
}

fn read(row: &Row) -> Result<HistorySync> {
    let fields = Fields::of("history_syncs", row);
    Ok(HistorySync {
        session: SessionId(fields.parsed("session")?),
        seen_at: fields.optional_instant("seen_at")?,
        gap_since: fields.optional_instant("gap_since")?,
        run: fields.count("run")?,
        started_at: fields.optional_instant("started_at")?,
        ended_at: fields.optional_instant("ended_at")?,
        room: fields.count("room")?,
        stored: fields.count("stored")?,
        last_error: fields.get("last_error")?,
    })
}

fn read_chat(row: &Row) -> Result<SyncChat> {
    let fields = Fields::of("history_sync_chats", row);
    Ok(SyncChat {
        session: SessionId(fields.parsed("session")?),
        chat: fields.parsed("chat")?,
        wanted: fields.count("wanted")?,
        until: fields.optional_instant("until")?,
        before: fields.optional_json("before_message")?,
        attempts: fields.count("attempts")?,
        due_at: fields.optional_instant("due_at")?,
    })
}

fn read_session(row: &Row) -> Result<SessionId> {
    Ok(SessionId(Fields::of("history_syncs", row).parsed("session")?))
}
