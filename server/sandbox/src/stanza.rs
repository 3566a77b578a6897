//! Reading and making stanzas: the small vocabulary every handler shares.

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node, NodeContent, Server};

use crate::ambient;

/// An attribute as text; empty when it is missing.
pub(crate) fn text(node: &Node, key: &str) -> String {
    node.attrs.get(key).map(|value| value.as_str().into_owned()).unwrap_or_default()
}

/// Whether an attribute has this value.
pub(crate) fn is(node: &Node, key: &str, value: &str) -> bool {
    node.attrs.get(key).is_some_and(|found| found.as_str() == value)
}

/// An attribute as a JID.
pub(crate) fn jid(node: &Node, key: &str) -> Option<Jid> {
    node.attrs.get(key).and_then(|value| value.to_jid())
}

/// An attribute as a number.
pub(crate) fn number<T: std::str::FromStr>(node: &Node, key: &str) -> Option<T> {
    node.attrs.get(key)?.as_str().parse().ok()
}

/// The children, none when the content is something else.
pub(crate) fn children(node: &Node) -> &[Node] {
    node.children().unwrap_or_default()
}

/// The bytes a node carries.
pub(crate) fn content(node: &Node) -> &[u8] {
    match &node.content {
        Some(NodeContent::Bytes(bytes)) => bytes,
        Some(NodeContent::String(text)) => text.as_bytes(),
        _ => &[],
    }
}

/// The bytes a child carries, none when there is no such child.
pub(crate) fn child_content<'a>(node: &'a Node, tag: &str) -> &'a [u8] {
    node.get_optional_child(tag).map(content).unwrap_or_default()
}

/// The children of a child.
pub(crate) fn grandchildren<'a>(node: &'a Node, tag: &str) -> &'a [Node] {
    node.get_optional_child(tag).map(children).unwrap_or_default()
}

/// A big-endian number of up to four bytes, as registration and key ids are sent.
pub(crate) fn big_endian(bytes: &[u8]) -> Option<u32> {
    if bytes.is_empty() || bytes.len() > 4 {
        return None;
    }
    Some(bytes.iter().fold(0, |value, byte| (value << 8) | u32::from(*byte)))
}

/// The JID of the server itself.
pub(crate) fn server() -> Jid {
    Jid::new("", Server::Pn)
}

/// Takes an attribute out.
pub(crate) fn without(mut node: Node, key: &str) -> Node {
    node.attrs.0.retain(|(name, _)| name != key);
    node
}

/// `<iq type="result">` in answer to a request.
pub(crate) fn result(request: &Node) -> NodeBuilder {
    answer(request, "result")
}

/// `<iq type="error"><error code text/></iq>` in answer to a request.
pub(crate) fn error(request: &Node, code: u16, text: &'static str) -> Node {
    answer(request, "error").children([NodeBuilder::new("error").attr("code", code).attr("text", text).build()]).build()
}

fn answer(request: &Node, kind: &'static str) -> NodeBuilder {
    let from = jid(request, "to").unwrap_or_else(server);
    let mut answer = NodeBuilder::new("iq").attr("from", from).attr("type", kind);
    if let Some(id) = request.attrs.get("id") {
        answer = answer.attr("id", id.clone());
    }
    answer
}

/// `<ack class id to from/>` for a stanza that a client sent.
pub(crate) fn ack(class: &'static str, sent: &Node) -> NodeBuilder {
    let mut ack = NodeBuilder::new("ack").attr("class", class).attr("id", text(sent, "id"));
    if let Some(to) = sent.attrs.get("to") {
        ack = ack.attr("from", to.clone());
    }
    if let Some(participant) = sent.attrs.get("participant") {
        ack = ack.attr("participant", participant.clone());
    }
    ack
}

/// The head of a notification: `from`, `type`, `id`, `t`.
pub(crate) fn notification(kind: &'static str, from: Jid, id: String) -> NodeBuilder {
    NodeBuilder::new("notification").attr("from", from).attr("type", kind).attr("id", id).attr("t", ambient::seconds())
}

/// `<ib from="s.whatsapp.net">` around one child.
pub(crate) fn info(child: Node) -> Node {
    NodeBuilder::new("ib").attr("from", server()).children([child]).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_big_endian_numbers() {
        assert_eq!(big_endian(&[0, 0, 1]), Some(1));
        assert_eq!(big_endian(&[1, 0, 0, 0]), Some(1 << 24));
        assert_eq!(big_endian(&[]), None);
        assert_eq!(big_endian(&[0; 5]), None);
    }

    #[test]
    fn an_answer_comes_from_whom_the_request_went_to() {
        let request = NodeBuilder::new("iq").attr("id", "7").attr("to", Jid::group("12")).build();
        let answer = error(&request, 404, "item-not-found");
        assert_eq!(jid(&answer, "from"), Some(Jid::group("12")));
        assert_eq!(text(&answer, "id"), "7");
        assert!(is(&answer, "type", "error"));
    }
}
