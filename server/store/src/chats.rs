//! Chats: made and moved forward by their messages.

use async_trait::async_trait;
use openwa_model::{
    chat::{Chat, ChatMark, ChatTouch},
    content::MessageKind,
    id::SessionId,
    jid::Jid,
    store::{ChatReads, ChatWrites, Page, Result},
};
use sqlx::query;

use crate::{
    dialect::Row,
    row::{Fields, millis},
    work::{Source, Work},
    writer::Turn,
};

#[async_trait]
impl<S: Source> ChatReads for Work<S> {
    async fn chat(&mut self, session: SessionId, id: &Jid) -> Result<Option<Chat>> {
        let statement = query("SELECT * FROM chats WHERE session = $1 AND id = $2");
        let row = self.source.one(statement.bind(session.to_string()).bind(id.to_string())).await?;
        row.map(|it| read(&it)).transpose()
    }

    async fn chats(&mut self, session: SessionId, page: Page) -> Result<Vec<Chat>> {
        let statement =
            query("SELECT * FROM chats WHERE session = $1 ORDER BY last_at DESC NULLS LAST, id LIMIT $2 OFFSET $3");
        let statement = statement.bind(session.to_string()).bind(i64::from(page.limit)).bind(i64::from(page.offset));
        self.source.all(statement).await?.iter().map(read).collect()
    }

    async fn count_pinned_chats(&mut self, session: SessionId) -> Result<u32> {
        let statement = query("SELECT COUNT(*) AS pinned FROM chats WHERE session = $1 AND pinned = 1");
        let row = self.source.one(statement.bind(session.to_string())).await?;
        row.map_or(Ok(0), |it| Fields::of("chats", &it).count("pinned"))
    }
}

#[async_trait]
impl ChatWrites for Work<Turn> {
    async fn touch_chat(&mut self, session: SessionId, touch: &ChatTouch) -> Result<()> {
        let statement = query(
            "INSERT INTO chats (session, id, name, unread, last_at, last_body, last_kind) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (session, id) DO UPDATE SET unread = chats.unread + excluded.unread, \
             name = CASE WHEN chats.last_at > excluded.last_at THEN chats.name \
             ELSE COALESCE(excluded.name, chats.name) END, \
             last_body = CASE WHEN chats.last_at > excluded.last_at THEN chats.last_body ELSE excluded.last_body END, \
             last_kind = CASE WHEN chats.last_at > excluded.last_at THEN chats.last_kind ELSE excluded.last_kind END, \
             last_at = CASE WHEN chats.last_at > excluded.last_at THEN chats.last_at ELSE excluded.last_at END",
        );
        let statement = statement
            .bind(session.to_string())
            .bind(touch.id.to_string())
            .bind(touch.name.clone())
            .bind(i64::from(touch.unread))
            .bind(millis(touch.at))
            .bind(touch.body.clone())
            .bind(touch.kind.name());
        self.source.run(statement).await.map(drop)
    }

    async fn name_chat(&mut self, session: SessionId, id: &Jid, name: &str) -> Result<()> {
        let statement = query(
            "INSERT INTO chats (session, id, name) VALUES ($1, $2, $3) \
             ON CONFLICT (session, id) DO UPDATE SET name = excluded.name",
        );
        let statement = statement.bind(session.to_string()).bind(id.to_string()).bind(name.to_owned());
        self.source.run(statement).await.map(drop)
    }

    async fn set_unread(&mut self, session: SessionId, id: &Jid, unread: u32) -> Result<()> {
        let statement = query("UPDATE chats SET unread = $3 WHERE session = $1 AND id = $2");
        let statement = statement.bind(session.to_string()).bind(id.to_string()).bind(i64::from(unread));
        self.source.run(statement).await.map(drop)
    }

    async fn mark_chat(&mut self, session: SessionId, id: &Jid, mark: ChatMark) -> Result<()> {
        let (statement, value) = match mark {
            ChatMark::Archived(archived) => (
                "INSERT INTO chats (session, id, archived) VALUES ($1, $2, $3) \
                 ON CONFLICT (session, id) DO UPDATE SET archived = excluded.archived",
                Some(i64::from(archived)),
            ),
            ChatMark::Pinned(pinned) => (
                "INSERT INTO chats (session, id, pinned) VALUES ($1, $2, $3) \
                 ON CONFLICT (session, id) DO UPDATE SET pinned = excluded.pinned",
                Some(i64::from(pinned)),
            ),
            ChatMark::MutedUntil(until) => (
                "INSERT INTO chats (session, id, muted_until) VALUES ($1, $2, $3) \
                 ON CONFLICT (session, id) DO UPDATE SET muted_until = excluded.muted_until",
                until.map(millis),
            ),
        };
        let statement = query(statement).bind(session.to_string()).bind(id.to_string()).bind(value);
        self.source.run(statement).await.map(drop)
    }

    async fn delete_chat(&mut self, session: SessionId, id: &Jid) -> Result<bool> {
        let statement = query("DELETE FROM chats WHERE session = $1 AND id = $2");
        Ok(self.source.run(statement.bind(session.to_string()).bind(id.to_string())).await? > 0)
    }
}

fn read(row: &Row) -> Result<Chat> {
    let fields = Fields::of("chats", row);
    Ok(Chat {
        session: SessionId(fields.parsed("session")?),
        id: fields.parsed("id")?,
        name: fields.get("name")?,
        unread: fields.count("unread")?,
        last_at: fields.optional_instant("last_at")?,
        last_body: fields.get("last_body")?,
        last_kind: fields.optional_word("last_kind", MessageKind::of)?,
        archived: fields.flag("archived")?,
        pinned: fields.flag("pinned")?,
        muted_until: fields.optional_instant("muted_until")?,
    })
}
