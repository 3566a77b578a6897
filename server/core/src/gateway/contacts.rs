//! Contacts: who is known, who is on WhatsApp, who is blocked, and the address book.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use openwa_model::{
    contact::{Contact, ContactSeen, NumberCheck, PersonIds},
    engine::ErrorKind,
    id::SessionId,
    jid::{ChatKind, Jid, Server},
    ops::{BlockContact, CheckNumbers, DeleteContact, GetProfilePicture, ListBlocked, Op, SaveContact, UnblockContact},
    session::Status,
    store::Page,
};

use super::{Gateway, Result, messages::canonical};
use crate::{
    error::GatewayError,
    payload::Events,
    running::{CallError, Running},
};

/// How many pictures are asked for at once.
const PICTURES_AT_ONCE: usize = 8;

/// A person a session knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KnownContact {
    /// The person.
    pub contact: Contact,
    /// Whether the account has blocked the person.
    pub is_blocked: bool,
}

/// The names under which a person stands in the address book.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ContactName {
    /// The first name.
    pub first: String,
    /// The last name.
    pub last: Option<String>,
}

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

    /// The people a session knows. Whom the account has blocked is asked of WhatsApp where there is a link, else it is
    /// what WhatsApp told last.
    pub async fn contacts(&self, session: SessionId, page: Page) -> Result<Vec<KnownContact>> {
        self.view_of(session).await?;
        self.refresh_blocked(session).await;
        let mut view = self.view().await?;
        let blocked: BTreeSet<Jid> = view.blocked(session).await?.into_iter().collect();
        let contacts = view.contacts(session, page).await?;
        Ok(contacts.into_iter().map(|it| known(it, &blocked)).collect())
    }

    /// One person.
    pub async fn contact(&self, session: SessionId, id: &Jid) -> Result<KnownContact> {
        self.view_of(session).await?;
        self.refresh_blocked(session).await;
        let mut view = self.view().await?;
        let contact = view.contact(session, id).await?.ok_or(GatewayError::ContactNotFound)?;
        let blocked: BTreeSet<Jid> = view.blocked(session).await?.into_iter().collect();
        Ok(known(contact, &blocked))
    }

    /// The phone number of a person, where it is known.
    pub async fn contact_phone(&self, session: SessionId, id: &Jid) -> Result<Option<Jid>> {
        let mut view = self.view_of(session).await?;
        Ok(match id.server() {
            Server::Phone => Some(id.clone()),
            Server::Lid => view.phone_of(session, id).await?,
            Server::Group | Server::Newsletter | Server::Broadcast => None,
        })
    }

    /// Whom the account has blocked, as WhatsApp tells it now.
    pub async fn blocked_contacts(&self, session: SessionId) -> Result<Vec<Jid>> {
        let running = self.running(session).await?;
        running.check(Op::ListBlocked)?;
        self.ask_blocked(&running).await
    }

    /// Blocks somebody.
    pub async fn block_contact(&self, session: SessionId, id: &Jid) -> Result<()> {
        let (this, running) = (self.clone(), self.running(session).await?);
        running.check(Op::BlockContact)?;
        let id = self.person(session, id).await?;
        self.detached(async move {
            running.call(BlockContact { id: id.clone() }, this.settings().call_timeout).await?;
            let mut unit = this.begin_for(&running).await?;
            unit.mark_blocked(session, &id, true).await?;
            Ok(unit.commit().await?)
        })
        .await
    }

    /// Takes that back.
    pub async fn unblock_contact(&self, session: SessionId, id: &Jid) -> Result<()> {
        let (this, running) = (self.clone(), self.running(session).await?);
        running.check(Op::UnblockContact)?;
        let id = self.person(session, id).await?;
        self.detached(async move {
            running.call(UnblockContact { id: id.clone() }, this.settings().call_timeout).await?;
            let mut unit = this.begin_for(&running).await?;
            unit.mark_blocked(session, &id, false).await?;
            Ok(unit.commit().await?)
        })
        .await
    }

    /// Where somebody's picture is; nothing when there is none, or it is not shown to this account.
    pub async fn profile_picture(&self, session: SessionId, id: &Jid) -> Result<Option<String>> {
        let running = self.running(session).await?;
        running.check(Op::GetProfilePicture)?;
        let id = self.canonical_chat(session, id).await?;
        self.picture_of(&running, id).await
    }

    /// The same for many.
    pub async fn profile_pictures(&self, session: SessionId, ids: &[Jid]) -> Result<BTreeMap<Jid, Option<String>>> {
        let running = self.running(session).await?;
        running.check(Op::GetProfilePicture)?;
        let asked: BTreeSet<Jid> = ids.iter().cloned().collect();
        let pictures = stream::iter(asked).map(|id| {
            let running = &running;
            async move {
                let kept = self.canonical_chat(session, &id).await?;
                Ok((id, self.picture_of(running, kept).await?))
            }
        });
        pictures.buffer_unordered(PICTURES_AT_ONCE).try_collect().await
    }

    /// Writes somebody into the address book of the account's devices.
    pub async fn save_contact(&self, session: SessionId, id: &Jid, name: ContactName) -> Result<()> {
        let (this, running) = (self.clone(), self.running(session).await?);
        running.check(Op::SaveContact)?;
        let phone = self.number_of(session, id).await?;
        let full_name = match &name.last {
            Some(last) => format!("{} {last}", name.first),
            None => name.first.clone(),
        };
        self.detached(async move {
            let operation = SaveContact { phone: phone.clone(), first_name: name.first, full_name: full_name.clone() };
            running.call(operation, this.settings().call_timeout).await?;
            let mut unit = this.begin_for(&running).await?;
            let seen =
                ContactSeen { phone: Some(phone.clone()), name: Some(full_name.clone()), ..ContactSeen::default() };
            unit.learn_contact(session, &seen).await?;
            if unit.chat(session, &phone).await?.is_some() {
                unit.name_chat(session, &phone, &full_name).await?;
            }
            Ok(unit.commit().await?)
        })
        .await
    }

    /// Takes somebody out of the address book of the account's devices.
    pub async fn delete_contact(&self, session: SessionId, id: &Jid) -> Result<()> {
        let (this, running) = (self.clone(), self.running(session).await?);
        running.check(Op::DeleteContact)?;
        let phone = self.number_of(session, id).await?;
        let known = self.view().await?.contact(session, &phone).await?.ok_or(GatewayError::ContactNotFound)?;
        self.detached(async move {
            running.call(DeleteContact { phone: phone.clone() }, this.settings().call_timeout).await?;
            let mut unit = this.begin_for(&running).await?;
            unit.forget_contact_name(session, &phone).await?;
            if let Some(push_name) = known.push_name
                && unit.chat(session, &phone).await?.is_some()
            {
                unit.name_chat(session, &phone, &push_name).await?;
            }
            Ok(unit.commit().await?)
        })
        .await
    }

    async fn picture_of(&self, running: &Running, id: Jid) -> Result<Option<String>> {
        let asked = running.call(GetProfilePicture { id }, self.settings().call_timeout).await;
        match asked {
            // Whom WhatsApp does not know shows nothing.
            Err(CallError::Engine(error)) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::Refused) => Ok(None),
            asked => Ok(asked?),
        }
    }

    /// What WhatsApp tells now, where it can be asked; what cannot be learned is no reason to answer nothing.
    async fn refresh_blocked(&self, session: SessionId) {
        let Some(running) = self.0.supervisor.running(session) else { return };
        if running.status() != Status::Ready || running.check(Op::ListBlocked).is_err() {
            return;
        }
        if let Err(error) = self.ask_blocked(&running).await {
            tracing::debug!(session.id = %session, error = &error as &dyn std::error::Error, "whom the account has blocked was not told");
        }
    }

    async fn ask_blocked(&self, running: &Running) -> Result<Vec<Jid>> {
        let session = running.id;
        let told = running.call(ListBlocked, self.settings().call_timeout).await?;
        let mut unit = self.begin_for(running).await?;
        let mut blocked = BTreeSet::new();
        for id in &told {
            blocked.insert(canonical(&mut *unit, session, id).await?);
        }
        let blocked: Vec<_> = blocked.into_iter().collect();
        if unit.blocked(session).await? != blocked {
            unit.set_blocked(session, &blocked).await?;
            unit.commit().await?;
        }
        Ok(blocked)
    }

    /// A person, by number where it is known.
    async fn person(&self, session: SessionId, id: &Jid) -> Result<Jid> {
        match id.server() {
            Server::Phone | Server::Lid => self.canonical_chat(session, id).await,
            Server::Group | Server::Newsletter | Server::Broadcast => {
                Err(GatewayError::InvalidInput(format!("'{id}' is not a person")))
            }
        }
    }

    /// The phone number of a person; an address book knows people by nothing else.
    async fn number_of(&self, session: SessionId, id: &Jid) -> Result<Jid> {
        let id = self.person(session, id).await?;
        match id.server() {
            Server::Phone => Ok(id),
            _ => Err(GatewayError::InvalidInput(format!("the phone number of '{id}' is not known"))),
        }
    }
}

fn known(contact: Contact, blocked: &BTreeSet<Jid>) -> KnownContact {
    let ids = [Some(&contact.id), contact.phone.as_ref(), contact.lid.as_ref()];
    let is_blocked = ids.into_iter().flatten().any(|it| blocked.contains(it));
    KnownContact { contact, is_blocked }
}
