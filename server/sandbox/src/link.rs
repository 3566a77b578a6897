//! The way from the network to one client: a bounded queue of stanzas and a way to cut it off.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use wacore_binary::Node;

/// Stanzas that may wait for a client to read. Who falls further behind is cut off, and finds what
/// was queued for it when it comes back.
const CAPACITY: usize = 16_384;

/// What is written to a client.
pub(crate) enum Outbound {
    Stanza(Arc<Node>),
    /// Everything before this is written, then the link ends.
    End,
}

/// The sending half, kept by the network.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    /// Tells this link from an earlier one of the same device.
    pub(crate) id: u64,
    sender: mpsc::Sender<Outbound>,
    cut: CancellationToken,
}

impl Link {
    pub(crate) fn new(id: u64) -> (Self, LinkReader) {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        let cut = CancellationToken::new();
        let link = Self { id, sender, cut: cut.clone() };
        (link, LinkReader { receiver, cut })
    }

    pub(crate) fn send(&self, node: Node) {
        self.send_shared(Arc::new(node));
    }

    pub(crate) fn send_shared(&self, node: Arc<Node>) {
        self.push(Outbound::Stanza(node));
    }

    /// Ends the link after what was sent so far.
    pub(crate) fn end(&self) {
        self.push(Outbound::End);
    }

    /// Ends the link at once.
    pub(crate) fn cut(&self) {
        self.cut.cancel();
    }

    fn push(&self, outbound: Outbound) {
        if let Err(mpsc::error::TrySendError::Full(_)) = self.sender.try_send(outbound) {
            tracing::warn!(link.id = self.id, "a client reads too slowly and is cut off");
            self.cut.cancel();
        }
    }
}

/// The receiving half, kept by whoever writes to the client.
pub(crate) struct LinkReader {
    receiver: mpsc::Receiver<Outbound>,
    cut: CancellationToken,
}

impl LinkReader {
    /// The next stanza; nothing when the link has ended or was cut.
    pub(crate) async fn recv(&mut self) -> Option<Arc<Node>> {
        let outbound = tokio::select! {
            biased;
            () = self.cut.cancelled() => None,
            outbound = self.receiver.recv() => outbound,
        };
        match outbound? {
            Outbound::Stanza(node) => Some(node),
            Outbound::End => {
                self.receiver.close();
                self.cut.cancel();
                None
            }
        }
    }

    /// A further stanza that is already there.
    pub(crate) fn try_recv(&mut self) -> Option<Outbound> {
        self.receiver.try_recv().ok()
    }

    pub(crate) fn token(&self) -> CancellationToken {
        self.cut.clone()
    }
}
