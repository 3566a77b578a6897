//! One person, two ids: what is learned about people, and which id they are kept under.

use openwa_model::{
    contact::ContactSeen,
    engine::InboundMessage,
    jid::{ChatKind, Jid, Server},
};

use super::{Inbound, Result};

impl Inbound<'_> {
    /// Writes what is new about a person; answers the name to show, the address book's first.
    pub(super) async fn learn(&mut self, seen: &ContactSeen) -> Result<Option<String>> {
        let Some(id) = seen.phone.as_ref().or(seen.lid.as_ref()) else { return Ok(None) };
        let known = self.unit.contact(self.session, id).await?;
        let is_news = |new: &Option<String>, old: Option<&String>| new.is_some() && new.as_ref() != old;
        let news = known.as_ref().is_none_or(|it| {
            (seen.phone.is_some() && seen.phone != it.phone)
                || (seen.lid.is_some() && seen.lid != it.lid)
                || is_news(&seen.name, it.name.as_ref())
                || is_news(&seen.push_name, it.push_name.as_ref())
        });
        if news {
            self.unit.learn_contact(self.session, seen).await?;
            if let Some(lid) = &seen.lid {
                self.phones.remove(lid);
            }
        }
        let known = known.as_ref();
        let name = seen.name.as_ref().or(known.and_then(|it| it.name.as_ref()));
        let push_name = seen.push_name.as_ref().or(known.and_then(|it| it.push_name.as_ref()));
        Ok(name.or(push_name).cloned())
    }

    /// By phone number where the number is known, else as it is.
    pub(super) async fn canonical(&mut self, id: &Jid, alternative: Option<&Jid>) -> Result<Jid> {
        if id.server() != Server::Lid {
            return Ok(id.clone());
        }
        if let Some(phone) = alternative.filter(|it| it.server() == Server::Phone) {
            return Ok(phone.clone());
        }
        Ok(self.phone_of(id).await?.unwrap_or_else(|| id.clone()))
    }

    pub(super) async fn phone_of(&mut self, lid: &Jid) -> Result<Option<Jid>> {
        if let Some(known) = self.phones.get(lid) {
            return Ok(known.clone());
        }
        let phone = match &self.draft.live.account {
            Some(own) if own.lid.as_ref() == Some(lid) => Some(own.phone.clone()),
            _ => self.unit.phone_of(self.session, lid).await?,
        };
        self.phones.insert(lid.clone(), phone.clone());
        Ok(phone)
    }

    /// Who did it, as senders of messages are kept.
    pub(super) async fn author(&mut self, id: &Jid, from_me: bool) -> Result<Jid> {
        match &self.draft.live.account {
            Some(own) if from_me => Ok(own.phone.clone()),
            _ => self.canonical(id, None).await,
        }
    }
}

/// Phone number and hidden id of the person a private chat is with, as far as the message says.
pub(super) fn both_ids(inbound: &InboundMessage) -> (Option<Jid>, Option<Jid>) {
    let ids = [Some(&inbound.chat), inbound.chat_alternative.as_ref()];
    let of = |server: Server| ids.into_iter().flatten().find(|it| it.server() == server).cloned();
    match inbound.chat.kind() {
        ChatKind::Individual => (of(Server::Phone), of(Server::Lid)),
        _ => (None, None),
    }
}
