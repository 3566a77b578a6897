//! Communities: groups of groups.

use openwa_model::{
    group::{Group, LinkResult, Subgroup},
    id::SessionId,
    jid::Jid,
    ops::{CreateCommunity, DeactivateCommunity, LinkGroups, ListCommunities, ListSubgroups, UnlinkGroups},
};

use super::{Gateway, Result};
use crate::error::GatewayError;

/// Why a group could not be linked or unlinked.
fn reason(refused: u32) -> &'static str {
    match refused {
        403 => "this account is no admin of the group",
        404 => "WhatsApp knows no such group here",
        409 => "the group belongs to a community already",
        419 => "the community has as many groups as it may have",
        _ => "WhatsApp refused the group",
    }
}

impl Gateway {
    /// The communities this account is in.
    pub async fn communities(&self, session: SessionId) -> Result<Vec<Group>> {
        self.ask_of_groups(session, ListCommunities).await
    }

    /// Makes a community, with its announcement group and its general group.
    pub async fn create_community(&self, session: SessionId, wanted: CreateCommunity) -> Result<Group> {
        self.ask_of_groups(session, wanted).await
    }

    /// The groups of a community.
    pub async fn subgroups(&self, session: SessionId, community: Jid) -> Result<Vec<Subgroup>> {
        self.ask_of_groups(session, ListSubgroups { community }).await
    }

    /// Makes groups belong to a community. Where WhatsApp refuses all of them, that is an error.
    pub async fn link_groups(
        &self,
        session: SessionId,
        community: Jid,
        groups: Vec<Jid>,
    ) -> Result<Vec<(LinkResult, Option<&'static str>)>> {
        explained(self.ask_of_groups(session, LinkGroups { community, groups }).await?)
    }

    /// Makes groups of a community belong to it no more. Where WhatsApp refuses all of them, that is an error.
    pub async fn unlink_groups(
        &self,
        session: SessionId,
        operation: UnlinkGroups,
    ) -> Result<Vec<(LinkResult, Option<&'static str>)>> {
        explained(self.ask_of_groups(session, operation).await?)
    }

    /// Dissolves a community; its groups stay.
    pub async fn deactivate_community(&self, session: SessionId, community: Jid) -> Result<()> {
        self.ask_of_groups(session, DeactivateCommunity { community }).await
    }
}

/// Each result with why it was refused, where it was.
fn explained(results: Vec<LinkResult>) -> Result<Vec<(LinkResult, Option<&'static str>)>> {
    if !results.is_empty() && results.iter().all(|it| it.refused.is_some()) {
        let why = |it: &LinkResult| format!("{}: {}", it.group, it.refused.map(reason).unwrap_or_default());
        return Err(GatewayError::Refused(results.iter().map(why).collect::<Vec<_>>().join("; ")));
    }
    Ok(results
        .into_iter()
        .map(|it| {
            let why = it.refused.map(reason);
            (it, why)
        })
        .collect())
}
