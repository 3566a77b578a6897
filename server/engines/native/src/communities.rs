//! Communities: groups of groups.

use openwa_model::{
    engine::{EngineError, ErrorKind, Retry},
    group::{Group, LinkResult, Subgroup},
    jid::Jid,
    ops::{CreateCommunity, LinkGroups, UnlinkGroups},
};
use whatsapp_rust::{Client, CommunityError, CommunitySubgroup, CreateCommunityOptions};

use crate::{failure, group_changes, groups, jid};

/// A community has no more groups.
const MOST_GROUPS: usize = 500;

pub(crate) async fn all(client: &Client) -> Result<Vec<Group>, EngineError> {
    let found = client.community().get_participating().await;
    let found = found.map_err(|error| failed("WhatsApp did not list the communities", error))?;
    let mut communities: Vec<_> = found.into_values().filter_map(groups::group).collect();
    communities.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(communities)
}

pub(crate) async fn create(client: &Client, wanted: CreateCommunity) -> Result<Group, EngineError> {
    let options = CreateCommunityOptions {
        description: wanted.description,
        closed: wanted.closed,
        ..CreateCommunityOptions::new(wanted.name)
    };
    let made = client.community().create(options).await;
    let made = made.map_err(|error| failed("WhatsApp did not make the community", error))?;
    groups::group(made.metadata).ok_or_else(|| {
        EngineError::new(ErrorKind::Internal, Retry::Never, "WhatsApp named the community in a way nobody reads")
    })
}

pub(crate) async fn subgroups(client: &Client, community: &Jid) -> Result<Vec<Subgroup>, EngineError> {
    let found = client.community().get_subgroups(&jid::to_wire(community)).await;
    let found = found.map_err(|error| failed("WhatsApp did not list the groups of the community", error))?;
    Ok(found.into_iter().take(MOST_GROUPS).filter_map(subgroup).collect())
}

pub(crate) async fn link(client: &Client, asked: LinkGroups) -> Result<Vec<LinkResult>, EngineError> {
    let linked = client.community().link_subgroups(jid::to_wire(&asked.community), &wires(&asked.groups)).await;
    let linked = linked.map_err(|error| failed("WhatsApp did not link the groups", error))?;
    Ok(results(linked.linked_jids, linked.failed_groups))
}

pub(crate) async fn unlink(client: &Client, asked: UnlinkGroups) -> Result<Vec<LinkResult>, EngineError> {
    let (community, groups) = (jid::to_wire(&asked.community), wires(&asked.groups));
    let unlinked = client.community().unlink_subgroups(community, &groups, asked.remove_orphans).await;
    let unlinked = unlinked.map_err(|error| failed("WhatsApp did not unlink the groups", error))?;
    Ok(results(unlinked.unlinked_jids, unlinked.failed_groups))
}

pub(crate) async fn deactivate(client: &Client, community: &Jid) -> Result<(), EngineError> {
    let gone = client.community().deactivate(jid::to_wire(community)).await;
    gone.map_err(|error| failed("WhatsApp did not deactivate the community", error))
}

fn wires(groups: &[Jid]) -> Vec<whatsapp_rust::Jid> {
    groups.iter().map(jid::to_wire).collect()
}

fn results(done: Vec<whatsapp_rust::Jid>, refused: Vec<(whatsapp_rust::Jid, u32)>) -> Vec<LinkResult> {
    let done = done.iter().map(|it| (it, None));
    let all = done.chain(refused.iter().map(|(it, code)| (it, Some(*code))));
    all.filter_map(|(id, refused)| Some(LinkResult { group: jid::from_wire(id)?, refused })).collect()
}

fn subgroup(found: CommunitySubgroup) -> Option<Subgroup> {
    Some(Subgroup {
        id: jid::from_wire(&found.id)?,
        subject: found.subject,
        size: found.participant_count,
        is_announcement: found.is_default_sub_group,
        is_general: found.is_general_chat,
    })
}

fn failed(what: &str, error: CommunityError) -> EngineError {
    match error {
        CommunityError::Group(error) => group_changes::failed(what, error),
        error => failure::of_request(what, error),
    }
}
