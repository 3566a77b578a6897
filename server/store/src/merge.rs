//! One person, two ids: what was kept under the hidden id moves to the phone number.
//!
//! The log and queued deliveries stay as they are: they say what was known when they were written.

use openwa_model::{id::SessionId, jid::Jid, store::Result};
use sqlx::query;

use crate::work::Source;

/// Each takes session, hidden id, phone number. Where both ids have a row for the same thing, one of the two goes.
const MOVES: &[&str] = &[
    // The chat: what is newer wins, unread messages add up.
    "INSERT INTO chats (session, id, name, unread, last_at, last_body, last_kind, archived, pinned, muted_until) \
     SELECT session, $3, name, unread, last_at, last_body, last_kind, archived, pinned, muted_until \
     FROM chats WHERE session = $1 AND id = $2 \
     ON CONFLICT (session, id) DO UPDATE SET \
     name = COALESCE(chats.name, excluded.name), unread = chats.unread + excluded.unread, \
     last_body = \
     CASE WHEN excluded.last_at IS NULL OR chats.last_at >= excluded.last_at THEN chats.last_body ELSE excluded.last_body END, \
     last_kind = \
     CASE WHEN excluded.last_at IS NULL OR chats.last_at >= excluded.last_at THEN chats.last_kind ELSE excluded.last_kind END, \
     last_at = \
     CASE WHEN excluded.last_at IS NULL OR chats.last_at >= excluded.last_at THEN chats.last_at ELSE excluded.last_at END",
    // Messages of the chat, then messages the person sent elsewhere.
    "DELETE FROM messages WHERE session = $1 AND chat = $2 AND EXISTS (SELECT 1 FROM messages twin \
     WHERE twin.session = $1 AND twin.id = messages.id AND twin.chat = $3 \
     AND twin.sender = CASE messages.sender WHEN $2 THEN $3 ELSE messages.sender END)",
    "UPDATE messages SET chat = $3 WHERE session = $1 AND chat = $2",
    "DELETE FROM messages WHERE session = $1 AND sender = $2 AND EXISTS (SELECT 1 FROM messages twin \
     WHERE twin.session = $1 AND twin.id = messages.id AND twin.chat = messages.chat AND twin.sender = $3)",
    "UPDATE messages SET sender = $3, sender_phone = $3, sender_lid = $2 WHERE session = $1 AND sender = $2",
    // What hangs on the messages of the chat.
    "INSERT INTO receipts (session, chat, message, participant, status, received_at) \
     SELECT session, $3, message, CASE participant WHEN $2 THEN $3 ELSE participant END, status, received_at \
     FROM receipts WHERE session = $1 AND chat = $2 ON CONFLICT DO NOTHING",
    "INSERT INTO reactions (session, chat, target, sender, emoji, reacted_at) \
     SELECT session, $3, target, CASE sender WHEN $2 THEN $3 ELSE sender END, emoji, reacted_at \
     FROM reactions WHERE session = $1 AND chat = $2 \
     ON CONFLICT (session, chat, target, sender) DO UPDATE SET emoji = excluded.emoji, reacted_at = excluded.reacted_at \
     WHERE excluded.reacted_at > reactions.reacted_at",
    // The labels of the chat.
    "INSERT INTO label_chats (session, label, chat) SELECT session, label, $3 FROM label_chats \
     WHERE session = $1 AND chat = $2 ON CONFLICT DO NOTHING",
    // What the person reacted with elsewhere.
    "INSERT INTO reactions (session, chat, target, sender, emoji, reacted_at) \
     SELECT session, chat, target, $3, emoji, reacted_at FROM reactions WHERE session = $1 AND sender = $2 \
     ON CONFLICT (session, chat, target, sender) DO UPDATE SET emoji = excluded.emoji, reacted_at = excluded.reacted_at \
     WHERE excluded.reacted_at > reactions.reacted_at",
];

/// What is left under the hidden id. Each takes session and hidden id.
const LEFTOVERS: &[&str] = &[
    "DELETE FROM chats WHERE session = $1 AND id = $2",
    "DELETE FROM label_chats WHERE session = $1 AND chat = $2",
    "DELETE FROM receipts WHERE session = $1 AND chat = $2",
    "DELETE FROM reactions WHERE session = $1 AND chat = $2",
    "DELETE FROM reactions WHERE session = $1 AND sender = $2",
];

pub(crate) async fn move_to_phone(source: &mut impl Source, session: SessionId, lid: &Jid, phone: &Jid) -> Result<()> {
    for step in MOVES {
        let statement = query(*step).bind(session.to_string()).bind(lid.to_string()).bind(phone.to_string());
        source.run(statement).await?;
    }
    for step in LEFTOVERS {
        source.run(query(*step).bind(session.to_string()).bind(lid.to_string())).await?;
    }
    Ok(())
}
