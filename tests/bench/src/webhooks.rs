//! How long it takes from a phone's message to the webhook.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use openwa_testkit::receiver::Receiver;
use serde_json::json;

use crate::{Figure, fleet, spread::Spread};

const SESSIONS: usize = 10;
const A_SECOND: u32 = 200;
const SECONDS: u32 = 20;

pub(crate) async fn measure() -> Vec<Figure> {
    let (network, gateway) = fleet::pair().await;
    let linked = fleet::link(&network, &gateway, 0, SESSIONS).await;
    let receiver = Receiver::start().await;
    let control = network.control();
    let mut customers = Vec::new();
    for session in &linked {
        let webhook =
            json!({"url": receiver.url(), "events": ["message.received"], "secret": "sixteen characters or more"});
        gateway.client().post(&format!("/api/sessions/{}/webhooks", session.id), &webhook).await.expect(201);
        let customer = control.create_phone(&format!("customer of {}", session.id)).await;
        control.send_text(&customer, &session.phone.number, "hello").await;
        customers.push(customer);
    }
    receiver.wait_for("the first messages", fleet::LIMIT, |all| (all.len() >= SESSIONS).then_some(())).await;

    let mut tick = tokio::time::interval(Duration::from_secs(1) / A_SECOND);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
    let mut sending = Vec::new();
    let started = Instant::now();
    for number in 0..A_SECOND * SECONDS {
        tick.tick().await;
        let which = number as usize % SESSIONS;
        let (control, customer, to) = (control.clone(), customers[which].clone(), linked[which].phone.number.clone());
        let text = format!("number {number}");
        let sent = Instant::now();
        sending.push(tokio::spawn(async move {
            control.send_text(&customer, &to, &text).await;
            (text, sent)
        }));
    }
    let mut sent_at = HashMap::new();
    for it in sending {
        let (text, sent) = it.await.expect("a phone that sends");
        sent_at.insert(text, sent);
    }
    let sent_rate = f64::from(A_SECOND * SECONDS) / started.elapsed().as_secs_f64();

    let all = SESSIONS + sent_at.len();
    let took = receiver
        .wait_for("every message", fleet::LIMIT, |received| {
            (received.len() >= all).then(|| {
                let text = |body: serde_json::Value| body["data"]["body"].as_str().unwrap_or_default().to_owned();
                received.iter().filter_map(|it| Some(it.at - *sent_at.get(&text(it.json()))?)).collect::<Vec<_>>()
            })
        })
        .await;
    assert_eq!(took.len(), sent_at.len(), "a message came twice or not at all");
    vec![Figure {
        what: "from a phone that starts to encrypt a text until the webhook has it, at 200 texts a second on 10 sessions",
        seen: format!("{} (sent {sent_rate:.0} a second)", Spread::of(took)),
        promised: "p99 250 ms",
    }]
}
