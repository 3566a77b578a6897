//! Asking about people: who has an account, which devices, which LID, what they say of themselves.

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};

use crate::ambient;
use crate::network::Exchange;
use crate::roster;
use crate::stanza;

/// People one request may ask about.
const MOST_USERS: usize = 10_000;

/// `<usync sid mode context><query/><list><user jid/></list></usync>`
pub(super) fn get(exchange: &mut Exchange<'_>, request: &Node) -> Node {
    let Some(usync) = request.get_optional_child("usync") else {
        return stanza::error(request, 400, "bad-request");
    };
    let protocols: Vec<String> =
        stanza::grandchildren(usync, "query").iter().map(|protocol| protocol.tag.to_string()).take(20).collect();
    let users: Vec<Node> = stanza::grandchildren(usync, "list")
        .iter()
        .take(MOST_USERS)
        .filter_map(|user| answer_user(exchange, &protocols, user))
        .collect();
    let results = protocols.iter().map(|protocol| NodeBuilder::new_dynamic(protocol.clone()).build());
    let answer = NodeBuilder::new("usync")
        .attr("sid", stanza::text(usync, "sid"))
        .attr("index", 0)
        .attr("last", true)
        .attr("mode", stanza::text(usync, "mode"))
        .attr("context", stanza::text(usync, "context"))
        .children([
            NodeBuilder::new("result").children(results).build(),
            NodeBuilder::new("list").children(users).build(),
        ])
        .build();
    stanza::result(request).children([answer]).build()
}

fn answer_user(exchange: &mut Exchange<'_>, protocols: &[String], user: &Node) -> Option<Node> {
    let jid = stanza::jid(user, "jid");
    let contact = user
        .get_optional_child("contact")
        .and_then(|contact| contact.content_as_string())
        .map(|contact| contact.to_string());
    let digits = contact.as_deref().map(|contact| contact.trim_start_matches('+').to_owned());
    let number = match (&jid, &digits) {
        (Some(jid), _) => exchange.world.number_of(jid).map(str::to_owned),
        (None, Some(digits)) => exchange.world.accounts.contains_key(digits).then(|| digits.clone()),
        (None, None) => None,
    };
    let Some(number) = number else {
        // Only those who were asked for by their number can be said to be missing.
        return digits.map(|digits| missing(&digits, contact.as_deref().unwrap_or_default()));
    };
    let asked = jid.unwrap_or_else(|| Jid::pn(number.as_str())).to_non_ad();
    let mut children = Vec::new();
    for protocol in protocols {
        children.extend(answer_protocol(exchange, &number, protocol, contact.as_deref()));
    }
    let mut answer = NodeBuilder::new("user").attr("jid", &asked);
    if asked.server.is_lid_family() {
        answer = answer.attr("pn_jid", Jid::pn(number.as_str()));
    }
    Some(answer.children(children).build())
}

fn answer_protocol(exchange: &mut Exchange<'_>, number: &str, protocol: &str, contact: Option<&str>) -> Option<Node> {
    if protocol == "devices" {
        roster::watch(exchange.world, number, &exchange.from.number);
        return Some(roster::devices_node(exchange.world.accounts.get_mut(number)?));
    }
    let account = exchange.world.accounts.get(number)?;
    let is_visible = |category: &str| {
        number == exchange.from.number || account.privacy.get(category).is_none_or(|who| who != "none")
    };
    Some(match protocol {
        "contact" => {
            let mut node = NodeBuilder::new("contact").attr("type", "in");
            if let Some(contact) = contact {
                node = node.string_content(contact);
            }
            node.build()
        }
        "lid" => NodeBuilder::new("lid").attr("val", account.lid_jid(0)).build(),
        "status" if is_visible("status") => {
            NodeBuilder::new("status").attr("t", account.about.set_at).bytes(account.about.text.as_bytes()).build()
        }
        "status" => refused("status", 401),
        "picture" => match &account.picture {
            Some(picture) if is_visible("profile") => NodeBuilder::new("picture").attr("id", &picture.id).build(),
            _ => refused("picture", 404),
        },
        "business" => super::business::certificate(account.business.as_ref()?),
        "disappearing_mode" => {
            let (duration, set_at) = account.disappearing;
            NodeBuilder::new("disappearing_mode").attr("duration", duration).attr("t", set_at).build()
        }
        _ => return None,
    })
}

/// What the account does not have or does not show.
fn refused(protocol: &'static str, code: u16) -> Node {
    let error = NodeBuilder::new("error").attr("code", code).build();
    NodeBuilder::new(protocol).children([error]).build()
}

/// A number without an account.
fn missing(digits: &str, asked: &str) -> Node {
    NodeBuilder::new("user")
        .attr("jid", Jid::pn(digits))
        .children([NodeBuilder::new("contact")
            .attr("type", "out")
            .attr("t", ambient::seconds())
            .string_content(asked)
            .build()])
        .build()
}
