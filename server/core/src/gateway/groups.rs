//! Groups: read, made, changed, joined and left.

use openwa_model::{
    content::{Media, MessageKind},
    group::{Group, GroupPreview, JoinRequest, Joined, MemberResult},
    id::SessionId,
    jid::{Jid, Server},
    ops::{
        ChangeMembers, CreateGroup, DecideJoinRequests, GetGroup, GetGroupInvite, GetGroupPicture, JoinGroup,
        LeaveGroup, ListGroups, ListJoinRequests, MemberChange, Operation, PreviewGroup, SetGroupDescription,
        SetGroupPicture, SetGroupSettings, SetGroupSubject,
    },
};

use super::{Gateway, Result, missing};
use crate::{
    error::GatewayError,
    media_source::{Described, MediaSource},
};

/// What became of one person that a change of a group was about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MemberOutcome {
    /// Who, as the request named them.
    pub id: Jid,
    /// WhatsApp's code: 200 is done; `None` when it said nothing about them.
    pub code: Option<u32>,
}

impl MemberOutcome {
    /// Whether it was done.
    pub fn is_done(&self) -> bool {
        self.code == Some(DONE)
    }

    /// Why it was not done.
    pub fn reason(&self) -> Option<&'static str> {
        Some(match self.code {
            Some(DONE) => return None,
            Some(401) => "this person blocked this account",
            Some(403) => "this person does not let this account add them; send an invite link",
            Some(404) => "WhatsApp knows no such person here",
            Some(406) => "WhatsApp does not allow this for this person",
            Some(408) => "this person left the group a short while ago and cannot be added yet",
            Some(409) => "this person is in the group already",
            Some(419) => "the group has as many members as it may have",
            Some(_) => "WhatsApp refused this person",
            None => "WhatsApp said nothing about this person",
        })
    }
}

/// WhatsApp's code for what is done.
const DONE: u32 = 200;

impl Gateway {
    /// The groups this account is in, as WhatsApp tells them.
    pub async fn groups(&self, session: SessionId) -> Result<Vec<Group>> {
        self.ask_of_groups(session, ListGroups).await
    }

    /// One group with its members.
    pub async fn group(&self, session: SessionId, id: &Jid) -> Result<Group> {
        self.ask_of_groups(session, GetGroup { id: id.clone() }).await
    }

    /// Makes a group with these people in it.
    pub async fn create_group(&self, session: SessionId, subject: String, participants: Vec<Jid>) -> Result<Group> {
        self.ask_of_groups(session, CreateGroup { subject, participants }).await
    }

    /// Leaves a group.
    pub async fn leave_group(&self, session: SessionId, group: Jid) -> Result<()> {
        self.ask_of_groups(session, LeaveGroup { group }).await
    }

    /// Adds or removes members, or changes whether they are admins. Where WhatsApp refuses all of them, that is an error.
    pub async fn change_members(
        &self,
        session: SessionId,
        group: Jid,
        change: MemberChange,
        participants: Vec<Jid>,
    ) -> Result<Vec<MemberOutcome>> {
        let operation = ChangeMembers { group, change, participants: participants.clone() };
        let results = self.ask_of_groups(session, operation).await?;
        self.outcomes(session, participants, &results).await
    }

    /// Renames a group.
    pub async fn set_group_subject(&self, session: SessionId, group: Jid, subject: String) -> Result<()> {
        self.ask_of_groups(session, SetGroupSubject { group, subject }).await
    }

    /// Describes a group; "" takes the description away.
    pub async fn set_group_description(&self, session: SessionId, group: Jid, description: String) -> Result<()> {
        self.ask_of_groups(session, SetGroupDescription { group, description }).await
    }

    /// Changes who may do what in a group.
    pub async fn set_group_settings(&self, session: SessionId, settings: SetGroupSettings) -> Result<()> {
        self.ask_of_groups(session, settings).await
    }

    /// Where a group's picture can be fetched from.
    pub async fn group_picture(&self, session: SessionId, group: Jid) -> Result<Option<String>> {
        self.ask_of_groups(session, GetGroupPicture { group }).await
    }

    /// Sets a group's picture, or (`None`) takes it away.
    pub async fn set_group_picture(&self, session: SessionId, group: Jid, source: Option<MediaSource>) -> Result<()> {
        let running = self.running(session).await?;
        running.check(SetGroupPicture::OP)?;
        let this = self.clone();
        self.detached(async move {
            let picture = match source {
                Some(source) => Some(this.take_picture(source).await?),
                None => None,
            };
            let operation = SetGroupPicture { group, picture: picture.clone() };
            let set = running.call(operation, this.settings().call_timeout).await;
            this.remove_file(picture).await;
            set.map_err(|error| missing(error, || GatewayError::GroupNotFound))
        })
        .await
    }

    /// The code of a group's invite link; a new one when `renew`, and then the old one has lost its force.
    pub async fn group_invite(&self, session: SessionId, group: Jid, renew: bool) -> Result<String> {
        self.ask_of_groups(session, GetGroupInvite { group, renew }).await
    }

    /// What somebody who has an invite link may know before joining.
    pub async fn preview_group(&self, session: SessionId, code: String) -> Result<GroupPreview> {
        self.ask_of_groups(session, PreviewGroup { code }).await
    }

    /// Joins a group by its invite link.
    pub async fn join_group(&self, session: SessionId, code: String) -> Result<Joined> {
        self.ask_of_groups(session, JoinGroup { code }).await
    }

    /// Those who wait to be let into a group.
    pub async fn join_requests(&self, session: SessionId, group: Jid) -> Result<Vec<JoinRequest>> {
        self.ask_of_groups(session, ListJoinRequests { group }).await
    }

    /// Lets people in who asked for it, or turns them away: these, or (`None`) all who wait.
    pub async fn decide_join_requests(
        &self,
        session: SessionId,
        group: Jid,
        participants: Option<Vec<Jid>>,
        approve: bool,
    ) -> Result<Vec<MemberOutcome>> {
        let participants = match participants {
            Some(participants) => participants,
            None => self.join_requests(session, group.clone()).await?.into_iter().map(|it| it.id).collect(),
        };
        if participants.is_empty() {
            return Ok(Vec::new());
        }
        let operation = DecideJoinRequests { group, participants: participants.clone(), approve };
        let results = self.ask_of_groups(session, operation).await?;
        self.outcomes(session, participants, &results).await
    }

    pub(super) async fn ask_of_groups<O: Operation<Output: 'static>>(
        &self,
        session: SessionId,
        operation: O,
    ) -> Result<O::Output> {
        self.ask(session, operation, || GatewayError::GroupNotFound).await
    }

    async fn take_picture(&self, source: MediaSource) -> Result<Media> {
        let described = Described { kind: MessageKind::Image, mimetype: None, filename: None };
        self.take_in(source, described, self.settings().media_max_bytes).await
    }

    /// What became of each, under the ids they were asked by: WhatsApp may answer under their other ones.
    async fn outcomes(
        &self,
        session: SessionId,
        asked: Vec<Jid>,
        results: &[MemberResult],
    ) -> Result<Vec<MemberOutcome>> {
        let mut view = self.view().await?;
        let mut outcomes = Vec::with_capacity(asked.len());
        for id in asked {
            let other = match id.server() {
                Server::Lid => view.phone_of(session, &id).await?,
                _ => view.lid_of(session, &id).await?,
            };
            let same = |it: &&MemberResult| {
                let ids = [Some(&it.id), it.phone.as_ref()];
                ids.into_iter().flatten().any(|it| *it == id || Some(it) == other.as_ref())
            };
            let code = results.iter().find(same).map(|it| it.refused.unwrap_or(DONE));
            outcomes.push(MemberOutcome { id, code });
        }
        if !outcomes.is_empty() && !outcomes.iter().any(MemberOutcome::is_done) {
            let why = |it: &MemberOutcome| Some(format!("{}: {}", it.id, it.reason()?));
            let all: Vec<_> = outcomes.iter().filter_map(why).collect();
            return Err(GatewayError::Refused(all.join("; ")));
        }
        Ok(outcomes)
    }
}
