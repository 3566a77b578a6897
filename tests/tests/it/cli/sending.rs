//! Texts and files sent, events seen, any operation called.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::shell::Shell;
use crate::story::{LIMIT, text};

#[tokio::test]
async fn texts_are_sent_and_answers_are_followed() {
    let (shell, session, own, customer) = Shell::with_shop().await;
    let sandbox = shell.sandbox();

    let written = format!("+{}", customer.number);
    let sent = shell.says(&["send", &written, "Your order ships today"]).await;
    let seen = sandbox.wait_for_text(&customer, "Your order ships today", LIMIT).await;
    assert_eq!(sent, format!("Sent to {} as {}\n", customer.chat(), text(&seen["id"])));
    shell.piped(&["send", &customer.chat(), "-", "--session", "shop"], "From a pipe\n").await;
    sandbox.wait_for_text(&customer, "From a pipe", LIMIT).await;

    // The same key sends once.
    let once = ["send", &customer.number, "Only once", "--session", &session.id, "--idempotency-key", "order-1"];
    let first = shell.json(&once).await;
    assert_eq!(shell.json(&once).await["messageId"], first["messageId"]);

    // A follower sees the answer, and another one goes on where it was.
    let mut follower = shell.start(&["events", "--follow", "--after", "0", "--types", "message.received", "--json"]);
    let answer = sandbox.send_text(&customer, &own.chat(), "Thank you!").await;
    let line = follower.says(r#"{"chatId":"#).await;
    let event: Value = serde_json::from_str(&format!(r#"{{"chatId":{line}"#)).expect("one event on one line");
    assert_eq!(
        (event["data"]["id"].as_str(), event["data"]["body"].as_str()),
        (Some(answer.as_str()), Some("Thank you!"))
    );
    let quoted = ["send", &customer.number, "You are welcome", "--reply-to", &answer];
    shell.says(&quoted).await;
    sandbox.wait_for_text(&customer, "You are welcome", LIMIT).await;
    sandbox.send_text(&customer, &own.chat(), "One more").await;
    let after = text(&event["id"]);
    let next = ["events", "-f", "--after", &after, "--types", "message.received", "--limit", "1"];
    let next = shell.says(&next).await;
    assert!(next.contains("shop  message.received") && next.trim_end().ends_with("One more"), "{next}");

    // What the log holds of the session.
    let all = shell.says(&["events", "--types", "message.received,message.sent"]).await;
    let last: Vec<_> = all.lines().map(|it| it.rsplit_once("c.us ").unwrap().1).collect();
    assert_eq!(
        last,
        ["Your order ships today", "From a pipe", "Only once", "Thank you!", "You are welcome", "One more"]
    );
}

#[tokio::test]
async fn files_are_sent_as_they_are() {
    let (shell, _, _, customer) = Shell::with_shop().await;
    let bytes: Vec<u8> = (0..300_000_u32).map(|it| it.wrapping_mul(31) as u8).collect();
    std::fs::write(shell.path("parcel.png"), &bytes).unwrap();
    for (flag, kind) in [("--image", "image"), ("--file", "document"), ("--voice", "voice")] {
        let sent = shell.json(&["send", &customer.number, "Look", flag, "parcel.png"]).await;
        let id = text(&sent["messageId"]);
        let find = |all: &[Value]| all.iter().find(|it| it["id"] == id.as_str()).cloned();
        let seen = shell.sandbox().wait_for(&customer, "the file", LIMIT, find).await;
        assert_eq!(seen["type"], kind, "{flag}");
        assert!(STANDARD.decode(text(&seen["media"]["data"])).unwrap() == bytes, "{flag} arrived as something else");
    }
    let missing = shell.fails(&["send", &customer.number, "--file", "gone.pdf"], 1).await;
    assert!(missing.contains("gone.pdf cannot be read"), "{missing}");
}

#[tokio::test]
async fn every_operation_can_be_called_by_its_name() {
    let (shell, session, own, customer) = Shell::with_shop().await;
    let table = shell.says(&["call"]).await;
    for operation in ["sendText", "listMessages", "createKey"] {
        assert!(table.lines().any(|it| it.starts_with(operation)), "{operation} is missing: {table}");
    }

    // Parameters of the path, the query and the body; the session by its name, or not at all.
    let chat = format!("chatId={}", customer.chat());
    let sent = shell.json(&["call", "sendText", "-p", "sessionId=shop", "-p", &chat, "-p", "text=Called"]).await;
    let seen = shell.sandbox().wait_for_text(&customer, "Called", LIMIT).await;
    assert_eq!(sent["messageId"], seen["id"]);
    let listed = shell.json(&["call", "listMessages", "-p", "limit=1", "-p", "direction=outgoing"]).await;
    assert_eq!(listed["messages"][0]["body"], "Called");
    let body = json!({"chatId": customer.chat(), "text": "From a file"}).to_string();
    std::fs::write(shell.path("body.json"), body).unwrap();
    shell.json(&["call", "sendText", "--body", "@body.json"]).await;
    shell.sandbox().wait_for_text(&customer, "From a file", LIMIT).await;
    assert_eq!(shell.says(&["call", "checkLiveness"]).await, shell.says(&["call", "checkLiveness", "--json"]).await);

    // A file comes as it is.
    let picture: Vec<u8> = (0..70_000_u32).map(|it| it.wrapping_mul(17) as u8).collect();
    let media = json!({"chat": own.chat(), "media": {"mimetype": "image/png", "data": STANDARD.encode(&picture)}});
    let mut events = session.follow(&shell.client()).await;
    let id = text(&shell.sandbox().send(&customer, &media).await["id"]);
    events.wait_for("the picture", LIMIT, |it| it.data["data"]["id"] == id.as_str()).await;
    let message = format!("messageId={id}");
    let download = ["call", "downloadMessageMedia", "-p", &chat, "-p", &message, "--output", "picture.png"];
    assert_eq!(shell.says(&download).await, "");
    assert!(std::fs::read(shell.path("picture.png")).unwrap() == picture, "the file is another");

    // What streams goes on until it is ended.
    let mut stream = shell.start(&["call", "streamEvents", "-p", "after=0", "-p", "types=session.status"]);
    stream.says(r#""status":"ready""#).await;
}
