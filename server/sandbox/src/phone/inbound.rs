//! What a phone receives: messages it decrypts, confirms and writes down, receipts, notifications.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};
use wacore::download::DownloadUtils;
use wacore::libsignal::protocol::SignalProtocolError;
use wacore::messages::{decode_plaintext, unwrap_device_sent};
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, JidExt as _, Node};
use waproto::whatsapp as wa;

use super::actor::Actor;
use super::chat::Chat;
use super::compose::{Composed, media_type};
use super::decode::{self, Seen};
use super::message::{Content, Media, Message, Status, Surroundings};
use super::outbound::Target;
use super::script::Script;
use super::secret::Opening;
use super::signal::{Bundle, address};
use crate::ambient;
use crate::stanza;

/// How often a phone asks for, and grants, the same message again.
const MOST_RETRIES: u8 = 5;

/// Messages whose retries are counted at one time.
const MOST_COUNTED: usize = 4_096;

/// A message stanza, read.
struct Envelope {
    id: String,
    chat: Chat,
    /// The author's device, as the stanza names it.
    author: Jid,
    author_number: String,
    is_own: bool,
    is_peer: bool,
    timestamp: u64,
    name: Option<String>,
}

/// What came out of a stanza.
enum Opened {
    Message(Box<wa::Message>),
    /// Nothing but keys, or a message that was there before.
    Nothing,
    Failed(String),
}

impl Actor {
    pub(super) async fn receive(&mut self, node: Node) {
        match node.tag.as_ref() {
            "message" => self.receive_message(&node).await,
            "receipt" => {
                self.receive_receipt(&node).await;
                self.say(acknowledged("receipt", &node));
            }
            "notification" => {
                self.receive_notification(&node).await;
                self.say(acknowledged("notification", &node));
            }
            "call" => {
                self.receive_call(&node);
                self.say(acknowledged("call", &node));
            }
            "presence" => self.notice_presence(&node),
            "chatstate" => self.notice_chat_state(&node),
            _ => {}
        }
    }

    async fn receive_message(&mut self, node: &Node) {
        let Some(envelope) = self.envelope(node) else {
            // Nothing this phone could answer; it must not come again for ever.
            self.say(acknowledged("message", node));
            return;
        };
        match self.open(node, &envelope).await {
            Opened::Message(message) => {
                let line = self.take_in(&envelope, &message).await;
                self.confirm(node, &envelope);
                if let Some(line) = line {
                    self.follow_script(&line, envelope.author.device, *message).await;
                }
            }
            Opened::Nothing => self.confirm(node, &envelope),
            Opened::Failed(reason) => self.ask_again(node, &envelope, reason),
        }
    }

    fn envelope(&self, node: &Node) -> Option<Envelope> {
        let from = stanza::jid(node, "from")?;
        let author = stanza::jid(node, "participant").unwrap_or_else(|| from.clone());
        let author_number = self.number_of(&author)?;
        let is_own = author_number == self.info.number;
        let chat = if from.is_pn() || from.is_lid() {
            match stanza::jid(node, "recipient") {
                Some(recipient) if is_own => self.person(&recipient),
                _ => self.person(&from),
            }
        } else {
            Chat::of(&from)
        };
        Some(Envelope {
            id: stanza::text(node, "id"),
            chat,
            author,
            is_own,
            is_peer: stanza::is(node, "category", "peer"),
            timestamp: stanza::number(node, "t").unwrap_or_else(ambient::seconds),
            name: node.attrs.get("notify").map(|name| name.as_str().into_owned()),
            author_number,
        })
    }

    /// Decrypts everything in a message stanza.
    async fn open(&mut self, node: &Node, envelope: &Envelope) -> Opened {
        let device = address(&envelope.author_number, envelope.author.device);
        let mut opened = Opened::Nothing;
        for enc in node.get_children_by_tag("enc") {
            let kind = stanza::text(enc, "type");
            let sealed = stanza::content(enc);
            let plain = match (kind.as_str(), envelope.chat.sender_key_name()) {
                ("skmsg", Some(group)) => self.signal.decrypt_from_group(group, &device, sealed).await,
                ("pkmsg" | "msg", _) => self.signal.decrypt(&device, &kind, sealed).await,
                _ => continue,
            };
            let plain = match plain {
                Ok(plain) => plain,
                Err(SignalProtocolError::DuplicatedMessage(..)) => continue,
                Err(error) => return Opened::Failed(error.to_string()),
            };
            let mut message = match decode_plaintext(&plain, 2) {
                Ok(message) => message,
                Err(error) => return Opened::Failed(error.to_string()),
            };
            if let Some(distribution) = message.sender_key_distribution_message.take()
                && let Some(group) = envelope.chat.sender_key_name()
            {
                let key = distribution.axolotl_sender_key_distribution_message.unwrap_or_default();
                if let Err(error) = self.signal.accept_distribution(group, &device, &key).await {
                    return Opened::Failed(error.to_string());
                }
            }
            if message != wa::Message::default() {
                opened = Opened::Message(Box::new(message));
            }
        }
        opened
    }

    /// The receipt by which the sender learns of the delivery and the network forgets the stanza.
    fn confirm(&mut self, node: &Node, envelope: &Envelope) {
        self.retries.remove(&retry_key(envelope));
        let mut receipt = NodeBuilder::new("receipt").attr("id", envelope.id.clone());
        for (from, to) in [("from", "to"), ("participant", "participant")] {
            if let Some(value) = node.attrs.get(from) {
                receipt = receipt.attr(to, value.clone());
            }
        }
        if envelope.is_peer {
            receipt = receipt.attr("type", "peer_msg");
        } else if envelope.is_own {
            receipt = receipt.attr("type", "sender");
            if let Some(recipient) = stanza::jid(node, "recipient") {
                receipt = receipt.attr("recipient", recipient.to_non_ad());
            }
        } else if !self.record.script.reads() {
            // Nobody looks at this phone: the message has arrived, and that is all.
            receipt = receipt.attr("type", "inactive");
        }
        self.say(receipt.build());
    }

    /// The message could not be decrypted: its author shall encrypt it anew.
    fn ask_again(&mut self, node: &Node, envelope: &Envelope, reason: String) {
        tracing::debug!(
            phone = %self.info.number, message.id = %envelope.id, reason,
            "a phone could not decrypt a message"
        );
        if self.retries.len() >= MOST_COUNTED {
            self.retries.clear();
        }
        let count = self.retries.entry(retry_key(envelope)).or_default();
        *count += 1;
        let count = *count;
        if count > MOST_RETRIES {
            self.confirm(node, envelope);
            let content = Content::Undecryptable { reason };
            let seen = Seen { content, surroundings: Surroundings::default(), quoted: None, quoted_text: None };
            self.write_down(envelope, envelope.chat.clone(), seen, Vec::new());
            return;
        }
        let retry = NodeBuilder::new("retry")
            .attr("v", "1")
            .attr("id", envelope.id.clone())
            .attr("t", envelope.timestamp)
            .attr("count", u32::from(count))
            .build();
        let registration = NodeBuilder::new("registration").bytes(self.signal.registration_id().to_be_bytes()).build();
        let mut children = vec![retry, registration];
        if count > 1 {
            children.extend(self.keys_for_retry());
        }
        let mut receipt = NodeBuilder::new("receipt").attr("id", envelope.id.clone()).attr("type", "retry");
        for (from, to) in [("from", "to"), ("participant", "participant")] {
            if let Some(value) = node.attrs.get(from) {
                receipt = receipt.attr(to, value.clone());
            }
        }
        if envelope.is_own {
            receipt = match stanza::jid(node, "recipient") {
                Some(recipient) => receipt.attr("recipient", recipient),
                None => receipt,
            };
        }
        self.say(receipt.children(children).build());
    }

    /// `<keys>` with a fresh pre-key, by which the author can begin a new session.
    fn keys_for_retry(&mut self) -> Option<Node> {
        let (id, public) = self.signal.fresh_prekeys(1).ok()?.pop()?;
        let bytes = |value: u32| value.to_be_bytes()[1..].to_vec();
        let value = |tag, bytes: Vec<u8>| NodeBuilder::new(tag).bytes(bytes).build();
        let signed = self.keys.public_signed_prekey();
        Some(
            NodeBuilder::new("keys")
                .children([
                    value("type", vec![5]),
                    value("identity", self.keys.public_identity().to_vec()),
                    NodeBuilder::new("key").children([value("id", bytes(id)), value("value", public.to_vec())]).build(),
                    NodeBuilder::new("skey")
                        .children([
                            value("id", bytes(signed.id)),
                            value("value", signed.value.to_vec()),
                            value("signature", signed.signature),
                        ])
                        .build(),
                ])
                .build(),
        )
    }

    /// Writes down what a person would see. Gives the line if it is one that a script answers to.
    async fn take_in(&mut self, envelope: &Envelope, message: &wa::Message) -> Option<Message> {
        let mut chat = envelope.chat.clone();
        if let Some(sent) = message.device_sent_message.as_option()
            && envelope.is_own
            && let Some(to) = sent.destination_jid.as_deref()
            && let Ok(to) = to.parse::<Jid>()
        {
            chat = if to.is_group() { Chat::of(&to) } else { self.person(&to) };
        }
        let message = unwrap_device_sent(message.clone());
        if envelope.is_own && self.answer_companion(envelope.author.device, &envelope.id, &message).await {
            return None;
        }
        let from = Chat::Person(envelope.author_number.clone());
        if self.log.has(&chat, &envelope.id, &from) {
            return None;
        }
        let mut seen = decode::read(&message)?;
        if let Content::Media(media) = &mut seen.content {
            media.problem = self.fetch(media).await.err();
        }
        self.open_sealed(&mut seen.content, &message, &chat, &from);
        for mention in &mut seen.surroundings.mentions {
            if let Some(jid) = mention.jid() {
                *mention = self.person(&jid);
            }
        }
        let encoded = waproto::codec::message_to_vec(&message);
        let line = self.write_down(envelope, chat, seen, encoded);
        (!envelope.is_own).then_some(line)
    }

    /// Opens what is sealed with the secret of a message this phone has.
    fn open_sealed(&self, content: &mut Content, message: &wa::Message, chat: &Chat, from: &Chat) {
        let Some(original) = content.target().and_then(|target| self.log.find(chat, target)) else {
            return;
        };
        let opening =
            Opening { authors: self.names_of(&original.from), senders: self.names_of(from), original: &original };
        let message = decode::unwrap(message);
        match content {
            Content::PollVote { options, .. } => {
                *options = message.poll_update_message.as_option().and_then(|vote| opening.vote(vote));
            }
            Content::EventResponse { answer, guests, .. } => {
                if let Some(sealed) = message.enc_event_response_message.as_option()
                    && let Some((coming, with)) = opening.answer(sealed)
                {
                    (*answer, *guests) = (coming, with);
                }
            }
            Content::Edit { text, is_sealed: true, .. } => {
                match message.secret_encrypted_message.as_option().and_then(|sealed| opening.edit(sealed)) {
                    Some(edit) => *text = decode::edited_text(&edit),
                    None => *content = Content::Undecryptable { reason: "the edit could not be opened".into() },
                }
            }
            _ => {}
        }
    }

    /// How a person may be named where something is sealed: by number and by hidden id.
    fn names_of(&self, person: &Chat) -> Vec<String> {
        let by_number = person.jid().map(|jid| jid.to_string());
        let hidden = self.hidden(person).ok().map(|jid| jid.to_string());
        by_number.into_iter().chain(hidden).collect()
    }

    fn write_down(&mut self, envelope: &Envelope, chat: Chat, seen: Seen, encoded: Vec<u8>) -> Message {
        self.log.append(Message {
            sequence: 0,
            id: envelope.id.clone(),
            chat,
            from: Chat::Person(envelope.author_number.clone()),
            from_me: envelope.is_own,
            content: seen.content,
            quoted: seen.quoted,
            quoted_text: seen.quoted_text,
            surroundings: seen.surroundings,
            reached: BTreeMap::new(),
            status: if envelope.is_own { Status::Sent } else { Status::Delivered },
            timestamp: envelope.timestamp,
            sender_name: envelope.name.clone(),
            author: envelope.author.to_non_ad_string(),
            encoded,
        })
    }

    /// Fetches and decrypts a file, and checks that it is what the message says.
    async fn fetch(&self, media: &Media) -> Result<(), String> {
        let sealed = self.media.fetch(&media.path).await.map_err(|error| error.to_string())?;
        let (key, kind, sha256) = (media.key.clone(), media_type(media.kind), media.sha256.clone());
        tokio::task::spawn_blocking(move || {
            let plain = DownloadUtils::verify_and_decrypt(&sealed, &key, kind).map_err(|error| error.to_string())?;
            if hex::encode(Sha256::digest(&plain)) == sha256 {
                Ok(())
            } else {
                Err("the file is not the one that the message names".to_owned())
            }
        })
        .await
        .unwrap_or_else(|error| Err(error.to_string()))
    }

    async fn follow_script(&mut self, line: &Message, device: u16, message: wa::Message) {
        if !self.record.script.reads() {
            return;
        }
        self.send_receipt(line, Status::Read);
        let is_echo = device == 0 && matches!(&line.from, Chat::Person(number) if self.echoing.has(number));
        if self.record.script != Script::Echo || is_echo || !line.content.stands_alone() || line.chat == Chat::Status {
            return;
        }
        let composed =
            Composed { message, content: line.content.clone(), surroundings: line.surroundings.clone(), quoted: None };
        if let Err(error) = self.send_composed(&line.chat, composed, &[]).await {
            tracing::debug!(phone = %self.info.number, %error, "an echo was not sent");
        }
    }

    async fn receive_receipt(&mut self, node: &Node) {
        let Some(from) = stanza::jid(node, "from") else {
            return;
        };
        let author = stanza::jid(node, "participant").unwrap_or_else(|| from.clone());
        let is_own = self.number_of(&author).as_deref() == Some(&self.info.number);
        let chat = if from.is_pn() || from.is_lid() {
            match stanza::jid(node, "recipient") {
                Some(recipient) if is_own => self.person(&recipient),
                _ => self.person(&from),
            }
        } else {
            Chat::of(&from)
        };
        let kind = stanza::text(node, "type");
        let status = match kind.as_str() {
            "" | "inactive" => Status::Delivered,
            "read" => Status::Read,
            "played" => Status::Played,
            "retry" => return self.grant_retry(node, &chat, author).await,
            "server-error" => return self.upload_again(node, &author).await,
            _ => return,
        };
        if is_own {
            return;
        }
        let by = self.person(&author);
        let items = stanza::grandchildren(node, "list").iter().map(|item| stanza::text(item, "id"));
        for id in std::iter::once(stanza::text(node, "id")).chain(items) {
            self.log.raise(&chat, &id, true, status, Some(&by));
        }
    }

    /// A device could not read a message of this phone and asks for it again.
    async fn grant_retry(&mut self, node: &Node, chat: &Chat, author: Jid) {
        let id = stanza::text(node, "id");
        let count = node.get_optional_child("retry").and_then(|retry| stanza::number(retry, "count")).unwrap_or(1u8);
        let Some(number) = self.number_of(&author) else {
            return;
        };
        let Some(line) = self.log.find(chat, &id).filter(|line| line.from_me) else {
            return;
        };
        if count >= MOST_RETRIES {
            return;
        }
        let target = Target { jid: author, number };
        if let Some(keys) = node.get_optional_child("keys")
            && let Some(bundle) = Bundle::read(keys, stanza::child_content(node, "registration"))
        {
            self.signal.forget_session(&target.address());
            if let Err(error) = self.signal.begin_session(&target.address(), bundle).await {
                tracing::debug!(phone = %self.info.number, %error, "the keys of a retry are no good");
            }
        } else if !chat.has_members() {
            // Whatever the device has of the session, it does not fit: begin a new one.
            self.signal.forget_session(&target.address());
        }
        if let Err(error) = self.send_again(&line, &target, count).await {
            tracing::debug!(phone = %self.info.number, %error, "a message was not sent again");
        }
    }

    async fn receive_notification(&mut self, node: &Node) {
        let outcome = match stanza::text(node, "type").as_str() {
            "encrypt" if node.get_optional_child("count").is_some() => self.upload_prekeys().await,
            "account_sync" => {
                self.notice_blocklist(node);
                match node.get_optional_child("devices") {
                    Some(devices) => self.serve_companions(devices).await,
                    None => Ok(()),
                }
            }
            "server_sync" => self.notice_app_state(node).await,
            "w:gp2" => {
                self.notice_group(node);
                Ok(())
            }
            "picture" => {
                self.notice_picture(node);
                Ok(())
            }
            "status" => {
                self.notice_about(node);
                Ok(())
            }
            _ => Ok(()),
        };
        if let Err(error) = outcome {
            tracing::warn!(
                phone = %self.info.number, %error,
                "a phone could not do what a notification asked for"
            );
        }
    }

    /// Stores a file on the media host under the path it gives.
    pub(super) async fn upload(&self, sealed: Vec<u8>) -> Result<String, super::PhoneError> {
        Ok(self.media.store(sealed.into(), ambient::wall_clock()).await?)
    }
}

fn retry_key(envelope: &Envelope) -> (String, String) {
    (envelope.author_number.clone(), envelope.id.clone())
}

/// `<ack>` by which the network forgets a stanza.
fn acknowledged(class: &'static str, node: &Node) -> Node {
    let mut ack = NodeBuilder::new("ack").attr("class", class).attr("id", stanza::text(node, "id"));
    for (from, to) in [("from", "to"), ("participant", "participant"), ("type", "type")] {
        if let Some(value) = node.attrs.get(from) {
            ack = ack.attr(to, value.clone());
        }
    }
    ack.build()
}
