//! One person, two ids: what is learned about people, and which id they are kept under.

use openwa_model::{
    contact::{ContactSeen, PersonIds},
    engine::InboundMessage,
    jid::{ChatKind, Jid, Server},
    message::Message,
    store::{MessageFilter, Page},
};

use super::{Inbound, Result};

/// How many messages with one id are looked at.
const NAMESAKES: Page = Page { limit: 8, offset: 0 };

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
            let merged = self.unit.learn_contact(self.session, seen).await?;
            self.phones.clear();
            self.lids.clear();
            if let Some(merged) = merged {
                let event = self.events().merged(&merged, self.now);
                self.unit.append_event(&event).await?;
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

    pub(super) async fn lid_of(&mut self, phone: &Jid) -> Result<Option<Jid>> {
        if let Some(known) = self.lids.get(phone) {
            return Ok(known.clone());
        }
        let lid = match &self.draft.live.account {
            Some(own) if own.phone == *phone => own.lid.clone(),
            _ => self.unit.lid_of(self.session, phone).await?,
        };
        self.lids.insert(phone.clone(), lid.clone());
        Ok(lid)
    }

    /// Both ids of a person, as far as they are known.
    pub(super) async fn ids_of(&mut self, id: &Jid) -> Result<PersonIds> {
        Ok(match id.server() {
            Server::Phone => PersonIds { lid: self.lid_of(id).await?, phone: Some(id.clone()) },
            Server::Lid => PersonIds { phone: self.phone_of(id).await?, lid: Some(id.clone()) },
            Server::Group | Server::Newsletter | Server::Broadcast => PersonIds::default(),
        })
    }

    /// Who did it, as senders of messages are kept.
    pub(super) async fn author(&mut self, id: &Jid, from_me: bool) -> Result<Jid> {
        match &self.draft.live.account {
            Some(own) if from_me => Ok(own.phone.clone()),
            _ => self.canonical(id, None).await,
        }
    }

    /// The same message under the other sort of id, where nobody has said yet that both are one person: WhatsApp
    /// sometimes hands a message over twice, once by number and once by hidden id. Its id is minted by chance, so
    /// that two people cannot share one; still nothing is learned from it about who is who.
    pub(super) async fn twin_of(&mut self, message: &Message) -> Result<Option<Message>> {
        let other = match message.chat.server() {
            Server::Lid => Server::Phone,
            Server::Phone if self.lid_of(&message.chat).await?.is_none() => Server::Lid,
            _ => return Ok(None),
        };
        let filter = MessageFilter {
            id: Some(message.id.clone()),
            from_me: Some(message.from_me),
            kind: Some(message.kind),
            ..MessageFilter::default()
        };
        for it in self.unit.messages(self.session, &filter, NAMESAKES).await? {
            let same = it.body == message.body && (it.from_me || it.timestamp == message.timestamp);
            if !same || it.chat.server() != other {
                continue;
            }
            let ids = self.ids_of(&it.chat).await?;
            if ids.phone.is_none() || ids.lid.is_none() {
                return Ok(Some(it));
            }
        }
        Ok(None)
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
