//! What can be asked of communities: groups of groups.

use crate::jid::Jid;

/// See [`Op::ListCommunities`](super::Op::ListCommunities).
#[derive(Clone, Debug)]
pub struct ListCommunities;

/// See [`Op::CreateCommunity`](super::Op::CreateCommunity).
#[derive(Clone, Debug)]
pub struct CreateCommunity {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// Whether its admins decide who comes in.
    pub closed: bool,
}

/// See [`Op::ListSubgroups`](super::Op::ListSubgroups).
#[derive(Clone, Debug)]
pub struct ListSubgroups {
    /// The community.
    pub community: Jid,
}

/// See [`Op::LinkGroups`](super::Op::LinkGroups).
#[derive(Clone, Debug)]
pub struct LinkGroups {
    /// The community.
    pub community: Jid,
    /// Groups of which this account is an admin.
    pub groups: Vec<Jid>,
}

/// See [`Op::UnlinkGroups`](super::Op::UnlinkGroups).
#[derive(Clone, Debug)]
pub struct UnlinkGroups {
    /// The community.
    pub community: Jid,
    /// Groups that belong to it.
    pub groups: Vec<Jid>,
    /// Whether members who are in no other group of the community leave it.
    pub remove_orphans: bool,
}

/// See [`Op::DeactivateCommunity`](super::Op::DeactivateCommunity).
#[derive(Clone, Debug)]
pub struct DeactivateCommunity {
    /// The community.
    pub community: Jid,
}
