//! The past through the front door: what a phone had before it was linked, and what passed while the gateway was away for
//! so long that the network forgot what waited for it.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use openwa_testkit::{
    client::{Client, Events, ServerEvent},
    gateway::{SandboxProcess, Setup},
    sandbox::{Phone, Sandbox},
};
use serde_json::json;

use crate::story::{LIMIT, Session};

/// How often each text stands in the list.
async fn listed(session: &Session, client: &Client, customer: &Phone) -> BTreeMap<String, usize> {
    let mut texts = BTreeMap::new();
    for message in session.messages(client, &format!("chatId={}", customer.chat())).await {
        *texts.entry(message["body"].as_str().expect("a text").to_owned()).or_default() += 1;
    }
    texts
}

fn once_each<'a>(texts: impl IntoIterator<Item = &'a String>) -> BTreeMap<String, usize> {
    texts.into_iter().map(|it| (it.clone(), 1)).collect()
}

/// Writes to a phone, and waits until it has it.
async fn write(sandbox: &Sandbox, from: &Phone, to: &Phone, text: &str) -> String {
    sandbox.send_text(from, &to.chat(), text).await;
    sandbox.wait_for_text(to, text, LIMIT).await;
    text.to_owned()
}

/// The texts that were told as received until a run of asking the phone ended.
async fn told_until_idle(events: &mut Events) -> (Vec<String>, ServerEvent) {
    let mut told = Vec::new();
    loop {
        let event = events.next(LIMIT).await.expect("the stream goes on");
        match event.event.as_deref() {
            Some("message.received") => told.push(event.data["data"]["body"].as_str().expect("a text").to_owned()),
            Some("session.sync") if event.data["data"]["state"] == "idle" => return (told, event),
            _ => {}
        }
    }
}

async fn received(events: &mut Events, text: &str) {
    let is_it = |it: &ServerEvent| {
        it.event.as_deref() == Some("message.received") && it.data["data"]["body"].as_str() == Some(text)
    };
    events.wait_for(text, LIMIT, is_it).await;
}

#[tokio::test]
async fn what_was_said_before_linking_is_in_the_list_once_after_a_sync() {
    let gateway = Setup::with_sandbox_inside().with("HISTORY_CHAT_MESSAGES", "20").start().await;
    let (client, sandbox) = (gateway.client(), gateway.sandbox());
    let (own, customer) = (sandbox.create_phone("Shop").await, sandbox.create_phone("Customer").await);
    let mut all = Vec::new();
    for number in 0..60 {
        let (from, to) = if number % 3 == 0 { (&own, &customer) } else { (&customer, &own) };
        all.push(write(&sandbox, from, to, &format!("old {number}")).await);
    }
    let session = Session::link(&client, &sandbox, "shop", &own).await;
    let mut events = session.follow(&client).await;
    all.push(write(&sandbox, &customer, &own, "new").await);
    received(&mut events, "new").await;

    let wanted = json!({"chatId": customer.chat(), "count": 500});
    let taken = client.post(&session.path("/sync"), &wanted).await.expect(202);
    assert_eq!((&taken["chatsDone"], &taken["chatsLeft"]), (&json!(0), &json!(1)), "{taken}");
    let (told, _) = told_until_idle(&mut events).await;
    assert!(told.is_empty(), "what is old is not told: {told:?}");
    assert_eq!(listed(&session, &client, &customer).await, once_each(&all));
    let status = client.get(&session.path("/sync")).await.expect(200);
    assert_eq!((&status["state"], &status["chatsDone"], &status["chatsLeft"]), (&json!("idle"), &json!(1), &json!(0)));
    assert!(status["lastRunAt"].is_string() && status["nextRunAt"].is_null(), "{status}");

    // By when they were sent, they are in the order in which they were said.
    let path = format!("/messages?chatId={}&orderBy=timestamp&limit=100", customer.chat());
    let page = client.get(&session.path(&path)).await.expect(200);
    let times: Vec<_> = page["messages"].as_array().unwrap().iter().map(|it| it["timestamp"].as_i64()).collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "{times:?}");
    let found = client.get(&format!("/api/search?q=old&sessionId={}", session.id)).await.expect(200);
    assert_eq!(found["total"], 60, "{found}");
    let chats = client.get(&session.path("/chats")).await.expect(200);
    let chat = chats.as_array().unwrap().iter().find(|it| it["id"] == customer.chat().as_str()).expect("the chat");
    assert_eq!(chat["unreadCount"], 1, "{chat}");

    // Asking again stores nothing.
    client.post(&session.path("/sync"), &wanted).await.expect(202);
    let (_, ended) = told_until_idle(&mut events).await;
    assert_eq!(ended.data["data"]["messagesStored"], 0, "{:?}", ended.data);
    assert_eq!(listed(&session, &client, &customer).await, once_each(&all));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_network_forgot_while_the_gateway_was_away_is_asked_of_the_phone() {
    let network = SandboxProcess::start().await;
    let sandbox = network.control();
    let setup = Setup::joined_to(&network).with("HISTORY_GAP_SECONDS", "1").with("HISTORY_CHAT_MESSAGES", "2000");
    let mut gateway = setup.start().await;
    let client = gateway.client();
    let (own, customer) = (sandbox.create_phone("Shop").await, sandbox.create_phone("Customer").await);
    let mut all = vec![write(&sandbox, &customer, &own, "before linking").await];
    let session = Session::link(&client, &sandbox, "shop", &own).await;
    let mut events = session.follow(&client).await;
    all.push(write(&sandbox, &customer, &own, "heard").await);
    received(&mut events, "heard").await;

    assert!(gateway.terminate().await.success());
    let lost = json!({"kind": "lose-offline", "number": own.number});
    let fault = sandbox.add_fault(&lost).await;
    let (begun, mut missed) = (Instant::now(), Vec::new());
    // More than one page, and for longer than what counts as long here.
    while missed.len() < 60 || begun.elapsed() < Duration::from_secs(2) {
        missed.push(write(&sandbox, &customer, &own, &format!("missed {}", missed.len())).await);
    }
    gateway.start_again().await;
    let client = gateway.client();
    let mut events = session.follow(&client).await;
    let (told, ended) = told_until_idle(&mut events).await;
    assert_eq!(told, ["heard"], "what is old is not told");
    assert_eq!(ended.data["data"]["messagesStored"], missed.len(), "{:?}", ended.data);
    sandbox.clear_fault(fault).await;
    all.extend(missed);
    assert_eq!(listed(&session, &client, &customer).await, once_each(&all));

    // What comes from now on is told again.
    all.push(write(&sandbox, &customer, &own, "after").await);
    received(&mut events, "after").await;
    assert_eq!(listed(&session, &client, &customer).await, once_each(&all));
}
