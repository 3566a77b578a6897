//! What does not read is refused with the contract's status and sentence, and nothing is half-written.

use serde_json::json;

use crate::house::House;

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

#[tokio::test]
async fn bodies_that_do_not_read_are_refused_with_a_reason() {
    let house = House::open().await;
    for (body, sentence) in [
        ("{\"name\":", "the body is not valid JSON: EOF while parsing a value at line 1 column 8"),
        ("[]", "the body must be an object"),
        ("", "name must be a string"),
        ("{}", "name must be a string"),
        (r#"{"name": 5}"#, "name must be a string"),
        (r#"{"name": "ab"}"#, "name must be longer than or equal to 3 characters"),
        (r#"{"name": "a b"}"#, "name must match /^[a-zA-Z0-9-]+$/ regular expression"),
        (r#"{"name": "good", "colour": "red"}"#, "property colour should not exist"),
        (
            r#"{"name": "good", "config": {"maxReconnectAttempts": 21}}"#,
            "config.maxReconnectAttempts must not be greater than 20",
        ),
        (
            r#"{"name": "good", "config": {"autoRejectCalls": "false"}}"#,
            "config.autoRejectCalls must be a boolean value",
        ),
        (r#"{"name": 5, "x": 1}"#, "name must be a string; property x should not exist"),
        (r#"{"name": "go\u0000od"}"#, "NUL characters are not allowed"),
        (r#"{"name": "good", "config": {"deep": [{"er": "\u0000"}]}}"#, "NUL characters are not allowed"),
    ] {
        let request = house.request("POST", "/api/sessions").header("Content-Type", "application/json");
        let answer = house.answer(request.body(body)).await;
        assert_eq!(answer.failed(400), sentence, "{body}");
        assert_eq!(answer.body["error"], "Bad Request", "{body}");
    }
    assert_eq!(house.get("/api/sessions").await.good(200), json!([]), "nothing was made");
}

#[tokio::test]
async fn unknown_fields_of_a_configuration_are_harmless() {
    let house = House::open().await;
    let body = json!({"name": "good", "config": {"autoRejectCalls": true, "webhook": {"url": "x"}}});
    let made = house.post("/api/sessions", body).await.good(201);
    let config = house.get(&format!("/api/sessions/{}/config", made["id"].as_str().unwrap())).await.good(200);
    assert_eq!(config["autoRejectCalls"], true);
}

#[tokio::test]
async fn queries_that_do_not_read_are_refused_with_a_reason() {
    let house = House::open().await;
    let id = house.session("main").await;
    for (path, sentence) in [
        ("/api/sessions?limit=0", "limit must not be less than 1"),
        ("/api/sessions?limit=1001", "limit must not be greater than 1000"),
        ("/api/sessions?limit=many", "limit must be an integer number"),
        ("/api/sessions?colour=red", "property colour should not exist"),
        ("/api/sessions?offset=-1", "offset must not be less than 0"),
        (
            "/api/sessions/{id}/messages?direction=up",
            "direction must be one of the following values: incoming, outgoing",
        ),
        ("/api/sessions/{id}/messages?inlineMedia=yes", "inlineMedia must be a boolean value"),
        ("/api/sessions/{id}/messages?after=last", "after must be a UUID"),
        ("/api/sessions/{id}/messages?chatId=ada", r"chatId must match /^[^\s@]+@[^\s@]+$/ regular expression"),
        ("/api/sessions/{id}/events?types=nonsense", "types: 'nonsense' is not an event"),
        ("/api/sessions/{id}/qr?format=jpeg", "format must be one of the following values: json, raw, svg, terminal"),
    ] {
        let answer = house.get(&path.replace("{id}", &id)).await;
        assert_eq!(answer.failed(400), sentence, "{path}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let house = House::open().await;
    let id = house.session("main").await;
    for (method, path, sentence) in [
        ("GET", format!("/api/sessions/{NOBODY}"), format!("Session with id '{NOBODY}' not found")),
        ("GET", "/api/sessions/main".to_owned(), "Session with id 'main' not found".to_owned()),
        ("DELETE", format!("/api/sessions/{NOBODY}"), format!("Session with id '{NOBODY}' not found")),
        ("POST", format!("/api/sessions/{NOBODY}/start"), format!("Session with id '{NOBODY}' not found")),
        ("GET", format!("/api/sessions/{NOBODY}/messages"), format!("Session with id '{NOBODY}' not found")),
        ("GET", format!("/api/sessions/{NOBODY}/chats"), format!("Session with id '{NOBODY}' not found")),
        ("GET", format!("/api/sessions/{NOBODY}/events"), format!("Session with id '{NOBODY}' not found")),
        ("GET", format!("/api/events/stream?sessionId={NOBODY}"), format!("Session with id '{NOBODY}' not found")),
        ("GET", format!("/api/sessions/{NOBODY}/webhooks"), format!("Session with id '{NOBODY}' not found")),
        ("GET", format!("/api/sessions/{id}/webhooks/{NOBODY}"), format!("Webhook with id '{NOBODY}' not found")),
        ("GET", format!("/api/sessions/{id}/webhooks/mine"), "Webhook with id 'mine' not found".to_owned()),
        ("GET", format!("/api/sessions/{NOBODY}/templates"), format!("Session with id '{NOBODY}' not found")),
        ("GET", format!("/api/sessions/{id}/templates/{NOBODY}"), format!("Template with id '{NOBODY}' not found")),
        ("DELETE", format!("/api/sessions/{id}/templates/mine"), "Template with id 'mine' not found".to_owned()),
        ("GET", format!("/api/sessions/{id}/automation-rules/{NOBODY}"), format!("Automation rule {NOBODY} not found")),
        ("PUT", format!("/api/sessions/{id}/automation-rules/mine"), "Automation rule mine not found".to_owned()),
        ("GET", format!("/api/auth/api-keys/{NOBODY}"), format!("API key with id '{NOBODY}' not found")),
        ("GET", format!("/api/sessions/{id}/messages/15550000001@c.us/3EB0AA/media"), "Message not found".to_owned()),
        ("GET", "/api/nothing".to_owned(), "Cannot GET /api/nothing".to_owned()),
        ("GET", "/nothing".to_owned(), "Cannot GET /nothing".to_owned()),
    ] {
        let answer = house.answer(house.request(method, &path)).await;
        assert_eq!(answer.failed(404), sentence, "{method} {path}");
        assert_eq!(answer.body["error"], "Not Found", "{method} {path}");
    }
}

#[tokio::test]
async fn a_session_that_is_not_ready_says_what_is_missing() {
    let house = House::open().await;
    let stopped = house.session("stopped").await;
    let (starting, link) = house.started("starting").await;
    link.show_code("2@code").await;
    let text = json!({"chatId": "15550000001@c.us", "text": "hi"});
    for (id, status, code) in [(&stopped, 400, "SESSION_NOT_STARTED"), (&starting, 409, "SESSION_NOT_READY")] {
        for (method, path, body) in [
            ("POST", "messages/send-text", text.clone()),
            (
                "POST",
                "messages/reply",
                json!({"chatId": "15550000001@c.us", "text": "hi", "quotedMessageId": "3EB0AA"}),
            ),
            ("GET", "contacts/check/15550000001", json!({})),
            ("GET", "groups", json!({})),
        ] {
            let request = house.request(method, &format!("/api/sessions/{id}/{path}")).json(&body);
            let answer = house.answer(request).await;
            answer.failed(status);
            assert_eq!(answer.body["code"], code, "{path}");
        }
        let messages = house.get(&format!("/api/sessions/{id}/messages")).await.good(200);
        assert_eq!(messages, json!({"messages": [], "total": 0}), "nothing was half-written");
    }
}

#[tokio::test]
async fn chats_and_messages_must_read_as_such() {
    let house = House::open().await;
    let (id, _link) = house.ready("main").await;
    for (path, body, sentence) in [
        (
            "send-text",
            json!({"chatId": "ada", "text": "hi"}),
            r"chatId must match /^[^\s@]+@[^\s@]+$/ regular expression",
        ),
        (
            "send-text",
            json!({"chatId": "1@example.org", "text": "hi"}),
            "'1@example.org' is not a WhatsApp id; write <number>@c.us, <id>@lid, <id>@g.us or <id>@newsletter",
        ),
        ("send-text", json!({"chatId": "1@c.us", "text": ""}), "text should not be empty"),
        (
            "send-text",
            json!({"chatId": "1@c.us", "text": "x".repeat(4097)}),
            "text must be shorter than or equal to 4096 characters",
        ),
        (
            "send-text",
            json!({"chatId": "1@c.us", "text": "hi", "mentions": ["ada"]}),
            "'ada' is not a WhatsApp id; write <number>@c.us, <id>@lid, <id>@g.us or <id>@newsletter",
        ),
        ("send-image", json!({"chatId": "1@c.us"}), "Exactly one of url or base64 must be provided"),
        (
            "send-image",
            json!({"chatId": "1@c.us", "url": "https://example.org/a.png", "base64": "AAAA"}),
            "Exactly one of url or base64 must be provided",
        ),
        ("send-image", json!({"chatId": "1@c.us", "base64": "AAAA"}), "mimetype is required when base64 is provided"),
        ("edit", json!({"chatId": "1@c.us", "messageId": "a b", "body": "x"}), "messageId must be the id of a message"),
    ] {
        let answer = house.post(&format!("/api/sessions/{id}/messages/{path}"), body).await;
        assert_eq!(answer.failed(400), sentence, "{path}");
    }
}

#[tokio::test]
async fn files_at_private_addresses_are_not_fetched() {
    let house = House::open().await;
    let (id, _link) = house.ready("main").await;
    for url in ["http://127.0.0.1/a.png", "http://169.254.169.254/latest", "http://[::1]/a.png", "ftp://example.org/a"]
    {
        let body = json!({"chatId": "15550000001@c.us", "url": url});
        let answer = house.post(&format!("/api/sessions/{id}/messages/send-image"), body).await;
        answer.failed(400);
        let body = json!({"url": url});
        house.post(&format!("/api/sessions/{id}/webhooks"), body).await.failed(400);
    }
    let messages = house.get(&format!("/api/sessions/{id}/messages")).await.good(200);
    assert_eq!(messages["total"], 0, "nothing was half-written");
}
