//! The main job through the front door, from a fresh folder: link, send, receive, call back, stop,
//! come back, be logged out.

use base64::{Engine, engine::general_purpose::STANDARD};
use openwa_testkit::{
    gateway::{Gateway, Setup},
    receiver::Receiver,
};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::story::{LIMIT, Session, text, wait_for_ack, wait_for_status};

const SECRET: &str = "a secret of at least sixteen characters";

/// A red and a blue pixel, as a PNG.
const PICTURE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAADUlEQVR42mP4zwAE/wEHAAH/PX2MSQAAAABJRU5ErkJggg==";

#[tokio::test]
async fn a_session_is_linked_sends_receives_comes_back_and_is_logged_out() {
    let mut gateway = Setup::with_sandbox_inside().start().await;
    let client = gateway.client();
    let sandbox = gateway.sandbox();
    let receiver = Receiver::start().await;
    let own = sandbox.create_phone("Shop").await;
    let customer = sandbox.create_phone("Customer").await;

    // Create, start, QR, scan, ready.
    let session = Session::create(&client, "shop").await;
    let mut events = session.follow(&client).await;
    client.post_empty(&session.path("/start")).await.expect(200);
    let code = session.qr(&client, &mut events).await;
    let picture = client.get(&session.path("/qr")).await.expect(200);
    assert_eq!(picture["status"], "qr_ready");
    assert!(text(&picture["qrCode"]).starts_with("data:image/png;base64,"), "{picture}");
    sandbox.scan_with(&own, &code).await;
    wait_for_status(&mut events, "authenticating").await;
    wait_for_status(&mut events, "ready").await;
    let view = session.view(&client).await;
    assert_eq!((view["status"].as_str(), view["phone"].as_str()), (Some("ready"), Some(own.number.as_str())), "{view}");
    assert_eq!(view["pushName"], "Shop");

    // A text; what becomes of it is seen step by step, because the customer's phone is off line at first.
    sandbox.go_offline(&customer).await;
    let hello = session.send_text(&client, &customer.chat(), "Your order ships today").await;
    assert_eq!(session.message(&client, &hello).await["status"], "sent");
    sandbox.go_online(&customer).await;
    let seen = sandbox.wait_for_text(&customer, "Your order ships today", LIMIT).await;
    assert_eq!((seen["id"].as_str(), seen["fromMe"].as_bool()), (Some(hello.as_str()), Some(false)), "{seen}");
    wait_for_ack(&mut events, &hello, "delivered").await;
    assert_eq!(session.message(&client, &hello).await["status"], "delivered");
    sandbox.mark_read(&customer, &own.chat()).await;
    wait_for_ack(&mut events, &hello, "read").await;
    assert_eq!(session.message(&client, &hello).await["status"], "read");

    // An image arrives decrypted, byte for byte.
    let image = json!({"chatId": customer.chat(), "base64": PICTURE, "mimetype": "image/png", "caption": "The parcel"});
    let image = client.post(&session.path("/messages/send-image"), &image).await.expect(201);
    let image = text(&image["messageId"]);
    let received = sandbox
        .wait_for(&customer, "the image", LIMIT, |all| all.iter().find(|it| it["id"] == image.as_str()).cloned())
        .await;
    assert_eq!((received["type"].as_str(), received["text"].as_str()), (Some("image"), Some("The parcel")));
    assert_eq!(text(&received["media"]["data"]), PICTURE);
    let sum = hex::encode(Sha256::digest(STANDARD.decode(PICTURE).unwrap()));
    assert_eq!(received["media"]["sha256"], sum.as_str());

    // The phone answers, and the answer comes as a signed webhook.
    let webhook = json!({"url": receiver.url(), "events": ["message.received"], "secret": SECRET});
    let webhook = client.post(&session.path("/webhooks"), &webhook).await.expect(201);
    assert!(webhook["lastTriggeredAt"].is_null() && webhook.get("secret").is_none(), "{webhook}");
    let answer = sandbox.send_text(&customer, &own.chat(), "Thank you!").await;
    let delivery = receiver.wait_for_event("message.received", LIMIT).await;
    assert!(delivery.is_signed_with(SECRET), "{:?}", delivery.headers);
    let body = delivery.json();
    assert_eq!(body["sessionId"], session.id.as_str());
    assert_eq!(body["data"]["body"], "Thank you!");
    assert_eq!(body["data"]["from"], customer.chat().as_str());
    assert_eq!(body["data"]["id"], answer.as_str());
    assert_eq!(delivery.header("user-agent"), Some("OpenWA-Webhook/1.0.0"));
    assert_eq!(delivery.header("x-openwa-retry-count"), Some("0"));
    assert_eq!(delivery.idempotency_key(), text(&body["idempotencyKey"]));
    sandbox.wait_for_status(&customer, &answer, "delivered", LIMIT).await;

    // An image from the phone can be fetched.
    let media = json!({"chat": own.chat(), "media": {"mimetype": "image/png", "data": PICTURE}, "text": "Like this?"});
    let media = text(&sandbox.send(&customer, &media).await["id"]);
    events
        .wait_for("the image", LIMIT, |it| {
            it.event.as_deref() == Some("message.received") && it.data["data"]["id"] == media.as_str()
        })
        .await;
    let bytes = client.get(&session.path(&format!("/messages/{}/{media}/media", customer.chat()))).await;
    assert_eq!(bytes.status, 200, "{}", bytes.text());
    assert_eq!(STANDARD.encode(&bytes.body), PICTURE);

    // Stop, and start without a new scan; what came in between is not lost.
    assert_eq!(client.post_empty(&session.path("/stop")).await.expect(200)["status"], "disconnected");
    sandbox.send_text(&customer, &own.chat(), "Are you there?").await;
    let mut messages = session.follow(&client).await;
    client.post_empty(&session.path("/start")).await.expect(200);
    wait_for_status(&mut events, "ready").await;
    messages.wait_for("the message", LIMIT, |it| it.data["data"]["body"] == "Are you there?").await;

    // The same after the whole program stopped and started.
    assert!(gateway.terminate().await.success());
    gateway.start_again().await;
    is_ready_by_itself(&gateway, &session).await;

    // Logged out on the phone.
    let client = gateway.client();
    let sandbox = gateway.sandbox();
    let mut events = session.follow(&client).await;
    let devices = sandbox.linked_devices(&own).await;
    assert_eq!(devices.len(), 1, "{devices:?}");
    sandbox.unlink(&own, devices[0]).await;
    wait_for_status(&mut events, "action_required").await;
    let view = session.view(&client).await;
    assert_eq!(view["status"], "action_required");
    assert!(view["phone"].is_null() && view["lastError"].is_string(), "{view}");
    // The credentials are gone: a start asks for a scan again.
    client.post_empty(&session.path("/start")).await.expect(200);
    wait_for_status(&mut events, "qr_ready").await;
}

async fn is_ready_by_itself(gateway: &Gateway, session: &Session) {
    let client = gateway.client();
    let mut events = session.follow(&client).await;
    let mut view = session.view(&client).await;
    while view["status"] != "ready" {
        events.next(LIMIT).await.expect("the stream lasts as long as the gateway");
        view = session.view(&client).await;
    }
}

#[tokio::test]
async fn a_message_is_pending_until_whatsapp_has_it() {
    let gateway = Setup::with_sandbox_inside().start().await;
    let (client, sandbox) = (gateway.client(), gateway.sandbox());
    let own = sandbox.create_phone("Slow").await;
    let other = sandbox.create_phone("Other").await;
    let session = Session::link(&client, &sandbox, "slow", &own).await;
    let mut events = session.follow(&client).await;

    // WhatsApp's answer is held back, so the send is still under way when the message is looked at.
    let delay = json!({"kind": "delay-stanzas", "number": own.number, "delayMs": 3_000});
    let delay = sandbox.add_fault(&delay).await;
    let sending = tokio::spawn({
        let (client, session, chat) = (client.clone(), session.clone(), other.chat());
        async move { session.send_text(&client, &chat, "Soon").await }
    });
    let pending = loop {
        // The request is on its way; each look is a request of its own, so this does not spin.
        if let Some(message) = session.messages(&client, "direction=outgoing").await.pop() {
            break message;
        }
    };
    assert_eq!((pending["status"].as_str(), pending["body"].as_str()), (Some("pending"), Some("Soon")), "{pending}");
    assert!(!sending.is_finished());

    sandbox.clear_fault(delay).await;
    let id = sending.await.unwrap();
    assert_eq!(pending["waMessageId"], id.as_str(), "the id was minted before the first attempt");
    wait_for_ack(&mut events, &id, "delivered").await;
}
