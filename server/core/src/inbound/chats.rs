//! Chats changed on another device of the account: kept here the same way.

use openwa_model::{
    Timestamp,
    chat::{Chat, ChatChange, ChatChanged},
    jid::Jid,
};

use super::{Inbound, MAX_UNREAD, Result};
use crate::{chat_changes::tell, payload::Events};

impl Inbound<'_> {
    pub(super) async fn chat_changed(&mut self, changed: &ChatChanged) -> Result<()> {
        let id = self.canonical(&changed.chat, None).await?;
        let before = self.unit.chat(self.session, &id).await?;
        match changed.change {
            ChatChange::Marked(mark) => self.unit.mark_chat(self.session, &id, mark).await?,
            ChatChange::Unread => {
                if before.as_ref().is_some_and(|it| it.unread == 0) {
                    self.unit.set_unread(self.session, &id, 1).await?;
                }
            }
            ChatChange::ReadUpTo(up_to) => self.read_up_to(&id, up_to).await?,
            ChatChange::ClearedUpTo(up_to) => {
                self.clear(&id, up_to).await?;
            }
            ChatChange::DeletedUpTo(up_to) => {
                // What came since made the chat anew.
                if self.clear(&id, up_to).await?.is_some_and(|it| it.last_kind.is_none()) {
                    self.unit.delete_chat(self.session, &id).await?;
                }
            }
        }
        self.tell_chat(&id, before.as_ref()).await
    }

    pub(super) async fn tell_chat(&mut self, id: &Jid, before: Option<&Chat>) -> Result<()> {
        let events = Events { session: self.session, own: None };
        tell(self.unit, &events, id, before, self.now).await
    }

    async fn read_up_to(&mut self, chat: &Jid, up_to: Timestamp) -> Result<()> {
        let unread = self.unit.unread_messages(self.session, chat, MAX_UNREAD).await?;
        let (read, left): (Vec<_>, Vec<_>) = unread.into_iter().partition(|it| it.timestamp <= up_to);
        let read: Vec<_> = read.into_iter().map(|it| it.id).collect();
        self.unit.mark_incoming_read(self.session, chat, &read).await?;
        self.unit.set_unread(self.session, chat, left.len() as u32).await
    }

    /// Deletes what was sent until then; answers what is left of the chat.
    async fn clear(&mut self, chat: &Jid, up_to: Timestamp) -> Result<Option<Chat>> {
        let unused = self.unit.clear_messages(self.session, chat, up_to).await?;
        self.draft.unused.extend(unused);
        self.unit.chat(self.session, chat).await
    }
}
