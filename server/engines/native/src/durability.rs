//! Incoming messages, between being decrypted and being acknowledged.
//!
//! The library calls this hook before it acknowledges anything to WhatsApp, and acknowledges only
//! if it returns `Ok`. While live it has one task per chat, so that the hook runs for up to 64 chats
//! side by side and for one chat in order; what waits for media in one chat delays no other. While
//! it takes over what was queued at WhatsApp there is one task for all chats, which calls the hook
//! with up to 400 messages at a time: then the files of one call are fetched side by side, and all of
//! them together may not take longer than one would. Either way a file that does not come in time
//! never holds its message back: it is fetched later, on demand.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use openwa_model::{
    engine::{Addressed, Signal, Signals},
    media_types::MediaTypes,
};
use wacore::types::events::InboundMessage;
use whatsapp_rust::{Client, InboundDurabilityHook, anyhow};

use crate::{
    groups,
    history::HistoryLimits,
    inbound::{self, Own},
    link::own_ids,
    media::MediaStation,
    sealed,
};

/// How many files of one batch are fetched at a time.
const SIDE_BY_SIDE: usize = 4;

/// How long WhatsApp may take to say who is in the groups that other devices of this account wrote to.
const LOOKING_UP_GROUPS: Duration = Duration::from_secs(2);

/// How much is fetched without being asked.
#[derive(Clone, Debug)]
pub(crate) struct AutomaticMedia {
    pub(crate) types: MediaTypes,
    pub(crate) max_bytes: u64,
    pub(crate) within: Duration,
}

/// Stores messages before they are acknowledged.
pub(crate) struct CommitFirst {
    pub(crate) signals: Signals,
    pub(crate) media: MediaStation,
    pub(crate) automatic: AutomaticMedia,
    /// How much of what the phone tells of the past is stored.
    pub(crate) history: HistoryLimits,
}

#[async_trait]
impl InboundDurabilityHook for CommitFirst {
    async fn on_messages(&self, client: Arc<Client>, batch: &[InboundMessage]) -> anyhow::Result<()> {
        let signals = self.signals_of(&client, &own_ids(&client), batch).await;
        if signals.is_empty() {
            return Ok(());
        }
        Ok(self.signals.commit(signals).await?)
    }
}

impl CommitFirst {
    /// The signals of a batch, in its order, with the files that came in time.
    pub(crate) async fn signals_of(&self, client: &Client, own: &Own, batch: &[InboundMessage]) -> Vec<Signal> {
        let mut signals = Vec::with_capacity(batch.len());
        for InboundMessage { message, info, .. } in batch {
            sealed::keep_secret(client, message, info).await;
            match sealed::signal(client, message, info).await {
                Some(signal) => signals.push(signal),
                None => signals.extend(inbound::signal(message, info, own)),
            }
        }
        let wanted = signals.iter_mut().filter(|it| self.wants_file(it));
        let fetching = stream::iter(wanted).for_each_concurrent(SIDE_BY_SIDE, |it| self.fetch(client, it));
        // Whatever has not come by now is fetched on demand; its spooled file is removed with its future.
        let _in_time = tokio::time::timeout(self.automatic.within, fetching).await;
        let mut addressed = Vec::new();
        let looking_up = async {
            for signal in &signals {
                addressed.extend(sent_elsewhere(client, signal).await);
            }
        };
        let _in_time = tokio::time::timeout(LOOKING_UP_GROUPS, looking_up).await;
        signals.extend(addressed);
        signals
    }

    fn wants_file(&self, signal: &Signal) -> bool {
        let Signal::Message(message) = signal else { return false };
        let Some(media) = &message.media else { return false };
        let AutomaticMedia { types, max_bytes, .. } = &self.automatic;
        media.remote.is_some() && media.size_bytes.is_none_or(|it| it <= *max_bytes) && types.permits(&media.mimetype)
    }

    async fn fetch(&self, client: &Client, signal: &mut Signal) {
        let Signal::Message(message) = signal else { return };
        let Some(media) = &mut message.media else { return };
        let AutomaticMedia { max_bytes, within, .. } = self.automatic;
        match self.media.fetch_and_keep(client, media, max_bytes, within).await {
            Ok((file, length)) => {
                media.file = Some(file);
                media.size_bytes = Some(length);
            }
            Err(error) => {
                tracing::info!(message.id = %message.id, %error, "The file of an incoming message was not fetched; it can be later");
            }
        }
    }
}

/// How many people a message goes to that another device of this account sent to a group.
async fn sent_elsewhere(client: &Client, signal: &Signal) -> Option<Signal> {
    let Signal::Message(message) = signal else { return None };
    if !message.from_me {
        return None;
    }
    let recipients = groups::recipients(client, &message.chat).await?;
    Some(Signal::Addressed(Addressed { chat: message.chat.clone(), id: message.id.clone(), recipients }))
}
