//! One client's socket: WebSocket messages to frames to stanzas and back. A task reads, a task
//! writes; nothing is held that the peer could make grow without bound.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use poem::web::websocket::Message;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{timeout, timeout_at};
use wacore::framing::{FrameDecoder, encode_frame};
use wacore::handshake::NoiseCipher;
use wacore_binary::Node;

use crate::ambient;
use crate::device::DeviceAddress;
use crate::fault::{StanzaFaults, Strike};
use crate::handshake::{self, Answer, Established, HandshakeError};
use crate::link::{Link, LinkReader, Outbound};
use crate::linking;
use crate::login;
use crate::network::Network;

/// How long a client may take to get through the handshake.
const HANDSHAKE: Duration = Duration::from_secs(20);

/// How long a closing socket may take to take its last frames.
const FAREWELL: Duration = Duration::from_secs(5);

/// The largest frame a client may send before it is known.
const LARGEST_HANDSHAKE_FRAME: usize = 64 << 10;

/// How long a stanza that is to be swapped waits for its neighbour.
const NEIGHBOUR: Duration = Duration::from_millis(500);

/// Stanzas written with one flush.
const BATCH: usize = 64;

/// The largest WebSocket message a listener should let through.
pub const LARGEST_MESSAGE: usize = 17 << 20;

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("the client closed the socket")]
    Closed,
    #[error("the client said nothing for too long")]
    Silent,
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    #[error("a frame cannot be decrypted")]
    Undecryptable,
    #[error("a frame is malformed: {0}")]
    Malformed(#[from] wacore_binary::BinaryError),
    #[error("the socket failed: {0}")]
    Socket(#[from] io::Error),
    #[error("a stanza is too large for a frame")]
    TooLarge,
}

/// Serves one client until its socket closes. `socket` carries binary WebSocket messages; the
/// listener must have bounded them to [`LARGEST_MESSAGE`].
pub async fn serve<S>(network: Network, socket: S)
where
    S: Stream<Item = io::Result<Message>> + Sink<Message, Error = io::Error> + Send + 'static,
{
    let (sink, stream) = socket.split();
    if let Err(ended) = run(&network, sink, stream).await {
        tracing::debug!(reason = %ended, "a connection ended");
    }
}

/// Who is at the other end of an established connection.
enum Peer {
    /// A client that wants to be linked.
    Applicant,
    Device(DeviceAddress),
}

async fn run<W, R>(network: &Network, mut sink: W, stream: R) -> Result<(), Ended>
where
    W: Sink<Message, Error = io::Error> + Unpin + Send + 'static,
    R: Stream<Item = io::Result<Message>> + Unpin,
{
    let mut reader = FrameReader { stream, decoder: FrameDecoder::new() };
    let established =
        timeout(HANDSHAKE, shake_hands(network, &mut sink, &mut reader)).await.map_err(|_| Ended::Silent)??;
    let Established { incoming, outgoing, client_key, payload } = established;

    let strikes = network.faults().strikes();
    let (link, outbox) = Link::new(network.world().new_link_id());
    let peer = match payload.username {
        Some(_) => login::log_in(network, &link, &payload, &client_key).map(Peer::Device),
        None => linking::apply(network, &link, &payload, &client_key).then_some(Peer::Applicant),
    };
    let number = match &peer {
        Some(Peer::Device(address)) => Some(address.number.clone()),
        _ => None,
    };
    let cut = outbox.token();
    let mut writer = tokio::spawn(write(network.clone(), number, sink, outgoing, outbox));
    let outcome = match &peer {
        None => Ok(()),
        Some(peer) => {
            let reading = read(network, peer, &link, incoming, &mut reader);
            tokio::select! {
                outcome = reading => outcome,
                () = cut.cancelled() => Ok(()),
                () = struck(strikes, network, peer, &link) => Ok(()),
            }
        }
    };
    match &peer {
        Some(Peer::Device(address)) => network.detach(address, &link),
        Some(Peer::Applicant) => linking::withdraw(network, &link),
        None => {}
    }
    link.end();
    // A peer that reads nothing holds the writer up for good.
    if timeout(FAREWELL, &mut writer).await.is_err() {
        writer.abort();
    }
    outcome
}

async fn shake_hands<W, R>(network: &Network, sink: &mut W, reader: &mut FrameReader<R>) -> Result<Established, Ended>
where
    W: Sink<Message, Error = io::Error> + Unpin,
    R: Stream<Item = io::Result<Message>> + Unpin,
{
    let mut received = BytesMut::new();
    while handshake::take_header(&mut received)?.is_none() {
        received.extend_from_slice(&reader.message().await?);
        if received.len() > LARGEST_HANDSHAKE_FRAME {
            return Err(HandshakeError::NotWhatsApp.into());
        }
    }
    reader.decoder.feed(&received);
    let hello = reader.handshake_frame().await?;
    match handshake::answer(network.pki(), &hello)? {
        Answer::Done { reply, established } => {
            network.count_handshake(|count| count.resumed += 1);
            sink.send(framed(&reply)?).await?;
            Ok(*established)
        }
        Answer::Continue { reply, waiting } => {
            sink.send(framed(&reply)?).await?;
            let finish = reader.handshake_frame().await?;
            let is_fallback = waiting.is_fallback();
            let established = handshake::finish(*waiting, &finish)?;
            network.count_handshake(|count| match is_fallback {
                true => count.fallback += 1,
                false => count.full += 1,
            });
            Ok(established)
        }
    }
}

/// Takes stanzas from the client until the socket closes.
async fn read<R>(
    network: &Network,
    peer: &Peer,
    link: &Link,
    cipher: NoiseCipher,
    reader: &mut FrameReader<R>,
) -> Result<(), Ended>
where
    R: Stream<Item = io::Result<Message>> + Unpin,
{
    let silence = network.settings().silence;
    for counter in 0.. {
        let deadline = match peer {
            Peer::Device(_) => ambient::now() + silence,
            // An applicant may wait without a word for as long as one of its codes counts.
            Peer::Applicant => match linking::deadline(network, link) {
                Some(deadline) => deadline,
                None => return Ok(()),
            },
        };
        let mut frame = timeout_at(deadline, reader.frame()).await.map_err(|_| Ended::Silent)??;
        cipher.decrypt_in_place_with_counter(counter, &mut frame).map_err(|_| Ended::Undecryptable)?;
        let bytes = wacore_binary::util::unpack_bytes(frame)?;
        let node = wacore_binary::marshal::unmarshal_ref(&bytes)?.to_owned();
        tracing::trace!(link.id = link.id, stanza = %wacore::xml::DisplayableNode(&node), "received");
        match peer {
            Peer::Applicant => linking::receive(network, link, &node),
            Peer::Device(address) => network.receive(address, link, node),
        }
    }
    Ok(())
}

/// Returns when a fault strikes this client.
async fn struck(mut strikes: tokio::sync::broadcast::Receiver<Strike>, network: &Network, peer: &Peer, link: &Link) {
    let Peer::Device(address) = peer else {
        return std::future::pending().await;
    };
    loop {
        match strikes.recv().await {
            Ok(strike) if !strike.hits(&address.number) => {}
            Ok(Strike::Ban { .. }) => {
                login::send_away(network, address, link);
                return;
            }
            // A receiver that lags may have missed a strike that was meant for it.
            Ok(Strike::Drop { .. }) | Err(RecvError::Lagged(_)) => {
                link.cut();
                return;
            }
            Err(RecvError::Closed) => return std::future::pending().await,
        }
    }
}

/// Writes what the network sends, with whatever faults are switched on for the account.
async fn write<W>(network: Network, number: Option<String>, sink: W, cipher: NoiseCipher, mut outbox: LinkReader)
where
    W: Sink<Message, Error = io::Error> + Unpin,
{
    let mut writer = FrameWriter { sink, cipher, counter: 0 };
    while let Some(node) = outbox.recv().await {
        let mut batch = vec![node];
        let mut is_over = false;
        while batch.len() < BATCH {
            match outbox.try_recv() {
                Some(Outbound::Stanza(node)) => batch.push(node),
                Some(Outbound::End) => {
                    is_over = true;
                    break;
                }
                None => break,
            }
        }
        let faults = number.as_deref().map(|number| network.faults().stanzas(number)).unwrap_or_default();
        if faults.reorder && batch.iter().filter(|node| is_traffic(node)).count() == 1 {
            // There is nothing to swap it with yet.
            if let Ok(Some(node)) = timeout(NEIGHBOUR, outbox.recv()).await {
                batch.push(node);
            }
        }
        if let Some(delay) = faults.delay {
            tokio::time::sleep(delay).await;
        }
        if let Err(ended) = writer.write(&spoiled(batch, faults)).await {
            tracing::debug!(reason = %ended, "a client cannot be written to");
            outbox.token().cancel();
            break;
        }
        if is_over {
            outbox.token().cancel();
            break;
        }
    }
    let _ = timeout(FAREWELL, writer.sink.close()).await;
}

/// The batch as the faults would have it: stanzas twice, neighbours swapped.
fn spoiled(batch: Vec<Arc<Node>>, faults: StanzaFaults) -> Vec<Arc<Node>> {
    let mut spoiled = Vec::with_capacity(batch.len());
    for node in batch {
        if faults.duplicate && is_traffic(&node) {
            spoiled.push(node.clone());
        }
        spoiled.push(node);
    }
    if faults.reorder {
        let places: Vec<usize> = (0..spoiled.len()).filter(|index| is_traffic(&spoiled[*index])).collect();
        for pair in places.chunks_exact(2) {
            spoiled.swap(pair[0], pair[1]);
        }
    }
    spoiled
}

/// What faults are about: not the answers to requests, without which no client gets anywhere.
fn is_traffic(node: &Node) -> bool {
    matches!(node.tag.as_ref(), "message" | "receipt" | "notification")
}

struct FrameReader<R> {
    stream: R,
    decoder: FrameDecoder,
}

impl<R: Stream<Item = io::Result<Message>> + Unpin> FrameReader<R> {
    async fn message(&mut self) -> Result<Vec<u8>, Ended> {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Binary(bytes))) => return Ok(bytes),
                Some(Ok(Message::Close(_))) | None => return Err(Ended::Closed),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
            }
        }
    }

    async fn frame(&mut self) -> Result<BytesMut, Ended> {
        loop {
            if let Some(frame) = self.decoder.decode_frame() {
                return Ok(frame);
            }
            let bytes = self.message().await?;
            self.decoder.feed(&bytes);
        }
    }

    async fn handshake_frame(&mut self) -> Result<BytesMut, Ended> {
        loop {
            if let Some(frame) = self.decoder.decode_frame() {
                return Ok(frame);
            }
            if self.decoder.buffered_len() > LARGEST_HANDSHAKE_FRAME {
                return Err(HandshakeError::Malformed("handshake").into());
            }
            let bytes = self.message().await?;
            self.decoder.feed(&bytes);
        }
    }
}

struct FrameWriter<W> {
    sink: W,
    cipher: NoiseCipher,
    counter: u32,
}

impl<W: Sink<Message, Error = io::Error> + Unpin> FrameWriter<W> {
    async fn write(&mut self, nodes: &[Arc<Node>]) -> Result<(), Ended> {
        for node in nodes {
            tracing::trace!(stanza = %wacore::xml::DisplayableNode(node), "sent");
            let mut bytes = wacore_binary::marshal::marshal(node)?;
            self.cipher.encrypt_in_place_with_counter(self.counter, &mut bytes).map_err(|_| Ended::Undecryptable)?;
            self.counter += 1;
            self.sink.feed(framed(&bytes)?).await?;
        }
        self.sink.flush().await?;
        Ok(())
    }
}

fn framed(bytes: &[u8]) -> Result<Message, Ended> {
    let frame = encode_frame(bytes, None).map_err(|_| Ended::TooLarge)?;
    Ok(Message::Binary(frame))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wacore_binary::builder::NodeBuilder;

    fn batch(tags: &[&'static str]) -> Vec<Arc<Node>> {
        tags.iter().map(|tag| Arc::new(NodeBuilder::new(tag).build())).collect()
    }

    fn tags(nodes: &[Arc<Node>]) -> Vec<&str> {
        nodes.iter().map(|node| node.tag.as_ref()).collect()
    }

    #[test]
    fn only_traffic_is_spoiled_and_the_rest_keeps_its_place() {
        let faults = StanzaFaults { duplicate: true, ..StanzaFaults::default() };
        let spoiled = spoiled(batch(&["iq", "message"]), faults);
        assert_eq!(tags(&spoiled), ["iq", "message", "message"]);

        let faults = StanzaFaults { reorder: true, ..StanzaFaults::default() };
        let swapped = super::spoiled(batch(&["message", "iq", "receipt", "ack"]), faults);
        assert_eq!(tags(&swapped), ["receipt", "iq", "message", "ack"]);
    }
}
