//! A session of the gateway and a client nobody here wrote: Baileys, unmodified, links to the same
//! sandbox network over TLS, and the two write to each other.

use base64::{Engine, engine::general_purpose::STANDARD};
use openwa_testkit::{
    baileys::Peer,
    client::{Client, Events},
    gateway::{Gateway, SandboxProcess, Setup},
    sandbox::Phone,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::story::{LIMIT, Session, text, wait_for_ack};

/// A gateway and Baileys on one network, each linked to a phone.
struct Stage {
    network: SandboxProcess,
    gateway: Gateway,
    client: Client,
    shop: Phone,
    anna: Phone,
    session: Session,
    events: Events,
    peer: Peer,
}

impl Stage {
    async fn open() -> Self {
        let network = SandboxProcess::start().await;
        let control = network.control();
        let gateway = Setup::joined_to(&network).start().await;
        let client = gateway.client();
        let shop = control.create_phone("Shop").await;
        let anna = control.create_phone("Anna").await;
        let session = Session::link(&client, &control, "shop", &shop).await;
        let events = session.follow(&client).await;
        let mut peer = Peer::start(&network.state_dir().join("ca.pem"));
        let own = peer.call(json!({"do": "link", "base": network.tls_url(), "phone": anna.id})).await;
        assert_eq!(own["number"], anna.number.as_str());
        Self { network, gateway, client, shop, anna, session, events, peer }
    }
}

#[tokio::test]
async fn baileys_and_a_session_of_ours_trade_texts_and_images() {
    let Stage { network: _network, gateway: _gateway, client, shop, anna, session, mut events, mut peer } =
        Stage::open().await;

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

#[tokio::test]
async fn baileys_and_a_session_of_ours_trade_every_kind() {
    let Stage { network, gateway: _gateway, client, shop, anna, session, mut events, mut peer } = Stage::open().await;
    let control = network.control();
    let bytes: Vec<u8> = (0..5_000_u32).map(|it| it.wrapping_mul(37) as u8).collect();
    let (file, sum) = (STANDARD.encode(&bytes), hex::encode(Sha256::digest(&bytes)));
    let sticker = "UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA";
    let dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg==";

    // From us to Baileys.
    for (route, body, kind, pointer, expected) in [
        (
            "send-audio",
            json!({"base64": file, "ptt": true}),
            "audioMessage",
            "/media",
            json!({"mimetype": "audio/ogg; codecs=opus", "sizeBytes": 5_000, "sha256": sum, "voice": true}),
        ),
        (
            "send-document",
            json!({"base64": file, "mimetype": "application/pdf", "filename": "plan.pdf"}),
            "documentMessage",
            "/media/fileName",
            json!("plan.pdf"),
        ),
        ("send-sticker", json!({"base64": dot}), "stickerMessage", "/media/mimetype", json!("image/webp")),
        (
            "send-location",
            json!({"latitude": 1.5, "longitude": -2.5, "description": "Pier"}),
            "locationMessage",
            "/location",
            json!({"latitude": 1.5, "longitude": -2.5, "name": "Pier"}),
        ),
        (
            "send-poll",
            json!({"name": "When?", "options": ["Now", "Later"]}),
            "pollCreationMessageV3",
            "/poll",
            json!({"name": "When?", "options": ["Now", "Later"]}),
        ),
    ] {
        let mut body = body;
        body["chatId"] = json!(anna.chat());
        let sent = client.post(&session.path(&format!("/messages/{route}")), &body).await.expect(201);
        let told = peer.event(|it| it["event"] == "message" && it["id"] == sent["messageId"]).await;
        assert_eq!((told["type"].as_str(), told.pointer(pointer)), (Some(kind), Some(&expected)), "{route}: {told}");
    }
    let card = json!({"chatId": anna.chat(), "contactName": "Bob", "contactNumber": "15550000077"});
    let sent = client.post(&session.path("/messages/send-contact"), &card).await.expect(201);
    let told = peer.event(|it| it["event"] == "message" && it["id"] == sent["messageId"]).await;
    assert!(text(&told["vcards"][0]).contains("waid=15550000077"), "{told}");

    // From Baileys to us.
    for (content, kind, pointer, expected) in [
        (
            json!({"audio": {"$bytes": file}, "ptt": true, "mimetype": "audio/ogg; codecs=opus"}),
            "voice",
            "/media/data",
            json!(file),
        ),
        (
            json!({"document": {"$bytes": file}, "mimetype": "application/pdf", "fileName": "plan.pdf"}),
            "document",
            "/media/filename",
            json!("plan.pdf"),
        ),
        (json!({"sticker": {"$bytes": sticker}}), "sticker", "/media/data", json!(sticker)),
        (
            json!({"location": {"degreesLatitude": 1.5, "degreesLongitude": -2.5, "name": "Pier"}}),
            "location",
            "/location",
            json!({"latitude": 1.5, "longitude": -2.5, "description": "Pier"}),
        ),
        (
            json!({"contacts": {"displayName": "Bob", "contacts": [{"vcard": "BEGIN:VCARD\nEND:VCARD"}]}}),
            "contact",
            "/vcards",
            json!(["BEGIN:VCARD\nEND:VCARD"]),
        ),
    ] {
        let sent = peer.call(json!({"do": "send", "to": shop.number, "content": content})).await;
        let told = received(&mut events, "message.received", "id", &text(&sent["id"])).await;
        assert_eq!((told["type"].as_str(), told.pointer(pointer)), (Some(kind), Some(&expected)), "{told}");
    }

    // A poll of Baileys', voted in by us, and one of ours, voted in by Baileys.
    let poll = json!({"poll": {"name": "Which?", "values": ["Tea", "Cake"], "selectableCount": 1}});
    let theirs = text(&peer.call(json!({"do": "send", "to": shop.number, "content": poll})).await["id"]);
    let told = received(&mut events, "message.received", "id", &theirs).await;
    assert_eq!(told["poll"]["options"], json!(["Tea", "Cake"]), "{told}");
    let vote = json!({"chatId": anna.chat(), "pollMessageId": theirs, "options": ["Cake"]});
    client.post(&session.path("/messages/vote-poll"), &vote).await.expect(200);
    let told = peer.event(|it| it["event"] == "vote" && it["target"] == theirs.as_str()).await;
    assert_eq!(told["options"], json!(["Cake"]), "{told}");
    let poll = json!({"chatId": anna.chat(), "name": "When?", "options": ["Now", "Later"]});
    let ours = text(&client.post(&session.path("/messages/send-poll"), &poll).await.expect(201)["messageId"]);
    peer.event(|it| it["event"] == "message" && it["id"] == ours.as_str()).await;
    peer.call(json!({"do": "vote", "poll": ours, "options": ["Later"]})).await;
    let told = received(&mut events, "poll.vote", "messageId", &ours).await;
    assert_eq!((&told["options"], &told["senderId"]), (&json!(["Later"]), &json!(anna.chat())), "{told}");

    // Reactions, edits and revokes, both ways.
    let mine = session.send_text(&client, &anna.chat(), "tpyo").await;
    peer.event(|it| it["event"] == "message" && it["id"] == mine.as_str()).await;
    let react = json!({"react": {"text": "👍", "key": {"$key": mine}}});
    peer.call(json!({"do": "send", "to": shop.number, "content": react})).await;
    assert_eq!(received(&mut events, "message.reaction", "messageId", &mine).await["reaction"], "👍");
    let edit = json!({"chatId": anna.chat(), "messageId": mine, "body": "typo"});
    client.post(&session.path("/messages/edit"), &edit).await.expect(200);
    let told = peer.event(|it| it["event"] == "edit" && it["target"] == mine.as_str()).await;
    assert_eq!(told["text"], "typo", "{told}");
    let revoke = json!({"chatId": anna.chat(), "messageId": mine});
    client.post(&session.path("/messages/delete"), &revoke).await.expect(200);
    peer.event(|it| it["event"] == "revoke" && it["target"] == mine.as_str()).await;

    let theirs = text(&peer.call(json!({"do": "text", "to": shop.number, "text": "helo"})).await["id"]);
    received(&mut events, "message.received", "id", &theirs).await;
    let react = json!({"chatId": anna.chat(), "messageId": theirs, "emoji": "🎉"});
    client.post(&session.path("/messages/react"), &react).await.expect(200);
    let told = peer.event(|it| it["event"] == "reaction" && it["target"] == theirs.as_str()).await;
    assert_eq!(told["emoji"], "🎉", "{told}");
    let edit = json!({"edit": {"$key": theirs}, "text": "hello"});
    peer.call(json!({"do": "send", "to": shop.number, "content": edit})).await;
    assert_eq!(received(&mut events, "message.edited", "messageId", &theirs).await["body"], "hello");
    peer.call(json!({"do": "send", "to": shop.number, "content": {"delete": {"$key": theirs}}})).await;
    received(&mut events, "message.revoked", "revokedId", &theirs).await;

    // A group of both.
    let group = control.create_group(&anna, "Regulars", &[&shop.number]).await;
    let hello = session.send_text(&client, &group, "Hello all").await;
    let told = peer.event(|it| it["event"] == "message" && it["id"] == hello.as_str()).await;
    assert_eq!((&told["chat"], &told["from"]), (&json!(group), &json!(shop.chat())), "{told}");
    let answer = text(&peer.call(json!({"do": "text", "to": group, "text": "Hello shop"})).await["id"]);
    let told = received(&mut events, "message.received", "id", &answer).await;
    assert_eq!((&told["chatId"], &told["author"]), (&json!(group), &json!(anna.chat())), "{told}");

    // What is shown to some for a day.
    let body = json!({"text": "Open until ten", "recipients": [anna.chat()]});
    let posted = text(&client.post(&session.path("/status/send-text"), &body).await.expect(201)["statusId"]);
    let told = peer.event(|it| it["event"] == "message" && it["id"] == posted.as_str()).await;
    assert_eq!(
        (&told["chat"], &told["from"], &told["text"]),
        (&json!("status@broadcast"), &json!(shop.chat()), &json!("Open until ten")),
        "{told}"
    );
    let post =
        json!({"do": "send", "to": "status@broadcast", "content": {"text": "At sea"}, "audience": [shop.number]});
    let theirs = text(&peer.call(post).await["id"]);
    received(&mut events, "status.received", "statusId", &theirs).await;
    let seen = client.get(&session.path(&format!("/status/{}", anna.chat()))).await.expect(200);
    let (first, posts) = (&seen["statuses"][0], seen["statuses"].as_array().map(Vec::len));
    assert_eq!((posts, &first["id"], &first["caption"]), (Some(1), &json!(theirs), &json!("At sea")), "{seen}");
    peer.call(json!({"do": "close"})).await;
}

/// The data of the event in which a field has this value.
async fn received(events: &mut Events, event: &str, field: &str, value: &str) -> Value {
    let what = format!("{event} of {value}");
    let heard =
        events.wait_for(&what, LIMIT, |it| it.event.as_deref() == Some(event) && it.data["data"][field] == value).await;
    heard.data["data"].clone()
}
