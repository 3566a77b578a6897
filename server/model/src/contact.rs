//! People. Phone number and hidden id of one person are one contact.

use serde::{Deserialize, Serialize};

use crate::{
    id::SessionId,
    jid::{Jid, Server},
};

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

/// Both ids of one person, as far as they are known.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PersonIds {
    /// The phone number.
    pub phone: Option<Jid>,
    /// The hidden id.
    pub lid: Option<Jid>,
}

impl PersonIds {
    /// Of whom no more is known than this id.
    pub fn of(id: Jid) -> Self {
        match id.server() {
            Server::Phone => Self { phone: Some(id), lid: None },
            Server::Lid => Self { phone: None, lid: Some(id) },
            Server::Group | Server::Newsletter | Server::Broadcast => Self::default(),
        }
    }
}

/// What was kept under a hidden id turned out to belong to a phone number, and moved there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Merged {
    /// The phone number: where everything is now.
    pub phone: Jid,
    /// The hidden id: where it was.
    pub lid: Jid,
    /// Whether there was a chat under the hidden id.
    pub chat: bool,
    /// How many messages moved, of the chat and of other chats where the person wrote.
    pub messages: u64,
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
