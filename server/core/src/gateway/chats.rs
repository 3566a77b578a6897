//! Chats.

use std::collections::{BTreeMap, BTreeSet};

use openwa_model::{
    chat::{Chat, ChatMark, Typing},
    id::{MessageId, SessionId},
    jid::{ChatKind, Jid},
    ops::{
        ArchiveChat, ClearChat, DeleteChat, MarkRead, MuteChat, NewestMessage, Op, Operation, PinChat, SendTyping,
        SetChatUnread,
    },
    store::{MessageFilter, Page, View},
};

use super::{
    Gateway, Result,
    messages::{address, canonical},
};
use crate::{chat_changes::tell, error::GatewayError, payload::Events};

/// How many unread messages are marked at once.
const MAX_UNREAD: u32 = 1_000;
/// How many chats WhatsApp's own apps keep on top.
const MAX_PINNED: u32 = 3;

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
        // A chat that is only shown as unread has no message to confirm.
        let is_unread = view.chat(session, &chat).await?.is_some_and(|it| it.unread > 0);
        let shown_as_unread = ids.is_none() && by_sender.is_empty() && is_unread;
        let newest = newest_of(&mut *view, session, &chat).await?;
        drop(view);
        self.detached(async move {
            if shown_as_unread && running.capabilities.ops.has(Op::SetChatUnread) {
                let operation = SetChatUnread { chat: chat.clone(), unread: false, newest };
                running.call(operation, this.settings().call_timeout).await?;
                let mut unit = this.begin_for(&running).await?;
                let before = unit.chat(session, &chat).await?;
                unit.set_unread(session, &chat, 0).await?;
                tell(&mut *unit, &Events { session, own: None }, &chat, before.as_ref(), this.now()).await?;
                this.commit(unit).await?;
            }
            for (sender, ids) in by_sender {
                let operation = MarkRead { chat: chat.clone(), ids: ids.clone(), sender };
                running.call(operation, this.settings().call_timeout).await?;
                let mut unit = this.begin_for(&running).await?;
                let before = unit.chat(session, &chat).await?;
                unit.mark_incoming_read(session, &chat, &ids).await?;
                let left = unit.unread_messages(session, &chat, MAX_UNREAD).await?.len();
                unit.set_unread(session, &chat, left as u32).await?;
                tell(&mut *unit, &Events { session, own: None }, &chat, before.as_ref(), this.now()).await?;
                this.commit(unit).await?;
            }
            Ok(())
        })
        .await
    }

    /// Shows a chat as unread on all of this account's devices.
    pub async fn mark_chat_unread(&self, session: SessionId, chat: &Jid) -> Result<()> {
        let (this, running) = (self.clone(), self.running(session).await?);
        running.check(Op::SetChatUnread)?;
        let mut view = self.view().await?;
        let chat = canonical(&mut *view, session, chat).await?;
        view.chat(session, &chat).await?.ok_or(GatewayError::ChatNotFound)?;
        let newest = newest_of(&mut *view, session, &chat).await?;
        drop(view);
        self.detached(async move {
            let operation = SetChatUnread { chat: chat.clone(), unread: true, newest };
            running.call(operation, this.settings().call_timeout).await?;
            let mut unit = this.begin_for(&running).await?;
            let before = unit.chat(session, &chat).await?;
            unit.set_unread(session, &chat, before.as_ref().map_or(1, |it| it.unread.max(1))).await?;
            tell(&mut *unit, &Events { session, own: None }, &chat, before.as_ref(), this.now()).await?;
            this.commit(unit).await
        })
        .await
    }

    /// Puts a chat away, keeps it on top, silences it, or takes that back. False when WhatsApp keeps no more chats on top.
    pub async fn mark_chat(&self, session: SessionId, chat: &Jid, mark: ChatMark) -> Result<bool> {
        let (this, running) = (self.clone(), self.running(session).await?);
        running.check(match mark {
            ChatMark::Archived(_) => Op::ArchiveChat,
            ChatMark::Pinned(_) => Op::PinChat,
            ChatMark::MutedUntil(_) => Op::MuteChat,
        })?;
        let mut view = self.view().await?;
        let chat = canonical(&mut *view, session, chat).await?;
        if mark == ChatMark::Pinned(true)
            && view.chat(session, &chat).await?.is_none_or(|it| !it.pinned)
            && view.count_pinned_chats(session).await? >= MAX_PINNED
        {
            return Ok(false);
        }
        let newest = newest_of(&mut *view, session, &chat).await?;
        drop(view);
        self.detached(async move {
            let (limit, named) = (this.settings().call_timeout, chat.clone());
            match mark {
                ChatMark::Archived(archived) => {
                    running.call(ArchiveChat { chat: named, archived, newest }, limit).await?
                }
                ChatMark::Pinned(pinned) => running.call(PinChat { chat: named, pinned }, limit).await?,
                ChatMark::MutedUntil(until) => running.call(MuteChat { chat: named, until }, limit).await?,
            }
            let mut unit = this.begin_for(&running).await?;
            let before = unit.chat(session, &chat).await?;
            unit.mark_chat(session, &chat, mark).await?;
            tell(&mut *unit, &Events { session, own: None }, &chat, before.as_ref(), this.now()).await?;
            this.commit(unit).await?;
            Ok(true)
        })
        .await
    }

    /// Deletes the messages of a chat on this account's devices; the chat stays.
    pub async fn clear_chat(&self, session: SessionId, chat: &Jid) -> Result<()> {
        self.sweep(session, chat, |chat, newest| ClearChat { chat, newest }, false).await
    }

    /// Deletes a chat with its messages on this account's devices.
    pub async fn delete_chat(&self, session: SessionId, chat: &Jid) -> Result<()> {
        self.sweep(session, chat, |chat, newest| DeleteChat { chat, newest }, true).await
    }

    /// Has the devices agree that the messages of a chat are gone, and deletes what was there by then; `with_chat` the
    /// chat as well.
    async fn sweep<O: Operation<Output = ()>>(
        &self,
        session: SessionId,
        chat: &Jid,
        operation: fn(Jid, Option<NewestMessage>) -> O,
        with_chat: bool,
    ) -> Result<()> {
        let (this, running) = (self.clone(), self.running(session).await?);
        running.check(O::OP)?;
        let (chat, newest) = self.chat_and_newest(session, chat).await?;
        self.detached(async move {
            let up_to = newest.as_ref().map(|it| it.timestamp);
            running.call(operation(chat.clone(), newest), this.settings().call_timeout).await?;
            let mut unit = this.begin_for(&running).await?;
            let before = unit.chat(session, &chat).await?;
            let unused = unit.clear_messages(session, &chat, up_to.unwrap_or_else(|| this.now())).await?;
            // What came meanwhile made the chat anew.
            if with_chat && unit.chat(session, &chat).await?.is_some_and(|it| it.last_kind.is_none()) {
                unit.delete_chat(session, &chat).await?;
            }
            tell(&mut *unit, &Events { session, own: None }, &chat, before.as_ref(), this.now()).await?;
            this.commit(unit).await?;
            this.remove_files(unused);
            Ok(())
        })
        .await
    }

    /// Shows the other side of a chat that somebody is typing, or no longer.
    pub async fn send_typing(&self, session: SessionId, chat: &Jid, state: Typing) -> Result<()> {
        let running = self.running(session).await?;
        running.check(Op::SendTyping)?;
        let chat = self.canonical_chat(session, chat).await?;
        Ok(running.call(SendTyping { chat, state }, self.settings().call_timeout).await?)
    }

    async fn chat_and_newest(&self, session: SessionId, chat: &Jid) -> Result<(Jid, Option<NewestMessage>)> {
        let mut view = self.view().await?;
        let chat = canonical(&mut *view, session, chat).await?;
        let newest = newest_of(&mut *view, session, &chat).await?;
        Ok((chat, newest))
    }
}

/// The message of a chat that was sent last.
async fn newest_of(view: &mut dyn View, session: SessionId, chat: &Jid) -> Result<Option<NewestMessage>> {
    let filter = MessageFilter { chat: Some(chat.clone()), by_timestamp: true, ..MessageFilter::default() };
    let newest = view.messages(session, &filter, Page { limit: 1, offset: 0 }).await?.pop();
    Ok(newest.map(|it| NewestMessage { message: address(&it), timestamp: it.timestamp }))
}
