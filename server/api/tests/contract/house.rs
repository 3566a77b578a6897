//! One gateway with its API on a port of its own, and the test in WhatsApp's place.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use openwa_api::{ApiSettings, ApiState, app};
use openwa_core::{Gateway, Ports, Settings};
use openwa_files::LocalFiles;
use openwa_model::{
    Timestamp,
    business::{BusinessProfile, Product, ProductPage},
    call::{CallHeard, CallOutcome},
    capability::{Capabilities, OpSet},
    channel::{Channel, ChannelPost, ChannelRole},
    clock::{SystemClock, SystemMinter},
    contact::NumberCheck,
    content::MessageKind,
    engine::{
        Engine, EngineError, EngineFactory, EngineKind, ErrorKind, Exit, InboundMessage, Retry, Seed, Signal, Signals,
    },
    group::{Group, GroupPreview, JoinMethod, JoinRequest, Joined, LinkResult, MemberResult, Participant, Subgroup},
    id::MessageId,
    jid::Jid,
    login::{Account, LoginFlow, LoginStep},
    ops::{Command, Op, Reply, Sent},
    privacy::{PrivacyCategory, PrivacyValue},
    secret::Secret,
};
use openwa_store::{SqliteStore, StoreOptions};
use poem::{
    Server,
    listener::{Acceptor, Listener, TcpListener},
};
use reqwest::{Client, Method, RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::described::check_answer;

/// Only a failing test waits this long.
const LIMIT: Duration = Duration::from_secs(30);

/// The key that may do everything.
pub(crate) const ADMIN: &str = "the master key of this test";

/// A person on WhatsApp.
pub(crate) const ADA: &str = "15550000001@c.us";

/// Whom the account has blocked.
pub(crate) const BLOCKED_LID: &str = "100000000000005@lid";

pub(crate) async fn soon<T>(what: &str, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, work).await.unwrap_or_else(|_| panic!("{what}: it did not happen"))
}

static CAPABILITIES: Capabilities =
    Capabilities { ops: OpSet::of(Op::ALL), qr: true, pairing_code: true, max_media_bytes: 1_000_000 };

/// An engine that says what the test tells it, and does at once whatever it is asked.
struct PlayedEngine {
    asked: mpsc::UnboundedSender<Command>,
    business: Arc<AtomicBool>,
}

impl PlayedEngine {
    fn is_business(&self) -> bool {
        self.business.load(Ordering::SeqCst)
    }
}

/// The test's end of an engine.
pub(crate) struct Link {
    pub(crate) signals: Signals,
    pub(crate) asked: mpsc::UnboundedReceiver<Command>,
    business: Arc<AtomicBool>,
}

struct PlayedFactory {
    opened: mpsc::UnboundedSender<Link>,
}

#[async_trait]
impl EngineFactory for PlayedFactory {
    fn kind(&self) -> EngineKind {
        EngineKind::Native
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    async fn open(&self, _seed: Seed, signals: Signals) -> Result<Arc<dyn Engine>, EngineError> {
        let (asked, commands) = mpsc::unbounded_channel();
        let business = Arc::new(AtomicBool::new(true));
        _ = self.opened.send(Link { signals, asked: commands, business: business.clone() });
        Ok(Arc::new(PlayedEngine { asked, business }))
    }
}

#[async_trait]
impl Engine for PlayedEngine {
    async fn run(&self, stop: CancellationToken) -> Exit {
        stop.cancelled().await;
        Exit::Stopped
    }

    async fn execute(&self, command: Command) -> Result<Reply, EngineError> {
        _ = self.asked.send(command.clone());
        let sent = |id: &MessageId| Sent { id: id.clone(), at: Timestamp::now() };
        Ok(match command {
            Command::SendMessage(it) if it.0.content.body() == "refuse this" => {
                return Err(EngineError::new(ErrorKind::Refused, Retry::Never, "not in this mood"));
            }
            Command::SendMessage(it) => Reply::SendMessage(sent(&it.0.id)),
            Command::React(it) => Reply::React(sent(&it.target.id)),
            Command::VotePoll(it) => Reply::VotePoll(sent(&it.target.id)),
            Command::RespondToEvent(it) => Reply::RespondToEvent(sent(&it.target.id)),
            Command::EditMessage(it) => Reply::EditMessage(sent(&it.target.id)),
            Command::RevokeMessage(it) => Reply::RevokeMessage(sent(&it.target.id)),
            Command::DeleteForMe(_) => Reply::DeleteForMe(()),
            Command::MarkRead(_) => Reply::MarkRead(()),
            Command::FetchHistory(it) => {
                let mut old = text_from(ADA, "3EB0A0", "long ago");
                old.timestamp = Timestamp::from_second(1_600_000_000).unwrap();
                // The phone repeats what it was asked about.
                let known = text_from(ADA, it.before.id.as_str(), "again");
                Reply::FetchHistory(if it.count > 90 { vec![known, old] } else { vec![] })
            }
            Command::StarMessage(_) => Reply::StarMessage(()),
            Command::PinMessage(it) => Reply::PinMessage(sent(&it.target.id)),
            Command::UnpinMessage(it) => Reply::UnpinMessage(sent(&it.target.id)),
            Command::SetChatUnread(_) => Reply::SetChatUnread(()),
            Command::ArchiveChat(_) => Reply::ArchiveChat(()),
            Command::PinChat(_) => Reply::PinChat(()),
            Command::MuteChat(_) => Reply::MuteChat(()),
            Command::ClearChat(_) => Reply::ClearChat(()),
            Command::DeleteChat(_) => Reply::DeleteChat(()),
            Command::SendTyping(_) => Reply::SendTyping(()),
            Command::CheckNumbers(it) => Reply::CheckNumbers(it.numbers.into_iter().map(checked).collect()),
            Command::SetProfileName(_) => Reply::SetProfileName(()),
            Command::SetProfileStatus(_) => Reply::SetProfileStatus(()),
            Command::SetProfilePicture(_) => Reply::SetProfilePicture(()),
            Command::SetPresence(_) => Reply::SetPresence(()),
            Command::SubscribePresence(_) => Reply::SubscribePresence(()),
            Command::GetPrivacy(_) => {
                Reply::GetPrivacy([(PrivacyCategory::LastSeen, PrivacyValue::Contacts)].into_iter().collect())
            }
            Command::SetPrivacy(_) => Reply::SetPrivacy(()),
            Command::CheckLabels(_) if self.is_business() => Reply::CheckLabels(()),
            Command::CheckLabels(_) => {
                return Err(EngineError::new(ErrorKind::NotABusiness, Retry::Never, "it is a person's"));
            }
            Command::SaveLabel(_) => Reply::SaveLabel(()),
            Command::DeleteLabel(_) => Reply::DeleteLabel(()),
            Command::LabelChat(_) => Reply::LabelChat(()),
            Command::RejectCall(it) if ["C1", "5A3C1F7E9B2D"].contains(&&*it.id) => Reply::RejectCall(CallHeard {
                id: it.id,
                from: ADA.parse().unwrap(),
                is_video: true,
                is_group: false,
                outcome: Some(CallOutcome::Rejected),
                at: Timestamp::from_second(1_700_000_009).unwrap(),
            }),
            Command::RejectCall(_) => {
                return Err(EngineError::new(ErrorKind::NotFound, Retry::Never, "no such call rings"));
            }
            Command::CreateCallLink(it) => Reply::CreateCallLink(format!("https://call.example.org/{:?}", it.media)),
            Command::ListBlocked(_) => Reply::ListBlocked(vec![BLOCKED_LID.parse().unwrap()]),
            Command::BlockContact(_) => Reply::BlockContact(()),
            Command::UnblockContact(_) => Reply::UnblockContact(()),
            Command::GetProfilePicture(it) => Reply::GetProfilePicture(
                (it.id.to_string() == ADA).then(|| "https://pps.example.org/ada.jpg".to_owned()),
            ),
            Command::SaveContact(_) => Reply::SaveContact(()),
            Command::DeleteContact(_) => Reply::DeleteContact(()),
            Command::ListGroups(_) => Reply::ListGroups(vec![
                group("120363000000000001@g.us", "Tea"),
                group("120363000000000002@g.us", "Cake"),
            ]),
            Command::GetGroup(it) => Reply::GetGroup(group(&it.id.to_string(), "Tea")),
            Command::CreateGroup(it) if it.subject == "Nobody knows" => {
                return Err(EngineError::new(ErrorKind::Unconfirmed, Retry::Later, "no answer in time"));
            }
            Command::CreateGroup(it) => Reply::CreateGroup(group("120363000000000003@g.us", &it.subject)),
            Command::LeaveGroup(_) => Reply::LeaveGroup(()),
            Command::ChangeMembers(it) => {
                Reply::ChangeMembers(it.participants.into_iter().map(member_result).collect())
            }
            Command::SetGroupSubject(_) => Reply::SetGroupSubject(()),
            Command::SetGroupDescription(_) => Reply::SetGroupDescription(()),
            Command::SetGroupSettings(_) => Reply::SetGroupSettings(()),
            Command::GetGroupPicture(_) => Reply::GetGroupPicture(None),
            Command::SetGroupPicture(_) => Reply::SetGroupPicture(()),
            Command::GetGroupInvite(it) => {
                Reply::GetGroupInvite(if it.renew { "NewCode1" } else { "OldCode1" }.to_owned())
            }
            Command::PreviewGroup(it) => Reply::PreviewGroup(preview(&it.code)?),
            Command::JoinGroup(it) => {
                let group = preview(&it.code)?.id;
                Reply::JoinGroup(Joined { group, waits_for_admin: false })
            }
            Command::ListJoinRequests(_) => Reply::ListJoinRequests(vec![JoinRequest {
                id: ADA.parse().unwrap(),
                added_by: None,
                method: Some(JoinMethod::InviteLink),
                requested_at: Timestamp::from_second(1_700_000_000).ok(),
            }]),
            Command::DecideJoinRequests(it) => {
                Reply::DecideJoinRequests(it.participants.into_iter().map(member_result).collect())
            }
            Command::ListCommunities(_) => Reply::ListCommunities(vec![group("120363000000000005@g.us", "Harbour")]),
            Command::CreateCommunity(it) => Reply::CreateCommunity(group("120363000000000005@g.us", &it.name)),
            Command::ListSubgroups(_) => Reply::ListSubgroups(vec![Subgroup {
                id: "120363000000000001@g.us".parse().unwrap(),
                subject: "Tea".to_owned(),
                size: Some(3),
                is_announcement: true,
                is_general: false,
            }]),
            Command::LinkGroups(it) => Reply::LinkGroups(it.groups.into_iter().map(link_result).collect()),
            Command::UnlinkGroups(it) => Reply::UnlinkGroups(it.groups.into_iter().map(link_result).collect()),
            Command::DeactivateCommunity(_) => Reply::DeactivateCommunity(()),
            Command::ListChannels(_) => Reply::ListChannels(vec![channel("Tides")]),
            Command::GetChannel(it) if it.id.user() == "120363000000000008" => {
                return Err(EngineError::new(ErrorKind::NotFound, Retry::Never, "no such channel"));
            }
            Command::GetChannel(_) => Reply::GetChannel(channel("Tides")),
            Command::SearchChannels(it) => Reply::SearchChannels(vec![channel(&it.text)]),
            Command::ListChannelPosts(_) => Reply::ListChannelPosts(vec![ChannelPost {
                id: "3EB0AA".to_owned(),
                number: 7,
                body: "High water at six".to_owned(),
                timestamp: Timestamp::from_second(1_700_000_000).unwrap(),
                has_media: false,
            }]),
            Command::CreateChannel(it) => Reply::CreateChannel(channel(&it.name)),
            Command::SubscribeChannel(_) => Reply::SubscribeChannel(channel("Tides")),
            Command::UnsubscribeChannel(_) => Reply::UnsubscribeChannel(()),
            Command::DeleteChannel(_) => Reply::DeleteChannel(()),
            Command::MuteChannel(_) => Reply::MuteChannel(()),
            Command::DemoteChannelAdmin(_) => Reply::DemoteChannelAdmin(()),
            Command::TransferChannel(_) => Reply::TransferChannel(()),
            Command::GetBusinessProfile(it) => {
                Reply::GetBusinessProfile((it.person.user() != "15550000003").then(|| BusinessProfile {
                    id: it.person,
                    description: "Tea and cake".to_owned(),
                    address: None,
                    email: None,
                    websites: vec!["https://example.org".to_owned()],
                    categories: vec!["Cafe".to_owned()],
                    timezone: None,
                    hours: vec![],
                }))
            }
            Command::ListProducts(it) => Reply::ListProducts(match it.after {
                None => ProductPage { products: vec![product("1"), product("2")], after: Some("2".to_owned()) },
                Some(_) => ProductPage { products: vec![product("5551234567890123")], after: None },
            }),
            Command::DeleteStatus(it) => Reply::DeleteStatus(sent(&it.id)),
            Command::DownloadMedia(_) => {
                return Err(EngineError::new(ErrorKind::Media, Retry::Never, "it has expired"));
            }
        })
    }

    async fn begin_login(&self, _flow: LoginFlow) -> Result<LoginStep, EngineError> {
        Ok(LoginStep::PairingCode { code: "ABCD1234".to_owned(), expires_at: Timestamp::now() })
    }

    async fn forget(&self) -> Result<(), EngineError> {
        Ok(())
    }
}

fn checked(number: String) -> NumberCheck {
    let id = (number == "15550000001").then(|| Jid::phone(number.clone()));
    NumberCheck { number, id, lid: None }
}

/// One group belongs to another community already.
fn link_result(group: Jid) -> LinkResult {
    let refused = (group.user() == "120363000000000002").then_some(409);
    LinkResult { group, refused }
}

fn product(id: &str) -> Product {
    Product {
        id: id.to_owned(),
        retailer_id: None,
        name: format!("Tea {id}"),
        description: String::new(),
        price_thousandths: Some(12_500),
        currency: Some("EUR".to_owned()),
        url: None,
        image_url: None,
        is_available: true,
    }
}

fn channel(name: &str) -> Channel {
    Channel {
        id: "120363000000000009@newsletter".parse().unwrap(),
        name: name.to_owned(),
        description: None,
        invite_code: Some("0029Va".to_owned()),
        subscribers: 12,
        verified: true,
        role: Some(ChannelRole::Owner),
        created_at: None,
    }
}

/// Everybody can be changed but the person with the number 15550000003, whom nobody may add.
fn member_result(id: Jid) -> MemberResult {
    let refused = (id == Jid::phone("15550000003")).then_some(403);
    MemberResult { phone: None, id, refused }
}

/// One code was revoked, all others lead to a group.
fn preview(code: &str) -> Result<GroupPreview, EngineError> {
    if code == "Revoked1" {
        return Err(EngineError::new(ErrorKind::NotFound, Retry::Never, "no such invite"));
    }
    Ok(GroupPreview {
        id: "120363000000000001@g.us".parse().unwrap(),
        subject: "Tea".to_owned(),
        description: None,
        owner: None,
        created_at: None,
        size: Some(3),
    })
}

fn group(id: &str, subject: &str) -> Group {
    let member = Participant {
        id: Jid::phone("15550000001"),
        phone: Some(Jid::phone("15550000001")),
        lid: None,
        is_admin: true,
        is_super_admin: false,
    };
    Group {
        id: id.parse().unwrap(),
        subject: subject.to_owned(),
        description: None,
        owner: None,
        created_at: None,
        parent: None,
        announce: false,
        locked: false,
        ephemeral_seconds: 0,
        only_admins_add: false,
        approves_members: false,
        participants: vec![member],
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) body: Value,
}

impl Answer {
    /// The body, once the status is what it should be.
    #[track_caller]
    pub(crate) fn good(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.body
    }

    /// Checks the shape of a failure, and answers its sentence.
    #[track_caller]
    pub(crate) fn failed(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.body["statusCode"], status, "{}", self.text);
        self.body["message"].as_str().unwrap_or_else(|| panic!("no sentence: {}", self.text)).to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|it| it.to_str().unwrap())
    }
}

pub(crate) struct House {
    pub(crate) base: String,
    pub(crate) client: Client,
    pub(crate) stopping: CancellationToken,
    opened: tokio::sync::Mutex<mpsc::UnboundedReceiver<Link>>,
    _stop: tokio_util::sync::DropGuard,
    folder: TempDir,
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    pub(crate) async fn open_with(adjust: impl FnOnce(&mut ApiSettings)) -> Self {
        Self::open_set(adjust, Settings::default()).await
    }

    /// One that takes files of at most this many bytes.
    pub(crate) async fn open_for_files(media_max_bytes: u64) -> Self {
        Self::open_set(|_| {}, Settings { media_max_bytes, ..Settings::default() }).await
    }

    /// One that behaves like this.
    pub(crate) async fn open_behaving(settings: Settings) -> Self {
        Self::open_set(|_| {}, settings).await
    }

    pub(crate) async fn open_set(adjust: impl FnOnce(&mut ApiSettings), behaviour: Settings) -> Self {
        // A second installation in the same process is refused, and that is fine.
        _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("openwa.sqlite").display());
        let (opened, links) = mpsc::unbounded_channel();
        let ports = Ports {
            store: Arc::new(SqliteStore::open(&url, StoreOptions::new([7; 32])).await.unwrap()),
            files: Arc::new(LocalFiles::open(&folder.path().join("media")).await.unwrap()),
            engines: vec![Arc::new(PlayedFactory { opened })],
            clock: Arc::new(SystemClock),
            minter: Arc::new(SystemMinter),
        };
        let gateway = Gateway::open(ports, behaviour).await.unwrap();
        gateway.ensure_first_key(Some(Secret::new(ADMIN))).await.unwrap();
        let stop = CancellationToken::new();
        tokio::spawn({
            let (gateway, stop) = (gateway.clone(), stop.clone());
            async move { gateway.run(stop).await }
        });
        let mut settings = ApiSettings::default();
        adjust(&mut settings);
        let stopping = settings.stopping.clone();
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.unwrap();
        let address = acceptor.local_addr()[0].as_socket_addr().copied().unwrap();
        let app = app(ApiState { gateway, settings });
        tokio::spawn(Server::new_with_acceptor(acceptor).run_with_graceful_shutdown(
            app,
            stop.clone().cancelled_owned(),
            None,
        ));
        Self {
            base: format!("http://{address}"),
            client: Client::new(),
            stopping,
            opened: tokio::sync::Mutex::new(links),
            _stop: stop.drop_guard(),
            folder,
        }
    }

    /// How many files were begun and neither kept nor removed.
    pub(crate) fn unfinished_files(&self) -> usize {
        std::fs::read_dir(self.folder.path().join("media/spool")).unwrap().count()
    }

    /// How many files are kept.
    pub(crate) fn kept_files(&self) -> usize {
        let folders = std::fs::read_dir(self.folder.path().join("media/kept")).unwrap();
        folders.map(|it| std::fs::read_dir(it.unwrap().path()).unwrap().count()).sum()
    }

    /// A request with the admin's key, for tests that need more than the shorthands.
    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.bare(method, path).header("X-API-Key", ADMIN)
    }

    /// A request without a key.
    pub(crate) fn bare(&self, method: &str, path: &str) -> RequestBuilder {
        let method: Method = method.parse().unwrap();
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub(crate) async fn answer(&self, request: RequestBuilder) -> Answer {
        let request = request.build().unwrap();
        let (method, path) = (request.method().to_string(), request.url().path().to_owned());
        let response = soon("an answer", self.client.execute(request)).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = String::from_utf8_lossy(&soon("a body", response.bytes()).await.unwrap()).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        let content_type = headers.get("content-type").and_then(|it| it.to_str().ok()).unwrap_or_default();
        check_answer(&method, &path, status.as_u16(), content_type, &body);
        Answer { status, headers, text, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.answer(self.request("GET", path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.answer(self.request("DELETE", path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.answer(self.request("POST", path).json(&body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.answer(self.request("PUT", path).json(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.answer(self.request("PATCH", path).json(&body)).await
    }

    /// Makes a session and answers its id.
    pub(crate) async fn session(&self, name: &str) -> String {
        let made = self.post("/api/sessions", json!({"name": name})).await.good(201);
        made["id"].as_str().unwrap().to_owned()
    }

    /// A session whose engine runs and waits.
    pub(crate) async fn started(&self, name: &str) -> (String, Link) {
        let id = self.session(name).await;
        self.post(&format!("/api/sessions/{id}/start"), json!({})).await.good(200);
        (id, self.next_link().await)
    }

    /// The test's end of the engine that is opened next.
    pub(crate) async fn next_link(&self) -> Link {
        soon("an engine", async { self.opened.lock().await.recv().await }).await.unwrap()
    }

    /// A session that is linked and on line.
    pub(crate) async fn ready(&self, name: &str) -> (String, Link) {
        let (id, link) = self.started(name).await;
        link.come_online().await;
        (id, link)
    }

    /// A new key; answers its text.
    pub(crate) async fn key(&self, wanted: Value) -> String {
        let made = self.post("/api/auth/api-keys", wanted).await.good(201);
        made["apiKey"].as_str().unwrap().to_owned()
    }
}

impl Link {
    /// From now on the account is a person's.
    pub(crate) fn be_a_person(&self) {
        self.business.store(false, Ordering::SeqCst);
    }

    pub(crate) async fn say(&self, signals: Vec<Signal>) {
        soon("a commit", self.signals.commit(signals)).await.unwrap();
    }

    /// Links an account and sets up the link.
    pub(crate) async fn come_online(&self) {
        let account = Account { phone: Jid::phone("15550000009"), lid: None, push_name: Some("Gateway".to_owned()) };
        self.say(vec![Signal::Linked(account.clone()), Signal::Online(account)]).await;
    }

    /// Shows a QR code.
    pub(crate) async fn show_code(&self, code: &str) {
        let expires_at = Timestamp::now() + Duration::from_secs(60);
        self.say(vec![Signal::Login(LoginStep::Qr { code: code.to_owned(), expires_at })]).await;
    }

    /// A text from Ada.
    pub(crate) async fn receive(&self, id: &str, body: &str) {
        self.say(vec![Signal::Message(Box::new(text_from(ADA, id, body)))]).await;
    }
}

pub(crate) fn text_from(sender: &str, id: &str, body: &str) -> InboundMessage {
    let sender: Jid = sender.parse().unwrap();
    InboundMessage {
        id: MessageId(id.to_owned()),
        chat: sender.clone(),
        chat_alternative: None,
        sender,
        sender_phone: None,
        sender_lid: None,
        push_name: Some("Ada".to_owned()),
        from_me: false,
        kind: MessageKind::Text,
        body: body.to_owned(),
        timestamp: Timestamp::from_second(1_700_000_000).unwrap(),
        quoted: None,
        mentions: vec![],
        media: None,
        detail: None,
        marks: Default::default(),
    }
}
