//! Chats.

use openwa_model::{
    chat::Chat,
    id::{MessageId, SessionId},
    jid::Jid,
    store::Page,
};

use super::{Gateway, Result};

impl Gateway {
    /// Chats, the one with the newest message first.
    pub async fn chats(&self, session: SessionId, page: Page) -> Result<Vec<Chat>> {
        todo!()
    }
    /// Marks messages of a chat as read: these, or (`None`) all that are unread.
    pub async fn mark_chat_read(&self, session: SessionId, chat: &Jid, ids: Option<&[MessageId]>) -> Result<()> {
        todo!()
    }
}
