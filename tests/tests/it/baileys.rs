//! A session of the gateway and a client nobody here wrote: Baileys, unmodified, links to the same
//! sandbox network over TLS, and the two write to each other.

use base64::{Engine, engine::general_purpose::STANDARD};
use openwa_testkit::{
    baileys::Peer,
    gateway::{SandboxProcess, Setup},
};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::story::{LIMIT, Session, text, wait_for_ack};

#[tokio::test]
async fn baileys_and_a_session_of_ours_trade_texts_and_images() {
    let network = SandboxProcess::start().await;
    let control = network.control();
    let gateway = Setup::joined_to(&network).start().await;
    let client = gateway.client();
    let shop = control.create_phone("Shop").await;
    let anna = control.create_phone("Anna").await;
    let session = Session::link(&client, &control, "shop", &shop).await;
    let mut events = session.follow(&client).await;
    let mut peer = Peer::start(&network.state_dir().join("ca.pem"));
    let own = peer.call(json!({"do": "link", "base": network.tls_url(), "phone": anna.id})).await;
    assert_eq!(own["number"], anna.number.as_str());

    // Texts, both ways, with what became of them.
    let hello = session.send_text(&client, &anna.chat(), "Hello Anna").await;
    let told = peer.event(|it| it["event"] == "message" && it["id"] == hello.as_str()).await;
    assert_eq!(
        (told["text"].as_str(), told["chat"].as_str(), told["fromMe"].as_bool()),
        (Some("Hello Anna"), Some(shop.chat().as_str()), Some(false)),
        "{told}"
    );
    wait_for_ack(&mut events, &hello, "delivered").await;

    let answer = peer.call(json!({"do": "text", "to": shop.number, "text": "Hello shop"})).await;
    let answer = text(&answer["id"]);
    let received = events
        .wait_for("the answer", LIMIT, |it| {
            it.event.as_deref() == Some("message.received") && it.data["data"]["id"] == answer.as_str()
        })
        .await;
    assert_eq!(received.data["data"]["body"], "Hello shop");
    assert_eq!(received.data["data"]["from"], anna.chat().as_str());
    peer.event(|it| it["event"] == "status" && it["id"] == answer.as_str() && it["status"] == "delivered").await;

    // Images, both ways, byte for byte.
    let picture: Vec<u8> = (0..70_000_u32).map(|it| it.wrapping_mul(31) as u8).collect();
    let (encoded, sum) = (STANDARD.encode(&picture), hex::encode(Sha256::digest(&picture)));
    let image = json!({"chatId": anna.chat(), "base64": encoded, "mimetype": "image/png", "caption": "Look"});
    let image = text(&client.post(&session.path("/messages/send-image"), &image).await.expect(201)["messageId"]);
    let told = peer.event(|it| it["event"] == "message" && it["id"] == image.as_str()).await;
    assert_eq!((told["text"].as_str(), told["media"]["sha256"].as_str()), (Some("Look"), Some(sum.as_str())), "{told}");

    let image = json!({"do": "image", "to": shop.number, "data": encoded, "mimetype": "image/png", "caption": "Nice"});
    let image = text(&peer.call(image).await["id"]);
    events
        .wait_for("the image", LIMIT, |it| {
            it.event.as_deref() == Some("message.received") && it.data["data"]["id"] == image.as_str()
        })
        .await;
    let bytes = client.get(&session.path(&format!("/messages/{}/{image}/media", anna.chat()))).await;
    assert_eq!(bytes.status, 200, "{}", bytes.text());
    assert_eq!(bytes.body, picture);
    peer.call(json!({"do": "close"})).await;
}
