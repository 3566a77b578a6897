//! The port that engines implement, and the only way they speak back.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::{
    call::CallHeard,
    capability::Capabilities,
    chat::ChatChanged,
    contact::ContactSeen,
    content::{Detail, EventResponse, Marks, Media, MessageKind, Quoted},
    files::Files,
    group::GroupChange,
    id::{MessageId, SessionId},
    jid::Jid,
    label::LabelChanged,
    login::{Account, LoginFlow, LoginStep},
    message::{DeliveryStatus, Reaction},
    ops::{Command, Reply},
    presence::PresenceHeard,
    session::Restriction,
    vault::Vault,
};

/// The kinds of engines there are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// WhatsApp's own protocol.
    Native,
}

impl EngineKind {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
        }
    }

    /// The kind of this name.
    pub fn of(name: &str) -> Option<Self> {
        (name == "native").then_some(Self::Native)
    }
}

/// What an engine is given to work with.
#[derive(Clone)]
pub struct Seed {
    /// The session it is for.
    pub session: SessionId,
    /// Where it keeps credentials and Signal state.
    pub vault: Arc<dyn Vault>,
    /// Where it takes outgoing media from and puts incoming media.
    pub files: Arc<dyn Files>,
    /// The proxy to connect through: `http://` or `socks5://`, with or without credentials.
    pub proxy: Option<String>,
}

/// Makes engines of one kind. Each engine crate exports exactly one.
#[async_trait]
pub trait EngineFactory: Send + Sync + 'static {
    /// Which kind.
    fn kind(&self) -> EngineKind;
    /// What its engines can do.
    fn capabilities(&self) -> &'static Capabilities;
    /// Builds the engine for one session. Must not touch the network: that is [`Engine::run`]'s.
    async fn open(&self, seed: Seed, signals: Signals) -> Result<Arc<dyn Engine>, EngineError>;
}

/// One account's link to WhatsApp.
#[async_trait]
pub trait Engine: Send + Sync {
    /// Holds the link until it ends, and says how it ended. Failing to connect is an [`Exit`], not an error.
    async fn run(&self, stop: CancellationToken) -> Exit;
    /// Does one thing. The caller has checked the capability.
    async fn execute(&self, command: Command) -> Result<Reply, EngineError>;
    /// Asks for a way to link, while no account is linked and the link is up. QR codes come by themselves.
    async fn begin_login(&self, flow: LoginFlow) -> Result<LoginStep, EngineError>;
    /// Logs out: tells WhatsApp if the link is up, and wipes the vault always.
    /// `Err` means that WhatsApp was not told; the vault is wiped all the same.
    async fn forget(&self) -> Result<(), EngineError>;
}

/// How a link ended, sorted by what is to be done next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Exit {
    /// We asked for it.
    Stopped,
    /// The network or the server hung up: come back after a backoff.
    Dropped(String),
    /// The server said when to come back.
    HeldUntil(Timestamp, String),
    /// The credentials are no longer good: a person must link again.
    LoggedOut(String),
    /// Coming back would make it worse: replaced by another client, outdated, banned.
    Barred(String),
}

/// What sort of failure an engine met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorKind {
    /// The link is not up.
    NotConnected,
    /// WhatsApp knows no such person, group or message.
    NotFound,
    /// WhatsApp does not let this account do it.
    Refused,
    /// Only a business account can do it, and this is none.
    NotABusiness,
    /// What was asked does not make sense to WhatsApp.
    Invalid,
    /// WhatsApp did not answer in time: it may have happened, or not.
    Unconfirmed,
    /// The file is not there any more, or is not what was promised.
    Media,
    /// Our own store failed.
    Store,
    /// Anything else.
    Internal,
}

/// Whether to try again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Retry {
    /// The same will happen again.
    Never,
    /// It may work later, under the same message id.
    Later,
}

/// A failed operation.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct EngineError {
    /// What sort.
    pub kind: ErrorKind,
    /// Whether to try again.
    pub retry: Retry,
    /// WhatsApp's code, where it gave one.
    pub code: Option<u32>,
    /// For a person.
    pub message: String,
    /// For the log.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl EngineError {
    /// An error without a code or a source.
    pub fn new(kind: ErrorKind, retry: Retry, message: impl Into<String>) -> Self {
        Self { kind, retry, code: None, message: message.into(), source: None }
    }

    /// The same, with what caused it.
    pub fn because(self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }
}

/// What an engine tells the session that owns it.
#[derive(Clone, Debug)]
pub enum Signal {
    /// A code is to be scanned or typed.
    Login(LoginStep),
    /// The phone accepted the code.
    Linked(Account),
    /// The link is up, the account is set up, and what was queued has been handed over.
    Online(Account),
    /// A message came in, or was sent from another device of this account.
    Message(Box<InboundMessage>),
    /// Messages of the past, which are stored and not told: what the phone tells of the time before it was linked.
    Past(Vec<InboundMessage>),
    /// Messages got further.
    Receipt(Receipt),
    /// Someone reacted.
    Reaction(Reaction),
    /// Someone changed the text of a message.
    Edited(Edited),
    /// Someone took a message back.
    Revoked(Revoked),
    /// Someone voted in a poll, or took the vote back.
    Voted(Voted),
    /// Someone said whether they come to an appointment.
    Responded(Responded),
    /// WhatsApp accepted a send, or refused it after all.
    SendSettled(SendSettled),
    /// How many people an own message to a group goes to.
    Addressed(Addressed),
    /// A chat was changed on another device of this account.
    Chat(ChatChanged),
    /// Labels were changed on another device of this account.
    Label(LabelChanged),
    /// A call rings, or one that rang has ended.
    Call(CallHeard),
    /// Someone came on line, went away, or types.
    Presence(PresenceHeard),
    /// Someone was seen: a name, or which number belongs to which hidden id.
    Contact(ContactSeen),
    /// Something happened in a group.
    GroupChanged(Box<GroupChange>),
    /// A group's name was learned.
    GroupNamed {
        /// The group.
        id: Jid,
        /// Its subject.
        subject: String,
    },
    /// WhatsApp limited the account (`Some`) or lifted the limit (`None`).
    Restricted(Option<Restriction>),
}

/// A message as an engine decoded it.
#[derive(Clone, PartialEq, Debug)]
pub struct InboundMessage {
    /// Its id.
    pub id: MessageId,
    /// The chat, as it was addressed.
    pub chat: Jid,
    /// The chat's other id where it is a person: hidden id for a phone number, or the other way round.
    pub chat_alternative: Option<Jid>,
    /// Who sent it.
    pub sender: Jid,
    /// The sender's phone number, where it is known.
    pub sender_phone: Option<Jid>,
    /// The sender's hidden id, where it is known.
    pub sender_lid: Option<Jid>,
    /// The name the sender shows.
    pub push_name: Option<String>,
    /// Whether this account sent it from another device.
    pub from_me: bool,
    /// What it is.
    pub kind: MessageKind,
    /// Text or caption, "" when it has none.
    pub body: String,
    /// When it was sent, by WhatsApp's clock.
    pub timestamp: Timestamp,
    /// The message it answers.
    pub quoted: Option<Quoted>,
    /// Who is mentioned.
    pub mentions: Vec<Jid>,
    /// Its file.
    pub media: Option<Media>,
    /// Place, contact cards, poll and the like.
    pub detail: Option<Detail>,
    /// What its sender says about it.
    pub marks: Marks,
}

/// How far messages got.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Receipt {
    /// The chat.
    pub chat: Jid,
    /// The messages.
    pub ids: Vec<MessageId>,
    /// Who says so: the recipient, or ourselves from another device (then the messages are the other side's).
    pub participant: Jid,
    /// Whether it comes from this account's own devices.
    pub from_me: bool,
    /// Delivered or read.
    pub status: DeliveryStatus,
    /// When.
    pub timestamp: Timestamp,
}

/// A changed text.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Edited {
    /// The chat.
    pub chat: Jid,
    /// The message.
    pub target: MessageId,
    /// Who changed it: its sender.
    pub sender: Jid,
    /// Whether that is this account.
    pub from_me: bool,
    /// The new text.
    pub body: String,
    /// Who is mentioned in it.
    pub mentions: Vec<Jid>,
    /// When.
    pub timestamp: Timestamp,
}

/// A message taken back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Revoked {
    /// The chat.
    pub chat: Jid,
    /// The message.
    pub target: MessageId,
    /// Who took it back: its sender, or an admin of the group.
    pub by: Jid,
    /// Whether that is this account.
    pub from_me: bool,
    /// When.
    pub timestamp: Timestamp,
}

/// A vote in a poll.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Voted {
    /// The chat.
    pub chat: Jid,
    /// The poll.
    pub target: MessageId,
    /// Who.
    pub voter: Jid,
    /// Whether that is this account.
    pub from_me: bool,
    /// The chosen answers, each as the SHA-256 of its text: that is all a vote says.
    pub chosen: Vec<[u8; 32]>,
    /// When.
    pub timestamp: Timestamp,
}

/// An answer to an appointment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Responded {
    /// The chat.
    pub chat: Jid,
    /// The message with the appointment.
    pub target: MessageId,
    /// Who.
    pub person: Jid,
    /// Whether that is this account.
    pub from_me: bool,
    /// What they say.
    pub response: EventResponse,
    /// How many they bring along.
    pub extra_guests: u32,
    /// When.
    pub timestamp: Timestamp,
}

/// The late outcome of a send.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SendSettled {
    /// The chat.
    pub chat: Jid,
    /// The message.
    pub id: MessageId,
    /// `None` is accepted; else WhatsApp's code.
    pub refused: Option<u32>,
    /// When.
    pub timestamp: Timestamp,
}

/// The size of an own message's audience: it is delivered or read when all of them have it or read it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Addressed {
    /// The chat.
    pub chat: Jid,
    /// The message.
    pub id: MessageId,
    /// How many people, this account not counted.
    pub recipients: u32,
}

/// The session that owned the engine has ended; nothing more can be committed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the session has ended; nothing was stored and nothing may be acknowledged")]
pub struct Gone;

/// Signals that wait to be committed together.
#[derive(Debug)]
pub struct Heard {
    /// What was said, in order.
    pub signals: Vec<Signal>,
    /// Answered once all of it is stored; dropped when it could not be.
    pub committed: oneshot::Sender<()>,
}

/// The engine's only way out. Bounded: a slow store slows the engine instead of filling memory.
#[derive(Clone, Debug)]
pub struct Signals(mpsc::Sender<Heard>);

impl Signals {
    /// How many calls of [`Signals::commit`] may wait before the next one has to.
    pub const CAPACITY: usize = 256;

    /// The engine's end and the session's end.
    pub fn channel() -> (Self, mpsc::Receiver<Heard>) {
        let (sender, receiver) = mpsc::channel(Self::CAPACITY);
        (Self(sender), receiver)
    }

    /// Returns once the signals are committed, in one transaction. Only then may an engine acknowledge them to WhatsApp.
    pub async fn commit(&self, signals: Vec<Signal>) -> Result<(), Gone> {
        let (committed, done) = oneshot::channel();
        self.0.send(Heard { signals, committed }).await.map_err(|_| Gone)?;
        done.await.map_err(|_| Gone)
    }
}
