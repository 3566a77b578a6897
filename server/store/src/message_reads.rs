//! Reading messages, reactions and receipts.

use async_trait::async_trait;
use openwa_model::{
    Timestamp,
    content::MessageKind,
    id::{MessageId, RowId, SessionId},
    jid::Jid,
    message::{DeliveryStatus, Message, Reaction},
    store::{MessageFilter, MessageReads, Page, Result},
};
use sqlx::{QueryBuilder, query};

use crate::{
    dialect::{Database, Row, any_of, list},
    row::{Fields, millis},
    work::{Source, Work},
};

#[async_trait]
impl<S: Source> MessageReads for Work<S> {
    async fn message(&mut self, session: SessionId, chat: &Jid, id: &MessageId) -> Result<Option<Message>> {
        let statement = query(
            "SELECT * FROM messages WHERE session = $1 AND chat = $2 AND id = $3 ORDER BY from_me DESC, place LIMIT 1",
        );
        let statement = statement.bind(session.to_string()).bind(chat.to_string()).bind(id.as_str().to_owned());
        self.source.one(statement).await?.map(|it| read(&it)).transpose()
    }

    async fn known_messages(
        &mut self,
        session: SessionId,
        chat: &Jid,
        ids: &[MessageId],
        from_me: Option<bool>,
    ) -> Result<Vec<MessageId>> {
        let statement = query(concat!(
            "SELECT DISTINCT id FROM messages WHERE session = $1 AND chat = $2 AND ($4 IS NULL OR from_me = $4) \
             AND id IN ",
            any_of!("$3")
        ));
        let statement =
            statement.bind(session.to_string()).bind(chat.to_string()).bind(list(ids)).bind(from_me.map(i64::from));
        self.source.all(statement).await?.iter().map(read_id).collect()
    }

    async fn confirmed_by_all(
        &mut self,
        session: SessionId,
        chat: &Jid,
        ids: &[MessageId],
        status: DeliveryStatus,
    ) -> Result<Vec<MessageId>> {
        let enough = DeliveryStatus::ALL.into_iter().filter(|it| *it >= status && *it != DeliveryStatus::Failed);
        let statement = query(concat!(
            "SELECT id FROM messages WHERE session = $1 AND chat = $2 AND from_me = 1 AND id IN ",
            any_of!("$3"),
            " AND recipients <= (SELECT COUNT(DISTINCT participant) FROM receipts \
             WHERE receipts.session = $1 AND receipts.chat = $2 AND receipts.message = messages.id \
             AND receipts.status IN ",
            any_of!("$4"),
            ") ORDER BY place"
        ));
        let statement = statement
            .bind(session.to_string())
            .bind(chat.to_string())
            .bind(list(ids))
            .bind(list(enough.map(DeliveryStatus::name)));
        self.source.all(statement).await?.iter().map(read_id).collect()
    }

    async fn messages(&mut self, session: SessionId, filter: &MessageFilter, page: Page) -> Result<Vec<Message>> {
        let mut builder = QueryBuilder::new("SELECT * FROM messages WHERE session = ");
        narrow(&mut builder, session, filter);
        builder.push(if filter.by_timestamp { " ORDER BY sent_at DESC, place DESC" } else { " ORDER BY place DESC" });
        builder.push(" LIMIT ").push_bind(i64::from(page.limit));
        builder.push(" OFFSET ").push_bind(i64::from(page.offset));
        self.source.all(builder.build().persistent(false)).await?.iter().map(read).collect()
    }

    async fn count_messages(&mut self, session: SessionId, filter: &MessageFilter) -> Result<u64> {
        let mut builder = QueryBuilder::new("SELECT COUNT(*) AS count FROM messages WHERE session = ");
        narrow(&mut builder, session, filter);
        let row = self.source.one(builder.build().persistent(false)).await?;
        row.map_or(Ok(0), |it| Fields::of("messages", &it).count("count"))
    }

    async fn pending_messages(&mut self, session: SessionId, limit: u32) -> Result<Vec<Message>> {
        let statement = query(
            "SELECT * FROM messages WHERE session = $1 AND from_me = 1 AND status = 'pending' ORDER BY place LIMIT $2",
        );
        let statement = statement.bind(session.to_string()).bind(i64::from(limit));
        self.source.all(statement).await?.iter().map(read).collect()
    }

    async fn unread_messages(&mut self, session: SessionId, chat: &Jid, limit: u32) -> Result<Vec<Message>> {
        let statement = query(
            "SELECT * FROM messages WHERE session = $1 AND chat = $2 AND from_me = 0 AND read_here = 0 \
             ORDER BY place DESC LIMIT $3",
        );
        let statement = statement.bind(session.to_string()).bind(chat.to_string()).bind(i64::from(limit));
        self.source.all(statement).await?.iter().map(read).collect()
    }

    async fn expired_statuses(&mut self, before: Timestamp, limit: u32) -> Result<Vec<Message>> {
        // The chat stands here as it does in the index.
        let statement = query(
            "SELECT * FROM messages WHERE chat = 'status@broadcast' AND sent_at < $1 AND status <> 'pending' \
             ORDER BY sent_at LIMIT $2",
        );
        let statement = statement.bind(millis(before)).bind(i64::from(limit));
        self.source.all(statement).await?.iter().map(read).collect()
    }

    async fn reactions(&mut self, session: SessionId, chat: &Jid, id: &MessageId) -> Result<Vec<Reaction>> {
        let statement = query(
            "SELECT * FROM reactions WHERE session = $1 AND chat = $2 AND target = $3 AND emoji <> '' \
             ORDER BY reacted_at, sender",
        );
        let statement = statement.bind(session.to_string()).bind(chat.to_string()).bind(id.as_str().to_owned());
        self.source.all(statement).await?.iter().map(read_reaction).collect()
    }

    async fn receipts(
        &mut self,
        session: SessionId,
        chat: &Jid,
        id: &MessageId,
    ) -> Result<Vec<(Jid, DeliveryStatus, Timestamp)>> {
        let statement = query(
            "SELECT * FROM receipts WHERE session = $1 AND chat = $2 AND message = $3 \
             ORDER BY received_at, participant, status",
        );
        let statement = statement.bind(session.to_string()).bind(chat.to_string()).bind(id.as_str().to_owned());
        self.source.all(statement).await?.iter().map(read_receipt).collect()
    }
}

fn narrow(builder: &mut QueryBuilder<Database>, session: SessionId, filter: &MessageFilter) {
    builder.push_bind(session.to_string());
    let texts = [
        (" AND chat = ", filter.chat.as_ref().map(ToString::to_string)),
        (" AND sender = ", filter.sender.as_ref().map(ToString::to_string)),
        (" AND id = ", filter.id.as_ref().map(ToString::to_string)),
        (" AND kind = ", filter.kind.map(|it| it.name().to_owned())),
    ];
    for (condition, text) in texts {
        if let Some(text) = text {
            builder.push(condition).push_bind(text);
        }
    }
    let numbers = [
        (" AND from_me = ", filter.from_me.map(i64::from)),
        (" AND sent_at >= ", filter.since.map(millis)),
        (" AND sent_at < ", filter.until.map(millis)),
    ];
    for (condition, number) in numbers {
        if let Some(number) = number {
            builder.push(condition).push_bind(number);
        }
    }
    if let Some(after) = filter.after {
        // Should the row be gone, the newest row that is older by its id marks the place.
        builder.push(" AND place < COALESCE((SELECT place FROM messages WHERE row_id = ").push_bind(after.to_string());
        builder.push("), (SELECT place + 1 FROM messages WHERE row_id < ").push_bind(after.to_string());
        builder.push(" AND session = ").push_bind(session.to_string());
        builder.push(" ORDER BY row_id DESC LIMIT 1), 0)");
    }
}

pub(crate) fn read(row: &Row) -> Result<Message> {
    let fields = Fields::of("messages", row);
    Ok(Message {
        row: RowId(fields.parsed("row_id")?),
        session: SessionId(fields.parsed("session")?),
        id: MessageId(fields.get("id")?),
        chat: fields.parsed("chat")?,
        sender: fields.parsed("sender")?,
        sender_phone: fields.optional_parsed("sender_phone")?,
        sender_lid: fields.optional_parsed("sender_lid")?,
        push_name: fields.get("push_name")?,
        from_me: fields.flag("from_me")?,
        kind: fields.word("kind", MessageKind::of)?,
        body: fields.get("body")?,
        timestamp: fields.instant("sent_at")?,
        status: fields.word("status", DeliveryStatus::of)?,
        error: fields.get("error")?,
        quoted: fields.optional_json("quoted")?,
        mentions: fields.json("mentions")?,
        media: fields.optional_json("media")?,
        detail: fields.optional_json("detail")?,
        marks: fields.optional_json("marks")?.unwrap_or_default(),
        edited_at: fields.optional_instant("edited_at")?,
        outgoing: fields.optional_json("outgoing")?,
        created_at: fields.instant("created_at")?,
    })
}

fn read_id(row: &Row) -> Result<MessageId> {
    Ok(MessageId(Fields::of("messages", row).get("id")?))
}

fn read_reaction(row: &Row) -> Result<Reaction> {
    let fields = Fields::of("reactions", row);
    Ok(Reaction {
        chat: fields.parsed("chat")?,
        target: MessageId(fields.get("target")?),
        sender: fields.parsed("sender")?,
        emoji: fields.get("emoji")?,
        timestamp: fields.instant("reacted_at")?,
    })
}

fn read_receipt(row: &Row) -> Result<(Jid, DeliveryStatus, Timestamp)> {
    let fields = Fields::of("receipts", row);
    Ok((fields.parsed("participant")?, fields.word("status", DeliveryStatus::of)?, fields.instant("received_at")?))
}
