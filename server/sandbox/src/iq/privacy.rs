//! What an account lets others see, whom it blocks, how long its new chats last.

use std::collections::BTreeMap;

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};

use crate::ambient;
use crate::network::Exchange;
use crate::privacy_token;
use crate::stanza;

/// Categories and the value they have until the account says otherwise.
const CATEGORIES: [(&str, &str); 9] = [
    ("last", "all"),
    ("online", "all"),
    ("profile", "all"),
    ("status", "all"),
    ("groupadd", "all"),
    ("readreceipts", "all"),
    ("calladd", "all"),
    ("messages", "all"),
    ("defense", "off"),
];

const VALUES: [&str; 8] =
    ["all", "contacts", "none", "contact_blacklist", "match_last_seen", "known", "off", "on_standard"];

/// Numbers an account may block.
const MOST_BLOCKED: usize = 10_000;

pub(super) fn get(exchange: &Exchange<'_>, request: &Node) -> Node {
    let set = exchange.account().map(|account| &account.privacy);
    let categories = CATEGORIES.iter().map(|(name, default)| {
        let value = set.and_then(|set| set.get(*name)).map_or(*default, String::as_str);
        category(name, value)
    });
    let privacy = NodeBuilder::new("privacy").children(categories).build();
    stanza::result(request).children([privacy]).build()
}

pub(super) fn set(exchange: &mut Exchange<'_>, request: &Node) -> Node {
    if let Some(tokens) = request.get_optional_child("tokens") {
        pass_tokens_on(exchange, tokens);
        return stanza::result(request).build();
    }
    let mut wanted = BTreeMap::new();
    for change in stanza::grandchildren(request, "privacy") {
        let (name, value) = (stanza::text(change, "name"), stanza::text(change, "value"));
        let is_known = CATEGORIES.iter().any(|(known, _)| *known == name);
        if !is_known || !VALUES.contains(&value.as_str()) {
            return stanza::error(request, 400, "bad-request");
        }
        wanted.insert(name, value);
    }
    let answers: Vec<Node> = wanted.iter().map(|(name, value)| category(name, value)).collect();
    if let Some(account) = exchange.account_mut() {
        account.privacy.extend(wanted);
    }
    exchange.world.save_account(&exchange.from.number);
    let privacy = NodeBuilder::new("privacy").children(answers).build();
    stanza::result(request).children([privacy]).build()
}

pub(super) fn get_blocked(exchange: &Exchange<'_>, request: &Node) -> Node {
    stanza::result(request).children([list(exchange)]).build()
}

/// `<item jid action="block"/>`
pub(super) fn set_blocked(exchange: &mut Exchange<'_>, request: &Node) -> Node {
    let Some(item) = request.get_optional_child("item") else {
        return stanza::error(request, 400, "bad-request");
    };
    let Some(number) = stanza::jid(item, "jid")
        .and_then(|jid| exchange.world.number_of(&jid).map(str::to_owned))
        .filter(|number| *number != exchange.from.number)
    else {
        return stanza::error(request, 404, "item-not-found");
    };
    let is_block = stanza::is(item, "action", "block");
    let Some(account) = exchange.account_mut() else {
        return stanza::error(request, 500, "internal-server-error");
    };
    if is_block && account.blocked.len() >= MOST_BLOCKED {
        return stanza::error(request, 406, "not-acceptable");
    }
    if is_block {
        account.blocked.insert(number);
    } else {
        account.blocked.remove(&number);
    }
    let own = account.number_jid(0);
    exchange.world.save_account(&exchange.from.number);
    let id = exchange.world.new_id();
    let notification = stanza::notification("account_sync", own, id)
        .children([NodeBuilder::new("blocklist").children([item.clone()]).build()])
        .build();
    let account = exchange.from.number.clone();
    exchange.world.queue_for_account(&account, notification, Some(exchange.from));
    stanza::result(request).children([list(exchange)]).build()
}

pub(super) fn set_disappearing(exchange: &mut Exchange<'_>, request: &Node) -> Node {
    let Some(duration) =
        request.get_optional_child("disappearing_mode").and_then(|mode| stanza::number(mode, "duration"))
    else {
        return stanza::error(request, 400, "bad-request");
    };
    if let Some(account) = exchange.account_mut() {
        account.disappearing = (duration, ambient::seconds());
    }
    exchange.world.save_account(&exchange.from.number);
    stanza::result(request).build()
}

/// A token by which the other one may write to this account. It is handed to them at once.
fn pass_tokens_on(exchange: &mut Exchange<'_>, tokens: &Node) {
    let Some(sender) = exchange.account() else {
        return;
    };
    let (from, lid) = (sender.number_jid(0), sender.lid_jid(0));
    for asked in stanza::children(tokens).iter().take(100) {
        let Some(number) = stanza::jid(asked, "jid").and_then(|jid| exchange.world.number_of(&jid).map(str::to_owned))
        else {
            continue;
        };
        let Some(token) = exchange.account().map(|issuer| privacy_token::trust_token(issuer, &number)) else {
            continue;
        };
        let token = NodeBuilder::new("token")
            .attr("type", "trusted_contact")
            .attr("t", stanza::text(asked, "t"))
            .bytes(token)
            .build();
        let id = exchange.world.new_id();
        let notification = stanza::notification("privacy_token", from.clone(), id)
            .attr("sender_lid", lid.clone())
            .children([NodeBuilder::new("tokens").children([token]).build()])
            .build();
        exchange.world.queue_for_account(&number, notification, None);
    }
}

fn list(exchange: &Exchange<'_>) -> Node {
    let blocked =
        exchange.account().map(|account| account.blocked.iter().cloned().collect::<Vec<_>>()).unwrap_or_default();
    let items = blocked.iter().map(|number| NodeBuilder::new("item").attr("jid", Jid::pn(number.as_str())).build());
    NodeBuilder::new("list").children(items).build()
}

fn category(name: &str, value: &str) -> Node {
    NodeBuilder::new("category").attr("name", name).attr("value", value).build()
}
