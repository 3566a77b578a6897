//! What can be asked of groups.

use crate::{content::Media, jid::Jid};

/// See [`Op::CreateGroup`](super::Op::CreateGroup).
#[derive(Clone, Debug)]
pub struct CreateGroup {
    /// Its name.
    pub subject: String,
    /// Who is in it from the beginning, besides this account.
    pub participants: Vec<Jid>,
}

/// See [`Op::LeaveGroup`](super::Op::LeaveGroup).
#[derive(Clone, Debug)]
pub struct LeaveGroup {
    /// The group.
    pub group: Jid,
}

/// What is done to members of a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MemberChange {
    /// They come in.
    Add,
    /// They go out.
    Remove,
    /// They become admins.
    Promote,
    /// They are admins no more.
    Demote,
}

/// See [`Op::ChangeMembers`](super::Op::ChangeMembers). Answers what became of each, where WhatsApp says it.
#[derive(Clone, Debug)]
pub struct ChangeMembers {
    /// The group.
    pub group: Jid,
    /// What is done.
    pub change: MemberChange,
    /// To whom.
    pub participants: Vec<Jid>,
}

/// See [`Op::SetGroupSubject`](super::Op::SetGroupSubject).
#[derive(Clone, Debug)]
pub struct SetGroupSubject {
    /// The group.
    pub group: Jid,
    /// Its new name.
    pub subject: String,
}

/// See [`Op::SetGroupDescription`](super::Op::SetGroupDescription).
#[derive(Clone, Debug)]
pub struct SetGroupDescription {
    /// The group.
    pub group: Jid,
    /// Its new description, "" for none.
    pub description: String,
}

/// See [`Op::SetGroupSettings`](super::Op::SetGroupSettings). What is `None` stays as it is.
#[derive(Clone, Debug)]
pub struct SetGroupSettings {
    /// The group.
    pub group: Jid,
    /// Only admins may write.
    pub announce: Option<bool>,
    /// Only admins may change subject, description and picture.
    pub locked: Option<bool>,
    /// After how many seconds messages vanish; 0 is never.
    pub ephemeral_seconds: Option<u32>,
    /// Only admins may add members.
    pub only_admins_add: Option<bool>,
    /// Who asks to join waits for an admin.
    pub approves_members: Option<bool>,
}

/// See [`Op::GetGroupPicture`](super::Op::GetGroupPicture).
#[derive(Clone, Debug)]
pub struct GetGroupPicture {
    /// The group.
    pub group: Jid,
}

/// See [`Op::SetGroupPicture`](super::Op::SetGroupPicture).
#[derive(Clone, Debug)]
pub struct SetGroupPicture {
    /// The group.
    pub group: Jid,
    /// The picture, with `file` set; `None` takes it away.
    pub picture: Option<Media>,
}

/// See [`Op::GetGroupInvite`](super::Op::GetGroupInvite).
#[derive(Clone, Debug)]
pub struct GetGroupInvite {
    /// The group.
    pub group: Jid,
    /// Whether the old code is to lose its force and a new one is made.
    pub renew: bool,
}

/// See [`Op::PreviewGroup`](super::Op::PreviewGroup).
#[derive(Clone, Debug)]
pub struct PreviewGroup {
    /// The code of the invite link.
    pub code: String,
}

/// See [`Op::JoinGroup`](super::Op::JoinGroup).
#[derive(Clone, Debug)]
pub struct JoinGroup {
    /// The code of the invite link.
    pub code: String,
}

/// See [`Op::ListJoinRequests`](super::Op::ListJoinRequests).
#[derive(Clone, Debug)]
pub struct ListJoinRequests {
    /// The group.
    pub group: Jid,
}

/// See [`Op::DecideJoinRequests`](super::Op::DecideJoinRequests).
#[derive(Clone, Debug)]
pub struct DecideJoinRequests {
    /// The group.
    pub group: Jid,
    /// Who asked.
    pub participants: Vec<Jid>,
    /// Whether they may come in.
    pub approve: bool,
}
