//! Communities: groups of groups.

use openwa_core::Gateway;
use openwa_model::{
    Timestamp,
    group::{Group, LinkResult, Subgroup},
    jid::Jid,
    ops::{CreateCommunity as NewCommunity, UnlinkGroups},
};
use poem_openapi::{Object, OpenApi, param::Path};
use serde::Serialize;

use crate::{
    answer::{Answer, Created, Shown},
    app::Tag,
    auth::{AllChats, Caller, OneChat, Operator, Viewer},
    error::ApiError,
    groups::group_of,
    input::Body,
    wire::{SessionPath, SuccessMessage},
};

pub(crate) struct Communities(pub(crate) Gateway);

/// One community.
#[derive(Object, Serialize)]
#[oai(rename = "Community", rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CommunitySummary {
    /// Its id: `<id>@g.us`.
    id: String,
    /// Its name.
    name: String,
    /// Its description.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    /// When it was made, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<i64>,
}

impl From<Group> for CommunitySummary {
    fn from(it: Group) -> Self {
        Self {
            id: it.id.to_string(),
            name: it.subject,
            description: it.description,
            owner: it.owner.map(|it| it.to_string()),
            created_at: it.created_at.map(Timestamp::as_second),
        }
    }
}

/// A group of a community.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CommunitySubgroup {
    /// Its id: `<id>@g.us`.
    id: String,
    /// Its subject.
    name: String,
    /// How many are in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    participants_count: Option<u32>,
    /// Whether it is the one in which admins tell everybody something.
    is_announcement: bool,
    /// Whether it is the one in which everybody may write.
    is_general: bool,
}

impl From<Subgroup> for CommunitySubgroup {
    fn from(it: Subgroup) -> Self {
        Self {
            id: it.id.to_string(),
            name: it.subject,
            participants_count: it.size,
            is_announcement: it.is_announcement,
            is_general: it.is_general,
        }
    }
}

/// A community to be made.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct CreateCommunity {
    /// Its name.
    #[oai(validator(min_length = 1, max_length = 100))]
    name: String,
    /// What it is about.
    #[oai(validator(max_length = 1024))]
    description: Option<String>,
    /// Whether its admins decide who comes in.
    #[oai(default)]
    membership_approval: bool,
}

/// Groups to be linked to a community.
#[derive(Object)]
pub(crate) struct LinkSubgroups {
    /// The groups: `<id>@g.us`.
    #[oai(validator(min_items = 1, max_items = 100))]
    groups: Vec<String>,
}

/// Groups to be unlinked from a community.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct UnlinkSubgroups {
    /// The groups: `<id>@g.us`.
    #[oai(validator(min_items = 1, max_items = 100))]
    groups: Vec<String>,
    /// Whether members who are in no other group of the community leave it.
    #[oai(default)]
    remove_orphan_members: bool,
}

/// What became of each group. Where WhatsApp refused all of them, the answer is 403 instead.
#[derive(Object, Serialize)]
pub(crate) struct SubgroupsResult {
    /// Whether anything was done; what, of which, stands in `results`.
    success: bool,
    /// What was done.
    message: String,
    /// One for each group.
    results: Vec<SubgroupOutcome>,
}

/// What became of one group.
#[derive(Object, Serialize)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct SubgroupOutcome {
    /// The group.
    id: String,
    /// Whether it was done.
    success: bool,
    /// WhatsApp's code; 200 is done.
    status: u32,
    /// Why it was not done.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

impl SubgroupsResult {
    fn of(message: &str, results: Vec<(LinkResult, Option<&'static str>)>) -> Self {
        let one = |(it, why): (LinkResult, Option<&'static str>)| SubgroupOutcome {
            id: it.group.to_string(),
            success: it.refused.is_none(),
            status: it.refused.unwrap_or(200),
            message: why.map(str::to_owned),
        };
        Self { success: true, message: message.to_owned(), results: results.into_iter().map(one).collect() }
    }
}

/// The groups of these ids.
fn groups_of(texts: &[String]) -> Result<Vec<Jid>, ApiError> {
    texts.iter().map(|it| group_of(it)).collect()
}

#[OpenApi]
impl Communities {
    /// List communities
    ///
    /// Those this account is in. A key that is limited to some chats sees those.
    #[oai(
        path = "/sessions/:sessionId/communities",
        method = "get",
        operation_id = "listCommunities",
        tag = "Tag::Communities"
    )]
    async fn list(
        &self,
        caller: Caller<Viewer, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
    ) -> Answer<Shown<Vec<CommunitySummary>>> {
        let session = session.0.id()?;
        let fence = caller.fence(&self.0, session).await?;
        let communities = self.0.communities(session).await?.into_iter().filter(|it| fence.sees(&it.id));
        Ok(Shown(communities.map(Into::into).collect()))
    }

    /// Make a community
    ///
    /// With a group for announcements and a general one.
    #[oai(
        path = "/sessions/:sessionId/communities",
        method = "post",
        operation_id = "createCommunity",
        tag = "Tag::Communities"
    )]
    async fn create(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<CreateCommunity>,
    ) -> Answer<Created<CommunitySummary>> {
        let CreateCommunity { name, description, membership_approval } = body.value;
        let description = description.filter(|it| !it.is_empty());
        let wanted = NewCommunity { name, description, closed: membership_approval };
        Ok(Created(self.0.create_community(session.0.id()?, wanted).await?.into()))
    }

    /// List the groups of a community
    #[oai(
        path = "/sessions/:sessionId/communities/:communityId/subgroups",
        method = "get",
        operation_id = "listCommunitySubgroups",
        tag = "Tag::Communities"
    )]
    async fn subgroups(
        &self,
        _caller: Caller<Viewer, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The community: `<id>@g.us`.
        #[oai(name = "communityId")]
        community: Path<String>,
    ) -> Answer<Shown<Vec<CommunitySubgroup>>> {
        let groups = self.0.subgroups(session.0.id()?, group_of(&community.0)?).await?;
        Ok(Shown(groups.into_iter().map(Into::into).collect()))
    }

    /// Link groups to a community
    ///
    /// This account has to be an admin of each. Where WhatsApp refuses all of them, the answer is 403.
    #[oai(
        path = "/sessions/:sessionId/communities/:communityId/subgroups",
        method = "post",
        operation_id = "linkCommunitySubgroups",
        tag = "Tag::Communities"
    )]
    async fn link(
        &self,
        _caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The community: `<id>@g.us`.
        #[oai(name = "communityId")]
        community: Path<String>,
        body: Body<LinkSubgroups>,
    ) -> Answer<Shown<SubgroupsResult>> {
        let (session, community) = (session.0.id()?, group_of(&community.0)?);
        let results = self.0.link_groups(session, community, groups_of(&body.value.groups)?).await?;
        Ok(Shown(SubgroupsResult::of("Groups linked", results)))
    }

    /// Unlink groups from a community
    ///
    /// The groups stay. Where WhatsApp refuses all of them, the answer is 403.
    #[oai(
        path = "/sessions/:sessionId/communities/:communityId/subgroups",
        method = "delete",
        operation_id = "unlinkCommunitySubgroups",
        tag = "Tag::Communities"
    )]
    async fn unlink(
        &self,
        _caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The community: `<id>@g.us`.
        #[oai(name = "communityId")]
        community: Path<String>,
        body: Body<UnlinkSubgroups>,
    ) -> Answer<Shown<SubgroupsResult>> {
        let (session, community) = (session.0.id()?, group_of(&community.0)?);
        let UnlinkSubgroups { groups, remove_orphan_members } = body.value;
        let operation = UnlinkGroups { community, groups: groups_of(&groups)?, remove_orphans: remove_orphan_members };
        let results = self.0.unlink_groups(session, operation).await?;
        Ok(Shown(SubgroupsResult::of("Groups unlinked", results)))
    }

    /// Dissolve a community
    ///
    /// Its groups stay.
    #[oai(
        path = "/sessions/:sessionId/communities/:communityId/deactivate",
        method = "post",
        operation_id = "deactivateCommunity",
        tag = "Tag::Communities"
    )]
    async fn deactivate(
        &self,
        _caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The community: `<id>@g.us`.
        #[oai(name = "communityId")]
        community: Path<String>,
    ) -> Answer<Shown<SuccessMessage>> {
        self.0.deactivate_community(session.0.id()?, group_of(&community.0)?).await?;
        Ok(Shown(SuccessMessage::done("Community deactivated")))
    }
}
