//! What happens to messages that are there: reactions, edits, revocations.

use openwa_model::{
    early::EarlyNews,
    engine::{Edited, Revoked},
    jid::ChatKind,
    message::Reaction,
};

use super::{
    Inbound, Result,
    bounds::{MAX_BODY, MAX_ITEMS, MAX_NAME, clip},
};

impl Inbound<'_> {
    pub(super) async fn reaction(&mut self, reaction: &Reaction) -> Result<()> {
        let reaction = Reaction {
            chat: self.canonical(&reaction.chat, None).await?,
            target: reaction.target.clone(),
            sender: self.canonical(&reaction.sender, None).await?,
            emoji: clip(&reaction.emoji, MAX_NAME),
            timestamp: self.plausible(reaction.timestamp),
        };
        let target = std::slice::from_ref(&reaction.target);
        if self.unit.known_messages(self.session, &reaction.chat, target, None).await?.is_empty() {
            let (chat, target) = (reaction.chat.clone(), reaction.target.clone());
            return self.hold(&chat, &target, EarlyNews::Reaction(reaction)).await;
        }
        if self.unit.set_reaction(self.session, &reaction).await? {
            let sender = self.ids_of(&reaction.sender).await?;
            let event = self.events().reaction(&reaction, &sender);
            self.unit.append_event(&event).await?;
        }
        Ok(())
    }

    pub(super) async fn edited(&mut self, edited: &Edited) -> Result<()> {
        let chat = self.canonical(&edited.chat, None).await?;
        let body = clip(&edited.body, MAX_BODY);
        let target = std::slice::from_ref(&edited.target);
        if self.unit.known_messages(self.session, &chat, target, None).await?.is_empty() {
            let mentions = edited.mentions.iter().take(MAX_ITEMS).cloned().collect();
            let news = EarlyNews::Edited(Edited { body, mentions, ..edited.clone() });
            return self.hold(&chat, &edited.target, news).await;
        }
        let sender = self.author(&edited.sender, edited.from_me).await?;
        let at = self.plausible(edited.timestamp);
        let mut mentions = Vec::new();
        for mentioned in edited.mentions.iter().take(MAX_ITEMS) {
            mentions.push(self.canonical(mentioned, None).await?);
        }
        let changed =
            self.unit.edit_message(self.session, &chat, &edited.target, &sender, &body, &mentions, at).await?;
        if let Some(message) = changed {
            let event = self.events().edited(&message, at);
            self.unit.append_event(&event).await?;
        }
        Ok(())
    }

    pub(super) async fn revoked(&mut self, revoked: &Revoked) -> Result<()> {
        let chat = self.canonical(&revoked.chat, None).await?;
        let by = self.author(&revoked.by, revoked.from_me).await?;
        let Some(target) = self.unit.message(self.session, &chat, &revoked.target).await? else {
            return self.hold(&chat, &revoked.target, EarlyNews::Revoked(revoked.clone())).await;
        };
        // In a private chat only the sender may do it; in a group an admin may too, and WhatsApp checks that.
        if chat.kind() == ChatKind::Individual && target.sender != by {
            return Ok(());
        }
        let Some(before) = self.unit.revoke_message(self.session, &chat, &revoked.target).await? else {
            return Ok(());
        };
        self.draft.unused.extend(before.media.as_ref().and_then(|it| it.file.clone()));
        let event = self.events().revoked(&before, self.plausible(revoked.timestamp));
        self.unit.append_event(&event).await?;
        Ok(())
    }
}
