//! For every operation of the document: one request that succeeds, bad input that is refused, and a session that is
//! not there. That no role may do more than its own stands in `permissions`. All of it is derived from the document,
//! so an operation that is added is tested by being there: its own example is what is sent.

use std::path::Path;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use openwa_core::{Settings, guard::NetworkPolicy};
use openwa_model::{
    content::{Appointment, Choice, ChoiceForm, ChoiceSection, Choices, Detail},
    engine::Signal,
    label::{Label, LabelChanged},
};
use poem::{
    Response, Server,
    endpoint::make_sync,
    listener::{Acceptor, Listener, TcpListener},
};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::{
    hostile,
    house::{House, Link, soon, text_from},
    operations::{self, NOBODY, Operation, usual},
};

/// What cannot succeed with a played engine, and where it is shown to succeed: operation, file, what stands in it.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    (
        "convertVoice",
        "server/api/tests/contract/media.rs",
        r#"format!("{path}/voice"), encoded(&tone(2))).await.good(200)"#,
    ),
    (
        "convertVideo",
        "server/api/tests/contract/media.rs",
        r#"format!("{path}/video"), encoded(&film)).await.good(200)"#,
    ),
];

/// The people, groups and ids of the document's examples.
const CUSTOMER: &str = "15550000002@c.us";
const GROUP: &str = "120363000000000001@g.us";
const MESSAGE: &str = "3EB0C431C26A1916E07E";
const SESSION: &str = "0199a8c5-4e00-7c3a-9d1e-5b6f7a8c9d0e";
const WEBHOOK: &str = "0199a8d1-0c20-7f11-8a5b-3f6e2d1c0b9a";
const BATCH: &str = "batch_5f2a91c7";
const SOMEWHERE: &str = "https://example.org";

/// A picture of one dot.
const PICTURE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg==";

/// The beginning of an Ogg file with Opus: enough to be a voice note.
fn voice_note() -> Vec<u8> {
    let mut page = b"OggS".to_vec();
    page.extend_from_slice(&[0; 22]);
    page.extend_from_slice(b"\x01\x13OpusHead\x01\x01\0\0\0\0\0\0\0\0\0");
    page
}

/// A place on the internet, as far as this test is concerned: files to fetch, and a receiver of webhooks.
async fn somewhere() -> String {
    let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.unwrap();
    let address = acceptor.local_addr()[0].as_socket_addr().copied().unwrap();
    let picture = BASE64_STANDARD.decode(PICTURE).unwrap();
    let found = make_sync(move |request| match request.uri().path().ends_with(".ogg") {
        true => Response::builder().content_type("audio/ogg").body(voice_note()),
        false => Response::builder().content_type("image/png").body(picture.clone()),
    });
    tokio::spawn(Server::new_with_acceptor(acceptor).run(found));
    format!("http://{address}")
}

/// What an operation answers to, where that is not just any message.
fn answerable(operation: &str) -> Option<Detail> {
    let choice = Choice { id: "yes".to_owned(), text: "Yes, please".to_owned(), description: None, action: None };
    match operation {
        "votePoll" => Some(Detail::Poll {
            name: "When shall we deliver?".to_owned(),
            options: vec!["Today".to_owned(), "Tomorrow".to_owned()],
            multiple: false,
            votes: vec![],
        }),
        "respondToEvent" => Some(Detail::Event(Appointment {
            name: "Tasting".to_owned(),
            description: None,
            starts_at: None,
            ends_at: None,
            place: None,
            join_link: None,
            takes_guests: false,
            is_canceled: false,
            responses: vec![],
        })),
        "clickButton" => Some(Detail::Choices(Choices {
            form: ChoiceForm::Buttons,
            header: None,
            footer: None,
            opener: None,
            sections: vec![ChoiceSection { title: None, choices: vec![choice] }],
        })),
        _ => None,
    }
}

/// What is given in a query that has to be there.
fn asked_for(name: &str) -> &'static str {
    match name {
        "ids" => CUSTOMER,
        _ => "order",
    }
}

/// What an operation needs to be there so that it can succeed.
struct World<'a> {
    house: &'a House,
    somewhere: &'a str,
    session: String,
    /// A message that this account sent to the customer.
    message: String,
    template: String,
    rule: String,
    /// A status that this account posted; where a person is asked for, the customer.
    status: String,
    webhook: String,
    key: String,
    /// The test's end of its engine, where it has one.
    link: Option<Link>,
}

impl<'a> World<'a> {
    async fn of(house: &'a House, somewhere: &'a str, operation: &Operation) -> Self {
        let name = format!("for-{}", operation.id);
        let (session, link, is_ready) = match operation.id {
            "startSession" => (house.session(&name).await, None, false),
            "getSessionQr" | "requestPairingCode" => {
                let (session, link) = house.started(&name).await;
                link.show_code("2@a,b,c").await;
                (session, Some(link), false)
            }
            _ => {
                let (session, link) = house.ready(&name).await;
                (session, Some(link), true)
            }
        };
        let (message, template, status) = (String::new(), String::new(), String::new());
        let (rule, webhook, key) = (String::new(), String::new(), String::new());
        let mut world = Self { house, somewhere, session, message, template, rule, status, webhook, key, link };
        let asked = format!("{}{}", operation.template, operation.example().unwrap_or(&Value::Null));
        if let Some(link) = world.link.as_ref().filter(|_| is_ready) {
            let question = text_from(CUSTOMER, "3EB0AA", "Are you open today?");
            let labels = ["1", "3"].map(|id| {
                Signal::Label(LabelChanged::Saved(Label { id: id.to_owned(), name: "Paid".to_owned(), color: 2 }))
            });
            link.say(labels.into_iter().chain([Signal::Message(Box::new(question))]).collect()).await;
            let (route, body) = match operation.template.ends_with("/media") {
                true => ("send-image", json!({"chatId": CUSTOMER, "url": format!("{somewhere}/picture.png")})),
                false => ("send-text", json!({"chatId": CUSTOMER, "text": "Your order ships today."})),
            };
            let sent = house.post(&format!("/api/sessions/{}/messages/{route}", world.session), body).await.good(201);
            world.message = sent["messageId"].as_str().unwrap().to_owned();
            if let Some(detail) = answerable(operation.id) {
                let mut message = text_from(CUSTOMER, "3EB0BB", "Today?");
                message.kind = detail.kind();
                message.detail = Some(detail);
                link.say(vec![Signal::Message(Box::new(message))]).await;
                world.message = "3EB0BB".to_owned();
            }
        }
        if asked.contains("{templateId}") || operation.id == "sendTemplate" {
            let body = json!({"name": "order-ready", "body": "Hello {{name}}"});
            let made = house.post(&format!("/api/sessions/{}/templates", world.session), body).await.good(201);
            world.template = made["id"].as_str().unwrap().to_owned();
        }
        if asked.contains("{ruleId}") {
            let body = json!({"name": "hours", "replyText": "Nine to six"});
            let made = house.post(&format!("/api/sessions/{}/automation-rules", world.session), body).await.good(201);
            world.rule = made["id"].as_str().unwrap().to_owned();
        }
        if asked.contains("{batchId}") {
            let messages = ["Open until six", "Open until eight"];
            let messages = messages.map(|it| json!({"chatId": CUSTOMER, "type": "text", "content": {"text": it}}));
            let body = json!({"batchId": BATCH, "messages": messages, "options": {"delayBetweenMessages": 60_000}});
            house.post(&format!("/api/sessions/{}/messages/send-bulk", world.session), body).await.good(202);
        }
        if operation.id == "listContactStatuses" {
            world.status = CUSTOMER.to_owned();
        } else if operation.template.contains("/status/{id}") {
            let image = json!({"url": format!("{somewhere}/picture.png")});
            let body = json!({"image": image, "recipients": [CUSTOMER]});
            let posted = house.post(&format!("/api/sessions/{}/status/send-image", world.session), body).await;
            world.status = posted.good(201)["statusId"].as_str().unwrap().to_owned();
        }
        if asked.contains("{webhookId}") || asked.contains(WEBHOOK) {
            let body = json!({"url": format!("{somewhere}/hook")});
            let made = house.post(&format!("/api/sessions/{}/webhooks", world.session), body).await.good(201);
            world.webhook = made["id"].as_str().unwrap().to_owned();
        }
        if asked.contains("{keyId}") {
            let made = house.post("/api/auth/api-keys", json!({"name": name})).await.good(201);
            world.key = made["id"].as_str().unwrap().to_owned();
        }
        world
    }

    /// What stands at a name in a path.
    fn place(&self, name: &str) -> String {
        match name {
            "sessionId" => self.session.clone(),
            "chatId" | "contactId" => CUSTOMER.to_owned(),
            "groupId" => GROUP.to_owned(),
            "messageId" => self.message.clone(),
            "templateId" => self.template.clone(),
            "ruleId" => self.rule.clone(),
            "batchId" => BATCH.to_owned(),
            "id" => self.status.clone(),
            "webhookId" => self.webhook.clone(),
            "keyId" => self.key.clone(),
            _ => usual(name),
        }
    }

    /// The document's example, with what is there in place of what it names.
    fn body(&self, operation: &Operation) -> Option<Value> {
        let text = operation.example()?.to_string();
        let told = [
            (SESSION, &*self.session),
            (WEBHOOK, &self.webhook),
            (MESSAGE, &self.message),
            (SOMEWHERE, self.somewhere),
        ];
        let text = told.iter().fold(text, |text, (from, to)| text.replace(from, to));
        Some(serde_json::from_str(&text).unwrap())
    }

    /// The document's own request.
    fn request(&self, operation: &Operation) -> RequestBuilder {
        let path = operation.path(|it| self.place(it));
        let needed = operation.query.iter().filter(|it| it.2).map(|it| format!("{}={}", it.0, asked_for(it.0)));
        let query = needed.collect::<Vec<_>>().join("&");
        let request = self.house.request(&operation.method, &format!("{path}?{query}"));
        match self.body(operation) {
            Some(body) => request.json(&body),
            None => request,
        }
    }

    /// What came of the request: nothing when it succeeded.
    async fn try_it(&self, operation: &Operation) -> Option<String> {
        let request = self.request(operation);
        if operation.streams {
            let status = soon("an answer", request.send()).await.unwrap().status().as_u16();
            return (status != operation.success).then(|| format!("{operation}: {status}"));
        }
        let answer = self.house.answer(request).await;
        (answer.status.as_u16() != operation.success).then(|| format!("{operation}: {} {}", answer.status, answer.text))
    }
}

#[tokio::test]
async fn every_operation_succeeds_with_its_example() {
    let network = NetworkPolicy::default().with_loopback();
    let house = House::open_set(|_| {}, Settings { network, ..Settings::default() }).await;
    let somewhere = somewhere().await;
    let mut failed = Vec::new();
    for operation in operations::all() {
        if ELSEWHERE.iter().all(|it| it.0 != operation.id) {
            let world = World::of(&house, &somewhere, &operation).await;
            failed.extend(world.try_it(&operation).await);
            if operation.id == "startSession" {
                // The link that it opened is not the next one's.
                house.next_link().await;
            }
        }
    }
    assert!(failed.is_empty(), "{} did not succeed:\n{}", failed.len(), failed.join("\n"));
}

/// What takes no key. In the gateway it stands with its reason; here it shows when something joins it.
const WITHOUT_KEY: [&str; 9] = [
    "convertVideo",
    "convertVoice",
    "createKey",
    "markChatRead",
    "requestPairingCode",
    "sendTyping",
    "setPresence",
    "subscribePresence",
    "validateKey",
];

#[tokio::test]
async fn every_write_is_done_once_under_its_key() {
    let network = NetworkPolicy::default().with_loopback();
    let house = House::open_set(|_| {}, Settings { network, ..Settings::default() }).await;
    let somewhere = somewhere().await;
    let (mut failed, mut without) = (Vec::new(), Vec::new());
    for operation in operations::all().iter().filter(|it| it.method != "GET") {
        if !operation.takes_key {
            without.push(operation.id);
            continue;
        }
        let mut world = World::of(&house, &somewhere, operation).await;
        let request = || world.request(operation).header("Idempotency-Key", operation.id);
        let (one, two) = (request(), request());
        let first = house.answer(one).await;
        // Batches are sent beside their requests, and phones asked about the past.
        let is_beside = operation.template.contains("batch") || ["sendBulk", "syncHistory"].contains(&operation.id);
        let mut link = world.link.take().filter(|_| !is_beside);
        while link.as_mut().is_some_and(|it| it.asked.try_recv().is_ok()) {}
        let second = house.answer(two).await;
        let is_again = link.as_mut().is_some_and(|it| it.asked.try_recv().is_ok());
        let is_same = (first.status, &first.text) == (second.status, &second.text);
        let told = [&first, &second].map(|it| it.header("idempotent-replayed"));
        if first.status.as_u16() != operation.success || !is_same || told != [None, Some("true")] || is_again {
            let answers = format!("{} {} and {} {}", first.status, first.text, second.status, second.text);
            failed.push(format!("{operation}: {answers}; WhatsApp was asked again: {is_again}"));
        }
        if operation.id == "startSession" {
            // The link that it opened is not the next one's.
            house.next_link().await;
        }
    }
    assert!(failed.is_empty(), "{} were not done once:\n{}", failed.len(), failed.join("\n"));
    without.sort_unstable();
    assert_eq!(without, WITHOUT_KEY, "what takes no key is decided, not forgotten");
}

#[test]
fn what_succeeds_elsewhere_does_so_there() {
    let operations = operations::all();
    for (id, file, what) in ELSEWHERE {
        assert!(operations.iter().any(|it| it.id == *id), "{id} is no operation any more");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(text.contains(what), "{id}: {file} has no {what:?}");
    }
}

/// A query of one field.
fn written(name: &str, text: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new()).append_pair(name, text).finish()
}

#[tokio::test]
async fn every_operation_refuses_bad_input() {
    let house = House::open().await;
    let (session, _link) = house.ready("main").await;
    let mut accepted = Vec::new();
    let mut tried = 0;
    for operation in operations::all().iter().filter(|it| it.role.is_some()) {
        let path = operation.path(|it| if it == "sessionId" { session.clone() } else { usual(it) });
        let unknown = house.answer(house.request(&operation.method, &format!("{path}?surprise=1"))).await;
        let told = unknown.failed(400);
        assert!(told.contains("property surprise should not exist"), "{operation}: {told}");
        for (name, schema, _) in &operation.query {
            for text in hostile::texts(schema) {
                let request = house.request(&operation.method, &format!("{path}?{}", written(name, &text)));
                let answer = house.answer(request).await;
                tried += 1;
                if answer.status != 400 {
                    accepted.push(format!("{operation}: {} for ?{name}={text:.40}", answer.status));
                }
            }
        }
        let (Some(schema), Some(example)) = (operation.body, operation.example()) else { continue };
        for bad in hostile::bodies(schema, example) {
            let answer = house.answer(house.request(&operation.method, &path).json(&bad)).await;
            tried += 1;
            if answer.status != 400 {
                accepted.push(format!("{operation}: {} for {:.200}", answer.status, bad.to_string()));
            }
        }
    }
    assert!(tried > 200, "{tried} were tried");
    assert!(accepted.is_empty(), "{} of {tried} were not refused with 400:\n{}", accepted.len(), accepted.join("\n"));
}

#[tokio::test]
async fn every_operation_knows_an_unknown_session() {
    let house = House::open().await;
    let mut wrong = Vec::new();
    let sentence = format!("Session with id '{NOBODY}' not found");
    for operation in operations::all().iter().filter(|it| it.in_session()) {
        let path = operation.path(usual);
        let needed = operation.query.iter().filter(|it| it.2).map(|it| format!("{}={}", it.0, asked_for(it.0)));
        let request = house.request(&operation.method, &format!("{path}?{}", needed.collect::<Vec<_>>().join("&")));
        let request = match operation.example() {
            Some(example) => request.json(example),
            None => request,
        };
        let answer = house.answer(request).await;
        if (answer.status.as_u16(), answer.body["message"].as_str()) != (404, Some(&sentence)) {
            wrong.push(format!("{operation}: {} {}", answer.status, answer.text));
        }
    }
    assert!(wrong.is_empty(), "{} did not say so:\n{}", wrong.len(), wrong.join("\n"));
}
