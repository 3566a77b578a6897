//! How deliveries are signed, put off, remembered and sent once more.

use std::time::Duration;

use openwa_core::{
    Settings,
    gateway::{LogRange, NewWebhook, WebhookPatch},
    guard::NetworkPolicy,
    settings::DeliverySettings,
};
use openwa_model::{
    id::Seq,
    store::Page,
    webhook::{AttemptOutcome, DeliveryOrder},
};
use openwa_testkit::receiver::{Answer, Received, Receiver};

use crate::house::{House, LIMIT, folder, hook, settings};

const ANNA: &str = "15550000001@c.us";
const BERT: &str = "15550000002@c.us";
const ALL: Page = Page { limit: 1000, offset: 0 };

async fn requests(receiver: &Receiver, count: usize) -> Vec<Received> {
    receiver.wait_for(&format!("{count} requests"), LIMIT, |all| (all.len() >= count).then(|| all.to_vec())).await
}

fn with(deliveries: DeliverySettings) -> Settings {
    Settings { deliveries, ..settings() }
}

#[tokio::test]
async fn each_attempt_carries_a_standard_signature_of_its_own() {
    let (folder, receiver) = (folder(), Receiver::start().await);
    receiver.answer_next([Answer::status(500)]);
    let house = House::open(folder.path(), settings()).await;
    // In base64 behind its prefix: the ten bytes "0123456789".
    let encoded = "whsec_MDEyMzQ1Njc4OQ==";
    for (path, secret) in [("/plain", "a secret of good length"), ("/encoded", encoded)] {
        let new = NewWebhook { secret: Some(secret.into()), ..hook(receiver.url_of(path)) };
        house.gateway.create_webhook(house.session, new).await.unwrap();
    }
    house.gateway.create_webhook(house.session, hook(receiver.url_of("/unsigned"))).await.unwrap();
    house.receive([(ANNA, "3EB0A1".into())]).await;
    for request in requests(&receiver, 4).await {
        let signed = match request.path.as_str() {
            "/plain" => request.is_standard_signed_with(b"a secret of good length"),
            "/encoded" => request.is_standard_signed_with(b"0123456789") && request.is_signed_with(encoded),
            _ => {
                assert_eq!(request.header("webhook-signature"), None);
                continue;
            }
        };
        assert!(signed, "{request:?}");
        assert_eq!(request.header("webhook-id"), request.header("x-openwa-delivery-id"));
    }
    house.stop().await;
}

#[tokio::test]
async fn a_receiver_that_asks_for_time_gets_it_for_all_its_deliveries() {
    let (folder, receiver, other) = (folder(), Receiver::start().await, Receiver::start().await);
    receiver.answer_next([Answer::status(429).with_header("Retry-After", "2")]);
    let house = House::open(folder.path(), settings()).await;
    for url in [receiver.url(), other.url()] {
        house.gateway.create_webhook(house.session, hook(url)).await.unwrap();
    }
    house.receive([(ANNA, "3EB0A1".into())]).await;
    requests(&receiver, 1).await;
    // Settled by the stop; and a restart lifts no pause.
    house.stop().await;
    let house = House::open(folder.path(), settings()).await;
    house.receive([(BERT, "3EB0B1".into())]).await;
    // Once the other has this one, it was due for the first too.
    requests(&other, 2).await;
    let all = requests(&receiver, 3).await;
    let waited = all[1].at.duration_since(all[0].at);
    assert!(waited >= Duration::from_millis(1_900), "{waited:?}");
    house.stop().await;
}

#[tokio::test]
async fn what_a_receiver_asks_for_is_bounded() {
    let (folder, receiver) = (folder(), Receiver::start().await);
    receiver.answer_next([Answer::status(503).with_header("Retry-After", "86400")]);
    let bounded = DeliverySettings { longest_wait: Duration::from_millis(50), ..DeliverySettings::default() };
    let house = House::open(folder.path(), with(bounded)).await;
    house.gateway.create_webhook(house.session, hook(receiver.url())).await.unwrap();
    house.receive([(ANNA, "3EB0A1".into())]).await;
    assert_eq!(requests(&receiver, 2).await[1].answered, 200);
    house.stop().await;
}

#[tokio::test]
async fn every_attempt_is_remembered() {
    let (folder, receiver) = (folder(), Receiver::start().await);
    let long = "x".repeat(5_000);
    receiver.answer_next([
        Answer::status(500).saying("down for\n repairs \u{7}"),
        Answer::hang_up(),
        Answer::status(202).saying(&long),
    ]);
    let house = House::open(folder.path(), settings()).await;
    let webhook = house.gateway.create_webhook(house.session, hook(receiver.url())).await.unwrap().id;
    house.receive([(ANNA, "3EB0A1".into())]).await;
    let request = requests(&receiver, 3).await.remove(0);
    let session = house.session;
    let gateway = house.stop().await;

    let all = gateway.delivery_attempts(session, webhook, ALL).await.unwrap();
    let told: Vec<_> = all.iter().map(|it| (it.attempt, it.outcome, it.status)).collect();
    let expected = [
        (3, AttemptOutcome::Delivered, Some(202)),
        (2, AttemptOutcome::Retrying, None),
        (1, AttemptOutcome::Retrying, Some(500)),
    ];
    assert_eq!(told, expected);
    assert_eq!(all[2].excerpt.as_deref(), Some("down for\n repairs "));
    assert_eq!(all[2].error.as_deref(), Some("The receiver answered 500"));
    assert_eq!((&all[1].excerpt, all[0].excerpt.as_ref().map(String::len)), (&None, Some(1024)));
    assert!(all[2].next_at.is_some_and(|it| it > all[2].at) && all[0].next_at.is_none());
    assert!(all.iter().all(|it| it.idempotency_key == request.idempotency_key()));
    let page = Page { limit: 1, offset: 1 };
    assert_eq!(gateway.delivery_attempts(session, webhook, page).await.unwrap(), [all[1].clone()]);
}

#[tokio::test]
async fn a_receiver_that_fails_for_long_is_told_of_to_those_who_ask() {
    let (folder, ill, watcher) = (folder(), Receiver::start().await, Receiver::start().await);
    ill.answer_next([500, 500, 500, 500].map(Answer::status));
    let at_once = DeliverySettings { failing_after: Duration::ZERO, ..DeliverySettings::default() };
    let house = House::open(folder.path(), with(at_once)).await;
    let new = NewWebhook { retry_count: Some(5), ..hook(ill.url()) };
    let webhook = house.gateway.create_webhook(house.session, new).await.unwrap();
    let named = vec!["webhook.failing".to_owned(), "webhook.recovered".to_owned()];
    for (path, events) in [("/named", named), ("/all", vec!["*".to_owned()])] {
        let new = NewWebhook { events: Some(events), ..hook(watcher.url_of(path)) };
        house.gateway.create_webhook(house.session, new).await.unwrap();
    }
    house.receive([(ANNA, "3EB0A1".into())]).await;
    let failing = watcher.wait_for_event("webhook.failing", LIMIT).await.json();
    let recovered = watcher.wait_for_event("webhook.recovered", LIMIT).await.json();
    for event in [&failing, &recovered] {
        assert_eq!(event["data"]["webhookId"], webhook.id.to_string());
        assert_eq!(event["data"]["sessionId"], house.session.to_string());
    }
    assert_eq!((&failing["data"]["failures"], &failing["data"]["lastStatusCode"]), (&3.into(), &500.into()));
    assert_eq!(recovered["data"]["failures"], 4);
    house.stop().await;
    let all = watcher.received();
    assert_eq!(all.iter().filter(|it| it.path == "/named").count(), 2, "each is told once");
    assert!(all.iter().all(|it| it.path == "/named" || !it.event().starts_with("webhook.")), "{all:?}");
}

#[tokio::test]
async fn a_receiver_that_fails_on_is_left_alone_and_loses_nothing() {
    let (folder, ill, well) = (folder(), Receiver::start().await, Receiver::start().await);
    ill.answer_always(Answer::status(500));
    let quick = DeliverySettings { pause_after: 2, ..DeliverySettings::default() };
    // The shortest pause is the first wait.
    let settings = Settings { webhook_retry_delay: LIMIT * 10, ..with(quick) };
    let house = House::open(folder.path(), settings).await;
    let new = NewWebhook { retry_count: Some(1), ..hook(ill.url()) };
    let webhook = house.gateway.create_webhook(house.session, new).await.unwrap();
    house.gateway.create_webhook(house.session, hook(well.url())).await.unwrap();
    let chats: Vec<_> = (0..100).map(|it| format!("1555000{it:04}@c.us")).collect();
    house.receive(chats.iter().map(|it| (it.as_str(), format!("3EB0{}", &it[..11])))).await;
    requests(&well, 100).await;
    let tried = requests(&ill, 2).await.len();
    assert!(tried < 100, "all were tried");
    let paused = house.gateway.webhook(house.session, webhook.id).await.unwrap().health;
    assert!(paused.failures >= 2 || paused.paused_until.is_some(), "{paused:?}");

    ill.answer_always(Answer::status(200));
    let anew = WebhookPatch { url: Some(ill.url()), ..WebhookPatch::default() };
    house.gateway.update_webhook(house.session, webhook.id, anew).await.unwrap();
    let all = requests(&ill, 100).await;
    let mut keys: Vec<_> = all.iter().map(Received::idempotency_key).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!((all.len(), keys.len()), (100, 100));
    let refused = all.iter().filter(|it| it.answered == 500).count();
    assert_eq!(house.stop().await.delivery_failures(None, ALL).await.unwrap().len(), refused);
}

#[tokio::test]
async fn without_an_order_a_chat_does_not_wait_for_its_oldest() {
    let (folder, receiver) = (folder(), Receiver::start().await);
    receiver.answer_next([Answer::status(500)]);
    let house = House::open(folder.path(), Settings { webhook_retry_delay: LIMIT * 10, ..settings() }).await;
    let new = NewWebhook { ordering: Some(DeliveryOrder::None), ..hook(receiver.url()) };
    house.gateway.create_webhook(house.session, new).await.unwrap();
    house.receive([(ANNA, "3EB0A1".into()), (ANNA, "3EB0A2".into()), (ANNA, "3EB0A3".into())]).await;
    let all = requests(&receiver, 3).await;
    assert_eq!(all.iter().filter(|it| it.answered == 200).count(), 2);
    house.stop().await;
}

#[tokio::test]
async fn a_part_of_the_log_goes_out_once_more() {
    let (folder, receiver) = (folder(), Receiver::start().await);
    let house = House::open(folder.path(), settings()).await;
    let webhook = house.gateway.create_webhook(house.session, hook(receiver.url())).await.unwrap().id;
    for number in 1..=4 {
        house.receive([(ANNA, format!("3EB0A{number}"))]).await;
        requests(&receiver, number).await;
    }
    // What was settled is settled for sure once the gateway stopped.
    let session = house.session;
    house.stop().await;
    let house = House::open(folder.path(), settings()).await;
    let range = LogRange::Numbers { from: Some(Seq(2)), to: Some(Seq(3)) };
    let done = house.gateway.replay_webhook(session, webhook, range, 1000).await.unwrap();
    assert_eq!((done.queued, done.skipped, done.next), (2, 0, None));
    let all = requests(&receiver, 6).await;
    for (before, again) in [(1, 4), (2, 5)] {
        let (before, again) = (&all[before], &all[again]);
        assert_eq!(before.idempotency_key(), again.idempotency_key());
        assert_ne!(before.header("x-openwa-delivery-id"), again.header("x-openwa-delivery-id"));
        assert_eq!(before.json()["data"], again.json()["data"]);
    }

    let all_of_it = LogRange::Times { from: None, until: None };
    let first = house.gateway.replay_webhook(session, webhook, all_of_it, 1).await.unwrap();
    assert_eq!((first.queued, first.next), (1, Some(Seq(2))));
    let off = WebhookPatch { active: Some(false), ..WebhookPatch::default() };
    house.gateway.update_webhook(session, webhook, off).await.unwrap();
    assert!(house.gateway.replay_webhook(session, webhook, all_of_it, 1).await.is_err(), "nothing would go out");
    house.stop().await;
}

#[tokio::test]
async fn an_address_can_be_tried_before_there_is_a_webhook() {
    let (folder, receiver) = (folder(), Receiver::start().await);
    receiver.answer_next([Answer::status(204), Answer::status(401)]);
    let house = House::open(folder.path(), settings()).await;
    for (status, error) in [(204, None), (401, Some("The receiver answered 401"))] {
        let told = house.gateway.preflight_webhook(house.session, receiver.url()).await.unwrap();
        assert_eq!((told.allowed, told.status, told.error.as_deref()), (true, Some(status), error));
    }
    assert_eq!(receiver.received()[0].event(), "test");
    assert_eq!(house.gateway.webhooks(house.session).await.unwrap(), [], "nothing was made");
    house.stop().await;

    let house = House::open(folder.path(), Settings { network: NetworkPolicy::default(), ..settings() }).await;
    let told = house.gateway.preflight_webhook(house.session, receiver.url()).await.unwrap();
    assert!(!told.allowed && told.error.is_some_and(|it| it.contains("SSRF_ALLOWED_HOSTS")));
    assert_eq!(receiver.received().len(), 2);
    house.stop().await;
}
