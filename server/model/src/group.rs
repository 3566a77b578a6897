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
    /// Whether who asks to join waits for an admin.
    pub approves_members: bool,
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

/// What became of one person that a change of a group was about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MemberResult {
    /// Who, as WhatsApp answered.
    pub id: Jid,
    /// The phone number, where it was told.
    pub phone: Option<Jid>,
    /// WhatsApp's code; `None` is done.
    pub refused: Option<u32>,
}

/// What somebody who has an invite link may know of a group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupPreview {
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
    /// How many are in it, where that is told.
    pub size: Option<u32>,
}

/// What came of joining a group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Joined {
    /// The group.
    pub group: Jid,
    /// Whether an admin has to let this account in first.
    pub waits_for_admin: bool,
}

/// How somebody asked to be let into a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum JoinMethod {
    /// By its invite link.
    InviteLink,
    /// A member who may not add others wants to add them.
    NonAdminAdd,
    /// Out of the community it belongs to.
    LinkedGroupJoin,
}

impl JoinMethod {
    /// The contract's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InviteLink => "invite_link",
            Self::NonAdminAdd => "non_admin_add",
            Self::LinkedGroupJoin => "linked_group_join",
        }
    }

    /// The way of this name.
    pub fn of(name: &str) -> Option<Self> {
        [Self::InviteLink, Self::NonAdminAdd, Self::LinkedGroupJoin].into_iter().find(|it| it.name() == name)
    }
}

/// Somebody who waits to be let into a group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JoinRequest {
    /// By phone number where it is known, else by hidden id.
    pub id: Jid,
    /// Who wants to add them, where they did not ask themselves.
    pub added_by: Option<Jid>,
    /// How they asked, where that is told.
    pub method: Option<JoinMethod>,
    /// When, where that is told.
    pub requested_at: Option<Timestamp>,
}

/// A group that belongs to a community.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subgroup {
    /// Its id.
    pub id: Jid,
    /// Its name.
    pub subject: String,
    /// How many are in it, where that is told.
    pub size: Option<u32>,
    /// Whether it is the one in which admins tell everybody something.
    pub is_announcement: bool,
    /// Whether it is the one in which everybody may write.
    pub is_general: bool,
}

/// What became of one group that was to be linked to a community, or unlinked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LinkResult {
    /// The group.
    pub group: Jid,
    /// WhatsApp's code; `None` is done.
    pub refused: Option<u32>,
}

/// Something happened in a group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupChange {
    /// The group.
    pub group: Jid,
    /// What it is called, where that is told.
    pub subject: Option<String>,
    /// Who did it, where that is told.
    pub actor: Option<Person>,
    /// Whom it concerns.
    pub people: Vec<Person>,
    /// What.
    pub what: GroupHappening,
    /// When.
    pub timestamp: Timestamp,
}

/// A person by the ids that were told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Person {
    /// The phone number.
    pub phone: Option<Jid>,
    /// The hidden id.
    pub lid: Option<Jid>,
}

impl Person {
    /// The person by phone number where it was told, else by hidden id.
    pub fn id(&self) -> Option<&Jid> {
        self.phone.as_ref().or(self.lid.as_ref())
    }
}

/// What happened in a group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum GroupHappening {
    /// People came in.
    Join,
    /// People went out.
    Leave,
    /// People want to be let in.
    JoinRequest,
    /// Something else is another than before; only what changed is set.
    Update(GroupUpdate),
}

/// What is another than before.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GroupUpdate {
    /// The new name.
    pub subject: Option<String>,
    /// The new description, "" when it was taken away.
    pub description: Option<String>,
    /// Whether only admins may write now.
    pub announce: Option<bool>,
    /// Whether only admins may change subject, description and picture now.
    pub locked: Option<bool>,
    /// After how many seconds messages vanish now.
    pub ephemeral_seconds: Option<u32>,
    /// Whether only admins may add members now.
    pub only_admins_add: Option<bool>,
    /// Whether who asks to join waits for an admin now.
    pub approves_members: Option<bool>,
    /// Whether the people it concerns are admins now.
    pub is_admin: Option<bool>,
    /// Whether the picture is a new one (`true`) or was taken away.
    pub picture: Option<bool>,
    /// Whether the old invite link lost its force.
    pub invite_renewed: bool,
}
