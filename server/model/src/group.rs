//! Groups as WhatsApp tells them.

use jiff::Timestamp;

use crate::jid::Jid;

/// One group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    /// Its id.
    pub id: Jid,
    /// Its name.
    pub subject: String,
    /// Its description.
    pub description: Option<String>,
    /// Who made it.
    pub owner: Option<Jid>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// The community it belongs to.
    pub parent: Option<Jid>,
    /// Only admins may write.
    pub announce: bool,
    /// Only admins may change subject, description and picture.
    pub locked: bool,
    /// After how many seconds messages vanish; 0 is never.
    pub ephemeral_seconds: u32,
    /// Whether only admins may add members.
    pub only_admins_add: bool,
    /// Who is in it.
    pub participants: Vec<Participant>,
}

/// One member of a group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Participant {
    /// By phone number where it is known, else by hidden id.
    pub id: Jid,
    /// The phone number, where it is known.
    pub phone: Option<Jid>,
    /// The hidden id, where it is known.
    pub lid: Option<Jid>,
    /// Whether the member is an admin.
    pub is_admin: bool,
    /// Whether the member made the group or took it over.
    pub is_super_admin: bool,
}
