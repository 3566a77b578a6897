//! Messages of the past: stored, shown in lists and found, but not told, for an event is told once, when it happens.

use jiff::SignedDuration;
use openwa_model::{
    Timestamp, chat::ChatTouch, engine::InboundMessage, jid::ChatKind, session::Progress, store::Unit,
    sync::HistorySync,
};

use super::{Draft, Inbound, Prepared, Result};
use crate::{gateway::Context, running::Running};

/// Stores what the phone told of the past because it was asked; says how many of them were not here.
pub(crate) async fn store_past(
    unit: &mut dyn Unit,
    context: &Context,
    running: &Running,
    told: &[InboundMessage],
) -> Result<u32> {
    let live = running.live.borrow().clone();
    let draft = Draft {
        progress: Progress { status: live.status, attempts: 0, ready_since: None, last_error: None },
        live,
        active_at: context.now(),
        unused: Vec::new(),
        pending: Vec::new(),
        replies: Vec::new(),
        unwanted_calls: Vec::new(),
        presences: Vec::new(),
    };
    let prepared = Prepared::default();
    let mut inbound = Inbound::new(unit, context, running.id, &prepared, draft);
    let stored = inbound.past(told).await?;
    inbound.trim_held().await?;
    Ok(stored)
}

impl Inbound<'_> {
    /// Says how many of them were not here.
    pub(super) async fn past(&mut self, told: &[InboundMessage]) -> Result<u32> {
        let mut stored = 0;
        for message in told {
            stored += u32::from(self.past_message(message).await?);
        }
        Ok(stored)
    }

    async fn past_message(&mut self, told: &InboundMessage) -> Result<bool> {
        let message = self.read_message(told).await?;
        let private = match message.chat.kind() {
            ChatKind::Individual => true,
            ChatKind::Group => false,
            // Statuses are seen for a day, and channels are read where they are.
            ChatKind::Channel | ChatKind::Status | ChatKind::Broadcast => return Ok(false),
        };
        if self.twin_of(&message).await?.is_some() || !self.unit.add_past_message(&message).await? {
            return Ok(false);
        }
        let name = match private {
            true => self.unit.contact(self.session, &message.chat).await?.and_then(|it| it.name.or(it.push_name)),
            false => None,
        };
        let touch = ChatTouch {
            id: message.chat.clone(),
            name,
            at: message.timestamp,
            body: message.body.clone(),
            kind: message.kind,
            unread: 0,
        };
        self.unit.touch_chat(self.session, &touch).await?;
        self.apply_held(&message).await?;
        Ok(true)
    }

    /// The link is up. After a long time without it is to be looked at what passed meanwhile.
    pub(super) async fn note_link_up(&mut self) -> Result<()> {
        let known = self.unit.history_sync(self.session).await?;
        let mut sync = known.unwrap_or_else(|| HistorySync::of(self.session));
        let least = self.context.settings.history_gap;
        let is_long = |seen: Timestamp| {
            let after = least.and_then(|it| SignedDuration::try_from(it).ok()).and_then(|it| seen.checked_add(it).ok());
            after.is_some_and(|it| it <= self.now)
        };
        if let Some(seen) = sync.seen_at.filter(|it| is_long(*it)) {
            sync.gap_since = Some(sync.gap_since.map_or(seen, |it| it.min(seen)));
        }
        sync.seen_at = Some(self.now);
        self.unit.save_history_sync(&sync).await
    }
}
