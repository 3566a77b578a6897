//! The Rust client against the gateway itself: what `tests/sdk/behaviours.md` marks with G.

use std::{
    fs::File,
    io::{Read, Write},
    path::Path,
    time::Duration,
};

use openwa_client::{
    Client, ErrorKind, Upload,
    events::{EventData, EventStream},
    models::{CustomLinkPreview, SessionStatus},
    raw::{self, Call, Method},
    webhook::{Delivery, Verifier},
};
use openwa_testkit::{
    gateway::{Gateway, SandboxProcess, Setup},
    process,
    receiver::Receiver,
    sandbox::{Phone, Sandbox},
};
use sha2::{Digest, Sha256};
use tokio::{
    net::{TcpListener, TcpStream},
    process::Command,
    sync::watch,
};

use crate::story::LIMIT;

/// Letters of two and three bytes, right to left, a joined emoji, and one beyond the basic plane.
const TEXT: &str = "Grüße, \u{645}\u{631}\u{62d}\u{628}\u{627}! \u{1f469}\u{200d}\u{1f680} \u{1d11e} \"\\\n\t<b>";

fn key(gateway: &Gateway) -> String {
    std::fs::read_to_string(gateway.data_dir().join(".api-key")).unwrap().trim().to_owned()
}

fn client(gateway: &Gateway) -> Client {
    Client::new(gateway.base(), key(gateway)).unwrap()
}

/// A session, made, started and linked by the client alone.
async fn link(client: &Client, sandbox: &Sandbox, name: &str, phone: &Phone) -> String {
    let session = client.sessions().create(name).await.unwrap();
    assert_eq!(session.status, SessionStatus::Created);
    let mut events = client.events().stream().session_id(&session.id).follow();
    events.connected().await.unwrap();
    client.sessions().start(&session.id).await.unwrap();
    wait_for(&mut events, |it| matches!(it, EventData::SessionQr(_)).then_some(())).await;
    // The event has a picture of the code; what a phone reads is the text in it.
    let code = Call::new(Method::GET, raw::path("/api/sessions/{sessionId}/qr", &[&session.id]).unwrap());
    let code = client.send(code.query("format", "raw")).await.unwrap();
    sandbox.scan_with(phone, std::str::from_utf8(&code.body).unwrap().trim()).await;
    let is_ready = |it: EventData| matches!(it, EventData::SessionStatus(it) if it.status == SessionStatus::Ready);
    wait_for(&mut events, |it| is_ready(it).then_some(())).await;
    session.id
}

async fn wait_for<T>(events: &mut EventStream, find: impl Fn(EventData) -> Option<T>) -> T {
    let looking = async {
        loop {
            let event = events.next().await.expect("it has no end").expect("it goes on");
            if let Some(found) = find(event.data) {
                return found;
            }
        }
    };
    tokio::time::timeout(LIMIT, looking).await.expect("the event comes in time")
}

/// The text of a received message.
fn body(data: EventData) -> Option<String> {
    match data {
        EventData::MessageReceived(message) => Some(message.body),
        _ => None,
    }
}

/// A gateway with a linked session, and somebody to write to.
struct House {
    gateway: Gateway,
    sandbox: Sandbox,
    client: Client,
    session: String,
    shop: Phone,
    ada: Phone,
}

impl House {
    async fn start() -> Self {
        let gateway = Setup::with_sandbox_inside().start().await;
        let (client, sandbox) = (client(&gateway), gateway.sandbox());
        let (shop, ada) = (sandbox.create_phone("Shop").await, sandbox.create_phone("Ada").await);
        let session = link(&client, &sandbox, "shop", &shop).await;
        Self { gateway, sandbox, client, session, shop, ada }
    }
}

#[tokio::test]
async fn unicode() {
    let House { client, session, sandbox, ada, gateway: _gateway, .. } = House::start().await;
    let sent = client.messages().send_text(&session, ada.chat(), TEXT).await.unwrap();
    let seen = sandbox.wait_for_text(&ada, TEXT, LIMIT).await;
    assert_eq!(seen["id"], sent.message_id.as_str());
}

#[tokio::test]
async fn idempotency_given() {
    let House { client, session, sandbox, ada, gateway: _gateway, .. } = House::start().await;
    let send = || client.messages().send_text(&session, ada.chat(), "once").idempotency_key("order-7");
    let (first, second) = (send().await.unwrap(), send().await.unwrap());
    assert_eq!(first.message_id, second.message_id);
    client.messages().send_text(&session, ada.chat(), "last").await.unwrap();
    sandbox.wait_for_text(&ada, "last", LIMIT).await;
    let arrived = sandbox.messages(&ada).await;
    assert_eq!(arrived.iter().filter(|it| it["text"] == "once").count(), 1, "{arrived:#?}");
}

#[tokio::test]
async fn idempotency_reused() {
    let House { client, session, ada, gateway: _gateway, .. } = House::start().await;
    let send = |text: &str| client.messages().send_text(&session, ada.chat(), text).idempotency_key("order-7");
    send("once").await.unwrap();
    let error = send("another").await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, Some("IDEMPOTENCY_KEY_REUSED")));
}

#[tokio::test]
async fn error_real() {
    let House { client, session, ada, gateway: _gateway, .. } = House::start().await;
    let stranger = client.with_api_key("owa_wrong").unwrap();
    assert_eq!(stranger.sessions().list().await.unwrap_err().kind(), ErrorKind::Authentication);
    let error = client.sessions().get("0199a8c5-4e00-7c3a-9d1e-000000000001").await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some("SESSION_NOT_FOUND")));
    assert!(error.request_id().is_some());
    let error = client.messages().send_text(&session, ada.chat(), "x".repeat(4097)).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::InvalidRequest, Some(400)));
    let preview = CustomLinkPreview::new("title", "https://example.org");
    let both =
        client.messages().send_text(&session, ada.chat(), "see").link_preview(false).custom_link_preview(preview);
    assert_eq!(both.await.unwrap_err().kind(), ErrorKind::InvalidRequest);
}

#[tokio::test]
async fn first_message_of_the_readme() {
    let House { sandbox, ada, gateway, .. } = House::start().await;
    let example = process::binary().with_file_name("examples").join("first_message");
    let done = Command::new(example)
        .env("OPENWA_BASE_URL", gateway.base())
        .env("OPENWA_API_KEY", key(&gateway))
        .env("CHAT", ada.chat())
        .output()
        .await
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    sandbox.wait_for_text(&ada, "Your order ships today.", LIMIT).await;
}

#[tokio::test]
async fn event_typed() {
    let House { client, session, sandbox, shop, ada, gateway: _gateway } = House::start().await;
    let follow = || client.events().stream().session_id(&session).types("message.received");
    let (mut plain, mut socket) = (follow().follow(), follow().over_websocket().follow());
    plain.connected().await.unwrap();
    socket.connected().await.unwrap();
    for number in 0..3 {
        sandbox.send_text(&ada, &shop.chat(), &format!("{TEXT}{number}")).await;
    }
    for number in 0..3 {
        let expected = format!("{TEXT}{number}");
        assert_eq!(wait_for(&mut plain, body).await, expected);
        assert_eq!(wait_for(&mut socket, body).await, expected);
    }
    assert_eq!(plain.last_id(), socket.last_id());

    // Begun later, and from the beginning of the log.
    let mut late = client.events().stream().types("message.received").resume_after("0").follow();
    assert_eq!(wait_for(&mut late, body).await, format!("{TEXT}0"));
    let mut refused = client.with_api_key("owa_wrong").unwrap().events().stream().over_websocket().follow();
    assert_eq!(refused.next().await.unwrap().unwrap_err().kind(), ErrorKind::Authentication);
}

#[tokio::test]
async fn paging_cursor() {
    let House { client, session, gateway: _gateway, .. } = House::start().await;
    let all = client.events().list(&session).limit(2).list_all().into_vec().await.unwrap();
    let whole = client.events().list(&session).limit(1000).await.unwrap().events;
    assert!(all.len() > 4, "{all:?}");
    assert_eq!(all, whole);
    assert!(all.iter().enumerate().all(|(at, it)| it.seq == at as i64 + 1), "each once, in order");
    assert!(all.iter().any(|it| matches!(it.typed(), EventData::SessionStatus(_))));
}

#[tokio::test]
async fn a_real_delivery_is_genuine_and_typed() {
    let House { client, session, sandbox, shop, ada, gateway: _gateway } = House::start().await;
    let receiver = Receiver::start().await;
    let secret = "at least sixteen characters";
    let hook = client.webhooks().create(&session, receiver.url()).secret(secret).events(["message.received"]);
    hook.await.unwrap();
    sandbox.send_text(&ada, &shop.chat(), TEXT).await;
    let delivery = receiver.wait_for_event("message.received", LIMIT).await;
    let headers = || delivery.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let read = Verifier::new(secret).parse(headers(), &delivery.body).unwrap();
    assert_eq!((read.session_id(), read.kind()), (session.as_str(), "message.received"));
    let Delivery::MessageReceived(message) = read else { panic!("{read:?}") };
    assert_eq!(message.data.body, TEXT);
    assert!(Verifier::new("another secret of sixteen").parse(headers(), &delivery.body).is_err());
}

/// One address for a gateway that comes back at another.
async fn relay() -> (String, watch::Sender<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (target, targets) = watch::channel(String::new());
    tokio::spawn(async move {
        loop {
            let (mut near, _) = listener.accept().await.unwrap();
            let target = targets.borrow().trim_start_matches("http://").to_owned();
            tokio::spawn(async move {
                // Where nobody is, the connection just ends.
                if let Ok(mut far) = TcpStream::connect(&target).await {
                    _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                }
            });
        }
    });
    (address, target)
}

#[tokio::test]
async fn event_restart() {
    let network = SandboxProcess::start().await;
    let mut gateway = Setup::joined_to(&network).start().await;
    let sandbox = network.control();
    let (shop, ada) = (sandbox.create_phone("Shop").await, sandbox.create_phone("Ada").await);
    let session = link(&client(&gateway), &sandbox, "shop", &shop).await;
    let (address, target) = relay().await;
    target.send(gateway.base().to_owned()).unwrap();
    let client = Client::new(address, key(&gateway)).unwrap();
    let follow = || client.events().stream().session_id(&session).types("message.received");
    for mut events in [follow().follow(), follow().over_websocket().follow()] {
        events.connected().await.unwrap();
        sandbox.send_text(&ada, &shop.chat(), "before").await;
        assert_eq!(wait_for(&mut events, body).await, "before");
        gateway.kill().await;
        sandbox.send_text(&ada, &shop.chat(), "while it was away").await;
        gateway.start_again().await;
        target.send(gateway.base().to_owned()).unwrap();
        sandbox.send_text(&ada, &shop.chat(), "after").await;
        assert_eq!(wait_for(&mut events, body).await, "while it was away");
        assert_eq!(wait_for(&mut events, body).await, "after");
    }
}

/// The most memory that this process ever took up.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// Read in pieces, so that it takes up no memory that is counted.
fn sum(path: &Path) -> Vec<u8> {
    let (mut file, mut piece, mut sum) = (File::open(path).unwrap(), vec![0; 64 * 1024], Sha256::new());
    loop {
        match file.read(&mut piece).unwrap() {
            0 => return sum.finalize().to_vec(),
            count => sum.update(&piece[..count]),
        }
    }
}

#[tokio::test]
async fn media_64_mib() {
    let gateway = Setup::with_sandbox_inside().with("MEDIA_DOWNLOAD_MAX_BYTES", "80mb").start().await;
    let sandbox = gateway.sandbox();
    let client = Client::builder().base_url(gateway.base()).api_key(key(&gateway));
    // An unoptimised build encrypts all of it before it answers.
    let client = client.timeout(Duration::from_secs(240)).build().unwrap();
    let (shop, ada) = (sandbox.create_phone("Shop").await, sandbox.create_phone("Ada").await);
    let session = link(&client, &sandbox, "shop", &shop).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.bin");
    let mut file = File::create(&path).unwrap();
    for number in 0..1024_u32 {
        file.write_all(&[u8::try_from(number % 251).unwrap(); 64 * 1024]).unwrap();
    }
    drop(file);
    let before = peak();

    let send = client.messages().send_document(&session, ada.chat()).file(Upload::path(&path));
    let sent = send.await.unwrap();
    let back = folder.path().join("back.bin");
    let file = client.messages().download_media(&session, &ada.chat(), &sent.message_id).await.unwrap();
    assert_eq!(file.save(&back).await.unwrap(), 64 * 1024 * 1024);
    let growth = peak() - before;
    assert!(growth < 32 * 1024 * 1024, "the client took up {growth} bytes more");
    assert_eq!(sum(&back), sum(&path));
}
