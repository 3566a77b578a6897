//! Who may see what of the account, and reach it how.

use std::collections::BTreeMap;

use openwa_model::{
    id::SessionId,
    ops::{GetPrivacy, Op, SetPrivacy},
    privacy::{PrivacyCategory, PrivacyValue},
};

use super::{Gateway, Result};
use crate::error::GatewayError;

impl Gateway {
    /// What is set, as WhatsApp tells it now.
    pub async fn privacy(&self, session: SessionId) -> Result<BTreeMap<PrivacyCategory, PrivacyValue>> {
        let running = self.running(session).await?;
        running.check(Op::GetPrivacy)?;
        Ok(running.call(GetPrivacy, self.settings().call_timeout).await?)
    }

    /// Sets some of it, one after the other, and answers what is set then. What makes no sense changes nothing.
    pub async fn set_privacy(
        &self,
        session: SessionId,
        wanted: BTreeMap<PrivacyCategory, PrivacyValue>,
    ) -> Result<BTreeMap<PrivacyCategory, PrivacyValue>> {
        let (this, running) = (self.clone(), self.running(session).await?);
        running.check(Op::SetPrivacy)?;
        for (category, value) in &wanted {
            if !category.choices().contains(value) {
                let choices: Vec<_> = category.choices().iter().map(|it| it.name()).collect();
                let name = category.name();
                let sentence = format!("{name} must be one of the following values: {}", choices.join(", "));
                return Err(GatewayError::InvalidInput(sentence));
            }
        }
        self.detached(async move {
            for (category, value) in wanted {
                running.call(SetPrivacy { category, value }, this.settings().call_timeout).await?;
            }
            this.privacy(session).await
        })
        .await
    }
}
