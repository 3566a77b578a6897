//! Groups: made, found, joined and left. Changing them is in `group_edit`, how they look on the
//! wire in `group_view`, groups of groups in `community`.

use std::collections::BTreeMap;

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};

use super::community;
use super::group_edit;
use super::group_view;
use crate::ambient;
use crate::group::{Description, Group, MOST_GROUPS, MOST_MEMBERS, Place, Role, Text};
use crate::network::Exchange;
use crate::stanza;

pub(super) const LONGEST_SUBJECT: usize = 100;
pub(super) const LONGEST_DESCRIPTION: usize = 2_048;

pub(super) fn get(exchange: &mut Exchange<'_>, request: &Node) -> Node {
    let Some(asked) = stanza::children(request).first() else {
        return stanza::error(request, 400, "bad-request");
    };
    match asked.tag.as_ref() {
        "query" => query(exchange, request),
        "participating" => participating(exchange, request),
        "invite" => match asked.attrs.get("code") {
            Some(code) => by_code(exchange, request, &code.as_str()),
            None => group_edit::invite_code(exchange, request),
        },
        "membership_approval_requests" => group_edit::requests(exchange, request),
        "query_linked" | "linked_groups_participants" => community::get(exchange, request, asked),
        _ => stanza::error(request, 501, "feature-not-implemented"),
    }
}

pub(super) fn set(exchange: &mut Exchange<'_>, request: &Node) -> Node {
    let Some(change) = stanza::children(request).first() else {
        return stanza::error(request, 400, "bad-request");
    };
    let code = change.attrs.get("code").map(|code| code.as_str().into_owned());
    match (change.tag.as_ref(), code) {
        ("create", _) => create(exchange, request, change),
        ("leave", _) => leave(exchange, request, change),
        ("invite", Some(code)) => join(exchange, request, &code),
        ("links" | "unlink" | "join_linked_group" | "delete_parent", _) => community::set(exchange, request, change),
        _ => group_edit::set(exchange, request, change),
    }
}

/// The group a request is about, if the sender is in it.
pub(super) fn id_of(request: &Node) -> Option<String> {
    Some(stanza::jid(request, "to")?.user.to_string()).filter(|id| !id.is_empty())
}

fn create(exchange: &mut Exchange<'_>, request: &Node, wanted: &Node) -> Node {
    let subject = stanza::text(wanted, "subject");
    let is_named = (1..=LONGEST_SUBJECT).contains(&subject.chars().count());
    let asked: Vec<&Node> = wanted.get_children_by_tag("participant").collect();
    if !is_named || asked.len() >= MOST_MEMBERS || exchange.world.groups.len() >= MOST_GROUPS {
        return stanza::error(request, 406, "not-acceptable");
    }
    let place = match community::place_of_new(exchange, wanted) {
        Ok(place) => place,
        Err((code, text)) => return stanza::error(request, code, text),
    };
    let now = ambient::seconds();
    let creator = exchange.from.number.clone();
    let mut members = BTreeMap::from([(creator.clone(), Role::Owner)]);
    let mut unknown = Vec::new();
    for participant in asked {
        let Some(jid) = stanza::jid(participant, "jid") else {
            continue;
        };
        match exchange.world.number_of(&jid) {
            Some(number) => {
                members.entry(number.to_owned()).or_insert(Role::Member);
            }
            None => unknown.push(group_view::refused_participant(&jid, 404)),
        }
    }
    let text = |text: String| Text { text, set_by: creator.clone(), set_at: now };
    let id = new_group_id(now);
    let group = Group {
        id: id.clone(),
        creator: creator.clone(),
        created_at: now,
        subject: text(subject),
        description: wanted
            .get_optional_child("description")
            .and_then(read_description)
            .map(|(id, body)| Description { id, text: text(body) }),
        picture: None,
        members,
        invite_code: new_invite_code(),
        is_locked: wanted.get_optional_child("locked").is_some(),
        is_announcement: wanted.get_optional_child("announcement").is_some(),
        ephemeral_seconds: wanted
            .get_optional_child("ephemeral")
            .and_then(|ephemeral| stanza::number(ephemeral, "expiration"))
            .unwrap_or(0),
        approves_members: group_edit::is_approval_on(wanted),
        only_admins_add: stanza::child_content(wanted, "member_add_mode") == b"admin_add",
        flags: community::flags_of(wanted),
        modes: group_edit::modes_of(wanted),
        place,
        requests: BTreeMap::new(),
    };
    let shown = group_view::group_node(exchange.world, &group);
    exchange.world.groups.insert(id.clone(), group);
    exchange.world.save_group(&id);
    let created = NodeBuilder::new("create").attr("type", "new").children([shown.clone()]).build();
    group_view::tell_members(exchange, &id, created);
    community::furnish(exchange, &id, wanted);
    let mut answer = shown;
    if let Some(wacore_binary::NodeContent::Nodes(children)) = &mut answer.content {
        children.extend(unknown);
    }
    stanza::result(request).children([answer]).build()
}

fn query(exchange: &Exchange<'_>, request: &Node) -> Node {
    let group = id_of(request).and_then(|id| exchange.world.groups.get(&id));
    match group {
        None => stanza::error(request, 404, "item-not-found"),
        Some(group) if group.role_of(&exchange.from.number).is_none() => stanza::error(request, 403, "forbidden"),
        Some(group) => stanza::result(request).children([group_view::group_node(exchange.world, group)]).build(),
    }
}

fn participating(exchange: &Exchange<'_>, request: &Node) -> Node {
    let groups = exchange
        .world
        .groups
        .values()
        .filter(|group| group.members.contains_key(&exchange.from.number))
        .map(|group| group_view::group_node(exchange.world, group));
    stanza::result(request).children([NodeBuilder::new("groups").children(groups).build()]).build()
}

/// What somebody who has the invite link may know before joining.
fn by_code(exchange: &Exchange<'_>, request: &Node, code: &str) -> Node {
    match find_by_code(exchange, code) {
        Some(group) => stanza::result(request).children([group_view::group_node(exchange.world, group)]).build(),
        None => stanza::error(request, 404, "item-not-found"),
    }
}

fn join(exchange: &mut Exchange<'_>, request: &Node, code: &str) -> Node {
    let Some(group) = find_by_code(exchange, code) else {
        return stanza::error(request, 406, "not-acceptable");
    };
    let id = group.id.clone();
    let jid = Jid::group(id.as_str());
    let own = exchange.from.number.clone();
    if group.members.contains_key(&own) {
        return stanza::error(request, 409, "conflict");
    }
    if group.members.len() >= MOST_MEMBERS {
        return stanza::error(request, 419, "resource-limit");
    }
    let must_ask = group.approves_members || matches!(group.place, Place::Community { asks_to_join: true, .. });
    if let Some(group) = exchange.world.groups.get_mut(&id) {
        if must_ask {
            group.requests.insert(own.clone(), ambient::seconds());
        } else {
            group.members.insert(own.clone(), Role::Member);
        }
    }
    exchange.world.save_group(&id);
    let tag = if must_ask { "membership_approval_request" } else { "group" };
    if must_ask {
        group_edit::tell_admins_of_request(exchange, &id);
    } else {
        let joined = NodeBuilder::new("add")
            .attr("reason", "invite")
            .children([group_view::participant_node(exchange.world, &own, None)])
            .build();
        group_view::tell_members(exchange, &id, joined);
        community::follow(exchange, &id, "add", &[own]);
    }
    stanza::result(request).children([NodeBuilder::new(tag).attr("jid", jid).build()]).build()
}

/// `<leave><group id/></leave>`
fn leave(exchange: &mut Exchange<'_>, request: &Node, wanted: &Node) -> Node {
    let mut left = Vec::new();
    for group in stanza::children(wanted).iter().take(100) {
        let Some(jid) = stanza::jid(group, "id") else {
            continue;
        };
        let id = jid.user.to_string();
        let own = exchange.from.number.clone();
        let is_member = exchange.world.groups.get(&id).is_some_and(|group| group.members.contains_key(&own));
        let answer = NodeBuilder::new("group").attr("id", &jid);
        if !is_member {
            left.push(answer.attr("error", 404).build());
            continue;
        }
        let gone =
            NodeBuilder::new("remove").children([group_view::participant_node(exchange.world, &own, None)]).build();
        group_view::tell_members(exchange, &id, gone);
        community::follow(exchange, &id, "remove", std::slice::from_ref(&own));
        group_edit::take_out(exchange.world, &id, &own);
        left.push(answer.build());
    }
    stanza::result(request).children([NodeBuilder::new("leave").children(left).build()]).build()
}

fn find_by_code<'a>(exchange: &'a Exchange<'_>, code: &str) -> Option<&'a Group> {
    exchange.world.groups.values().find(|group| group.invite_code == code)
}

pub(super) fn new_group_id(now: u64) -> String {
    let random = u64::from_be_bytes(ambient::random_bytes()) % 10_000_000_000;
    format!("12036{now:010}{random:010}")
}

pub(super) fn new_invite_code() -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(ambient::random_bytes::<16>())
}

/// `<description id><body>text</body></description>`
pub(super) fn read_description(node: &Node) -> Option<(String, String)> {
    let body = stanza::child_content(node, "body");
    let body = std::str::from_utf8(body).ok()?.to_owned();
    let id = stanza::text(node, "id");
    (body.chars().count() <= LONGEST_DESCRIPTION && id.len() <= 64).then_some((id, body))
}
