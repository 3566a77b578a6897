use std::{
    collections::BTreeMap,
    time::{Duration, UNIX_EPOCH},
};

use openwa_client::webhook::{Delivery, Verifier, WebhookError, parse, sign};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    secrets: Vec<String>,
    now: u64,
    tolerance: u64,
    headers: BTreeMap<String, String>,
    body: String,
    result: String,
}

fn vectors() -> Vec<Case> {
    let text = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/sdk/webhook_vectors.json")).unwrap();
    let Vectors { cases } = serde_json::from_slice(&text).unwrap();
    assert!(cases.len() > 30);
    cases
}

#[test]
fn webhook_vectors() {
    for case in vectors() {
        let mut secrets = case.secrets.iter();
        let verifier = Verifier::new(secrets.next().unwrap());
        let verifier =
            secrets.fold(verifier, |it, secret| it.or(secret)).tolerance(Duration::from_secs(case.tolerance));
        let headers = case.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let now = UNIX_EPOCH + Duration::from_secs(case.now);
        let result = match verifier.verify_at(headers, case.body.as_bytes(), now) {
            Ok(()) => "ok",
            Err(WebhookError::Missing) => "missing",
            Err(WebhookError::Malformed { .. }) => "malformed",
            Err(WebhookError::Wrong) => "wrong",
            Err(WebhookError::TooOld) => "too_old",
            Err(WebhookError::TooNew) => "too_new",
            Err(other) => panic!("{}: {other}", case.name),
        };
        assert_eq!(result, case.result, "{}", case.name);
        assert!(!format!("{verifier:?}").contains(case.secrets[0].as_str()) || case.secrets[0].is_empty());
    }
}

#[test]
fn a_good_delivery_is_an_event() {
    let case = vectors().into_iter().find(|it| it.name == "OpenWA: good").unwrap();
    let headers = case.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let delivery = Verifier::new(&case.secrets[0]).parse(headers, case.body.as_bytes()).unwrap();
    assert_eq!((delivery.kind(), delivery.idempotency_key()), ("message.received", "msg_1"));
    assert_eq!(sign(&case.secrets[0], case.body.as_bytes()), case.headers["X-OpenWA-Signature"]);
    let Delivery::MessageReceived(message) = delivery else { panic!("{delivery:?}") };
    assert!(message.data.body.starts_with("Gr\u{fc}\u{df}e"));
}

#[test]
fn unknown_deliveries_are_kept() {
    let delivery = parse(br#"{"event":"weather.changed","sessionId":"s","data":{"sun":true}}"#).unwrap();
    assert_eq!((delivery.kind(), delivery.session_id(), delivery.delivery_id()), ("weather.changed", "s", ""));
    let Delivery::Unrecognized(body) = delivery else { panic!("{delivery:?}") };
    assert_eq!(body["data"]["sun"], true);
    assert!(matches!(parse(b"<html>"), Err(WebhookError::Unreadable(_))));
}
