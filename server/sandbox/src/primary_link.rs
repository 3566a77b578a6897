//! The way of a phone to the network: as a client's socket, but within the process.

use std::sync::Arc;

use wacore_binary::Node;

use crate::device::DeviceAddress;
use crate::link::{Link, LinkReader};
use crate::network::Network;

/// The way of a phone to the network. Dropping it takes the phone off line.
pub struct PrimaryLink {
    network: Network,
    address: DeviceAddress,
    link: Link,
    reader: LinkReader,
}

impl PrimaryLink {
    pub(crate) fn new(network: Network, address: DeviceAddress, link: Link, reader: LinkReader) -> Self {
        Self { network, address, link, reader }
    }

    /// The next stanza for the phone. Nothing when the phone was put on line anew or fell too far
    /// behind; what it has not acknowledged waits for its next link.
    pub async fn recv(&mut self) -> Option<Node> {
        let node = self.reader.recv().await?;
        Some(Arc::unwrap_or_clone(node))
    }

    /// Sends a stanza. Answers to requests come back through [`recv`](Self::recv) with their id.
    pub fn send(&self, node: Node) {
        self.network.receive(&self.address, &self.link, node);
    }
}

impl Drop for PrimaryLink {
    fn drop(&mut self) {
        self.network.detach(&self.address, &self.link);
    }
}
