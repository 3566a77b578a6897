//! Making, changing, joining and leaving groups.

use openwa_model::{
    engine::{EngineError, ErrorKind, Retry},
    group::{Group, GroupPreview, Joined, MemberResult},
    jid::Jid,
    ops::{
        ChangeMembers, CreateGroup, DecideJoinRequests, GetGroupInvite, MemberChange, SetGroupDescription,
        SetGroupPicture, SetGroupSettings, SetGroupSubject,
    },
};
use whatsapp_rust::{
    Client, GroupCreateOptions, GroupDescription, GroupError, GroupParticipantOptions, GroupSubject, JoinGroupResult,
    MemberAddMode, MembershipApprovalMode, ParticipantChangeResponse, PreviousDescription,
};

use crate::{failure, groups, jid, media::MediaStation};

/// What stands before the code of an invite link.
const INVITE_LINK: &str = "https://chat.whatsapp.com/";

pub(crate) async fn create(client: &Client, wanted: CreateGroup) -> Result<Group, EngineError> {
    let participants = wanted.participants.iter().map(|it| GroupParticipantOptions::new(jid::to_wire(it))).collect();
    let options = GroupCreateOptions::new(wanted.subject).with_participants(participants);
    let made = client.groups().create_group(options).await;
    let made = made.map_err(|error| failed("WhatsApp did not make the group", error))?;
    // The answer lists those who could not be taken in among the members; what the group looks like now does not.
    match groups::one_on_wire(client, &made.metadata.id).await {
        Ok(group) => Ok(group),
        Err(_) => groups::group(made.metadata).ok_or_else(unreadable),
    }
}

pub(crate) async fn leave(client: &Client, group: &Jid) -> Result<(), EngineError> {
    let left = client.groups().leave(jid::to_wire(group)).await;
    left.map_err(|error| failed("WhatsApp did not let this account leave the group", error))
}

pub(crate) async fn change_members(client: &Client, asked: ChangeMembers) -> Result<Vec<MemberResult>, EngineError> {
    let ChangeMembers { group, change, participants } = asked;
    let people = named(client, &group, &participants, change != MemberChange::Add).await;
    let (groups, group) = (client.groups(), jid::to_wire(&group));
    let results = match change {
        MemberChange::Add => groups.add_participants(group, &people).await,
        MemberChange::Remove => groups.remove_participants(group, &people).await,
        MemberChange::Promote => groups.promote_participants(group, &people).await,
        MemberChange::Demote => groups.demote_participants(group, &people).await,
    };
    Ok(read(results.map_err(|error| failed("WhatsApp did not change the members", error))?))
}

pub(crate) async fn decide(client: &Client, asked: DecideJoinRequests) -> Result<Vec<MemberResult>, EngineError> {
    let people = named(client, &asked.group, &asked.participants, true).await;
    let (groups, group) = (client.groups(), jid::to_wire(&asked.group));
    let results = if asked.approve {
        groups.approve_membership_requests(group, &people).await
    } else {
        groups.reject_membership_requests(group, &people).await
    };
    Ok(read(results.map_err(|error| failed("WhatsApp did not decide on the requests", error))?))
}

/// The people as the group knows them, where they are in it already or ask to be.
async fn named(client: &Client, group: &Jid, people: &[Jid], known: bool) -> Vec<whatsapp_rust::Jid> {
    let mut named = Vec::with_capacity(people.len());
    for person in people {
        named.push(if known {
            jid::to_wire(&groups::named_in(client, group, person).await)
        } else {
            jid::to_wire(person)
        });
    }
    named
}

fn read(results: Vec<ParticipantChangeResponse>) -> Vec<MemberResult> {
    let one = |it: ParticipantChangeResponse| {
        let phone = jid::phone_among([Some(&it.jid), it.phone_number.as_ref()]);
        // A refusal always counts as one, also where its code does not read.
        let refused = it.error.as_deref().map(|it| it.parse().unwrap_or(500));
        Some(MemberResult { id: jid::from_wire(&it.jid)?, phone, refused })
    };
    results.into_iter().filter_map(one).collect()
}

pub(crate) async fn set_subject(client: &Client, asked: SetGroupSubject) -> Result<(), EngineError> {
    let subject = GroupSubject::new(asked.subject).map_err(|error| invalid(error.to_string()))?;
    let set = client.groups().set_subject(jid::to_wire(&asked.group), subject).await;
    set.map_err(|error| failed("WhatsApp did not rename the group", error))
}

pub(crate) async fn set_description(client: &Client, asked: SetGroupDescription) -> Result<(), EngineError> {
    let text = Some(asked.description).filter(|it| !it.is_empty());
    let text = text.map(GroupDescription::new).transpose().map_err(|error| invalid(error.to_string()))?;
    let set = client.groups().set_description(jid::to_wire(&asked.group), text, PreviousDescription::Resolve).await;
    set.map_err(|error| failed("WhatsApp did not change the description", error))
}

/// WhatsApp takes one setting at a time; the first that it refuses ends it.
pub(crate) async fn set_settings(client: &Client, asked: SetGroupSettings) -> Result<(), EngineError> {
    let (groups, group) = (client.groups(), jid::to_wire(&asked.group));
    let refused = |error| failed("WhatsApp did not change the settings", error);
    if let Some(announce) = asked.announce {
        groups.set_announce(group.clone(), announce).await.map_err(refused)?;
    }
    if let Some(locked) = asked.locked {
        groups.set_locked(group.clone(), locked).await.map_err(refused)?;
    }
    if let Some(seconds) = asked.ephemeral_seconds {
        groups.set_ephemeral(group.clone(), seconds).await.map_err(refused)?;
    }
    if let Some(only_admins) = asked.only_admins_add {
        let mode = if only_admins { MemberAddMode::AdminAdd } else { MemberAddMode::AllMemberAdd };
        groups.set_member_add_mode(group.clone(), mode).await.map_err(refused)?;
    }
    if let Some(approves) = asked.approves_members {
        let mode = if approves { MembershipApprovalMode::On } else { MembershipApprovalMode::Off };
        groups.set_membership_approval(group, mode).await.map_err(refused)?;
    }
    Ok(())
}

/// Where the picture can be fetched from, for as long as WhatsApp lets it.
pub(crate) async fn picture(client: &Client, group: &Jid) -> Result<Option<String>, EngineError> {
    let found = client.contacts().get_profile_picture(&jid::to_wire(group), false).await;
    let found = found.map_err(|error| failure::of_request("WhatsApp did not tell where the picture is", error))?;
    Ok(found.map(|it| it.url))
}

pub(crate) async fn set_picture(
    client: &Client,
    media: &MediaStation,
    asked: SetGroupPicture,
) -> Result<(), EngineError> {
    let (groups, group) = (client.groups(), jid::to_wire(&asked.group));
    let set = match asked.picture {
        Some(picture) => groups.set_profile_picture(group, media.portrait(&picture).await?).await,
        None => groups.remove_profile_picture(group).await,
    };
    set.map(drop).map_err(|error| failed("WhatsApp did not change the picture", error))
}

pub(crate) async fn invite(client: &Client, asked: GetGroupInvite) -> Result<String, EngineError> {
    let link = client.groups().get_invite_link(jid::to_wire(&asked.group), asked.renew).await;
    let link = link.map_err(|error| failed("WhatsApp did not tell the invite link", error))?;
    Ok(link.strip_prefix(INVITE_LINK).unwrap_or(&link).to_owned())
}

pub(crate) async fn preview(client: &Client, code: &str) -> Result<GroupPreview, EngineError> {
    let found = client.groups().get_invite_info(code).await.map_err(by_code)?;
    let size = found.size;
    let group = groups::group(found).ok_or_else(unreadable)?;
    let told = u32::try_from(group.participants.len()).ok().filter(|it| *it > 0);
    Ok(GroupPreview {
        id: group.id,
        subject: group.subject,
        description: group.description,
        owner: group.owner,
        created_at: group.created_at,
        size: size.or(told),
    })
}

pub(crate) async fn join(client: &Client, code: &str) -> Result<Joined, EngineError> {
    let joined = client.groups().join_with_invite_code(code).await.map_err(by_code)?;
    let waits_for_admin = matches!(joined, JoinGroupResult::PendingApproval(_));
    Ok(Joined { group: jid::from_wire(joined.group_jid()).ok_or_else(unreadable)?, waits_for_admin })
}

/// A code that WhatsApp takes for nothing names no group, whatever number it gives for that.
fn by_code(error: GroupError) -> EngineError {
    let error = failed("WhatsApp did not take the invite code", error);
    match error.code {
        Some(404 | 406 | 410) => EngineError {
            kind: ErrorKind::NotFound,
            message: "WhatsApp knows no group by this invite code; it may have been revoked".into(),
            ..error
        },
        Some(409) => EngineError { message: "This account is in the group already".into(), ..error },
        Some(419) => EngineError {
            kind: ErrorKind::Refused,
            message: "The group has as many members as it may have".into(),
            ..error
        },
        _ => error,
    }
}

pub(crate) fn failed(what: &str, error: GroupError) -> EngineError {
    match error {
        GroupError::InvalidRequest(why) => invalid(format!("{what}: {why}")),
        GroupError::DescriptionConflict => EngineError::new(
            ErrorKind::Refused,
            Retry::Later,
            "Somebody else changed the description at the same moment; try again",
        ),
        error => failure::of_request(what, error),
    }
}

fn invalid(message: impl Into<String>) -> EngineError {
    EngineError::new(ErrorKind::Invalid, Retry::Never, message)
}

fn unreadable() -> EngineError {
    EngineError::new(ErrorKind::Internal, Retry::Never, "WhatsApp named a group in a way this gateway does not read")
}
