//! The control API over HTTP.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, StatusCode};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::harness::*;

#[tokio::test]
async fn phones_are_made_listed_and_found() {
    let served = serve(sandbox().await).await;
    let new = json!({"name": "anna", "number": "4915100000001", "script": "auto-read"});
    let anna = served.post("/phones", new.clone()).await;
    assert_eq!(anna["number"], "4915100000001");
    assert_eq!(anna["script"], "auto-read");
    assert_eq!(anna["online"], true);
    assert!(anna["lid"].as_str().unwrap().ends_with("@lid"));
    let (status, body) = served.call(Method::POST, "/phones", Some(new)).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(body["statusCode"], 409);
    assert_eq!(body["error"], "Conflict");

    let (path, bert) = served.phone("bert").await;
    assert_eq!(served.get("/phones").await, json!([bert, anna]));
    assert_eq!(served.get(&path).await, bert);
    let script = json!({"script": "echo"});
    let (_, changed) = served.call(Method::PUT, &format!("{path}/script"), Some(script)).await;
    assert_eq!(changed["script"], "echo");
    assert_eq!(served.post(&format!("{path}/offline"), json!({})).await["online"], false);
    assert_eq!(served.post(&format!("{path}/online"), json!({})).await["online"], true);
    let devices = served.get(&format!("{path}/devices")).await;
    assert_eq!(devices[0]["id"], 0);
    assert_eq!(devices.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_one_phone_sends_the_other_shows() {
    let served = serve(sandbox().await).await;
    let (anna, _) = served.phone("anna").await;
    let (bert, bert_view) = served.phone("bert").await;
    let number = bert_view["number"].as_str().unwrap();
    let messages = format!("{anna}/messages");

    let sent = served.post(&messages, json!({"chat": number, "text": "hello"})).await;
    assert_eq!(sent["chat"], format!("{number}@c.us"));
    assert_eq!(sent["fromMe"], true);
    let seen = served.get(&format!("{bert}/messages?wait=20000")).await;
    assert_eq!(seen[0]["id"], sent["id"]);
    assert_eq!(seen[0]["type"], "text");
    assert_eq!(seen[0]["text"], "hello");
    assert_eq!(seen[0]["fromMe"], false);

    let file = b"not really a picture".as_slice();
    let image = json!({
        "chat": format!("{number}@c.us"),
        "text": "look",
        "media": {"mimetype": "image/png", "data": STANDARD.encode(file)},
        "quoted": sent["id"],
    });
    served.post(&messages, image).await;
    let seen = served.get(&format!("{bert}/messages?after=1&limit=1&wait=20000&media=true")).await;
    assert_eq!(seen.as_array().unwrap().len(), 1);
    assert_eq!(seen[0]["type"], "image");
    assert_eq!(seen[0]["text"], "look");
    assert_eq!(seen[0]["quoted"], sent["id"]);
    assert_eq!(seen[0]["media"]["sizeBytes"], file.len());
    assert_eq!(seen[0]["media"]["sha256"], hex::encode(Sha256::digest(file)));
    assert_eq!(seen[0]["media"]["data"], STANDARD.encode(file));

    let read = json!({"chat": seen[0]["chat"], "messageIds": [sent["id"]]});
    assert_eq!(served.post(&format!("{bert}/read"), read).await["read"], 1);
    let id = sent["id"].as_str().unwrap();
    let message = served.get(&format!("{messages}/{id}?status=read&wait=20000")).await;
    assert_eq!(message["status"], "read");
}

#[tokio::test]
async fn groups_are_made_from_a_phone() {
    let served = serve(sandbox().await).await;
    let (anna, _) = served.phone("anna").await;
    let (bert, bert_view) = served.phone("bert").await;
    let new = json!({"name": "lunch", "participants": [bert_view["number"]]});
    let group = served.post(&format!("{anna}/groups"), new).await;
    assert!(group["id"].as_str().unwrap().ends_with("@g.us"));
    let text = json!({"chat": group["id"], "text": "hello all"});
    served.post(&format!("{anna}/messages"), text).await;
    let seen = served.get(&format!("{bert}/messages?wait=20000")).await;
    assert_eq!(seen[0]["chat"], group["id"]);
    assert_eq!(seen[0]["text"], "hello all");
}

#[tokio::test]
async fn faults_are_switched_on_listed_and_off() {
    let served = serve(sandbox().await).await;
    let (anna, view) = served.phone("anna").await;
    let fault = json!({"kind": "nack-next-sends", "number": view["number"], "code": 479, "count": 1});
    let fault = served.post("/faults", fault).await;
    assert_eq!(served.get("/faults").await, json!([fault]));
    let text = json!({"chat": view["number"], "text": "note"});
    let (status, body) = served.call(Method::POST, &format!("{anna}/messages"), Some(text.clone())).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body["message"].as_str().unwrap().contains("479"));
    assert_eq!(served.get("/faults").await, json!([]));
    served.post(&format!("{anna}/messages"), text).await;

    let delay = served.post("/faults", json!({"kind": "delay-stanzas", "delayMs": 5})).await;
    served.post("/faults", json!({"kind": "ban", "number": view["number"], "code": 101})).await;
    let path = format!("/faults/{}", delay["id"]);
    assert_eq!(served.call(Method::DELETE, &path, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(served.call(Method::DELETE, &path, None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(served.get("/faults").await.as_array().unwrap().len(), 1);
    assert_eq!(served.call(Method::DELETE, "/faults", None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(served.get("/faults").await, json!([]));
}

#[tokio::test]
async fn every_refusal_has_the_same_shape() {
    let served = serve(sandbox().await).await;
    let (anna, view) = served.phone("anna").await;
    let nobody = "/phones/00000000-0000-4000-8000-000000000000";
    let messages = format!("{anna}/messages");
    let number = view["number"].as_str().unwrap();
    let cases = [
        (Method::GET, nobody.to_owned(), None, 404),
        (Method::GET, "/phones/xyz".into(), None, 400),
        (Method::GET, "/nothing/here".into(), None, 404),
        (Method::DELETE, "/phones".into(), None, 405),
        (Method::POST, "/phones".into(), Some(json!({})), 400),
        (Method::POST, "/phones".into(), Some(json!({"name": ""})), 400),
        (Method::POST, "/phones".into(), Some(json!({"name": "x", "extra": 1})), 400),
        (Method::POST, "/phones".into(), Some(json!({"name": "x", "number": "abc"})), 400),
        (Method::POST, "/scan".into(), Some(json!({"qr": "nonsense"})), 400),
        (Method::POST, messages.clone(), Some(json!({"chat": "??", "text": "x"})), 400),
        (Method::POST, messages.clone(), Some(json!({"chat": number})), 400),
        (Method::POST, messages.clone(), Some(json!({"chat": "19995550000", "text": "x"})), 404),
        (
            Method::POST,
            messages.clone(),
            Some(json!({"chat": number, "type": "reaction", "target": "none", "text": "x"})),
            404,
        ),
        (
            Method::POST,
            messages.clone(),
            Some(json!({"chat": number, "media": {"mimetype": "image/png", "data": "!"}})),
            400,
        ),
        (Method::POST, "/faults".into(), Some(json!({"kind": "restrict"})), 400),
        (Method::DELETE, format!("{anna}/devices/7"), None, 404),
        (Method::GET, format!("{messages}?limit=0"), None, 400),
    ];
    for (method, path, body, expected) in cases {
        let (status, answer) = served.call(method, &path, body).await;
        assert_eq!(status.as_u16(), expected, "{path}: {answer}");
        assert_eq!(answer["statusCode"], expected, "{path}: {answer}");
        assert!(answer["message"].is_string(), "{path}: {answer}");
        assert!(answer["error"].is_string(), "{path}: {answer}");
    }
}

#[tokio::test]
async fn the_document_and_the_certificate_are_served() {
    let served = serve(sandbox().await).await;
    let document = served.get("/openapi.json").await;
    for path in ["/phones", "/scan", "/faults", "/phones/{id}/messages"] {
        assert!(document["paths"][path].is_object(), "{path}");
    }
    let pem = served.http.get(format!("{}/sandbox/ca.pem", served.base));
    let pem = pem.send().await.unwrap().text().await.unwrap();
    assert_eq!(pem, served.sandbox.authority_pem());
}

#[tokio::test]
async fn the_tls_listener_serves_the_same_to_who_trusts_the_authority() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let sandbox = sandbox().await;
    let any = ([127, 0, 0, 1], 0).into();
    let listening = sandbox.bind(any, Some(any)).await.unwrap();
    let url = format!("https://{}/sandbox/phones", listening.tls_address().unwrap());
    let stop = tokio_util::sync::CancellationToken::new();
    let serving = tokio::spawn(listening.serve(stop.clone()));
    let authority = reqwest::Certificate::from_pem(sandbox.authority_pem().as_bytes()).unwrap();
    let http = reqwest::Client::builder().tls_certs_only([authority]).build().unwrap();
    let answer = http.get(&url).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "[]");
    let stranger = reqwest::Client::builder().tls_certs_only([]).build().unwrap();
    assert!(stranger.get(&url).send().await.is_err());
    stop.cancel();
    serving.await.unwrap().unwrap();
}
