//! How a group looks on the wire, and how its members learn of what happens in it.

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};

use crate::group::{Group, Part, Place, Role};
use crate::network::Exchange;
use crate::stanza;
use crate::world::World;

/// `<group id subject …><participant/>…</group>`, addressed by LID throughout.
pub(super) fn group_node(world: &World, group: &Group) -> Node {
    let mut node = NodeBuilder::new("group")
        .attr("id", &group.id)
        .attr("subject", &group.subject.text)
        .attr("s_t", group.subject.set_at)
        .attr("creation", group.created_at)
        .attr("addressing_mode", "lid")
        .attr("size", group.members.len());
    if let Some(creator) = world.accounts.get(&group.creator) {
        node = node.attr("creator", creator.lid_jid(0)).attr("creator_pn", creator.number_jid(0));
    }
    if let Some(author) = world.accounts.get(&group.subject.set_by) {
        node = node.attr("s_o", author.lid_jid(0)).attr("s_o_pn", author.number_jid(0));
    }
    let mut children: Vec<Node> =
        group.members.iter().map(|(number, role)| participant_node(world, number, Some(*role))).collect();
    children.extend(description_node(world, group));
    children.extend(settings(group));
    node.children(children).build()
}

/// `<participant jid phone_number type/>`
pub(super) fn participant_node(world: &World, number: &str, role: Option<Role>) -> Node {
    let mut node = NodeBuilder::new("participant");
    if let Some(account) = world.accounts.get(number) {
        node = node.attr("jid", account.lid_jid(0)).attr("phone_number", account.number_jid(0));
    }
    match role {
        Some(Role::Owner) => node.attr("type", "superadmin").build(),
        Some(Role::Admin) => node.attr("type", "admin").build(),
        Some(Role::Member) | None => node.build(),
    }
}

/// `<participant jid error/>` in an answer.
pub(super) fn refused_participant(jid: &Jid, code: u16) -> Node {
    NodeBuilder::new("participant").attr("jid", jid).attr("error", code).build()
}

fn description_node(world: &World, group: &Group) -> Option<Node> {
    let description = group.description.as_ref()?;
    let mut node = NodeBuilder::new("description").attr("id", &description.id).attr("t", description.text.set_at);
    if let Some(author) = world.accounts.get(&description.text.set_by) {
        node = node.attr("participant", author.lid_jid(0)).attr("participant_pn", author.number_jid(0));
    }
    let body = NodeBuilder::new("body").string_content(description.text.text.as_str()).build();
    Some(node.children([body]).build())
}

fn settings(group: &Group) -> Vec<Node> {
    let mut nodes = place(group);
    if group.is_locked {
        nodes.push(NodeBuilder::new("locked").build());
    }
    if group.is_announcement {
        nodes.push(NodeBuilder::new("announcement").build());
    }
    if group.ephemeral_seconds > 0 {
        nodes.push(NodeBuilder::new("ephemeral").attr("expiration", group.ephemeral_seconds).build());
    }
    if group.approves_members {
        nodes.push(approval_node(true));
    }
    nodes.push(NodeBuilder::new("member_add_mode").string_content(add_mode(group.only_admins_add)).build());
    nodes.extend(group.modes.iter().map(|(tag, mode)| mode_node(tag, mode)));
    nodes.extend(group.flags.iter().map(|flag| NodeBuilder::new_dynamic(flag.clone()).build()));
    nodes
}

/// What tells clients where a group stands in a community.
fn place(group: &Group) -> Vec<Node> {
    let mark = |tag: &'static str| NodeBuilder::new(tag).build();
    match &group.place {
        Place::Alone => Vec::new(),
        Place::Community { asks_to_join, members_add_groups } => {
            let mut parent = NodeBuilder::new("parent");
            if *asks_to_join {
                parent = parent.attr("default_membership_approval_mode", "request_required");
            }
            let mut nodes = vec![parent.build()];
            nodes.extend(members_add_groups.then(|| mark("allow_non_admin_sub_group_creation")));
            nodes
        }
        Place::Within { community, part } => {
            let mut nodes = vec![NodeBuilder::new("linked_parent").attr("jid", Jid::group(community.as_str())).build()];
            nodes.extend(match part {
                Part::Announcements => Some(mark("default_sub_group")),
                Part::General => Some(mark("general_chat")),
                Part::Other => None,
            });
            nodes
        }
    }
}

pub(super) fn mode_node(tag: &str, mode: &str) -> Node {
    NodeBuilder::new_dynamic(tag.to_owned()).string_content(mode).build()
}

pub(super) fn approval_node(is_on: bool) -> Node {
    let join = NodeBuilder::new("group_join").attr("state", if is_on { "on" } else { "off" }).build();
    NodeBuilder::new("membership_approval_mode").children([join]).build()
}

pub(super) fn add_mode(only_admins: bool) -> &'static str {
    if only_admins { "admin_add" } else { "all_member_add" }
}

/// Tells everybody in the group on every device, also the one that did it.
pub(super) fn tell_members(exchange: &mut Exchange<'_>, id: &str, change: Node) {
    let Some(group) = exchange.world.groups.get(id) else {
        return;
    };
    let members: Vec<String> = group.members.keys().cloned().collect();
    tell(exchange, id, &members, &change);
}

/// Tells some of a group.
pub(super) fn tell(exchange: &mut Exchange<'_>, id: &str, numbers: &[String], change: &Node) {
    let Some(author) = exchange.account() else {
        return;
    };
    let (lid, number, name) = (author.lid_jid(0), author.number_jid(0), author.push_name.clone());
    for told in numbers {
        let stanza_id = exchange.world.new_id();
        let notification = stanza::notification("w:gp2", Jid::group(id), stanza_id)
            .attr("participant", &lid)
            .attr("participant_pn", &number)
            .attr("notify", &name)
            .attr("addressing_mode", "lid")
            .children([change.clone()])
            .build();
        exchange.world.queue_for_account(told, notification, None);
    }
}
