//! Statuses, section 1.5 of the contract: posted, listed, fetched, taken back.

use openwa_model::{
    Timestamp,
    content::{Detail, StatusPost},
    engine::Signal,
    jid::Jid,
    ops::Command,
};
use serde_json::{Value, json};

use crate::{
    described::check_event,
    house::{ADA, House, Link, text_from},
};

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";
/// The beginning of an Ogg file with Opus.
const VOICE: &str = "T2dnUwAAAAAAAAAAAAAAAAAAAAAAAAAAAAABE09wdXNIZWFkAQEAAAAAAAAAAAA=";
/// A red and a blue pixel, as a PNG.
const PICTURE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAAD0lEQVR4nGP4z8DAwPAfAAcAAf+qQlqJAAAAAElFTkSuQmCC";

/// Ada posts a text, now or a while ago.
async fn posts(link: &Link, id: &str, body: &str, seconds_ago: i64) {
    let mut message = text_from(ADA, id, body);
    message.chat = Jid::status();
    message.timestamp = Timestamp::from_second(Timestamp::now().as_second() - seconds_ago).unwrap();
    let post = StatusPost { recipients: vec![], background: Some(0xFF1E_6E4F), font: Some(2) };
    message.detail = Some(Detail::Status(post));
    link.say(vec![Signal::Message(Box::new(message))]).await;
}

async fn listed(house: &House, session: &str, of: &str) -> Vec<Value> {
    let list = house.get(&format!("/api/sessions/{session}/status{of}")).await.good(200);
    list["statuses"].as_array().unwrap().clone()
}

#[tokio::test]
async fn what_others_posted_is_kept_for_a_day() {
    let house = House::open().await;
    let (id, link) = house.ready("main").await;
    posts(&link, "3EB0A1", "yesterday", 25 * 60 * 60).await;
    posts(&link, "3EB0A2", "this morning", 60 * 60).await;
    posts(&link, "3EB0A3", "now", 0).await;
    link.receive("3EB0A4", "no status at all").await;
    let all = listed(&house, &id, "").await;
    let texts: Vec<_> = all.iter().map(|it| it["caption"].as_str().unwrap()).collect();
    assert_eq!(texts, ["now", "this morning"]);
    assert_eq!(all[0]["contact"], json!({"id": ADA, "pushName": "Ada"}));
    assert_eq!(
        (&all[0]["type"], &all[0]["backgroundColor"], &all[0]["font"]),
        (&json!("text"), &json!("#1E6E4F"), &json!(2))
    );
    let moment = |name: &str| all[0][name].as_str().unwrap().parse::<Timestamp>().unwrap().as_second();
    assert_eq!(moment("expiresAt") - moment("timestamp"), 24 * 60 * 60);
    assert_eq!(listed(&house, &id, &format!("/{ADA}")).await, all);
    assert_eq!(listed(&house, &id, "/15550000002@c.us").await, Vec::<Value>::new());

    let events = house.get(&format!("/api/sessions/{id}/events?types=status.received")).await.good(200);
    let data = &events["events"][2]["data"];
    check_event("status.received", data);
    assert_eq!((&data["statusId"], &data["caption"]), (&json!("3EB0A3"), &json!("now")), "{data}");
    let days = data["expiresAt"].as_i64().unwrap() - data["postedAt"].as_i64().unwrap();
    assert_eq!(days, 24 * 60 * 60 * 1_000);
    let events = house.get(&format!("/api/sessions/{id}/events?types=message.received")).await.good(200);
    let data = &events["events"][2]["data"];
    check_event("message.received", data);
    assert_eq!((&data["isStatusBroadcast"], &data["backgroundColor"]), (&json!(true), &json!("#1E6E4F")), "{data}");
    for gone in ["3EB0A1", "3EB0FF", "3EB0A4"] {
        let answer = house.get(&format!("/api/sessions/{id}/status/{gone}/media")).await;
        assert_eq!(answer.failed(404), "Status not found", "{gone}");
    }
    let no_file = house.get(&format!("/api/sessions/{id}/status/3EB0A3/media")).await;
    assert_eq!(no_file.failed(404), "No media stored for this message");
    let theirs = house.delete(&format!("/api/sessions/{id}/status/3EB0A3")).await;
    assert_eq!(theirs.failed(400), "Only own statuses can be deleted");
}

#[tokio::test]
async fn an_own_status_is_posted_to_its_recipients_and_taken_back_from_them() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let base = format!("/api/sessions/{id}/status");
    let file = json!({"base64": PICTURE, "mimetype": "image/png"});
    let people = json!([ADA, "15550000002@c.us", ADA]);
    for (path, body, kind) in [
        ("send-text", json!({"text": "Open", "backgroundColor": "#00ff00", "font": 8, "recipients": people}), "text"),
        ("send-image", json!({"image": file, "caption": "New", "recipients": people}), "image"),
        ("send-video", json!({"video": file, "recipients": people}), "video"),
        ("send-voice", json!({"audio": {"base64": VOICE}, "recipients": people}), "voice"),
    ] {
        let posted = house.post(&format!("{base}/{path}"), body).await;
        if path == "send-voice" {
            // Base64 without a type is refused for every other file.
            assert_eq!(posted.status, 201, "{}", posted.text);
        }
        let posted = posted.good(201);
        let Some(Command::SendMessage(sent)) = link.asked.recv().await else { panic!("{path}: nothing was sent") };
        assert_eq!(posted["statusId"], json!(sent.0.id.as_str()));
        assert_eq!(sent.0.chat, Jid::status());
        let post = sent.0.status.unwrap();
        let recipients: Vec<_> = post.recipients.iter().map(Jid::to_string).collect();
        assert_eq!(recipients, [ADA, "15550000002@c.us"], "each once");
        let own = listed(&house, &id, "/15550000009@c.us").await;
        assert_eq!((&own[0]["id"], &own[0]["type"]), (&posted["statusId"], &json!(kind)));
        if kind == "text" {
            assert_eq!((post.background, post.font), (Some(0xFF00_FF00), Some(8)));
            assert_eq!(own[0]["backgroundColor"], "#00FF00");
        } else {
            let media = house.get(own[0]["mediaUrl"].as_str().unwrap()).await;
            assert_eq!(media.status, 200, "{}", media.text);
        }
        let status = posted["statusId"].as_str().unwrap();
        let deleted = house.delete(&format!("{base}/{status}")).await.good(200);
        assert_eq!(deleted, json!({"message": "Status deleted successfully"}));
        let Some(Command::DeleteStatus(gone)) = link.asked.recv().await else { panic!("{path}: it was not deleted") };
        assert_eq!((gone.id.as_str(), gone.recipients.len()), (status, 2));
        assert_eq!(listed(&house, &id, "/15550000009@c.us").await, Vec::<Value>::new());
        house.delete(&format!("{base}/{status}")).await.failed(404);
    }
    assert_eq!(house.kept_files(), 0, "what is deleted is deleted");
    assert_eq!(listed(&house, &id, "").await, Vec::<Value>::new(), "own ones are not others'");
    let events = house.get(&format!("/api/sessions/{id}/events?types=message.sent")).await.good(200);
    assert!(!events.to_string().contains("recipients"), "whom it is shown to is told nobody");
}

#[tokio::test]
async fn what_does_not_read_is_refused() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let file = json!({"base64": PICTURE, "mimetype": "image/png"});
    for (path, body) in [
        ("send-text", json!({"text": "", "recipients": [ADA]})),
        ("send-text", json!({"text": "hi"})),
        ("send-text", json!({"text": "hi", "recipients": []})),
        ("send-text", json!({"text": "hi", "recipients": ["120363000000000001@g.us"]})),
        ("send-text", json!({"text": "hi", "recipients": [ADA], "font": 3})),
        ("send-text", json!({"text": "hi", "recipients": [ADA], "backgroundColor": "green"})),
        ("send-image", json!({"recipients": [ADA]})),
        ("send-image", json!({"image": {"base64": PICTURE}, "recipients": [ADA]})),
        ("send-image", json!({"image": file})),
        ("send-video", json!({"video": {"colour": "red"}, "recipients": [ADA]})),
        ("send-voice", json!({"audio": {}, "recipients": [ADA]})),
    ] {
        house.post(&format!("/api/sessions/{id}/status/{path}"), body.clone()).await.failed(400);
    }
    house.get(&format!("/api/sessions/{id}/status/ada")).await.failed(400);
    assert!(link.asked.try_recv().is_err(), "WhatsApp was asked all the same");
    for (method, path, body) in [
        ("GET", "", json!({})),
        ("GET", "/15550000001@c.us", json!({})),
        ("GET", "/3EB0AA/media", json!({})),
        ("DELETE", "/3EB0AA", json!({})),
        ("POST", "/send-text", json!({"text": "hi", "recipients": [ADA]})),
        ("POST", "/send-image", json!({"image": file, "recipients": [ADA]})),
        ("POST", "/send-video", json!({"video": file, "recipients": [ADA]})),
        ("POST", "/send-voice", json!({"audio": file, "recipients": [ADA]})),
    ] {
        let request = house.request(method, &format!("/api/sessions/{NOBODY}/status{path}")).json(&body);
        house.answer(request).await.failed(404);
    }
    assert_eq!(house.kept_files(), 0, "nothing stays of what was refused");
}
