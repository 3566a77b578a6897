//! Changing channels: made, followed, described, given away, deleted.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use wacore_binary::Jid;

use super::groups::{LONGEST_DESCRIPTION, LONGEST_SUBJECT, new_invite_code};
use super::mex::{Answer, FORBIDDEN, MALFORMED, NOT_ACCEPTABLE, NOT_FOUND, Refusal};
use super::newsletter_view::{changed, id_in, is_owner, shown};
use crate::account::Picture;
use crate::ambient;
use crate::network::Exchange;
use crate::newsletter::{Caption, Follower, MOST_NEWSLETTERS, Newsletter, Role};

/// The largest picture, in bytes.
const LARGEST_PICTURE: usize = 1 << 20;

/// What a follower may not want to hear of.
const MUTABLE: [&str; 2] = ["MUTE_FOLLOWER_ACTIVITY", "MUTE_ADMIN_ACTIVITY"];

/// How long an invitation to become an admin counts, in seconds.
const INVITATION: u64 = 7 * 24 * 3_600;

/// `{"input": {"name", "description", "picture"}}`
pub(super) fn create(exchange: &mut Exchange<'_>, variables: &Value) -> Answer {
    let input = &variables["input"];
    if exchange.world.newsletters.len() >= MOST_NEWSLETTERS {
        return Err(NOT_ACCEPTABLE);
    }
    let now = ambient::seconds();
    let picture = read_picture(exchange, &input["picture"])?.flatten();
    let random = u64::from_be_bytes(ambient::random_bytes()) % 10_000_000_000;
    let id = format!("12036{now:010}{random:010}");
    let owner = Follower { role: Role::Owner, since: now, muted: BTreeSet::new() };
    let newsletter = Newsletter {
        id: id.clone(),
        created_at: now,
        name: Caption { text: read_name(&input["name"])?.ok_or(MALFORMED)?, set_at: now },
        description: Caption { text: read_description(&input["description"])?.unwrap_or_default(), set_at: now },
        picture,
        invite_code: new_invite_code(),
        followers: BTreeMap::from([(exchange.from.number.clone(), owner)]),
        invited_admins: BTreeSet::new(),
        reaction_codes: "ALL".to_owned(),
        last_server_id: 99,
        posts: BTreeMap::new(),
    };
    let answer = shown(&newsletter, &exchange.from.number);
    exchange.world.newsletters.insert(id.clone(), newsletter);
    exchange.world.save_newsletter(&id);
    Ok(("xwa2_newsletter_create", answer))
}

/// `{"newsletter_id", "updates": {"name", "description", "picture", "settings"}}`
pub(super) fn update(exchange: &mut Exchange<'_>, variables: &Value) -> Answer {
    let updates = &variables["updates"];
    let (name, description) = (read_name(&updates["name"])?, read_description(&updates["description"])?);
    let picture = read_picture(exchange, &updates["picture"])?;
    let codes = updates["settings"]["reaction_codes"]["value"].as_str().map(|codes| codes.chars().take(40).collect());
    let now = ambient::seconds();
    change(exchange, &variables["newsletter_id"], |newsletter, own| {
        if !newsletter.is_admin(own) {
            return Err(FORBIDDEN);
        }
        if let Some(text) = name {
            newsletter.name = Caption { text, set_at: now };
        }
        if let Some(text) = description {
            newsletter.description = Caption { text, set_at: now };
        }
        if let Some(picture) = picture {
            newsletter.picture = picture;
        }
        if let Some(codes) = codes {
            newsletter.reaction_codes = codes;
        }
        Ok(("xwa2_newsletter_update", shown(newsletter, own)))
    })
}

pub(super) fn delete(exchange: &mut Exchange<'_>, variables: &Value) -> Answer {
    let id = id_in(&variables["newsletter_id"]).ok_or(MALFORMED)?;
    let newsletter = exchange.world.newsletters.get(&id).ok_or(NOT_FOUND)?;
    if !is_owner(newsletter, &exchange.from.number) {
        return Err(FORBIDDEN);
    }
    let jid = newsletter.jid().to_string();
    exchange.world.remove_newsletter(&id);
    Ok(("xwa2_newsletter_delete_v2", json!({ "id": jid, "state": { "type": "deleted" } })))
}

/// Follows a channel. Whoever follows it already is told the same.
pub(super) fn join(exchange: &mut Exchange<'_>, variables: &Value) -> Answer {
    let since = ambient::seconds();
    change(exchange, &variables["newsletter_id"], |newsletter, own| {
        newsletter.followers.entry(own.to_owned()).or_insert_with(|| Follower {
            role: Role::Follower,
            since,
            muted: BTreeSet::new(),
        });
        Ok(("xwa2_newsletter_join_v2", shown(newsletter, own)))
    })
}

pub(super) fn leave(exchange: &mut Exchange<'_>, variables: &Value) -> Answer {
    change(exchange, &variables["newsletter_id"], |newsletter, own| {
        newsletter.take_out(own).ok_or(NOT_FOUND)?;
        Ok(("xwa2_newsletter_leave_v2", changed(newsletter)))
    })
}

/// `{"newsletter_id", "type", "value": "ON" | "OFF"}`
pub(super) fn set_muted(exchange: &mut Exchange<'_>, input: &Value) -> Answer {
    let kind = input["type"].as_str().filter(|kind| MUTABLE.contains(kind)).ok_or(MALFORMED)?;
    let is_on = input["value"] == "ON";
    change(exchange, &input["newsletter_id"], |newsletter, own| {
        mute_one(newsletter, own, kind, is_on)?;
        Ok(("xwa2_newsletter_update_user_setting", changed(newsletter)))
    })
}

/// As clients said it before there were kinds of news.
pub(super) fn mute(exchange: &mut Exchange<'_>, variables: &Value, is_on: bool) -> Answer {
    let name = if is_on { "xwa2_newsletter_mute_v2" } else { "xwa2_newsletter_unmute_v2" };
    change(exchange, &variables["newsletter_id"], |newsletter, own| {
        mute_one(newsletter, own, MUTABLE[0], is_on)?;
        Ok((name, changed(newsletter)))
    })
}

/// `{"newsletter_id", "user_id"}`: a follower is asked to become an admin.
pub(super) fn invite_admin(exchange: &mut Exchange<'_>, variables: &Value) -> Answer {
    let invited = number_in(exchange, &variables["user_id"])?;
    change(exchange, &variables["newsletter_id"], |newsletter, own| {
        if !is_owner(newsletter, own) {
            return Err(FORBIDDEN);
        }
        if newsletter.role_of(&invited) != Some(Role::Follower) {
            return Err(NOT_ACCEPTABLE);
        }
        newsletter.invited_admins.insert(invited);
        let expires = (ambient::seconds() + INVITATION).to_string();
        let answer = json!({ "id": newsletter.jid().to_string(), "invite_expiration_time": expires });
        Ok(("xwa2_newsletter_admin_invite_create", answer))
    })
}

pub(super) fn revoke_admin_invite(exchange: &mut Exchange<'_>, variables: &Value) -> Answer {
    let invited = number_in(exchange, &variables["user_id"])?;
    change(exchange, &variables["newsletter_id"], |newsletter, own| {
        if !is_owner(newsletter, own) {
            return Err(FORBIDDEN);
        }
        if !newsletter.invited_admins.remove(&invited) {
            return Err(NOT_FOUND);
        }
        Ok(("xwa2_newsletter_admin_invite_revoke", changed(newsletter)))
    })
}

pub(super) fn accept_admin_invite(exchange: &mut Exchange<'_>, variables: &Value) -> Answer {
    change(exchange, &variables["newsletter_id"], |newsletter, own| {
        if !newsletter.invited_admins.remove(own) {
            return Err(FORBIDDEN);
        }
        newsletter.followers.get_mut(own).ok_or(FORBIDDEN)?.role = Role::Admin;
        Ok(("xwa2_newsletter_admin_invite_accept", changed(newsletter)))
    })
}

/// An admin becomes a follower again: by the owner, or by its own wish.
pub(super) fn demote(exchange: &mut Exchange<'_>, variables: &Value) -> Answer {
    let demoted = number_in(exchange, &variables["user_id"])?;
    change(exchange, &variables["newsletter_id"], |newsletter, own| {
        if !is_owner(newsletter, own) && demoted != own {
            return Err(FORBIDDEN);
        }
        let admin = newsletter.followers.get_mut(&demoted).filter(|follower| follower.role == Role::Admin);
        admin.ok_or(NOT_ACCEPTABLE)?.role = Role::Follower;
        Ok(("xwa2_newsletter_admin_demote", changed(newsletter)))
    })
}

/// The owner gives the channel to one of its admins.
pub(super) fn change_owner(exchange: &mut Exchange<'_>, variables: &Value) -> Answer {
    let heir = number_in(exchange, &variables["user_id"])?;
    change(exchange, &variables["newsletter_id"], |newsletter, own| {
        if !is_owner(newsletter, own) {
            return Err(FORBIDDEN);
        }
        let admin = newsletter.followers.get_mut(&heir).filter(|follower| follower.role == Role::Admin);
        admin.ok_or(NOT_ACCEPTABLE)?.role = Role::Owner;
        if let Some(former) = newsletter.followers.get_mut(own) {
            former.role = Role::Admin;
        }
        Ok(("xwa2_newsletter_change_owner", changed(newsletter)))
    })
}

/// Changes a channel in the sender's name and stores it.
fn change(
    exchange: &mut Exchange<'_>,
    newsletter: &Value,
    change: impl FnOnce(&mut Newsletter, &str) -> Answer,
) -> Answer {
    let id = id_in(newsletter).ok_or(MALFORMED)?;
    let newsletter = exchange.world.newsletters.get_mut(&id).ok_or(NOT_FOUND)?;
    let answer = change(newsletter, &exchange.from.number)?;
    exchange.world.save_newsletter(&id);
    Ok(answer)
}

fn mute_one(newsletter: &mut Newsletter, own: &str, kind: &str, is_on: bool) -> Result<(), Refusal> {
    let follower = newsletter.followers.get_mut(own).ok_or(FORBIDDEN)?;
    if is_on {
        follower.muted.insert(kind.to_owned());
    } else {
        follower.muted.remove(kind);
    }
    Ok(())
}

fn number_in(exchange: &Exchange<'_>, user: &Value) -> Result<String, Refusal> {
    let jid: Jid = user.as_str().and_then(|jid| jid.parse().ok()).ok_or(MALFORMED)?;
    exchange.world.number_of(&jid).map(str::to_owned).ok_or(NOT_FOUND)
}

fn read_name(name: &Value) -> Result<Option<String>, Refusal> {
    match name.as_str() {
        None => Ok(None),
        Some(name) if (1..=LONGEST_SUBJECT).contains(&name.trim().chars().count()) => Ok(Some(name.to_owned())),
        Some(_) => Err(NOT_ACCEPTABLE),
    }
}

fn read_description(description: &Value) -> Result<Option<String>, Refusal> {
    match description.as_str() {
        None => Ok(None),
        Some(text) if text.chars().count() <= LONGEST_DESCRIPTION => Ok(Some(text.to_owned())),
        Some(_) => Err(NOT_ACCEPTABLE),
    }
}

/// A picture as base64; empty text takes it away, none leaves it.
fn read_picture(exchange: &mut Exchange<'_>, picture: &Value) -> Result<Option<Option<Picture>>, Refusal> {
    let Some(encoded) = picture.as_str() else {
        return Ok(None);
    };
    let bytes = STANDARD.decode(encoded).map_err(|_| MALFORMED)?;
    if bytes.len() > LARGEST_PICTURE {
        return Err(NOT_ACCEPTABLE);
    }
    let id = exchange.world.new_id().replace('-', "");
    Ok(Some((!bytes.is_empty()).then_some(Picture { id, bytes })))
}
