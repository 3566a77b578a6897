//! Requests: `<iq id type xmlns>`, each answered by a result or an error under the same id. One
//! file per family of namespaces.

mod app_state;
mod business;
mod community;
mod community_view;
mod encrypt;
mod group_edit;
mod group_view;
mod groups;
mod mex;
mod newsletter;
mod newsletter_edit;
mod newsletter_view;
mod privacy;
mod profile;
mod service;
mod usync;

use wacore_binary::Node;

use crate::login;
use crate::network::Exchange;
use crate::stanza;

/// Answers a request. Answers to the network's own requests need nothing.
pub(crate) fn receive(exchange: &mut Exchange<'_>, request: &Node) {
    let is_set = match stanza::text(request, "type").as_str() {
        "get" => false,
        "set" => true,
        _ => return,
    };
    let answer = match (stanza::text(request, "xmlns").as_str(), is_set) {
        ("passive", true) => return login::set_passive(exchange, request),
        ("md", true) => return login::remove_companion(exchange, request),
        ("encrypt", true) => encrypt::set(exchange, request),
        ("encrypt", false) => encrypt::get(exchange, request),
        ("usync", false) => usync::get(exchange, request),
        ("w:g2", true) => groups::set(exchange, request),
        ("w:g2", false) => groups::get(exchange, request),
        ("w:sync:app:state", true) => app_state::sync(exchange, request),
        ("privacy", true) => privacy::set(exchange, request),
        ("privacy", false) => privacy::get(exchange, request),
        ("blocklist", true) => privacy::set_blocked(exchange, request),
        ("blocklist", false) => privacy::get_blocked(exchange, request),
        ("disappearing_mode", true) => privacy::set_disappearing(exchange, request),
        ("status", true) => profile::set_about(exchange, request),
        ("w:profile:picture", true) => profile::set_picture(exchange, request),
        ("w:profile:picture", false) => profile::get_picture(exchange, request),
        ("w:biz", false) => business::profile(exchange, request),
        ("w:biz:catalog", false) => business::catalog(exchange, request),
        ("w:m", _) => service::media_connection(exchange, request),
        ("w:mex", _) => mex::answer(exchange, request),
        ("newsletter", true) => newsletter::set(exchange, request),
        ("newsletter", false) => newsletter::get(exchange, request),
        ("abt" | "w", false) => service::properties(exchange, request),
        ("w:p" | "urn:xmpp:ping" | "urn:xmpp:whatsapp:dirty" | "spam" | "w:stats", _) => {
            stanza::result(request).build()
        }
        (namespace, _) => {
            tracing::debug!(
                device = %exchange.from,
                iq.namespace = namespace,
                "a request nobody here answers"
            );
            stanza::error(request, 501, "feature-not-implemented")
        }
    };
    exchange.reply(answer);
}
