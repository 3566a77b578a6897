//! How channels look to who asks about them.

use serde_json::{Value, json};
use wacore_binary::{Jid, Server};

use super::mex::{Answer, FORBIDDEN, MALFORMED, NOT_FOUND};
use crate::network::Exchange;
use crate::newsletter::{Newsletter, Role};
use crate::world::World;

/// Channels and followers in one answer.
const MOST_AT_ONCE: usize = 1_000;

/// `{"key", "type": "JID" | "INVITE"}`
pub(super) fn one(exchange: &Exchange<'_>, input: &Value) -> Answer {
    let key = input["key"].as_str().ok_or(MALFORMED)?;
    let newsletter = if input["type"] == "INVITE" {
        exchange.world.newsletters.values().find(|newsletter| newsletter.invite_code == key)
    } else {
        id_in(&input["key"]).and_then(|id| exchange.world.newsletters.get(&id))
    };
    let newsletter = newsletter.ok_or(NOT_FOUND)?;
    Ok(("xwa2_newsletter", shown(newsletter, &exchange.from.number)))
}

/// Every channel the sender follows.
pub(super) fn followed(exchange: &Exchange<'_>) -> (&'static str, Value) {
    let own = &exchange.from.number;
    let followed = exchange.world.newsletters.values().filter(|newsletter| newsletter.followers.contains_key(own));
    let list: Vec<Value> = followed.take(MOST_AT_ONCE).map(|newsletter| shown(newsletter, own)).collect();
    ("xwa2_newsletter_subscribed", list.into())
}

/// Channels whose name or description has the text in it.
pub(super) fn search(exchange: &Exchange<'_>, input: &Value) -> (&'static str, Value) {
    let text = input["search_text"].as_str().unwrap_or_default().to_lowercase();
    let page = page(exchange, input, |newsletter| {
        [&newsletter.name, &newsletter.description].iter().any(|caption| caption.text.to_lowercase().contains(&text))
    });
    ("xwa2_newsletters_directory_search", page)
}

/// Every channel, the one with the most followers first.
pub(super) fn directory(exchange: &Exchange<'_>, input: &Value) -> (&'static str, Value) {
    ("xwa2_newsletters_directory_list", page(exchange, input, |_| true))
}

pub(super) fn admins(exchange: &Exchange<'_>, variables: &Value) -> Answer {
    let newsletter = named(exchange.world, &variables["newsletter_id"])?;
    if !newsletter.is_admin(&exchange.from.number) {
        return Err(FORBIDDEN);
    }
    let count = newsletter.followers.values().filter(|follower| follower.role.is_admin()).count();
    Ok(("xwa2_newsletter_admin", json!({ "id": newsletter.jid().to_string(), "admin_count": count })))
}

/// Who follows a channel; its admins may know.
pub(super) fn followers(exchange: &Exchange<'_>, input: &Value) -> Answer {
    let newsletter = named(exchange.world, &input["newsletter_id"])?;
    if !newsletter.is_admin(&exchange.from.number) {
        return Err(FORBIDDEN);
    }
    let limit = input["count"].as_u64().map_or(MOST_AT_ONCE, |count| usize::try_from(count).unwrap_or(MOST_AT_ONCE));
    let edges: Vec<Value> = newsletter
        .followers
        .iter()
        .take(limit.min(MOST_AT_ONCE))
        .filter_map(|(number, follower)| {
            let account = exchange.world.accounts.get(number)?;
            Some(json!({
                "node": {
                    "id": account.lid_jid(0).to_string(),
                    "pn": account.number_jid(0).to_string(),
                    "display_name": account.push_name,
                },
                "role": follower.role.name(),
                "follow_time": follower.since,
            }))
        })
        .collect();
    Ok(("xwa2_newsletter_followers", json!({ "followers": { "edges": edges } })))
}

pub(super) fn follower_count(exchange: &Exchange<'_>, variables: &Value) -> Answer {
    let newsletter = named(exchange.world, &variables["newsletter_id"])?;
    let count = newsletter.followers.len();
    Ok(("xwa2_newsletter_subscribers", json!({ "id": newsletter.jid().to_string(), "subscribers": count })))
}

/// A channel as this account sees it.
pub(super) fn shown(newsletter: &Newsletter, viewer: &str) -> Value {
    let follower = newsletter.followers.get(viewer);
    let is_muted = |kind: &str| if follower.is_some_and(|own| own.muted.contains(kind)) { "ON" } else { "OFF" };
    let settings =
        ["MUTE_FOLLOWER_ACTIVITY", "MUTE_ADMIN_ACTIVITY"].map(|kind| json!({ "type": kind, "value": is_muted(kind) }));
    json!({
        "id": newsletter.jid().to_string(),
        "state": { "type": "active" },
        "thread_metadata": {
            "creation_time": newsletter.created_at.to_string(),
            "name": caption(newsletter.name.set_at, &newsletter.name.text),
            "description": caption(newsletter.description.set_at, &newsletter.description.text),
            "picture": picture(newsletter, "IMAGE"),
            "preview": picture(newsletter, "PREVIEW"),
            "invite": newsletter.invite_code,
            "handle": null,
            "subscribers_count": newsletter.followers.len().to_string(),
            "verification": "UNVERIFIED",
            "settings": { "reaction_codes": { "value": newsletter.reaction_codes } },
        },
        "viewer_metadata": {
            "role": follower.map_or("guest", |own| own.role.name()),
            "mute": is_muted("MUTE_FOLLOWER_ACTIVITY"),
            "settings": settings,
        },
    })
}

/// The state of a channel after a change that shows nothing else.
pub(super) fn changed(newsletter: &Newsletter) -> Value {
    json!({ "id": newsletter.jid().to_string(), "state": { "type": "active" } })
}

pub(super) fn named<'a>(world: &'a World, id: &Value) -> Result<&'a Newsletter, super::mex::Refusal> {
    id_in(id).and_then(|id| world.newsletters.get(&id)).ok_or(NOT_FOUND)
}

/// The id inside a channel's JID.
pub(super) fn id_in(value: &Value) -> Option<String> {
    let jid: Jid = value.as_str()?.parse().ok()?;
    (jid.server == Server::Newsletter).then(|| jid.user.to_string())
}

fn page(exchange: &Exchange<'_>, input: &Value, is_meant: impl Fn(&Newsletter) -> bool) -> Value {
    let limit = input["limit"].as_u64().map_or(MOST_AT_ONCE, |limit| usize::try_from(limit).unwrap_or(MOST_AT_ONCE));
    let start: usize = input["start_cursor"].as_str().and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
    let mut found: Vec<&Newsletter> = exchange.world.newsletters.values().filter(|known| is_meant(known)).collect();
    found.sort_by_key(|newsletter| std::cmp::Reverse(newsletter.followers.len()));
    let end = start.saturating_add(limit.min(MOST_AT_ONCE)).min(found.len());
    let shown: Vec<Value> = found
        .get(start..end)
        .unwrap_or_default()
        .iter()
        .map(|newsletter| shown(newsletter, &exchange.from.number))
        .collect();
    json!({
        "page_info": {
            "startCursor": start.to_string(),
            "endCursor": end.to_string(),
            "hasNextPage": end < found.len(),
            "hasPreviousPage": start > 0,
        },
        "result": shown,
    })
}

fn caption(set_at: u64, text: &str) -> Value {
    json!({ "id": set_at.to_string(), "text": text, "update_time": set_at.to_string() })
}

fn picture(newsletter: &Newsletter, kind: &str) -> Value {
    match &newsletter.picture {
        Some(picture) => json!({ "id": picture.id, "type": kind, "direct_path": format!("/pps/{}", picture.id) }),
        None => json!({ "id": null, "type": kind, "direct_path": null }),
    }
}

/// Whether somebody of this role may give a channel away or delete it.
pub(super) fn is_owner(newsletter: &Newsletter, number: &str) -> bool {
    newsletter.role_of(number) == Some(Role::Owner)
}
