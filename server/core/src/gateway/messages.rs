//! Messages: send, react, edit, delete, list, and their files. What is sent is put together in `compose`.

use std::{path::PathBuf, sync::Arc};

use openwa_model::{
    Timestamp,
    batch::BatchPlace,
    contact::PersonIds,
    content::{Detail, Media, MessageKind},
    engine::ErrorKind,
    id::{MessageId, SessionId},
    idempotency::IdempotentRequest,
    jid::{Jid, Server},
    message::{Message, Reaction},
    ops::{DeleteForMe, DownloadMedia, EditMessage, MessageRef, Op, React, RevokeMessage},
    store::{ContactReads, MessageFilter, Page, StoreError, Unit},
};

use super::{Gateway, Result, compose::SendRequest};
use crate::{
    error::GatewayError,
    idempotency::{self, Verdict},
    outbound::{self, Outcome},
    payload::{Events, file_bytes},
    reconciler,
    running::{CallError, Running},
};

/// What makes a request take effect once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IdempotencyKey {
    /// The key, scoped to the session.
    pub key: String,
    /// SHA-256 of operation and body, in hexadecimal.
    pub fingerprint: String,
}

/// A message WhatsApp has accepted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SendOutcome {
    /// Its id.
    pub id: MessageId,
    /// When WhatsApp accepted it.
    pub timestamp: Timestamp,
    /// Whether this is the answer to an earlier request with the same key.
    pub replayed: bool,
}

impl Gateway {
    /// Sends a message; returns once WhatsApp has accepted it.
    pub async fn send(
        &self,
        session: SessionId,
        request: SendRequest,
        key: Option<IdempotencyKey>,
    ) -> Result<SendOutcome> {
        let this = self.clone();
        self.detached(async move { this.send_to_the_end(session, request, key, None).await }).await
    }

    /// Sends a message of a batch, if it still waits for its turn there; a [`StoreError::Conflict`] says that it does not.
    /// Its place learns the message's id together with the message being stored, so that it is never sent a second time.
    pub(crate) async fn send_of_batch(
        &self,
        session: SessionId,
        request: SendRequest,
        place: BatchPlace,
    ) -> Result<SendOutcome> {
        let this = self.clone();
        self.detached(async move { this.send_to_the_end(session, request, None, Some(place)).await }).await
    }

    /// Reacts to a message; "" takes the reaction back.
    pub async fn react(&self, session: SessionId, chat: &Jid, id: &MessageId, emoji: &str) -> Result<()> {
        let (this, running) = (self.clone(), self.running(session).await?);
        running.check(Op::React)?;
        let target = self.message(session, chat, id).await?;
        let emoji = emoji.to_owned();
        self.detached(async move {
            let operation = React { target: address(&target), emoji: emoji.clone() };
            let sent = running.call(operation, this.settings().call_timeout).await?;
            let own = running.account();
            let ids = own.as_ref().map(|it| PersonIds { phone: Some(it.phone.clone()), lid: it.lid.clone() });
            let own = own.map_or_else(|| target.sender.clone(), |it| it.phone);
            let reaction = Reaction { chat: target.chat, target: target.id, sender: own, emoji, timestamp: sent.at };
            let mut unit = this.begin_for(&running).await?;
            if unit.set_reaction(session, &reaction).await? {
                let ids = ids.unwrap_or_default();
                unit.append_event(&Events { session, own: None }.reaction(&reaction, &ids)).await?;
            }
            this.commit(unit).await
        })
        .await
    }

    /// Takes a message back for everyone.
    pub async fn revoke_message(&self, session: SessionId, chat: &Jid, id: &MessageId) -> Result<()> {
        let (this, running) = (self.clone(), self.running(session).await?);
        running.check(Op::RevokeMessage)?;
        let target = self.message(session, chat, id).await?;
        self.detached(async move {
            let operation = RevokeMessage { target: address(&target) };
            let sent = running.call(operation, this.settings().call_timeout).await?;
            let mut unit = this.begin_for(&running).await?;
            let before = unit.revoke_message(session, &target.chat, &target.id).await?;
            if let Some(before) = &before {
                let own = running.account().map(|it| it.phone);
                unit.append_event(&Events { session, own: own.as_ref() }.revoked(before, sent.at)).await?;
            }
            this.commit(unit).await?;
            this.remove_file(before.and_then(|it| it.media)).await;
            Ok(())
        })
        .await
    }

    /// Deletes a message on this account's devices only.
    pub async fn delete_message_for_me(&self, session: SessionId, chat: &Jid, id: &MessageId) -> Result<()> {
        let (this, running) = (self.clone(), self.running(session).await?);
        running.check(Op::DeleteForMe)?;
        let target = self.message(session, chat, id).await?;
        self.detached(async move {
            let operation = DeleteForMe { target: address(&target), timestamp: target.timestamp };
            running.call(operation, this.settings().call_timeout).await?;
            let mut unit = this.begin_for(&running).await?;
            unit.delete_message(target.row).await?;
            this.commit(unit).await?;
            this.remove_file(target.media).await;
            Ok(())
        })
        .await
    }

    /// Replaces the text of a sent message.
    pub async fn edit_message(
        &self,
        session: SessionId,
        chat: &Jid,
        id: &MessageId,
        body: &str,
        mentions: &[Jid],
    ) -> Result<SendOutcome> {
        let (this, running) = (self.clone(), self.running(session).await?);
        running.check(Op::EditMessage)?;
        let target = self.message(session, chat, id).await?;
        if !target.from_me || target.kind != MessageKind::Text {
            return Err(GatewayError::InvalidInput("Only own text messages can be edited".to_owned()));
        }
        let (body, mentions) = (body.to_owned(), mentions.to_vec());
        self.detached(async move {
            let operation = EditMessage { target: address(&target), body: body.clone(), mentions: mentions.clone() };
            let sent = running.call(operation, this.settings().call_timeout).await?;
            let mut unit = this.begin_for(&running).await?;
            let Message { chat, id, sender, .. } = &target;
            if let Some(edited) = unit.edit_message(session, chat, id, sender, &body, &mentions, sent.at).await? {
                unit.append_event(&Events { session, own: Some(sender) }.edited(&edited, sent.at)).await?;
            }
            this.commit(unit).await?;
            Ok(SendOutcome { id: target.id, timestamp: sent.at, replayed: false })
        })
        .await
    }

    /// Messages, newest stored first, and how many there are in all.
    pub async fn messages(
        &self,
        session: SessionId,
        filter: &MessageFilter,
        page: Page,
    ) -> Result<(Vec<Message>, u64)> {
        let mut view = self.view_of(session).await?;
        let mut filter = filter.clone();
        for id in [&mut filter.chat, &mut filter.sender].into_iter().flatten() {
            *id = canonical(&mut *view, session, id).await?;
        }
        let mut messages = view.messages(session, &filter, page).await?;
        for message in &mut messages {
            name_anew(&mut *view, message).await?;
        }
        let all = MessageFilter { after: None, ..filter };
        Ok((messages, view.count_messages(session, &all).await?))
    }

    /// One message.
    pub async fn message(&self, session: SessionId, chat: &Jid, id: &MessageId) -> Result<Message> {
        let mut view = self.view_of(session).await?;
        let chat = canonical(&mut *view, session, chat).await?;
        let mut message = view.message(session, &chat, id).await?.ok_or(GatewayError::MessageNotFound)?;
        name_anew(&mut *view, &mut message).await?;
        Ok(message)
    }

    /// The file of a message, as a local file; fetched from WhatsApp when there is no copy yet.
    pub async fn message_media(&self, session: SessionId, chat: &Jid, id: &MessageId) -> Result<(Media, PathBuf)> {
        let mut message = self.message(session, chat, id).await?;
        let media = message.media.take().ok_or(GatewayError::MediaNotStored)?;
        let files = &self.0.context.ports.files;
        if let Some(key) = &media.file
            && let Some(path) = files.local(key).await?
        {
            return Ok((media, path));
        }
        if media.remote.is_none() {
            return Err(GatewayError::MediaNotStored);
        }
        let (this, running) = (self.clone(), self.running(session).await?);
        self.detached(async move { this.fetch_media(&running, &message, media).await }).await
    }

    /// The bytes of a message's file where our copy is there and not larger than `max_bytes`; never asks WhatsApp.
    pub async fn stored_media(&self, media: &Media, max_bytes: u64) -> Result<Option<Vec<u8>>> {
        let Some(key) = &media.file else { return Ok(None) };
        Ok(file_bytes(&*self.0.context.ports.files, key, max_bytes).await?)
    }

    /// Who reacted to a message with what.
    pub async fn reactions(&self, session: SessionId, chat: &Jid, id: &MessageId) -> Result<Vec<Reaction>> {
        let mut view = self.view_of(session).await?;
        let chat = canonical(&mut *view, session, chat).await?;
        Ok(view.reactions(session, &chat, id).await?)
    }

    async fn send_to_the_end(
        &self,
        session: SessionId,
        request: SendRequest,
        key: Option<IdempotencyKey>,
        place: Option<BatchPlace>,
    ) -> Result<SendOutcome> {
        let mut is_void = false;
        if let Some(key) = &key {
            match self.judge(session, key).await? {
                Verdict::Fresh => {}
                Verdict::Void => is_void = true,
                Verdict::Replay(outcome) => return Ok(outcome),
                Verdict::Refuse(error) => return Err(error),
            }
        }
        let running = self.running(session).await?;
        if self.is_draining() {
            return Err(GatewayError::Draining);
        }
        running.check(Op::SendMessage)?;
        let account = running.account().ok_or(GatewayError::SessionNotReady(running.status()))?;
        let message = self.compose(&running, account, request).await?;
        let Some(_sending) = running.begin_sending(&message.id) else {
            return Err(GatewayError::Engine("the message id is already in use; send again".to_owned()));
        };
        match self.store_pending(&running, &message, key.as_ref(), is_void, place).await {
            Ok(()) => {}
            // Nothing is stored, so nothing may stay of it.
            Err(error) => {
                self.remove_file(message.media).await;
                return Err(error);
            }
        }
        self.hand_over(&running, message, key.map(|it| it.key)).await
    }

    async fn judge(&self, session: SessionId, key: &IdempotencyKey) -> Result<Verdict> {
        let mut view = self.view().await?;
        let earlier = view.idempotent_request(session, &key.key, self.now()).await?;
        let id = earlier.as_ref().and_then(|it| it.message.clone());
        // Asked before the message is read: a send that ends in between has stored its outcome.
        let is_sending = match (&id, self.0.supervisor.running(session)) {
            (Some(id), Some(running)) => running.is_sending(id),
            _ => false,
        };
        let message = match &id {
            Some(id) => self.own_message(session, id).await?,
            None => None,
        };
        Ok(idempotency::judge(earlier.as_ref(), &key.fingerprint, is_sending, message.as_ref()))
    }

    /// A message this account sent, whatever its chat is called by now.
    pub(crate) async fn own_message(&self, session: SessionId, id: &MessageId) -> Result<Option<Message>> {
        let filter = MessageFilter { id: Some(id.clone()), from_me: Some(true), ..MessageFilter::default() };
        Ok(self.view().await?.messages(session, &filter, Page { limit: 1, offset: 0 }).await?.pop())
    }

    /// The first unit of a send: from here on it will be sent, even if this process dies.
    async fn store_pending(
        &self,
        running: &Running,
        message: &Message,
        key: Option<&IdempotencyKey>,
        is_void: bool,
        place: Option<BatchPlace>,
    ) -> Result<()> {
        let session = running.id;
        let mut unit = self.begin_for(running).await?;
        if let Some(place) = place
            && !unit.begin_batch_message(place, &message.id, message.created_at).await?
        {
            return Err(StoreError::Conflict("this message of the batch").into());
        }
        if let Some(key) = key {
            if is_void {
                unit.delete_idempotent_request(session, &key.key).await?;
            }
            let lasts = self.settings().idempotency_lasts;
            let request = IdempotentRequest {
                session,
                key: key.key.clone(),
                fingerprint: key.fingerprint.clone(),
                message: Some(message.id.clone()),
                answer: None,
                created_at: message.created_at,
                expires_at: message.created_at.saturating_add(lasts).unwrap_or(Timestamp::MAX),
            };
            match unit.add_idempotent_request(&request).await {
                // Another request with this key came in at the same moment.
                Err(StoreError::Conflict(_)) => return Err(GatewayError::IdempotencyInProgress),
                added => added?,
            }
        }
        outbound::store(&mut *unit, message).await?;
        unit.commit().await?;
        Ok(())
    }

    async fn hand_over(&self, running: &Arc<Running>, message: Message, key: Option<String>) -> Result<SendOutcome> {
        let context = &self.0.context;
        let (error, code) = match outbound::hand_over(context, running, &message).await {
            Outcome::Accepted(at) => {
                return match outbound::accepted(context, running, &message, at, key.as_deref()).await {
                    Ok(()) => Ok(SendOutcome { id: message.id, timestamp: at, replayed: false }),
                    Err(error) => {
                        let error = &error as &dyn std::error::Error;
                        tracing::error!(session.id = %running.id, message.id = %message.id, error, "a message was sent, but that could not be stored; it is sent again under its id");
                        reconciler::resend_later(context.clone(), running.clone());
                        Err(GatewayError::Unconfirmed("the message was sent, but that could not be stored".to_owned()))
                    }
                };
            }
            Outcome::Unknown(why) => {
                reconciler::resend_later(context.clone(), running.clone());
                return Err(GatewayError::Unconfirmed(why));
            }
            Outcome::Failed(error, code) => (error, code),
            Outcome::NotNow(error) => (error, None),
        };
        outbound::failed(context, running, &message, (&error.to_string(), code), key.as_deref()).await?;
        Err(error)
    }

    async fn fetch_media(&self, running: &Running, message: &Message, media: Media) -> Result<(Media, PathBuf)> {
        let files = &self.0.context.ports.files;
        running.check(Op::DownloadMedia)?;
        if !self.settings().media_types.permits(&media.mimetype) {
            return Err(GatewayError::MediaTypeNotAllowed(media.mimetype));
        }
        let spooled = files.spool().await?;
        let max_bytes = self.settings().media_max_bytes;
        let download =
            DownloadMedia { media: media.clone(), message: Some(address(message)), into: spooled.clone(), max_bytes };
        let size_bytes = match running.call(download, self.settings().call_timeout).await {
            Ok(size_bytes) => size_bytes,
            Err(error) => {
                // What was written of it is of no use; that it may never have been made is fine.
                _ = tokio::fs::remove_file(&spooled).await;
                return Err(match error {
                    CallError::Engine(error) if matches!(error.kind, ErrorKind::Media | ErrorKind::NotFound) => {
                        GatewayError::MediaNotStored
                    }
                    error => error.into(),
                });
            }
        };
        let key = files.keep(spooled).await?;
        let media = Media { size_bytes: Some(size_bytes), file: Some(key.clone()), ..media };
        let mut unit = self.begin_for(running).await?;
        unit.set_media(message.row, &media).await?;
        unit.commit().await?;
        let path = files.local(&key).await?.ok_or(GatewayError::MediaNotStored)?;
        Ok((media, path))
    }

    pub(super) async fn remove_file(&self, media: Option<Media>) {
        let Some(key) = media.and_then(|it| it.file) else { return };
        if let Err(error) = self.0.context.ports.files.remove(&key).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a file was left behind");
        }
    }

    /// A unit that only the session's owner can commit.
    pub(crate) async fn begin_for(&self, running: &Running) -> Result<Box<dyn Unit>> {
        let mut unit = self.store().begin().await?;
        unit.check_lease(&running.lease).await?;
        Ok(unit)
    }

    /// Commits a unit that appended events.
    pub(crate) async fn commit(&self, unit: Box<dyn Unit>) -> Result<()> {
        unit.commit().await?;
        self.bell().ring();
        Ok(())
    }
}

/// By phone number where the number is known, else as it is.
pub(crate) async fn canonical(
    view: &mut (impl ContactReads + Send + ?Sized),
    session: SessionId,
    id: &Jid,
) -> std::result::Result<Jid, StoreError> {
    if id.server() != Server::Lid {
        return Ok(id.clone());
    }
    Ok(view.phone_of(session, id).await?.unwrap_or_else(|| id.clone()))
}

/// Both ids of a person, as far as they are known.
pub(crate) async fn ids_of(
    view: &mut (impl ContactReads + Send + ?Sized),
    session: SessionId,
    id: &Jid,
) -> std::result::Result<PersonIds, StoreError> {
    Ok(match id.server() {
        Server::Phone => PersonIds { lid: view.lid_of(session, id).await?, phone: Some(id.clone()) },
        Server::Lid => PersonIds { phone: view.phone_of(session, id).await?, lid: Some(id.clone()) },
        Server::Group | Server::Newsletter | Server::Broadcast => PersonIds::default(),
    })
}

/// Names the people inside a stored message as they are known by now: what stands inside stays as it was sent.
pub(crate) async fn name_anew(
    view: &mut (impl ContactReads + Send + ?Sized),
    message: &mut Message,
) -> std::result::Result<(), StoreError> {
    let session = message.session;
    let quoted = message.quoted.as_mut().map(|it| &mut it.sender);
    let answering = message.detail.as_mut().map(Detail::people_mut).unwrap_or_default();
    for id in message.mentions.iter_mut().chain(quoted).chain(answering) {
        *id = canonical(view, session, id).await?;
    }
    Ok(())
}

/// A message as engines are told of it.
pub(crate) fn address(message: &Message) -> MessageRef {
    MessageRef {
        id: message.id.clone(),
        chat: message.chat.clone(),
        sender: message.sender.clone(),
        from_me: message.from_me,
    }
}
