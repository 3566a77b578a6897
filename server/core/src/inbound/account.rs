//! What is heard beside messages: labels, calls, who is there and who types.

use openwa_model::{
    call::CallHeard,
    label::{Label, LabelChanged},
    presence::PresenceHeard,
};

use super::{
    Inbound, Result,
    bounds::{MAX_NAME, clip},
};

impl Inbound<'_> {
    pub(super) async fn label_changed(&mut self, changed: &LabelChanged) -> Result<()> {
        match changed {
            LabelChanged::Saved(label) => {
                let label = Label { name: clip(&label.name, MAX_NAME), ..label.clone() };
                self.unit.save_label(self.session, &label).await
            }
            LabelChanged::Deleted(id) => self.unit.delete_label(self.session, id).await.map(drop),
            LabelChanged::Chat { label, chat, is_labeled } => {
                let chat = self.canonical(chat, None).await?;
                self.unit.label_chat(self.session, label, &chat, *is_labeled).await
            }
        }
    }

    pub(super) async fn call(&mut self, call: &CallHeard) -> Result<()> {
        let call =
            CallHeard { from: self.canonical(&call.from, None).await?, at: self.plausible(call.at), ..call.clone() };
        let event = self.events().call(&call);
        self.unit.append_event(&event).await?;
        if call.outcome.is_none() && self.row().await?.is_some_and(|it| it.config.auto_reject_calls) {
            self.draft.unwanted_calls.push(call.id);
        }
        Ok(())
    }

    /// Told and remembered, not stored: what counts is only the last of it.
    pub(super) async fn presence(&mut self, heard: &PresenceHeard) -> Result<()> {
        let heard = PresenceHeard {
            chat: self.canonical(&heard.chat, None).await?,
            participant: self.canonical(&heard.participant, None).await?,
            state: heard.state,
            last_seen: heard.last_seen.map(|it| self.plausible(it)),
        };
        if self.draft.live.account.as_ref().is_some_and(|it| it.phone == heard.participant) {
            return Ok(());
        }
        let event = self.events().presence(&heard, self.now);
        self.unit.append_event(&event).await?;
        self.draft.presences.push((heard, self.now));
        Ok(())
    }
}
