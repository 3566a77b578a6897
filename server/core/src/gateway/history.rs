//! What was said in a chat, as its events told it, and before this gateway heard of it as the phone tells it.

use std::{collections::HashSet, time::Duration};

use openwa_model::{
    content::{Media, Quoted},
    engine::InboundMessage,
    id::{MessageId, RowId, SessionId},
    jid::{Jid, Server},
    message::{DeliveryStatus, Message},
    ops::{FetchHistory, Op},
    store::{MessageFilter, Page, View},
};
use serde_json::Value;

use super::{
    Gateway, Result,
    messages::{address, canonical},
};
use crate::{
    error::GatewayError,
    payload::{Events, inline_media},
};

/// How many bytes of files stand in one answer.
const INLINE_BUDGET_BYTES: u64 = 8 * 1024 * 1024;

/// How long the phone may take to tell what was said before; it may be off line for days.
const PATIENCE: Duration = Duration::from_secs(10);

/// What of a history is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HistoryWanted {
    /// How many messages at most, the newest.
    pub limit: u32,
    /// Whether their files stand in the answer.
    pub files: bool,
}

impl Gateway {
    /// The newest messages of a chat, oldest first, each as the data of its event. Where fewer are stored than are
    /// wanted, the phone is asked for what was said before; that is told and not stored, for an event is told once.
    pub async fn history(&self, session: SessionId, chat: &Jid, wanted: HistoryWanted) -> Result<Vec<Value>> {
        let mut view = self.view().await?;
        let row = view.session(session).await?.ok_or(GatewayError::SessionNotFound(session))?;
        let chat = canonical(&mut *view, session, chat).await?;
        let filter = MessageFilter { chat: Some(chat), by_timestamp: true, ..MessageFilter::default() };
        let mut messages = view.messages(session, &filter, Page { limit: wanted.limit, offset: 0 }).await?;
        let own = row.account.map(|it| it.phone);
        let missing = (wanted.limit as usize).saturating_sub(messages.len());
        if let Some(oldest) = messages.last().filter(|_| missing > 0)
            && let Some(told) = self.past(oldest, missing as u32).await
        {
            let known: HashSet<MessageId> = messages.iter().map(|it| it.id.clone()).collect();
            let mut past = Vec::new();
            for message in told {
                if !known.contains(&message.id) {
                    past.push(old_message(&mut *view, session, own.as_ref(), message).await?);
                }
            }
            // Times are told to the second, so that the phone's order counts.
            past.reverse();
            past.sort_by_key(|it| std::cmp::Reverse(it.timestamp));
            past.truncate(missing);
            messages.extend(past);
        }
        drop(view);
        let events = Events { session, own: own.as_ref() };
        let mut budget = if wanted.files { INLINE_BUDGET_BYTES } else { 0 };
        let mut told = Vec::with_capacity(messages.len());
        for message in messages.iter().rev() {
            let data = match &message.media {
                Some(media) if budget > 0 => self.inline(media, &mut budget).await,
                _ => None,
            };
            told.push(events.message(message, data.as_deref()).data);
        }
        Ok(told)
    }

    /// What the phone tells of what was said before a message; nothing where it cannot be asked or does not answer.
    async fn past(&self, oldest: &Message, count: u32) -> Option<Vec<InboundMessage>> {
        let running = self.0.supervisor.running(oldest.session)?;
        running.check(Op::FetchHistory).ok()?;
        let (chat, sent_at) = (oldest.chat.clone(), oldest.timestamp);
        match running.call(FetchHistory { chat, before: address(oldest), sent_at, count }, PATIENCE).await {
            Ok(told) => Some(told),
            Err(error) => {
                let error = GatewayError::from(error);
                tracing::info!(session.id = %oldest.session, error = &error as &dyn std::error::Error, "the phone did not tell what was said before");
                None
            }
        }
    }

    async fn inline(&self, media: &Media, budget: &mut u64) -> Option<String> {
        let data = inline_media(&*self.0.context.ports.files, media, *budget).await?;
        *budget = budget.saturating_sub(media.size_bytes.unwrap_or(data.len() as u64));
        Some(data)
    }
}

/// A message that the phone told of, under the ids that people are kept under.
async fn old_message(
    view: &mut dyn View,
    session: SessionId,
    own: Option<&Jid>,
    told: InboundMessage,
) -> Result<Message> {
    let sender = match own.filter(|_| told.from_me) {
        Some(own) => own.clone(),
        None => canonical(&mut *view, session, &told.sender).await?,
    };
    let mut mentions = Vec::with_capacity(told.mentions.len());
    for mentioned in &told.mentions {
        mentions.push(canonical(&mut *view, session, mentioned).await?);
    }
    let quoted = match told.quoted {
        Some(it) => Some(Quoted { sender: canonical(&mut *view, session, &it.sender).await?, ..it }),
        None => None,
    };
    Ok(Message {
        row: RowId(uuid::Uuid::nil()),
        session,
        id: told.id,
        chat: canonical(&mut *view, session, &told.chat).await?,
        sender_phone: Some(sender.clone()).filter(|it| it.server() == Server::Phone),
        sender_lid: told.sender_lid,
        sender,
        push_name: told.push_name,
        from_me: told.from_me,
        kind: told.kind,
        body: told.body,
        timestamp: told.timestamp,
        status: DeliveryStatus::Delivered,
        error: None,
        quoted,
        mentions,
        media: told.media,
        detail: told.detail,
        marks: told.marks,
        edited_at: None,
        outgoing: None,
        created_at: told.timestamp,
    })
}
