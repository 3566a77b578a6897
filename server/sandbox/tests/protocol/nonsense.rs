//! Clients that say anything at all: they harm nobody but themselves.

use openwa_sandbox::account::PrimaryKeys;
use openwa_sandbox::network::{Network, PrimaryLink, Settings};
use whatsapp_rust::NodeBuilder;
use whatsapp_rust::bytes::Bytes;
use whatsapp_rust::transport::{TokioWebSocketTransportFactory, TransportEvent, TransportFactory};
use whatsapp_rust::wacore_binary::{Jid, Node};

use crate::harness::Sandbox;

const NAMESPACES: [&str; 16] = [
    "encrypt",
    "usync",
    "w:g2",
    "w:sync:app:state",
    "privacy",
    "blocklist",
    "disappearing_mode",
    "status",
    "w:profile:picture",
    "w:m",
    "abt",
    "w:p",
    "passive",
    "md",
    "spam",
    "no:such:namespace",
];

const CHILDREN: [&str; 34] = [
    "key",
    "identity",
    "count",
    "digest",
    "rotate",
    "list",
    "skey",
    "usync",
    "create",
    "leave",
    "query",
    "participating",
    "invite",
    "add",
    "remove",
    "promote",
    "demote",
    "subject",
    "description",
    "ephemeral",
    "member_add_mode",
    "membership_approval_mode",
    "membership_requests_action",
    "membership_approval_requests",
    "sync",
    "privacy",
    "tokens",
    "item",
    "disappearing_mode",
    "status",
    "picture",
    "active",
    "remove-companion-device",
    "nothing",
];

/// What may stand inside: nothing, bytes that are no text, and a tree of the same.
fn contents(group: &Jid) -> Vec<Node> {
    let leaf = || {
        NodeBuilder::new("participant")
            .attr("jid", group)
            .attr("name", "critical_block")
            .attr("version", "-1")
            .attr("expiration", "x")
            .bytes(vec![0xff, 0xfe])
            .build()
    };
    vec![
        NodeBuilder::new("x").build(),
        NodeBuilder::new("x").bytes(vec![0xff; 100]).build(),
        NodeBuilder::new("x").children([leaf(), NodeBuilder::new("list").children([leaf()]).build()]).build(),
    ]
}

async fn answer_to(link: &mut PrimaryLink, id: &str) -> Node {
    loop {
        let node = link.recv().await.expect("the link is up");
        if node.tag == "iq" && node.attrs.get("id").is_some_and(|found| found.as_str() == id) {
            return node;
        }
    }
}

#[tokio::test]
async fn every_request_is_answered_however_malformed() {
    let network = Network::new(Settings::default()).unwrap();
    let account = network.create_account("Alice", None, PrimaryKeys::generate()).unwrap();
    let mut link = network.attach_primary(&account.number).unwrap();
    let group = Jid::group("12036300000000000000");
    let mut count = 0;
    for namespace in NAMESPACES {
        for kind in ["get", "set"] {
            for tag in CHILDREN {
                for content in contents(&group) {
                    count += 1;
                    let id = format!("n{count}");
                    let mut child = Node { tag: tag.into(), ..content };
                    child.attrs.insert("id", "no id");
                    let request = NodeBuilder::new("iq")
                        .attr("id", id.as_str())
                        .attr("xmlns", namespace)
                        .attr("type", kind)
                        .attr("to", &group)
                        .children([child])
                        .build();
                    link.send(request);
                    answer_to(&mut link, &id).await;
                }
            }
        }
    }
}

#[tokio::test]
async fn stanzas_without_sense_are_survived() {
    let network = Network::new(Settings::default()).unwrap();
    let account = network.create_account("Alice", None, PrimaryKeys::generate()).unwrap();
    let mut link = network.attach_primary(&account.number).unwrap();
    let group = Jid::group("1");
    for tag in ["message", "receipt", "ack", "presence", "chatstate", "ib", "call", "success", "nothing"] {
        for content in contents(&group) {
            for to in ["", "1@g.us", "status@broadcast", "19990001111@s.whatsapp.net", "@@@", &account.number] {
                let mut stanza = Node { tag: tag.into(), ..content.clone() };
                for (key, value) in [("to", to), ("participant", to), ("id", "7"), ("type", "retry")] {
                    stanza.attrs.insert(key, value);
                }
                link.send(stanza);
            }
        }
    }
    link.send(NodeBuilder::new("iq").attr("id", "end").attr("type", "get").attr("xmlns", "w:p").build());
    answer_to(&mut link, "end").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_speaks_something_else_is_closed() {
    let sandbox = Sandbox::start().await;
    let url = sandbox.url();
    for opening in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"WA\x06\x03\0\0\x05hello", b"ED\0\x01\xff\xff\xff"] {
        let factory = TokioWebSocketTransportFactory::new().with_url(url.as_str());
        let (transport, events) = factory.create_transport().await.unwrap();
        transport.send(Bytes::copy_from_slice(opening)).await.unwrap();
        loop {
            if let TransportEvent::Disconnected(_) = events.recv().await.unwrap() {
                break;
            }
        }
    }
}
