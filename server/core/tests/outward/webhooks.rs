//! What a receiver of webhooks sees, whatever goes wrong on either side.

use std::{collections::BTreeMap, time::Duration};

use openwa_core::{
    GatewayError, Settings,
    gateway::{NewWebhook, TestResult, WebhookPatch},
    guard::NetworkPolicy,
};
use openwa_model::{
    id::SessionId,
    store::{FailureFilter, Page},
};
use openwa_testkit::receiver::{Answer, Received, Receiver};
use serde_json::json;

use crate::house::{House, LIMIT, folder, hook, open, settings};

const ANNA: &str = "15550000001@c.us";
const BERT: &str = "15550000002@c.us";
const ALL: Page = Page { limit: 1000, offset: 0 };
const SECRET: &str = "a secret of good length";

async fn requests(receiver: &Receiver, count: usize) -> Vec<Received> {
    receiver.wait_for(&format!("{count} requests"), LIMIT, |all| (all.len() >= count).then(|| all.to_vec())).await
}

fn message_id(request: &Received) -> String {
    request.json()["data"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_delivery_is_signed_over_its_exact_bytes() {
    let (folder, receiver) = (folder(), Receiver::start().await);
    let house = House::open(folder.path(), settings()).await;
    let new = NewWebhook {
        secret: Some(SECRET.into()),
        headers: Some(BTreeMap::from([
            ("Authorization".into(), "Bearer x".into()),
            ("X-OpenWA-Event".into(), "mine".into()),
        ])),
        ..hook(receiver.url())
    };
    let webhook = house.gateway.create_webhook(house.session, new).await.unwrap();
    house.receive([(ANNA, "3EB0A1".into())]).await;

    let request = requests(&receiver, 1).await.remove(0);
    assert!(request.is_signed_with(SECRET), "{request:?}");
    let body = request.json();
    let key = format!("msg_{}_3EB0A1_{}", house.session, webhook.id);
    let delivery = body["deliveryId"].as_str().unwrap();
    assert!(delivery.starts_with("dlv_"), "{delivery}");
    for (name, value) in [
        ("content-type", "application/json"),
        ("user-agent", "OpenWA-Webhook/1.0.0"),
        ("authorization", "Bearer x"),
        ("x-openwa-event", "message.received"),
        ("x-openwa-idempotency-key", key.as_str()),
        ("x-openwa-delivery-id", delivery),
        ("x-openwa-retry-count", "0"),
    ] {
        assert_eq!(request.header(name), Some(value), "{name}");
    }
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/hook"));
    assert_eq!(body["idempotencyKey"], key);
    assert_eq!(body["sessionId"], house.session.to_string());
    assert_eq!(body["data"]["body"], "hello");
    let text = String::from_utf8(request.body.clone()).unwrap();
    let order = ["event", "timestamp", "sessionId", "idempotencyKey", "deliveryId", "data"];
    let places: Vec<_> = order.iter().map(|it| text.find(&format!("\"{it}\":")).unwrap()).collect();
    assert!(places.is_sorted(), "{text}");

    let (session, id) = (house.session, webhook.id);
    let gateway = house.stop().await;
    assert!(gateway.webhook(session, id).await.unwrap().last_triggered_at.is_some());
}

#[tokio::test]
async fn every_attempt_of_a_delivery_carries_the_same_body_and_key() {
    let (folder, receiver) = (folder(), Receiver::start().await);
    receiver.answer_next([Answer::status(500), Answer::hang_up(), Answer::status(204)]);
    let house = House::open(folder.path(), settings()).await;
    let new = NewWebhook { secret: Some(SECRET.into()), ..hook(receiver.url()) };
    house.gateway.create_webhook(house.session, new).await.unwrap();
    house.receive([(ANNA, "3EB0A1".into()), (ANNA, "3EB0A2".into())]).await;

    let all = requests(&receiver, 4).await;
    let retries: Vec<_> = all.iter().map(|it| it.header("x-openwa-retry-count").unwrap()).collect();
    assert_eq!(retries, ["0", "1", "2", "0"]);
    for request in &all[..3] {
        assert_eq!(request.body, all[0].body);
        assert_eq!(request.idempotency_key(), all[0].idempotency_key());
        assert!(request.is_signed_with(SECRET));
    }
    assert_eq!(message_id(&all[3]), "3EB0A2");
    assert_eq!(house.stop().await.delivery_failures(None, ALL).await.unwrap(), []);
}

#[tokio::test]
async fn a_chat_keeps_its_order_whatever_fails() {
    let (folder, receiver) = (folder(), Receiver::start().await);
    let troubles = [500, 200, 503, 429, 200, 500, 200, 200, 404, 200, 500, 500];
    receiver.answer_next(troubles.map(Answer::status));
    let house = House::open(folder.path(), settings()).await;
    house
        .gateway
        .create_webhook(house.session, NewWebhook { retry_count: Some(5), ..hook(receiver.url()) })
        .await
        .unwrap();
    let chats = [ANNA, BERT, "15550000003@c.us"];
    let messages = (0..30).map(|it| (chats[it % 3], format!("3EB0{it:04}")));
    house.receive(messages).await;

    let taken = |all: &[Received]| all.iter().filter(|it| it.answered == 200).count() == 30;
    let all = receiver.wait_for("thirty deliveries", LIMIT, |all| taken(all).then(|| all.to_vec())).await;
    for chat in chats {
        let ids: Vec<_> = all.iter().filter(|it| it.json()["data"]["chatId"] == chat).map(message_id).collect();
        assert!(ids.is_sorted(), "{chat}: {ids:?}");
        let mut once = ids.clone();
        once.dedup();
        assert_eq!(once.len(), 10, "{ids:?}");
    }
    // Other chats go on while one waits for its retry.
    let first_failed = all[0].json()["data"]["chatId"].clone();
    let retried = all.iter().skip(1).position(|it| it.body == all[0].body).unwrap();
    assert!(all[1..=retried].iter().any(|it| it.json()["data"]["chatId"] != first_failed));
}

#[tokio::test]
async fn a_dead_receiver_does_not_slow_another_webhook() {
    let (folder, dead, alive) = (folder(), Receiver::start().await, Receiver::start().await);
    dead.answer_always(Answer::status(200).after(LIMIT * 10));
    let house = House::open(folder.path(), Settings { webhook_timeout: LIMIT * 10, ..settings() }).await;
    for url in [dead.url(), dead.url_of("/second"), alive.url()] {
        house.gateway.create_webhook(house.session, hook(url)).await.unwrap();
    }
    let chats: Vec<_> = (0..100).map(|it| format!("1555000{it:04}@c.us")).collect();
    for round in 0..3 {
        house.receive(chats.iter().map(|it| (it.as_str(), format!("3EB0{round}{}", &it[..11])))).await;
    }
    assert_eq!(requests(&alive, 300).await.len(), 300);
    let held = dead.received().len();
    assert!((1..=32).contains(&held), "two webhooks hold at most sixteen places each, not {held}");
}

#[tokio::test]
async fn an_attempt_is_signed_with_the_secret_of_its_time() {
    let (folder, receiver) = (folder(), Receiver::start().await);
    receiver.answer_next([Answer::status(500).after(Duration::from_secs(1))]);
    let house = House::open(folder.path(), settings()).await;
    let new = NewWebhook { secret: Some(SECRET.into()), ..hook(receiver.url()) };
    let webhook = house.gateway.create_webhook(house.session, new).await.unwrap();
    house.receive([(ANNA, "3EB0A1".into())]).await;

    assert!(requests(&receiver, 1).await[0].is_signed_with(SECRET));
    let other = "quite another secret";
    let patch = WebhookPatch { secret: Some(other.into()), ..WebhookPatch::default() };
    house.gateway.update_webhook(house.session, webhook.id, patch).await.unwrap();
    let all = requests(&receiver, 2).await;
    assert!(all[1].is_signed_with(other) && !all[1].is_signed_with(SECRET));
    assert_eq!(all[0].body, all[1].body);
}

#[tokio::test]
async fn what_nobody_wants_any_more_is_dropped() {
    let (folder, receiver, marker) = (folder(), Receiver::start().await, Receiver::start().await);
    receiver.answer_next(vec![Answer::status(500).after(Duration::from_secs(1)); 3]);
    let house = House::open(folder.path(), settings()).await;
    let mut made = Vec::new();
    for path in ["/deleted", "/inactive", "/unsubscribed"] {
        made.push(house.gateway.create_webhook(house.session, hook(receiver.url_of(path))).await.unwrap().id);
    }
    house.receive([(ANNA, "3EB0A1".into())]).await;
    requests(&receiver, 3).await;
    let gateway = &house.gateway;
    gateway.delete_webhook(house.session, made[0]).await.unwrap();
    let off = WebhookPatch { active: Some(false), ..WebhookPatch::default() };
    gateway.update_webhook(house.session, made[1], off).await.unwrap();
    let other = WebhookPatch { events: Some(vec!["session.status".into()]), ..WebhookPatch::default() };
    gateway.update_webhook(house.session, made[2], other).await.unwrap();

    // This one starts later and fails for longer: once it is through, the others would have been tried again.
    marker.answer_next([Answer::status(500).after(Duration::from_secs(1)), Answer::status(500), Answer::status(200)]);
    gateway.create_webhook(house.session, hook(marker.url())).await.unwrap();
    house.receive([(BERT, "3EB0B1".into())]).await;
    requests(&marker, 3).await;
    assert_eq!(receiver.received().len(), 3);
    assert_eq!(house.stop().await.delivery_failures(None, ALL).await.unwrap(), []);
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_the_failure_is_kept_until_it_is_redriven() {
    let (folder, receiver, elsewhere) = (folder(), Receiver::start().await, Receiver::start().await);
    receiver.answer_next([Answer::status(307).with_header("Location", &elsewhere.url())]);
    let house = House::open(folder.path(), settings()).await;
    let new = NewWebhook { retry_count: Some(1), ..hook(receiver.url()) };
    let webhook = house.gateway.create_webhook(house.session, new).await.unwrap();
    house.receive([(ANNA, "3EB0A1".into())]).await;
    let first = requests(&receiver, 1).await.remove(0);
    let gateway = house.stop().await;
    assert_eq!(elsewhere.received().len(), 0);

    let failed = gateway.delivery_failures(None, ALL).await.unwrap();
    let [failed] = failed.as_slice() else { panic!("{failed:?}") };
    assert_eq!((failed.failure.last_status, failed.failure.delivery.attempts), (Some(307), 1));
    assert_eq!((failed.failure.delivery.webhook, failed.url.as_str()), (webhook.id, webhook.url.as_str()));
    assert!(failed.replayable && failed.failure.last_error.contains("307"), "{failed:?}");

    let house = House::open(folder.path(), settings()).await;
    let other = FailureFilter { session: Some(SessionId(uuid::Uuid::nil())), ..FailureFilter::default() };
    assert_eq!(house.gateway.redrive(&other, 10).await.unwrap().redriven, 0);
    let redriven = house.gateway.redrive(&FailureFilter::default(), 10).await.unwrap();
    assert_eq!((redriven.redriven, redriven.remaining), (1, 0));
    let again = requests(&receiver, 2).await.remove(1);
    assert_eq!((&again.body, again.header("x-openwa-retry-count")), (&first.body, Some("0")));
    assert_eq!(house.stop().await.delivery_failures(None, ALL).await.unwrap(), []);
}

#[tokio::test]
async fn a_private_address_is_refused_when_it_is_entered_and_when_it_is_called() {
    let (folder, receiver) = (folder(), Receiver::start().await);
    let house = House::open(folder.path(), settings()).await;
    let by_name = receiver.url().replace("127.0.0.1", "localhost");
    for url in [receiver.url(), by_name.clone()] {
        let new = NewWebhook { retry_count: Some(2), ..hook(url) };
        house.gateway.create_webhook(house.session, new).await.unwrap();
    }
    for url in ["http://169.254.169.254/latest", "http://10.0.0.1/", "http://[fd00::1]/"] {
        let refused = house.gateway.create_webhook(house.session, hook(url.into())).await;
        assert!(matches!(refused, Err(GatewayError::AddressRefused(_))), "{url}: {refused:?}");
    }
    house.stop().await;

    let marker = Receiver::start().await;
    let strict = Settings { network: NetworkPolicy::default(), ..settings() };
    let house = House::open(folder.path(), strict).await;
    for url in [receiver.url(), by_name] {
        let refused = house.gateway.create_webhook(house.session, hook(url.clone())).await;
        assert!(matches!(refused, Err(GatewayError::AddressRefused(_))), "{url}: {refused:?}");
    }
    house.receive([(ANNA, "3EB0A1".into())]).await;
    // The log tells when the event was fanned out; the drain of the stop waits for the attempts.
    let gateway = house.gateway.clone();
    let mut bell = gateway.bell().listen();
    while gateway.last_position().await.unwrap().0 == 0 {
        tokio::time::timeout(LIMIT, bell.rung()).await.unwrap();
    }
    for webhook in gateway.webhooks(house.session).await.unwrap() {
        let result = gateway.test_webhook(house.session, webhook.id).await.unwrap();
        assert!(matches!(result, TestResult::Failed { .. }), "{result:?}");
    }
    house.stop().await;
    assert_eq!(receiver.received().len(), 0);

    // With the guard as it was, the same deliveries arrive: they were tried, and kept.
    let house = House::open(folder.path(), settings()).await;
    house.gateway.create_webhook(house.session, hook(marker.url())).await.unwrap();
    house.gateway.redrive(&FailureFilter::default(), 10).await.unwrap();
    assert_eq!(requests(&receiver, 2).await.len(), 2);
}

#[test]
fn a_delivery_that_was_not_settled_when_the_gateway_died_comes_again_with_the_same_key() {
    let folder = folder();
    let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let outside = runtime();
    let receiver = outside.block_on(Receiver::start());
    receiver.answer_next([Answer::status(200).after(LIMIT * 10)]);

    let first_life = runtime();
    first_life.block_on(async {
        let house = House::open(folder.path(), settings()).await;
        house.gateway.create_webhook(house.session, hook(receiver.url())).await.unwrap();
        house.receive([(ANNA, "3EB0A1".into()), (ANNA, "3EB0A2".into())]).await;
    });
    let before = outside.block_on(requests(&receiver, 1)).remove(0);
    // Every task ends where it stands, as at a kill.
    first_life.shutdown_background();

    outside.block_on(async {
        let house = House::open(folder.path(), settings()).await;
        let all = requests(&receiver, 3).await;
        assert_eq!(all[1].body, before.body);
        assert_eq!(all[1].idempotency_key(), before.idempotency_key());
        assert_eq!(message_id(&all[2]), "3EB0A2");
        house.stop().await;
    });
    assert_eq!(receiver.received().len(), 3);
}

#[tokio::test]
async fn an_event_that_is_too_large_is_told_as_a_failure_and_holds_nothing_up() {
    let (folder, receiver) = (folder(), Receiver::start().await);
    let house = House::open(folder.path(), Settings { webhook_max_payload_bytes: 2000, ..settings() }).await;
    house.gateway.create_webhook(house.session, hook(receiver.url())).await.unwrap();
    let with_file = json!({"id": "3EB0A2", "media": {"mimetype": "image/png", "data": "AAAA".repeat(1000)}});
    let long = json!({"id": "3EB0A1", "body": "x".repeat(2000)});
    house.append(vec![(ANNA, "3EB0A1".into(), long), (ANNA, "3EB0A2".into(), with_file)]).await;

    let request = requests(&receiver, 1).await.remove(0);
    assert_eq!(
        request.json()["data"],
        json!({"id": "3EB0A2", "media": {"mimetype": "image/png", "omitted": true, "sizeBytes": 3000}})
    );
    let gateway = house.stop().await;
    let failed = gateway.delivery_failures(None, ALL).await.unwrap();
    let [failed] = failed.as_slice() else { panic!("{failed:?}") };
    assert_eq!((failed.failure.delivery.attempts, failed.replayable), (0, false));
    assert!(failed.failure.last_error.contains("2000"), "{}", failed.failure.last_error);
    assert_eq!(gateway.redrive(&FailureFilter::default(), 10).await.unwrap().redriven, 0);
}

#[tokio::test]
async fn filters_decide_what_is_delivered() {
    let (folder, receiver) = (folder(), Receiver::start().await);
    let house = House::open(folder.path(), settings()).await;
    let filters = json!({"conditions": [{"field": "sender", "operator": "is", "value": ["15550000002"]}]});
    let new = NewWebhook { filters: serde_json::from_value(filters).unwrap(), ..hook(receiver.url()) };
    house.gateway.create_webhook(house.session, new).await.unwrap();
    house
        .receive([(ANNA, "3EB0A1".into()), (BERT, "3EB0B1".into()), (ANNA, "3EB0A2".into()), (BERT, "3EB0B2".into())])
        .await;
    let ids: Vec<_> = requests(&receiver, 2).await.iter().map(message_id).collect();
    assert_eq!(ids, ["3EB0B1", "3EB0B2"]);
}

#[tokio::test]
async fn a_test_delivery_says_what_came_of_it() {
    let (folder, receiver) = (folder(), Receiver::start().await);
    receiver.answer_next([Answer::status(202), Answer::status(500), Answer::hang_up()]);
    let house = House::open(folder.path(), settings()).await;
    let new = NewWebhook { secret: Some(SECRET.into()), ..hook(receiver.url()) };
    let id = house.gateway.create_webhook(house.session, new).await.unwrap().id;
    let test = || house.gateway.test_webhook(house.session, id);
    assert_eq!(test().await.unwrap(), TestResult::Delivered { status: 202 });
    for expected in ["The receiver answered 500", "The connection broke before an answer came"] {
        assert_eq!(test().await.unwrap(), TestResult::Failed { error: expected.into() });
    }
    let request = &receiver.received()[0];
    assert!(request.is_signed_with(SECRET));
    assert_eq!(request.event(), "test");
    let delivery = request.header("x-openwa-delivery-id").unwrap();
    assert_eq!(request.idempotency_key(), format!("test_{delivery}_{id}"));
}

#[tokio::test]
async fn a_webhook_is_made_read_changed_and_deleted() {
    let folder = folder();
    let (gateway, _store) = open(folder.path(), Settings { webhook_max_per_session: 2, ..settings() }).await;
    let mut sessions = Vec::new();
    for name in ["first", "second"] {
        let new = openwa_core::gateway::NewSession { name: name.into(), config: Default::default(), proxy: None };
        sessions.push(gateway.create_session(new).await.unwrap().session.id);
    }
    let url = "http://127.0.0.1:9/hook";
    let made = gateway.create_webhook(sessions[0], hook(url.into())).await.unwrap();
    assert_eq!((made.events.names(), made.active, made.retry_count), (vec!["message.received".into()], true, 3));
    let read = gateway.webhook(sessions[0], made.id).await.unwrap();
    assert_eq!((read.id, &read.url, &read.events), (made.id, &made.url, &made.events));
    let missing = gateway.webhook(sessions[1], made.id).await;
    assert!(matches!(missing, Err(GatewayError::WebhookNotFound(id)) if id == made.id), "another session's");

    gateway.create_webhook(sessions[0], hook(url.into())).await.unwrap();
    let third = gateway.create_webhook(sessions[0], hook(url.into())).await;
    assert!(matches!(third, Err(GatewayError::TooManyWebhooks { max: 2 })), "{third:?}");
    assert_eq!(gateway.webhooks(sessions[0]).await.unwrap().len(), 2);
    assert_eq!(gateway.all_webhooks(Some(&sessions[1..]), ALL).await.unwrap(), []);
    assert_eq!(gateway.all_webhooks(None, ALL).await.unwrap().len(), 2);
    let nowhere = gateway.create_webhook(SessionId(uuid::Uuid::nil()), hook(url.into())).await;
    assert!(matches!(nowhere, Err(GatewayError::SessionNotFound(_))), "{nowhere:?}");

    let patch = WebhookPatch {
        events: Some(vec!["message.ack".into(), "*".into()]),
        active: Some(false),
        secret: Some(SECRET.into()),
        retry_count: Some(0),
        ..WebhookPatch::default()
    };
    let changed = gateway.update_webhook(sessions[0], made.id, patch).await.unwrap();
    assert_eq!((changed.events.names(), changed.active, changed.retry_count), (vec!["*".into()], false, 0));
    assert!(changed.secret.is_some() && changed.url == made.url);
    let cleared = WebhookPatch { secret: Some(String::new()), ..WebhookPatch::default() };
    assert_eq!(gateway.update_webhook(sessions[0], made.id, cleared).await.unwrap().secret, None);

    gateway.delete_webhook(sessions[0], made.id).await.unwrap();
    let gone = gateway.delete_webhook(sessions[0], made.id).await;
    assert!(matches!(gone, Err(GatewayError::WebhookNotFound(_))), "{gone:?}");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_a_sentence() {
    let folder = folder();
    let house = House::open(folder.path(), settings()).await;
    let good = || hook("http://127.0.0.1:9/hook".into());
    let headers = |name: &str, value: &str| Some(BTreeMap::from([(name.to_owned(), value.to_owned())]));
    let many = (0..51).map(|it| (format!("x-{it}"), String::new())).collect();
    for (new, sentence) in [
        (hook("ftp://example.org/".into()), "url must start with http:// or https://"),
        (hook("http://a:b@example.org/".into()), "url must not contain a user name or password; use a header instead"),
        (
            hook(format!("http://example.org/{}", "a".repeat(2048))),
            "url must be shorter than or equal to 2048 characters",
        ),
        (NewWebhook { events: Some(vec![]), ..good() }, "events should not be empty"),
        (
            NewWebhook { events: Some(vec!["message.recieved".into()]), ..good() },
            "each value in events must be one of the following values: message.received, ",
        ),
        (NewWebhook { secret: Some("short".into()), ..good() }, "secret must be longer than or equal to 16 characters"),
        (
            NewWebhook { secret: Some("x".repeat(256)), ..good() },
            "secret must be shorter than or equal to 255 characters",
        ),
        (NewWebhook { retry_count: Some(6), ..good() }, "retryCount must not be greater than 5"),
        (NewWebhook { headers: Some(many), ..good() }, "headers must have no more than 50 entries"),
        (NewWebhook { headers: headers("bad name", "x"), ..good() }, "headers: 'bad name' is not a header name"),
        (
            NewWebhook { headers: headers("x", "a\r\nb: c"), ..good() },
            "headers: the value of 'x' must be Latin-1 text in one line",
        ),
        (
            NewWebhook { headers: headers("x", "日本"), ..good() },
            "headers: the value of 'x' must be Latin-1 text in one line",
        ),
        (
            NewWebhook { headers: headers("x", &"a".repeat(1025)), ..good() },
            "headers: the value of 'x' must be shorter than or equal to 1024 characters",
        ),
    ] {
        match house.gateway.create_webhook(house.session, new).await {
            Err(GatewayError::InvalidInput(text)) => assert!(text.starts_with(sentence), "{text}"),
            other => panic!("{sentence}: {other:?}"),
        }
    }
    assert_eq!(house.gateway.webhooks(house.session).await.unwrap(), []);
}
