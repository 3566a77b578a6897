//! A group: who is in it and how it is set.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::account::Picture;

/// Members a group may have, as on WhatsApp.
pub(crate) const MOST_MEMBERS: usize = 1_024;

/// Groups the network may have.
pub(crate) const MOST_GROUPS: usize = 100_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Role {
    Member,
    Admin,
    /// Who made the group.
    Owner,
}

impl Role {
    pub(crate) fn is_admin(self) -> bool {
        self != Self::Member
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) creator: String,
    pub(crate) created_at: u64,
    pub(crate) subject: Text,
    pub(crate) description: Option<Description>,
    pub(crate) picture: Option<Picture>,
    pub(crate) members: BTreeMap<String, Role>,
    pub(crate) invite_code: String,
    /// Only admins edit the subject, the description and the settings.
    pub(crate) is_locked: bool,
    /// Only admins write.
    pub(crate) is_announcement: bool,
    /// Seconds after which messages vanish; 0 is never.
    pub(crate) ephemeral_seconds: u32,
    /// Who asks to join waits for an admin.
    pub(crate) approves_members: bool,
    /// Only admins add members.
    pub(crate) only_admins_add: bool,
    /// Further settings that are on, by the tag that switches them on.
    pub(crate) flags: BTreeSet<String>,
    /// Who asked to join, and when.
    pub(crate) requests: BTreeMap<String, u64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) set_by: String,
    pub(crate) set_at: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Description {
    /// Chosen by the client that set it; the next one must name it.
    pub(crate) id: String,
    #[serde(flatten)]
    pub(crate) text: Text,
}

impl Group {
    pub(crate) fn role_of(&self, number: &str) -> Option<Role> {
        self.members.get(number).copied()
    }
}
