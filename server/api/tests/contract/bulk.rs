//! Batches: contract §6.

use openwa_core::Settings;
use openwa_model::ops::Command;
use serde_json::{Value, json};

use crate::house::{ADA, House, Link, soon};

const BOB: &str = "15550000002@c.us";
const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

async fn sent_text(link: &mut Link) -> String {
    let Command::SendMessage(it) = soon("a send", link.asked.recv()).await.unwrap() else { panic!("not a send") };
    it.0.content.body().to_owned()
}

fn text(chat: &str, text: &str) -> Value {
    json!({"chatId": chat, "type": "text", "content": {"text": text}})
}

/// A batch that goes on for longer than any test.
fn slow(name: &str) -> Value {
    let messages = [text(BOB, "one"), text(BOB, "two"), text(BOB, "three")];
    json!({"batchId": name, "messages": messages, "options": {"delayBetweenMessages": 60_000}})
}

/// The batch once it is over.
async fn ended(house: &House, path: &str) -> Value {
    soon("the end of the batch", async {
        loop {
            let batch = house.get(path).await.good(200);
            if !["pending", "processing"].contains(&batch["status"].as_str().unwrap())
                && batch["progress"]["pending"] == 0
            {
                return batch;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await
}

#[tokio::test]
async fn a_batch_is_taken_in_and_sent() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/messages");
    let hello = json!({
        "chatId": ADA, "type": "text", "content": {"text": "Hello {{name}}, {order} is ready"},
        "variables": {"name": "Ada", "order": "42"},
    });
    let body = json!({
        "batchId": "monday", "messages": [hello, hello, text(BOB, "refuse this")],
        "options": {"delayBetweenMessages": 1000, "randomizeDelay": false, "stopOnError": false},
    });
    let taken = house.post(&format!("{path}/send-bulk"), body.clone()).await.good(202);
    assert_eq!(taken["batchId"], "monday");
    assert_eq!(taken["status"], "pending");
    assert_eq!(taken["totalMessages"], 2, "exact duplicates are one");
    assert_eq!(taken["statusUrl"], format!("{path}/batch/monday"));
    assert!(taken["estimatedCompletionTime"].is_string());
    assert_eq!(sent_text(&mut link).await, "Hello Ada, 42 is ready");
    assert_eq!(sent_text(&mut link).await, "refuse this");
    let batch = ended(&house, &format!("{path}/batch/monday")).await;
    assert_eq!(batch["status"], "completed", "even with a failure");
    let progress = json!({"total": 2, "sent": 1, "failed": 1, "pending": 0, "cancelled": 0});
    assert_eq!(batch["progress"], progress);
    let (first, second) = (&batch["results"][0], &batch["results"][1]);
    assert_eq!((&first["chatId"], &first["status"]), (&json!(ADA), &json!("sent")));
    assert!(first["messageId"].is_string() && first["sentAt"].is_string() && first.get("error").is_none(), "{first}");
    assert_eq!((&second["chatId"], &second["status"]), (&json!(BOB), &json!("failed")));
    let error = json!({"code": "SEND_FAILED", "message": "WhatsApp refused: not in this mood"});
    assert_eq!(second["error"], error);
    assert!(batch["startedAt"].is_string() && batch["completedAt"].is_string(), "{batch}");
    let stored = house.get(&format!("{path}?messageId={}", first["messageId"].as_str().unwrap())).await.good(200);
    assert_eq!(stored["messages"][0]["body"], "Hello Ada, 42 is ready");

    // A name stands once in a session, and again in another one.
    let taken = house.post(&format!("{path}/send-bulk"), body.clone()).await;
    assert_eq!(taken.failed(400), "Batch ID 'monday' already exists");
    assert_eq!(taken.body["code"], "BATCH_ID_TAKEN");
    let (other, _link) = house.ready("other").await;
    house.post(&format!("/api/sessions/{other}/messages/send-bulk"), body).await.good(202);
}

#[tokio::test]
async fn a_batch_of_which_all_fails_has_failed() {
    let house = House::open().await;
    let (id, _link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/messages");
    let blocked = json!({"chatId": ADA, "type": "image", "content": {"image": {"url": "http://127.0.0.1:9/a.png"}}});
    let taken = house.post(&format!("{path}/send-bulk"), json!({"messages": [blocked]})).await.good(202);
    let name = taken["batchId"].as_str().unwrap();
    assert!(name.starts_with("batch_") && name.len() == "batch_".len() + 8, "{name}");
    let batch = ended(&house, taken["statusUrl"].as_str().unwrap()).await;
    assert_eq!((&batch["status"], &batch["progress"]["failed"]), (&json!("failed"), &json!(1)));
    assert_eq!(batch["results"][0]["error"]["code"], "SEND_BLOCKED", "{batch}");
}

#[tokio::test]
async fn a_batch_is_cancelled_once() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/messages");
    house.post(&format!("{path}/send-bulk"), slow("later")).await.good(202);
    assert_eq!(sent_text(&mut link).await, "one");
    let answer = house.post(&format!("{path}/batch/later/cancel"), json!({})).await.good(200);
    assert_eq!((&answer["batchId"], &answer["status"]), (&json!("later"), &json!("cancelled")));
    assert_eq!((&answer["progress"]["total"], &answer["progress"]["cancelled"]), (&json!(3), &json!(2)));
    assert_eq!(answer.get("results"), None);
    let batch = ended(&house, &format!("{path}/batch/later")).await;
    assert_eq!(batch["progress"], json!({"total": 3, "sent": 1, "failed": 0, "pending": 0, "cancelled": 2}));
    assert_eq!(batch["results"][2], json!({"chatId": BOB, "status": "cancelled"}));
    let again = house.post(&format!("{path}/batch/later/cancel"), json!({})).await;
    assert_eq!(again.failed(400), "Batch 'later' is already cancelled");
    assert_eq!(again.body["code"], "BATCH_OVER");
    assert!(link.asked.try_recv().is_err(), "nothing more was sent");
}

#[tokio::test]
async fn a_batch_that_does_not_read_is_refused_as_a_whole() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/messages");
    let many: Vec<_> = (0..101).map(|it| text(ADA, &format!("text {it}"))).collect();
    let good = || text(ADA, "hello");
    let image = |image: Value| json!({"chatId": ADA, "type": "image", "content": {"image": image}});
    for (body, sentence) in [
        (json!({}), "messages must be an array"),
        (json!({"messages": []}), "messages must contain at least 1 elements"),
        (json!({"messages": many}), "messages must contain no more than 100 elements"),
        (
            json!({"messages": [good()], "options": {"delayBetweenMessages": 999}}),
            "options.delayBetweenMessages must not be less than 1000",
        ),
        (
            json!({"messages": [good()], "options": {"delayBetweenMessages": 60_001}}),
            "options.delayBetweenMessages must not be greater than 60000",
        ),
        (
            json!({"messages": [{"chatId": ADA, "type": "sticker", "content": {}}]}),
            "each value in messages.type must be one of the following values: text, image, video, audio, document",
        ),
        (json!({"messages": [good(), text(ADA, "")]}), "messages[1].content.text should not be empty"),
        (
            json!({"messages": [{"chatId": ADA, "type": "image", "content": {"text": "x"}}]}),
            "messages[0].content.image must be an object",
        ),
        (
            json!({"messages": [image(json!({"url": "https://example.org/a.png", "base64": "AAAA"}))]}),
            "messages[0].content: exactly one of url or base64 must be provided",
        ),
        (json!({"messages": [good()], "pace": 1}), "property pace should not exist"),
    ] {
        let mut body = body;
        body["batchId"] = json!("bad");
        assert_eq!(house.post(&format!("{path}/send-bulk"), body).await.failed(400), sentence);
    }
    assert_eq!(house.get(&format!("{path}/batch/bad")).await.failed(404), "Batch 'bad' not found");
    assert!(link.asked.try_recv().is_err(), "nothing was sent");
}

#[tokio::test]
async fn what_is_not_there_is_said_not_to_be() {
    let house = House::open().await;
    let (id, _link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/messages");
    house.post(&format!("{path}/send-bulk"), slow("mine")).await.good(202);
    let (other, _link) = house.ready("other").await;
    let strange = format!("/api/sessions/{other}/messages/batch/mine");
    for answer in [house.get(&strange).await, house.post(&format!("{strange}/cancel"), json!({})).await] {
        assert_eq!(answer.failed(404), "Batch 'mine' not found");
        assert_eq!(answer.body["code"], "BATCH_NOT_FOUND");
    }
    let nowhere = format!("/api/sessions/{NOBODY}/messages");
    let sentence = format!("Session with id '{NOBODY}' not found");
    for answer in [
        house.post(&format!("{nowhere}/send-bulk"), slow("x")).await,
        house.get(&format!("{nowhere}/batch/x")).await,
        house.post(&format!("{nowhere}/batch/x/cancel"), json!({})).await,
    ] {
        assert_eq!(answer.failed(404), sentence);
    }
    let idle = house.session("idle").await;
    let answer = house.post(&format!("/api/sessions/{idle}/messages/send-bulk"), slow("x")).await;
    answer.failed(400);
    assert_eq!(answer.body["code"], "SESSION_NOT_STARTED");
}

#[tokio::test]
async fn a_batch_waits_for_its_session_and_says_so() {
    let house = House::open().await;
    let (id, mut link) = house.started("main").await;
    let path = format!("/api/sessions/{id}/messages");
    house.post(&format!("{path}/send-bulk"), slow("waiting")).await.good(202);
    let batch = house.get(&format!("{path}/batch/waiting")).await.good(200);
    assert_eq!(batch["status"], "pending");
    assert!(batch["waitingFor"].as_str().is_some_and(|it| it.contains("initializing")), "{batch}");
    link.come_online().await;
    assert_eq!(sent_text(&mut link).await, "one");
    let batch = house.get(&format!("{path}/batch/waiting")).await.good(200);
    assert_eq!((&batch["status"], batch.get("waitingFor")), (&json!("processing"), None));
}

#[tokio::test]
async fn more_batches_than_may_be_under_way_are_refused() {
    let house = House::open_behaving(Settings { bulk_max_concurrent: 1, ..Settings::default() }).await;
    let (id, _link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/messages");
    house.post(&format!("{path}/send-bulk"), slow("first")).await.good(202);
    let refused = house.post(&format!("{path}/send-bulk"), slow("second")).await;
    refused.failed(429);
    assert_eq!(refused.body["code"], "TOO_MANY_BATCHES");
    house.post(&format!("{path}/batch/first/cancel"), json!({})).await.good(200);
    house.post(&format!("{path}/send-bulk"), slow("second")).await.good(202);
}

#[tokio::test]
async fn keys_reach_as_far_as_they_may() {
    let house = House::open().await;
    let (id, _link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/messages");
    house.post(&format!("{path}/send-bulk"), slow("bob")).await.good(202);
    house.post(&format!("{path}/send-bulk"), json!({"batchId": "ada", "messages": [text(ADA, "hi")]})).await.good(202);
    let viewer = house.key(json!({"name": "a viewer", "role": "viewer"})).await;
    let limited = house.key(json!({"name": "bob only", "role": "operator", "allowedChats": [BOB]})).await;
    let ask = async |key: &str, method: &str, below: &str, body: Value| {
        let request = house.bare(method, &format!("{path}/{below}")).header("X-API-Key", key);
        house.answer(request.json(&body)).await
    };
    ask(&viewer, "GET", "batch/bob", json!({})).await.good(200);
    for below in ["send-bulk", "batch/bob/cancel"] {
        let refused = ask(&viewer, "POST", below, slow("x")).await;
        assert_eq!(refused.failed(403), "Insufficient permissions. Required: operator", "{below}");
    }
    ask(&limited, "POST", "send-bulk", slow("mine")).await.good(202);
    ask(&limited, "GET", "batch/bob", json!({})).await.good(200);
    let both = json!({"messages": [text(BOB, "hi"), text(ADA, "hi")]});
    for (method, below, body) in
        [("POST", "send-bulk", both), ("GET", "batch/ada", json!({})), ("POST", "batch/ada/cancel", json!({}))]
    {
        let refused = ask(&limited, method, below, body).await;
        assert_eq!(refused.failed(403), "API key not authorized for this chat", "{below}");
    }
}
