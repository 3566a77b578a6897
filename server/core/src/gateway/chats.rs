//! Chats.

use std::collections::{BTreeMap, BTreeSet};

use openwa_model::{
    chat::Chat,
    id::{MessageId, SessionId},
    jid::{ChatKind, Jid},
    ops::{MarkRead, Op},
    store::Page,
};

use super::{Gateway, Result, messages::canonical};
use crate::error::GatewayError;

/// How many unread messages are marked at once.
const MAX_UNREAD: u32 = 1_000;

impl Gateway {
    /// Chats, the one with the newest message first.
    pub async fn chats(&self, session: SessionId, page: Page) -> Result<Vec<Chat>> {
        Ok(self.view_of(session).await?.chats(session, page).await?)
    }

    /// The id a chat is kept under: by phone number where it is known.
    pub async fn canonical_chat(&self, session: SessionId, chat: &Jid) -> Result<Jid> {
        Ok(canonical(&mut *self.view().await?, session, chat).await?)
    }

    /// The names of chats, where they were learned.
    pub async fn chat_names(
        &self,
        session: SessionId,
        chats: impl IntoIterator<Item = &Jid> + Send,
    ) -> Result<BTreeMap<Jid, String>> {
        let asked: BTreeSet<Jid> = chats.into_iter().cloned().collect();
        let mut view = self.view().await?;
        let mut names = BTreeMap::new();
        for id in asked {
            if let Some(name) = view.chat(session, &id).await?.and_then(|it| it.name) {
                names.insert(id, name);
            }
        }
        Ok(names)
    }

    /// Marks messages of a chat as read: these, or (`None`) all that are unread.
    pub async fn mark_chat_read(&self, session: SessionId, chat: &Jid, ids: Option<&[MessageId]>) -> Result<()> {
        let (this, running) = (self.clone(), self.running(session).await?);
        running.check(Op::MarkRead)?;
        let mut view = self.view().await?;
        let chat = canonical(&mut *view, session, chat).await?;
        if view.chat(session, &chat).await?.is_none() {
            return Err(GatewayError::ChatNotFound);
        }
        let mut by_sender: BTreeMap<Jid, Vec<MessageId>> = BTreeMap::new();
        match ids {
            None => {
                for message in view.unread_messages(session, &chat, MAX_UNREAD).await? {
                    by_sender.entry(message.sender).or_default().push(message.id);
                }
            }
            Some(ids) => {
                for id in ids {
                    match view.message(session, &chat, id).await? {
                        Some(message) if !message.from_me => {
                            by_sender.entry(message.sender).or_default().push(message.id)
                        }
                        // Own messages cannot be unread.
                        Some(_) => {}
                        // WhatsApp may know one that came before this gateway did.
                        None if chat.kind() == ChatKind::Individual => {
                            by_sender.entry(chat.clone()).or_default().push(id.clone());
                        }
                        None => return Err(GatewayError::MessageNotFound),
                    }
                }
            }
        }
        drop(view);
        self.detached(async move {
            for (sender, ids) in by_sender {
                let operation = MarkRead { chat: chat.clone(), ids: ids.clone(), sender };
                running.call(operation, this.settings().call_timeout).await?;
                let mut unit = this.begin_for(&running).await?;
                unit.mark_incoming_read(session, &chat, &ids).await?;
                let left = unit.unread_messages(session, &chat, MAX_UNREAD).await?.len();
                unit.set_unread(session, &chat, left as u32).await?;
                unit.commit().await?;
            }
            Ok(())
        })
        .await
    }
}
