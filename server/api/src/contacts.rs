//! Contacts: who is known, who is on WhatsApp, who is blocked, and the address book.

use std::collections::BTreeMap;

use openwa_core::{
    Gateway,
    gateway::{ContactName, KnownContact},
};
use openwa_model::{jid::Jid, store::Page};
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
};
use serde::Serialize;

use crate::{
    answer::{Answer, Shown},
    app::Tag,
    auth::{AllChats, Caller, OneChat, Operator, Viewer},
    error::ApiError,
    input::Body,
    wire::{Nullable, OrNull, SessionPath, SuccessMessage, chat_of, longest_page},
};

/// How many pictures can be asked for at once.
const MOST_PICTURES: usize = 50;

pub(crate) struct Contacts(pub(crate) Gateway);

/// What WhatsApp says about a number.
#[derive(Object, Serialize)]
#[oai(rename = "NumberCheck", rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct NumberCheckResponse {
    /// The number asked about, digits only.
    number: String,
    /// Whether it is on WhatsApp.
    exists: bool,
    /// Its id, to send to.
    whatsapp_id: Nullable<String>,
    /// Its hidden id, where WhatsApp told it.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    lid: Option<String>,
}

/// One person.
#[derive(Object, Serialize)]
#[oai(rename = "Contact", rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContactRecord {
    /// By phone number where it is known, else by hidden id.
    id: String,
    /// The name in this account's address book.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The name the person shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    push_name: Option<String>,
    /// The phone number, where it is known; else the hidden id, without what follows the `@`.
    number: String,
    /// The hidden id, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    lid: Option<String>,
    /// Whether the person stands in this account's address book.
    is_my_contact: bool,
    /// Whether this account has blocked the person.
    is_blocked: bool,
}

impl From<KnownContact> for ContactRecord {
    fn from(KnownContact { contact, is_blocked }: KnownContact) -> Self {
        Self {
            number: contact.phone.as_ref().unwrap_or(&contact.id).user().to_owned(),
            id: contact.id.to_string(),
            is_my_contact: contact.name.is_some(),
            name: contact.name,
            push_name: contact.push_name,
            lid: contact.lid.map(|it| it.to_string()),
            is_blocked,
        }
    }
}

/// Where a picture is.
#[derive(Object, Serialize)]
pub(crate) struct ProfilePicture {
    /// An address that is good for a while; null when there is no picture, or it is not shown to this account.
    url: Nullable<String>,
}

/// Where pictures are.
#[derive(Object, Serialize)]
pub(crate) struct ProfilePictures {
    /// By id: an address that is good for a while; null when there is no picture, or it is not shown to this account.
    pictures: BTreeMap<String, OrNull<String>>,
}

/// The phone number of a person.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContactPhone {
    /// The person, as asked for.
    contact_id: String,
    /// The phone number, digits only; null when it is not known.
    phone: Nullable<String>,
}

/// The names under which a person is written into the address book.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct SaveContact {
    /// The first name.
    #[oai(validator(min_length = 1, max_length = 100))]
    first_name: String,
    /// The last name.
    #[oai(validator(max_length = 100))]
    last_name: Option<String>,
}

#[OpenApi]
impl Contacts {
    /// List contacts
    ///
    /// The people this session knows: from its address book, from chats and from groups. A key that is limited to some
    /// chats sees those.
    #[oai(path = "/sessions/:sessionId/contacts", method = "get", operation_id = "listContacts", tag = "Tag::Contacts")]
    async fn list(
        &self,
        caller: Caller<Viewer, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// How many at most.
        #[oai(default = "longest_page", validator(minimum(value = "1"), maximum(value = "1000")))]
        limit: Query<u32>,
        /// How many to skip.
        #[oai(default)]
        offset: Query<u32>,
    ) -> Answer<Shown<Vec<ContactRecord>>> {
        let session = session.0.id()?;
        let contacts = self.0.contacts(session, Page { limit: limit.0, offset: offset.0 }).await?;
        let fence = caller.fence(&self.0, session).await?;
        let seen = contacts.into_iter().filter(|it| fence.sees(&it.contact.id));
        Ok(Shown(seen.map(Into::into).collect()))
    }

    /// List blocked contacts
    ///
    /// As WhatsApp tells them now.
    #[oai(
        path = "/sessions/:sessionId/contacts/blocked",
        method = "get",
        operation_id = "listBlockedContacts",
        tag = "Tag::Contacts"
    )]
    async fn blocked(
        &self,
        caller: Caller<Viewer, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
    ) -> Answer<Shown<Vec<String>>> {
        let session = session.0.id()?;
        let blocked = self.0.blocked_contacts(session).await?;
        let fence = caller.fence(&self.0, session).await?;
        Ok(Shown(blocked.iter().filter(|it| fence.sees(it)).map(Jid::to_string).collect()))
    }

    /// Get where the pictures of contacts are
    ///
    /// Of up to 50 at once.
    #[oai(
        path = "/sessions/:sessionId/contacts/profile-pictures",
        method = "get",
        operation_id = "getContactProfilePictures",
        tag = "Tag::Contacts"
    )]
    async fn pictures(
        &self,
        caller: Caller<Viewer, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// Whose, separated by commas.
        #[oai(validator(min_length = 1, max_length = 4096))]
        ids: Query<String>,
    ) -> Answer<Shown<ProfilePictures>> {
        let session = session.0.id()?;
        // By its full name: the framework's `Type` has an `is_empty` of its own, which would be taken here.
        let texts = ids.0.split(',').map(str::trim).filter(|it| !str::is_empty(it));
        let ids = texts.map(chat_of).collect::<Result<Vec<_>, _>>()?;
        if !(1..=MOST_PICTURES).contains(&ids.len()) {
            return Err(ApiError::invalid("ids must contain 1 to 50 elements"));
        }
        for id in &ids {
            caller.may_use(&self.0, session, id).await?;
        }
        let pictures = self.0.profile_pictures(session, &ids).await?;
        let pictures = pictures.into_iter().map(|(id, url)| (id.to_string(), OrNull(url))).collect();
        Ok(Shown(ProfilePictures { pictures }))
    }

    /// Get a contact
    ///
    /// By phone number or hidden id.
    #[oai(
        path = "/sessions/:sessionId/contacts/:contactId",
        method = "get",
        operation_id = "getContact",
        tag = "Tag::Contacts"
    )]
    async fn get(
        &self,
        caller: Caller<Viewer, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        #[oai(name = "contactId")] id: Path<String>,
    ) -> Answer<Shown<ContactRecord>> {
        let (session, id) = (session.0.id()?, chat_of(&id.0)?);
        caller.may_use(&self.0, session, &id).await?;
        Ok(Shown(self.0.contact(session, &id).await?.into()))
    }

    /// Get where a contact's picture is
    ///
    /// Or a group's.
    #[oai(
        path = "/sessions/:sessionId/contacts/:contactId/profile-picture",
        method = "get",
        operation_id = "getContactProfilePicture",
        tag = "Tag::Contacts"
    )]
    async fn picture(
        &self,
        caller: Caller<Viewer, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        #[oai(name = "contactId")] id: Path<String>,
    ) -> Answer<Shown<ProfilePicture>> {
        let (session, id) = (session.0.id()?, chat_of(&id.0)?);
        caller.may_use(&self.0, session, &id).await?;
        Ok(Shown(ProfilePicture { url: Nullable(self.0.profile_picture(session, &id).await?) }))
    }

    /// Get a contact's phone number
    ///
    /// Of a hidden id, where it was learned.
    #[oai(
        path = "/sessions/:sessionId/contacts/:contactId/phone",
        method = "get",
        operation_id = "getContactPhone",
        tag = "Tag::Contacts"
    )]
    async fn phone(
        &self,
        caller: Caller<Viewer, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        #[oai(name = "contactId")] contact_id: Path<String>,
    ) -> Answer<Shown<ContactPhone>> {
        let (session, id) = (session.0.id()?, chat_of(&contact_id.0)?);
        caller.may_use(&self.0, session, &id).await?;
        let phone = self.0.contact_phone(session, &id).await?.map(|it| it.user().to_owned());
        Ok(Shown(ContactPhone { contact_id: contact_id.0, phone: Nullable(phone) }))
    }

    /// Save a contact
    ///
    /// Written into the address book of this account's devices, or renamed there.
    #[oai(
        path = "/sessions/:sessionId/contacts/:contactId",
        method = "put",
        operation_id = "saveContact",
        tag = "Tag::Contacts"
    )]
    async fn save(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        #[oai(name = "contactId")] id: Path<String>,
        body: Body<SaveContact>,
    ) -> Answer<Shown<SuccessMessage>> {
        let (session, id) = (session.0.id()?, chat_of(&id.0)?);
        caller.may_use(&self.0, session, &id).await?;
        let SaveContact { first_name, last_name } = body.value;
        // By its full name: the framework's `Type` has an `is_empty` of its own, which would be taken here.
        let last = last_name.filter(|it| !str::is_empty(it));
        self.0.save_contact(session, &id, ContactName { first: first_name, last }).await?;
        Ok(Shown(SuccessMessage::done("Contact saved")))
    }

    /// Delete a contact
    ///
    /// Taken out of the address book of this account's devices; the chat stays.
    #[oai(
        path = "/sessions/:sessionId/contacts/:contactId",
        method = "delete",
        operation_id = "deleteContact",
        tag = "Tag::Contacts"
    )]
    async fn delete(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        #[oai(name = "contactId")] id: Path<String>,
    ) -> Answer<Shown<SuccessMessage>> {
        let (session, id) = (session.0.id()?, chat_of(&id.0)?);
        caller.may_use(&self.0, session, &id).await?;
        self.0.delete_contact(session, &id).await?;
        Ok(Shown(SuccessMessage::done("Contact deleted")))
    }

    /// Block a contact
    ///
    /// Messages and calls of the person do not come in any more.
    #[oai(
        path = "/sessions/:sessionId/contacts/:contactId/block",
        method = "post",
        operation_id = "blockContact",
        tag = "Tag::Contacts"
    )]
    async fn block(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        #[oai(name = "contactId")] id: Path<String>,
    ) -> Answer<Shown<SuccessMessage>> {
        let (session, id) = (session.0.id()?, chat_of(&id.0)?);
        caller.may_use(&self.0, session, &id).await?;
        self.0.block_contact(session, &id).await?;
        Ok(Shown(SuccessMessage::done("Contact blocked")))
    }

    /// Unblock a contact
    ///
    /// What came meanwhile is lost.
    #[oai(
        path = "/sessions/:sessionId/contacts/:contactId/block",
        method = "delete",
        operation_id = "unblockContact",
        tag = "Tag::Contacts"
    )]
    async fn unblock(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        #[oai(name = "contactId")] id: Path<String>,
    ) -> Answer<Shown<SuccessMessage>> {
        let (session, id) = (session.0.id()?, chat_of(&id.0)?);
        caller.may_use(&self.0, session, &id).await?;
        self.0.unblock_contact(session, &id).await?;
        Ok(Shown(SuccessMessage::done("Contact unblocked")))
    }

    /// Check whether a number is on WhatsApp
    ///
    /// The answer holds the id to send to.
    #[oai(
        path = "/sessions/:sessionId/contacts/check/:number",
        method = "get",
        operation_id = "checkNumber",
        tag = "Tag::Contacts"
    )]
    async fn check(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// With country code; a `+` in front and spaces are no matter.
        number: Path<String>,
    ) -> Answer<Shown<NumberCheckResponse>> {
        let digits = digits_of(&number.0)
            .ok_or_else(|| ApiError::invalid("number must be a phone number with country code, 6 to 15 digits"))?;
        let check = self.0.check_number(session.0.id()?, &digits).await?;
        Ok(Shown(NumberCheckResponse {
            number: check.number,
            exists: check.id.is_some(),
            whatsapp_id: Nullable(check.id.map(|it| it.to_string())),
            lid: check.lid.map(|it| it.to_string()),
        }))
    }
}

fn digits_of(text: &str) -> Option<String> {
    let text = text.strip_suffix("@c.us").unwrap_or(text);
    let digits: String = text.trim().trim_start_matches('+').chars().filter(|it| *it != ' ').collect();
    let good = (6..=15).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_digit());
    good.then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (text, digits) in [
            ("15550000001", Some("15550000001")),
            ("+1 555 0000001", Some("15550000001")),
            ("15550000001@c.us", Some("15550000001")),
            ("12345", None),
            ("1234567890123456", None),
            ("1555-000", None),
            ("", None),
        ] {
            assert_eq!(digits_of(text).as_deref(), digits, "{text}");
        }
    }
}
