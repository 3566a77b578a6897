//! The log, read and followed.

use std::collections::{BTreeSet, HashMap};

use openwa_model::{
    Timestamp,
    content::{Media, MessageKind, Quoted},
    engine::{Edited, Receipt, Revoked, Signal},
    id::MessageId,
    jid::Jid,
    message::{DeliveryStatus, Reaction},
    session::Restriction,
};
use reqwest::Response;
use serde_json::{Value, json};

use crate::{
    described::check_event,
    house::{ADA, House, soon, text_from},
};

/// One who follows the events.
struct Reader {
    response: Response,
    read: String,
}

#[derive(Debug)]
struct Heard {
    id: i64,
    kind: String,
    data: Value,
}

impl Reader {
    async fn open(house: &House, path: &str, last: Option<i64>) -> Self {
        let mut request = house.request("GET", path);
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last.to_string());
        }
        let response = soon("an answer", request.send()).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, read: String::new() }
    }

    /// The next event; nothing when the stream has ended.
    async fn next(&mut self) -> Option<Heard> {
        loop {
            if let Some((block, rest)) = self.read.split_once("\n\n") {
                let fields: HashMap<_, _> = block.lines().filter_map(|line| line.split_once(": ")).collect();
                let heard = fields.get("data").map(|data| Heard {
                    id: fields["id"].parse().unwrap(),
                    kind: fields["event"].to_owned(),
                    data: serde_json::from_str(data).unwrap(),
                });
                self.read = rest.to_owned();
                if heard.is_some() {
                    return heard;
                }
                continue;
            }
            let chunk = soon("an event", self.response.chunk()).await.unwrap()?;
            self.read.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

#[tokio::test]
async fn a_session_s_log_is_read_by_number() {
    let house = House::open().await;
    let (id, link) = house.ready("main").await;
    link.receive("3EB0AA", "one").await;
    link.receive("3EB0BB", "two").await;
    let path = format!("/api/sessions/{id}/events");
    let all = house.get(&path).await.good(200);
    let events = all["events"].as_array().unwrap();
    let numbers: Vec<_> = events.iter().map(|it| it["seq"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (1..=numbers.len() as i64).collect::<Vec<_>>(), "gapless from 1");
    assert_eq!(all["next"], json!(numbers.len()));
    let last = events.last().unwrap();
    assert_eq!(
        (&last["event"], &last["chatId"], &last["data"]["body"]),
        (&json!("message.received"), &json!(ADA), &json!("two"))
    );
    assert_eq!(last["sessionId"], json!(id));
    assert_eq!(events[0].get("chatId"), None);

    let one = house.get(&format!("{path}?types=message.received&limit=1")).await.good(200);
    assert_eq!(one["events"][0]["data"]["body"], "one");
    let two = house.get(&format!("{path}?types=message.received&limit=1&after={}", one["next"])).await.good(200);
    assert_eq!(two["events"][0]["data"]["body"], "two");
    let none = house.get(&format!("{path}?after={}", all["next"])).await.good(200);
    assert_eq!(none, json!({"events": [], "next": all["next"]}));
    let none = house.get(&format!("{path}?types=call.received")).await.good(200);
    assert_eq!(none, json!({"events": [], "next": all["next"]}), "what was left out need not be looked at again");
}

#[tokio::test]
async fn payloads_are_what_the_document_says() {
    let house = House::open().await;
    let (id, link) = house.started("main").await;
    link.show_code("2@code").await;
    link.come_online().await;
    link.receive("3EB0AA", "one").await;
    let mut rich = text_from("120363000000000001@g.us", "3EB0BB", "look, @15550000009");
    rich.sender = "100000000000001@lid".parse().unwrap();
    rich.sender_lid = Some(rich.sender.clone());
    rich.kind = MessageKind::Image;
    rich.mentions = vec!["15550000009@c.us".parse().unwrap()];
    rich.quoted =
        Some(Quoted { id: MessageId("3EB0AA".to_owned()), sender: ADA.parse().unwrap(), body: "one".to_owned() });
    rich.media = Some(Media {
        mimetype: "image/png".to_owned(),
        filename: None,
        size_bytes: Some(3),
        file: None,
        remote: Some("it".to_owned()),
    });
    link.say(vec![Signal::Message(Box::new(rich))]).await;
    let own = house
        .post(&format!("/api/sessions/{id}/messages/send-text"), json!({"chatId": ADA, "text": "mine"}))
        .await
        .good(201);
    let own = MessageId(own["messageId"].as_str().unwrap().to_owned());
    let (chat, timestamp): (Jid, _) = (ADA.parse().unwrap(), Timestamp::now());
    let (target, sender) = (MessageId("3EB0AA".to_owned()), chat.clone());
    link.say(vec![
        Signal::Receipt(Receipt {
            chat: chat.clone(),
            ids: vec![own],
            participant: chat.clone(),
            from_me: false,
            status: DeliveryStatus::Read,
            timestamp,
        }),
        Signal::Reaction(Reaction {
            chat: chat.clone(),
            target: target.clone(),
            sender: sender.clone(),
            emoji: "👍".to_owned(),
            timestamp,
        }),
        Signal::Edited(Edited {
            chat: chat.clone(),
            target: target.clone(),
            sender: sender.clone(),
            from_me: false,
            body: "two".to_owned(),
            mentions: vec![],
            timestamp,
        }),
        Signal::Revoked(Revoked { chat, target, by: sender, from_me: false, timestamp }),
        Signal::Restricted(Some(Restriction { kind: "tos_block".to_owned(), code: 403, expires_at: None })),
    ])
    .await;
    let answer = house
        .post(&format!("/api/sessions/{id}/messages/send-text"), json!({"chatId": ADA, "text": "refuse this"}))
        .await;
    answer.failed(403);
    house.post(&format!("/api/sessions/{id}/stop"), json!({})).await.good(200);

    let all = house.get(&format!("/api/sessions/{id}/events?limit=1000")).await.good(200);
    let mut kinds = BTreeSet::new();
    for event in all["events"].as_array().unwrap() {
        let kind = event["event"].as_str().unwrap();
        check_event(kind, &event["data"]);
        kinds.insert(kind);
    }
    let expected = BTreeSet::from([
        "message.ack",
        "message.edited",
        "message.failed",
        "message.reaction",
        "message.received",
        "message.revoked",
        "message.sent",
        "session.authenticated",
        "session.disconnected",
        "session.qr",
        "session.restriction",
        "session.status",
    ]);
    assert_eq!(kinds, expected);
}

#[tokio::test]
async fn those_who_follow_hear_everything_once_and_in_order() {
    let house = House::open().await;
    let (id, link) = house.ready("main").await;
    let (other, other_link) = house.ready("other").await;
    let mut all = Reader::open(&house, "/api/events/stream?types=message.received", None).await;
    let path = format!("/api/events/stream?types=message.received&sessionId={id}");
    let mut one = Reader::open(&house, &path, None).await;
    for number in 0..5 {
        link.receive(&format!("3EB0A{number}"), &format!("text {number}")).await;
        other_link.receive(&format!("3EB0B{number}"), &format!("other {number}")).await;
    }
    let mut last = 0;
    let mut told = HashMap::<String, Vec<Value>>::new();
    for _ in 0..10 {
        let heard = all.next().await.unwrap();
        assert!(heard.id > last, "numbers rise");
        last = heard.id;
        assert_eq!(heard.kind, "message.received");
        let session = heard.data["sessionId"].as_str().unwrap().to_owned();
        told.entry(session).or_default().push(heard.data["data"]["body"].clone());
    }
    let texts = |name: &str| (0..5).map(|it| json!(format!("{name} {it}"))).collect::<Vec<_>>();
    assert_eq!(told, HashMap::from([(id.clone(), texts("text")), (other, texts("other"))]));

    let mut ids = Vec::new();
    for number in 0..3 {
        let heard = one.next().await.unwrap();
        assert_eq!(heard.data["data"]["body"], format!("text {number}"));
        ids.push(heard.id);
    }
    drop(one);
    // What is heard after a lost connection begins right behind what was heard before, either way it is asked.
    let mut again = Reader::open(&house, &path, ids.last().copied()).await;
    assert_eq!(again.next().await.unwrap().data["data"]["body"], "text 3");
    let mut again = Reader::open(&house, &format!("{path}&after={}", ids[0]), None).await;
    assert_eq!(again.next().await.unwrap().data["data"]["body"], "text 1");
    let mut whole = Reader::open(&house, "/api/events/stream?after=0&types=message.received", None).await;
    let first = whole.next().await.unwrap();
    assert!(first.data["data"]["body"].as_str().unwrap().ends_with('0'));
    house.answer(house.request("GET", &path).header("Last-Event-ID", "x")).await.failed(400);
}

#[tokio::test]
async fn a_long_log_is_followed_in_pieces() {
    let house = House::open().await;
    let (_, link) = house.ready("main").await;
    for number in 0..250 {
        link.receive(&format!("3EB0{number:04}"), &format!("{number}")).await;
    }
    let mut reader = Reader::open(&house, "/api/events/stream?after=0&types=message.received", None).await;
    for number in 0..250 {
        assert_eq!(reader.next().await.unwrap().data["data"]["body"], format!("{number}"));
    }
}

#[tokio::test]
async fn readers_do_not_hear_the_linking_code() {
    let house = House::open().await;
    let (id, link) = house.started("main").await;
    link.show_code("2@code").await;
    let path = format!("/api/sessions/{id}/events?types=session.qr,session.status");
    let kinds = async |key: &str| {
        let events = house.answer(house.bare("GET", &path).header("X-API-Key", key)).await.good(200);
        let kinds = events["events"].as_array().unwrap().iter().map(|it| it["event"].as_str().unwrap().to_owned());
        kinds.collect::<Vec<_>>()
    };
    let viewer = house.key(json!({"name": "viewer", "role": "viewer"})).await;
    let operator = house.key(json!({"name": "operator", "role": "operator"})).await;
    assert!(kinds(&operator).await.contains(&"session.qr".to_owned()));
    let seen = kinds(&viewer).await;
    assert!(!seen.is_empty() && !seen.contains(&"session.qr".to_owned()), "{seen:?}");
}

#[tokio::test]
async fn a_key_of_one_session_hears_only_that() {
    let house = House::open().await;
    let (mine, link) = house.ready("mine").await;
    let (other, other_link) = house.ready("other").await;
    let key = house.key(json!({"name": "mine only", "allowedSessions": [mine]})).await;
    other_link.receive("3EB0AA", "not for you").await;
    link.receive("3EB0BB", "for you").await;
    let path = "/api/events/stream?after=0&types=message.received";
    let request = house.bare("GET", path).header("X-API-Key", &key);
    let response = soon("an answer", request.send()).await.unwrap();
    let mut reader = Reader { response, read: String::new() };
    assert_eq!(reader.next().await.unwrap().data["data"]["body"], "for you");
    let path = format!("/api/events/stream?sessionId={other}");
    let answer = house.answer(house.bare("GET", &path).header("X-API-Key", &key)).await;
    assert_eq!(answer.failed(403), "API key not authorized for this session");
}

#[tokio::test]
async fn followers_are_let_go_when_the_program_stops() {
    let house = House::open().await;
    let mut reader = Reader::open(&house, "/api/events/stream", None).await;
    house.stopping.cancel();
    assert!(reader.next().await.is_none(), "the stream ends");
}
