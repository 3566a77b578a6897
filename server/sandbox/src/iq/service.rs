//! What the network tells every client about itself: where media is, how it is configured.

use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use crate::network::Exchange;
use crate::stanza;

/// How long a client may use what it was told, in seconds.
const LIFETIME: u32 = 3_600;

/// `<media_conn auth ttl><host hostname/></media_conn>`
pub(super) fn media_connection(exchange: &Exchange<'_>, request: &Node) -> Node {
    let host = NodeBuilder::new("host").attr("hostname", exchange.network.media_host()).attr("type", "primary").build();
    let connection = NodeBuilder::new("media_conn")
        .attr("auth", "sandbox")
        .attr("ttl", LIFETIME)
        .attr("auth_ttl", LIFETIME)
        .attr("max_buckets", 12)
        .children([host])
        .build();
    stanza::result(request).children([connection]).build()
}

/// `<props><prop config_code config_value/></props>`: what differs from what clients assume.
pub(super) fn properties(exchange: &Exchange<'_>, request: &Node) -> Node {
    let codes = exchange.account().map(|account| account.scenario.properties()).unwrap_or_default();
    let hash = codes.iter().map(u32::to_string).collect::<Vec<_>>().join("-");
    let switched_on =
        codes.iter().map(|code| NodeBuilder::new("prop").attr("config_code", *code).attr("config_value", "1").build());
    let properties = NodeBuilder::new("props")
        .attr("protocol", 1)
        .attr("hash", hash)
        .attr("refresh", 24 * LIFETIME)
        .children(switched_on)
        .build();
    stanza::result(request).children([properties]).build()
}
