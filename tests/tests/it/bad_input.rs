//! What callers do wrong: each gets the contract's status and a sentence, and nothing is half-written.

use openwa_testkit::{
    client::{Client, Response},
    gateway::{Gateway, Setup},
    receiver::{Answer, Receiver},
    sandbox::Phone,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::story::{Session, text};

/// What a refused request answers: the contract's shape, and a sentence with these words in it.
#[track_caller]
fn refused(response: &Response, status: u16, words: &str) -> Value {
    let body = response.expect(status);
    assert_eq!(body["statusCode"], status, "{body}");
    assert!(text(&body["message"]).contains(words), "{words:?} is not in {body}");
    assert!(!response.header("x-request-id").is_empty());
    body
}

async fn raw(client: &Client, path: &str, body: impl Into<reqwest::Body>) -> Response {
    let request = client.request(Method::POST, path).header("content-type", "application/json").body(body);
    client.send(request).await
}

/// Nothing was sent and nothing was stored.
async fn untouched(gateway: &Gateway, session: &Session, customer: &Phone) {
    let client = gateway.client();
    assert_eq!(session.messages(&client, "").await, [] as [Value; 0]);
    let events = client.get(&session.path("/events?after=0&types=message.sent,message.failed")).await.expect(200);
    let events = events.as_array().or(events["events"].as_array()).expect("a list of events");
    assert!(events.is_empty(), "{events:#?}");
    assert_eq!(gateway.sandbox().messages(customer).await, [] as [Value; 0]);
}

#[tokio::test]
async fn what_callers_do_wrong_is_named_and_leaves_nothing_behind() {
    let gateway = Setup::with_sandbox_inside().with("BODY_SIZE_LIMIT", "64kb").start().await;
    let (client, sandbox) = (gateway.client(), gateway.sandbox());
    let own = sandbox.create_phone("Own").await;
    let customer = sandbox.create_phone("Customer").await;
    let session = Session::link(&client, &sandbox, "linked", &own).await;
    let idle = Session::create(&client, "idle").await;
    let chat = customer.chat();
    let send = session.path("/messages/send-text");
    let hello = json!({"chatId": chat, "text": "hello"});

    // Bodies that are not JSON, or not what was asked for.
    for body in ["{", "{\"chatId\":", "[1, 2", "not json", "{\"chatId\": \"a\" \"b\"}"] {
        let answer = refused(&raw(&client, &send, body).await, 400, "not valid JSON");
        assert_eq!(answer["error"], "Bad Request");
    }
    refused(&raw(&client, &send, vec![0xff, 0xfe, b'{']).await, 400, "not valid JSON");
    refused(&raw(&client, &send, "[".repeat(5_000)).await, 400, "not valid JSON");
    refused(&raw(&client, &send, "[]").await, 400, "must be an object");
    refused(&raw(&client, &send, "").await, 400, "chatId");
    let unknown = json!({"chatId": chat, "text": "hello", "colour": "red"});
    refused(&client.post(&send, &unknown).await, 400, "property colour should not exist");
    refused(&client.get(&session.path("/messages?colour=red")).await, 400, "property colour should not exist");
    refused(&client.get(&session.path("/messages?limit=many")).await, 400, "limit");
    refused(&client.post(&send, &json!({"chatId": chat, "text": 7})).await, 400, "text must be a string");
    refused(&client.post(&send, &json!({"chatId": [chat], "text": "hello"})).await, 400, "chatId must be a string");
    refused(&client.post(&send, &json!({"chatId": "nobody", "text": "hello"})).await, 400, "chatId");
    refused(&client.post(&send, &json!({"chatId": chat, "text": "x".repeat(4_097)})).await, 400, "text");
    refused(&client.post(&send, &json!({"chatId": chat, "text": "a\0b"})).await, 400, "NUL");
    refused(&client.get(&session.path("/messages?chatId=a%00b")).await, 400, "NUL");
    refused(&client.get("/api/sessions/a%00b").await, 400, "NUL");

    // Too much of it.
    let large = json!({"chatId": chat, "text": "x".repeat(70_000)});
    let answer = refused(&client.post(&send, &large).await, 413, "too large");
    assert!(answer.get("error").is_none(), "{answer}");
    let compressed = client.request(Method::POST, &send).header("content-encoding", "gzip").body("x");
    refused(&client.send(compressed).await, 415, "Compressed");

    // Sessions that are not there, not started, or not in a state for it.
    let nobody = "00000000-0000-4000-8000-000000000000";
    let sentence = format!("Session with id '{nobody}' not found");
    for below in ["", "/qr", "/chats", "/messages", "/webhooks"] {
        refused(&client.get(&format!("/api/sessions/{nobody}{below}")).await, 404, &sentence);
    }
    refused(&client.get("/api/sessions/no-uuid").await, 404, "Session with id 'no-uuid' not found");
    refused(&client.post(&format!("/api/sessions/{nobody}/messages/send-text"), &hello).await, 404, &sentence);
    refused(&client.post_empty(&format!("/api/sessions/{nobody}/start")).await, 404, &sentence);
    refused(&client.post(&idle.path("/messages/send-text"), &hello).await, 400, "Session is not started");
    refused(&client.get(&idle.path("/qr")).await, 400, "");
    refused(&client.post_empty(&idle.path("/logout")).await, 400, "not started");
    refused(&client.get(&session.path("/qr")).await, 400, "already authenticated");
    refused(&client.post_empty(&session.path("/start")).await, 400, "already started");
    refused(&client.post("/api/sessions", &json!({"name": "linked"})).await, 409, "'linked' already exists");
    for name in ["ab", "with space", &"x".repeat(51)] {
        refused(&client.post("/api/sessions", &json!({"name": name})).await, 400, "name");
    }

    // Keys.
    refused(&client.with_key(None).post(&send, &hello).await, 401, "API key is required");
    let wrong = client.with_key(Some("owa_k1_wrong"));
    let answer = wrong.post(&send, &hello).await;
    assert_eq!(answer.status, 401, "{}", answer.text());
    let in_query = client.with_key(None).get("/api/sessions?apiKey=anything").await;
    assert_eq!(in_query.status, 401, "{}", in_query.text());
    let viewer = json!({"name": "viewer", "role": "viewer"});
    let viewer = text(&client.post("/api/auth/api-keys", &viewer).await.expect(201)["apiKey"]);
    refused(
        &client.with_key(Some(&viewer)).post(&send, &hello).await,
        403,
        "Insufficient permissions. Required: operator",
    );
    client.with_key(Some(&viewer)).get(&session.path("/messages")).await.expect(200);

    // Media that cannot or must not be fetched.
    let image = session.path("/messages/send-image");
    let media = |url: &str| json!({"chatId": chat, "url": url});
    for private in ["http://10.0.0.1/a.png", "http://169.254.169.254/latest/meta-data", "http://[fd00::1]/a.png"] {
        let answer = refused(&client.post(&image, &media(private)).await, 400, "not allowed");
        assert_eq!(answer["code"], "ADDRESS_REFUSED");
    }
    refused(&client.post(&image, &media("file:///etc/passwd")).await, 400, "http");
    let receiver = Receiver::start().await;
    for answer in
        [Answer::hang_up(), Answer::status(404), Answer::status(302).with_header("location", "http://10.0.0.1/")]
    {
        receiver.answer_always(answer);
        let answer = client.post(&image, &media(&receiver.url())).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
    }
    refused(&client.post(&image, &json!({"chatId": chat})).await, 400, "");
    let both = json!({"chatId": chat, "url": receiver.url(), "base64": "AAAA", "mimetype": "image/png"});
    refused(&client.post(&image, &both).await, 400, "");
    let broken = json!({"chatId": chat, "base64": "no base64!", "mimetype": "image/png"});
    refused(&client.post(&image, &broken).await, 400, "base64");

    // Addresses of webhooks.
    let webhooks = session.path("/webhooks");
    for url in ["http://192.168.0.1/hook", "ftp://example.com/hook", "http://user:word@example.com/", "nonsense"] {
        refused(&client.post(&webhooks, &json!({"url": url})).await, 400, "");
    }
    assert_eq!(client.get(&webhooks).await.expect(200), json!([]));

    // Keys of idempotent requests.
    let with_key =
        |key: &str, body: &Value| client.request(Method::POST, &send).header("Idempotency-Key", key).json(body);
    let answer = refused(&client.send(with_key("", &hello)).await, 400, "");
    assert_eq!(answer["code"], "IDEMPOTENCY_KEY_INVALID");
    let answer = refused(&client.send(with_key(&"k".repeat(256), &hello)).await, 400, "");
    assert_eq!(answer["code"], "IDEMPOTENCY_KEY_INVALID");

    refused(&client.get("/api/nothing-here").await, 404, "Cannot GET /api/nothing-here");
    refused(&client.delete("/api/sessions").await, 405, "Cannot DELETE");

    untouched(&gateway, &session, &customer).await;
    let sessions = client.get("/api/sessions").await.expect(200);
    assert_eq!(sessions.as_array().map(Vec::len), Some(2), "{sessions}");
}

#[tokio::test]
async fn a_key_with_another_body_is_refused_and_with_the_same_answered_again() {
    let gateway = Setup::with_sandbox_inside().start().await;
    let (client, sandbox) = (gateway.client(), gateway.sandbox());
    let own = sandbox.create_phone("Own").await;
    let customer = sandbox.create_phone("Customer").await;
    let session = Session::link(&client, &sandbox, "linked", &own).await;
    let send = session.path("/messages/send-text");
    let request = |text: &str| {
        let body = json!({"chatId": customer.chat(), "text": text});
        client.request(Method::POST, &send).header("Idempotency-Key", "order-7").json(&body)
    };
    let first = client.send(request("once")).await;
    let again = client.send(request("once")).await;
    assert_eq!((first.expect(201), first.header("idempotent-replayed")), (again.expect(201), ""));
    assert_eq!(again.header("idempotent-replayed"), "true");
    let other = refused(&client.send(request("twice")).await, 422, "different request");
    assert_eq!(other["code"], "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(session.messages(&client, "direction=outgoing").await.len(), 1);
}
