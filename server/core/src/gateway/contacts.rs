//! Contacts.

use std::collections::{BTreeMap, BTreeSet};

use openwa_model::{
    contact::{ContactSeen, NumberCheck, PersonIds},
    id::SessionId,
    jid::{ChatKind, Jid},
    ops::{CheckNumbers, Op},
};

use super::{Gateway, Result};
use crate::payload::Events;

impl Gateway {
    /// Both ids of people, as far as they are known.
    pub async fn people(
        &self,
        session: SessionId,
        ids: impl IntoIterator<Item = &Jid> + Send,
    ) -> Result<BTreeMap<Jid, PersonIds>> {
        let asked: BTreeSet<Jid> = ids.into_iter().filter(|it| it.kind() == ChatKind::Individual).cloned().collect();
        let mut people = BTreeMap::new();
        if asked.is_empty() {
            return Ok(people);
        }
        let asked: Vec<Jid> = asked.into_iter().collect();
        for known in self.view().await?.contacts_among(session, &asked).await? {
            let ids = PersonIds { phone: known.phone, lid: known.lid };
            let both = [ids.phone.clone(), ids.lid.clone()];
            people.extend(both.into_iter().flatten().map(|it| (it, ids.clone())));
        }
        for id in asked {
            people.entry(id.clone()).or_insert_with(|| PersonIds::of(id));
        }
        Ok(people)
    }

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
                    if let Some(merged) = unit.learn_contact(session, &seen).await? {
                        unit.append_event(&Events { session, own: None }.merged(&merged, this.now())).await?;
                    }
                    this.commit(unit).await?;
                }
            }
            Ok(check)
        })
        .await
    }
}
