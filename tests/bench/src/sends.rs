//! How fast texts are sent.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use openwa_testkit::{client::Client, sandbox::Phone};
use serde_json::json;

use crate::{
    Figure,
    fleet::{self, Linked},
    spread::Spread,
};

const SESSIONS: usize = 50;
const ONE_BY_ONE: usize = 500;
const EACH_OF_MANY: usize = 60;

pub(crate) async fn measure() -> Vec<Figure> {
    let (network, gateway) = fleet::pair().await;
    let linked = fleet::link(&network, &gateway, 0, SESSIONS).await;
    let customer = Arc::new(network.control().create_phone("customer").await);

    // The first send of a session looks up the recipient's devices and keys; that is done once in a session's life.
    for session in &linked {
        send(&gateway.client(), session, &customer, "hello").await;
    }

    let mut alone = Vec::with_capacity(ONE_BY_ONE);
    let started = Instant::now();
    for number in 0..ONE_BY_ONE {
        alone.push(send(&gateway.client(), &linked[0], &customer, &format!("one by one {number}")).await);
    }
    let alone_rate = rate(ONE_BY_ONE, started.elapsed());

    let started = Instant::now();
    let senders: Vec<_> = linked
        .into_iter()
        .map(|session| {
            let (client, customer) = (gateway.client(), customer.clone());
            tokio::spawn(async move {
                let mut took = Vec::with_capacity(EACH_OF_MANY);
                for number in 0..EACH_OF_MANY {
                    took.push(send(&client, &session, &customer, &format!("together {number}")).await);
                }
                took
            })
        })
        .collect();
    let mut together = Vec::new();
    for sender in senders {
        together.extend(sender.await.expect("a sender that does not panic"));
    }
    let together_rate = rate(together.len(), started.elapsed());

    vec![
        Figure {
            what: "sends on one session, one after another",
            seen: format!("{alone_rate:.0} a second, {}", Spread::of(alone)),
            promised: "p50 10 ms",
        },
        Figure {
            what: "sends on 50 sessions at once, each one after another",
            seen: format!("{together_rate:.0} a second, {}", Spread::of(together)),
            promised: "300 a second",
        },
    ]
}

async fn send(client: &Client, session: &Linked, to: &Phone, text: &str) -> Duration {
    let started = Instant::now();
    let path = format!("/api/sessions/{}/messages/send-text", session.id);
    client.post(&path, &json!({"chatId": to.chat(), "text": text})).await.expect(201);
    started.elapsed()
}

fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}
