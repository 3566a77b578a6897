//! Groups, as WhatsApp tells them: listed, looked at, made and left.
//!
//! Beside it: `members` (who is in a group, and who asks to be), `settings` (what it is called, looks like and
//! lets its members do) and `invites` (links into it).

mod invites;
mod members;
mod settings;

use openwa_core::Gateway;
use openwa_model::{
    Timestamp,
    group::{Group, Participant},
    jid::{ChatKind, Jid},
    store::Page,
};
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Path, Query},
};
use serde::Serialize;

use self::{invites::GroupInvites, members::GroupMembers, settings::GroupProperties};
use crate::{
    answer::{Answer, Created, Shown},
    app::Tag,
    auth::{AllChats, Caller, OneChat, Operator, Viewer},
    error::ApiError,
    input::Body,
    wire::{Nullable, SessionPath, SuccessMessage, chat_of, longest_page},
};

/// All that is about groups.
pub(crate) type GroupApi = (Groups, GroupMembers, GroupProperties, GroupInvites);

/// All that is about groups, over this gateway.
pub(crate) fn group_api(gateway: &Gateway) -> GroupApi {
    (
        Groups(gateway.clone()),
        GroupMembers(gateway.clone()),
        GroupProperties(gateway.clone()),
        GroupInvites(gateway.clone()),
    )
}

pub(crate) struct Groups(Gateway);

/// The group of this id.
pub(crate) fn group_of(text: &str) -> Result<Jid, ApiError> {
    let id = chat_of(text)?;
    if id.is_group() { Ok(id) } else { Err(ApiError::invalid("groupId must be the id of a group: <id>@g.us")) }
}

/// The people of these ids.
fn people_of(texts: &[String]) -> Result<Vec<Jid>, ApiError> {
    let one = |text: &String| {
        let id = chat_of(text)?;
        match id.kind() {
            ChatKind::Individual => Ok(id),
            _ => Err(ApiError::invalid("each value in participants must be a person: <number>@c.us or <id>@lid")),
        }
    };
    texts.iter().map(one).collect()
}

/// One group of a list.
#[derive(Object, Serialize)]
pub(crate) struct GroupSummary {
    /// Its id.
    id: String,
    /// Its subject.
    name: String,
    /// The community it belongs to.
    #[oai(rename = "linkedParentJID")]
    #[serde(rename = "linkedParentJID")]
    linked_parent: Nullable<String>,
}

/// Who may add members to a group.
#[derive(Enum, Clone, Copy, Serialize)]
#[oai(rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub(crate) enum MemberAddMode {
    /// Everyone in it.
    All,
    /// Its admins.
    Admins,
}

impl MemberAddMode {
    fn of(only_admins: bool) -> Self {
        if only_admins { Self::Admins } else { Self::All }
    }
}

/// A group to be made.
#[derive(Object)]
pub(crate) struct CreateGroup {
    /// Its subject.
    #[oai(validator(min_length = 1, max_length = 100))]
    name: String,
    /// Who is in it from the beginning, besides this account: `<number>@c.us` or `<id>@lid`.
    #[oai(validator(min_items = 1, max_items = 256))]
    participants: Vec<String>,
}

/// A group that was made.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreatedGroup {
    /// Its id.
    id: String,
    /// Its subject.
    name: String,
    /// How many are in it, this account among them. Whoever does not let this account add them is not.
    participants_count: u32,
    /// Whether this account is an admin of it.
    is_admin: bool,
    /// The community it belongs to.
    #[oai(rename = "linkedParentJID")]
    #[serde(rename = "linkedParentJID")]
    linked_parent: Nullable<String>,
}

/// One group.
#[derive(Object, Serialize)]
#[oai(rename = "Group", rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupResponse {
    /// Its id.
    id: String,
    /// Its subject.
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
    /// Whether this account may not write in it.
    is_read_only: bool,
    /// Whether only admins may write.
    is_announce: bool,
    /// The community it belongs to.
    #[oai(rename = "linkedParentJID")]
    #[serde(rename = "linkedParentJID")]
    #[serde(skip_serializing_if = "Option::is_none")]
    linked_parent: Option<String>,
    /// Whether only admins may write.
    announce: bool,
    /// Whether only admins may change subject, description and picture.
    locked: bool,
    /// After how many seconds messages vanish; 0 is never.
    ephemeral_seconds: u32,
    /// Who may add members.
    member_add_mode: MemberAddMode,
    /// Who is in it.
    participants: Vec<ParticipantResponse>,
}

/// One member of a group.
#[derive(Object, Serialize)]
#[oai(rename = "GroupParticipant", rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ParticipantResponse {
    /// By phone number where it is known, else by hidden id.
    id: String,
    /// The phone number, where it is known; else the hidden id, without what follows the `@`.
    number: String,
    /// The hidden id, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    lid: Option<String>,
    /// Whether the member is an admin.
    is_admin: bool,
    /// Whether the member made the group or took it over.
    is_super_admin: bool,
}

impl From<Participant> for ParticipantResponse {
    fn from(it: Participant) -> Self {
        Self {
            number: it.phone.as_ref().unwrap_or(&it.id).user().to_owned(),
            id: it.id.to_string(),
            lid: it.lid.map(|it| it.to_string()),
            is_admin: it.is_admin,
            is_super_admin: it.is_super_admin,
        }
    }
}

impl GroupResponse {
    /// `own` are the ids of this account.
    fn of(group: Group, own: &[Jid]) -> Self {
        let ourselves = |it: &&Participant| {
            let ids = [Some(&it.id), it.phone.as_ref(), it.lid.as_ref()];
            ids.into_iter().flatten().any(|it| own.contains(it))
        };
        let is_admin = group.participants.iter().find(ourselves).is_some_and(|it| it.is_admin || it.is_super_admin);
        Self {
            id: group.id.to_string(),
            name: group.subject,
            description: group.description,
            owner: group.owner.map(|it| it.to_string()),
            created_at: group.created_at.map(Timestamp::as_second),
            is_read_only: group.announce && !is_admin,
            is_announce: group.announce,
            linked_parent: group.parent.map(|it| it.to_string()),
            announce: group.announce,
            locked: group.locked,
            ephemeral_seconds: group.ephemeral_seconds,
            member_add_mode: MemberAddMode::of(group.only_admins_add),
            participants: group.participants.into_iter().map(Into::into).collect(),
        }
    }
}

#[OpenApi]
impl Groups {
    /// List groups
    ///
    /// Those this account is in. A key that is limited to some chats sees those.
    #[oai(path = "/sessions/:sessionId/groups", method = "get", operation_id = "listGroups", tag = "Tag::Groups")]
    async fn list(
        &self,
        caller: Caller<Viewer, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// How many at most.
        #[oai(default = "longest_page", validator(minimum(value = "1"), maximum(value = "1000")))]
        limit: Query<u32>,
        /// How many to skip.
        #[oai(default)]
        offset: Query<u32>,
    ) -> Answer<Shown<Vec<GroupSummary>>> {
        let window = Page { limit: limit.0, offset: offset.0 };
        let session = session.0.id()?;
        let fence = caller.fence(&self.0, session).await?;
        let groups = self.0.groups(session).await?.into_iter().filter(|it| fence.sees(&it.id));
        let summary = |it: Group| GroupSummary {
            id: it.id.to_string(),
            name: it.subject,
            linked_parent: Nullable(it.parent.map(|it| it.to_string())),
        };
        Ok(Shown(groups.skip(window.offset as usize).take(window.limit as usize).map(summary).collect()))
    }

    /// Get a group with its members
    ///
    /// Asked of WhatsApp, so the session has to be on line.
    #[oai(
        path = "/sessions/:sessionId/groups/:groupId",
        method = "get",
        operation_id = "getGroup",
        tag = "Tag::Groups"
    )]
    async fn get(
        &self,
        _caller: Caller<Viewer, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The group: `<id>@g.us`.
        #[oai(name = "groupId")]
        group: Path<String>,
    ) -> Answer<Shown<GroupResponse>> {
        let (session, id) = (session.0.id()?, group_of(&group.0)?);
        let account = self.0.session(session).await?.session.account;
        let own: Vec<Jid> =
            account.map_or_else(Vec::new, |it| [Some(it.phone), it.lid].into_iter().flatten().collect());
        Ok(Shown(GroupResponse::of(self.0.group(session, &id).await?, &own)))
    }

    /// Make a group
    #[oai(path = "/sessions/:sessionId/groups", method = "post", operation_id = "createGroup", tag = "Tag::Groups")]
    async fn create(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<CreateGroup>,
    ) -> Answer<Created<CreatedGroup>> {
        let CreateGroup { name, participants } = body.value;
        let people = people_of(&participants)?;
        let group = self.0.create_group(session.0.id()?, name, people).await?;
        Ok(Created(CreatedGroup {
            id: group.id.to_string(),
            name: group.subject,
            participants_count: u32::try_from(group.participants.len()).unwrap_or(u32::MAX),
            // Who makes a group is its first admin.
            is_admin: true,
            linked_parent: Nullable(group.parent.map(|it| it.to_string())),
        }))
    }

    /// Leave a group
    #[oai(
        path = "/sessions/:sessionId/groups/:groupId/leave",
        method = "post",
        operation_id = "leaveGroup",
        tag = "Tag::Groups"
    )]
    async fn leave(
        &self,
        _caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The group: `<id>@g.us`.
        #[oai(name = "groupId")]
        group: Path<String>,
    ) -> Answer<Shown<SuccessMessage>> {
        self.0.leave_group(session.0.id()?, group_of(&group.0)?).await?;
        Ok(Shown(SuccessMessage::done("Left the group")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_admins_may_write_where_only_admins_may_write() {
        let own: Jid = "100000000000001@lid".parse().unwrap();
        for (announce, is_admin, read_only) in [(false, false, false), (true, false, true), (true, true, false)] {
            let member = Participant {
                id: Jid::phone("15550000001"),
                phone: Some(Jid::phone("15550000001")),
                lid: Some(own.clone()),
                is_admin,
                is_super_admin: false,
            };
            let group = Group {
                id: "1@g.us".parse().unwrap(),
                subject: "g".into(),
                description: None,
                owner: None,
                created_at: None,
                parent: None,
                announce,
                locked: false,
                ephemeral_seconds: 0,
                only_admins_add: false,
                approves_members: false,
                participants: vec![member],
            };
            let told = GroupResponse::of(group, std::slice::from_ref(&own));
            assert_eq!(told.is_read_only, read_only, "announce {announce}, admin {is_admin}");
        }
    }
}
