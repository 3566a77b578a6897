//! What a phone sends: messages encrypted for every device of who shall read them, and receipts of
//! what it read.

use std::collections::{BTreeMap, BTreeSet};

use wacore::libsignal::protocol::ProtocolAddress;
use wacore::messages::{MessageUtils, wrap_device_sent};
use wacore::send::{media_type_from_message, should_hide_decrypt_fail, stanza_type_from_message};
use wacore::types::message::EditAttribute;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, JidExt as _, Node};
use waproto::whatsapp as wa;

use super::actor::{Actor, request};
use super::chat::Chat;
use super::compose::Composed;
use super::error::PhoneError;
use super::message::{Draft, Message, Status};
use super::signal::{Bundle, Encrypted, address};
use crate::ambient;
use crate::stanza;

/// Under this name the sender keys of statuses are kept.
const SENDER_KEYS_OF_STATUSES: &str = "status@broadcast";

/// A device and how the Signal state knows it.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) jid: Jid,
    pub(super) number: String,
}

impl Target {
    pub(super) fn address(&self) -> ProtocolAddress {
        address(&self.number, self.jid.device)
    }
}

impl Actor {
    pub(super) async fn send_draft(&mut self, mut draft: Draft) -> Result<Message, PhoneError> {
        if self.link.is_none() {
            return Err(PhoneError::Offline);
        }
        if let (Chat::Hidden(_), Some(jid)) = (&draft.chat, draft.chat.jid()) {
            draft.chat = self.person(&jid);
        }
        let media_host = self.network.media_host();
        let composed = self.desk(&media_host).compose(&draft).await?;
        self.send_composed(&draft.chat, composed, &draft.audience).await
    }

    pub(super) async fn send_composed(
        &mut self,
        chat: &Chat,
        composed: Composed,
        audience: &[Chat],
    ) -> Result<Message, PhoneError> {
        let Composed { message, content, surroundings, quoted } = composed;
        let id = self.new_message_id();
        let stanza = match chat {
            Chat::Person(number) => self.for_person(number, &message).await?,
            Chat::Group(group) => {
                let to = Jid::group(group.as_str());
                let members = self.members_of(&to).await?;
                self.for_members(group, to, members, &message).await?
            }
            Chat::Status => self.for_audience(audience, &message).await?,
            Chat::Hidden(_) | Chat::Other(_) => {
                return Err(PhoneError::NotWritable(chat.clone()));
            }
        };
        let own = if chat.has_members() { self.own_lid() } else { self.own_jid() };
        let line = self.log.append(Message {
            sequence: 0,
            id: id.clone(),
            chat: chat.clone(),
            from: Chat::Person(self.info.number.clone()),
            from_me: true,
            content,
            quoted_text: quoted.as_ref().and_then(|(_, quoted)| quoted.text().map(str::to_owned)),
            quoted: quoted.map(|(id, _)| id),
            surroundings,
            status: Status::Pending,
            reached: BTreeMap::new(),
            timestamp: ambient::seconds(),
            sender_name: Some(self.record.name(&self.info).to_owned()),
            author: own.to_string(),
            encoded: waproto::codec::message_to_vec(&message),
        });
        let stanza = head(stanza, &id, &message);
        let ack = self
            .exchange(stanza.build(), |node| {
                node.tag == "ack" && stanza::is(node, "class", "message") && stanza::is(node, "id", &id)
            })
            .await;
        let refused = |ack: &Node| stanza::number::<u16>(ack, "error");
        match ack {
            Ok(ack) => {
                let timestamp = stanza::number(&ack, "t").unwrap_or(line.timestamp);
                let refused = refused(&ack);
                let status = match refused {
                    None => Status::Sent,
                    Some(_) => Status::Failed,
                };
                self.log.settle(chat, &id, status, timestamp);
                if let Some(code) = refused {
                    return Err(PhoneError::Refused(code));
                }
            }
            Err(error) => {
                self.log.settle(chat, &id, Status::Failed, line.timestamp);
                return Err(error);
            }
        }
        Ok(self.log.find(chat, &id).unwrap_or(line))
    }

    /// `<message to><participants>` with the message for every device of the person, and a copy
    /// for the phone's own companions.
    async fn for_person(&mut self, number: &str, message: &wa::Message) -> Result<NodeBuilder, PhoneError> {
        let to = Jid::pn(number);
        let targets = self.devices_of([to.clone(), self.own_jid()]).await?;
        if !targets.iter().any(|target| target.number == *number) {
            return Err(PhoneError::NotOnNetwork(Chat::Person(number.to_owned())));
        }
        let others: Vec<Target> = self.without_self(targets);
        self.begin_sessions(&others).await?;
        let plain = MessageUtils::encode_and_pad(message);
        let copy = MessageUtils::encode_and_pad(&wrap_device_sent(message.clone(), to.to_string()));
        let mut sealed = Vec::with_capacity(others.len());
        for target in others {
            // In the chat with oneself every device is the phone's own and gets the message as is.
            let is_copy = target.number == self.info.number && *number != self.info.number;
            let plaintext = if is_copy { &copy } else { &plain };
            let encrypted = self.signal.encrypt(&target.address(), plaintext).await?;
            sealed.push(addressed(target.jid, enc(encrypted, message, None)));
        }
        Ok(NodeBuilder::new("message")
            .attr("to", to)
            .children([NodeBuilder::new("participants").children(sealed).build()]))
    }

    /// A status for these people, or for everybody the phone has written with.
    async fn for_audience(&mut self, audience: &[Chat], message: &wa::Message) -> Result<NodeBuilder, PhoneError> {
        let audience = if audience.is_empty() { self.log.people() } else { audience.to_vec() };
        let mut members = vec![self.own_lid()];
        for person in audience {
            members.push(self.hidden(&person)?);
        }
        self.for_members(SENDER_KEYS_OF_STATUSES, Jid::status_broadcast(), members, message).await
    }

    /// `<message to><enc type="skmsg">`, and the sender key for every device that has not got it.
    async fn for_members(
        &mut self,
        group: &str,
        to: Jid,
        members: Vec<Jid>,
        message: &wa::Message,
    ) -> Result<NodeBuilder, PhoneError> {
        let targets = self.devices_of(members).await?;
        let targets = self.without_self(targets);
        let present: BTreeSet<String> = targets.iter().map(|target| target.address().as_str().to_owned()).collect();
        let keyed = self.keyed.entry(group.to_owned()).or_default();
        if keyed.iter().any(|device| !present.contains(device)) {
            // Somebody who could read is gone: what comes now is not for them.
            keyed.clear();
            self.signal.forget_own_sender_key(group);
        }
        let (keyed, unkeyed): (Vec<Target>, Vec<Target>) =
            targets.into_iter().partition(|target| keyed.contains(target.address().as_str()));
        self.begin_sessions(&unkeyed).await?;
        let distribution = wa::Message {
            sender_key_distribution_message: wa::message::SenderKeyDistributionMessage {
                group_id: Some(to.to_string()),
                axolotl_sender_key_distribution_message: Some(self.signal.distribution(group).await?),
            }
            .into(),
            ..Default::default()
        };
        let distribution = MessageUtils::encode_and_pad(&distribution);
        let mut sealed = Vec::with_capacity(unkeyed.len());
        for target in &unkeyed {
            let encrypted = self.signal.encrypt(&target.address(), &distribution).await?;
            let enc =
                NodeBuilder::new("enc").attr("v", "2").attr("type", encrypted.kind).bytes(encrypted.bytes).build();
            sealed.push(addressed(target.jid.clone(), enc));
        }
        if to.is_status_broadcast() {
            // Nobody keeps a list of who sees statuses: all of them are named each time.
            sealed.extend(keyed.into_iter().map(|target| NodeBuilder::new("to").attr("jid", target.jid).build()));
        }
        self.keyed
            .entry(group.to_owned())
            .or_default()
            .extend(unkeyed.iter().map(|target| target.address().as_str().to_owned()));
        let plain = MessageUtils::encode_and_pad(message);
        let encrypted = self.signal.encrypt_for_group(group, &plain).await?;
        let mut children = Vec::new();
        if !sealed.is_empty() {
            children.push(NodeBuilder::new("participants").children(sealed).build());
        }
        children.push(enc(encrypted, message, None));
        Ok(NodeBuilder::new("message").attr("to", to).attr("addressing_mode", "lid").children(children))
    }

    /// Sends one message again to the one device that could not read it.
    pub(super) async fn send_again(&mut self, line: &Message, target: &Target, count: u8) -> Result<(), PhoneError> {
        let Some(to) = line.chat.jid() else {
            return Ok(());
        };
        let mut message = waproto::codec::message_decode(&line.encoded[..]).unwrap_or_default();
        self.begin_sessions(std::slice::from_ref(target)).await?;
        let inner = message.clone();
        if let Some(group) = line.chat.sender_key_name() {
            // The device lacks the sender key; from now on it can read the group again.
            message.sender_key_distribution_message = wa::message::SenderKeyDistributionMessage {
                group_id: Some(to.to_string()),
                axolotl_sender_key_distribution_message: Some(self.signal.distribution(group).await?),
            }
            .into();
        } else if target.number == self.info.number {
            message = wrap_device_sent(message, to.to_string());
        }
        let plain = MessageUtils::encode_and_pad(&message);
        let encrypted = self.signal.encrypt(&target.address(), &plain).await?;
        let mut stanza = NodeBuilder::new("message");
        if line.chat.has_members() {
            stanza = stanza.attr("to", to).attr("participant", target.jid.clone()).attr("addressing_mode", "lid");
        } else {
            stanza = stanza.attr("to", target.jid.clone());
            if target.number == self.info.number {
                stanza = stanza.attr("recipient", to);
            }
        }
        let stanza = head(stanza, &line.id, &inner).children([enc(encrypted, &inner, Some(count))]);
        self.say(stanza.build());
        Ok(())
    }

    /// Sends a message to one of the phone's companions that no person is shown.
    pub(super) async fn send_to_companion(&mut self, device: u16, message: &wa::Message) -> Result<(), PhoneError> {
        let target =
            Target { jid: Jid::pn_device(self.info.number.as_str(), device), number: self.info.number.clone() };
        self.begin_sessions(std::slice::from_ref(&target)).await?;
        let plain = MessageUtils::encode_and_pad(message);
        let encrypted = self.signal.encrypt(&target.address(), &plain).await?;
        let id = self.new_message_id();
        let stanza =
            NodeBuilder::new("message").attr("to", target.jid).attr("category", "peer").attr("push_priority", "high");
        let stanza = head(stanza, &id, message).children([enc(encrypted, message, None)]);
        self.say(stanza.build());
        Ok(())
    }

    /// Sessions with those devices there are none with yet.
    async fn begin_sessions(&mut self, targets: &[Target]) -> Result<(), PhoneError> {
        let strangers: Vec<_> =
            targets.iter().filter(|target| !self.signal.has_session(&target.address())).cloned().collect();
        if strangers.is_empty() {
            return Ok(());
        }
        let users = strangers.iter().map(|target| NodeBuilder::new("user").attr("jid", target.jid.clone()).build());
        let keys = NodeBuilder::new("key").children(users).build();
        let answer = self.ask(request("encrypt", "get").children([keys])).await?;
        for user in stanza::grandchildren(&answer, "list") {
            let registration = stanza::child_content(user, "registration");
            if let Some(jid) = stanza::jid(user, "jid")
                && let Some(target) = strangers.iter().find(|target| target.jid == jid)
                && let Some(bundle) = Bundle::read(user, registration)
            {
                self.signal.begin_session(&target.address(), bundle).await?;
            }
        }
        Ok(())
    }

    /// Every device of these people, under JIDs of the kind that was asked for.
    async fn devices_of(&mut self, people: impl IntoIterator<Item = Jid>) -> Result<Vec<Target>, PhoneError> {
        let people: BTreeSet<String> = people.into_iter().map(|jid| jid.to_string()).collect();
        let users = people.iter().map(|jid| NodeBuilder::new("user").attr("jid", jid.clone()).build());
        let devices = NodeBuilder::new("devices").attr("version", "2").build();
        let usync = NodeBuilder::new("usync")
            .attr("sid", self.new_message_id())
            .attr("mode", "query")
            .attr("last", "true")
            .attr("index", "0")
            .attr("context", "message")
            .children([
                NodeBuilder::new("query").children([devices]).build(),
                NodeBuilder::new("list").children(users).build(),
            ])
            .build();
        let answer = self.ask(request("usync", "get").children([usync])).await?;
        let mut targets = Vec::new();
        let Some(usync) = answer.get_optional_child("usync") else {
            return Ok(targets);
        };
        for user in stanza::grandchildren(usync, "list") {
            let Some(jid) = stanza::jid(user, "jid") else {
                continue;
            };
            let Some(number) = self.number_of(&jid) else {
                continue;
            };
            let Some(devices) = user.get_optional_child("devices") else {
                continue;
            };
            for device in stanza::grandchildren(devices, "device-list") {
                if let Some(device) = stanza::number(device, "id") {
                    targets.push(Target { jid: jid.with_device(device), number: number.clone() });
                }
            }
        }
        Ok(targets)
    }

    fn without_self(&self, mut targets: Vec<Target>) -> Vec<Target> {
        targets.retain(|target| target.jid.device != 0 || target.number != self.info.number);
        targets
    }

    /// Tells the senders that their messages were read, or played. Says how many were not before.
    pub(super) fn mark_read(
        &mut self,
        chat: &Chat,
        ids: Option<&[String]>,
        status: Status,
    ) -> Result<usize, PhoneError> {
        if self.link.is_none() {
            return Err(PhoneError::Offline);
        }
        let chat = &match (chat, chat.jid()) {
            (Chat::Hidden(_), Some(jid)) => self.person(&jid),
            _ => chat.clone(),
        };
        let mut unread = self.log.below(chat, status);
        if let Some(ids) = ids {
            for id in ids {
                if self.log.find(chat, id).is_none() {
                    return Err(PhoneError::NoSuchMessage(id.clone()));
                }
            }
            unread.retain(|message| ids.contains(&message.id));
        }
        for message in &unread {
            self.send_receipt(message, status);
        }
        Ok(unread.len())
    }

    /// Tells the author that a message was read or played.
    pub(super) fn send_receipt(&mut self, message: &Message, status: Status) {
        let Some(to) = message.chat.jid() else {
            return;
        };
        let mut receipt = NodeBuilder::new("receipt")
            .attr("id", message.id.clone())
            .attr("type", if status == Status::Played { "played" } else { "read" })
            .attr("t", ambient::seconds());
        receipt = if message.chat.has_members() {
            receipt.attr("to", to).attr("participant", message.author.clone())
        } else {
            // As the author is named, so that a receipt to a hidden id goes to the hidden id.
            receipt.attr("to", message.author.parse().map_or(to, |jid: Jid| jid.to_non_ad()))
        };
        self.say(receipt.build());
        self.log.raise(&message.chat, &message.id, false, status, None);
    }
}

/// The attributes every message stanza has.
fn head(stanza: NodeBuilder, id: &str, message: &wa::Message) -> NodeBuilder {
    let stanza = stanza.attr("id", id.to_owned()).attr("type", stanza_type_from_message(message));
    match EditAttribute::infer_from_message(message) {
        Some(edit) => stanza.attr("edit", edit.to_string_val().to_owned()),
        None => stanza,
    }
}

fn enc(encrypted: Encrypted, message: &wa::Message, retry: Option<u8>) -> Node {
    let mut enc = NodeBuilder::new("enc").attr("v", "2").attr("type", encrypted.kind);
    if let Some(kind) = media_type_from_message(message) {
        enc = enc.attr("mediatype", kind);
    }
    if should_hide_decrypt_fail(message) {
        enc = enc.attr("decrypt-fail", "hide");
    }
    if let Some(count) = retry {
        enc = enc.attr("count", u32::from(count));
    }
    enc.bytes(encrypted.bytes).build()
}

fn addressed(jid: Jid, enc: Node) -> Node {
    NodeBuilder::new("to").attr("jid", jid).children([enc]).build()
}
