//! What engines say becoming rows and events: all signals of one batch in one unit.
//!
//! Beside it: `people` (one person has two ids), `progress` (how far messages got), `changes` (reactions, edits,
//! revocations), `answered` (votes, and answers to appointments), `automation` (answers by rules), `early` (what comes
//! before the message it is about), `chats` (what was done to chats on other devices), `groups` (what happens in them),
//! `account` (labels, calls, presence) and `bounds` (how much of what comes from outside is kept).

mod account;
mod answered;
mod automation;
mod bounds;
mod changes;
mod chats;
mod early;
mod groups;
mod people;
mod progress;

use std::collections::HashMap;

use openwa_model::{
    Timestamp,
    automation::AutomationRule,
    chat::ChatTouch,
    contact::ContactSeen,
    content::Quoted,
    engine::{Heard, InboundMessage, Signal},
    files::FileKey,
    id::{RowId, SessionId},
    jid::{ChatKind, Jid, Server},
    login::{Account, LoginStep},
    message::{DeliveryStatus, Message},
    presence::PresenceHeard,
    session::{Backoff, Effect, Input, Progress, Restriction, Session, SessionConfig, Status, step},
    store::{StoreError, Unit},
};

pub(crate) use self::early::{forget_old, sessions_with_old_reactions, tell_old_reactions};
use self::{
    bounds::{MAX_BODY, MAX_ITEMS, MAX_NAME, clip, clip_detail, clip_media, plausible},
    people::both_ids,
};
use crate::{
    gateway::Context,
    payload::{Events, inline_media},
    qr, reconciler,
    running::{Live, ShownQr},
};

type Result<T> = std::result::Result<T, StoreError>;

/// How often the row of a busy session is touched.
const ACTIVE_EVERY_SECONDS: i64 = 60;
/// The kind of limit that lets an account be on line and keeps it from writing to strangers.
const TIMELOCK: &str = "reachout_timelock";
/// How many unread messages of a chat are counted.
const MAX_UNREAD: u32 = 1_000;

/// What is made before the unit opens, because it takes time and needs no database.
#[derive(Default)]
pub(crate) struct Prepared {
    /// Pictures of QR codes, by code.
    pictures: HashMap<String, String>,
    /// Files in base64, by key.
    files: HashMap<FileKey, String>,
}

impl Prepared {
    pub(crate) async fn of(context: &Context, heard: &[Heard]) -> Self {
        let mut prepared = Self::default();
        for signal in heard.iter().flat_map(|it| &it.signals) {
            match signal {
                Signal::Login(LoginStep::Qr { code, .. }) => match qr::png_data_url(code) {
                    Ok(picture) => _ = prepared.pictures.insert(code.clone(), picture),
                    Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "a QR code was not drawn"),
                },
                Signal::Message(message) => {
                    if let Some(media) = &message.media
                        && let Some(key) = &media.file
                        && let Some(data) =
                            inline_media(&*context.ports.files, media, context.settings.media_inline_max_bytes).await
                    {
                        prepared.files.insert(key.clone(), data);
                    }
                }
                _ => {}
            }
        }
        prepared
    }
}

/// What the session's task takes over once the unit is committed.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) progress: Progress,
    pub(crate) live: Live,
    /// When the row's `last_active` was written last.
    pub(crate) active_at: Timestamp,
    /// Files nobody needs any more.
    pub(crate) unused: Vec<FileKey>,
    /// Messages that were pending when the session became ready: nobody is sending them.
    pub(crate) pending: Vec<Message>,
    /// Answers by rules, stored as pending in this unit.
    pub(crate) replies: Vec<Message>,
    /// Calls that the session is set to reject.
    pub(crate) unwanted_calls: Vec<String>,
    /// Who was heard to be there or to type, under the ids that people are kept under, and when.
    pub(crate) presences: Vec<(PresenceHeard, Timestamp)>,
}

/// One batch being written.
pub(crate) struct Inbound<'a> {
    unit: &'a mut dyn Unit,
    context: &'a Context,
    session: SessionId,
    prepared: &'a Prepared,
    draft: Draft,
    now: Timestamp,
    row: Option<Session>,
    /// Ids looked up in this batch: the person behind a hidden id.
    phones: HashMap<Jid, Option<Jid>>,
    /// Ids looked up in this batch: the hidden id of a phone number.
    lids: HashMap<Jid, Option<Jid>>,
    /// Whether anything is held for messages to come, once that was asked.
    holds_news: Option<bool>,
    /// Whether this batch has held anything.
    has_held: bool,
    /// The session's rules that answer, in their order, once they were asked for.
    rules: Option<Vec<AutomationRule>>,
}

/// Writes one batch into a unit; what comes back counts once the unit is committed.
pub(crate) async fn absorb(
    unit: &mut dyn Unit,
    context: &Context,
    session: SessionId,
    prepared: &Prepared,
    draft: Draft,
    heard: &[Heard],
) -> Result<Draft> {
    let now = context.now();
    let mut inbound = Inbound {
        unit,
        context,
        session,
        prepared,
        draft,
        now,
        row: None,
        phones: HashMap::new(),
        lids: HashMap::new(),
        holds_news: None,
        has_held: false,
        rules: None,
    };
    for signal in heard.iter().flat_map(|it| &it.signals) {
        inbound.take(signal).await?;
    }
    inbound.finish().await
}

/// Writes a new status into the row and the log.
pub(crate) async fn announce(
    unit: &mut dyn Unit,
    row: &mut Session,
    progress: &Progress,
    now: Timestamp,
) -> Result<()> {
    row.status = progress.status;
    row.last_error = progress.last_error.clone();
    row.last_active = Some(now);
    row.updated_at = now;
    unit.append_event(&Events { session: row.id, own: None }.status(progress.status, now)).await?;
    Ok(())
}

impl Inbound<'_> {
    async fn take(&mut self, signal: &Signal) -> Result<()> {
        match signal {
            Signal::Login(step) => self.login(step).await,
            Signal::Linked(account) => self.linked(account).await,
            Signal::Online(account) => self.online(account).await,
            Signal::Message(message) => self.message(message).await,
            Signal::Receipt(receipt) => self.receipt(receipt).await,
            Signal::Reaction(reaction) => self.reaction(reaction).await,
            Signal::Edited(edited) => self.edited(edited).await,
            Signal::Revoked(revoked) => self.revoked(revoked).await,
            Signal::Voted(voted) => self.voted(voted).await,
            Signal::Responded(responded) => self.responded(responded).await,
            Signal::SendSettled(settled) => self.send_settled(settled).await,
            Signal::Addressed(addressed) => self.addressed(addressed).await,
            Signal::Chat(changed) => self.chat_changed(changed).await,
            Signal::Label(changed) => self.label_changed(changed).await,
            Signal::Call(call) => self.call(call).await,
            Signal::Presence(heard) => self.presence(heard).await,
            Signal::Contact(seen) => self.contact(seen).await,
            Signal::GroupChanged(change) => self.group_changed(change).await,
            Signal::GroupNamed { id, subject } => self.unit.name_chat(self.session, id, &clip(subject, MAX_NAME)).await,
            Signal::Restricted(restriction) => self.restricted(restriction.as_ref()).await,
        }
    }

    async fn finish(mut self) -> Result<Draft> {
        self.trim_held().await?;
        if self.row.is_none() && self.now.duration_since(self.draft.active_at).as_secs() >= ACTIVE_EVERY_SECONDS {
            let now = self.now;
            if let Some(row) = self.row().await? {
                row.last_active = Some(now);
            }
            self.lift(|it| it.expires_at.is_some_and(|ends| ends <= now)).await?;
        }
        if let Some(row) = &self.row {
            self.unit.save_session(row).await?;
            self.draft.active_at = self.now;
        }
        Ok(self.draft)
    }

    /// The session's row, read once and written at the end; `None` when it was deleted meanwhile.
    async fn row(&mut self) -> Result<Option<&mut Session>> {
        if self.row.is_none() {
            self.row = self.unit.session(self.session).await?;
        }
        Ok(self.row.as_mut())
    }

    async fn step(&mut self, input: Input) -> Result<()> {
        // None of these inputs ends a link, so neither backoff nor chance plays a part.
        let backoff = Backoff::of(&SessionConfig::default());
        let (progress, effects) = step(&self.draft.progress, input, self.now, &backoff, 0.0);
        self.draft.live.status = progress.status;
        if progress.status != Status::QrReady {
            self.draft.live.qr = None;
        }
        self.draft.progress = progress;
        self.row().await?;
        if effects.contains(&Effect::Announce)
            && let Some(row) = &mut self.row
        {
            announce(self.unit, row, &self.draft.progress, self.now).await?;
        }
        Ok(())
    }

    async fn login(&mut self, login: &LoginStep) -> Result<()> {
        self.step(Input::CodeShown).await?;
        let LoginStep::Qr { code, expires_at } = login else { return Ok(()) };
        self.draft.live.qr = Some(ShownQr { code: code.clone(), expires_at: *expires_at });
        if let Some(picture) = self.prepared.pictures.get(code) {
            let event = self.events().qr(code, picture, self.now);
            self.unit.append_event(&event).await?;
        }
        Ok(())
    }

    async fn linked(&mut self, account: &Account) -> Result<()> {
        self.step(Input::Linked).await?;
        self.set_account(account).await?;
        let event = self.events().authenticated(account, self.now);
        self.unit.append_event(&event).await?;
        Ok(())
    }

    async fn online(&mut self, account: &Account) -> Result<()> {
        let was_ready = self.draft.progress.status == Status::Ready;
        self.step(Input::Online).await?;
        self.set_account(account).await?;
        if was_ready {
            return Ok(());
        }
        self.draft.pending = self.unit.pending_messages(self.session, reconciler::BATCH).await?;
        let now = self.now;
        if let Some(row) = self.row().await? {
            row.connected_at = Some(now);
        }
        // Whoever is let in is not banned any more. A limit on writing to strangers lasts longer than a link, where it
        // was told how long; else the engine tells again when it is still there.
        self.lift(|it| it.kind != TIMELOCK || it.expires_at.is_none_or(|ends| ends <= now)).await
    }

    async fn lift(&mut self, is_over: impl Fn(&Restriction) -> bool + Send) -> Result<()> {
        let restriction = self.row().await?.and_then(|it| it.restriction.clone());
        if restriction.is_some_and(|it| is_over(&it)) { self.restricted(None).await } else { Ok(()) }
    }

    async fn set_account(&mut self, account: &Account) -> Result<()> {
        let mut account = account.clone();
        account.push_name = account.push_name.map(|it| clip(&it, MAX_NAME));
        if let Some(row) = self.row().await? {
            row.account = Some(account.clone());
        }
        self.draft.live.account = Some(account);
        Ok(())
    }

    async fn message(&mut self, inbound: &InboundMessage) -> Result<()> {
        let message = self.read_message(inbound).await?;
        let known_name = if inbound.from_me {
            let (phone, lid) = both_ids(inbound);
            if phone.is_some() && lid.is_some() {
                self.learn(&ContactSeen { phone, lid, name: None, push_name: None }).await?;
            }
            None
        } else {
            self.learn(&ContactSeen {
                phone: message.sender_phone.clone(),
                lid: message.sender_lid.clone(),
                name: None,
                push_name: message.push_name.clone(),
            })
            .await?
        };
        if let Some(twin) = self.twin_of(&message).await? {
            if inbound.from_me {
                self.sent(&twin.chat, std::slice::from_ref(&twin.id), Some(message.timestamp)).await?;
            }
            return Ok(());
        }
        if !self.unit.add_message(&message).await? {
            // An echo of what was sent from here proves that it was accepted.
            if inbound.from_me {
                self.sent(&message.chat, std::slice::from_ref(&message.id), Some(message.timestamp)).await?;
            }
            return Ok(());
        }
        let private = message.chat.kind() == ChatKind::Individual;
        let touch = ChatTouch {
            id: message.chat.clone(),
            name: known_name.filter(|_| private),
            at: message.timestamp,
            body: message.body.clone(),
            kind: message.kind,
            unread: u32::from(!inbound.from_me),
        };
        self.unit.touch_chat(self.session, &touch).await?;
        let file = message.media.as_ref().and_then(|it| it.file.as_ref());
        let data = file.and_then(|it| self.prepared.files.get(it)).map(String::as_str);
        let event = self.events().message(&message, data);
        self.unit.append_event(&event).await?;
        if message.chat == Jid::status() && !message.from_me {
            self.status_received(&message, data.is_some()).await?;
        }
        self.apply_held(&message).await?;
        self.reply(&message, &event).await
    }

    async fn status_received(&mut self, message: &Message, has_data: bool) -> Result<()> {
        let contact = self.unit.contact(self.session, &message.sender).await?;
        let name = contact.as_ref().and_then(|it| it.name.as_deref());
        let event = self.events().status_received(message, name, has_data);
        self.unit.append_event(&event).await?;
        Ok(())
    }

    async fn read_message(&mut self, inbound: &InboundMessage) -> Result<Message> {
        let chat = self.canonical(&inbound.chat, inbound.chat_alternative.as_ref()).await?;
        let of = |server: Server| Some(inbound.sender.clone()).filter(|it| it.server() == server);
        let (chat_phone, chat_lid) = if inbound.from_me { (None, None) } else { both_ids(inbound) };
        let sender_lid = inbound.sender_lid.clone().or_else(|| of(Server::Lid)).or(chat_lid);
        let told_phone = inbound.sender_phone.clone().or_else(|| of(Server::Phone)).or(chat_phone);
        let sender_phone = match (told_phone, &sender_lid) {
            (Some(phone), _) => Some(phone),
            (None, Some(lid)) => self.phone_of(lid).await?,
            (None, None) => None,
        };
        let sender_lid = match (sender_lid, &sender_phone) {
            (None, Some(phone)) => self.lid_of(phone).await?,
            (lid, _) => lid,
        };
        let own = self.draft.live.account.as_ref().map(|it| it.phone.clone()).filter(|_| inbound.from_me);
        let sender = own.or_else(|| sender_phone.clone()).unwrap_or_else(|| inbound.sender.clone());
        let mut mentions = Vec::new();
        for mentioned in inbound.mentions.iter().take(MAX_ITEMS) {
            mentions.push(self.canonical(mentioned, None).await?);
        }
        let quoted = match &inbound.quoted {
            Some(quoted) => Some(Quoted {
                id: quoted.id.clone(),
                sender: self.canonical(&quoted.sender, None).await?,
                body: clip(&quoted.body, MAX_BODY),
            }),
            None => None,
        };
        Ok(Message {
            row: RowId(self.context.ports.minter.uuid(self.now)),
            session: self.session,
            id: inbound.id.clone(),
            status: if inbound.from_me { DeliveryStatus::Sent } else { DeliveryStatus::Delivered },
            chat,
            sender,
            sender_phone,
            sender_lid,
            push_name: inbound.push_name.as_deref().map(|it| clip(it, MAX_NAME)),
            from_me: inbound.from_me,
            kind: inbound.kind,
            body: clip(&inbound.body, MAX_BODY),
            timestamp: self.plausible(inbound.timestamp),
            error: None,
            quoted,
            mentions,
            media: inbound.media.clone().map(clip_media),
            detail: inbound.detail.clone().map(clip_detail),
            marks: inbound.marks.clone(),
            edited_at: None,
            outgoing: None,
            created_at: self.now,
        })
    }

    async fn contact(&mut self, seen: &ContactSeen) -> Result<()> {
        let seen = ContactSeen {
            name: seen.name.as_deref().map(|it| clip(it, MAX_NAME)),
            push_name: seen.push_name.as_deref().map(|it| clip(it, MAX_NAME)),
            ..seen.clone()
        };
        let Some(name) = self.learn(&seen).await? else { return Ok(()) };
        let Some(id) = seen.phone.or(seen.lid) else { return Ok(()) };
        let chat = self.canonical(&id, None).await?;
        if let Some(known) = self.unit.chat(self.session, &chat).await?
            && known.name.as_ref() != Some(&name)
        {
            self.unit.name_chat(self.session, &chat, &name).await?;
        }
        Ok(())
    }

    async fn restricted(&mut self, restriction: Option<&Restriction>) -> Result<()> {
        let now = self.now;
        let Some(row) = self.row().await? else { return Ok(()) };
        let before = std::mem::replace(&mut row.restriction, restriction.cloned());
        row.updated_at = now;
        if before.as_ref() == restriction {
            return Ok(());
        }
        if let Some(subject) = restriction.or(before.as_ref()) {
            let event = self.events().restriction(subject, restriction.is_some(), now);
            self.unit.append_event(&event).await?;
        }
        Ok(())
    }

    /// A time from outside, kept within what can be.
    fn plausible(&self, at: Timestamp) -> Timestamp {
        plausible(at, self.now)
    }

    fn events(&self) -> Events<'_> {
        Events { session: self.session, own: self.draft.live.account.as_ref().map(|it| &it.phone) }
    }
}
