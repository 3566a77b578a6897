//! Groups as phones make, change and see them.

use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

use super::content::{bytes, chat, chats};
use super::failure::Failure;
use super::phones::{Created, Done, find};
use crate::phone::groups::{Action, Change, Group, Role};
use crate::phone::{Chat, Phones};

pub(super) struct GroupsApi {
    pub(super) phones: Phones,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewGroup {
    #[oai(validator(min_length = 1, max_length = 100))]
    name: String,
    /// Numbers or ids of people.
    #[oai(validator(max_items = 1023))]
    participants: Vec<String>,
}

#[derive(Object)]
struct NewGroupView {
    /// `<id>@g.us`.
    id: String,
    name: String,
}

#[derive(Enum, Debug, Clone, Copy)]
#[oai(rename = "GroupRole", rename_all = "lowercase")]
enum RoleName {
    Member,
    Admin,
    Owner,
}

#[derive(Object)]
#[oai(rename = "Participant")]
struct ParticipantView {
    id: String,
    lid: String,
    role: RoleName,
}

#[derive(Object)]
#[oai(rename = "Group", rename_all = "camelCase", skip_serializing_if_is_none)]
struct GroupView {
    /// `<id>@g.us`.
    id: String,
    name: String,
    description: Option<String>,
    owner: Option<String>,
    participants: Vec<ParticipantView>,
    /// Only admins write.
    announcement: bool,
    /// Only admins edit the name, the description and the settings.
    locked: bool,
    /// Only admins add members.
    admins_add: bool,
    /// Who asks to join waits for an admin.
    approval: bool,
    /// Seconds after which messages vanish; 0 is never.
    expiration: u32,
}

impl From<Group> for GroupView {
    fn from(group: Group) -> Self {
        let participants = group.participants.into_iter().map(|participant| ParticipantView {
            id: participant.id.to_string(),
            lid: participant.lid.to_string(),
            role: match participant.role {
                Role::Member => RoleName::Member,
                Role::Admin => RoleName::Admin,
                Role::Owner => RoleName::Owner,
            },
        });
        Self {
            id: group.id.to_string(),
            name: group.name,
            description: group.description,
            owner: group.owner.map(String::from),
            participants: participants.collect(),
            announcement: group.is_announcement,
            locked: group.is_locked,
            admins_add: group.only_admins_add,
            approval: group.approves_members,
            expiration: group.expiration,
        }
    }
}

#[derive(Object)]
#[oai(deny_unknown_fields, rename_all = "camelCase")]
struct GroupChange {
    #[oai(validator(min_length = 1, max_length = 100))]
    name: Option<String>,
    /// An empty text takes the description away.
    description: Option<String>,
    announcement: Option<bool>,
    locked: Option<bool>,
    admins_add: Option<bool>,
    approval: Option<bool>,
    expiration: Option<u32>,
    /// A JPEG in base64; an empty text takes the picture away.
    picture: Option<String>,
}

#[derive(Enum, Debug, Clone, Copy)]
#[oai(rename_all = "lowercase")]
enum GroupAction {
    Add,
    Remove,
    Promote,
    Demote,
    /// Lets in who asked to join.
    Approve,
    /// Does not let them in.
    Reject,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct ParticipantsChange {
    action: GroupAction,
    /// Numbers or ids of people.
    participants: Vec<String>,
}

#[derive(Object)]
struct ParticipantResult {
    id: String,
    /// 200 when it was done, else why not.
    code: u16,
}

#[derive(Object)]
struct Invite {
    /// What follows `https://chat.whatsapp.com/`.
    code: String,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct InviteCode {
    code: String,
}

#[derive(Object)]
struct JoinedView {
    /// `<id>@g.us`.
    id: String,
    /// Whether an admin has to let this phone in.
    pending: bool,
}

#[OpenApi]
impl GroupsApi {
    /// Make a group from this phone
    #[oai(path = "/phones/:id/groups", method = "post", operation_id = "createGroup")]
    async fn create(&self, id: Path<Uuid>, new: Json<NewGroup>) -> Result<Created<NewGroupView>, Failure> {
        let phone = find(&self.phones, id.0)?;
        let group = phone.create_group(new.name.clone(), chats(&new.participants)?).await?;
        Ok(Created::Created(Json(NewGroupView { id: group.to_string(), name: new.0.name })))
    }

    /// The groups this phone is in
    #[oai(path = "/phones/:id/groups", method = "get", operation_id = "listGroups")]
    async fn list(&self, id: Path<Uuid>) -> Result<Json<Vec<GroupView>>, Failure> {
        let groups = find(&self.phones, id.0)?.groups().await?;
        Ok(Json(groups.into_iter().map(GroupView::from).collect()))
    }

    /// A group as this phone sees it
    #[oai(path = "/phones/:id/groups/:group", method = "get", operation_id = "getGroup")]
    async fn get(&self, id: Path<Uuid>, group: Path<String>) -> Result<Json<GroupView>, Failure> {
        let group = find(&self.phones, id.0)?.group(chat(&group)?).await?;
        Ok(Json(group.into()))
    }

    /// Change the name, the description, the picture or the settings of a group
    #[oai(path = "/phones/:id/groups/:group", method = "patch", operation_id = "changeGroup")]
    async fn change(&self, id: Path<Uuid>, group: Path<String>, change: Json<GroupChange>) -> Result<Done, Failure> {
        let wanted = change.0;
        let change = Change {
            name: wanted.name,
            description: wanted.description,
            is_announcement: wanted.announcement,
            is_locked: wanted.locked,
            only_admins_add: wanted.admins_add,
            approves_members: wanted.approval,
            expiration: wanted.expiration,
            picture: wanted.picture.map(|picture| bytes(&picture, "picture")).transpose()?,
        };
        find(&self.phones, id.0)?.change_group(chat(&group)?, change).await?;
        Ok(Done::Done)
    }

    /// Add, remove, promote or demote people, or decide on who asked to join
    #[oai(path = "/phones/:id/groups/:group/participants", method = "post", operation_id = "changeParticipants")]
    async fn participants(
        &self,
        id: Path<Uuid>,
        group: Path<String>,
        change: Json<ParticipantsChange>,
    ) -> Result<Json<Vec<ParticipantResult>>, Failure> {
        let action = match change.action {
            GroupAction::Add => Action::Add,
            GroupAction::Remove => Action::Remove,
            GroupAction::Promote => Action::Promote,
            GroupAction::Demote => Action::Demote,
            GroupAction::Approve => Action::Approve,
            GroupAction::Reject => Action::Reject,
        };
        let phone = find(&self.phones, id.0)?;
        let results = phone.change_members(chat(&group)?, action, chats(&change.participants)?).await?;
        let result = |(person, code): (Chat, u16)| ParticipantResult { id: person.to_string(), code };
        Ok(Json(results.into_iter().map(result).collect()))
    }

    /// Who waits to be let in
    #[oai(path = "/phones/:id/groups/:group/requests", method = "get", operation_id = "listGroupRequests")]
    async fn requests(&self, id: Path<Uuid>, group: Path<String>) -> Result<Json<Vec<String>>, Failure> {
        let waiting = find(&self.phones, id.0)?.group_requests(chat(&group)?).await?;
        Ok(Json(waiting.into_iter().map(String::from).collect()))
    }

    /// Leave a group
    #[oai(path = "/phones/:id/groups/:group/leave", method = "post", operation_id = "leaveGroup")]
    async fn leave(&self, id: Path<Uuid>, group: Path<String>) -> Result<Done, Failure> {
        find(&self.phones, id.0)?.leave_group(chat(&group)?).await?;
        Ok(Done::Done)
    }

    /// The code of a group's invite link
    #[oai(path = "/phones/:id/groups/:group/invite", method = "get", operation_id = "getGroupInvite")]
    async fn invite(&self, id: Path<Uuid>, group: Path<String>) -> Result<Json<Invite>, Failure> {
        let code = find(&self.phones, id.0)?.group_invite(chat(&group)?, false).await?;
        Ok(Json(Invite { code }))
    }

    /// Make a new invite link; the old one is good for nothing then
    #[oai(path = "/phones/:id/groups/:group/invite", method = "post", operation_id = "resetGroupInvite")]
    async fn reset_invite(&self, id: Path<Uuid>, group: Path<String>) -> Result<Json<Invite>, Failure> {
        let code = find(&self.phones, id.0)?.group_invite(chat(&group)?, true).await?;
        Ok(Json(Invite { code }))
    }

    /// Follow an invite link
    #[oai(path = "/phones/:id/joins", method = "post", operation_id = "joinGroup")]
    async fn join(&self, id: Path<Uuid>, invite: Json<InviteCode>) -> Result<Json<JoinedView>, Failure> {
        let joined = find(&self.phones, id.0)?.join_group(invite.0.code).await?;
        Ok(Json(JoinedView { id: joined.group.to_string(), pending: joined.is_waiting }))
    }
}
