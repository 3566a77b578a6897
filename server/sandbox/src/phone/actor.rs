//! The phone at work: one task that owns its keys, takes commands one by one and reads its line.
//!
//! Requests to the network are made in between: while the phone waits for an answer, other stanzas
//! are put aside and read afterwards, in the order they came.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node, Server};

use super::app_state::{AppStateEntry, AppStateKey, Collections, Mutation};
use super::calls::{self, Calls};
use super::chat::Chat;
use super::compose::Desk;
use super::error::PhoneError;
use super::groups::{self, Group, Joined};
use super::log::Log;
use super::message::{Draft, Message, Status};
use super::observation::Observations;
use super::script::Script;
use super::signal::Signal;
use super::social::{self, Person};
use crate::account::{AccountInfo, PrimaryKeys};
use crate::ambient;
use crate::journal::Journal;
use crate::media::MediaHost;
use crate::network::{Network, PrimaryLink};
use crate::stanza;

/// Answers come from this process; what takes longer has gone wrong.
const LONGEST_ANSWER: Duration = Duration::from_secs(10);

/// Stanzas put aside while the phone waits for an answer. Beyond this it hangs up and finds them
/// again when it calls back.
const MOST_ASIDE: usize = 8_192;

/// One-time pre-keys a phone keeps on the network, and how many it adds when asked for more.
const PREKEYS: u32 = 30;

const PHONE: &str = "phone";

/// What a phone is asked to do.
#[expect(clippy::large_enum_variant, reason = "few wait at a time")]
pub(crate) enum Command {
    Send(Draft, Answer<Message>),
    Read { chat: Chat, ids: Option<Vec<String>>, status: Status, answer: Answer<usize> },
    Social(social::Wish, Answer<()>),
    Blocked(Answer<Vec<Chat>>),
    Look(Chat, Answer<Person>),
    ChangeAppState(Mutation, Answer<()>),
    AppState(Answer<Vec<AppStateEntry>>),
    CreateGroup { subject: String, participants: Vec<Chat>, answer: Answer<Chat> },
    Groups(Answer<Vec<Group>>),
    Group(Chat, Answer<Group>),
    ChangeGroup(Chat, groups::Change, Answer<()>),
    ChangeMembers { group: Chat, action: groups::Action, people: Vec<Chat>, answer: Answer<Vec<(Chat, u16)>> },
    GroupRequests(Chat, Answer<Vec<Chat>>),
    LeaveGroup(Chat, Answer<()>),
    GroupInvite { group: Chat, is_new: bool, answer: Answer<String> },
    JoinGroup(String, Answer<Joined>),
    Call { with: Chat, is_video: bool, answer: Answer<String> },
    ActOnCall { id: String, action: calls::Action, answer: Answer<()> },
    GoOnline(Answer<()>),
    GoOffline(Answer<()>),
    SetScript(Script, Answer<()>),
}

pub(crate) type Answer<T> = oneshot::Sender<Result<T, PhoneError>>;

/// What of a phone outlives the process beside its keys and its log.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct PhoneRecord {
    pub(crate) script: Script,
    pub(crate) is_online: bool,
    pub(crate) app_state_key: AppStateKey,
    /// Whether the owner's name stands in the app state.
    pub(crate) is_name_published: bool,
    /// Companions that have the app state key and the history.
    pub(crate) served: BTreeSet<u16>,
    /// What the owner goes by, when it is not the name the account was made with.
    #[serde(default)]
    pub(crate) shown_name: Option<String>,
    /// Whether the phone does not upload expired files again.
    #[serde(default)]
    pub(crate) refuses_media: bool,
}

impl PhoneRecord {
    pub(crate) fn new(script: Script) -> Self {
        Self {
            script,
            is_online: true,
            app_state_key: AppStateKey::generate(),
            is_name_published: false,
            served: BTreeSet::new(),
            shown_name: None,
            refuses_media: false,
        }
    }

    /// What the owner goes by.
    pub(crate) fn name<'a>(&'a self, info: &'a AccountInfo) -> &'a str {
        self.shown_name.as_deref().unwrap_or(&info.name)
    }

    pub(crate) fn load_all(journal: &Journal) -> Result<HashMap<String, Self>, crate::journal::JournalError> {
        let records = journal.load(PHONE)?;
        Ok(records
            .into_iter()
            .filter_map(|(number, bytes)| Some((number, serde_json::from_slice(&bytes).ok()?)))
            .collect())
    }
}

pub(crate) struct Actor {
    pub(super) network: Network,
    pub(super) media: MediaHost,
    pub(super) info: AccountInfo,
    pub(super) keys: PrimaryKeys,
    pub(super) signal: Signal,
    pub(super) log: Arc<Log>,
    pub(super) record: PhoneRecord,
    pub(super) collections: Collections,
    pub(super) observations: Arc<Observations>,
    pub(super) calls: Arc<Calls>,
    /// What others see of the record.
    pub(super) shown: tokio::sync::watch::Sender<Shown>,
    /// Which phones echo, so that two of them do not talk forever.
    pub(super) echoing: Arc<super::Echoing>,
    pub(super) link: Option<PrimaryLink>,
    pub(super) aside: VecDeque<Node>,
    /// Devices that have the phone's sender key, by group.
    pub(super) keyed: HashMap<String, BTreeSet<String>>,
    /// How often a message was asked for again, by author and id.
    pub(super) retries: HashMap<(String, String), u8>,
    pub(super) next_id: u64,
}

/// The state of a phone as others see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) is_online: bool,
    pub(crate) script: Script,
}

impl Actor {
    /// Works until every handle of the phone is gone.
    pub(crate) async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        loop {
            while let Some(node) = self.aside.pop_front() {
                self.receive(node).await;
            }
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.obey(command).await,
                    None => return,
                },
                node = hear(&mut self.link) => match node {
                    Some(node) => self.receive(node).await,
                    None => self.call_back(),
                },
            }
        }
    }

    async fn obey(&mut self, command: Command) {
        // Whoever asked may have gone; the phone has done it all the same.
        match command {
            Command::Send(draft, answer) => {
                let _ = answer.send(self.send_draft(draft).await);
            }
            Command::Read { chat, ids, status, answer } => {
                let _ = answer.send(self.mark_read(&chat, ids.as_deref(), status));
            }
            Command::Social(wish, answer) => {
                let _ = answer.send(self.grant(wish).await);
            }
            Command::Blocked(answer) => {
                let _ = answer.send(self.blocked().await);
            }
            Command::Look(chat, answer) => {
                let _ = answer.send(self.look(&chat).await);
            }
            Command::ChangeAppState(mutation, answer) => {
                let _ = answer.send(self.mutate(&mutation).await);
            }
            Command::AppState(answer) => {
                let _ = answer.send(self.app_state().await);
            }
            Command::CreateGroup { subject, participants, answer } => {
                let _ = answer.send(self.create_group(&subject, &participants).await);
            }
            Command::Groups(answer) => {
                let _ = answer.send(self.groups().await);
            }
            Command::Group(group, answer) => {
                let _ = answer.send(self.group(&group).await);
            }
            Command::ChangeGroup(group, change, answer) => {
                let _ = answer.send(self.change_group(&group, change).await);
            }
            Command::ChangeMembers { group, action, people, answer } => {
                let _ = answer.send(self.change_members(&group, action, &people).await);
            }
            Command::GroupRequests(group, answer) => {
                let _ = answer.send(self.group_requests(&group).await);
            }
            Command::LeaveGroup(group, answer) => {
                let _ = answer.send(self.leave_group(&group).await);
            }
            Command::GroupInvite { group, is_new, answer } => {
                let _ = answer.send(self.group_invite(&group, is_new).await);
            }
            Command::JoinGroup(code, answer) => {
                let _ = answer.send(self.join_group(&code).await);
            }
            Command::Call { with, is_video, answer } => {
                let _ = answer.send(self.call(&with, is_video));
            }
            Command::ActOnCall { id, action, answer } => {
                let _ = answer.send(self.act_on_call(&id, action));
            }
            Command::GoOnline(answer) => {
                let _ = answer.send(self.go_online().await);
            }
            Command::GoOffline(answer) => {
                self.hang_up();
                self.record.is_online = false;
                self.save();
                let _ = answer.send(Ok(()));
            }
            Command::SetScript(script, answer) => {
                self.record.script = script;
                self.echoing.set(&self.info.number, script == Script::Echo);
                self.save();
                let _ = answer.send(Ok(()));
            }
        }
    }

    pub(crate) async fn go_online(&mut self) -> Result<(), PhoneError> {
        if self.link.is_none() {
            self.link = Some(self.network.attach_primary(&self.info.number)?);
        }
        self.record.is_online = true;
        self.save();
        let count = self.ask(request("encrypt", "get").children([NodeBuilder::new("count").build()])).await?;
        let count = count.get_optional_child("count").and_then(|count| stanza::number(count, "value")).unwrap_or(0u32);
        if count < PREKEYS / 2 {
            self.upload_prekeys().await?;
        }
        Ok(())
    }

    pub(super) fn hang_up(&mut self) {
        self.link = None;
        // The network keeps what was not acknowledged.
        self.aside.clear();
    }

    /// The line went dead, or too much came over it at once: what was not acknowledged comes again
    /// over a new one.
    fn call_back(&mut self) {
        self.hang_up();
        match self.network.attach_primary(&self.info.number) {
            Ok(link) => self.link = Some(link),
            Err(error) => tracing::warn!(phone = %self.info.number, %error, "a phone lost its line"),
        }
    }

    pub(super) async fn upload_prekeys(&mut self) -> Result<(), PhoneError> {
        let number = |value: u32, bytes: usize| value.to_be_bytes()[4 - bytes..].to_vec();
        let value = |tag, bytes: Vec<u8>| NodeBuilder::new(tag).bytes(bytes).build();
        let keys = self.signal.fresh_prekeys(PREKEYS)?;
        let keys = keys.into_iter().map(|(id, public)| {
            NodeBuilder::new("key").children([value("id", number(id, 3)), value("value", public.to_vec())]).build()
        });
        let signed = self.keys.public_signed_prekey();
        let children = [
            value("registration", number(self.signal.registration_id(), 4)),
            value("type", vec![5]),
            value("identity", self.keys.public_identity().to_vec()),
            NodeBuilder::new("list").children(keys).build(),
            NodeBuilder::new("skey")
                .children([
                    value("id", number(signed.id, 3)),
                    value("value", signed.value.to_vec()),
                    value("signature", signed.signature),
                ])
                .build(),
        ];
        self.ask(request("encrypt", "set").children(children)).await?;
        Ok(())
    }

    /// Sends a request and waits for its answer.
    pub(super) async fn ask(&mut self, request: NodeBuilder) -> Result<Node, PhoneError> {
        let id = self.new_request_id();
        let request = request.attr("id", id.clone()).build();
        let answer = self.exchange(request, |node| node.tag == "iq" && stanza::is(node, "id", &id)).await?;
        if stanza::is(&answer, "type", "error") {
            let code =
                answer.get_optional_child("error").and_then(|error| stanza::number(error, "code")).unwrap_or(500);
            return Err(PhoneError::RequestRefused(code));
        }
        Ok(answer)
    }

    /// Sends a stanza and waits for the one that answers it.
    pub(super) async fn exchange(
        &mut self,
        stanza: Node,
        is_answer: impl Fn(&Node) -> bool,
    ) -> Result<Node, PhoneError> {
        self.signal.flush();
        let link = self.link.as_mut().ok_or(PhoneError::Offline)?;
        link.send(stanza);
        let aside = &mut self.aside;
        let answer = async {
            loop {
                let node = link.recv().await?;
                if is_answer(&node) {
                    return Some(node);
                }
                if aside.len() >= MOST_ASIDE {
                    return None;
                }
                aside.push_back(node);
            }
        };
        match timeout(LONGEST_ANSWER, answer).await {
            Ok(Some(node)) => Ok(node),
            Ok(None) => {
                self.call_back();
                Err(PhoneError::NoAnswer)
            }
            Err(_) => Err(PhoneError::NoAnswer),
        }
    }

    /// Sends a stanza nobody answers. Off line it goes nowhere: what it was about comes again.
    pub(super) fn say(&self, node: Node) {
        self.signal.flush();
        if let Some(link) = &self.link {
            link.send(node);
        }
    }

    pub(super) fn save(&self) {
        if let Ok(bytes) = serde_json::to_vec(&self.record) {
            self.network.journal().put(PHONE, &self.info.number, &bytes);
        }
        self.shown.send_replace(Shown { is_online: self.record.is_online, script: self.record.script });
    }

    pub(super) fn desk<'a>(&'a self, media_host: &'a str) -> Desk<'a> {
        let own = (self.own_jid().to_string(), self.own_lid().to_string());
        Desk { log: &self.log, media: &self.media, media_host, own }
    }

    pub(super) fn own_jid(&self) -> Jid {
        Jid::pn(self.info.number.as_str())
    }

    pub(super) fn own_lid(&self) -> Jid {
        Jid::lid(self.info.lid.as_str())
    }

    /// The number behind a person's JID.
    pub(super) fn number_of(&self, jid: &Jid) -> Option<String> {
        match jid.server {
            Server::Pn | Server::Hosted | Server::Legacy => Some(jid.user.to_string()),
            Server::Lid | Server::HostedLid if jid.user == self.info.lid => Some(self.info.number.clone()),
            Server::Lid | Server::HostedLid => self.network.account_by_lid(&jid.user).map(|account| account.number),
            _ => None,
        }
    }

    /// A person's hidden id.
    pub(super) fn hidden(&self, person: &Chat) -> Result<Jid, PhoneError> {
        match person {
            Chat::Person(number) => match self.network.account_by_number(number) {
                Some(account) => Ok(Jid::lid(account.lid.as_str())),
                None => Err(PhoneError::NotOnNetwork(person.clone())),
            },
            Chat::Hidden(id) => Ok(Jid::lid(id.as_str())),
            Chat::Group(_) | Chat::Status | Chat::Other(_) => Err(PhoneError::NotWritable(person.clone())),
        }
    }

    /// The person's chat: by number where the number is known.
    pub(super) fn person(&self, jid: &Jid) -> Chat {
        match self.number_of(jid) {
            Some(number) => Chat::Person(number),
            None => Chat::of(jid),
        }
    }

    pub(super) fn new_message_id(&self) -> String {
        hex::encode_upper(ambient::random_bytes::<16>())
    }

    fn new_request_id(&mut self) -> String {
        self.next_id += 1;
        format!("phone-{}", self.next_id)
    }
}

/// The head of a request to the server.
pub(super) fn request(namespace: &'static str, kind: &'static str) -> NodeBuilder {
    NodeBuilder::new("iq").attr("to", stanza::server()).attr("type", kind).attr("xmlns", namespace)
}

async fn hear(link: &mut Option<PrimaryLink>) -> Option<Node> {
    match link {
        Some(link) => link.recv().await,
        None => std::future::pending().await,
    }
}
