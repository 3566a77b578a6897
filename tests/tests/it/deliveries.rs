//! What receivers of webhooks rely on (contract §8.8), from a phone on the network to the bytes that arrive.

use openwa_testkit::{
    client::Client,
    gateway::{Gateway, Setup},
    receiver::{Received, Receiver},
    sandbox::{Phone, Sandbox},
};
use serde_json::{Value, json};

use crate::story::{LIMIT, Session, text};

const SECRET: &str = "a secret of at least sixteen characters";

struct House {
    client: Client,
    sandbox: Sandbox,
    session: Session,
    shop: Phone,
    boss: Phone,
    stranger: Phone,
    receiver: Receiver,
    _gateway: Gateway,
}

impl House {
    async fn start() -> Self {
        let gateway = Setup::with_sandbox_inside().start().await;
        let (client, sandbox) = (gateway.client(), gateway.sandbox());
        let shop = sandbox.create_phone("Shop").await;
        let boss = sandbox.create_phone("Boss").await;
        let stranger = sandbox.create_phone("Stranger").await;
        let session = Session::link(&client, &sandbox, "shop", &shop).await;
        Self { client, sandbox, session, shop, boss, stranger, receiver: Receiver::start().await, _gateway: gateway }
    }

    /// Makes a webhook with these fields, and answers its path.
    async fn webhook(&self, path: &str, mut fields: Value) -> String {
        fields["url"] = json!(self.receiver.url_of(path));
        let made = self.client.post(&self.session.path("/webhooks"), &fields).await.expect(201);
        self.session.path(&format!("/webhooks/{}", text(&made["id"])))
    }

    async fn say(&self, who: &Phone, what: &str) {
        self.sandbox.send_text(who, &self.shop.chat(), what).await;
    }

    /// What arrived at a path so far that is about this event, once `last` has arrived there.
    async fn bodies(&self, path: &str, last: &str) -> Vec<String> {
        let texts = |all: &[Received]| {
            let here = all.iter().filter(|it| it.path == path && it.event() == "message.received");
            here.map(|it| it.json()["data"]["body"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        let arrived = |all: &[Received]| {
            let texts = texts(all);
            texts.iter().any(|it| it == last).then_some(texts)
        };
        self.receiver.wait_for(last, LIMIT, arrived).await
    }
}

#[tokio::test]
async fn a_delivery_is_genuine_whatever_headers_were_asked_for() {
    let house = House::start().await;
    let headers = json!({"X-OpenWA-Event": "forged", "Content-Type": "text/plain", "X-Custom": "kept"});
    house.webhook("/hook", json!({"events": ["message.received"], "secret": SECRET, "headers": headers})).await;
    house.say(&house.boss, "hello").await;
    let delivery = house.receiver.wait_for_event("message.received", LIMIT).await;
    assert_eq!(delivery.header("x-openwa-event"), Some("message.received"), "§8.8");
    assert_eq!(delivery.header("content-type"), Some("application/json"), "§8.8: forged headers lose");
    assert_eq!(delivery.header("x-custom"), Some("kept"), "§8.8");
    assert!(delivery.is_signed_with(SECRET), "§8.8: over the exact bytes");
    assert_eq!(delivery.header("x-openwa-retry-count"), Some("0"), "§4.2");
    let body = delivery.json();
    assert_eq!(delivery.idempotency_key(), text(&body["idempotencyKey"]), "§4.2");
    assert_eq!(delivery.header("x-openwa-delivery-id"), body["deliveryId"].as_str(), "§4.2");
}

#[tokio::test]
async fn a_filter_lets_through_what_it_names_and_all_that_is_no_message() {
    let house = House::start().await;
    let filters = json!({"conditions": [{"field": "sender", "operator": "is", "value": [house.boss.chat()]}]});
    let events = json!(["message.received", "session.status"]);
    house.webhook("/boss", json!({"events": events, "filters": filters})).await;
    house.webhook("/all", json!({"events": events})).await;
    for (who, what) in
        [(&house.stranger, "one"), (&house.boss, "two"), (&house.stranger, "three"), (&house.boss, "four")]
    {
        house.say(who, what).await;
    }
    assert_eq!(house.bodies("/boss", "four").await, ["two", "four"], "§8.8");
    // Nobody else's texts were lost.
    house.bodies("/all", "three").await;
    house.client.post_empty(&house.session.path("/stop")).await.expect(200);
    let passed =
        |all: &[Received]| all.iter().any(|it| it.path == "/boss" && it.event() == "session.status").then_some(());
    house.receiver.wait_for("a status that no filter is about", LIMIT, passed).await;
}

#[tokio::test]
async fn one_that_is_off_gets_nothing_and_each_can_be_tried() {
    let house = House::start().await;
    let off = house.webhook("/off", json!({"events": ["message.received"]})).await;
    let on = house.webhook("/on", json!({"events": ["message.received"]})).await;
    let changed = house.client.put(&off, &json!({"active": false})).await.expect(200);
    assert_eq!(changed["active"], false, "§8.8");
    house.say(&house.boss, "hello").await;
    assert_eq!(house.bodies("/on", "hello").await, ["hello"]);
    assert!(house.receiver.received().iter().all(|it| it.path != "/off"), "§8.8: inactive is not delivered");

    let tried = house.client.post_empty(&format!("{on}/test")).await.expect(200);
    assert_eq!(tried, json!({"success": true, "statusCode": 200}), "§8.8");
    let delivery = house.receiver.wait_for_event("test", LIMIT).await;
    assert_eq!((&delivery.json()["event"], delivery.path.as_str()), (&json!("test"), "/on"), "§8.8");
}

#[tokio::test]
async fn what_went_out_can_be_looked_up_and_sent_once_more() {
    let house = House::start().await;
    let hook = house.webhook("/hook", json!({"events": ["message.received"], "secret": SECRET})).await;
    house.say(&house.boss, "hello").await;
    let first = house.receiver.wait_for_event("message.received", LIMIT).await;
    assert!(first.is_standard_signed_with(SECRET.as_bytes()), "{first:?}");

    let replay = format!("{hook}/replay");
    let done = house.client.post(&replay, &json!({"from": "2020-01-01T00:00:00Z"})).await.expect(200);
    assert_eq!(done["nextSeq"], Value::Null);
    // Where the first was not settled yet, it still waited: then nothing was to be sent once more.
    let times = if done["queued"] == 1 { 2 } else { 1 };
    let here = |all: &[Received]| (all.len() >= times).then(|| all.to_vec());
    for again in house.receiver.wait_for("what is sent once more", LIMIT, here).await {
        assert_eq!(again.idempotency_key(), first.idempotency_key());
    }
    let attempts = house.client.get(&format!("{hook}/deliveries")).await.expect(200);
    for attempt in attempts.as_array().unwrap() {
        assert_eq!((&attempt["outcome"], &attempt["statusCode"]), (&json!("delivered"), &json!(200)), "{attempt}");
        assert_eq!(attempt["idempotencyKey"], first.idempotency_key());
    }
    let (preflight, asked) = (house.session.path("/webhooks/preflight"), json!({"url": house.receiver.url()}));
    let told = house.client.post(&preflight, &asked).await.expect(200);
    assert_eq!((&told["allowed"], &told["statusCode"]), (&json!(true), &json!(200)));
}
