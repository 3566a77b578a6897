//! The gateway is killed at random moments, twenty times and more, while messages flow both ways;
//! nothing is lost, doubled or out of order in its chat.
//!
//! The moments come from a seed, which is printed; `OPENWA_CRASH_SEED` repeats them.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use openwa_testkit::{
    client::Client,
    gateway::{SandboxProcess, Setup},
    receiver::{Answer, Received, Receiver},
    sandbox::{Phone, Sandbox},
};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinSet};

use crate::story::{Session, text};

const SESSIONS: usize = 5;
const KILLS: usize = 22;
/// Different people who write to one session.
const CHATS: usize = 2;
/// From each of them: 1,000 over all.
const INBOUND: usize = 100;
/// From each session: 300 over all.
const OUTBOUND: usize = 60;
const SECRET: &str = "a secret of at least sixteen characters";
/// How long it may take until everything has settled after the last kill.
const LIMIT: Duration = Duration::from_secs(180);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_doubled_or_out_of_order_however_often_it_is_killed() {
    let seed = std::env::var("OPENWA_CRASH_SEED").ok().and_then(|it| it.parse().ok());
    let seed = seed.unwrap_or_else(|| rand::rng().random::<u64>());
    println!("OPENWA_CRASH_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);

    let network = SandboxProcess::start().await;
    let control = network.control();
    let setup = Setup::joined_to(&network).with("WEBHOOK_RETRY_DELAY", "100").with("LOG_LEVEL", "info");
    let mut gateway = setup.start().await;
    let receiver = Receiver::start().await;
    let mut lines = Vec::new();
    for number in 0..SESSIONS {
        lines.push(Line::open(&gateway.client(), &control, &receiver, number).await);
    }

    // What is due in a round is sent during it; what does not get through lives through the kill and on.
    let (address, round) = (watch::Sender::new(gateway.base().to_owned()), watch::Sender::new(0));
    let mut senders = JoinSet::new();
    for line in &lines {
        for chat in 0..CHATS {
            senders.spawn(line.clone().write_in(chat, control.clone(), round.subscribe()));
        }
        for number in 0..OUTBOUND {
            senders.spawn(line.clone().write_out(number, gateway.client(), address.subscribe(), round.subscribe()));
        }
    }
    for kill in 1..=KILLS {
        round.send_replace(kill);
        if kill == KILLS / 2 {
            // The receiver is unwell for a while, so that deliveries are tried again across kills too.
            receiver.answer_next(vec![Answer::status(503), Answer::hang_up(), Answer::status(500)]);
        }
        let moment = Duration::from_millis(random.random_range(0..1_500));
        tokio::time::sleep(moment).await;
        gateway.kill_and_start_again().await;
        address.send_replace(gateway.base().to_owned());
        println!("kill {kill} came {moment:?} into its round");
    }

    let sending = async {
        while let Some(sent) = senders.join_next().await {
            sent.expect("every sender gets through")
        }
    };
    tokio::time::timeout(LIMIT, sending).await.expect("every sender gets through in time");
    let client = gateway.client();
    for line in &lines {
        line.wait_until_delivered(&receiver).await;
        line.check_deliveries(&receiver);
        line.check_what_came_in(&client).await;
        line.check_what_went_out(&client, &control).await;
        line.check_log(&client).await;
    }
    let received = receiver.received();
    let keys: HashSet<_> = received.iter().map(Received::idempotency_key).collect();
    println!("{} deliveries under {} keys, {KILLS} kills", received.len(), keys.len());
}

/// The round in which number `number` of `all` is sent.
fn due(number: usize, all: usize) -> usize {
    1 + number * KILLS / all
}

/// One session, the phone it is linked to, and the people it talks with.
#[derive(Clone)]
struct Line {
    name: String,
    session: Session,
    own: Phone,
    people: Vec<Phone>,
}

impl Line {
    async fn open(client: &Client, control: &Sandbox, receiver: &Receiver, number: usize) -> Self {
        let name = format!("line-{number}");
        let own = control.create_phone(&name).await;
        let mut people = Vec::new();
        for person in 0..CHATS {
            people.push(control.create_phone(&format!("{name}-person-{person}")).await);
        }
        let session = Session::link(client, control, &name, &own).await;
        let webhook = json!({"url": receiver.url(), "secret": SECRET, "retryCount": 5});
        client.post(&session.path("/webhooks"), &webhook).await.expect(201);
        Self { name, session, own, people }
    }

    fn inbound(&self, chat: usize, number: usize) -> String {
        format!("{} in {chat} {number}", self.name)
    }

    fn outbound(&self, number: usize) -> String {
        format!("{} out {number}", self.name)
    }

    /// One person writes, one message after another.
    async fn write_in(self, chat: usize, control: Sandbox, mut round: watch::Receiver<usize>) {
        for number in 0..INBOUND {
            round.wait_for(|it| *it >= due(number, INBOUND)).await.expect("the test goes on");
            control.send_text(&self.people[chat], &self.own.chat(), &self.inbound(chat, number)).await;
        }
    }

    /// A caller sends one message and repeats the request until it is answered with 201.
    async fn write_out(
        self,
        number: usize,
        client: Client,
        mut address: watch::Receiver<String>,
        mut round: watch::Receiver<usize>,
    ) {
        round.wait_for(|it| *it >= due(number, OUTBOUND)).await.expect("the test goes on");
        let text = self.outbound(number);
        let body = json!({"chatId": self.people[number % CHATS].chat(), "text": text});
        loop {
            let client = client.at(&address.borrow_and_update());
            let request = client.request(Method::POST, &self.session.path("/messages/send-text"));
            match client.try_send(request.header("Idempotency-Key", text.replace(' ', "-")).json(&body)).await {
                Ok(answer) if answer.status == 201 => return,
                // Not ready yet, or the outcome of an earlier attempt is not known yet.
                Ok(answer) => {
                    assert!([409, 503].contains(&answer.status), "{text}: {} {}", answer.status, answer.text())
                }
                Err(_) => (),
            }
            // A patient caller's pause; a new address ends it.
            _ = tokio::time::timeout(Duration::from_millis(200), address.changed()).await;
        }
    }

    /// The accepted deliveries of one chat: number and idempotency key, in the order in which they came.
    fn deliveries(&self, chat: usize, received: &[Received]) -> Vec<(usize, String)> {
        let start = format!("{} in {chat} ", self.name);
        let accepted = received.iter().filter(|it| it.answered == 200);
        accepted
            .filter_map(|it| {
                let number = it.json()["data"]["body"].as_str()?.strip_prefix(&start)?.parse().ok()?;
                Some((number, it.idempotency_key()))
            })
            .collect()
    }

    async fn wait_until_delivered(&self, receiver: &Receiver) {
        let what = format!("every message of {}", self.name);
        receiver
            .wait_for(&what, LIMIT, |received| {
                (0..CHATS)
                    .all(|chat| {
                        let numbers: HashSet<_> = self.deliveries(chat, received).into_iter().map(|it| it.0).collect();
                        numbers.len() == INBOUND
                    })
                    .then_some(())
            })
            .await;
    }

    /// Each message at least once, always under one key of its own, in order within its chat.
    fn check_deliveries(&self, receiver: &Receiver) {
        let received = receiver.received();
        assert!(received.iter().all(|it| it.is_signed_with(SECRET)));
        let mut owners = HashMap::new();
        for chat in 0..CHATS {
            let deliveries = self.deliveries(chat, &received);
            assert!(deliveries.is_sorted_by_key(|it| it.0), "{} {chat}: {deliveries:?}", self.name);
            let mut keys = HashMap::new();
            for (number, key) in deliveries {
                assert_eq!(keys.entry(number).or_insert_with(|| key.clone()), &key, "{} in {chat} {number}", self.name);
                assert_eq!(*owners.entry(key).or_insert((chat, number)), (chat, number));
            }
        }
    }

    /// Each message is stored exactly once.
    async fn check_what_came_in(&self, client: &Client) {
        let stored = self.session.messages(client, "direction=incoming").await;
        let mut stored: Vec<_> = stored.iter().map(|it| text(&it["body"])).collect();
        let mut expected: Vec<_> =
            (0..CHATS).flat_map(|chat| (0..INBOUND).map(move |number| self.inbound(chat, number))).collect();
        stored.sort();
        expected.sort();
        assert_eq!(stored, expected);
    }

    /// Each message reached its phone exactly once, and is stored as one that did.
    async fn check_what_went_out(&self, client: &Client, control: &Sandbox) {
        let mut expected: Vec<_> = (0..OUTBOUND).map(|number| self.outbound(number)).collect();
        expected.sort();
        let start = format!("{} out ", self.name);
        let mut arrived = Vec::new();
        for (chat, person) in self.people.iter().enumerate() {
            let numbers = (0..OUTBOUND).filter(|number| number % CHATS == chat).count();
            let texts = |all: &[Value]| -> Vec<String> {
                let texts = all.iter().filter(|it| it["fromMe"] == false).filter_map(|it| it["text"].as_str());
                texts.filter(|it| it.starts_with(&start)).map(str::to_owned).collect()
            };
            let found = |all: &[Value]| Some(texts(all)).filter(|it| it.len() >= numbers);
            arrived.extend(control.wait_for(person, "every message", LIMIT, found).await);
        }
        arrived.sort();
        assert_eq!(arrived, expected);

        let stored = self.session.messages(client, "direction=outgoing").await;
        let mut bodies: Vec<_> = stored.iter().map(|it| text(&it["body"])).collect();
        bodies.sort();
        assert_eq!(bodies, expected);
        for message in stored {
            assert!(["sent", "delivered", "read"].contains(&text(&message["status"]).as_str()), "{message}");
        }
    }

    /// The session's log has no gaps.
    async fn check_log(&self, client: &Client) {
        let mut last = 0;
        loop {
            let page = client.get(&self.session.path(&format!("/events?after={last}&limit=1000"))).await.expect(200);
            let events = page["events"].as_array().expect("a list of events");
            if events.is_empty() {
                return assert!(last > 0);
            }
            for event in events {
                assert_eq!(event["seq"].as_u64(), Some(last + 1), "{event}");
                last += 1;
            }
        }
    }
}
