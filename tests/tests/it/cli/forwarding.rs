//! `openwa listen`: what a receiver under development gets.

use openwa_testkit::receiver::{Answer, Receiver};
use serde_json::Value;

use super::shell::Shell;
use crate::story::LIMIT;

const SECRET: &str = "a secret of at least sixteen characters";

#[tokio::test]
async fn events_are_forwarded_as_a_webhook_would_deliver_them() {
    let (shell, session, own, customer) = Shell::with_shop().await;
    let receiver = Receiver::start().await;
    receiver.answer_next([Answer::status(200), Answer::status(500), Answer::hang_up(), Answer::status(204)]);
    let types = "message.received";
    let arguments = ["listen", "--to", &receiver.url(), "--secret", SECRET, "--types", types, "--after", "0"];
    let mut listening = shell.start(&arguments);

    for (text, answered) in [("one", "200"), ("two", "500"), ("three", "no answer"), ("four", "204")] {
        shell.sandbox().send_text(&customer, &own.chat(), text).await;
        let line = listening.says(&format!("shop  message.received  -> {answered}")).await;
        assert!(line.ends_with(&format!("{} {text}", customer.chat())), "{line}");
    }

    let all = receiver.received();
    assert_eq!(all.len(), 4, "each is forwarded once: what the receiver answers is for the developer to see");
    for (delivery, text) in all.iter().zip(["one", "two", "three", "four"]) {
        assert!(delivery.is_signed_with(SECRET), "{:?}", delivery.headers);
        assert_eq!((delivery.method.as_str(), delivery.path.as_str()), ("POST", "/hook"));
        let body = delivery.json();
        assert_eq!((body["event"].as_str(), body["data"]["body"].as_str()), (Some(types), Some(text)));
        assert_eq!((body["sessionId"].as_str(), delivery.event().as_str()), (Some(session.id.as_str()), types));
        assert_eq!(delivery.idempotency_key(), body["idempotencyKey"].as_str().unwrap());
        assert_eq!(delivery.header("x-openwa-delivery-id"), body["deliveryId"].as_str());
    }

    // For programs, and with a secret made for the occasion.
    let arguments =
        ["listen", "--to", &receiver.url(), "--session", "shop", "--types", types, "--after", "0", "--json"];
    let mut listening = shell.start(&arguments);
    let line = listening.says(r#"{"error":null,"#).await;
    let line: Value = serde_json::from_str(&format!("{{{line}")).unwrap();
    assert_eq!((line["event"].as_str(), line["status"].as_u64()), (Some(types), Some(200)));
    let again = receiver.wait_for("a fifth", LIMIT, |all| all.get(4).cloned()).await;
    assert!(again.header("x-openwa-signature").is_some() && !again.is_signed_with(SECRET));
    assert_eq!(again.idempotency_key(), all[0].idempotency_key(), "a receiver can tell what it knows already");
}
