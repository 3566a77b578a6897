//! A group: who is in it, how it is set, where it stands in a community.

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

/// Where a group stands among others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Place {
    #[default]
    Alone,
    /// It is a community: its members are those of all its groups, and nobody writes in it.
    Community {
        /// Whoever wants to join by the link asks first.
        asks_to_join: bool,
        /// Not only admins add groups.
        members_add_groups: bool,
    },
    /// It is a group of the community with this id.
    Within { community: String, part: Part },
}

/// What a group is to its community.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Part {
    /// The one that every member is in.
    Announcements,
    /// The one that was made for everybody to write in.
    General,
    Other,
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
    /// Further settings with a value, by the tag that carries it.
    #[serde(default)]
    pub(crate) modes: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) place: Place,
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

    /// Whether this is what the group is to its community.
    pub(crate) fn is_part(&self, wanted: Part) -> bool {
        matches!(&self.place, Place::Within { part, .. } if *part == wanted)
    }
}
