//! People. Phone number and hidden id of one person are one contact.

use serde::{Deserialize, Serialize};

use crate::{id::SessionId, jid::Jid};

/// One person a session knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contact {
    /// The session.
    pub session: SessionId,
    /// By phone number where it is known, else by hidden id.
    pub id: Jid,
    /// The phone number, where it is known.
    pub phone: Option<Jid>,
    /// The hidden id, where it is known.
    pub lid: Option<Jid>,
    /// The name in this account's address book.
    pub name: Option<String>,
    /// The name the person shows.
    pub push_name: Option<String>,
}

/// Something learned about a person. At least one of the ids is set; both set means they are one person.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ContactSeen {
    /// The phone number.
    pub phone: Option<Jid>,
    /// The hidden id.
    pub lid: Option<Jid>,
    /// The name in this account's address book.
    pub name: Option<String>,
    /// The name the person shows.
    pub push_name: Option<String>,
}

/// What WhatsApp says about a number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NumberCheck {
    /// The number asked about, digits only.
    pub number: String,
    /// Its id, when it is on WhatsApp.
    pub id: Option<Jid>,
    /// The hidden id, where it was told.
    pub lid: Option<Jid>,
}
