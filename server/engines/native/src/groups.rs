//! Groups, as WhatsApp tells them now.

use std::collections::BTreeSet;

use openwa_model::{
    Timestamp,
    engine::{EngineError, ErrorKind, Retry},
    group::{Group, Participant},
    jid::{Jid, Server},
};
use wacore::{
    iq::{
        groups::{GroupInfoOutcome, GroupQueryIq},
        spec::IqSpec,
    },
    request::InfoQuery,
    types::message::AddressingMode,
};
use whatsapp_rust::{Client, GroupMetadata, GroupParticipant, MemberAddMode, anyhow, wacore_binary::NodeRef};

use crate::{failure, jid, link::own_ids};

pub(crate) async fn all(client: &Client) -> Result<Vec<Group>, EngineError> {
    let groups = client.groups().get_participating().await;
    let groups = groups.map_err(|error| failure::of_request("WhatsApp did not list the groups", error))?;
    let mut groups: Vec<_> = groups.into_values().filter_map(group).collect();
    groups.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(groups)
}

pub(crate) async fn one(client: &Client, id: &Jid) -> Result<Group, EngineError> {
    one_on_wire(client, &jid::to_wire(id)).await
}

pub(crate) async fn one_on_wire(client: &Client, id: &whatsapp_rust::Jid) -> Result<Group, EngineError> {
    let unknown = || EngineError::new(ErrorKind::NotFound, Retry::Never, "WhatsApp knows no such group");
    let found = client.execute(WithAddMode(GroupQueryIq::new(id))).await;
    let found = found.map_err(|error| failure::of_request("WhatsApp did not tell about the group", error))?;
    let GroupInfoOutcome::Full(found) = found else { return Err(unknown()) };
    let mut found = GroupMetadata::from(*found);
    // Whom WhatsApp tells by hidden id alone may be known here.
    for member in found.participants.iter_mut().filter(|it| it.jid.is_lid() && it.phone_number.is_none()) {
        if let Ok(Some(entry)) = client.get_lid_pn_entry(&member.jid).await {
            member.phone_number = Some(whatsapp_rust::Jid::pn(&*entry.phone_number));
        }
    }
    group(found).ok_or_else(unknown)
}

/// Asks about a group so that the answer says who may add members: WhatsApp says it in bytes, and the library reads
/// texts alone.
struct WithAddMode(GroupQueryIq);

impl IqSpec for WithAddMode {
    type Response = GroupInfoOutcome;

    fn build_iq(&self) -> InfoQuery<'static> {
        self.0.build_iq()
    }

    fn parse_response(&self, response: &NodeRef<'_>) -> anyhow::Result<GroupInfoOutcome> {
        let mut outcome = self.0.parse_response(response)?;
        let mode = response.get_optional_child_by_tag(&["group", "member_add_mode"]);
        if let GroupInfoOutcome::Full(group) = &mut outcome
            && let Some(mode) = mode.and_then(NodeRef::content_as_string)
        {
            group.member_add_mode = MemberAddMode::try_from(&*mode).ok();
        }
        Ok(outcome)
    }
}

/// A person by the id that the group knows members by. Messages inside a group name each other's
/// senders that way, and a phone finds them by nothing else.
pub(crate) async fn named_in(client: &Client, chat: &Jid, person: &Jid) -> Jid {
    if !chat.is_group() {
        return person.clone();
    }
    let Ok(known) = client.groups().query_info(&jid::to_wire(chat)).await else { return person.clone() };
    let wanted = match known.addressing_mode {
        AddressingMode::Lid => Server::Lid,
        AddressingMode::Pn => Server::Phone,
    };
    if person.server() == wanted {
        return person.clone();
    }
    let Ok(Some(entry)) = client.get_lid_pn_entry(&jid::to_wire(person)).await else { return person.clone() };
    match wanted {
        Server::Lid => Jid::new(&*entry.lid, Server::Lid),
        _ => Jid::phone(&*entry.phone_number),
    }
}

/// How many people a message to this group goes to, this account not counted. `None` when it is no group, or
/// WhatsApp does not say.
pub(crate) async fn recipients(client: &Client, chat: &Jid) -> Option<u32> {
    if !chat.is_group() {
        return None;
    }
    let known = client.groups().query_info(&jid::to_wire(chat)).await.ok()?;
    let own = own_ids(client);
    let people = known.participants.iter().filter_map(jid::from_wire).collect::<BTreeSet<_>>();
    let others = people.iter().filter(|it| own.phone.as_ref() != Some(*it) && own.lid.as_ref() != Some(*it));
    u32::try_from(others.count()).ok()
}

/// Everyone in a group but this account, by the ids that the group knows them by.
pub(crate) async fn others_in(client: &Client, chat: &Jid) -> Result<Vec<Jid>, EngineError> {
    let known = client.groups().query_info(&jid::to_wire(chat)).await;
    let known = known.map_err(|error| failure::of_request("WhatsApp did not tell who is in the group", error))?;
    let own = [client.pn(), client.lid()].map(|it| it.as_ref().and_then(jid::from_wire));
    let members = known.participants.iter().filter_map(jid::from_wire);
    Ok(members.filter(|it| !own.contains(&Some(it.clone()))).collect())
}

pub(crate) fn group(found: GroupMetadata) -> Option<Group> {
    let owner = [found.creator_pn.as_ref(), found.creator.as_ref()];
    Some(Group {
        id: jid::from_wire(&found.id)?,
        owner: jid::phone_among(owner).or_else(|| jid::lid_among(owner)),
        subject: found.subject,
        description: found.description.filter(|it| !it.is_empty()),
        created_at: found
            .creation_time
            .and_then(|it| i64::try_from(it).ok())
            .and_then(|it| Timestamp::from_second(it).ok()),
        parent: found.parent_group_jid.as_ref().and_then(jid::from_wire),
        announce: found.is_announcement,
        locked: found.is_locked,
        ephemeral_seconds: found.ephemeral.and_then(|it| it.expiration).unwrap_or_default(),
        only_admins_add: found.member_add_mode == Some(MemberAddMode::AdminAdd),
        approves_members: found.membership_approval,
        participants: found.participants.iter().filter_map(participant).collect(),
    })
}

fn participant(member: &GroupParticipant) -> Option<Participant> {
    let ids = [Some(&member.jid), member.phone_number.as_ref(), member.lid.as_ref()];
    let (phone, lid) = (jid::phone_among(ids), jid::lid_among(ids));
    Some(Participant {
        id: phone.clone().or_else(|| lid.clone())?,
        phone,
        lid,
        is_admin: member.is_admin(),
        is_super_admin: member.is_super_admin(),
    })
}

#[cfg(test)]
mod tests {
    use whatsapp_rust::ParticipantType;

    use super::*;

    #[test]
    fn members_are_known_by_number_where_it_is_told() {
        let member = |jid: &str, phone: Option<&str>| GroupParticipant {
            jid: jid.parse().unwrap(),
            phone_number: phone.map(|it| it.parse().unwrap()),
            lid: None,
            username: None,
            participant_type: ParticipantType::SuperAdmin,
            details: None,
        };
        let found = GroupMetadata {
            id: "120363000000000001@g.us".parse().unwrap(),
            subject: "Pier".into(),
            creator: "100000000000001@lid".parse().ok(),
            creator_pn: "15550000001@s.whatsapp.net".parse().ok(),
            creation_time: Some(1_800_000_000),
            participants: vec![
                member("100000000000001@lid", Some("15550000001@s.whatsapp.net")),
                member("100000000000002@lid", None),
            ],
            ..GroupMetadata::default()
        };
        let group = group(found).unwrap();
        assert_eq!(group.owner, Some(Jid::phone("15550000001")));
        let ids: Vec<_> = group.participants.iter().map(|it| it.id.to_string()).collect();
        assert_eq!(ids, ["15550000001@c.us", "100000000000002@lid"]);
        assert!(group.participants.iter().all(|it| it.is_admin && it.is_super_admin));
    }
}
