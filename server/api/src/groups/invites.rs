//! Invite links: made, shown, and followed into groups.

use openwa_core::Gateway;
use openwa_model::{Timestamp, group::GroupPreview, jid::Jid};
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
};
use serde::Serialize;

use super::group_of;
use crate::{
    answer::{Answer, Shown},
    app::Tag,
    auth::{AllChats, Caller, OneChat, Operator, Viewer},
    error::ApiError,
    input::Body,
    wire::SessionPath,
};

pub(crate) struct GroupInvites(pub(crate) Gateway);

/// What stands before the code of an invite link.
const LINK: &str = "https://chat.whatsapp.com/";

/// The invite link of a group.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupInviteCode {
    /// The code alone.
    invite_code: String,
    /// The whole link.
    invite_link: String,
}

/// The new invite link of a group.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct RenewedGroupInviteCode {
    /// The code alone.
    invite_code: String,
    /// The whole link.
    invite_link: String,
    /// What was done.
    message: String,
}

/// What may be known of a group before joining.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupJoinInfo {
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
    /// How many are in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    participant_count: Option<u32>,
}

impl From<GroupPreview> for GroupJoinInfo {
    fn from(it: GroupPreview) -> Self {
        Self {
            id: it.id.to_string(),
            name: it.subject,
            description: it.description,
            owner: it.owner.as_ref().map(Jid::to_string),
            created_at: it.created_at.map(Timestamp::as_second),
            participant_count: it.size,
        }
    }
}

/// Which group to join.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct JoinGroup {
    /// The code of its invite link, or the whole link.
    #[oai(validator(min_length = 1, max_length = 128))]
    invite_code: String,
}

/// What came of joining a group.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct JoinedGroup {
    /// Whether WhatsApp took it.
    success: bool,
    /// The group.
    group_id: String,
    /// Whether an admin of the group has to let this account in first.
    pending_approval: bool,
}

/// The code alone, also where the whole link is given.
fn code_of(text: &str) -> Result<String, ApiError> {
    let text = text.trim();
    let tail = text.strip_prefix(LINK).or_else(|| text.strip_prefix("http://chat.whatsapp.com/")).unwrap_or(text);
    let tail = tail.strip_prefix("invite/").unwrap_or(tail);
    let code = tail.split(['?', '/']).next().unwrap_or_default();
    let good = !code.is_empty() && code.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-' || it == b'_');
    if good { Ok(code.to_owned()) } else { Err(ApiError::invalid("inviteCode must be the code of an invite link")) }
}

#[OpenApi]
impl GroupInvites {
    /// Get the invite link of a group
    ///
    /// Only admins of the group are told.
    #[oai(
        path = "/sessions/:sessionId/groups/:groupId/invite-code",
        method = "get",
        operation_id = "getGroupInviteCode",
        tag = "Tag::Groups"
    )]
    async fn code(
        &self,
        _caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The group: `<id>@g.us`.
        #[oai(name = "groupId")]
        group: Path<String>,
    ) -> Answer<Shown<GroupInviteCode>> {
        let invite_code = self.0.group_invite(session.0.id()?, group_of(&group.0)?, false).await?;
        let invite_link = format!("{LINK}{invite_code}");
        Ok(Shown(GroupInviteCode { invite_code, invite_link }))
    }

    /// Replace the invite link of a group
    ///
    /// The old one leads nowhere from then on.
    #[oai(
        path = "/sessions/:sessionId/groups/:groupId/invite-code/revoke",
        method = "post",
        operation_id = "revokeGroupInviteCode",
        tag = "Tag::Groups"
    )]
    async fn revoke(
        &self,
        _caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The group: `<id>@g.us`.
        #[oai(name = "groupId")]
        group: Path<String>,
    ) -> Answer<Shown<RenewedGroupInviteCode>> {
        let invite_code = self.0.group_invite(session.0.id()?, group_of(&group.0)?, true).await?;
        let (invite_link, message) = (format!("{LINK}{invite_code}"), "Invite code revoked".to_owned());
        Ok(Shown(RenewedGroupInviteCode { invite_code, invite_link, message }))
    }

    /// Look at a group before joining it
    #[oai(
        path = "/sessions/:sessionId/groups/join-info",
        method = "get",
        operation_id = "getGroupJoinInfo",
        tag = "Tag::Groups"
    )]
    async fn join_info(
        &self,
        _caller: Caller<Viewer, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The code of its invite link, or the whole link.
        #[oai(validator(min_length = 1, max_length = 128))]
        code: Query<String>,
    ) -> Answer<Shown<GroupJoinInfo>> {
        let code = code_of(&code.0)?;
        Ok(Shown(self.0.preview_group(session.0.id()?, code).await?.into()))
    }

    /// Join a group by its invite link
    ///
    /// Where the group's admins decide who comes in, `pendingApproval` is true and nothing more happens until they do.
    #[oai(path = "/sessions/:sessionId/groups/join", method = "post", operation_id = "joinGroup", tag = "Tag::Groups")]
    async fn join(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<JoinGroup>,
    ) -> Answer<Shown<JoinedGroup>> {
        let code = code_of(&body.value.invite_code)?;
        let joined = self.0.join_group(session.0.id()?, code).await?;
        Ok(Shown(JoinedGroup {
            success: true,
            group_id: joined.group.to_string(),
            pending_approval: joined.waits_for_admin,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_in_its_link() {
        for (text, code) in [
            ("AbC-1_2", Some("AbC-1_2")),
            ("https://chat.whatsapp.com/AbC12", Some("AbC12")),
            ("https://chat.whatsapp.com/invite/AbC12?utm=1", Some("AbC12")),
            (" AbC12 ", Some("AbC12")),
            ("https://example.org/AbC12", None),
            ("", None),
            ("a b", None),
        ] {
            assert_eq!(code_of(text).ok().as_deref(), code, "{text}");
        }
    }
}
