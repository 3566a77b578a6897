//! Communities: a group of groups. Whoever is in one of its groups is a member of the community
//! itself, and every member of it is in the group of its announcements.

use std::collections::{BTreeMap, BTreeSet};

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};

use super::group_edit::{self, FORBIDDEN, MALFORMED, NOT_FOUND, Refusal};
use super::group_view;
use super::groups::{id_of, new_group_id, new_invite_code};
use crate::ambient;
use crate::group::{Group, MOST_GROUPS, MOST_MEMBERS, Part, Place, Role};
use crate::network::Exchange;
use crate::stanza;
use crate::world::World;

/// Groups a community may have besides its announcements.
const MOST_PARTS: usize = 100;

/// The flag of a group that only its members see.
const HIDDEN: &str = "hidden_group";

/// Where a new group stands, if its maker may put it there.
pub(super) fn place_of_new(exchange: &Exchange<'_>, wanted: &Node) -> Result<Place, Refusal> {
    if let Some(parent) = wanted.get_optional_child("linked_parent") {
        let id = stanza::jid(parent, "jid").ok_or(MALFORMED)?.user.to_string();
        let community = exchange.world.groups.get(&id).ok_or(NOT_FOUND)?;
        let Place::Community { members_add_groups, .. } = community.place else {
            return Err(NOT_FOUND);
        };
        let role = community.role_of(&exchange.from.number).ok_or(FORBIDDEN)?;
        if !role.is_admin() && !members_add_groups {
            return Err(FORBIDDEN);
        }
        if parts(exchange.world, &id).len() > MOST_PARTS {
            return Err((406, "not-acceptable"));
        }
        return Ok(Place::Within { community: id, part: Part::Other });
    }
    let Some(parent) = wanted.get_optional_child("parent") else {
        return Ok(Place::Alone);
    };
    Ok(Place::Community {
        asks_to_join: stanza::is(parent, "default_membership_approval_mode", "request_required"),
        members_add_groups: wanted.get_optional_child("allow_non_admin_sub_group_creation").is_some(),
    })
}

/// Whether a new group, or a group that is to be linked, is one that only its members see.
pub(super) fn flags_of(wanted: &Node) -> BTreeSet<String> {
    let is_hidden = wanted.get_optional_child(HIDDEN).is_some() || stanza::is(wanted, HIDDEN, "true");
    is_hidden.then(|| HIDDEN.to_owned()).into_iter().collect()
}

/// A new group is there: a community gets its own groups, a community's group is made known in it.
pub(super) fn furnish(exchange: &mut Exchange<'_>, id: &str, wanted: &Node) {
    let Some(group) = exchange.world.groups.get(id).cloned() else {
        return;
    };
    match &group.place {
        Place::Alone => {}
        Place::Community { .. } => {
            add_own_group(exchange, &group, Part::Announcements);
            if wanted.get_optional_child("create_general_chat").is_some() {
                add_own_group(exchange, &group, Part::General);
            }
        }
        Place::Within { community, .. } => {
            admit_members(exchange, community, &group);
            tell_linked(exchange, community, "link", &[id.to_owned()]);
        }
    }
}

/// Requests to a community that change it.
pub(super) fn set(exchange: &mut Exchange<'_>, request: &Node, change: &Node) -> Node {
    let answer = id_of(request).ok_or(NOT_FOUND).and_then(|id| match change.tag.as_ref() {
        "links" => link(exchange, &id, change).map(Some),
        "unlink" => unlink(exchange, &id, change).map(Some),
        "join_linked_group" => join(exchange, &id, change).map(Some),
        _ => dissolve(exchange, &id).map(|()| None),
    });
    match answer {
        Ok(Some(answer)) => stanza::result(request).children([answer]).build(),
        Ok(None) => stanza::result(request).build(),
        Err((code, text)) => stanza::error(request, code, text),
    }
}

/// Requests to a community that only read.
pub(super) fn get(exchange: &Exchange<'_>, request: &Node, asked: &Node) -> Node {
    let answer = id_of(request).ok_or(NOT_FOUND).and_then(|id| {
        let community = community(exchange.world, &id)?;
        community.role_of(&exchange.from.number).ok_or(FORBIDDEN)?;
        if asked.tag == "query_linked" {
            let group = part_named(exchange.world, &id, asked)?;
            return Ok(linked_group(exchange.world, group));
        }
        let members: BTreeSet<&String> =
            parts(exchange.world, &id).into_iter().flat_map(|group| group.members.keys()).collect();
        let members = members.into_iter().map(|number| group_view::participant_node(exchange.world, number, None));
        Ok(NodeBuilder::new("linked_groups_participants").children(members).build())
    });
    match answer {
        Ok(answer) => stanza::result(request).children([answer]).build(),
        Err((code, text)) => stanza::error(request, code, text),
    }
}

/// Members of a community were added, removed or given another role: its groups follow.
pub(super) fn follow(exchange: &mut Exchange<'_>, id: &str, tag: &'static str, numbers: &[String]) {
    if community(exchange.world, id).is_err() {
        return;
    }
    let is_removal = tag == "remove";
    let groups: Vec<String> = parts(exchange.world, id)
        .into_iter()
        .filter(|group| is_removal || group.is_part(Part::Announcements))
        .map(|group| group.id.clone())
        .collect();
    for group in groups {
        let concerned = change_members(exchange.world, &group, tag, numbers);
        if concerned.is_empty() {
            continue;
        }
        let participants = concerned.iter().map(|number| group_view::participant_node(exchange.world, number, None));
        let change = NodeBuilder::new(tag).children(participants).build();
        group_view::tell_members(exchange, &group, change);
        if is_removal {
            for number in &concerned {
                group_edit::take_out(exchange.world, &group, number);
            }
        } else {
            exchange.world.save_group(&group);
        }
    }
}

/// The groups of a community.
pub(super) fn parts<'a>(world: &'a World, id: &str) -> Vec<&'a Group> {
    let is_part = |group: &&Group| matches!(&group.place, Place::Within { community, .. } if community == id);
    world.groups.values().filter(is_part).collect()
}

/// The community with this id.
pub(super) fn community<'a>(world: &'a World, id: &str) -> Result<&'a Group, Refusal> {
    world.groups.get(id).filter(|group| matches!(group.place, Place::Community { .. })).ok_or(NOT_FOUND)
}

/// Those of the numbers whom a change concerns; the change is made, except that whoever is to be
/// removed is told first.
fn change_members(world: &mut World, id: &str, tag: &str, numbers: &[String]) -> Vec<String> {
    let Some(group) = world.groups.get_mut(id) else {
        return Vec::new();
    };
    let mut concerned = Vec::new();
    for number in numbers {
        let is_new = !group.members.contains_key(number) && group.members.len() < MOST_MEMBERS;
        if tag == "add" && is_new {
            group.members.insert(number.clone(), Role::Member);
            concerned.push(number.clone());
            continue;
        }
        let is_changed = match (tag, group.members.get_mut(number)) {
            ("remove", Some(_)) => true,
            ("promote", Some(role)) if *role == Role::Member => {
                *role = Role::Admin;
                true
            }
            ("demote", Some(role)) if *role == Role::Admin => {
                *role = Role::Member;
                true
            }
            _ => false,
        };
        if is_changed {
            concerned.push(number.clone());
        }
    }
    concerned
}

/// `<links><link link_type="sub_group"><group jid/></link></links>`
fn link(exchange: &mut Exchange<'_>, id: &str, change: &Node) -> Result<Node, Refusal> {
    require_admin(exchange, id)?;
    let mut linked = Vec::new();
    let mut answers = Vec::new();
    let asked = stanza::children(change).iter().flat_map(|link| link.get_children_by_tag("group"));
    for asked in asked.take(MOST_PARTS) {
        let Some(jid) = stanza::jid(asked, "jid") else {
            continue;
        };
        let answer = NodeBuilder::new("group").attr("jid", &jid);
        answers.push(match link_one(exchange, id, &jid, flags_of(asked)) {
            Ok(group) => {
                linked.push(group);
                answer.build()
            }
            Err((code, _)) => answer.attr("error", code).build(),
        });
    }
    for group in &linked {
        if let Some(group) = exchange.world.groups.get(group).cloned() {
            admit_members(exchange, id, &group);
        }
    }
    tell_linked(exchange, id, "link", &linked);
    let link = NodeBuilder::new("link").attr("link_type", "sub_group").children(answers).build();
    Ok(NodeBuilder::new("links").children([link]).build())
}

fn link_one(exchange: &mut Exchange<'_>, id: &str, jid: &Jid, flags: BTreeSet<String>) -> Result<String, Refusal> {
    if parts(exchange.world, id).len() > MOST_PARTS {
        return Err((406, "not-acceptable"));
    }
    let group = exchange.world.groups.get_mut(jid.user.as_str()).ok_or(NOT_FOUND)?;
    if !group.role_of(&exchange.from.number).is_some_and(Role::is_admin) {
        return Err(FORBIDDEN);
    }
    if group.place != Place::Alone {
        return Err((409, "conflict"));
    }
    group.place = Place::Within { community: id.to_owned(), part: Part::Other };
    group.flags.extend(flags);
    let group = group.id.clone();
    exchange.world.save_group(&group);
    Ok(group)
}

/// `<unlink unlink_type="sub_group"><group jid remove_orphaned_members/></unlink>`
fn unlink(exchange: &mut Exchange<'_>, id: &str, change: &Node) -> Result<Node, Refusal> {
    require_admin(exchange, id)?;
    let mut unlinked = Vec::new();
    let mut orphans = BTreeSet::new();
    let mut answers = Vec::new();
    for asked in change.get_children_by_tag("group").take(MOST_PARTS) {
        let Some(jid) = stanza::jid(asked, "jid") else {
            continue;
        };
        let answer = NodeBuilder::new("group").attr("jid", &jid);
        let group = exchange.world.groups.get_mut(jid.user.as_str());
        let is_theirs = |group: &&mut Group| matches!(&group.place, Place::Within { community, .. } if community == id);
        match group.filter(is_theirs) {
            None => answers.push(answer.attr("error", 404).build()),
            Some(group) if group.is_part(Part::Announcements) => answers.push(answer.attr("error", 406).build()),
            Some(group) => {
                group.place = Place::Alone;
                group.flags.remove(HIDDEN);
                if stanza::is(asked, "remove_orphaned_members", "true") {
                    orphans.extend(group.members.keys().cloned());
                }
                let group = group.id.clone();
                exchange.world.save_group(&group);
                unlinked.push(group);
                answers.push(answer.build());
            }
        }
    }
    tell_linked(exchange, id, "unlink", &unlinked);
    remove_orphans(exchange, id, orphans);
    Ok(NodeBuilder::new("unlink").attr("unlink_type", "sub_group").children(answers).build())
}

/// Those who are left in no group of the community leave the community.
fn remove_orphans(exchange: &mut Exchange<'_>, id: &str, mut orphans: BTreeSet<String>) {
    for group in parts(exchange.world, id) {
        if !group.is_part(Part::Announcements) {
            orphans.retain(|number| !group.members.contains_key(number));
        }
    }
    let Ok(community) = community(exchange.world, id) else {
        return;
    };
    orphans.retain(|number| community.role_of(number) == Some(Role::Member));
    let orphans: Vec<String> = orphans.into_iter().collect();
    group_edit::finish(exchange, id, "remove", &orphans);
    for number in &orphans {
        group_edit::take_out(exchange.world, id, number);
    }
}

/// `<join_linked_group jid/>`
fn join(exchange: &mut Exchange<'_>, id: &str, change: &Node) -> Result<Node, Refusal> {
    let own = exchange.from.number.clone();
    community(exchange.world, id)?.role_of(&own).ok_or(FORBIDDEN)?;
    let group = part_named(exchange.world, id, change)?;
    let group_id = group.id.clone();
    if group.members.contains_key(&own) {
        return Err((409, "conflict"));
    }
    if group.flags.contains(HIDDEN) {
        return Err(FORBIDDEN);
    }
    if group.members.len() >= MOST_MEMBERS {
        return Err((419, "resource-limit"));
    }
    if let Some(group) = exchange.world.groups.get_mut(&group_id) {
        group.members.insert(own.clone(), Role::Member);
        group.requests.remove(&own);
    }
    exchange.world.save_group(&group_id);
    let joined = NodeBuilder::new("add")
        .attr("reason", "linked_group_join")
        .children([group_view::participant_node(exchange.world, &own, None)])
        .build();
    group_view::tell_members(exchange, &group_id, joined);
    let group = exchange.world.groups.get(&group_id).ok_or(NOT_FOUND)?;
    Ok(linked_group(exchange.world, group))
}

/// The community ends: its announcements go with it, its other groups stand alone again.
fn dissolve(exchange: &mut Exchange<'_>, id: &str) -> Result<(), Refusal> {
    let community = community(exchange.world, id)?;
    if community.role_of(&exchange.from.number) != Some(Role::Owner) {
        return Err(FORBIDDEN);
    }
    let (ending, staying): (Vec<&Group>, Vec<&Group>) =
        parts(exchange.world, id).into_iter().partition(|group| group.is_part(Part::Announcements));
    let staying: Vec<String> = staying.into_iter().map(|group| group.id.clone()).collect();
    let ending: Vec<String> =
        ending.into_iter().map(|group| group.id.clone()).chain(std::iter::once(id.to_owned())).collect();
    for group in &staying {
        let told = NodeBuilder::new("unlink")
            .attr("unlink_type", "parent_group")
            .attr("unlink_reason", "delete_parent_group")
            .children([linked_node(exchange.world, id)])
            .build();
        group_view::tell_members(exchange, group, told);
        if let Some(group) = exchange.world.groups.get_mut(group) {
            group.place = Place::Alone;
            group.flags.remove(HIDDEN);
        }
        exchange.world.save_group(group);
    }
    for group in &ending {
        group_view::tell_members(exchange, group, NodeBuilder::new("delete").attr("reason", "delete_parent").build());
        exchange.world.groups.remove(group);
        exchange.world.save_group(group);
    }
    Ok(())
}

/// Makes one of the groups that a community has from its beginning.
fn add_own_group(exchange: &mut Exchange<'_>, community: &Group, part: Part) {
    if exchange.world.groups.len() >= MOST_GROUPS {
        return;
    }
    let now = ambient::seconds();
    let is_announcement = part == Part::Announcements;
    let mut group = community.clone();
    group.id = new_group_id(now);
    group.invite_code = new_invite_code();
    group.place = Place::Within { community: community.id.clone(), part };
    group.is_announcement = is_announcement;
    group.only_admins_add = is_announcement;
    group.description = None;
    group.requests = BTreeMap::new();
    if !is_announcement {
        "General".clone_into(&mut group.subject.text);
    }
    let id = group.id.clone();
    let shown = group_view::group_node(exchange.world, &group);
    exchange.world.groups.insert(id.clone(), group);
    exchange.world.save_group(&id);
    let created = NodeBuilder::new("create").attr("type", "new").children([shown]).build();
    group_view::tell_members(exchange, &id, created);
}

/// Whoever is in a group of the community is in the community.
fn admit_members(exchange: &mut Exchange<'_>, id: &str, group: &Group) {
    let members: Vec<String> = group.members.keys().cloned().collect();
    let admitted = change_members(exchange.world, id, "add", &members);
    group_edit::finish(exchange, id, "add", &admitted);
}

/// Tells a community which groups it has won or lost.
fn tell_linked(exchange: &mut Exchange<'_>, id: &str, tag: &'static str, groups: &[String]) {
    if groups.is_empty() {
        return;
    }
    let nodes: Vec<Node> = groups.iter().map(|group| linked_node(exchange.world, group)).collect();
    let told = match tag {
        "link" => NodeBuilder::new("link").attr("link_type", "sub_group"),
        _ => NodeBuilder::new("unlink").attr("unlink_type", "sub_group").attr("unlink_reason", "unlink_group"),
    };
    group_view::tell_members(exchange, id, told.children(nodes).build());
}

/// `<group jid subject s_t/>`
fn linked_node(world: &World, id: &str) -> Node {
    let node = NodeBuilder::new("group").attr("jid", Jid::group(id));
    match world.groups.get(id) {
        Some(group) => node.attr("subject", &group.subject.text).attr("s_t", group.subject.set_at).build(),
        None => node.build(),
    }
}

fn linked_group(world: &World, group: &Group) -> Node {
    NodeBuilder::new("linked_group")
        .attr("type", "sub_group")
        .attr("jid", Jid::group(group.id.as_str()))
        .children([group_view::group_node(world, group)])
        .build()
}

/// The group of the community that a node names.
fn part_named<'a>(world: &'a World, id: &str, named: &Node) -> Result<&'a Group, Refusal> {
    let jid = stanza::jid(named, "jid").ok_or(MALFORMED)?;
    parts(world, id).into_iter().find(|group| group.id == jid.user.as_str()).ok_or(NOT_FOUND)
}

fn require_admin(exchange: &Exchange<'_>, id: &str) -> Result<(), Refusal> {
    let role = community(exchange.world, id)?.role_of(&exchange.from.number).ok_or(FORBIDDEN)?;
    if role.is_admin() { Ok(()) } else { Err(FORBIDDEN) }
}
