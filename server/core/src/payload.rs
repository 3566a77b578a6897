//! The contract's events, made from what is kept.
//!
//! The same row gives the same event and the same idempotency key, however often it is replayed.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use openwa_model::{
    Timestamp,
    call::{CallHeard, CallOutcome},
    chat::Chat,
    contact::{Merged, PersonIds},
    content::{Appointment, Attendance, Choices, Detail, Marks, Media, Product, Vote},
    event::{EventKind, NewEvent},
    files::{FileError, FileKey, Files},
    group::{GroupHappening, GroupUpdate},
    id::SessionId,
    jid::{ChatKind, Jid, Server},
    login::Account,
    message::{Message, Reaction},
    presence::PresenceHeard,
    session::{Restriction, Status},
};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::gateway::status_ends;

/// The bytes of a kept file, if it is there and not larger than `max_bytes`.
pub(crate) async fn file_bytes(files: &dyn Files, key: &FileKey, max_bytes: u64) -> Result<Option<Vec<u8>>, FileError> {
    let Some(path) = files.local(key).await? else { return Ok(None) };
    if tokio::fs::metadata(&path).await?.len() > max_bytes {
        return Ok(None);
    }
    Ok(Some(tokio::fs::read(&path).await?))
}

/// A message's file in base64, if our copy of it is there and small enough to stand in an event.
pub(crate) async fn inline_media(files: &dyn Files, media: &Media, max_bytes: u64) -> Option<String> {
    match file_bytes(files, media.file.as_ref()?, max_bytes).await {
        Ok(bytes) => bytes.map(|it| BASE64_STANDARD.encode(it)),
        Err(error) => {
            // The event must not wait for a broken disk; it names the file without carrying it.
            tracing::warn!(error = &error as &dyn std::error::Error, "a file was left out of an event");
            None
        }
    }
}

/// Makes the events of one session.
pub(crate) struct Events<'a> {
    pub(crate) session: SessionId,
    /// The linked account's own id.
    pub(crate) own: Option<&'a Jid>,
}

impl Events<'_> {
    /// `message.received`, or `message.sent` for our own; `data` is the file in base64.
    pub(crate) fn message(&self, message: &Message, data: Option<&str>) -> NewEvent {
        let kind = if message.from_me { EventKind::MessageSent } else { EventKind::MessageReceived };
        let key = format!("msg_{}_{}", self.session, message.id);
        self.event(kind, Some(&message.chat), message.timestamp, key, self.incoming_message(message, data))
    }

    /// `message.ack`.
    pub(crate) fn ack(&self, message: &Message, at: Timestamp) -> NewEvent {
        let key = format!("ack_{}_{}_{}", self.session, message.id, message.status.name());
        let mut data = json!({
            "id": message.id, "messageId": message.id, "chatId": message.chat,
            "status": message.status.name(), "ack": message.status.ack(),
        });
        put_sender(&mut data, message.sender_phone.as_ref(), message.sender_lid.as_ref());
        self.event(EventKind::MessageAck, Some(&message.chat), at, key, data)
    }

    /// `message.failed`; `code` is WhatsApp's, where it refused.
    pub(crate) fn failed(&self, message: &Message, code: Option<u32>, at: Timestamp) -> NewEvent {
        let key = format!("failed_{}_{}", self.session, message.id);
        let mut data = json!({
            "id": message.id, "messageId": message.id, "chatId": message.chat,
            "status": "failed", "ack": -1, "error": message.error,
        });
        if let Some(code) = code {
            data["code"] = json!(code);
        }
        put_sender(&mut data, message.sender_phone.as_ref(), message.sender_lid.as_ref());
        self.event(EventKind::MessageFailed, Some(&message.chat), at, key, data)
    }

    /// `message.revoked`; `message` as it was before.
    pub(crate) fn revoked(&self, message: &Message, at: Timestamp) -> NewEvent {
        let key = format!("rev_{}_{}", self.session, message.id);
        let (from, to) = self.sides(message);
        let mut data = json!({
            "id": message.id, "revokedId": message.id, "chatId": message.chat, "from": from, "to": to,
            "type": "revoked", "body": "", "timestamp": at.as_second(),
        });
        put_sender(&mut data, message.sender_phone.as_ref(), message.sender_lid.as_ref());
        self.event(EventKind::MessageRevoked, Some(&message.chat), at, key, data)
    }

    /// `message.edited`; `message` as it is now.
    pub(crate) fn edited(&self, message: &Message, at: Timestamp) -> NewEvent {
        let key = format!("edit_{}_{}_{}", self.session, message.id, at.as_millisecond());
        let (from, to) = self.sides(message);
        let mut data = json!({
            "messageId": message.id, "chatId": message.chat, "body": message.body, "senderId": message.sender,
            "from": from, "to": to, "fromMe": message.from_me, "isGroup": message.chat.is_group(),
            "type": message.kind.name(), "hasMedia": message.media.is_some(), "timestamp": at.as_second(),
        });
        if !message.mentions.is_empty() {
            data["mentionedIds"] = json!(message.mentions);
        }
        if has_author(message) {
            data["author"] = json!(message.sender);
        }
        put_sender(&mut data, message.sender_phone.as_ref(), message.sender_lid.as_ref());
        self.event(EventKind::MessageEdited, Some(&message.chat), at, key, data)
    }

    /// `message.reaction`.
    pub(crate) fn reaction(&self, reaction: &Reaction, sender: &PersonIds) -> NewEvent {
        let occurred_ms = reaction.timestamp.as_millisecond();
        let key = format!("react_{}_{}_{}_{occurred_ms}", self.session, reaction.target, reaction.sender);
        let mut data = json!({
            "messageId": reaction.target, "chatId": reaction.chat,
            "reaction": reaction.emoji, "senderId": reaction.sender,
        });
        put_sender(&mut data, sender.phone.as_ref(), sender.lid.as_ref());
        self.event(EventKind::MessageReaction, Some(&reaction.chat), reaction.timestamp, key, data)
    }

    /// `chat.update`; `chat` as it is now, none when it was deleted.
    pub(crate) fn chat(&self, id: &Jid, chat: Option<&Chat>, at: Timestamp) -> NewEvent {
        let muted_until = chat.and_then(|it| it.muted_until).filter(|it| *it > at);
        let expiration = |until: Timestamp| if until == Timestamp::MAX { 0 } else { until.as_millisecond() };
        let mut data = json!({
            "chatId": id, "archived": chat.is_some_and(|it| it.archived), "pinned": chat.is_some_and(|it| it.pinned),
            "muted": muted_until.is_some(), "unreadCount": chat.map_or(0, |it| it.unread), "deleted": chat.is_none(),
        });
        if let Some(until) = muted_until {
            data["muteExpiration"] = json!(expiration(until));
        }
        let hash = hex::encode(Sha256::digest(data.to_string()));
        let key = format!("chat_{}_{id}_{}_{}", self.session, &hash[..12], at.as_millisecond());
        self.event(EventKind::ChatUpdate, Some(id), at, key, data)
    }

    /// `presence.update`: of the one person who was heard of.
    pub(crate) fn presence(&self, heard: &PresenceHeard, at: Timestamp) -> NewEvent {
        let PresenceHeard { chat, participant, state, last_seen } = heard;
        let key = format!("pres_{}_{chat}_{participant}_{}_{}", self.session, state.name(), at.as_millisecond());
        let mut person = json!({ "id": participant, "state": state.name() });
        if let Some(last_seen) = last_seen {
            person["lastSeen"] = json!(last_seen.as_second());
        }
        let data = json!({ "chatId": chat, "participants": [person], "observedAt": format!("{at:.3}") });
        self.event(EventKind::PresenceUpdate, Some(chat), at, key, data)
    }

    /// `call.received`, or what became of it.
    pub(crate) fn call(&self, call: &CallHeard) -> NewEvent {
        let mut data = json!({
            "callId": call.id, "from": call.from, "isVideo": call.is_video, "isGroup": call.is_group,
            "timestamp": call.at.as_second(),
        });
        let mut key = format!("call_{}_{}", self.session, call.id);
        let kind = match call.outcome {
            None => EventKind::CallReceived,
            Some(outcome) => {
                key = format!("{key}_{}", outcome.name());
                data["outcome"] = json!(outcome.name());
                match outcome {
                    CallOutcome::Accepted => EventKind::CallAccepted,
                    CallOutcome::Rejected => EventKind::CallRejected,
                    CallOutcome::Missed => EventKind::CallMissed,
                }
            }
        };
        self.event(kind, Some(&call.from), call.at, key, data)
    }

    /// `status.received`: the same status as told by `message.received`, in the contract's shorter words.
    pub(crate) fn status_received(&self, message: &Message, name: Option<&str>, has_data: bool) -> NewEvent {
        let key = format!("status_{}_{}", self.session, message.id);
        let ends = status_ends(message.timestamp);
        let mut contact = json!({ "id": message.sender });
        for (field, text) in [("name", name), ("pushName", message.push_name.as_deref())] {
            if let Some(text) = text {
                contact[field] = json!(text);
            }
        }
        let omitted = message.media.is_some() && !has_data;
        let mut data = json!({
            "sessionId": self.session, "statusId": message.id, "contact": contact, "type": message.kind.name(),
            "hasMedia": message.media.is_some(), "mediaOmitted": omitted,
            "postedAt": message.timestamp.as_millisecond(), "expiresAt": ends.as_millisecond(),
        });
        if !message.body.is_empty() {
            data["caption"] = json!(message.body);
        }
        if omitted {
            data["omitReason"] = json!("too_large");
        }
        self.event(EventKind::StatusReceived, Some(&message.chat), message.timestamp, key, data)
    }

    /// `contact.merged`.
    pub(crate) fn merged(&self, merged: &Merged, at: Timestamp) -> NewEvent {
        let Merged { phone, lid, chat, messages } = merged;
        let key = format!("merge_{}_{}_{}", self.session, lid.user(), phone.user());
        let mut data = json!({
            "contactId": phone, "formerId": lid, "chatMerged": chat, "messagesMoved": messages,
            "timestamp": at.as_second(),
        });
        put_sender(&mut data, Some(phone), Some(lid));
        self.event(EventKind::ContactMerged, Some(phone), at, key, data)
    }

    /// `poll.vote`; `poll` as it is now.
    pub(crate) fn vote(&self, poll: &Message, vote: &Vote, voter: &PersonIds, from_me: bool) -> NewEvent {
        let key = format!("vote_{}_{}_{}_{}", self.session, poll.id, vote.voter, vote.at.as_millisecond());
        let mut data = json!({
            "messageId": poll.id, "chatId": poll.chat, "senderId": vote.voter, "fromMe": from_me,
            "isGroup": poll.chat.is_group(), "options": vote.options, "timestamp": vote.at.as_second(),
        });
        put_sender(&mut data, voter.phone.as_ref(), voter.lid.as_ref());
        self.event(EventKind::PollVote, Some(&poll.chat), vote.at, key, data)
    }

    /// `event.response`; `message` with the appointment, as it is now.
    pub(crate) fn attendance(
        &self,
        message: &Message,
        answer: &Attendance,
        person: &PersonIds,
        from_me: bool,
    ) -> NewEvent {
        let key = format!("resp_{}_{}_{}_{}", self.session, message.id, answer.person, answer.at.as_millisecond());
        let mut data = json!({
            "messageId": message.id, "chatId": message.chat, "senderId": answer.person, "fromMe": from_me,
            "isGroup": message.chat.is_group(), "response": answer.response.name(),
            "extraGuests": answer.extra_guests, "timestamp": answer.at.as_second(),
        });
        put_sender(&mut data, person.phone.as_ref(), person.lid.as_ref());
        self.event(EventKind::EventResponse, Some(&message.chat), answer.at, key, data)
    }

    /// `session.status`.
    pub(crate) fn status(&self, status: Status, at: Timestamp) -> NewEvent {
        let key = format!("sess_{}_{}_{}", self.session, status.name(), at.as_millisecond());
        let data = json!({ "sessionId": self.session, "status": status.name() });
        self.event(EventKind::SessionStatus, None, at, key, data)
    }

    /// `session.qr`.
    pub(crate) fn qr(&self, code: &str, png_data_url: &str, at: Timestamp) -> NewEvent {
        let hash = hex::encode(Sha256::digest(code));
        let key = format!("qr_{}_{}", self.session, &hash[..12]);
        let data = json!({ "sessionId": self.session, "qr": png_data_url });
        self.event(EventKind::SessionQr, None, at, key, data)
    }

    /// `session.authenticated`.
    pub(crate) fn authenticated(&self, account: &Account, at: Timestamp) -> NewEvent {
        let data = json!({
            "sessionId": self.session, "phone": account.phone.user(), "pushName": account.push_name,
        });
        self.event(EventKind::SessionAuthenticated, None, at, self.occurrence("auth", at), data)
    }

    /// `session.disconnected`.
    pub(crate) fn disconnected(&self, reason: &str, at: Timestamp) -> NewEvent {
        let data = json!({ "sessionId": self.session, "reason": reason });
        self.event(EventKind::SessionDisconnected, None, at, self.occurrence("disc", at), data)
    }

    /// `session.reconnect_loop`.
    pub(crate) fn reconnect_loop(&self, attempts: u32, next: Duration, at: Timestamp) -> NewEvent {
        let next_ms = u64::try_from(next.as_millis()).unwrap_or(u64::MAX);
        let data = json!({ "sessionId": self.session, "attempts": attempts, "nextDelayMs": next_ms });
        self.event(EventKind::SessionReconnectLoop, None, at, self.occurrence("loop", at), data)
    }

    /// `session.restriction`: a limit that WhatsApp put on the account, or lifted.
    pub(crate) fn restriction(&self, restriction: &Restriction, active: bool, at: Timestamp) -> NewEvent {
        let data = json!({
            "sessionId": self.session, "active": active, "kind": restriction.kind, "code": restriction.code,
            "expiresAt": restriction.expires_at,
        });
        self.event(EventKind::SessionRestriction, None, at, self.occurrence("restr", at), data)
    }

    /// `group.join`, `group.leave`, `group.join_request` or `group.update`.
    pub(crate) fn group(
        &self,
        group: &Jid,
        actor: Option<&Jid>,
        people: &[Jid],
        what: &GroupHappening,
        at: Timestamp,
    ) -> NewEvent {
        let mut data = json!({ "groupId": group, "participantIds": people, "timestamp": at.as_second() });
        if let Some(actor) = actor {
            data["actorId"] = json!(actor);
        }
        let (kind, word) = match what {
            GroupHappening::Join => (EventKind::GroupJoin, "join"),
            GroupHappening::Leave => (EventKind::GroupLeave, "leave"),
            GroupHappening::JoinRequest => (EventKind::GroupJoinRequest, "join_request"),
            GroupHappening::Update(update) => {
                data["changes"] = group_changes(update);
                (EventKind::GroupUpdate, "update")
            }
        };
        let hash = hex::encode(Sha256::digest(data.to_string()));
        let key = format!("grp_{group}_{}_{word}_{}", &hash[..12], at.as_millisecond());
        self.event(kind, Some(group), at, key, data)
    }

    fn occurrence(&self, prefix: &str, at: Timestamp) -> String {
        format!("{prefix}_{}_{}", self.session, at.as_millisecond())
    }

    fn event(&self, kind: EventKind, chat: Option<&Jid>, at: Timestamp, key: String, data: Value) -> NewEvent {
        NewEvent { session: self.session, kind, chat: chat.cloned(), occurred_at: at, idempotency_key: key, data }
    }

    /// The contract's `from` and `to`: the two sides of the chat, seen from this account.
    fn sides(&self, message: &Message) -> (String, String) {
        let own = || self.own.map(Jid::to_string).unwrap_or_default();
        if message.from_me {
            (message.sender.to_string(), message.chat.to_string())
        } else {
            (message.chat.to_string(), own())
        }
    }

    fn incoming_message(&self, message: &Message, data: Option<&str>) -> Value {
        let (from, to) = self.sides(message);
        let kind = message.chat.kind();
        let mut fields = Map::new();
        let mut put = |name: &str, value: Value| _ = fields.insert(name.to_owned(), value);
        put("id", json!(message.id));
        put("from", json!(from));
        put("to", json!(to));
        put("chatId", json!(message.chat));
        put("body", json!(message.body));
        put("type", json!(message.kind.name()));
        put("timestamp", json!(message.timestamp.as_second()));
        put("fromMe", json!(message.from_me));
        put("isGroup", json!(message.chat.is_group()));
        put("kind", json!(kind.name()));
        if kind == ChatKind::Status {
            put("isStatusBroadcast", json!(true));
        }
        if has_author(message) {
            put("author", json!(message.sender));
        }
        if !message.mentions.is_empty() {
            put("mentionedIds", json!(message.mentions));
        }
        if message.sender.server() == Server::Lid {
            put("isLidSender", json!(true));
        }
        if let Some(phone) = &message.sender_phone {
            put("senderPhone", json!(phone.user()));
        }
        if let Some(lid) = &message.sender_lid {
            put("senderLid", json!(lid));
        }
        if let Some(push_name) = &message.push_name {
            put("contact", json!({ "pushName": push_name }));
        }
        if let Some(media) = &message.media {
            put("media", media_payload(media, data));
        }
        if let Some(quoted) = &message.quoted {
            put("quotedMessage", json!({ "id": quoted.id, "body": quoted.body }));
        }
        for (name, value) in message.detail.iter().flat_map(detail_payload) {
            put(name, value);
        }
        put_marks(&message.marks, put);
        Value::Object(fields)
    }
}

/// Both ids of who did it, beside the contract's fields.
fn put_sender(data: &mut Value, phone: Option<&Jid>, lid: Option<&Jid>) {
    if let Some(phone) = phone {
        data["senderPhone"] = json!(phone.user());
    }
    if let Some(lid) = lid {
        data["senderLid"] = json!(lid);
    }
}

/// What is not so is not written.
fn put_marks(marks: &Marks, mut put: impl FnMut(&str, Value)) {
    for (name, is_so) in [
        ("isForwarded", marks.is_forwarded),
        ("isViewOnce", marks.is_view_once),
        ("isGif", marks.is_gif),
        ("isVideoNote", marks.is_video_note),
        ("mentionsEveryone", marks.mentions_everyone),
    ] {
        if is_so {
            put(name, json!(true));
        }
    }
    if marks.is_forwarded {
        put("forwardingScore", json!(marks.forwarding_score));
    }
    if let Some(seconds) = marks.ephemeral_seconds {
        put("ephemeralDuration", json!(seconds));
    }
}

/// Whether `from` does not say already who sent it.
fn has_author(message: &Message) -> bool {
    !message.from_me && message.chat.kind() != ChatKind::Individual
}

/// Only what is another than before.
fn group_changes(update: &GroupUpdate) -> Value {
    let add_mode = update.only_admins_add.map(|it| if it { "admins" } else { "all" });
    let all = [
        ("subject", json!(update.subject)),
        ("description", json!(update.description)),
        ("announce", json!(update.announce)),
        ("locked", json!(update.locked)),
        ("ephemeralSeconds", json!(update.ephemeral_seconds)),
        ("memberAddMode", json!(add_mode)),
        ("membershipApproval", json!(update.approves_members)),
        ("isAdmin", json!(update.is_admin)),
        ("picture", json!(update.picture)),
        ("inviteRenewed", json!(update.invite_renewed.then_some(true))),
    ];
    Value::Object(all.into_iter().filter(|(_, it)| !it.is_null()).map(|(name, it)| (name.to_owned(), it)).collect())
}

fn media_payload(media: &Media, data: Option<&str>) -> Value {
    let mut fields = Map::new();
    fields.insert("mimetype".to_owned(), json!(media.mimetype));
    if let Some(filename) = &media.filename {
        fields.insert("filename".to_owned(), json!(filename));
    }
    match data {
        Some(data) => fields.insert("data".to_owned(), json!(data)),
        None => fields.insert("omitted".to_owned(), json!(true)),
    };
    if let Some(size_bytes) = media.size_bytes {
        fields.insert("sizeBytes".to_owned(), json!(size_bytes));
    }
    Value::Object(fields)
}

fn detail_payload(detail: &Detail) -> Vec<(&'static str, Value)> {
    match detail {
        Detail::Location { latitude, longitude, description, address, url } => {
            let mut place = json!({ "latitude": latitude, "longitude": longitude });
            for (name, value) in [("description", description), ("address", address), ("url", url)] {
                if let Some(value) = value {
                    place[name] = json!(value);
                }
            }
            vec![("location", place)]
        }
        Detail::Contact { vcards } => vec![("vcards", json!(vcards))],
        Detail::Poll { name, options, multiple, .. } => {
            vec![("poll", json!({ "name": name, "options": options, "allowMultipleAnswers": multiple }))]
        }
        // Whom it is shown to is nobody's business.
        Detail::Status(post) => {
            let colour = post.colour().map(|it| ("backgroundColor", json!(it)));
            colour.into_iter().chain(post.font.map(|it| ("font", json!(it)))).collect()
        }
        Detail::Event(appointment) => vec![("event", appointment_payload(appointment))],
        Detail::Choices(choices) => vec![("buttons", buttons_payload(choices))],
        Detail::Chosen(chosen) => vec![("button", json!({ "id": chosen.id, "text": chosen.text }))],
        Detail::Product(product) => vec![("product", product_payload(product))],
        Detail::Order { id, token } => vec![("order", filled(json!({ "orderId": id }), [("token", json!(token))]))],
        Detail::Call { video, missed } => vec![("call", json!({ "video": video, "missed": missed }))],
    }
}

fn appointment_payload(appointment: &Appointment) -> Value {
    let place = appointment.place.as_ref().map(|it| {
        let (latitude, longitude) = it.degrees.unzip();
        let (latitude, longitude) = (json!(latitude), json!(longitude));
        filled(json!({}), [("name", json!(it.name)), ("latitude", latitude), ("longitude", longitude)])
    });
    let optional = [
        ("description", json!(appointment.description)),
        ("startTime", json!(appointment.starts_at.map(|it| it.as_second()))),
        ("endTime", json!(appointment.ends_at.map(|it| it.as_second()))),
        ("location", json!(place)),
        ("joinLink", json!(appointment.join_link)),
    ];
    let always = json!({
        "name": appointment.name, "extraGuestsAllowed": appointment.takes_guests, "isCanceled": appointment.is_canceled,
    });
    filled(always, optional)
}

/// Buttons and rows of a list alike, as the contract has them.
fn buttons_payload(choices: &Choices) -> Value {
    let all = choices.sections.iter().flat_map(|it| &it.choices);
    all.map(|it| json!({ "id": it.id, "text": it.text })).collect()
}

fn product_payload(product: &Product) -> Value {
    let optional = [
        ("title", json!(product.title)),
        ("description", json!(product.description)),
        ("businessOwnerJid", json!(product.owner)),
    ];
    filled(json!({ "productId": product.id }), optional)
}

/// These fields, and those of the others that have a value.
fn filled<const N: usize>(mut fields: Value, optional: [(&str, Value); N]) -> Value {
    for (name, value) in optional {
        if !value.is_null() {
            fields[name] = value;
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use openwa_model::{
        content::{EventResponse, MessageKind, Quoted},
        id::{MessageId, RowId},
        message::DeliveryStatus,
    };
    use uuid::Uuid;

    use super::*;

    const SESSION: SessionId = SessionId(Uuid::nil());

    fn message(chat: &str, sender: &str, from_me: bool) -> Message {
        Message {
            row: RowId(Uuid::nil()),
            session: SESSION,
            id: MessageId("3EB0AA".into()),
            chat: chat.parse().unwrap(),
            sender: sender.parse().unwrap(),
            sender_phone: None,
            sender_lid: None,
            push_name: None,
            from_me,
            kind: MessageKind::Text,
            body: "hello".into(),
            timestamp: Timestamp::from_second(1_700_000_000).unwrap(),
            status: DeliveryStatus::Delivered,
            error: None,
            quoted: None,
            mentions: vec![],
            media: None,
            detail: None,
            marks: Marks::default(),
            edited_at: None,
            outgoing: None,
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn data_of(message: &Message, file: Option<&str>) -> Value {
        let own = Jid::phone("15550000009");
        Events { session: SESSION, own: Some(&own) }.message(message, file).data
    }

    #[test]
    fn a_private_message_names_both_sides() {
        for (from_me, sender, kind, from, to) in [
            (false, "15550000001@c.us", EventKind::MessageReceived, "15550000001@c.us", "15550000009@c.us"),
            (true, "15550000009@c.us", EventKind::MessageSent, "15550000009@c.us", "15550000001@c.us"),
        ] {
            let own = Jid::phone("15550000009");
            let message = message("15550000001@c.us", sender, from_me);
            let event = Events { session: SESSION, own: Some(&own) }.message(&message, None);
            assert_eq!(event.kind, kind);
            assert_eq!(event.idempotency_key, format!("msg_{SESSION}_3EB0AA"));
            let expected = json!({
                "id": "3EB0AA", "from": from, "to": to, "chatId": "15550000001@c.us", "body": "hello",
                "type": "text", "timestamp": 1_700_000_000, "fromMe": from_me, "isGroup": false,
                "kind": "individual",
            });
            assert_eq!(event.data, expected);
        }
    }

    #[test]
    fn a_group_message_names_its_author() {
        let mut message = message("120363000000000001@g.us", "100000000000001@lid", false);
        message.sender_lid = Some(message.sender.clone());
        message.push_name = Some("Ana".into());
        message.mentions = vec![Jid::phone("15550000009")];
        message.quoted =
            Some(Quoted { id: MessageId("3EB0BB".into()), sender: Jid::phone("15550000009"), body: "what?".into() });
        let data = data_of(&message, None);
        for (name, value) in [
            ("from", json!("120363000000000001@g.us")),
            ("author", json!("100000000000001@lid")),
            ("isLidSender", json!(true)),
            ("senderLid", json!("100000000000001@lid")),
            ("contact", json!({ "pushName": "Ana" })),
            ("mentionedIds", json!(["15550000009@c.us"])),
            ("quotedMessage", json!({ "id": "3EB0BB", "body": "what?" })),
            ("isGroup", json!(true)),
            ("kind", json!("group")),
        ] {
            assert_eq!(data[name], value, "{name}");
        }
        assert_eq!(data.get("senderPhone"), None);
    }

    #[test]
    fn a_file_is_carried_or_named() {
        let mut message = message("15550000001@c.us", "15550000001@c.us", false);
        message.media = Some(Media {
            mimetype: "image/png".into(),
            filename: None,
            size_bytes: Some(3),
            file: None,
            remote: Some("secret".into()),
        });
        assert_eq!(
            data_of(&message, Some("AAAA"))["media"],
            json!({ "mimetype": "image/png", "data": "AAAA", "sizeBytes": 3 })
        );
        assert_eq!(
            data_of(&message, None)["media"],
            json!({ "mimetype": "image/png", "omitted": true, "sizeBytes": 3 })
        );
    }

    #[test]
    fn what_the_sender_says_is_told_only_where_it_is_so() {
        let mut message = message("15550000001@c.us", "15550000001@c.us", false);
        message.marks = Marks {
            is_forwarded: true,
            forwarding_score: 4,
            is_view_once: true,
            ephemeral_seconds: Some(86_400),
            ..Marks::default()
        };
        let data = data_of(&message, None);
        for (name, value) in [
            ("isForwarded", json!(true)),
            ("forwardingScore", json!(4)),
            ("isViewOnce", json!(true)),
            ("ephemeralDuration", json!(86_400)),
            ("isGif", Value::Null),
            ("isVideoNote", Value::Null),
            ("mentionsEveryone", Value::Null),
        ] {
            assert_eq!(data[name], value, "{name}");
        }
    }

    #[test]
    fn votes_and_answers_name_who_what_and_when() {
        let poll = message("120363000000000001@g.us", "15550000001@c.us", false);
        let at = Timestamp::from_second(1_700_000_005).unwrap();
        let events = Events { session: SESSION, own: None };
        let vote = Vote { voter: Jid::phone("15550000002"), options: vec!["Now".into()], at };
        let event = events.vote(&poll, &vote, &PersonIds::of(vote.voter.clone()), false);
        assert_eq!(event.idempotency_key, format!("vote_{SESSION}_3EB0AA_15550000002@c.us_1700000005000"));
        let expected = json!({
            "messageId": "3EB0AA", "chatId": "120363000000000001@g.us", "senderId": "15550000002@c.us",
            "fromMe": false, "isGroup": true, "options": ["Now"], "timestamp": 1_700_000_005,
            "senderPhone": "15550000002",
        });
        assert_eq!((event.kind, event.data), (EventKind::PollVote, expected));
        let response = EventResponse::NotGoing;
        let answer = Attendance { person: Jid::phone("15550000002"), response, extra_guests: 2, at };
        let event = events.attendance(&poll, &answer, &PersonIds::of(answer.person.clone()), true);
        assert_eq!(event.data["response"], "not_going");
        assert_eq!((&event.data["extraGuests"], &event.data["fromMe"]), (&json!(2), &json!(true)));
    }

    #[test]
    fn a_place_is_told_without_what_is_missing() {
        let mut message = message("15550000001@c.us", "15550000001@c.us", false);
        message.detail = Some(Detail::Location {
            latitude: 1.5,
            longitude: -2.0,
            description: Some("Here".into()),
            address: None,
            url: None,
        });
        let place = json!({ "latitude": 1.5, "longitude": -2.0, "description": "Here" });
        assert_eq!(data_of(&message, None)["location"], place);
    }

    #[test]
    fn a_group_event_says_who_and_only_what_changed() {
        let (group, ada): (Jid, Jid) = ("120363000000000001@g.us".parse().unwrap(), Jid::phone("15550000001"));
        let at = Timestamp::from_second(1_700_000_000).unwrap();
        let events = Events { session: SESSION, own: None };
        let joined = events.group(&group, None, std::slice::from_ref(&ada), &GroupHappening::Join, at);
        assert_eq!(joined.kind, EventKind::GroupJoin);
        let expected = json!({"groupId": group, "participantIds": [ada], "timestamp": 1_700_000_000});
        assert_eq!(joined.data, expected);
        let update = GroupUpdate { only_admins_add: Some(true), locked: Some(false), ..GroupUpdate::default() };
        let updated = events.group(&group, Some(&ada), &[], &GroupHappening::Update(update), at);
        assert_eq!(updated.data["changes"], json!({"memberAddMode": "admins", "locked": false}));
        assert_eq!(updated.data["actorId"], json!(ada));
        assert!(updated.idempotency_key.starts_with("grp_120363000000000001@g.us_"), "{}", updated.idempotency_key);
        assert!(updated.idempotency_key.ends_with("_update_1700000000000"), "{}", updated.idempotency_key);
        assert_ne!(updated.idempotency_key, joined.idempotency_key);
    }

    #[test]
    fn keys_are_the_contracts() {
        let events = Events { session: SESSION, own: None };
        let at = Timestamp::from_millisecond(1_700_000_000_123).unwrap();
        let mut failed = message("15550000001@c.us", "15550000009@c.us", true);
        failed.error = Some("refused".into());
        let reaction = Reaction {
            chat: failed.chat.clone(),
            target: failed.id.clone(),
            sender: failed.chat.clone(),
            emoji: "👍".into(),
            timestamp: at,
        };
        let sid = SESSION;
        for (event, key) in [
            (events.ack(&failed, at), format!("ack_{sid}_3EB0AA_delivered")),
            (events.failed(&failed, None, at), format!("failed_{sid}_3EB0AA")),
            (events.revoked(&failed, at), format!("rev_{sid}_3EB0AA")),
            (events.edited(&failed, at), format!("edit_{sid}_3EB0AA_1700000000123")),
            (
                events.reaction(&reaction, &PersonIds::default()),
                format!("react_{sid}_3EB0AA_15550000001@c.us_1700000000123"),
            ),
            (events.status(Status::Ready, at), format!("sess_{sid}_ready_1700000000123")),
            (events.qr("2@abc", "data:", at), format!("qr_{sid}_{}", &hex::encode(Sha256::digest("2@abc"))[..12])),
        ] {
            assert_eq!(event.idempotency_key, key);
            assert_eq!(event.session, SESSION);
        }
    }

    #[test]
    fn every_event_of_a_message_carries_both_ids_of_its_sender() {
        let events = Events { session: SESSION, own: None };
        let at = Timestamp::UNIX_EPOCH;
        let (phone, lid) = (Jid::phone("15550000001"), "100000000000001@lid".parse::<Jid>().unwrap());
        let ids = PersonIds { phone: Some(phone.clone()), lid: Some(lid.clone()) };
        let mut sent = message("15550000001@c.us", "15550000001@c.us", false);
        (sent.sender_phone, sent.sender_lid) = (ids.phone.clone(), ids.lid.clone());
        let reaction = Reaction {
            chat: sent.chat.clone(),
            target: sent.id.clone(),
            sender: phone.clone(),
            emoji: "👍".into(),
            timestamp: at,
        };
        let merged = Merged { phone, lid, chat: true, messages: 3 };
        for event in [
            events.message(&sent, None),
            events.ack(&sent, at),
            events.failed(&sent, Some(463), at),
            events.revoked(&sent, at),
            events.edited(&sent, at),
            events.reaction(&reaction, &ids),
            events.merged(&merged, at),
        ] {
            let said = (event.data["senderPhone"].as_str(), event.data["senderLid"].as_str());
            assert_eq!(said, (Some("15550000001"), Some("100000000000001@lid")), "{}", event.kind.name());
            let text = event.data.to_string();
            assert!(!text.contains("s.whatsapp.net") && !text.contains(":3@"), "{text}");
        }
        assert_eq!(events.failed(&sent, Some(463), at).data["code"], 463);
    }
}
