//! What happens in groups, as its members are told.

use openwa_model::{
    Timestamp,
    engine::Signal,
    group::{GroupChange, GroupHappening, GroupUpdate, Person},
};
use wacore::{
    stanza::groups::{GroupNotificationAction as Action, GroupParticipantInfo},
    types::events,
};
use whatsapp_rust::{MemberAddMode, wacore_binary as wire};

use crate::jid;

/// One notification names at most as many people; a group has no more members.
const MOST_PEOPLE: usize = 1_024;

/// The longest text of a group that is taken over, in characters; WhatsApp's own limit is the same.
const LONGEST_TEXT: usize = 2_048;

/// What a notification says, when it says anything that the gateway has a word for.
pub(crate) fn signal(event: &events::GroupUpdate) -> Option<Signal> {
    let actor = person([event.participant.as_ref(), event.participant_pn.as_ref(), None]);
    let mut subject = None;
    let (people, what) = match &event.action {
        Action::Add { participants, .. } => (all(participants), GroupHappening::Join),
        Action::Remove { participants, .. } => (all(participants), GroupHappening::Leave),
        Action::CreatedMembershipRequests { requests, .. } => (all(requests), GroupHappening::JoinRequest),
        Action::MembershipApprovalRequest { .. } => (actor.iter().cloned().collect(), GroupHappening::JoinRequest),
        Action::Promote { participants } => {
            (all(participants), update(GroupUpdate { is_admin: Some(true), ..GroupUpdate::default() }))
        }
        Action::Demote { participants } => {
            (all(participants), update(GroupUpdate { is_admin: Some(false), ..GroupUpdate::default() }))
        }
        // Whoever is in a group from its beginning came into it, too.
        Action::Create { raw } => {
            let group = raw.get_optional_child("group")?;
            subject = group.attrs().optional_string("subject").map(|it| bounded(&it));
            (members(group), GroupHappening::Join)
        }
        other => {
            let changed = changed(other)?;
            subject.clone_from(&changed.subject);
            (Vec::new(), update(changed))
        }
    };
    Some(Signal::GroupChanged(Box::new(GroupChange {
        group: jid::from_wire(&event.group_jid)?,
        subject,
        actor,
        people,
        what,
        timestamp: moment(event.timestamp.timestamp()),
    })))
}

/// A new picture of a group, or none any more.
pub(crate) fn picture(event: &events::PictureUpdate) -> Option<Signal> {
    let group = jid::from_wire(&event.jid).filter(openwa_model::jid::Jid::is_group)?;
    Some(Signal::GroupChanged(Box::new(GroupChange {
        group,
        subject: None,
        actor: person([event.author.as_ref(), None, None]),
        people: Vec::new(),
        what: update(GroupUpdate { picture: Some(!event.removed), ..GroupUpdate::default() }),
        timestamp: moment(event.timestamp.timestamp()),
    })))
}

fn update(update: GroupUpdate) -> GroupHappening {
    GroupHappening::Update(update)
}

fn changed(action: &Action) -> Option<GroupUpdate> {
    let nothing = GroupUpdate::default();
    Some(match action {
        Action::Subject { subject, .. } => GroupUpdate { subject: Some(bounded(subject)), ..nothing },
        Action::Description { description, .. } => {
            GroupUpdate { description: Some(bounded(description.as_deref().unwrap_or_default())), ..nothing }
        }
        Action::Announce => GroupUpdate { announce: Some(true), ..nothing },
        Action::NotAnnounce => GroupUpdate { announce: Some(false), ..nothing },
        Action::Locked { .. } => GroupUpdate { locked: Some(true), ..nothing },
        Action::Unlocked => GroupUpdate { locked: Some(false), ..nothing },
        Action::Ephemeral { expiration, .. } => GroupUpdate { ephemeral_seconds: Some(*expiration), ..nothing },
        Action::MemberAddMode { mode } => {
            GroupUpdate { only_admins_add: Some(mode == MemberAddMode::AdminAdd.as_str()), ..nothing }
        }
        Action::MembershipApprovalMode { enabled } => GroupUpdate { approves_members: Some(*enabled), ..nothing },
        Action::Invite { .. } | Action::RevokeInvite => GroupUpdate { invite_renewed: true, ..nothing },
        _ => return None,
    })
}

fn all(people: &[GroupParticipantInfo]) -> Vec<Person> {
    let one = |it: &GroupParticipantInfo| person([Some(&it.jid), it.phone_number.as_ref(), it.lid.as_ref()]);
    people.iter().take(MOST_PEOPLE).filter_map(one).collect()
}

/// The members in a description of a whole group; those who could not be taken in carry an error there.
fn members(group: &wire::Node) -> Vec<Person> {
    let one = |node: &wire::Node| {
        let mut attributes = node.attrs();
        if attributes.optional_string("error").is_some() {
            return None;
        }
        let ids =
            [attributes.optional_jid("jid"), attributes.optional_jid("phone_number"), attributes.optional_jid("lid")];
        person(ids.each_ref().map(Option::as_ref))
    };
    group.get_children_by_tag("participant").take(MOST_PEOPLE).filter_map(one).collect()
}

fn person(ids: [Option<&wire::Jid>; 3]) -> Option<Person> {
    let person = Person { phone: jid::phone_among(ids), lid: jid::lid_among(ids) };
    person.id().is_some().then_some(person)
}

fn bounded(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).collect()
}

fn moment(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use whatsapp_rust::wacore::chrono::DateTime;

    use super::*;

    fn told(action: Action) -> Option<GroupChange> {
        let event = events::GroupUpdate::builder()
            .group_jid("120363000000000001@g.us".parse().unwrap())
            .participant("100000000000001@lid".parse().unwrap())
            .participant_pn("15550000001@s.whatsapp.net".parse().unwrap())
            .timestamp(DateTime::from_timestamp(1_800_000_000, 0).unwrap())
            .is_lid_addressing_mode(true)
            .action(action)
            .build();
        match signal(&event)? {
            Signal::GroupChanged(change) => Some(*change),
            other => panic!("{other:?}"),
        }
    }

    fn member(lid: &str, phone: Option<&str>) -> GroupParticipantInfo {
        GroupParticipantInfo {
            jid: lid.parse().unwrap(),
            phone_number: phone.map(|it| it.parse().unwrap()),
            display_name: None,
            r#type: None,
            lid: None,
            username: None,
            join_time: None,
            group_history_sent_state: None,
        }
    }

    #[test]
    fn who_came_and_who_did_it_are_told_by_both_ids() {
        let participants = vec![member("100000000000002@lid", Some("15550000002@s.whatsapp.net"))];
        let change = told(Action::Add { participants, reason: None }).unwrap();
        assert_eq!(change.what, GroupHappening::Join);
        let id = |it: &Person| it.id().unwrap().to_string();
        assert_eq!(change.actor.as_ref().map(id).as_deref(), Some("15550000001@c.us"));
        assert_eq!(change.people.iter().map(id).collect::<Vec<_>>(), ["15550000002@c.us"]);
        assert_eq!(change.people[0].lid.as_ref().unwrap().to_string(), "100000000000002@lid");
    }

    #[test]
    fn each_change_says_what_is_another_now() {
        let nothing = GroupUpdate::default;
        for (action, expected) in [
            (
                Action::Subject { subject: "Pier".into(), subject_owner: None, subject_time: None },
                Some(GroupUpdate { subject: Some("Pier".into()), ..nothing() }),
            ),
            (
                Action::Description { id: "1".into(), description: None },
                Some(GroupUpdate { description: Some(String::new()), ..nothing() }),
            ),
            (Action::Announce, Some(GroupUpdate { announce: Some(true), ..nothing() })),
            (Action::Unlocked, Some(GroupUpdate { locked: Some(false), ..nothing() })),
            (
                Action::MemberAddMode { mode: "admin_add".into() },
                Some(GroupUpdate { only_admins_add: Some(true), ..nothing() }),
            ),
            (Action::GrowthUnlocked, None),
        ] {
            let name = format!("{action:?}");
            let what = told(action).map(|it| it.what);
            assert_eq!(what, expected.map(GroupHappening::Update), "{name}");
        }
    }
}
