//! What a group is called, looks like, and lets its members do.

use openwa_core::Gateway;
use openwa_model::ops::SetGroupSettings;
use poem_openapi::{Object, OpenApi, param::Path};
use serde::Serialize;

use super::{MemberAddMode, group_of};
use crate::{
    answer::{Answer, Shown},
    app::Tag,
    auth::{Caller, OneChat, Operator, Viewer},
    error::ApiError,
    input::Body,
    sends::source_of,
    upload::WithFile,
    wire::{Nullable, SessionPath, SuccessMessage},
};

pub(crate) struct GroupProperties(pub(crate) Gateway);

/// A new name.
#[derive(Object)]
pub(crate) struct SetGroupSubject {
    /// The name.
    #[oai(validator(min_length = 1, max_length = 100))]
    subject: String,
}

/// A new description.
#[derive(Object)]
pub(crate) struct SetGroupDescription {
    /// The description; "" takes it away.
    #[oai(validator(max_length = 1024))]
    description: String,
}

/// A new picture, by `url` or as `base64`.
#[derive(Object)]
pub(crate) struct SetGroupPicture {
    /// Where to fetch it from: `http` or `https`.
    #[oai(validator(max_length = 2048))]
    url: Option<String>,
    /// The picture itself; needs `mimetype`.
    base64: Option<String>,
    /// Its MIME type.
    #[oai(validator(max_length = 255))]
    mimetype: Option<String>,
}

/// Where a picture can be fetched from.
#[derive(Object, Serialize)]
pub(crate) struct PictureLink {
    /// The address, for as long as WhatsApp keeps it; null when there is no picture.
    url: Nullable<String>,
}

/// What members of a group may do.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupSettings {
    /// Whether only admins may write.
    announce: bool,
    /// Whether only admins may change subject, description and picture.
    locked: bool,
    /// After how many seconds messages vanish; 0 is never.
    ephemeral_seconds: u32,
    /// Who may add members.
    member_add_mode: MemberAddMode,
    /// Whether admins decide who comes in by the invite link.
    membership_approval: bool,
}

/// What to change; at least one of them.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct UpdateGroupSettings {
    /// Whether only admins may write.
    announce: Option<bool>,
    /// Whether only admins may change subject, description and picture.
    locked: Option<bool>,
    /// After how many seconds messages vanish: 0 (never), 86400, 604800 or 7776000.
    #[oai(validator(minimum(value = "0"), maximum(value = "31536000")))]
    ephemeral_seconds: Option<u32>,
    /// Who may add members.
    member_add_mode: Option<MemberAddMode>,
    /// Whether admins decide who comes in by the invite link.
    membership_approval: Option<bool>,
}

#[OpenApi]
impl GroupProperties {
    /// Rename a group
    #[oai(
        path = "/sessions/:sessionId/groups/:groupId/subject",
        method = "put",
        operation_id = "setGroupSubject",
        tag = "Tag::Groups"
    )]
    async fn set_subject(
        &self,
        _caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The group: `<id>@g.us`.
        #[oai(name = "groupId")]
        group: Path<String>,
        body: Body<SetGroupSubject>,
    ) -> Answer<Shown<SuccessMessage>> {
        self.0.set_group_subject(session.0.id()?, group_of(&group.0)?, body.value.subject).await?;
        Ok(Shown(SuccessMessage::done("Group subject updated")))
    }

    /// Describe a group
    #[oai(
        path = "/sessions/:sessionId/groups/:groupId/description",
        method = "put",
        operation_id = "setGroupDescription",
        tag = "Tag::Groups"
    )]
    async fn set_description(
        &self,
        _caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The group: `<id>@g.us`.
        #[oai(name = "groupId")]
        group: Path<String>,
        body: Body<SetGroupDescription>,
    ) -> Answer<Shown<SuccessMessage>> {
        self.0.set_group_description(session.0.id()?, group_of(&group.0)?, body.value.description).await?;
        Ok(Shown(SuccessMessage::done("Group description updated")))
    }

    /// Get the picture of a group
    #[oai(
        path = "/sessions/:sessionId/groups/:groupId/picture",
        method = "get",
        operation_id = "getGroupPicture",
        tag = "Tag::Groups"
    )]
    async fn picture(
        &self,
        _caller: Caller<Viewer, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The group: `<id>@g.us`.
        #[oai(name = "groupId")]
        group: Path<String>,
    ) -> Answer<Shown<PictureLink>> {
        let url = self.0.group_picture(session.0.id()?, group_of(&group.0)?).await?;
        Ok(Shown(PictureLink { url: Nullable(url) }))
    }

    /// Set the picture of a group
    ///
    /// JPEG, PNG or WebP, by `url`, as `base64`, or as the part `file` of a form; its middle becomes a square.
    #[oai(
        path = "/sessions/:sessionId/groups/:groupId/picture",
        method = "put",
        operation_id = "setGroupPicture",
        tag = "Tag::Groups"
    )]
    async fn set_picture(
        &self,
        _caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The group: `<id>@g.us`.
        #[oai(name = "groupId")]
        group: Path<String>,
        picture: WithFile<SetGroupPicture>,
    ) -> Answer<Shown<SuccessMessage>> {
        let WithFile { body, file } = picture;
        let SetGroupPicture { url, base64, mimetype } = body.value;
        let (session, group) = (session.0.id()?, group_of(&group.0)?);
        let source = source_of(file, url, base64, mimetype.is_some())?;
        self.0.set_group_picture(session, group, Some(source)).await?;
        Ok(Shown(SuccessMessage::done("Group picture updated")))
    }

    /// Take the picture of a group away
    #[oai(
        path = "/sessions/:sessionId/groups/:groupId/picture",
        method = "delete",
        operation_id = "deleteGroupPicture",
        tag = "Tag::Groups"
    )]
    async fn delete_picture(
        &self,
        _caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The group: `<id>@g.us`.
        #[oai(name = "groupId")]
        group: Path<String>,
    ) -> Answer<Shown<SuccessMessage>> {
        self.0.set_group_picture(session.0.id()?, group_of(&group.0)?, None).await?;
        Ok(Shown(SuccessMessage::done("Group picture deleted")))
    }

    /// Get what members of a group may do
    #[oai(
        path = "/sessions/:sessionId/groups/:groupId/settings",
        method = "get",
        operation_id = "getGroupSettings",
        tag = "Tag::Groups"
    )]
    async fn settings(
        &self,
        _caller: Caller<Viewer, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The group: `<id>@g.us`.
        #[oai(name = "groupId")]
        group: Path<String>,
    ) -> Answer<Shown<GroupSettings>> {
        let group = self.0.group(session.0.id()?, &group_of(&group.0)?).await?;
        Ok(Shown(GroupSettings {
            announce: group.announce,
            locked: group.locked,
            ephemeral_seconds: group.ephemeral_seconds,
            member_add_mode: MemberAddMode::of(group.only_admins_add),
            membership_approval: group.approves_members,
        }))
    }

    /// Change what members of a group may do
    #[oai(
        path = "/sessions/:sessionId/groups/:groupId/settings",
        method = "put",
        operation_id = "updateGroupSettings",
        tag = "Tag::Groups"
    )]
    async fn set_settings(
        &self,
        _caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The group: `<id>@g.us`.
        #[oai(name = "groupId")]
        group: Path<String>,
        body: Body<UpdateGroupSettings>,
    ) -> Answer<Shown<SuccessMessage>> {
        let (session, group) = (session.0.id()?, group_of(&group.0)?);
        let UpdateGroupSettings { announce, locked, ephemeral_seconds, member_add_mode, membership_approval } =
            body.value;
        let only_admins_add = member_add_mode.map(|it| matches!(it, MemberAddMode::Admins));
        let bools = [announce, locked, only_admins_add, membership_approval];
        if bools.iter().all(Option::is_none) && ephemeral_seconds.is_none() {
            return Err(ApiError::invalid("At least one setting must be provided"));
        }
        let approves_members = membership_approval;
        let settings =
            SetGroupSettings { group, announce, locked, ephemeral_seconds, only_admins_add, approves_members };
        self.0.set_group_settings(session, settings).await?;
        Ok(Shown(SuccessMessage::done("Group settings updated")))
    }
}
