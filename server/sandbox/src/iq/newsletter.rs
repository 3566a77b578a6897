//! Reading channels: their history and their counts as they change. What is known of a channel
//! itself is asked by `mex`.

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Node, Server};

use crate::ambient;
use crate::network::Exchange;
use crate::newsletter::Newsletter;
use crate::newsletter_post::{self, LIVE};
use crate::stanza;

/// Posts in one answer.
const MOST_AT_ONCE: usize = 300;

/// `<messages count before/>`, `<message_updates count since/>`, `<my_addons/>`
pub(super) fn get(exchange: &Exchange<'_>, request: &Node) -> Node {
    let Some(asked) = stanza::children(request).first() else {
        return stanza::error(request, 400, "bad-request");
    };
    if asked.tag == "my_addons" {
        return stanza::result(request).children([NodeBuilder::new("my_addons").build()]).build();
    }
    let Some(newsletter) = find(exchange, request, asked) else {
        return stanza::error(request, 404, "item-not-found");
    };
    match asked.tag.as_ref() {
        "messages" => stanza::result(request).children([messages(exchange, newsletter, asked)]).build(),
        "message_updates" => {
            let updates = NodeBuilder::new("message_updates").children([messages(exchange, newsletter, asked)]);
            stanza::result(request).children([updates.build()]).build()
        }
        _ => stanza::error(request, 501, "feature-not-implemented"),
    }
}

/// `<live_updates/>`
pub(super) fn set(exchange: &mut Exchange<'_>, request: &Node) -> Node {
    let Some(id) = stanza::jid(request, "to").map(|to| to.user.to_string()) else {
        return stanza::error(request, 400, "bad-request");
    };
    if request.get_optional_child("live_updates").is_none() {
        return stanza::error(request, 501, "feature-not-implemented");
    }
    if !exchange.world.newsletters.contains_key(&id) {
        return stanza::error(request, 404, "item-not-found");
    }
    newsletter_post::watch(exchange.world, &id, exchange.from);
    let live = NodeBuilder::new("live_updates").attr("duration", LIVE.as_secs()).build();
    stanza::result(request).children([live]).build()
}

/// The channel a request goes to; some clients name it inside, by its JID or its invite code.
fn find<'a>(exchange: &'a Exchange<'_>, request: &Node, asked: &Node) -> Option<&'a Newsletter> {
    let named =
        stanza::jid(request, "to").filter(|to| to.server == Server::Newsletter).or_else(|| stanza::jid(asked, "jid"));
    match named {
        Some(jid) => exchange.world.newsletters.get(jid.user.as_str()),
        None => {
            let code = stanza::text(asked, "key");
            exchange.world.newsletters.values().find(|newsletter| newsletter.invite_code == code)
        }
    }
}

/// `<messages jid t><message/>…</messages>`, oldest first.
fn messages(exchange: &Exchange<'_>, newsletter: &Newsletter, asked: &Node) -> Node {
    let count = stanza::number(asked, "count").unwrap_or(MOST_AT_ONCE).min(MOST_AT_ONCE);
    let before: u64 = stanza::number(asked, "before").unwrap_or(u64::MAX);
    let after: u64 = stanza::number(asked, "after").unwrap_or(0);
    let since: u64 = stanza::number(asked, "since").unwrap_or(0);
    let mut posts: Vec<_> = newsletter
        .posts
        .values()
        .rev()
        .filter(|post| post.server_id < before && post.server_id > after)
        .filter(|post| post.edited_at.unwrap_or(post.at) >= since)
        .take(count)
        .collect();
    posts.reverse();
    let reader = &exchange.from.number;
    NodeBuilder::new("messages")
        .attr("jid", newsletter.jid())
        .attr("t", ambient::seconds())
        .children(posts.into_iter().map(|post| newsletter_post::in_history(newsletter, post, reader)))
        .build()
}
