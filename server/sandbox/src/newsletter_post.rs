//! Posting in a channel, changing what was posted, and reacting to it. Followers get posts as
//! messages; who watches a channel also gets its counts as they change.

use std::sync::Arc;
use std::time::Duration;

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};

use crate::ambient;
use crate::device::DeviceAddress;
use crate::network::Exchange;
use crate::newsletter::{Newsletter, Post};
use crate::stanza;
use crate::world::World;

/// How long somebody who asked for live updates gets them.
pub(crate) const LIVE: Duration = Duration::from_secs(300);

/// Devices that may watch one channel live.
const MOST_WATCHERS: usize = 10_000;

/// The largest body of a post.
const LARGEST_BODY: usize = 1 << 20;

/// The longest id and the longest type of a post.
const LONGEST_ID: usize = 128;

/// The longest reaction, in bytes: emoji with all their modifiers.
const LONGEST_REACTION: usize = 64;

/// `edit` of a stanza that replaces a post's body.
const EDIT: &str = "3";

/// `edit` of a stanza that takes a post back.
const REVOKE: &str = "8";

/// Why a post is not taken: the code of its negative acknowledgement.
type Refused = u16;

const MALFORMED: Refused = 479;
const FORBIDDEN: Refused = 403;
const NOT_FOUND: Refused = 404;
const UNAVAILABLE: Refused = 503;

/// `<message to="…@newsletter" type id><plaintext/></message>`
pub(crate) fn receive(exchange: &mut Exchange<'_>, node: &Node) {
    let ack = stanza::ack("message", node).attr("t", ambient::seconds());
    match take(exchange, node) {
        Ok(server_id) => exchange.reply(ack.attr("server_id", server_id).build()),
        Err(code) => exchange.reply(ack.attr("error", code).build()),
    }
}

fn take(exchange: &mut Exchange<'_>, node: &Node) -> Result<u64, Refused> {
    let to = stanza::jid(node, "to").ok_or(MALFORMED)?;
    if !(1..=LONGEST_ID).contains(&stanza::text(node, "id").len()) || stanza::text(node, "type").len() > LONGEST_ID {
        return Err(MALFORMED);
    }
    if let Some(code) = exchange.network.faults().take_nack(&exchange.from.number) {
        return Err(code);
    }
    let newsletter = exchange.world.newsletters.get(to.user.as_str()).ok_or(NOT_FOUND)?;
    let is_admin = newsletter.is_admin(&exchange.from.number);
    let server_id = match (stanza::text(node, "type").as_str(), stanza::text(node, "edit").as_str()) {
        ("reaction", _) => react(exchange, node, &to)?,
        _ if !is_admin => return Err(FORBIDDEN),
        (_, EDIT) => change(exchange, node, &to, true)?,
        (_, REVOKE) => change(exchange, node, &to, false)?,
        (kind, _) => post(exchange, node, &to, kind)?,
    };
    if !exchange.world.journal.is_sound() {
        return Err(UNAVAILABLE);
    }
    Ok(server_id)
}

fn post(exchange: &mut Exchange<'_>, node: &Node, to: &Jid, kind: &str) -> Result<u64, Refused> {
    let body = read_body(node)?;
    let id = stanza::text(node, "id");
    let author = exchange.from.number.clone();
    let newsletter = exchange.world.newsletters.get_mut(to.user.as_str()).ok_or(NOT_FOUND)?;
    // A client that was not answered says it again.
    if let Some(known) = newsletter.post_by_id(&id) {
        return Ok(known.server_id);
    }
    newsletter.last_server_id += 1;
    let server_id = newsletter.last_server_id;
    let post = Post {
        server_id,
        id,
        author,
        at: ambient::seconds(),
        kind: kind.to_owned(),
        media_type: media_type(node),
        body,
        edited_at: None,
        reactions: Default::default(),
    };
    newsletter.posts.insert(server_id, post);
    exchange.world.save_newsletter(to.user.as_str());
    exchange.world.save_post(to.user.as_str(), server_id);
    exchange.world.forget_oldest_post(to.user.as_str());
    deliver(exchange, to, server_id, None);
    Ok(server_id)
}

/// Replaces the body of a post, or takes the post back.
fn change(exchange: &mut Exchange<'_>, node: &Node, to: &Jid, is_edit: bool) -> Result<u64, Refused> {
    let body = if is_edit { read_body(node)? } else { Vec::new() };
    let newsletter = exchange.world.newsletters.get_mut(to.user.as_str()).ok_or(NOT_FOUND)?;
    let server_id = newsletter.post_by_id(&stanza::text(node, "id")).map(|post| post.server_id).ok_or(NOT_FOUND)?;
    let post = newsletter.posts.get_mut(&server_id).ok_or(NOT_FOUND)?;
    post.body = body;
    post.edited_at = Some(ambient::seconds());
    if is_edit {
        post.kind = stanza::text(node, "type");
        post.media_type = media_type(node);
    }
    exchange.world.save_post(to.user.as_str(), server_id);
    deliver(exchange, to, server_id, Some(if is_edit { EDIT } else { REVOKE }));
    tell_live(exchange.world, to, server_id);
    Ok(server_id)
}

/// `<message type="reaction" server_id><reaction code/></message>`; no code takes it back.
fn react(exchange: &mut Exchange<'_>, node: &Node, to: &Jid) -> Result<u64, Refused> {
    let server_id: u64 = stanza::number(node, "server_id").ok_or(MALFORMED)?;
    let code = node.get_optional_child("reaction").map(|reaction| stanza::text(reaction, "code")).unwrap_or_default();
    if code.len() > LONGEST_REACTION {
        return Err(MALFORMED);
    }
    let newsletter = exchange.world.newsletters.get_mut(to.user.as_str()).ok_or(NOT_FOUND)?;
    let post = newsletter.posts.get_mut(&server_id).filter(|post| !post.body.is_empty()).ok_or(NOT_FOUND)?;
    if code.is_empty() {
        post.reactions.remove(&exchange.from.number);
    } else {
        post.reactions.insert(exchange.from.number.clone(), code);
    }
    exchange.world.save_post(to.user.as_str(), server_id);
    tell_live(exchange.world, to, server_id);
    Ok(server_id)
}

/// Sends a post to every follower's devices, save the one it came from.
fn deliver(exchange: &mut Exchange<'_>, to: &Jid, server_id: u64, edit: Option<&'static str>) {
    let Some(newsletter) = exchange.world.newsletters.get(to.user.as_str()) else {
        return;
    };
    let Some(post) = newsletter.posts.get(&server_id) else {
        return;
    };
    let message = |is_own: bool| {
        let mut message = post_head("message", post).attr("from", to);
        if is_own {
            message = message.attr("is_sender", true);
        }
        if let Some(edit) = edit {
            message = message.attr("edit", edit);
        }
        message.children([plaintext(post)]).build()
    };
    let (to_author, to_others) = (message(true), Arc::new(message(false)));
    let author = post.author.clone();
    let followers: Vec<String> = newsletter.followers.keys().filter(|number| **number != author).cloned().collect();
    for follower in followers {
        for address in exchange.world.devices_of(&follower) {
            if address != *exchange.from {
                exchange.world.queue(&address, &to_others);
            }
        }
    }
    exchange.world.queue_for_account(&author, to_author, Some(exchange.from));
}

/// Asks for live updates: from now on, for a while.
pub(crate) fn watch(world: &mut World, newsletter: &str, device: &DeviceAddress) {
    let now = ambient::now();
    let watchers = world.newsletter_watchers.entry(newsletter.to_owned()).or_default();
    watchers.retain(|_, until| *until > now);
    if watchers.len() < MOST_WATCHERS {
        watchers.insert(device.clone(), now + LIVE);
    }
}

/// `<notification type="newsletter"><live_updates><messages><message server_id/>…`
fn tell_live(world: &mut World, to: &Jid, server_id: u64) {
    let now = ambient::now();
    let Some(watchers) = world.newsletter_watchers.get(to.user.as_str()) else {
        return;
    };
    let watchers: Vec<DeviceAddress> =
        watchers.iter().filter(|(_, until)| **until > now).map(|(address, _)| address.clone()).collect();
    let Some(post) = world.newsletters.get(to.user.as_str()).and_then(|newsletter| newsletter.posts.get(&server_id))
    else {
        return;
    };
    let message = post_head("message", post).children([reactions(post)]).build();
    let messages = NodeBuilder::new("messages").attr("jid", to).attr("t", ambient::seconds()).children([message]);
    let updates = NodeBuilder::new("live_updates").children([messages.build()]).build();
    for watcher in watchers {
        let id = world.new_id();
        let notification = stanza::notification("newsletter", to.clone(), id).children([updates.clone()]).build();
        world.queue(&watcher, &Arc::new(notification));
    }
}

/// A post as it stands in the history: `<message id server_id t type><plaintext/><reactions/></message>`.
pub(crate) fn in_history(newsletter: &Newsletter, post: &Post, reader: &str) -> Node {
    let mut message = post_head("message", post);
    if post.author == reader && newsletter.is_admin(reader) {
        message = message.attr("is_sender", true);
    }
    let mut children = Vec::new();
    if !post.body.is_empty() {
        children.push(plaintext(post));
    }
    children.push(reactions(post));
    message.children(children).build()
}

fn post_head(tag: &'static str, post: &Post) -> NodeBuilder {
    let mut head = NodeBuilder::new(tag)
        .attr("id", &post.id)
        .attr("t", post.at)
        .attr("type", &post.kind)
        .attr("server_id", post.server_id);
    if let Some(edited_at) = post.edited_at {
        head = head.attr("edit_t", edited_at);
    }
    head
}

fn plaintext(post: &Post) -> Node {
    let mut node = NodeBuilder::new("plaintext");
    if let Some(media_type) = &post.media_type {
        node = node.attr("mediatype", media_type);
    }
    node.bytes(post.body.as_slice()).build()
}

fn reactions(post: &Post) -> Node {
    let counts = post.reaction_counts().into_iter();
    let counts =
        counts.map(|(code, count)| NodeBuilder::new("reaction").attr("code", code).attr("count", count).build());
    NodeBuilder::new("reactions").children(counts).build()
}

fn read_body(node: &Node) -> Result<Vec<u8>, Refused> {
    let body = stanza::child_content(node, "plaintext");
    if body.is_empty() || body.len() > LARGEST_BODY {
        return Err(MALFORMED);
    }
    Ok(body.to_vec())
}

fn media_type(node: &Node) -> Option<String> {
    let value = node.get_optional_child("plaintext")?.attrs.get("mediatype")?;
    Some(value.as_str().chars().take(40).collect())
}
