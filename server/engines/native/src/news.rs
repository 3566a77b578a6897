//! Everything else that WhatsApp tells: sorted where it is heard, committed in that order.
//!
//! The library calls the listener synchronously, so it only sorts: endings and answers to sends go
//! where they are waited for, all else into one bounded queue with one reader.

use std::sync::{
    Arc, Weak,
    atomic::{AtomicBool, Ordering},
};

use openwa_model::{
    Timestamp,
    contact::ContactSeen,
    engine::{Exit, Signal},
    jid::Jid,
    login::LoginStep,
    session::Restriction,
};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use wacore::types::events::{Event, EventHandler, EventInterest, EventKind, MessageBatch, ServerAck};

use crate::{
    account,
    acks::{Acks, Outcome},
    backend::MappingObserver,
    calls::{self, Calls},
    chats,
    durability::CommitFirst,
    exit::{self, Ending},
    group_news,
    history::{self, HistoryLimits},
    inbound, jid, labels,
    link::{Link, own_ids},
    past::{self, Answers},
    receipts,
    timelock::{self, AfterRefusal},
};

/// How much may wait to be committed. Beyond it the link ends: the store is too slow for this account,
/// and what WhatsApp has still queued is better off there.
const MOST_WAITING: usize = 8_192;

/// How many signals are committed at once.
const AT_ONCE: usize = 64;

/// What the reader has to do.
pub(crate) enum News {
    /// To be committed as it is.
    Signal(Signal),
    /// The phone accepted the code.
    Linked,
    /// The link is up.
    Online,
    /// The phone tells of the past.
    History(Arc<Event>),
    /// The phone tells of the past because it was asked to.
    Past(Arc<Event>),
    /// Messages that the library does not pass through the hook: from channels, and recovered ones.
    Unguarded(MessageBatch),
    /// WhatsApp refused a send as it does for accounts that may not write to strangers.
    Timelocked,
}

/// What the listener sorts into.
pub(crate) struct Listener {
    queue: mpsc::Sender<News>,
    pub(crate) acks: Arc<Acks>,
    pub(crate) ending: Arc<Ending>,
    /// The calls that ring now.
    pub(crate) calls: Calls,
    /// What the phone answered when it was asked what was said before.
    pub(crate) answers: Answers,
    /// The code that is on the screen now.
    pub(crate) code: watch::Sender<Option<LoginStep>>,
    /// Whether the phone has accepted a code on this link: WhatsApp will ask for a restart.
    pub(crate) linked: AtomicBool,
    /// Whether WhatsApp has said that this device is unlinked.
    pub(crate) unlinked: AtomicBool,
    pub(crate) now: fn() -> Timestamp,
}

impl Listener {
    pub(crate) fn new(now: fn() -> Timestamp) -> (Arc<Self>, mpsc::Receiver<News>) {
        let (queue, receiver) = mpsc::channel(MOST_WAITING);
        let listener = Self {
            queue,
            acks: Arc::default(),
            ending: Arc::default(),
            calls: Calls::default(),
            answers: Answers::default(),
            code: watch::Sender::new(None),
            linked: AtomicBool::new(false),
            unlinked: AtomicBool::new(false),
            now,
        };
        (Arc::new(listener), receiver)
    }

    pub(crate) fn queue(&self, news: News) {
        if let Err(mpsc::error::TrySendError::Full(_)) = self.queue.try_send(news) {
            self.ending
                .reach(Exit::Dropped("The store is too slow for what WhatsApp sends; the link is set up anew.".into()));
        }
    }

    /// Has something committed after all that was heard before.
    pub(crate) fn tell(&self, signal: Signal) {
        self.queue(News::Signal(signal));
    }

    fn show(&self, step: LoginStep) {
        self.code.send_replace(Some(step.clone()));
        self.queue(News::Signal(Signal::Login(step)));
    }

    fn acknowledged(&self, ack: &ServerAck) {
        if ack.class.as_deref().is_some_and(|it| it != "message") {
            return;
        }
        let at = ack.timestamp.and_then(|it| Timestamp::from_second(it.timestamp()).ok());
        // A refusal whose code is no number is a refusal all the same.
        let refused = ack.error.as_deref().map(|it| it.parse().unwrap_or_default());
        let outcome = Outcome { refused, at: at.unwrap_or_else(|| (self.now)()) };
        if refused == Some(timelock::CODE) {
            self.queue(News::Timelocked);
        }
        if let Some(settled) = self.acks.settle(&ack.id, outcome) {
            self.queue(News::Signal(Signal::SendSettled(settled)));
        }
    }
}

impl EventHandler for Listener {
    fn handle_event(&self, event: Arc<Event>) {
        let now = (self.now)();
        if let Event::TemporaryBan(ban) = &*event {
            self.queue(News::Signal(Signal::Restricted(Some(Restriction {
                kind: "tos_block".into(),
                code: ban.code.code().unsigned_abs(),
                expires_at: Some(exit::ban_ends(ban, now)),
            }))));
        }
        self.unlinked.fetch_or(matches!(&*event, Event::LoggedOut(_)), Ordering::AcqRel);
        if let Some(exit) = exit::of_event(&event, now) {
            match &*event {
                Event::Disconnected(_) => self.ending.break_off(exit),
                _ => self.ending.reach(exit),
            }
            return;
        }
        match &*event {
            Event::ServerAck(it) => self.acknowledged(it),
            Event::PairingQrCode(it) => {
                self.show(LoginStep::Qr { code: it.code.clone(), expires_at: after(now, it.timeout) });
            }
            Event::PairingCode(it) => {
                self.show(LoginStep::PairingCode { code: it.code.clone(), expires_at: after(now, it.timeout) });
            }
            Event::PairSuccess(_) => {
                self.code.send_replace(None);
                self.linked.store(true, Ordering::Release);
                self.queue(News::Linked);
            }
            // The own name may come after the account is on line; then it is told again, with it.
            Event::Connected(_) | Event::SelfPushNameUpdated(_) => self.queue(News::Online),
            Event::Messages(batch) if !batch.hook_committed => self.queue(News::Unguarded(batch.clone())),
            Event::HistorySync(it) if it.peer_data_request_session_id().is_some() => self.queue(News::Past(event)),
            Event::HistorySync(_) => self.queue(News::History(event)),
            Event::IncomingCall(it) => {
                if let Some(signal) = self.calls.hear(it) {
                    self.queue(News::Signal(signal));
                }
            }
            Event::RawNode(stanza) => {
                if let Some(signal) = receipts::read_elsewhere(stanza.get()) {
                    self.queue(News::Signal(signal));
                }
            }
            other => {
                if let Some(signal) = signal(other) {
                    self.queue(News::Signal(signal));
                }
            }
        }
    }

    fn interest(&self) -> EventInterest {
        EventInterest::of(&[
            EventKind::Connected,
            EventKind::Disconnected,
            EventKind::PairSuccess,
            EventKind::PairError,
            EventKind::LoggedOut,
            EventKind::PairingQrCode,
            EventKind::PairingCode,
            EventKind::PairingQrCodesExhausted,
            EventKind::PairPasskeyRequest,
            EventKind::ClientOutdated,
            EventKind::Messages,
            EventKind::HistorySync,
            EventKind::Receipt,
            EventKind::RawNode,
            EventKind::ServerAck,
            EventKind::GroupUpdate,
            EventKind::PictureUpdate,
            EventKind::ContactUpdate,
            EventKind::ContactNumberChanged,
            EventKind::IncomingCall,
            EventKind::MissedCall,
            EventKind::LabelEditUpdate,
            EventKind::LabelAssociationUpdate,
            EventKind::Presence,
            EventKind::ChatPresence,
            EventKind::ArchiveUpdate,
            EventKind::PinUpdate,
            EventKind::MuteUpdate,
            EventKind::MarkChatAsReadUpdate,
            EventKind::ClearChatUpdate,
            EventKind::DeleteChatUpdate,
            EventKind::PushNameUpdate,
            EventKind::SelfPushNameUpdated,
            EventKind::StreamReplaced,
            EventKind::TemporaryBan,
            EventKind::ConnectFailure,
        ])
    }
}

impl MappingObserver for Listener {
    fn learned(&self, phone: &str, lid: &str) {
        let phone = format!("{phone}@c.us").parse().ok();
        let lid = format!("{lid}@lid").parse().ok();
        if phone.is_some() && lid.is_some() {
            // A large group teaches thousands at once. What finds no room is told again with the next
            // message of that person, which carries both ids.
            let seen = ContactSeen { phone, lid, ..ContactSeen::default() };
            let _ = self.queue.try_send(News::Signal(Signal::Contact(seen)));
        }
    }
}

fn after(now: Timestamp, wait: std::time::Duration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// What an event is, when it is to be committed as it is.
fn signal(event: &Event) -> Option<Signal> {
    match event {
        Event::Receipt(it) => receipts::signal(it),
        Event::PushNameUpdate(it) => {
            let known = [Some(&it.jid), Some(&it.message.source.sender), it.message.source.sender_alt.as_ref()];
            seen(known, None, inbound::name(&it.new_push_name))
        }
        Event::ContactUpdate(it) => {
            let full = it.action.full_name.as_deref().or(it.action.first_name.as_deref())?;
            let lid = it.action.lid_jid.as_deref().and_then(|it| it.parse().ok());
            seen([Some(&it.jid), lid.as_ref(), None], inbound::name(full), None)
        }
        Event::ContactNumberChanged(it) => seen([Some(&it.new_jid), it.new_lid.as_ref(), None], None, None),
        Event::GroupUpdate(it) => group_news::signal(it),
        Event::PictureUpdate(it) => group_news::picture(it),
        Event::Presence(it) => account::presence(it),
        Event::ChatPresence(it) => account::typing(it),
        Event::MissedCall(it) => calls::missed(it),
        other => chats::changed(other).or_else(|| labels::changed(other)),
    }
}

fn seen(ids: [Option<&whatsapp_rust::Jid>; 3], name: Option<String>, push_name: Option<String>) -> Option<Signal> {
    let (phone, lid): (Option<Jid>, Option<Jid>) = (jid::phone_among(ids), jid::lid_among(ids));
    let says_something = name.is_some() || push_name.is_some() || (phone.is_some() && lid.is_some());
    let someone = phone.is_some() || lid.is_some();
    (someone && says_something).then_some(Signal::Contact(ContactSeen { phone, lid, name, push_name }))
}

/// Reads the queue until it is told that nothing more will come, and then what is left.
pub(crate) async fn read(
    mut queue: mpsc::Receiver<News>,
    link: Weak<Link>,
    commit: Arc<CommitFirst>,
    over: CancellationToken,
) {
    let mut waiting = Vec::with_capacity(AT_ONCE);
    // How many messages of the past may still be stored.
    let mut room = commit.history.messages;
    loop {
        tokio::select! {
            biased;
            received = queue.recv_many(&mut waiting, AT_ONCE) => if received == 0 { return },
            () = over.cancelled() => return,
        }
        let mut signals = Vec::with_capacity(waiting.len());
        for news in waiting.drain(..) {
            match news {
                News::Signal(Signal::Receipt(receipt)) => {
                    let Some(link) = link.upgrade() else { return };
                    signals.extend(receipts::owned(receipt, &own_ids(&link.client)).map(Signal::Receipt));
                }
                News::Signal(signal) => signals.push(signal),
                News::Linked => {
                    let Some(link) = link.upgrade() else { return };
                    signals.extend(link.linked().await);
                }
                News::Online => {
                    let Some(link) = link.upgrade() else { return };
                    let (online, is_first) = link.online();
                    signals.extend(online);
                    if is_first {
                        timelock::ask(&link, AfterRefusal::No);
                    }
                }
                News::Timelocked => {
                    let Some(link) = link.upgrade() else { return };
                    timelock::ask(&link, AfterRefusal::Yes);
                }
                News::History(event) => {
                    let Some(own) = link.upgrade().map(|it| own_ids(&it.client)) else { return };
                    // What was heard before goes first.
                    if !committed(&commit, &std::mem::take(&mut signals)).await {
                        return;
                    }
                    let mut pieces = history::pieces(event, own, HistoryLimits { messages: room, ..commit.history });
                    while let Some(piece) = pieces.recv().await {
                        room = room.saturating_sub(history::messages_in(&piece));
                        if commit.signals.commit(piece).await.is_err() {
                            return;
                        }
                    }
                }
                News::Past(event) => {
                    let Some(link) = link.upgrade() else { return };
                    if let Some((id, messages)) = past::read(event, own_ids(&link.client)).await {
                        link.listener.answers.arrived(id, messages);
                    }
                }
                News::Unguarded(batch) => {
                    let Some(link) = link.upgrade() else { return };
                    signals.extend(commit.signals_of(&link.client, &own_ids(&link.client), &batch.messages).await);
                }
            }
        }
        if !committed(&commit, &signals).await {
            return;
        }
    }
}

/// Commits signals in their order; false when nothing more can be.
async fn committed(commit: &CommitFirst, signals: &[Signal]) -> bool {
    for some in signals.chunks(AT_ONCE) {
        if commit.signals.commit(some.to_vec()).await.is_err() {
            return false;
        }
    }
    true
}
