//! What people show of themselves and of their groups: the line about them and the picture.

use std::collections::BTreeSet;

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node, Server};

use crate::account::{About, Account, Picture};
use crate::ambient;
use crate::network::Exchange;
use crate::privacy_token;
use crate::stanza;

/// The longest line about a person.
const LONGEST_ABOUT: usize = 700;

/// The largest picture, in bytes.
const LARGEST_PICTURE: usize = 1 << 20;

/// `<status>text</status>`
pub(super) fn set_about(exchange: &mut Exchange<'_>, request: &Node) -> Node {
    let bytes = stanza::child_content(request, "status");
    let Ok(text) = std::str::from_utf8(bytes) else {
        return stanza::error(request, 400, "bad-request");
    };
    if text.chars().count() > LONGEST_ABOUT {
        return stanza::error(request, 406, "not-acceptable");
    }
    let text = text.to_owned();
    let Some(account) = exchange.account_mut() else {
        return stanza::error(request, 500, "internal-server-error");
    };
    account.about = About { text: text.clone(), set_at: ambient::seconds() };
    let own = account.number_jid(0);
    exchange.world.save_account(&exchange.from.number);
    let set = NodeBuilder::new("set").bytes(text.into_bytes()).build();
    let told = tell_acquaintances(exchange, "status", &own, &set);
    tell_others_present(exchange, &told, &own, &set);
    stanza::result(request).build()
}

/// `<picture type="image">bytes</picture>`; without it, the picture goes.
pub(super) fn set_picture(exchange: &mut Exchange<'_>, request: &Node) -> Node {
    let bytes = stanza::child_content(request, "picture").to_vec();
    if bytes.len() > LARGEST_PICTURE {
        return stanza::error(request, 406, "not-acceptable");
    }
    let group = stanza::jid(request, "target")
        .or_else(|| stanza::jid(request, "to"))
        .filter(|jid| jid.server == Server::Group && !jid.user.is_empty());
    let picture = (!bytes.is_empty()).then(|| Picture { id: exchange.world.new_id().replace('-', ""), bytes });
    let id = picture.as_ref().map(|picture| picture.id.clone());
    let Some(owner) = store_picture(exchange, group.as_ref(), picture) else {
        return stanza::error(request, 403, "forbidden");
    };
    let tag = if id.is_some() { "set" } else { "delete" };
    let mut change = NodeBuilder::new(tag).attr("jid", &owner);
    if let Some(author) = exchange.account() {
        change = change.attr("author", author.number_jid(0));
    }
    if let Some(id) = &id {
        change = change.attr("id", id);
    }
    let change = change.build();
    match &group {
        None => {
            tell_acquaintances(exchange, "picture", &owner, &change);
        }
        Some(group) => tell_group(exchange, group, &change),
    }
    let answer = stanza::result(request);
    match id {
        Some(id) => answer.children([NodeBuilder::new("picture").attr("id", id).build()]).build(),
        None => answer.build(),
    }
}

/// `<picture type query="url"/>` of the target.
pub(super) fn get_picture(exchange: &Exchange<'_>, request: &Node) -> Node {
    let target = stanza::jid(request, "target").or_else(|| stanza::jid(request, "to"));
    let world = &exchange.world;
    let asked = request.get_optional_child("picture");
    if let Some(owner) = target.as_ref().and_then(|target| world.account_of(target))
        && !privacy_token::admits(world, exchange.from, owner, asked)
    {
        return stanza::error(request, 401, "not-authorized");
    }
    let picture = target.and_then(|target| match target.server {
        Server::Newsletter => world.newsletters.get(target.user.as_str())?.picture.as_ref(),
        Server::Group => world.groups.get(target.user.as_str())?.picture.as_ref(),
        _ => {
            let account = world.account_of(&target)?;
            let is_own = account.info.number == exchange.from.number;
            let is_hidden = account.privacy.get("profile").is_some_and(|who| who == "none")
                || account.blocked.contains(&exchange.from.number);
            account.picture.as_ref().filter(|_| is_own || !is_hidden)
        }
    });
    let Some(picture) = picture else {
        return stanza::error(request, 404, "item-not-found");
    };
    let kind = asked
        .map(|asked| stanza::text(asked, "type"))
        .filter(|kind| kind == "preview")
        .unwrap_or_else(|| "image".to_owned());
    // The client has this one already.
    if asked.is_some_and(|asked| stanza::is(asked, "id", &picture.id)) {
        return stanza::result(request).build();
    }
    let path = format!("/pps/{}", picture.id);
    let node = NodeBuilder::new("picture")
        .attr("id", &picture.id)
        .attr("type", kind)
        .attr("url", format!("https://{}{path}", exchange.network.media_host()))
        .attr("direct_path", path)
        .build();
    stanza::result(request).children([node]).build()
}

/// Whose picture it was, if the sender may change it.
fn store_picture(exchange: &mut Exchange<'_>, group: Option<&Jid>, picture: Option<Picture>) -> Option<Jid> {
    let Some(jid) = group else {
        let account = exchange.account_mut()?;
        account.picture = picture;
        let own = account.number_jid(0);
        exchange.world.save_account(&exchange.from.number);
        return Some(own);
    };
    let id = jid.user.to_string();
    let group = exchange.world.groups.get_mut(&id)?;
    let role = group.role_of(&exchange.from.number)?;
    if group.is_locked && !role.is_admin() {
        return None;
    }
    group.picture = picture;
    exchange.world.save_group(&id);
    Some(jid.clone())
}

/// Tells the account's other devices and everybody who has to do with it; says who that is.
fn tell_acquaintances(exchange: &mut Exchange<'_>, kind: &'static str, from: &Jid, change: &Node) -> BTreeSet<String> {
    let Some(account) = exchange.account() else {
        return BTreeSet::new();
    };
    let mut told: BTreeSet<String> = account
        .watchers
        .iter()
        .chain(&account.contacts)
        .filter(|number| !account.blocked.contains(*number))
        .cloned()
        .collect();
    told.insert(account.info.number.clone());
    for number in &told {
        let id = exchange.world.new_id();
        let notification = stanza::notification(kind, from.clone(), id).children([change.clone()]).build();
        exchange.world.queue_for_account(number, notification, None);
    }
    told
}

/// A line about a person is shown to all who have the number in their address book. The network does
/// not know these, and takes it that whoever is there now has it.
fn tell_others_present(exchange: &mut Exchange<'_>, told: &BTreeSet<String>, from: &Jid, change: &Node) {
    let id = exchange.world.new_id();
    let notification = stanza::notification("status", from.clone(), id).children([change.clone()]).build();
    let Some(account) = exchange.account() else {
        return;
    };
    let others = exchange.world.accounts.values().filter(|other| {
        let number = &other.info.number;
        !told.contains(number) && !account.blocked.contains(number)
    });
    for link in others.flat_map(Account::present) {
        link.send(notification.clone());
    }
}

fn tell_group(exchange: &mut Exchange<'_>, jid: &Jid, change: &Node) {
    let Some(group) = exchange.world.groups.get(jid.user.as_str()) else {
        return;
    };
    let members: Vec<String> = group.members.keys().cloned().collect();
    for number in members {
        let id = exchange.world.new_id();
        let notification = stanza::notification("picture", jid.clone(), id).children([change.clone()]).build();
        exchange.world.queue_for_account(&number, notification, None);
    }
}
