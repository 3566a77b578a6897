//! Labels of a business account, and the chats that carry them.

use openwa_model::{
    chat::Chat,
    id::SessionId,
    jid::Jid,
    label::Label,
    ops::{CheckLabels, DeleteLabel, LabelChat, Op, SaveLabel},
};

use super::{Gateway, Result};
use crate::error::GatewayError;

/// What of a label is to be changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LabelChange {
    /// What it says.
    pub name: Option<String>,
    /// Its color.
    pub color: Option<u8>,
}

impl Gateway {
    /// All labels.
    pub async fn labels(&self, session: SessionId) -> Result<Vec<Label>> {
        self.check_labels(session).await?;
        Ok(self.view().await?.labels(session).await?)
    }

    /// One label.
    pub async fn label(&self, session: SessionId, id: &str) -> Result<Label> {
        self.check_labels(session).await?;
        self.view().await?.label(session, id).await?.ok_or(GatewayError::LabelNotFound)
    }

    /// The labels that a chat carries.
    pub async fn labels_of_chat(&self, session: SessionId, chat: &Jid) -> Result<Vec<Label>> {
        self.check_labels(session).await?;
        let chat = self.canonical_chat(session, chat).await?;
        Ok(self.view().await?.labels_of_chat(session, &chat).await?)
    }

    /// The chats that carry a label, as far as this gateway knows them.
    pub async fn chats_with_label(&self, session: SessionId, id: &str) -> Result<Vec<Chat>> {
        self.label(session, id).await?;
        let mut view = self.view().await?;
        let mut chats = Vec::new();
        for chat in view.chats_with_label(session, id).await? {
            chats.extend(view.chat(session, &chat).await?);
        }
        Ok(chats)
    }

    /// Makes a label or changes it.
    pub async fn save_label(&self, session: SessionId, id: &str, change: LabelChange) -> Result<()> {
        let (this, running) = (self.clone(), self.running(session).await?);
        running.check(Op::SaveLabel)?;
        let known = self.view().await?.label(session, id).await?;
        let name = change.name.or_else(|| known.as_ref().map(|it| it.name.clone())).ok_or_else(|| {
            GatewayError::InvalidInput("name must be given for a label that is not there yet".to_owned())
        })?;
        let color = change.color.or(known.map(|it| it.color)).unwrap_or_default();
        let label = Label { id: id.to_owned(), name, color };
        self.detached(async move {
            running.call(SaveLabel { label: label.clone() }, this.settings().call_timeout).await?;
            let mut unit = this.begin_for(&running).await?;
            unit.save_label(session, &label).await?;
            Ok(unit.commit().await?)
        })
        .await
    }

    /// Deletes a label.
    pub async fn delete_label(&self, session: SessionId, id: &str) -> Result<()> {
        let (this, running) = (self.clone(), self.running(session).await?);
        running.check(Op::DeleteLabel)?;
        self.label(session, id).await?;
        let id = id.to_owned();
        self.detached(async move {
            running.call(DeleteLabel { id: id.clone() }, this.settings().call_timeout).await?;
            let mut unit = this.begin_for(&running).await?;
            unit.delete_label(session, &id).await?;
            Ok(unit.commit().await?)
        })
        .await
    }

    /// Puts a label on a chat, or takes it off.
    pub async fn label_chat(&self, session: SessionId, wanted: LabelChat) -> Result<()> {
        let (this, running) = (self.clone(), self.running(session).await?);
        running.check(Op::LabelChat)?;
        self.label(session, &wanted.label).await?;
        let chat = self.canonical_chat(session, &wanted.chat).await?;
        let wanted = LabelChat { chat, ..wanted };
        self.detached(async move {
            running.call(wanted.clone(), this.settings().call_timeout).await?;
            let mut unit = this.begin_for(&running).await?;
            unit.label_chat(session, &wanted.label, &wanted.chat, wanted.is_labeled).await?;
            Ok(unit.commit().await?)
        })
        .await
    }

    async fn check_labels(&self, session: SessionId) -> Result<()> {
        let running = self.running(session).await?;
        running.check(Op::CheckLabels)?;
        Ok(running.call(CheckLabels, self.settings().call_timeout).await?)
    }
}
