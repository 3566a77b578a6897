//! One device of an account: its public keys, its one-time pre-keys, the stanzas that wait for it.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use wacore_binary::Node;

use crate::account::PrimaryKeys;
use crate::ambient;
use crate::hex_text;
use crate::link::Link;
use crate::passing::Passing;
use crate::stanza;

/// Stanzas that may wait for one device. Beyond this the oldest is forgotten.
pub(crate) const LONGEST_QUEUE: usize = 50_000;

/// Queued stanzas a client may have on its hands without having acknowledged them.
const WINDOW: usize = 4_096;

/// Which device of which account. Device 0 is the phone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceAddress {
    pub number: String,
    pub device: u16,
}

impl DeviceAddress {
    pub fn new(number: impl Into<String>, device: u16) -> Self {
        Self { number: number.into(), device }
    }
}

impl fmt::Display for DeviceAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.number, self.device)
    }
}

/// What is known of a device from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// 0 is the phone itself.
    pub device: u16,
    /// How the client calls the system it runs on.
    pub platform: String,
    /// Seconds since 1970.
    pub linked_at: u64,
    /// Connected and logged in.
    pub is_online: bool,
    /// Stanzas that wait for it to acknowledge them.
    pub queued: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SignedPreKey {
    pub(crate) id: u32,
    #[serde(with = "hex_text")]
    pub(crate) value: [u8; 32],
    #[serde(with = "hex_text")]
    pub(crate) signature: Vec<u8>,
}

/// A key that serves one new conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OneTimePreKey {
    pub(crate) id: u32,
    pub(crate) value: [u8; 32],
}

/// The part of a device that outlives the process, without its pre-keys and its queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DeviceRecord {
    pub(crate) registration_id: u32,
    #[serde(with = "hex_text")]
    pub(crate) identity: [u8; 32],
    pub(crate) signed_prekey: SignedPreKey,
    /// The encoded `ADVSignedDeviceIdentity` with both signatures; empty for the phone.
    #[serde(with = "hex_text")]
    pub(crate) signed_identity: Vec<u8>,
    pub(crate) key_index: u32,
    /// The client's Noise static key; logins must prove it. Empty for the phone.
    #[serde(with = "hex_text")]
    pub(crate) noise_key: Vec<u8>,
    pub(crate) platform: String,
    pub(crate) linked_at: u64,
    /// Whether the phone has been told that this device is there.
    pub(crate) was_announced: bool,
}

pub(crate) struct Device {
    pub(crate) record: DeviceRecord,
    pub(crate) prekeys: VecDeque<OneTimePreKey>,
    pub(crate) link: Option<Link>,
    /// An active client is sent its queue; a passive one only answers to what it asks.
    pub(crate) is_active: bool,
    /// Whether its user is there, as far as the client says.
    pub(crate) is_available: bool,
    /// What is shown only in passing.
    pub(crate) passing: Passing,
    queue: VecDeque<Queued>,
    /// How many of the queue, from its front, were written to the live link.
    written: usize,
    /// What stood in the queue when the device became active is sent as offline backlog.
    backlog: Option<Backlog>,
    next_number: u64,
}

/// A stanza that waits until its device has acknowledged it.
#[derive(Clone)]
pub(crate) struct Queued {
    /// Its place in the journal.
    pub(crate) number: u64,
    pub(crate) node: Arc<Node>,
}

/// The backlog of a device that has just come back.
struct Backlog {
    /// The number of its last stanza.
    until: u64,
    count: usize,
}

impl Device {
    pub(crate) fn new(record: DeviceRecord) -> Self {
        Self {
            record,
            prekeys: VecDeque::new(),
            link: None,
            is_active: false,
            is_available: false,
            passing: Passing::default(),
            queue: VecDeque::new(),
            written: 0,
            backlog: None,
            next_number: 0,
        }
    }

    pub(crate) fn primary(keys: &PrimaryKeys) -> Self {
        Self::new(DeviceRecord {
            registration_id: keys.registration_id,
            identity: keys.public_identity(),
            signed_prekey: keys.public_signed_prekey(),
            signed_identity: Vec::new(),
            key_index: 0,
            noise_key: Vec::new(),
            platform: "android".to_owned(),
            linked_at: 0,
            was_announced: true,
        })
    }

    pub(crate) fn info(&self, device: u16) -> DeviceInfo {
        DeviceInfo {
            device,
            platform: self.record.platform.clone(),
            linked_at: self.record.linked_at,
            is_online: self.link.is_some(),
            queued: self.queue.len(),
        }
    }

    pub(crate) fn is_linked_by(&self, link: &Link) -> bool {
        self.link.as_ref().is_some_and(|own| own.id == link.id)
    }

    /// The number the next queued stanza gets.
    pub(crate) fn take_number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }

    pub(crate) fn is_queue_full(&self) -> bool {
        self.queue.len() >= LONGEST_QUEUE
    }

    /// Forgets the oldest stanza.
    pub(crate) fn drop_oldest(&mut self) -> Option<Queued> {
        let dropped = self.queue.pop_front()?;
        self.written = self.written.saturating_sub(1);
        Some(dropped)
    }

    /// Puts a stanza at the end of the queue and writes what may be written.
    pub(crate) fn enqueue(&mut self, queued: Queued) {
        self.next_number = self.next_number.max(queued.number);
        self.queue.push_back(queued);
        self.write_queue();
    }

    /// Takes what the client has acknowledged out of the queue.
    pub(crate) fn acknowledge(&mut self, is_meant: impl Fn(&Node) -> bool) -> Vec<u64> {
        let mut numbers = Vec::new();
        let mut index = 0;
        // Only what was written can have been seen.
        while index < self.written {
            if is_meant(&self.queue[index].node) {
                if let Some(queued) = self.queue.remove(index) {
                    numbers.push(queued.number);
                }
                self.written -= 1;
            } else {
                index += 1;
            }
        }
        self.write_queue();
        numbers
    }

    /// Forgets the messages that wait, before the client is sent any. Answers their places in the journal.
    pub(crate) fn lose_messages(&mut self) -> Vec<u64> {
        let waiting = std::mem::take(&mut self.queue);
        let (lost, kept): (VecDeque<_>, VecDeque<_>) =
            waiting.into_iter().partition(|queued| queued.node.tag == "message");
        self.queue = kept;
        self.written = 0;
        lost.into_iter().map(|queued| queued.number).collect()
    }

    /// The client wants its stanzas. What waits is its backlog; returns how much of what.
    pub(crate) fn activate(&mut self) -> BacklogCount {
        self.is_active = true;
        self.written = 0;
        let count = |tag: &str| self.queue.iter().filter(|queued| queued.node.tag == tag).count();
        let counted = BacklogCount {
            total: self.queue.len(),
            messages: count("message"),
            receipts: count("receipt"),
            notifications: count("notification"),
        };
        self.backlog =
            Some(Backlog { until: self.queue.back().map_or(0, |queued| queued.number), count: self.queue.len() });
        counted
    }

    /// The link is gone or the client went passive.
    pub(crate) fn deactivate(&mut self) {
        if self.is_active {
            self.passing.lose_sight(ambient::now());
        }
        self.is_active = false;
        self.is_available = false;
        self.written = 0;
        self.backlog = None;
    }

    /// Writes what is shown in passing, if the client is there to see it.
    pub(crate) fn write_passing(&mut self) {
        if let (true, Some(link)) = (self.is_active, &self.link) {
            for node in self.passing.unseen(ambient::now()) {
                link.send_shared(node);
            }
        }
    }

    /// Writes as much of the queue as the client may have on its hands.
    pub(crate) fn write_queue(&mut self) {
        let (true, Some(link)) = (self.is_active, &self.link) else {
            return;
        };
        while self.written < self.queue.len().min(WINDOW) {
            let queued = &self.queue[self.written];
            match &self.backlog {
                Some(backlog) if queued.number <= backlog.until => {
                    let mut node = Node::clone(&queued.node);
                    node.attrs.insert("offline", "1");
                    link.send(node);
                }
                Some(backlog) => {
                    link.send(backlog.end());
                    self.backlog = None;
                    continue;
                }
                None => link.send_shared(queued.node.clone()),
            }
            self.written += 1;
        }
        if self.written == self.queue.len()
            && let Some(backlog) = self.backlog.take()
        {
            link.send(backlog.end());
        }
    }
}

impl Backlog {
    /// `<ib><offline count/></ib>`: the backlog is through.
    fn end(&self) -> Node {
        stanza::info(wacore_binary::builder::NodeBuilder::new("offline").attr("count", self.count).build())
    }
}

/// How much waits for a device that has come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BacklogCount {
    pub(crate) total: usize,
    pub(crate) messages: usize,
    pub(crate) receipts: usize,
    pub(crate) notifications: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::{LinkReader, Outbound};
    use wacore_binary::builder::NodeBuilder;

    fn message(number: u64) -> Queued {
        let node = NodeBuilder::new("message").attr("id", number).build();
        Queued { number, node: Arc::new(node) }
    }

    fn device_with(queued: u64) -> Device {
        let mut device = Device::primary(&PrimaryKeys::generate());
        for number in 1..=queued {
            device.enqueue(message(number));
        }
        device
    }

    fn written(reader: &mut LinkReader) -> Vec<String> {
        let mut seen = Vec::new();
        while let Some(Outbound::Stanza(node)) = reader.try_recv() {
            let end = node.get_optional_child("offline").map(|end| stanza::text(end, "count"));
            seen.push(end.map_or_else(|| stanza::text(&node, "id"), |count| format!("end of {count}")));
        }
        seen
    }

    #[test]
    fn the_backlog_ends_before_what_is_new() {
        let mut device = device_with(2);
        let (link, mut reader) = Link::new(1);
        device.link = Some(link);
        assert_eq!(device.activate().messages, 2);
        device.write_queue();
        device.enqueue(message(3));
        assert_eq!(written(&mut reader), ["1", "2", "end of 2", "3"]);
    }

    #[test]
    fn nothing_leaves_the_queue_before_it_is_acknowledged() {
        let mut device = device_with(2);
        let (link, mut reader) = Link::new(1);
        device.link = Some(link);
        device.activate();
        device.write_queue();
        assert_eq!(device.acknowledge(|node| stanza::is(node, "id", "1")), [1]);
        assert!(device.acknowledge(|node| stanza::is(node, "id", "1")).is_empty());
        device.deactivate();
        assert_eq!(written(&mut reader), ["1", "2", "end of 2"]);
        // What was not acknowledged comes again.
        device.activate();
        device.write_queue();
        assert_eq!(written(&mut reader), ["2", "end of 1"]);
    }

    #[test]
    fn lost_messages_are_gone_and_the_rest_is_not() {
        let mut device = device_with(2);
        let receipt = Arc::new(NodeBuilder::new("receipt").attr("id", 3).build());
        device.enqueue(Queued { number: 3, node: receipt });
        assert_eq!(device.lose_messages(), [1, 2]);
        let (link, mut reader) = Link::new(1);
        device.link = Some(link);
        device.activate();
        device.write_queue();
        assert_eq!(written(&mut reader), ["3", "end of 1"]);
    }

    #[test]
    fn what_was_not_written_cannot_be_acknowledged() {
        let mut device = device_with(1);
        assert!(device.acknowledge(|_| true).is_empty());
        assert_eq!(device.info(0).queued, 1);
    }

    #[test]
    fn a_client_that_acknowledges_nothing_is_not_flooded() {
        let more = WINDOW as u64 + 10;
        let mut device = device_with(more);
        let (link, mut reader) = Link::new(1);
        device.link = Some(link);
        device.activate();
        device.write_queue();
        assert_eq!(written(&mut reader).len(), WINDOW);
        device.acknowledge(|node| stanza::is(node, "id", "1"));
        assert_eq!(written(&mut reader), [format!("{}", WINDOW + 1)]);
    }
}
