//! Contacts: phone number and hidden id of one person are one row.

use async_trait::async_trait;
use openwa_model::{
    contact::{Contact, ContactSeen, Merged},
    id::SessionId,
    jid::{Jid, Server},
    store::{ContactReads, ContactWrites, Page, Result},
};
use sqlx::query;

use crate::{
    dialect::{Row, any_of, list},
    merge,
    row::{Fields, optional_text},
    work::{Source, Work},
    writer::Turn,
};

#[async_trait]
impl<S: Source> ContactReads for Work<S> {
    async fn contact(&mut self, session: SessionId, id: &Jid) -> Result<Option<Contact>> {
        find(&mut self.source, session, id).await
    }

    async fn contacts_among(&mut self, session: SessionId, ids: &[Jid]) -> Result<Vec<Contact>> {
        let statement = query(concat!(
            "SELECT * FROM contacts WHERE session = $1 AND phone IN ",
            any_of!("$2"),
            " UNION SELECT * FROM contacts WHERE session = $1 AND lid IN ",
            any_of!("$2")
        ));
        let rows = self.source.all(statement.bind(session.to_string()).bind(list(ids))).await?;
        rows.iter().map(read).collect()
    }

    async fn phone_of(&mut self, session: SessionId, lid: &Jid) -> Result<Option<Jid>> {
        Ok(find(&mut self.source, session, lid).await?.and_then(|it| it.phone))
    }

    async fn lid_of(&mut self, session: SessionId, phone: &Jid) -> Result<Option<Jid>> {
        Ok(find(&mut self.source, session, phone).await?.and_then(|it| it.lid))
    }

    async fn contacts(&mut self, session: SessionId, page: Page) -> Result<Vec<Contact>> {
        let statement = query("SELECT * FROM contacts WHERE session = $1 ORDER BY id LIMIT $2 OFFSET $3");
        let statement = statement.bind(session.to_string()).bind(i64::from(page.limit)).bind(i64::from(page.offset));
        self.source.all(statement).await?.iter().map(read).collect()
    }

    async fn blocked(&mut self, session: SessionId) -> Result<Vec<Jid>> {
        let statement = query("SELECT id FROM blocked WHERE session = $1 ORDER BY id");
        let rows = self.source.all(statement.bind(session.to_string())).await?;
        rows.iter().map(|it| Fields::of("blocked", it).parsed("id")).collect()
    }
}

#[async_trait]
impl ContactWrites for Work<Turn> {
    async fn learn_contact(&mut self, session: SessionId, seen: &ContactSeen) -> Result<Option<Merged>> {
        let by_phone = find_optional(&mut self.source, session, seen.phone.as_ref()).await?;
        let by_lid = find_optional(&mut self.source, session, seen.lid.as_ref()).await?;
        // Who is known by the hidden id only turns out to be who has this phone number.
        let stranger = by_lid.as_ref().filter(|it| seen.phone.is_some() && it.phone.is_none());
        // The hidden id has moved to another phone number, the newer knowledge wins.
        let former = by_lid.as_ref().filter(|it| seen.phone.is_some() && it.phone.is_some() && it.phone != seen.phone);
        let known = by_phone.as_ref().or_else(|| by_lid.as_ref().filter(|_| seen.phone.is_none()));
        let Some(id) = known.map(|it| &it.id).or(seen.phone.as_ref()).or(seen.lid.as_ref()) else { return Ok(None) };

        let pick = |said: &Option<String>, of: fn(&Contact) -> &Option<String>| {
            said.clone()
                .or_else(|| known.and_then(|it| of(it).clone()))
                .or_else(|| stranger.and_then(|it| of(it).clone()))
        };
        let learned = Contact {
            session,
            id: id.clone(),
            phone: seen.phone.clone().or_else(|| known.and_then(|it| it.phone.clone())),
            lid: seen.lid.clone().or_else(|| known.and_then(|it| it.lid.clone())),
            name: pick(&seen.name, |it| &it.name),
            push_name: pick(&seen.push_name, |it| &it.push_name),
        };
        if known == Some(&learned) {
            return Ok(None);
        }
        if let Some(stranger) = stranger {
            let statement = query("DELETE FROM contacts WHERE session = $1 AND id = $2");
            self.source.run(statement.bind(session.to_string()).bind(stranger.id.to_string())).await?;
        }
        if let Some(former) = former {
            let statement = query("UPDATE contacts SET lid = NULL WHERE session = $1 AND id = $2");
            self.source.run(statement.bind(session.to_string()).bind(former.id.to_string())).await?;
        }
        save(&mut self.source, &learned).await?;
        if let (Some(phone), Some(lid)) = (&learned.phone, &learned.lid)
            && known.and_then(|it| it.lid.as_ref()) != Some(lid)
        {
            return merge::move_to_phone(&mut self.source, session, lid, phone).await;
        }
        Ok(None)
    }

    async fn forget_contact_name(&mut self, session: SessionId, id: &Jid) -> Result<bool> {
        let Some(known) = find(&mut self.source, session, id).await? else { return Ok(false) };
        let statement = query("UPDATE contacts SET name = NULL WHERE session = $1 AND id = $2 AND name IS NOT NULL");
        Ok(self.source.run(statement.bind(session.to_string()).bind(known.id.to_string())).await? > 0)
    }

    async fn set_blocked(&mut self, session: SessionId, blocked: &[Jid]) -> Result<()> {
        let statement = query("DELETE FROM blocked WHERE session = $1");
        self.source.run(statement.bind(session.to_string())).await?;
        for id in blocked {
            self.mark_blocked(session, id, true).await?;
        }
        Ok(())
    }

    async fn mark_blocked(&mut self, session: SessionId, id: &Jid, blocked: bool) -> Result<()> {
        let statement = query(match blocked {
            true => "INSERT INTO blocked (session, id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            false => "DELETE FROM blocked WHERE session = $1 AND id = $2",
        });
        self.source.run(statement.bind(session.to_string()).bind(id.to_string())).await.map(drop)
    }
}

async fn find_optional(source: &mut impl Source, session: SessionId, id: Option<&Jid>) -> Result<Option<Contact>> {
    match id {
        Some(id) => find(source, session, id).await,
        None => Ok(None),
    }
}

async fn find(source: &mut impl Source, session: SessionId, id: &Jid) -> Result<Option<Contact>> {
    let statement = match id.server() {
        Server::Phone => query("SELECT * FROM contacts WHERE session = $1 AND phone = $2"),
        Server::Lid => query("SELECT * FROM contacts WHERE session = $1 AND lid = $2"),
        Server::Group | Server::Newsletter | Server::Broadcast => return Ok(None),
    };
    let row = source.one(statement.bind(session.to_string()).bind(id.to_string())).await?;
    row.map(|it| read(&it)).transpose()
}

async fn save(source: &mut impl Source, contact: &Contact) -> Result<()> {
    let statement = query(
        "INSERT INTO contacts (session, id, phone, lid, name, push_name) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (session, id) DO UPDATE SET \
         phone = excluded.phone, lid = excluded.lid, name = excluded.name, push_name = excluded.push_name",
    );
    let statement = statement
        .bind(contact.session.to_string())
        .bind(contact.id.to_string())
        .bind(optional_text(contact.phone.as_ref()))
        .bind(optional_text(contact.lid.as_ref()))
        .bind(contact.name.clone())
        .bind(contact.push_name.clone());
    source.run(statement).await.map(drop)
}

fn read(row: &Row) -> Result<Contact> {
    let fields = Fields::of("contacts", row);
    Ok(Contact {
        session: SessionId(fields.parsed("session")?),
        id: fields.parsed("id")?,
        phone: fields.optional_parsed("phone")?,
        lid: fields.optional_parsed("lid")?,
        name: fields.get("name")?,
        push_name: fields.get("push_name")?,
    })
}
