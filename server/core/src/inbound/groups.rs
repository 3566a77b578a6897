//! What happens in groups: who comes and goes, and what is another than before.

use openwa_model::{
    contact::ContactSeen,
    group::{GroupChange, GroupHappening, GroupUpdate, Person},
    jid::Jid,
};

use super::{
    Inbound, Result,
    bounds::{MAX_BODY, MAX_NAME, clip},
};

/// How many people one event of a group names; a group has no more members.
const MAX_PEOPLE: usize = 1_024;

impl Inbound<'_> {
    pub(super) async fn group_changed(&mut self, change: &GroupChange) -> Result<()> {
        let actor = match &change.actor {
            Some(actor) => self.meet(actor).await?,
            None => None,
        };
        let mut people = Vec::new();
        for person in change.people.iter().take(MAX_PEOPLE) {
            people.extend(self.meet(person).await?);
        }
        let what = match &change.what {
            GroupHappening::Update(update) => GroupHappening::Update(clipped(update)),
            other => other.clone(),
        };
        if let Some(subject) = change.subject.as_deref().filter(|it| !it.is_empty()) {
            self.unit.name_chat(self.session, &change.group, &clip(subject, MAX_NAME)).await?;
        }
        let at = self.plausible(change.timestamp);
        let event = self.events().group(&change.group, actor.as_ref(), &people, &what, at);
        self.unit.append_event(&event).await?;
        Ok(())
    }

    /// Notes which ids are one person's, and answers the one they are kept under.
    async fn meet(&mut self, person: &Person) -> Result<Option<Jid>> {
        let Person { phone, lid } = person;
        if phone.is_some() && lid.is_some() {
            let seen = ContactSeen { phone: phone.clone(), lid: lid.clone(), name: None, push_name: None };
            self.learn(&seen).await?;
        }
        match person.id() {
            Some(id) => Ok(Some(self.canonical(id, None).await?)),
            None => Ok(None),
        }
    }
}

fn clipped(update: &GroupUpdate) -> GroupUpdate {
    GroupUpdate {
        subject: update.subject.as_deref().map(|it| clip(it, MAX_NAME)),
        description: update.description.as_deref().map(|it| clip(it, MAX_BODY)),
        ..update.clone()
    }
}
