//! Who is in a group, who asks to be, and who are its admins.

use openwa_core::{Gateway, gateway::MemberOutcome};
use openwa_model::{group::JoinRequest, ops::MemberChange};
use poem_openapi::{Enum, Object, OpenApi, param::Path};
use serde::Serialize;

use super::{group_of, people_of};
use crate::{
    answer::{Answer, Shown},
    app::Tag,
    auth::{Caller, OneChat, Operator, Viewer},
    input::Body,
    wire::SessionPath,
};

pub(crate) struct GroupMembers(pub(crate) Gateway);

/// People, to be added to a group, removed, promoted or demoted.
#[derive(Object)]
pub(crate) struct GroupParticipants {
    /// Who: `<number>@c.us` or `<id>@lid`.
    #[oai(validator(min_items = 1, max_items = 256))]
    participants: Vec<String>,
}

/// Which requests to join a group are meant.
#[derive(Object)]
pub(crate) struct DecideMembershipRequests {
    /// Whose: `<number>@c.us` or `<id>@lid`; all that wait when absent.
    #[oai(validator(min_items = 1, max_items = 256))]
    participants: Option<Vec<String>>,
}

/// What became of each person. Where WhatsApp refused all of them, the answer is 403 instead.
#[derive(Object, Serialize)]
pub(crate) struct ParticipantsResult {
    /// Whether anything was done; what, of whom, stands in `results`.
    success: bool,
    /// What was done.
    message: String,
    /// One for each person.
    results: Vec<ParticipantOutcome>,
}

/// What became of one person.
#[derive(Object, Serialize)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct ParticipantOutcome {
    /// Who, as the request named them.
    id: String,
    /// Whether it was done.
    success: bool,
    /// WhatsApp's code: 200 is done, 403 that this person does not let the account add them.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u32>,
    /// Why it was not done.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

impl ParticipantsResult {
    fn of(message: &str, outcomes: Vec<MemberOutcome>) -> Self {
        let one = |it: MemberOutcome| ParticipantOutcome {
            success: it.is_done(),
            status: it.code,
            message: it.reason().map(str::to_owned),
            id: it.id.to_string(),
        };
        Self { success: true, message: message.to_owned(), results: outcomes.into_iter().map(one).collect() }
    }
}

/// How somebody asked to be let in.
#[derive(Enum, Clone, Copy, Serialize)]
#[oai(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub(crate) enum JoinMethod {
    /// By the invite link.
    InviteLink,
    /// A member who may not add others wants to add them.
    NonAdminAdd,
    /// Out of the community that the group belongs to.
    LinkedGroupJoin,
}

impl From<openwa_model::group::JoinMethod> for JoinMethod {
    fn from(method: openwa_model::group::JoinMethod) -> Self {
        use openwa_model::group::JoinMethod as Known;
        match method {
            Known::InviteLink => Self::InviteLink,
            Known::NonAdminAdd => Self::NonAdminAdd,
            Known::LinkedGroupJoin => Self::LinkedGroupJoin,
        }
    }
}

/// Somebody who waits to be let into a group.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MembershipRequest {
    /// Who.
    participant_id: String,
    /// Who wants to add them, where they did not ask themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    added_by_id: Option<String>,
    /// How they asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<JoinMethod>,
    /// When they asked, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    requested_at: Option<i64>,
}

impl From<JoinRequest> for MembershipRequest {
    fn from(it: JoinRequest) -> Self {
        Self {
            participant_id: it.id.to_string(),
            added_by_id: it.added_by.map(|it| it.to_string()),
            method: it.method.map(Into::into),
            requested_at: it.requested_at.map(|it| it.as_second()),
        }
    }
}

impl GroupMembers {
    async fn change(
        &self,
        session: &SessionPath,
        group: &str,
        body: GroupParticipants,
        change: MemberChange,
        done: &str,
    ) -> Answer<Shown<ParticipantsResult>> {
        let (session, group) = (session.id()?, group_of(group)?);
        let people = people_of(&body.participants)?;
        let outcomes = self.0.change_members(session, group, change, people).await?;
        Ok(Shown(ParticipantsResult::of(done, outcomes)))
    }

    async fn decide(
        &self,
        session: &SessionPath,
        group: &str,
        body: DecideMembershipRequests,
        approve: bool,
    ) -> Answer<Shown<ParticipantsResult>> {
        let (session, group) = (session.id()?, group_of(group)?);
        let people = body.participants.as_deref().map(people_of).transpose()?;
        let outcomes = self.0.decide_join_requests(session, group, people, approve).await?;
        let done = if approve { "Membership requests approved" } else { "Membership requests rejected" };
        Ok(Shown(ParticipantsResult::of(done, outcomes)))
    }
}

#[OpenApi]
impl GroupMembers {
    /// Add people to a group
    ///
    /// Whoever does not let this account add them is told of in `results`; send them the invite link.
    #[oai(
        path = "/sessions/:sessionId/groups/:groupId/participants",
        method = "post",
        operation_id = "addGroupParticipants",
        tag = "Tag::Groups"
    )]
    async fn add(
        &self,
        _caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The group: `<id>@g.us`.
        #[oai(name = "groupId")]
        group: Path<String>,
        body: Body<GroupParticipants>,
    ) -> Answer<Shown<ParticipantsResult>> {
        self.change(&session.0, &group.0, body.value, MemberChange::Add, "Participants added").await
    }

    /// Remove people from a group
    #[oai(
        path = "/sessions/:sessionId/groups/:groupId/participants",
        method = "delete",
        operation_id = "removeGroupParticipants",
        tag = "Tag::Groups"
    )]
    async fn remove(
        &self,
        _caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The group: `<id>@g.us`.
        #[oai(name = "groupId")]
        group: Path<String>,
        body: Body<GroupParticipants>,
    ) -> Answer<Shown<ParticipantsResult>> {
        self.change(&session.0, &group.0, body.value, MemberChange::Remove, "Participants removed").await
    }

    /// Make members of a group its admins
    #[oai(
        path = "/sessions/:sessionId/groups/:groupId/participants/promote",
        method = "post",
        operation_id = "promoteGroupParticipants",
        tag = "Tag::Groups"
    )]
    async fn promote(
        &self,
        _caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The group: `<id>@g.us`.
        #[oai(name = "groupId")]
        group: Path<String>,
        body: Body<GroupParticipants>,
    ) -> Answer<Shown<ParticipantsResult>> {
        self.change(&session.0, &group.0, body.value, MemberChange::Promote, "Participants promoted to admin").await
    }

    /// Make admins of a group plain members
    #[oai(
        path = "/sessions/:sessionId/groups/:groupId/participants/demote",
        method = "post",
        operation_id = "demoteGroupParticipants",
        tag = "Tag::Groups"
    )]
    async fn demote(
        &self,
        _caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The group: `<id>@g.us`.
        #[oai(name = "groupId")]
        group: Path<String>,
        body: Body<GroupParticipants>,
    ) -> Answer<Shown<ParticipantsResult>> {
        self.change(&session.0, &group.0, body.value, MemberChange::Demote, "Participants demoted from admin").await
    }

    /// List those who ask to join a group
    ///
    /// Only admins of the group are told.
    #[oai(
        path = "/sessions/:sessionId/groups/:groupId/membership-requests",
        method = "get",
        operation_id = "listGroupMembershipRequests",
        tag = "Tag::Groups"
    )]
    async fn requests(
        &self,
        _caller: Caller<Viewer, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The group: `<id>@g.us`.
        #[oai(name = "groupId")]
        group: Path<String>,
    ) -> Answer<Shown<Vec<MembershipRequest>>> {
        let requests = self.0.join_requests(session.0.id()?, group_of(&group.0)?).await?;
        Ok(Shown(requests.into_iter().map(Into::into).collect()))
    }

    /// Let people into a group who ask to join
    ///
    /// Some of them, or all that wait.
    #[oai(
        path = "/sessions/:sessionId/groups/:groupId/membership-requests/approve",
        method = "post",
        operation_id = "approveGroupMembershipRequests",
        tag = "Tag::Groups"
    )]
    async fn approve(
        &self,
        _caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The group: `<id>@g.us`.
        #[oai(name = "groupId")]
        group: Path<String>,
        body: Body<DecideMembershipRequests>,
    ) -> Answer<Shown<ParticipantsResult>> {
        self.decide(&session.0, &group.0, body.value, true).await
    }

    /// Turn people away who ask to join a group
    ///
    /// Some of them, or all that wait.
    #[oai(
        path = "/sessions/:sessionId/groups/:groupId/membership-requests/reject",
        method = "post",
        operation_id = "rejectGroupMembershipRequests",
        tag = "Tag::Groups"
    )]
    async fn reject(
        &self,
        _caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The group: `<id>@g.us`.
        #[oai(name = "groupId")]
        group: Path<String>,
        body: Body<DecideMembershipRequests>,
    ) -> Answer<Shown<ParticipantsResult>> {
        self.decide(&session.0, &group.0, body.value, false).await
    }
}
