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
    content::{Attendance, Marks, Media, Vote},
    event::{EventKind, NewEvent},
    files::{FileError, FileKey, Files},
    group::{GroupHappening, GroupUpdate},
    id::SessionId,
    jid::{ChatKind, Jid, Server},
    login::Account,
    message::{Message, Reaction},
    presence::PresenceHeard,
    session::{Restriction, Status},
    sync::{HistorySync, SyncProgress, SyncState},
};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::gateway::status_ends;

mod detail;
mod webhook;

#[cfg(test)]
mod tests;

use detail::{detail_payload, media_payload};

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

    /// `session.sync`: how far asking the phone about the past is.
    pub(crate) fn sync(&self, sync: &HistorySync, progress: &SyncProgress, at: Timestamp) -> NewEvent {
        // Whoever tells it is asking just now.
        let state = SyncState::of(progress, true, at);
        let (run, SyncProgress { done, left, .. }) = (sync.run, *progress);
        let key = format!("sync_{}_{run}_{done}_{left}_{}_{}", self.session, state.name(), at.as_millisecond());
        let data = json!({
            "sessionId": self.session, "state": state.name(), "chatsDone": done, "chatsLeft": left,
            "messagesStored": sync.stored, "lastError": sync.last_error,
        });
        self.event(EventKind::SessionSync, None, at, key, data)
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
