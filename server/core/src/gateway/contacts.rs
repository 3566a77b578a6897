//! Contacts.

use openwa_model::{
    contact::{ContactSeen, NumberCheck},
    id::SessionId,
    ops::{CheckNumbers, Op},
};

use super::{Gateway, Result};

impl Gateway {
    /// Asks WhatsApp whether a number (digits only, with country code) is on WhatsApp.
    pub async fn check_number(&self, session: SessionId, number: &str) -> Result<NumberCheck> {
        let (this, running) = (self.clone(), self.running(session).await?);
        running.check(Op::CheckNumbers)?;
        let number = number.to_owned();
        self.detached(async move {
            let operation = CheckNumbers { numbers: vec![number.clone()] };
            let found = running.call(operation, this.settings().call_timeout).await?.into_iter().next();
            let check = found.unwrap_or(NumberCheck { number, id: None, lid: None });
            if let (Some(phone), Some(lid)) = (&check.id, &check.lid) {
                let mut unit = this.begin_for(&running).await?;
                if unit.phone_of(session, lid).await?.as_ref() != Some(phone) {
                    let seen =
                        ContactSeen { phone: Some(phone.clone()), lid: Some(lid.clone()), name: None, push_name: None };
                    unit.learn_contact(session, &seen).await?;
                    unit.commit().await?;
                }
            }
            Ok(check)
        })
        .await
    }
}
