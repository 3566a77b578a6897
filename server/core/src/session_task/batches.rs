//! What the engine says, taken in batches: stored first, acknowledged then.

use openwa_model::{
    engine::{Heard, Signal},
    store::StoreError,
};

use super::{Ending, FIRST_PAUSE, LONGEST_PAUSE, SessionTask};
use crate::{
    calls,
    inbound::{Draft, Prepared, absorb},
    reconciler,
};

/// How many bytes of files go into one unit's events, so that a burst of media does not fill memory.
const BATCH_MEDIA_BYTES: u64 = 8 * 1024 * 1024;
/// How often a batch of one is tried when the database answers but refuses it.
const REFUSALS: u32 = 5;

impl SessionTask {
    /// Returns once all of it is stored and the engine was told so.
    pub(super) async fn commit(&mut self, heard: Vec<Heard>) -> Result<(), Ending> {
        let mut parts = split_by_media(heard, self.context.settings.media_inline_max_bytes);
        parts.reverse();
        let (mut pause, mut refusals) = (FIRST_PAUSE, 0);
        while let Some(mut part) = parts.pop() {
            let error = match self.write(&part).await {
                Ok(draft) => {
                    (pause, refusals) = (FIRST_PAUSE, 0);
                    self.adopt(draft);
                    for it in part {
                        // Nobody waits any more when the engine gave up on it; stored is stored.
                        _ = it.committed.send(());
                    }
                    continue;
                }
                Err(StoreError::LeaseLost) => return Err(Ending::LeaseLost),
                Err(error) => error,
            };
            tracing::warn!(
                session.id = %self.running.id,
                error = &error as &dyn std::error::Error,
                "what came in could not be stored; trying again"
            );
            let refused = !matches!(error, StoreError::Unavailable(_));
            if refused && part.len() > 1 {
                // One of them is at fault: the others must not wait for it.
                let second = part.split_off(part.len() / 2);
                parts.push(second);
                parts.push(part);
                continue;
            }
            refusals += u32::from(refused);
            if refusals >= REFUSALS {
                tracing::error!(session.id = %self.running.id, "the database keeps refusing this; it stays unacknowledged");
                refusals = 0;
                continue;
            }
            parts.push(part);
            self.pause(pause).await?;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        Ok(())
    }

    async fn write(&self, heard: &[Heard]) -> Result<Draft, StoreError> {
        let prepared = Prepared::of(&self.context, heard).await;
        let draft = Draft {
            progress: self.progress.clone(),
            live: self.running.live.borrow().clone(),
            active_at: self.active_at,
            unused: Vec::new(),
            pending: Vec::new(),
            replies: Vec::new(),
            unwanted_calls: Vec::new(),
            presences: Vec::new(),
        };
        let mut unit = self.context.ports.store.begin().await?;
        unit.check_lease(&self.running.lease).await?;
        let draft = absorb(&mut *unit, &self.context, self.running.id, &prepared, draft, heard).await?;
        unit.commit().await?;
        Ok(draft)
    }

    /// Takes over what was just committed.
    fn adopt(&mut self, draft: Draft) {
        if draft.progress.status != self.progress.status {
            tracing::info!(session.id = %self.running.id, session.status = draft.progress.status.name(), "session status");
        }
        self.progress = draft.progress;
        self.active_at = draft.active_at;
        self.show(draft.live);
        self.context.bell.ring();
        calls::reject_later(&self.context, &self.running, draft.unwanted_calls);
        for (heard, at) in draft.presences {
            self.running.presences().note(heard, at);
        }
        for file in draft.unused {
            let files = self.context.ports.files.clone();
            self.context.tasks.spawn(async move {
                if let Err(error) = files.remove(&file).await {
                    tracing::warn!(error = &error as &dyn std::error::Error, "a file was left behind");
                }
            });
        }
        reconciler::send_now(self.context.clone(), self.running.clone(), draft.pending);
        reconciler::send_now(self.context.clone(), self.running.clone(), draft.replies);
    }
}

/// Parts whose files fit into memory together; order stays.
fn split_by_media(heard: Vec<Heard>, inline_max_bytes: u64) -> Vec<Vec<Heard>> {
    let mut parts: Vec<Vec<Heard>> = Vec::new();
    let mut bytes = 0;
    for it in heard {
        let own = media_bytes(&it, inline_max_bytes);
        match parts.last_mut() {
            Some(part) if bytes + own <= BATCH_MEDIA_BYTES => part.push(it),
            _ => {
                bytes = 0;
                parts.push(vec![it]);
            }
        }
        bytes += own;
    }
    parts
}

fn media_bytes(heard: &Heard, inline_max_bytes: u64) -> u64 {
    let inlined = heard.signals.iter().filter_map(|it| match it {
        Signal::Message(message) => message.media.as_ref().filter(|it| it.file.is_some()),
        _ => None,
    });
    inlined.map(|it| it.size_bytes.unwrap_or(inline_max_bytes).min(inline_max_bytes)).sum()
}

#[cfg(test)]
mod tests {
    use openwa_model::{
        Timestamp,
        content::{Media, MessageKind},
        engine::InboundMessage,
        files::FileKey,
        id::MessageId,
        jid::Jid,
    };
    use tokio::sync::oneshot;

    use super::*;

    const MIB: u64 = 1024 * 1024;

    fn heard(size_bytes: u64) -> Heard {
        let media = (size_bytes > 0).then(|| Media {
            mimetype: "image/png".into(),
            filename: None,
            size_bytes: Some(size_bytes),
            file: Some(FileKey("it".into())),
            remote: None,
        });
        let message = InboundMessage {
            id: MessageId("A".into()),
            chat: Jid::phone("1"),
            chat_alternative: None,
            sender: Jid::phone("1"),
            sender_phone: None,
            sender_lid: None,
            push_name: None,
            from_me: false,
            kind: MessageKind::Image,
            body: String::new(),
            timestamp: Timestamp::UNIX_EPOCH,
            quoted: None,
            mentions: vec![],
            media,
            detail: None,
            marks: Default::default(),
        };
        Heard { signals: vec![Signal::Message(Box::new(message))], committed: oneshot::channel().0 }
    }

    #[test]
    fn a_burst_of_files_is_cut_into_parts_that_fit() {
        for (sizes, parts) in [
            (vec![0; 64], vec![64]),
            (vec![MIB; 20], vec![8, 8, 4]),
            // What is too large for an event takes as much room as the largest that is not.
            (vec![50 * MIB; 9], vec![8, 1]),
            (vec![], vec![]),
        ] {
            let cut = split_by_media(sizes.into_iter().map(heard).collect(), MIB);
            assert_eq!(cut.iter().map(Vec::len).collect::<Vec<_>>(), parts);
        }
    }
}
