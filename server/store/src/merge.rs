//! One person, two ids: what was kept under the hidden id moves to the phone number.
//!
//! Moved is whatever is found by an id: chats and their labels, messages and their senders, receipts, reactions, who
//! is blocked, what is held for messages to come, when rules answered. What stands inside a message (whom it mentions,
//! whom it quotes) stays as it was sent and is read with what is known by then. The log and queued deliveries stay: they
//! say what was known when they were written, and their bodies are signed.

use openwa_model::{contact::Merged, id::SessionId, jid::Jid, store::Result};
use sqlx::query;

use crate::{dialect::Statement, work::Source};

/// The chat: what is newer wins, unread messages add up, and neither a pin nor silence is lost.
/// Like all that follow, it takes session, hidden id, phone number.
const CHAT: &str = "INSERT INTO chats (session, id, name, unread, last_at, last_body, last_kind, archived, pinned, muted_until) \
     SELECT session, $3, name, unread, last_at, last_body, last_kind, archived, pinned, muted_until \
     FROM chats WHERE session = $1 AND id = $2 \
     ON CONFLICT (session, id) DO UPDATE SET \
     name = COALESCE(chats.name, excluded.name), unread = chats.unread + excluded.unread, \
     archived = CASE WHEN excluded.archived = 0 THEN 0 ELSE chats.archived END, \
     pinned = CASE WHEN excluded.pinned = 1 THEN 1 ELSE chats.pinned END, \
     muted_until = COALESCE(chats.muted_until, excluded.muted_until), \
     last_body = \
     CASE WHEN excluded.last_at IS NULL OR chats.last_at >= excluded.last_at THEN chats.last_body ELSE excluded.last_body END, \
     last_kind = \
     CASE WHEN excluded.last_at IS NULL OR chats.last_at >= excluded.last_at THEN chats.last_kind ELSE excluded.last_kind END, \
     last_at = \
     CASE WHEN excluded.last_at IS NULL OR chats.last_at >= excluded.last_at THEN chats.last_at ELSE excluded.last_at END";

/// Messages of the chat that are there under the phone number too. Of those nobody has read, too many were counted.
const UNREAD_TWINS: &str = "DELETE FROM messages WHERE session = $1 AND chat = $2 AND from_me = 0 AND read_here = 0 \
     AND EXISTS (SELECT 1 FROM messages twin WHERE twin.session = $1 AND twin.id = messages.id AND twin.chat = $3 \
     AND twin.sender = CASE messages.sender WHEN $2 THEN $3 ELSE messages.sender END)";
const TWINS: &str = "DELETE FROM messages WHERE session = $1 AND chat = $2 AND EXISTS (SELECT 1 FROM messages twin \
     WHERE twin.session = $1 AND twin.id = messages.id AND twin.chat = $3 \
     AND twin.sender = CASE messages.sender WHEN $2 THEN $3 ELSE messages.sender END)";
const TWINS_ELSEWHERE: &str = "DELETE FROM messages WHERE session = $1 AND sender = $2 AND EXISTS \
     (SELECT 1 FROM messages twin WHERE twin.session = $1 AND twin.id = messages.id AND twin.chat = messages.chat \
     AND twin.sender = $3)";

/// Messages of the chat, then messages the person sent elsewhere.
const MESSAGES: &str = "UPDATE messages SET chat = $3, \
     sender_phone = CASE sender WHEN $2 THEN $3 ELSE sender_phone END, \
     sender_lid = CASE sender WHEN $2 THEN $2 ELSE sender_lid END, \
     sender = CASE sender WHEN $2 THEN $3 ELSE sender END WHERE session = $1 AND chat = $2";
const MESSAGES_ELSEWHERE: &str =
    "UPDATE messages SET sender = $3, sender_phone = $3, sender_lid = $2 WHERE session = $1 AND sender = $2";

/// What hangs on messages, and what was said of messages to come.
const REST: &[&str] = &[
    // What came under the phone number before the hidden id was known.
    "UPDATE messages SET sender_lid = $2 WHERE session = $1 AND sender = $3 AND sender_lid IS NULL",
    "INSERT INTO receipts (session, chat, message, participant, status, received_at) \
     SELECT session, $3, message, CASE participant WHEN $2 THEN $3 ELSE participant END, status, received_at \
     FROM receipts WHERE session = $1 AND chat = $2 ON CONFLICT DO NOTHING",
    // What the person confirmed in groups: two ids must not count as two people.
    "INSERT INTO receipts (session, chat, message, participant, status, received_at) \
     SELECT session, chat, message, $3, status, received_at FROM receipts WHERE session = $1 AND participant = $2 \
     ON CONFLICT DO NOTHING",
    "INSERT INTO reactions (session, chat, target, sender, emoji, reacted_at) \
     SELECT session, $3, target, CASE sender WHEN $2 THEN $3 ELSE sender END, emoji, reacted_at \
     FROM reactions WHERE session = $1 AND chat = $2 \
     ON CONFLICT (session, chat, target, sender) DO UPDATE SET emoji = excluded.emoji, reacted_at = excluded.reacted_at \
     WHERE excluded.reacted_at > reactions.reacted_at",
    // What the person reacted with elsewhere.
    "INSERT INTO reactions (session, chat, target, sender, emoji, reacted_at) \
     SELECT session, chat, target, $3, emoji, reacted_at FROM reactions WHERE session = $1 AND sender = $2 \
     ON CONFLICT (session, chat, target, sender) DO UPDATE SET emoji = excluded.emoji, reacted_at = excluded.reacted_at \
     WHERE excluded.reacted_at > reactions.reacted_at",
    // The labels of the chat.
    "INSERT INTO label_chats (session, label, chat) SELECT session, label, $3 FROM label_chats \
     WHERE session = $1 AND chat = $2 ON CONFLICT DO NOTHING",
    // Whether the person is blocked.
    "INSERT INTO blocked (session, id) SELECT session, $3 FROM blocked WHERE session = $1 AND id = $2 \
     ON CONFLICT DO NOTHING",
    "UPDATE early_news SET chat = $3 WHERE session = $1 AND chat = $2",
    // When rules last answered there: the later time counts.
    "INSERT INTO automation_answers (rule, chat, answered_at) SELECT rule, $3, answered_at FROM automation_answers \
     WHERE chat = $2 AND rule IN (SELECT id FROM automation_rules WHERE session = $1) \
     ON CONFLICT (rule, chat) DO UPDATE SET answered_at = excluded.answered_at \
     WHERE excluded.answered_at > automation_answers.answered_at",
];

/// What is left under the hidden id. Each takes session and hidden id.
const LEFTOVERS: &[&str] = &[
    "DELETE FROM chats WHERE session = $1 AND id = $2",
    "DELETE FROM receipts WHERE session = $1 AND chat = $2",
    "DELETE FROM receipts WHERE session = $1 AND participant = $2",
    "DELETE FROM reactions WHERE session = $1 AND chat = $2",
    "DELETE FROM reactions WHERE session = $1 AND sender = $2",
    "DELETE FROM label_chats WHERE session = $1 AND chat = $2",
    "DELETE FROM blocked WHERE session = $1 AND id = $2",
    "DELETE FROM automation_answers WHERE chat = $2 AND rule IN (SELECT id FROM automation_rules WHERE session = $1)",
];

/// Moves everything; answers what moved, when it was anything that was to be seen.
pub(crate) async fn move_to_phone(
    source: &mut impl Source,
    session: SessionId,
    lid: &Jid,
    phone: &Jid,
) -> Result<Option<Merged>> {
    let statement = |text: &'static str| -> Statement<'static> {
        query(text).bind(session.to_string()).bind(lid.to_string()).bind(phone.to_string())
    };
    let chat = source.run(statement(CHAT)).await? > 0;
    let counted_twice = source.run(statement(UNREAD_TWINS)).await?;
    source.run(statement(TWINS)).await?;
    let mut messages = source.run(statement(MESSAGES)).await?;
    source.run(statement(TWINS_ELSEWHERE)).await?;
    messages += source.run(statement(MESSAGES_ELSEWHERE)).await?;
    for step in REST {
        source.run(statement(step)).await?;
    }
    for step in LEFTOVERS {
        source.run(query(*step).bind(session.to_string()).bind(lid.to_string())).await?;
    }
    if counted_twice > 0 {
        let statement = query(
            "UPDATE chats SET unread = CASE WHEN unread > $3 THEN unread - $3 ELSE 0 END WHERE session = $1 AND id = $2",
        );
        let counted_twice = i64::try_from(counted_twice).unwrap_or(i64::MAX);
        source.run(statement.bind(session.to_string()).bind(phone.to_string()).bind(counted_twice)).await?;
    }
    Ok((chat || messages > 0).then(|| Merged { phone: phone.clone(), lid: lid.clone(), chat, messages }))
}
