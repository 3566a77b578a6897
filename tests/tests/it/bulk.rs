//! Batches through the front door: in order on the customer's phone, cancelled, and once each however often the gateway
//! is killed.

use std::time::Duration;

use openwa_testkit::{
    client::Client,
    gateway::{SandboxProcess, Setup},
    sandbox::{Phone, Sandbox},
};
use serde_json::{Value, json};

use crate::story::{LIMIT, Session};

/// How long a batch may take over a few restarts.
const LONG: Duration = Duration::from_secs(120);

/// A batch of texts to one customer, a second between them.
fn batch(name: &str, customer: &Phone, texts: &[String], delay_ms: u64) -> Value {
    let message = |text: &String| {
        let content = json!({"text": format!("{text}, {{{{name}}}}")});
        json!({"chatId": customer.chat(), "type": "text", "content": content, "variables": {"name": "Ada"}})
    };
    let messages: Vec<_> = texts.iter().map(message).collect();
    let options = json!({"delayBetweenMessages": delay_ms, "randomizeDelay": false});
    json!({"batchId": name, "messages": messages, "options": options})
}

fn texts(number: usize) -> Vec<String> {
    (1..=number).map(|it| format!("offer {it}")).collect()
}

/// The offers on a phone, in the order in which they came.
fn offers(all: &[Value]) -> Vec<String> {
    let received = all.iter().filter(|it| it["fromMe"] == false).filter_map(|it| it["text"].as_str());
    received.filter(|it| it.starts_with("offer")).map(str::to_owned).collect()
}

/// Waits until this many offers came.
async fn arrived(sandbox: &Sandbox, customer: &Phone, number: usize) -> Vec<String> {
    let what = format!("{number} offers");
    sandbox.wait_for(customer, &what, LONG, |all| Some(offers(all)).filter(|it| it.len() >= number)).await
}

fn filled_in(texts: &[String]) -> Vec<String> {
    texts.iter().map(|it| format!("{it}, Ada")).collect()
}

/// The batch once it is over.
async fn ended(client: &Client, path: &str) -> Value {
    let looking = async {
        loop {
            let batch = client.get(path).await.expect(200);
            if !batch["completedAt"].is_null() && batch["progress"]["pending"] == 0 {
                return batch;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(LONG, looking).await.expect("the batch ends in time")
}

#[tokio::test]
async fn a_batch_reaches_the_phone_in_order_and_another_one_is_cancelled() {
    let gateway = Setup::with_sandbox_inside().start().await;
    let (client, sandbox) = (gateway.client(), gateway.sandbox());
    let (own, customer) = (sandbox.create_phone("Shop").await, sandbox.create_phone("Customer").await);
    let session = Session::link(&client, &sandbox, "shop", &own).await;

    let three = texts(3);
    let taken = client.post(&session.path("/messages/send-bulk"), &batch("monday", &customer, &three, 1_000)).await;
    assert_eq!(taken.expect(202)["statusUrl"], session.path("/messages/batch/monday"));
    assert_eq!(arrived(&sandbox, &customer, 3).await, filled_in(&three));
    let done = ended(&client, &session.path("/messages/batch/monday")).await;
    assert_eq!((&done["status"], &done["progress"]["sent"]), (&json!("completed"), &json!(3)), "{done}");

    let later = batch("later", &customer, &texts(5), 60_000);
    client.post(&session.path("/messages/send-bulk"), &later).await.expect(202);
    arrived(&sandbox, &customer, 4).await;
    let cancelled = client.post_empty(&session.path("/messages/batch/later/cancel")).await.expect(200);
    assert_eq!((&cancelled["status"], &cancelled["progress"]["cancelled"]), (&json!("cancelled"), &json!(4)));
    client.post_empty(&session.path("/messages/batch/later/cancel")).await.expect(400);
    let done = ended(&client, &session.path("/messages/batch/later")).await;
    assert_eq!(done["progress"]["sent"], 1, "{done}");
    assert_eq!(offers(&sandbox.messages(&customer).await).len(), 4);

    let viewer = client.post("/api/auth/api-keys", &json!({"name": "reader", "role": "viewer"})).await.expect(201);
    let reader = client.with_key(viewer["apiKey"].as_str());
    reader.get(&session.path("/messages/batch/later")).await.expect(200);
    reader.post(&session.path("/messages/send-bulk"), &later).await.expect(403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_sent_once_however_often_the_gateway_is_killed() {
    let network = SandboxProcess::start().await;
    let control = network.control();
    let mut gateway = Setup::joined_to(&network).start().await;
    let client = gateway.client();
    let (own, customer) = (control.create_phone("Shop").await, control.create_phone("Customer").await);
    let session = Session::link(&client, &control, "shop", &own).await;

    let all = texts(8);
    let asked = batch("campaign", &customer, &all, 1_000);
    client.post(&session.path("/messages/send-bulk"), &asked).await.expect(202);
    for number in [2, 4, 5] {
        arrived(&control, &customer, number).await;
        gateway.kill_and_start_again().await;
    }
    let client = gateway.client();
    let done = ended(&client, &session.path("/messages/batch/campaign")).await;
    assert_eq!((&done["status"], &done["progress"]["sent"]), (&json!("completed"), &json!(8)), "{done}");
    assert_eq!(arrived(&control, &customer, 8).await, filled_in(&all), "each once and in order");
    let stored = session.messages(&client, "direction=outgoing").await;
    assert_eq!(stored.len(), 8);
    // The same request again sends nothing.
    client.post(&session.path("/messages/send-bulk"), &asked).await.expect(400);
    let seen = tokio::time::timeout(LIMIT, control.messages(&customer)).await.expect("the phone answers");
    assert_eq!(offers(&seen), filled_in(&all));
}
