//! `Idempotency-Key` on writes that send no message.

use openwa_model::ops::Command;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::house::{ADA, ADMIN, Answer, House, Link, soon};

/// Asks under a key.
async fn ask(house: &House, request: RequestBuilder, key: &str) -> Answer {
    house.answer(request.header("Idempotency-Key", key)).await
}

fn is_replayed(answer: &Answer) -> bool {
    answer.header("idempotent-replayed") == Some("true")
}

/// What WhatsApp was asked by now.
fn asked(link: &mut Link) -> Vec<Command> {
    std::iter::from_fn(|| link.asked.try_recv().ok()).collect()
}

fn group(name: &str) -> Value {
    json!({"name": name, "participants": [ADA]})
}

#[tokio::test]
async fn a_group_is_made_once() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/groups");
    let make = async |name: &str| ask(&house, house.request("POST", &path).json(&group(name)), "key-1").await;
    let first = make("Tea").await;
    assert!(!is_replayed(&first));
    let second = make("Tea").await;
    assert!(is_replayed(&second));
    assert_eq!(second.text, first.text);
    assert_eq!(first.good(201), second.good(201));
    assert_eq!(asked(&mut link).len(), 1, "one group");

    let other = make("Cake").await;
    other.failed(422);
    assert_eq!(other.body["code"], "IDEMPOTENCY_KEY_REUSED");
    // Messages are sent under the same keys.
    let text = json!({"chatId": ADA, "text": "hello"});
    let sends = format!("/api/sessions/{id}/messages/send-text");
    ask(&house, house.request("POST", &sends).json(&text), "key-1").await.failed(422);
    ask(&house, house.request("POST", &sends).json(&text), "key-2").await.good(201);
    ask(&house, house.request("POST", &path).json(&group("Tea")), "key-2").await.failed(422);
    // Without a key each request is one of its own.
    for _ in 0..2 {
        house.post(&path, group("Tea")).await.good(201);
    }
    let made = asked(&mut link).into_iter().filter(|it| matches!(it, Command::CreateGroup(_))).count();
    assert_eq!(made, 2);
}

#[tokio::test]
async fn of_requests_at_the_same_time_one_is_done() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/groups");
    let make = || ask(&house, house.request("POST", &path).json(&group("Tea")), "key-1");
    let (one, two, three) = tokio::join!(make(), make(), make());
    let mut fresh = 0;
    for answer in [one, two, three] {
        if answer.status == 201 {
            fresh += usize::from(!is_replayed(&answer));
        } else {
            answer.failed(409);
            assert_eq!(answer.body["code"], "IDEMPOTENCY_KEY_IN_PROGRESS");
        }
    }
    assert_eq!((fresh, asked(&mut link).len()), (1, 1));
}

#[tokio::test]
async fn requests_without_a_body_are_told_apart_by_path_and_method() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/groups/120363000000000001@g.us");
    let leave = || house.request("POST", &format!("{path}/leave"));
    ask(&house, leave(), "key-1").await.good(200);
    assert!(is_replayed(&ask(&house, leave(), "key-1").await));
    let other = house.request("POST", &format!("/api/sessions/{id}/groups/120363000000000002@g.us/leave"));
    ask(&house, other, "key-1").await.failed(422);
    assert_eq!(asked(&mut link).len(), 1);

    let block = |method: &str| house.request(method, &format!("/api/sessions/{id}/contacts/{ADA}/block"));
    ask(&house, block("POST"), "key-2").await.good(200);
    ask(&house, block("DELETE"), "key-2").await.failed(422);
}

#[tokio::test]
async fn what_was_refused_frees_its_key() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/groups/join");
    let join = |code: &str| house.request("POST", &path).json(&json!({"inviteCode": code}));
    for _ in 0..2 {
        let refused = ask(&house, join("Revoked1"), "key-1").await;
        refused.failed(404);
        assert!(!is_replayed(&refused));
    }
    assert_eq!(asked(&mut link).len(), 2, "it was tried again");
    ask(&house, join("OldCode1"), "key-1").await.good(200);
}

#[tokio::test]
async fn what_may_not_be_done_or_does_not_read_claims_no_key() {
    let house = House::open().await;
    let (id, _link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/groups");
    ask(&house, house.request("POST", &path).json(&json!({"name": 7})), "key-1").await.failed(400);
    let viewer = house.key(json!({"name": "viewer", "role": "viewer"})).await;
    let request = house.bare("POST", &path).header("X-API-Key", &viewer).json(&group("Tea"));
    ask(&house, request, "key-1").await.failed(403);
    ask(&house, house.bare("POST", &path).json(&group("Tea")), "with space").await.failed(401);
    for bad in ["", "with space", &"x".repeat(256)] {
        let answer = ask(&house, house.request("POST", &path).json(&group("Tea")), bad).await;
        answer.failed(400);
        assert_eq!(answer.body["code"], "IDEMPOTENCY_KEY_INVALID", "'{bad}'");
    }
    let made = ask(&house, house.request("POST", &path).json(&group("Tea")), "key-1").await;
    assert!(!is_replayed(&made));
    made.good(201);
}

#[tokio::test]
async fn an_unknown_outcome_is_said_to_be_one() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/groups");
    let make = async || ask(&house, house.request("POST", &path).json(&group("Nobody knows")), "key-1").await;
    let first = make().await;
    first.failed(503);
    assert_eq!(first.body["code"], "UNCONFIRMED");
    for _ in 0..2 {
        let again = make().await;
        let sentence = again.failed(409);
        assert_eq!(again.body["code"], "IDEMPOTENCY_KEY_OUTCOME_UNKNOWN");
        assert!(sentence.contains("no answer in time") && sentence.contains("use another key"), "{sentence}");
        assert!(!is_replayed(&again));
    }
    assert_eq!(asked(&mut link).len(), 1);
}

#[tokio::test]
async fn a_request_is_done_although_its_connection_goes_away() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/groups");
    let make = || house.request("POST", &path).header("Idempotency-Key", "key-1").json(&group("Tea"));
    let going = tokio::spawn(make().send());
    soon("the command", link.asked.recv()).await.unwrap();
    going.abort();
    let answer = loop {
        let answer = house.answer(make()).await;
        if answer.status != 409 {
            break answer;
        }
        assert_eq!(answer.body["code"], "IDEMPOTENCY_KEY_IN_PROGRESS");
    };
    assert!(is_replayed(&answer));
    answer.good(201);
    assert!(asked(&mut link).is_empty(), "it was made once");
}

#[tokio::test]
async fn what_is_done_on_no_session_is_remembered_with_the_api_key() {
    let house = House::open().await;
    let second = house.key(json!({"name": "second", "role": "admin"})).await;
    let make = async |key: &str| {
        let request = house.bare("POST", "/api/sessions").header("X-API-Key", key);
        ask(&house, request.json(&json!({"name": "main"})), "key-1").await
    };
    let made = make(ADMIN).await.good(201);
    let again = make(ADMIN).await;
    assert!(is_replayed(&again));
    assert_eq!(again.good(201), made);
    let taken = make(&second).await;
    taken.failed(409);
    assert_eq!(taken.body["code"], "SESSION_NAME_TAKEN", "another holder's key is another one");
    let written = house.get("/api/audit?action=session_created&severity=info").await.good(200);
    assert_eq!(written["total"], 1, "what was done once is written down once: {written}");

    let path = format!("/api/sessions/{}", made["id"].as_str().unwrap());
    ask(&house, house.request("DELETE", &path), "key-2").await.good(204);
    let gone = ask(&house, house.request("DELETE", &path), "key-2").await;
    assert!(is_replayed(&gone));
    gone.good(204);
    house.delete(&path).await.failed(404);
}

#[tokio::test]
async fn a_key_for_some_chats_is_not_told_what_was_done_elsewhere() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    link.receive("3EB0AA", "hm").await;
    let path = format!("/api/sessions/{id}/messages/react");
    let body = json!({"chatId": ADA, "messageId": "3EB0AA", "emoji": "👍"});
    let react = || house.request("POST", &path).json(&body);
    ask(&house, react(), "key-1").await.good(200);
    let narrow = house.key(json!({"name": "narrow", "allowedChats": ["15550000002@c.us"]})).await;
    let request = house.bare("POST", &path).header("X-API-Key", &narrow).json(&body);
    ask(&house, request, "key-1").await.failed(403);
    assert!(is_replayed(&ask(&house, react(), "key-1").await));
    assert_eq!(asked(&mut link).len(), 1);
}
