//! The groups of a community, as its members ask for them in JSON.

use serde_json::{Value, json};
use wacore_binary::Jid;

use super::community;
use super::mex::{Answer, FORBIDDEN, MALFORMED, NOT_FOUND};
use crate::group::{Group, Part};
use crate::network::Exchange;

/// Every group of the community with this JID: the announcements apart from the others.
pub(super) fn groups(exchange: &Exchange<'_>, jid: &Value) -> Answer {
    let jid: Jid = jid.as_str().and_then(|jid| jid.parse().ok()).ok_or(MALFORMED)?;
    let id = jid.user.as_str();
    let group = community::community(exchange.world, id).map_err(|_| NOT_FOUND)?;
    let own = &exchange.from.number;
    let role = group.role_of(own).ok_or(FORBIDDEN)?;
    let parts = community::parts(exchange.world, id);
    let announcements = parts.iter().find(|group| group.is_part(Part::Announcements));
    let edges: Vec<Value> = parts
        .iter()
        .filter(|group| !group.is_part(Part::Announcements))
        .filter(|group| role.is_admin() || !is_hidden(group) || group.members.contains_key(own))
        .map(|group| json!({ "node": shown(exchange, group) }))
        .collect();
    let answer = json!({
        "__typename": "XWA2Community",
        "id": jid.to_string(),
        "default_sub_group": announcements.map(|group| shown(exchange, group)),
        "sub_groups": { "edges": edges },
    });
    Ok(("xwa2_group_query_by_id", answer))
}

fn shown(exchange: &Exchange<'_>, group: &Group) -> Value {
    let author = exchange.world.accounts.get(&group.creator).map(|account| account.lid_jid(0).to_string());
    json!({
        "id": Jid::group(group.id.as_str()).to_string(),
        "subject": { "value": group.subject.text, "creation_time": group.subject.set_at },
        "creation_time": group.created_at,
        "creator": { "id": author },
        "total_participants_count": group.members.len(),
        "properties": {
            "general_chat": group.is_part(Part::General).to_string(),
            "hidden_group": is_hidden(group).to_string(),
            "membership_approval_mode_enabled": group.approves_members,
        },
        "membership_approval_requests": { "total_count": group.requests.len() },
    })
}

fn is_hidden(group: &Group) -> bool {
    group.flags.contains("hidden_group")
}
