//! Changing a group: its members, their roles, its texts and its settings.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};

use super::community;
use super::group_view;
use super::groups::{LONGEST_SUBJECT, id_of, new_invite_code, read_description};
use super::mex;
use crate::ambient;
use crate::group::{Description, Group, MOST_MEMBERS, Role, Text};
use crate::network::Exchange;
use crate::stanza;
use crate::world::World;

/// Settings that are only on or off, and the tag that switches them off.
const FLAGS: [(&str, &str); 3] = [
    ("no_frequently_forwarded", "frequently_forwarded_ok"),
    ("allow_admin_reports", "not_allow_admin_reports"),
    ("group_history", "no_group_history"),
];

/// Settings with a value, and the values they have.
const MODES: [(&str, [&str; 2]); 2] = [
    ("member_link_mode", ["admin_link", "all_member_link"]),
    ("member_share_group_history_mode", ["admin_share", "all_member_share"]),
];

/// The setting by which what is said in the group stays in the group.
const LIMIT_SHARING: &str = "limit_sharing_enabled";

/// Why a change is refused: the code and the text of the error.
pub(super) type Refusal = (u16, &'static str);

pub(super) const FORBIDDEN: Refusal = (403, "forbidden");
pub(super) const MALFORMED: Refusal = (400, "bad-request");
pub(super) const NOT_FOUND: Refusal = (404, "item-not-found");

pub(super) fn set(exchange: &mut Exchange<'_>, request: &Node, change: &Node) -> Node {
    match try_set(exchange, request, change) {
        Ok(Some(answer)) => stanza::result(request).children([answer]).build(),
        Ok(None) => stanza::result(request).build(),
        Err((code, text)) => stanza::error(request, code, text),
    }
}

fn try_set(exchange: &mut Exchange<'_>, request: &Node, change: &Node) -> Result<Option<Node>, Refusal> {
    let id = id_of(request).ok_or(NOT_FOUND)?;
    let group = exchange.world.groups.get(&id).ok_or(NOT_FOUND)?;
    let role = group.role_of(&exchange.from.number).ok_or(FORBIDDEN)?;
    let needs_admin = match change.tag.as_ref() {
        "subject" | "description" => group.is_locked,
        "add" => group.only_admins_add,
        _ => true,
    };
    if needs_admin && !role.is_admin() {
        return Err(FORBIDDEN);
    }
    match change.tag.as_ref() {
        "add" => Ok(Some(add(exchange, &id, change))),
        "remove" => Ok(Some(remove(exchange, &id, change))),
        "promote" => Ok(Some(set_role(exchange, &id, change, Role::Admin))),
        "demote" => Ok(Some(set_role(exchange, &id, change, Role::Member))),
        "membership_requests_action" => Ok(Some(decide(exchange, &id, change))),
        "invite" => Ok(Some(reset_invite(exchange, &id))),
        _ => {
            set_property(exchange, &id, change)?;
            Ok(None)
        }
    }
}

/// `<add><participant jid/></add>`
fn add(exchange: &mut Exchange<'_>, id: &str, change: &Node) -> Node {
    let mut added = Vec::new();
    let mut answers = Vec::new();
    for (jid, number) in people(exchange.world, change) {
        let number = match number {
            Some(number) if !blocks_adding(exchange, &number) => number,
            Some(_) => {
                answers.push(group_view::refused_participant(&jid, 403));
                continue;
            }
            None => {
                answers.push(group_view::refused_participant(&jid, 404));
                continue;
            }
        };
        let Some(group) = exchange.world.groups.get_mut(id) else {
            continue;
        };
        if group.members.contains_key(&number) {
            answers.push(group_view::refused_participant(&jid, 409));
        } else if group.members.len() >= MOST_MEMBERS {
            answers.push(group_view::refused_participant(&jid, 419));
        } else {
            group.members.insert(number.clone(), Role::Member);
            group.requests.remove(&number);
            answers.push(done(exchange.world, &number));
            added.push(number);
        }
    }
    finish(exchange, id, "add", &added);
    NodeBuilder::new("add").children(answers).build()
}

fn remove(exchange: &mut Exchange<'_>, id: &str, change: &Node) -> Node {
    let mut removed = Vec::new();
    let mut answers = Vec::new();
    for (jid, number) in people(exchange.world, change) {
        let group = exchange.world.groups.get(id);
        let role = number.as_ref().and_then(|number| group?.role_of(number));
        match (number, role) {
            (Some(number), Some(Role::Member | Role::Admin)) => {
                answers.push(done(exchange.world, &number));
                removed.push(number);
            }
            (_, Some(Role::Owner)) => answers.push(group_view::refused_participant(&jid, 406)),
            _ => answers.push(group_view::refused_participant(&jid, 404)),
        }
    }
    // Those who are removed are told, too, so they are told before they are out.
    finish(exchange, id, "remove", &removed);
    for number in &removed {
        take_out(exchange.world, id, number);
    }
    NodeBuilder::new("remove").children(answers).build()
}

fn set_role(exchange: &mut Exchange<'_>, id: &str, change: &Node, role: Role) -> Node {
    let tag = if role.is_admin() { "promote" } else { "demote" };
    let mut changed = Vec::new();
    let mut answers = Vec::new();
    for (jid, number) in people(exchange.world, change) {
        let member = number.as_ref().and_then(|number| {
            let group = exchange.world.groups.get_mut(id)?;
            group.members.get_mut(number)
        });
        match (number, member) {
            (Some(number), Some(member)) if *member != Role::Owner => {
                *member = role;
                answers.push(done(exchange.world, &number));
                changed.push(number);
            }
            (_, Some(_)) => answers.push(group_view::refused_participant(&jid, 406)),
            _ => answers.push(group_view::refused_participant(&jid, 404)),
        }
    }
    finish(exchange, id, tag, &changed);
    NodeBuilder::new(tag).children(answers).build()
}

/// `<membership_requests_action><approve><participant jid/></approve></…>`
fn decide(exchange: &mut Exchange<'_>, id: &str, change: &Node) -> Node {
    let mut decided = Vec::new();
    for verdict in stanza::children(change) {
        let is_approved = verdict.tag == "approve";
        let mut approved = Vec::new();
        let mut answers = Vec::new();
        for (jid, number) in people(exchange.world, verdict) {
            let Some(group) = exchange.world.groups.get_mut(id) else {
                continue;
            };
            let asked = number.filter(|number| group.requests.remove(number).is_some());
            match asked {
                None => answers.push(group_view::refused_participant(&jid, 404)),
                Some(_) if is_approved && group.members.len() >= MOST_MEMBERS => {
                    answers.push(group_view::refused_participant(&jid, 419));
                }
                Some(number) => {
                    if is_approved {
                        group.members.insert(number.clone(), Role::Member);
                        approved.push(number.clone());
                    }
                    answers.push(done(exchange.world, &number));
                }
            }
        }
        finish(exchange, id, "add", &approved);
        let tag = if is_approved { "approve" } else { "reject" };
        decided.push(NodeBuilder::new(tag).children(answers).build());
    }
    exchange.world.save_group(id);
    NodeBuilder::new("membership_requests_action").children(decided).build()
}

/// Those who wait to be let in.
pub(super) fn requests(exchange: &Exchange<'_>, request: &Node) -> Node {
    let Some(group) = id_of(request).and_then(|id| exchange.world.groups.get(&id)) else {
        return stanza::error(request, 404, "item-not-found");
    };
    if !group.role_of(&exchange.from.number).is_some_and(Role::is_admin) {
        return stanza::error(request, 403, "forbidden");
    }
    let waiting = group.requests.iter().filter_map(|(number, asked_at)| {
        let account = exchange.world.accounts.get(number)?;
        Some(
            NodeBuilder::new("membership_approval_request")
                .attr("jid", account.lid_jid(0))
                .attr("phone_number", account.number_jid(0))
                .attr("request_time", *asked_at)
                .attr("request_method", "invite_link")
                .build(),
        )
    });
    let list = NodeBuilder::new("membership_approval_requests").children(waiting).build();
    stanza::result(request).children([list]).build()
}

/// The sender has just asked to be let in.
pub(super) fn tell_admins_of_request(exchange: &mut Exchange<'_>, id: &str) {
    let Some(group) = exchange.world.groups.get(id) else {
        return;
    };
    let admins: Vec<String> =
        group.members.iter().filter(|(_, role)| role.is_admin()).map(|(number, _)| number.clone()).collect();
    let Some(account) = exchange.account() else {
        return;
    };
    let user = NodeBuilder::new("requested_user")
        .attr("jid", account.lid_jid(0))
        .attr("phone_number", account.number_jid(0))
        .build();
    let created =
        NodeBuilder::new("created_membership_requests").attr("request_method", "invite_link").children([user]).build();
    group_view::tell(exchange, id, &admins, &created);
}

pub(super) fn invite_code(exchange: &Exchange<'_>, request: &Node) -> Node {
    let Some(group) = id_of(request).and_then(|id| exchange.world.groups.get(&id)) else {
        return stanza::error(request, 404, "item-not-found");
    };
    if !group.role_of(&exchange.from.number).is_some_and(Role::is_admin) {
        return stanza::error(request, 403, "forbidden");
    }
    stanza::result(request).children([invite_node(&group.invite_code)]).build()
}

fn reset_invite(exchange: &mut Exchange<'_>, id: &str) -> Node {
    let code = new_invite_code();
    if let Some(group) = exchange.world.groups.get_mut(id) {
        group.invite_code.clone_from(&code);
    }
    exchange.world.save_group(id);
    group_view::tell_members(exchange, id, invite_node(&code));
    invite_node(&code)
}

fn invite_node(code: &str) -> Node {
    NodeBuilder::new("invite").attr("code", code).build()
}

/// Takes a member out of the group; the last one takes the group along.
pub(super) fn take_out(world: &mut World, id: &str, number: &str) {
    let Some(group) = world.groups.get_mut(id) else {
        return;
    };
    group.members.remove(number);
    let has_admin = group.members.values().any(|role| role.is_admin());
    if group.members.is_empty() {
        world.groups.remove(id);
    } else if !has_admin && let Some(role) = group.members.values_mut().next() {
        // A group is never without an admin.
        *role = Role::Admin;
    }
    world.save_group(id);
}

/// Texts and settings.
fn set_property(exchange: &mut Exchange<'_>, id: &str, change: &Node) -> Result<(), Refusal> {
    let author = exchange.from.number.clone();
    let author_jid = exchange.account().map(|account| account.lid_jid(0));
    let now = ambient::seconds();
    let group = exchange.world.groups.get_mut(id).ok_or(NOT_FOUND)?;
    let mut told = change.clone();
    match change.tag.as_ref() {
        "subject" => {
            let text = std::str::from_utf8(stanza::content(change)).map_err(|_| MALFORMED)?;
            if !(1..=LONGEST_SUBJECT).contains(&text.chars().count()) {
                return Err((406, "not-acceptable"));
            }
            group.subject = Text { text: text.to_owned(), set_by: author, set_at: now };
            told = NodeBuilder::new("subject")
                .attr("subject", text)
                .attr("s_t", now)
                .attr("s_o", author_jid.unwrap_or_default())
                .build();
        }
        "description" => {
            // Whoever edits a text must have seen it.
            let known = group.description.as_ref().map(|known| known.id.clone()).unwrap_or_default();
            if stanza::text(change, "prev") != known {
                return Err((409, "conflict"));
            }
            if stanza::is(change, "delete", "true") {
                group.description = None;
                told = NodeBuilder::new("description")
                    .attr("id", stanza::text(change, "id"))
                    .children([NodeBuilder::new("delete").build()])
                    .build();
            } else {
                let (id, text) = read_description(change).ok_or((406, "not-acceptable"))?;
                group.description = Some(Description { id, text: Text { text, set_by: author, set_at: now } });
            }
        }
        "ephemeral" => {
            group.ephemeral_seconds = stanza::number(change, "expiration").ok_or(MALFORMED)?;
        }
        "not_ephemeral" => group.ephemeral_seconds = 0,
        "locked" => group.is_locked = true,
        "unlocked" => group.is_locked = false,
        "announcement" => group.is_announcement = true,
        "not_announcement" => group.is_announcement = false,
        "member_add_mode" => {
            group.only_admins_add = stanza::content(change) == b"admin_add";
        }
        "membership_approval_mode" => {
            group.approves_members = is_approval_on_in(change);
            told = group_view::approval_node(group.approves_members);
        }
        tag => set_flag(group, tag)?,
    }
    exchange.world.save_group(id);
    group_view::tell_members(exchange, id, told);
    Ok(())
}

/// The settings with a value that a new group is made with.
pub(super) fn modes_of(wanted: &Node) -> BTreeMap<String, String> {
    let mode = |tag: &str| {
        let value = std::str::from_utf8(stanza::child_content(wanted, tag)).ok()?;
        is_mode(tag, value).then(|| (tag.to_owned(), value.to_owned()))
    };
    MODES.iter().filter_map(|(tag, _)| mode(tag)).collect()
}

/// `{"group_id", "update": {"member_link_mode": "ADMIN_LINK"}}`: settings that clients change in JSON.
pub(super) fn set_by_name(exchange: &mut Exchange<'_>, variables: &Value) -> mex::Answer {
    let jid: Jid = variables["group_id"].as_str().and_then(|jid| jid.parse().ok()).ok_or(mex::MALFORMED)?;
    let group = exchange.world.groups.get_mut(jid.user.as_str()).ok_or(mex::NOT_FOUND)?;
    if !group.role_of(&exchange.from.number).is_some_and(Role::is_admin) {
        return Err(mex::FORBIDDEN);
    }
    let mut told = Vec::new();
    for (tag, value) in variables["update"].as_object().ok_or(mex::MALFORMED)?.iter().take(MODES.len() + 1) {
        if tag == "limit_sharing" {
            if value[LIMIT_SHARING] == true {
                group.flags.insert(LIMIT_SHARING.to_owned());
            } else {
                group.flags.remove(LIMIT_SHARING);
            }
            continue;
        }
        let mode = value.as_str().unwrap_or_default().to_lowercase();
        if !is_mode(tag, &mode) {
            return Err(mex::MALFORMED);
        }
        told.push(group_view::mode_node(tag, &mode));
        group.modes.insert(tag.clone(), mode);
    }
    let id = group.id.clone();
    exchange.world.save_group(&id);
    for change in told {
        group_view::tell_members(exchange, &id, change);
    }
    Ok(("xwa2_group_update_property", json!({ "id": jid.to_string(), "state": "ACTIVE" })))
}

fn is_mode(tag: &str, value: &str) -> bool {
    MODES.iter().any(|(known, values)| *known == tag && values.contains(&value))
}

fn set_flag(group: &mut Group, tag: &str) -> Result<(), Refusal> {
    for (on, off) in FLAGS {
        if tag == on {
            group.flags.insert(on.to_owned());
            return Ok(());
        }
        if tag == off {
            group.flags.remove(on);
            return Ok(());
        }
    }
    Err((501, "feature-not-implemented"))
}

/// Whether a new group wants its members approved.
pub(super) fn is_approval_on(wanted: &Node) -> bool {
    wanted.get_optional_child("membership_approval_mode").is_some_and(is_approval_on_in)
}

fn is_approval_on_in(mode: &Node) -> bool {
    mode.get_optional_child("group_join").is_some_and(|join| stanza::is(join, "state", "on"))
}

/// Whom a change names, with the number of each who has an account.
fn people(world: &World, change: &Node) -> Vec<(Jid, Option<String>)> {
    change
        .get_children_by_tag("participant")
        .take(MOST_MEMBERS)
        .filter_map(|participant| stanza::jid(participant, "jid"))
        .map(|jid| {
            let number = world.number_of(&jid).map(str::to_owned);
            (jid, number)
        })
        .collect()
}

/// Whether a person does not want to be added by the sender.
fn blocks_adding(exchange: &Exchange<'_>, number: &str) -> bool {
    exchange.world.accounts.get(number).is_some_and(|account| {
        account.blocked.contains(&exchange.from.number)
            || account.privacy.get("groupadd").is_some_and(|who| who == "none")
    })
}

fn done(world: &World, number: &str) -> Node {
    let mut node = group_view::participant_node(world, number, None);
    node.attrs.insert("type", "200");
    node
}

/// Saves the group and tells its members who was concerned.
pub(super) fn finish(exchange: &mut Exchange<'_>, id: &str, tag: &'static str, numbers: &[String]) {
    if numbers.is_empty() {
        return;
    }
    exchange.world.save_group(id);
    let participants = numbers.iter().map(|number| group_view::participant_node(exchange.world, number, None));
    let change = NodeBuilder::new(tag).children(participants).build();
    group_view::tell_members(exchange, id, change);
    community::follow(exchange, id, tag, numbers);
}
