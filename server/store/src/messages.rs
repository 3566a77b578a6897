//! Writing messages, reactions and receipts.

use async_trait::async_trait;
use openwa_model::{
    Timestamp,
    content::{Detail, Marks, Media},
    files::FileKey,
    id::{MessageId, RowId, SessionId},
    jid::Jid,
    message::{DeliveryStatus, Message, Reaction},
    store::{MessageWrites, Result},
};
use sqlx::query;

use crate::{
    dialect::{Row, any_of, list},
    message_reads::read,
    row::{Fields, millis, optional_json, optional_text, to_json},
    work::{Source, Work},
    writer::Turn,
};

#[async_trait]
impl MessageWrites for Work<Turn> {
    async fn add_message(&mut self, message: &Message) -> Result<bool> {
        let statement = query(
            "INSERT INTO messages (row_id, session, place, id, chat, sender, sender_phone, sender_lid, push_name, \
             from_me, kind, body, sent_at, status, error, quoted, mentions, media, detail, edited_at, outgoing, \
             created_at, marks) VALUES ($1, $2, (SELECT COALESCE(MAX(place), 0) + 1 FROM messages WHERE session = $2), \
             $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22) \
             ON CONFLICT (session, id, chat, sender) DO NOTHING",
        );
        let statement = statement
            .bind(message.row.to_string())
            .bind(message.session.to_string())
            .bind(message.id.as_str().to_owned())
            .bind(message.chat.to_string())
            .bind(message.sender.to_string())
            .bind(optional_text(message.sender_phone.as_ref()))
            .bind(optional_text(message.sender_lid.as_ref()))
            .bind(message.push_name.clone())
            .bind(i64::from(message.from_me))
            .bind(message.kind.name())
            .bind(message.body.clone())
            .bind(millis(message.timestamp))
            .bind(message.status.name())
            .bind(message.error.clone())
            .bind(optional_json(message.quoted.as_ref())?)
            .bind(to_json(&message.mentions)?)
            .bind(optional_json(message.media.as_ref())?)
            .bind(optional_json(message.detail.as_ref())?)
            .bind(message.edited_at.map(millis))
            .bind(optional_json(message.outgoing.as_ref())?)
            .bind(millis(message.created_at))
            .bind(marked(&message.marks)?);
        Ok(self.source.run(statement).await? > 0)
    }

    async fn add_past_message(&mut self, message: &Message) -> Result<bool> {
        if !self.add_message(message).await? {
            return Ok(false);
        }
        let statement = query("UPDATE messages SET past = 1, read_here = 1 WHERE row_id = $1");
        self.source.run(statement.bind(message.row.to_string())).await?;
        Ok(true)
    }

    async fn tell_past_message(&mut self, message: &Message) -> Result<bool> {
        let statement = query(
            "UPDATE messages SET past = 0, read_here = 0, media = COALESCE($5, media) \
             WHERE session = $1 AND id = $2 AND chat = $3 AND sender = $4 AND past = 1",
        );
        let statement = statement
            .bind(message.session.to_string())
            .bind(message.id.as_str().to_owned())
            .bind(message.chat.to_string())
            .bind(message.sender.to_string())
            .bind(optional_json(message.media.as_ref())?);
        Ok(self.source.run(statement).await? > 0)
    }

    async fn advance_messages(
        &mut self,
        session: SessionId,
        chat: &Jid,
        ids: &[MessageId],
        status: DeliveryStatus,
        error: Option<&str>,
    ) -> Result<Vec<Message>> {
        let from = DeliveryStatus::ALL.into_iter().filter(|it| it.may_become(status)).map(DeliveryStatus::name);
        let statement = query(concat!(
            "UPDATE messages SET status = $5, error = $6, \
             outgoing = CASE WHEN $5 IN ('sent', 'delivered', 'read') THEN NULL ELSE outgoing END \
             WHERE session = $1 AND chat = $2 AND from_me = 1 AND id IN ",
            any_of!("$3"),
            " AND status IN ",
            any_of!("$4"),
            " RETURNING *"
        ));
        let statement = statement
            .bind(session.to_string())
            .bind(chat.to_string())
            .bind(list(ids))
            .bind(list(from))
            .bind(status.name())
            .bind(error.map(str::to_owned));
        let mut rows = self.source.all(statement).await?;
        in_order(&mut rows)?;
        rows.iter().map(read).collect()
    }

    async fn mark_incoming_read(&mut self, session: SessionId, chat: &Jid, ids: &[MessageId]) -> Result<()> {
        let statement = query(concat!(
            "UPDATE messages SET read_here = 1 WHERE session = $1 AND chat = $2 AND from_me = 0 AND read_here = 0 \
             AND id IN ",
            any_of!("$3")
        ));
        let statement = statement.bind(session.to_string()).bind(chat.to_string()).bind(list(ids));
        self.source.run(statement).await.map(drop)
    }

    async fn add_receipt(
        &mut self,
        session: SessionId,
        chat: &Jid,
        id: &MessageId,
        participant: &Jid,
        status: DeliveryStatus,
        at: Timestamp,
    ) -> Result<()> {
        let statement = query(
            "INSERT INTO receipts (session, chat, message, participant, status, received_at) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        );
        let statement = statement
            .bind(session.to_string())
            .bind(chat.to_string())
            .bind(id.as_str().to_owned())
            .bind(participant.to_string())
            .bind(status.name())
            .bind(millis(at));
        self.source.run(statement).await.map(drop)
    }

    async fn set_recipients(&mut self, session: SessionId, chat: &Jid, id: &MessageId, recipients: u32) -> Result<()> {
        let statement =
            query("UPDATE messages SET recipients = $4 WHERE session = $1 AND chat = $2 AND id = $3 AND from_me = 1");
        let statement = statement.bind(session.to_string()).bind(chat.to_string()).bind(id.as_str().to_owned());
        self.source.run(statement.bind(i64::from(recipients))).await.map(drop)
    }

    async fn set_message_timestamp(
        &mut self,
        session: SessionId,
        chat: &Jid,
        id: &MessageId,
        at: Timestamp,
    ) -> Result<()> {
        let statement =
            query("UPDATE messages SET sent_at = $4 WHERE session = $1 AND chat = $2 AND id = $3 AND from_me = 1");
        let statement =
            statement.bind(session.to_string()).bind(chat.to_string()).bind(id.as_str().to_owned()).bind(millis(at));
        self.source.run(statement).await.map(drop)
    }

    async fn edit_message(
        &mut self,
        session: SessionId,
        chat: &Jid,
        id: &MessageId,
        sender: &Jid,
        body: &str,
        mentions: &[Jid],
        at: Timestamp,
    ) -> Result<Option<Message>> {
        let statement = query(
            "UPDATE messages SET body = $5, mentions = $6, edited_at = $7 \
             WHERE session = $1 AND chat = $2 AND id = $3 AND sender = $4 AND kind <> 'revoked' \
             AND (edited_at IS NULL OR edited_at <= $7) RETURNING *",
        );
        let statement = statement
            .bind(session.to_string())
            .bind(chat.to_string())
            .bind(id.as_str().to_owned())
            .bind(sender.to_string())
            .bind(body.to_owned())
            .bind(to_json(&mentions)?)
            .bind(millis(at));
        self.source.one(statement).await?.map(|it| read(&it)).transpose()
    }

    async fn revoke_message(&mut self, session: SessionId, chat: &Jid, id: &MessageId) -> Result<Option<Message>> {
        use openwa_model::store::MessageReads;
        let Some(before) = self.message(session, chat, id).await? else { return Ok(None) };
        let statement = query(
            "UPDATE messages SET kind = 'revoked', body = '', media = NULL, detail = NULL, marks = NULL WHERE row_id = $1",
        );
        self.source.run(statement.bind(before.row.to_string())).await?;
        Ok(Some(before))
    }

    async fn delete_message(&mut self, row: RowId) -> Result<bool> {
        let statement = query("DELETE FROM messages WHERE row_id = $1 RETURNING *");
        let Some(gone) = self.source.one(statement.bind(row.to_string())).await? else { return Ok(false) };
        let gone = read(&gone)?;
        // What hangs on it goes too, unless another sender used the same id in this chat.
        for statement in [
            "DELETE FROM receipts WHERE session = $1 AND chat = $2 AND message = $3 AND NOT EXISTS \
             (SELECT 1 FROM messages WHERE session = $1 AND chat = $2 AND id = $3)",
            "DELETE FROM reactions WHERE session = $1 AND chat = $2 AND target = $3 AND NOT EXISTS \
             (SELECT 1 FROM messages WHERE session = $1 AND chat = $2 AND id = $3)",
        ] {
            let statement = query(statement);
            let statement = statement.bind(gone.session.to_string()).bind(gone.chat.to_string());
            self.source.run(statement.bind(gone.id.as_str().to_owned())).await?;
        }
        Ok(true)
    }

    async fn clear_messages(&mut self, session: SessionId, chat: &Jid, up_to: Timestamp) -> Result<Vec<FileKey>> {
        // What is still to be sent is kept: it is sent, and then it is there.
        let statement = query(
            "DELETE FROM messages WHERE session = $1 AND chat = $2 AND sent_at <= $3 \
             AND NOT (from_me = 1 AND status = 'pending') RETURNING media",
        );
        let statement = statement.bind(session.to_string()).bind(chat.to_string()).bind(millis(up_to));
        let mut files = Vec::new();
        for row in self.source.all(statement).await? {
            let media: Option<Media> = Fields::of("messages", &row).optional_json("media")?;
            files.extend(media.and_then(|it| it.file));
        }
        for statement in [
            "DELETE FROM receipts WHERE session = $1 AND chat = $2 AND NOT EXISTS \
             (SELECT 1 FROM messages WHERE session = $1 AND chat = $2 AND id = receipts.message)",
            "DELETE FROM reactions WHERE session = $1 AND chat = $2 AND NOT EXISTS \
             (SELECT 1 FROM messages WHERE session = $1 AND chat = $2 AND id = reactions.target)",
            // The chat keeps its place in the list.
            "UPDATE chats SET (last_body, last_kind) = (SELECT body, kind FROM messages \
             WHERE session = $1 AND chat = $2 ORDER BY sent_at DESC, place DESC LIMIT 1), \
             unread = (SELECT COUNT(*) FROM messages WHERE session = $1 AND chat = $2 AND from_me = 0 AND read_here = 0) \
             WHERE session = $1 AND id = $2",
        ] {
            self.source.run(query(statement).bind(session.to_string()).bind(chat.to_string())).await?;
        }
        Ok(files)
    }

    async fn set_media(&mut self, row: RowId, media: &Media) -> Result<()> {
        // A message that was taken back meanwhile does not get its file back.
        let statement = query("UPDATE messages SET media = $2 WHERE row_id = $1 AND kind <> 'revoked'");
        self.source.run(statement.bind(row.to_string()).bind(to_json(media)?)).await.map(drop)
    }

    async fn set_detail(&mut self, row: RowId, detail: &Detail) -> Result<()> {
        // A message that was taken back meanwhile has no votes any more.
        let statement = query("UPDATE messages SET detail = $2 WHERE row_id = $1 AND kind <> 'revoked'");
        self.source.run(statement.bind(row.to_string()).bind(to_json(detail)?)).await.map(drop)
    }

    async fn set_reaction(&mut self, session: SessionId, reaction: &Reaction) -> Result<bool> {
        let statement =
            query("SELECT emoji FROM reactions WHERE session = $1 AND chat = $2 AND target = $3 AND sender = $4");
        let statement = statement
            .bind(session.to_string())
            .bind(reaction.chat.to_string())
            .bind(reaction.target.as_str().to_owned())
            .bind(reaction.sender.to_string());
        let before = self.source.one(statement).await?;
        let before = before.map(|it| Fields::of("reactions", &it).get::<String>("emoji")).transpose()?;

        let statement = query(
            "INSERT INTO reactions (session, chat, target, sender, emoji, reacted_at) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (session, chat, target, sender) \
             DO UPDATE SET emoji = excluded.emoji, reacted_at = excluded.reacted_at \
             WHERE reactions.reacted_at <= excluded.reacted_at",
        );
        let statement = statement
            .bind(session.to_string())
            .bind(reaction.chat.to_string())
            .bind(reaction.target.as_str().to_owned())
            .bind(reaction.sender.to_string())
            .bind(reaction.emoji.clone())
            .bind(millis(reaction.timestamp));
        let written = self.source.run(statement).await? > 0;
        Ok(written && before.unwrap_or_default() != reaction.emoji)
    }
}

/// Most messages have no marks, and nothing is written for them.
fn marked(marks: &Marks) -> Result<Option<String>> {
    optional_json(Some(marks).filter(|it| **it != Marks::default()))
}

/// `RETURNING` promises no order.
fn in_order(rows: &mut [Row]) -> Result<()> {
    let place = |row: &Row| Fields::of("messages", row).get::<i64>("place");
    for row in rows.iter() {
        place(row)?;
    }
    rows.sort_by_key(|it| place(it).unwrap_or_default());
    Ok(())
}
