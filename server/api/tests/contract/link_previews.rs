//! The cards of links: fetched, given, left out. Contract §1.2.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use openwa_core::{Settings, guard::NetworkPolicy};
use openwa_model::{
    content::{LinkPreview, OutgoingContent},
    ops::Command,
};
use serde_json::json;

use crate::{
    house::{ADA, House, Link, soon},
    pages::Pages,
};

/// A red and a blue pixel, as a PNG.
const PICTURE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAADUlEQVR4nGP4zwAE/wEHAAH/4iOeWQAAAABJRU5ErkJggg==";

async fn sent(link: &mut Link) -> (String, Option<LinkPreview>) {
    let Command::SendMessage(it) = soon("a send", link.asked.recv()).await.unwrap() else { panic!("not a send") };
    let OutgoingContent::Text { body, preview } = it.0.content else { panic!("not a text") };
    (body, preview)
}

async fn open_to_this_machine(link_preview_timeout: Duration) -> House {
    let network = NetworkPolicy::default().with_loopback();
    House::open_behaving(Settings { network, link_preview_timeout, ..Settings::default() }).await
}

#[tokio::test]
async fn a_link_shows_what_its_page_says() {
    let picture = BASE64_STANDARD.decode(PICTURE).unwrap();
    let html = "200 OK\r\nContent-Type: text/html; charset=utf-8";
    let pages = Pages::serve(&[
        (
            "/tea",
            html,
            b"<title>x</title><meta property=og:title content='Tea &amp; more'>\
              <meta property=og:description content='All of it'><meta property=og:image content='/tea.png'>",
        ),
        ("/tea.png", "200 OK\r\nContent-Type: image/png", &picture),
        ("/moved", "302 Found\r\nLocation: /tea", b""),
        ("/plain", html, b"<title>Plain</title><meta property=og:image content=/gone.png>"),
        ("/gone.png", "404 Not Found", b""),
        ("/untitled", html, b"<p>nothing</p>"),
        ("/file", "200 OK\r\nContent-Type: application/pdf", b"<title>no page</title>"),
        ("/missing", "404 Not Found\r\nContent-Type: text/html", b"<title>Not found</title>"),
        ("/inside", "302 Found\r\nLocation: http://169.254.169.254/latest", b""),
    ])
    .await;
    let house = open_to_this_machine(Duration::from_secs(30)).await;
    let (id, mut link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/messages/send-text");
    for (page, title, description, has_picture) in [
        ("/tea", Some("Tea & more"), Some("All of it"), true),
        ("/moved", Some("Tea & more"), Some("All of it"), true),
        ("/plain", Some("Plain"), None, false),
        ("/untitled", None, None, false),
        ("/file", None, None, false),
        ("/missing", None, None, false),
        ("/inside", None, None, false),
    ] {
        let text = format!("Look: {}.", pages.url(page));
        house.post(&path, json!({"chatId": ADA, "text": text})).await.good(201);
        let (body, preview) = sent(&mut link).await;
        assert_eq!(body, text);
        assert_eq!(preview.as_ref().map(|it| it.title.as_str()), title, "{page}");
        if let Some(preview) = preview {
            assert_eq!(preview.link, pages.url(page), "{page}");
            assert_eq!(preview.description.as_deref(), description, "{page}");
            let jpeg = preview.thumbnail.map(|it| it.starts_with(b"\xff\xd8\xff"));
            assert_eq!(jpeg, has_picture.then_some(true), "{page}");
        }
    }

    // Nothing is asked for where nothing is wanted, and where there is no link.
    let before = pages.asked().len();
    let silent = json!({"chatId": ADA, "text": pages.url("/tea"), "linkPreview": false});
    house.post(&path, silent).await.good(201);
    assert_eq!(sent(&mut link).await.1, None);
    house.post(&path, json!({"chatId": ADA, "text": "no link"})).await.good(201);
    assert_eq!(sent(&mut link).await.1, None);
    let template = json!({"name": "tea", "body": "{{link}}"});
    house.post(&format!("/api/sessions/{id}/templates"), template).await.good(201);
    let mut body =
        json!({"chatId": ADA, "templateName": "tea", "vars": {"link": pages.url("/tea")}, "linkPreview": false});
    let from_template = format!("/api/sessions/{id}/messages/send-template");
    house.post(&from_template, body.clone()).await.good(201);
    assert_eq!(sent(&mut link).await.1, None);
    assert_eq!(pages.asked().len(), before);
    body["linkPreview"] = json!(true);
    house.post(&from_template, body).await.good(201);
    assert_eq!(sent(&mut link).await.1.map(|it| it.title).as_deref(), Some("Tea & more"));
}

#[tokio::test]
async fn a_page_that_does_not_answer_holds_nothing_up_for_long() {
    let pages = Pages::serve(&[]).await;
    let house = open_to_this_machine(Duration::from_millis(300)).await;
    let (id, mut link) = house.ready("main").await;
    let body = json!({"chatId": ADA, "text": pages.url("/never")});
    house.post(&format!("/api/sessions/{id}/messages/send-text"), body).await.good(201);
    assert_eq!(sent(&mut link).await.1, None);
}

#[tokio::test]
async fn private_pages_are_not_looked_at() {
    let pages = Pages::serve(&[("/", "200 OK\r\nContent-Type: text/html", b"<title>Inside</title>")]).await;
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    for url in [pages.url("/"), pages.url("/").replace("127.0.0.1", "localhost")] {
        let body = json!({"chatId": ADA, "text": url});
        house.post(&format!("/api/sessions/{id}/messages/send-text"), body).await.good(201);
        assert_eq!(sent(&mut link).await, (url, None));
    }
    assert_eq!(pages.asked(), [""; 0]);
}

#[tokio::test]
async fn a_preview_may_be_given() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/messages/send-text");
    let custom = json!({"url": "https://example.org/launch", "title": "We just launched", "description": "Read on."});
    let text = "See https://example.org/launch!";
    house.post(&path, json!({"chatId": ADA, "text": text, "customLinkPreview": custom})).await.good(201);
    let expected = LinkPreview {
        link: "https://example.org/launch".to_owned(),
        title: "We just launched".to_owned(),
        description: Some("Read on.".to_owned()),
        thumbnail: None,
    };
    assert_eq!(sent(&mut link).await, (text.to_owned(), Some(expected)));

    for (body, sentence) in [
        (
            json!({"linkPreview": false, "customLinkPreview": custom}),
            "linkPreview: false cannot be combined with customLinkPreview",
        ),
        (
            json!({"customLinkPreview": {"url": "javascript:alert(1)", "title": "x"}}),
            "customLinkPreview.url must start with http:// or https://",
        ),
        (
            json!({"customLinkPreview": {"url": "https://example.org/launch"}}),
            "customLinkPreview.title must be a string",
        ),
        (
            json!({"customLinkPreview": {"url": "https://example.org/launch", "title": ""}}),
            "customLinkPreview.title should not be empty",
        ),
    ] {
        let mut body = body;
        body["chatId"] = json!(ADA);
        body["text"] = json!(text);
        assert_eq!(house.post(&path, body).await.failed(400), sentence);
    }
    assert!(link.asked.try_recv().is_err(), "nothing was sent");
}
