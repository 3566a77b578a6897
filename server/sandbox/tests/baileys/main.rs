//! A client nobody here wrote, unmodified, on this network: Baileys over TLS, linked to one phone,
//! writing with another.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use openwa_sandbox::phone::message::{Content, Draft, MediaKind, Message, Outgoing, OutgoingMedia, Status, Traits};
use openwa_sandbox::phone::{Chat, Phone, Script};
use openwa_sandbox::{Sandbox, SandboxConfig};
use openwa_testkit::baileys::Peer;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const DEADLINE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn baileys_links_writes_and_reads() {
    let folder = tempfile::tempdir().unwrap();
    let config = SandboxConfig { state_dir: Some(folder.path().to_owned()), ..SandboxConfig::default() };
    let sandbox = Sandbox::start(config).await.unwrap();
    let any = ([127, 0, 0, 1], 0).into();
    let listening = sandbox.bind(any, Some(any)).await.unwrap();
    let base = format!("https://{}", listening.tls_address().unwrap());
    let stop = CancellationToken::new();
    let serving = tokio::spawn(listening.serve(stop.clone()));
    let phones = sandbox.phones();
    let anna = phones.create("anna", None, Script::Silent).await.unwrap();
    let bert = phones.create("bert", None, Script::Silent).await.unwrap();
    let number = bert.info().number.clone();

    // Linked by QR code, scanned by anna's phone over the control API.
    let mut peer = Peer::start(&folder.path().join("ca.pem"));
    let own = peer.call(json!({"do": "link", "base": base, "phone": anna.id()})).await;
    assert_eq!(own["number"], anna.info().number);
    assert_eq!(own["lid"], anna.info().lid);
    assert_eq!(anna.devices().len(), 2);
    assert_eq!(peer.call(json!({"do": "check", "number": number})).await["exists"], true);
    assert_eq!(peer.call(json!({"do": "check", "number": "19995550000"})).await["exists"], false);

    // A text out: bert's phone reads it, anna's own phone has a copy.
    let sent = peer.call(json!({"do": "text", "to": number, "text": "hello from baileys"})).await;
    let received = first(&bert, 0).await;
    assert_eq!(received.content, Content::Text { text: "hello from baileys".into() });
    assert_eq!(sent["id"], json!(received.id));
    let copy = first(&anna, 0).await;
    assert!(copy.from_me);
    assert_eq!((copy.id, copy.chat), (received.id.clone(), chat(&bert)));
    // Baileys lets the last of several statuses win, and anna's phone has one to tell, too.
    drained(&anna).await;
    bert.mark_read(chat(&anna), None).await.unwrap();
    peer.event(|event| event["event"] == "status" && event["id"] == sent["id"] && event["status"] == "read").await;

    // A text in: both of anna's devices have it.
    let sent = bert.send(draft(&anna, Outgoing::Text { text: "hello baileys".into() })).await.unwrap();
    let told = peer.event(|event| event["event"] == "message" && event["id"] == json!(sent.id)).await;
    assert_eq!(told["text"], "hello baileys");
    assert_eq!(told["chat"], format!("{number}@c.us"));
    assert_eq!(told["fromMe"], false);
    let delivered = bert.message_with_status(&sent.id, Status::Delivered, DEADLINE).await;
    assert_eq!(delivered.unwrap().status, Status::Delivered);

    // An image out, through the media host.
    let picture: Vec<u8> = (0..70_000u32).map(|index| index as u8).collect();
    let image = json!({
        "do": "image", "to": number, "data": STANDARD.encode(&picture), "mimetype": "image/png", "caption": "look",
    });
    peer.call(image).await;
    let received = first(&bert, sent.sequence).await;
    let Content::Media(media) = &received.content else {
        panic!("no image: {received:?}");
    };
    assert_eq!((media.kind, media.problem.as_deref()), (MediaKind::Image, None));
    assert_eq!(media.caption.as_deref(), Some("look"));
    assert_eq!(media.sha256, hex::encode(Sha256::digest(&picture)));
    assert_eq!(bert.media_of(&received).await.unwrap(), picture);

    // An image in.
    let image = OutgoingMedia {
        kind: MediaKind::Image,
        bytes: Bytes::from(picture.clone()),
        mimetype: "image/jpeg".into(),
        file_name: None,
        caption: Some("back".into()),
        traits: Traits::default(),
    };
    let sent = bert.send(draft(&anna, Outgoing::Media(image))).await.unwrap();
    let told = peer.event(|event| event["event"] == "message" && event["id"] == json!(sent.id)).await;
    assert_eq!(told["text"], "back");
    assert_eq!(told["media"]["sha256"], hex::encode(Sha256::digest(&picture)), "{told}");

    // A group of both, written to from each side.
    let group = bert.create_group("lunch".into(), vec![chat(&anna)]).await.unwrap();
    let text = Outgoing::Text { text: "hello group".into() };
    let sent = bert.send(Draft::new(group.clone(), text)).await.unwrap();
    let told = peer.event(|event| event["event"] == "message" && event["id"] == json!(sent.id)).await;
    assert_eq!(told["text"], "hello group");
    assert_eq!(told["chat"], group.to_string());
    peer.call(json!({"do": "text", "to": group.to_string(), "text": "hello from the group"})).await;
    let received = first(&bert, sent.sequence).await;
    assert_eq!(received.content, Content::Text { text: "hello from the group".into() });
    assert_eq!((received.chat, received.from), (group, chat(&anna)));

    // Nobody left anything on the network.
    drained(&anna).await;
    drained(&bert).await;

    // Unlinked from the phone, the client is told so and thrown out.
    anna.unlink(1).unwrap();
    let closed = peer.event(|event| event["event"] == "closed").await;
    assert_eq!(closed["code"], 401);
    assert_eq!(anna.devices().len(), 1);
    stop.cancel();
    serving.await.unwrap().unwrap();
}

fn chat(phone: &Phone) -> Chat {
    Chat::Person(phone.info().number.clone())
}

fn draft(to: &Phone, content: Outgoing) -> Draft {
    Draft::new(chat(to), content)
}

async fn first(phone: &Phone, after: u64) -> Message {
    phone.messages(after, 1, DEADLINE).await.pop().expect("no message came")
}

/// Waits until every device of the account has acknowledged what the network had for it.
async fn drained(phone: &Phone) {
    let waiting = async {
        while phone.devices().iter().any(|device| device.queued > 0) {
            tokio::task::yield_now().await;
        }
    };
    let drained = tokio::time::timeout(DEADLINE, waiting).await;
    assert!(drained.is_ok(), "stanzas are left waiting: {:?}", phone.devices());
}
