//! Files that come as a form: streamed, bounded, and nothing half-written stays.

use openwa_core::Settings;
use openwa_model::{
    content::{Media, Outgoing, OutgoingContent},
    media_types::MediaTypes,
    ops::Command,
};
use reqwest::{
    Body,
    multipart::{Form, Part},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::house::{ADA, ADMIN, Answer, House, Link, soon};

const MEGABYTE: usize = 1024 * 1024;

async fn sent(link: &mut Link) -> (Outgoing, Media) {
    let Command::SendMessage(it) = soon("a send", link.asked.recv()).await.unwrap() else { panic!("not a send") };
    let OutgoingContent::Media { media, .. } = it.0.content.clone() else { panic!("not a file") };
    (it.0, media)
}

fn picture(bytes: &'static [u8]) -> Part {
    Part::bytes(bytes).file_name("holiday.png").mime_str("image/png").unwrap()
}

fn form() -> Form {
    Form::new().text("chatId", ADA)
}

async fn send(house: &House, id: &str, route: &str, form: Form) -> Answer {
    house.answer(house.request("POST", &format!("/api/sessions/{id}/messages/{route}")).multipart(form)).await
}

#[tokio::test]
async fn a_form_sends_its_file_with_the_fields() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let all = form().text("caption", "look @15550000001").text("mentions", ADA).text("mentions", "15550000003@c.us");
    send(&house, &id, "send-image", all.part("file", picture(b"a picture"))).await.good(201);
    let (outgoing, media) = sent(&mut link).await;
    assert_eq!((media.mimetype.as_str(), media.filename.as_deref()), ("image/png", Some("holiday.png")));
    assert_eq!((media.size_bytes, outgoing.mentions.len()), (Some(9), 2));
    assert_eq!(outgoing.content.body(), "look @15550000001");
    let answer = house.get(&format!("/api/sessions/{id}/messages/{ADA}/{}/media", outgoing.id)).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, "a picture"));

    // Fields go before what the part says; the file may come first; lists may be written as JSON.
    let first = Form::new().part("file", picture(b"%PDF-1.7")).text("chatId", ADA);
    let first = first.text("mimetype", "application/pdf").text("filename", "bill.pdf");
    send(&house, &id, "send-document", first.text("mentions", format!("[\"{ADA}\"]"))).await.good(201);
    let (outgoing, media) = sent(&mut link).await;
    assert_eq!((media.mimetype.as_str(), media.filename.as_deref()), ("application/pdf", Some("bill.pdf")));
    assert_eq!(outgoing.mentions.len(), 1);

    for (route, extra, kind) in
        [("send-video", None, "video"), ("send-audio", None, "audio"), ("send-audio", Some("true"), "voice")]
    {
        let form = extra.into_iter().fold(form(), |form, ptt| form.text("ptt", ptt));
        send(&house, &id, route, form.part("file", Part::bytes(b"x".as_slice()))).await.good(201);
        assert_eq!(sent(&mut link).await.0.content.kind().name(), kind);
    }
    assert_eq!((house.unfinished_files(), house.kept_files()), (0, 5));
}

#[tokio::test]
async fn a_body_may_be_the_file_itself() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let ask = async |route: &str, query: &[(&str, &str)], kind: &str, bytes: Vec<u8>| {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        let request = house.request("POST", &format!("/api/sessions/{id}/messages/{route}?{query}"));
        house.answer(request.header("Content-Type", kind).body(bytes)).await
    };
    let query =
        [("chatId", ADA), ("caption", "look @15550000001"), ("mentions", ADA), ("mentions", "15550000003@c.us")];
    ask("send-image", &query, "image/png", b"a picture".to_vec()).await.good(201);
    let (outgoing, media) = sent(&mut link).await;
    assert_eq!((media.mimetype.as_str(), media.size_bytes), ("image/png", Some(9)));
    assert_eq!((outgoing.content.body(), outgoing.mentions.len()), ("look @15550000001", 2));
    // What says nothing, or what curl says of any file, is looked at; a field goes before either.
    for (kind, more, bytes, mimetype) in [
        ("application/octet-stream", None, b"\x89PNG\r\n\x1a\n".to_vec(), "image/png"),
        ("application/x-www-form-urlencoded", None, b"%PDF-1.7".to_vec(), "application/pdf"),
        ("text/plain", Some(("mimetype", "text/csv")), b"a;b".to_vec(), "text/csv"),
        ("text/plain; charset=utf-8", Some(("filename", "notes.txt")), b"a b".to_vec(), "text/plain; charset=utf-8"),
    ] {
        let query: Vec<_> = [("chatId", ADA)].into_iter().chain(more).collect();
        ask("send-document", &query, kind, bytes).await.good(201);
        let media = sent(&mut link).await.1;
        assert_eq!(media.mimetype, mimetype, "{kind}");
        if more == Some(("filename", "notes.txt")) {
            assert_eq!(media.filename.as_deref(), Some("notes.txt"));
        }
    }
    ask("send-audio", &[("chatId", ADA), ("ptt", "true")], "audio/ogg", b"x".to_vec()).await.good(201);
    assert_eq!(sent(&mut link).await.0.content.kind().name(), "voice");
    assert_eq!((house.unfinished_files(), house.kept_files()), (0, 6));

    for (query, bytes, sentence) in [
        ([("caption", "x")].as_slice(), b"x".to_vec(), "chatId must be a string"),
        (&[("chatId", ADA), ("colour", "red")], b"x".to_vec(), "property colour should not exist"),
        (&[("chatId", ADA), ("url", "https://example.org/a.png")], b"x".to_vec(), "property url should not exist"),
        (&[("chatId", ADA), ("chatId", ADA)], b"x".to_vec(), "chatId must be given once"),
        (&[("chatId", ADA), ("quotedMessageId", "3EB0FF")], b"x".to_vec(), "Quoted message not found in this chat"),
        (&[("chatId", ADA)], Vec::new(), "The media file is empty"),
    ] {
        assert_eq!(ask("send-image", query, "image/png", bytes).await.failed(400), sentence);
    }
    // JSON is JSON, and without a query a body is not taken for a file.
    let query = [("chatId", ADA)];
    let json = ask("send-document", &query, "application/json", b"{}".to_vec()).await;
    assert_eq!(json.failed(400), "property chatId should not exist");
    assert_eq!(ask("send-document", &[], "image/png", b"x".to_vec()).await.failed(400), "chatId must be a string");
    ask("send-document", &[], "text/plain", b"x".to_vec()).await.failed(415);
    ask("send-text", &query, "text/plain", b"x".to_vec()).await.failed(400);
    assert_eq!((house.unfinished_files(), house.kept_files()), (0, 6));
}

#[tokio::test]
async fn base64_in_json_is_read_in_every_spelling_and_faults_are_told_as_ever() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/messages/send-image");
    let ask = async |body: String| {
        house.answer(house.request("POST", &path).header("Content-Type", "application/json").body(body)).await
    };
    // Slashes as PHP writes them, plus signs as .NET does, and a field behind the file.
    let body = format!(r#"{{"base64":"data:image\/png;base64,+\/\u002b\/","mimetype":"image/png","chatId":"{ADA}"}}"#);
    let answer = ask(body).await.good(201);
    assert_eq!(sent(&mut link).await.1.size_bytes, Some(3));
    let stored = format!("/api/sessions/{id}/messages/{ADA}/{}/media", answer["messageId"].as_str().unwrap());
    house.get(&stored).await;
    let large = "QUJD".repeat(500_000);
    ask(format!(r#"{{"chatId":"{ADA}","mimetype":"image/png","base64":"{large}"}}"#)).await.failed(413);

    for (body, status, sentence) in [
        (
            r#"{"base64":"!","mimetype":"image/png","chatId":"ada"}"#,
            400,
            r"chatId must match /^[^\s@]+@[^\s@]+$/ regular expression",
        ),
        (r#"{"base64":"!","mimetype":"image/png","chatId":"1@c.us"}"#, 400, "base64 must be base64 encoded"),
        (r#"{"base64":"AAAA","chatId":"1@c.us"}"#, 400, "mimetype is required when base64 is provided"),
        (
            r#"{"base64":"AAAA","url":"https://example.org/a","chatId":"1@c.us"}"#,
            400,
            "Exactly one of url or base64 must be provided",
        ),
        (
            r#"{"base64":"AAAA","base64":"AAAA","mimetype":"image/png","chatId":"1@c.us"}"#,
            400,
            "base64 must be given once",
        ),
        (r#"{"base64":5,"chatId":"1@c.us"}"#, 400, "base64 must be a string"),
        (r#"{"base64":"","mimetype":"image/png","chatId":"1@c.us"}"#, 400, "The media file is empty"),
    ] {
        assert_eq!(ask(body.to_owned()).await.failed(status), sentence, "{body}");
    }
    assert!(ask(r#"{"base64":"AAAA"#.to_owned()).await.failed(400).starts_with("the body is not valid JSON"));
    assert!(link.asked.try_recv().is_err(), "nothing was sent");
    assert_eq!((house.unfinished_files(), house.kept_files()), (0, 1));
}

#[tokio::test]
async fn a_body_that_is_a_file_is_bounded_as_files_are_and_takes_effect_once() {
    let house = House::open_for_files(100_000).await;
    let (id, mut link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/messages/send-document?chatId={ADA}");
    let ask = async |length: usize, fill: u8| {
        let request = house.request("POST", &path).header("Content-Type", "application/pdf");
        house.answer(request.header("Idempotency-Key", "key-1").body(vec![fill; length])).await
    };
    for length in [100_001, 9_000_000] {
        let answer = ask(length, 7).await;
        answer.failed(413);
        assert_eq!(answer.body["code"], "MEDIA_TOO_LARGE", "{length} bytes");
    }
    assert_eq!((house.unfinished_files(), house.kept_files()), (0, 0));
    let first = ask(100_000, 7).await.good(201);
    sent(&mut link).await;
    let again = ask(100_000, 7).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.good(201), first);
    ask(100_000, 8).await.failed(422);
    assert!(link.asked.try_recv().is_err(), "nothing was sent again");
    assert_eq!((house.unfinished_files(), house.kept_files()), (0, 1));
}

#[tokio::test]
async fn a_form_that_does_not_read_is_refused_and_leaves_nothing() {
    let house = House::open().await;
    let (id, _link) = house.ready("main").await;
    let file = || picture(b"a picture");
    for (form, sentence) in [
        (form(), "file is missing: the form needs a part of this name that holds the file"),
        (form().part("file", file()).part("file", file()), "file must be given once"),
        (form().part("file", file()).text("colour", "red"), "property colour should not exist"),
        (form().part("file", file()).text("url", "https://example.org/a.png"), "property url should not exist"),
        (form().part("file", file()).text("chatId", ADA), "chatId must be given once"),
        (Form::new().part("file", file()), "chatId must be a string"),
        (
            Form::new().part("file", file()).text("chatId", "ada"),
            r"chatId must match /^[^\s@]+@[^\s@]+$/ regular expression",
        ),
        (form().part("file", file()).text("caption", "a\0b"), "NUL characters are not allowed"),
        (form().part("file", file()).part("caption", Part::bytes(b"\xff".as_slice())), "caption must be UTF-8"),
        (form().part("file", file()).text("caption", "x".repeat(70_000)), "caption must be no longer than 65536 bytes"),
        (
            form().part("file", file()).text("x".repeat(2 * MEGABYTE), "x"),
            "the form could not be read: the head of a part is too long",
        ),
        (
            (0..300).fold(form().part("file", file()), |form, _| form.text("mentions", ADA)),
            "the form has more than 300 parts",
        ),
        (form().part("file", Part::bytes(b"".as_slice())), "The media file is empty"),
        (form().part("file", file()).text("quotedMessageId", "3EB0FF"), "Message not found"),
    ] {
        let answer = send(&house, &id, "send-image", form).await;
        if sentence == "Message not found" {
            answer.failed(400);
        } else {
            assert_eq!(answer.failed(400), sentence);
        }
        assert_eq!((house.unfinished_files(), house.kept_files()), (0, 0), "{sentence}");
    }
    let audio = form().part("file", file()).text("ptt", "perhaps");
    assert_eq!(send(&house, &id, "send-audio", audio).await.failed(400), "ptt must be a boolean value");
    let unbounded = house.request("POST", &format!("/api/sessions/{id}/messages/send-image"));
    let answer = house.answer(unbounded.header("Content-Type", "multipart/form-data").body("x")).await;
    assert_eq!(answer.failed(400), "the form has no boundary");
    // Other operations take no forms.
    assert_eq!(
        send(&house, &id, "send-text", form()).await.failed(415).split(' ').next(),
        Some("'multipart/form-data'")
    );
    assert_eq!((house.unfinished_files(), house.kept_files()), (0, 0));
}

#[tokio::test]
async fn a_file_that_is_too_large_is_refused_before_or_while_it_comes() {
    let house = House::open_for_files(100_000).await;
    let (id, mut link) = house.ready("main").await;
    let of = |bytes: usize| form().part("file", Part::bytes(vec![7; bytes]));
    send(&house, &id, "send-document", of(100_000)).await.good(201);
    assert_eq!(sent(&mut link).await.1.size_bytes, Some(100_000));
    // More than that stops at the byte that is one too many.
    let answer = send(&house, &id, "send-document", of(100_001)).await;
    answer.failed(413);
    assert_eq!(answer.body["code"], "MEDIA_TOO_LARGE");
    assert_eq!((house.unfinished_files(), house.kept_files()), (0, 1));
    // What announces more than any form needs is not read at all.
    let head = format!(
        "POST /api/sessions/{id}/messages/send-image HTTP/1.1\r\nHost: x\r\nX-API-Key: {ADMIN}\r\n\
         Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000000\r\nConnection: close\r\n\r\n"
    );
    let mut socket = TcpStream::connect(house.base.strip_prefix("http://").unwrap()).await.unwrap();
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    soon("an answer", socket.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("MEDIA_TOO_LARGE"), "{answer}");
}

#[tokio::test]
async fn only_permitted_types_are_sent() {
    let types = MediaTypes::parse("image/*").unwrap();
    let house = House::open_behaving(Settings { media_types: types, ..Settings::default() }).await;
    let (id, mut link) = house.ready("main").await;
    send(&house, &id, "send-image", form().part("file", picture(b"a picture"))).await.good(201);
    sent(&mut link).await;
    let page = Part::bytes(b"<script>".as_slice()).mime_str("text/html").unwrap();
    let answer = send(&house, &id, "send-document", form().part("file", page)).await;
    assert!(answer.failed(415).starts_with("Files of type 'text/html' are not taken here"), "{}", answer.text);
    assert_eq!(answer.body["code"], "MEDIA_TYPE_NOT_ALLOWED");
    assert!(link.asked.try_recv().is_err(), "nothing was sent");
    assert_eq!((house.unfinished_files(), house.kept_files()), (0, 1));
}

#[tokio::test]
async fn who_still_sends_what_is_refused_gets_to_see_why() {
    let house = House::open_for_files(100_000).await;
    let (id, _link) = house.ready("main").await;
    // More than the sockets between hold, announced and not; refused at once, while reading, and for another reason.
    for megabytes in [1, 2, 40] {
        let file = Part::bytes(vec![7; megabytes * MEGABYTE]);
        let answer = send(&house, &id, "send-document", form().part("file", file)).await;
        answer.failed(413);
        assert_eq!(answer.body["code"], "MEDIA_TOO_LARGE", "{megabytes} MiB");
    }
    let pieces = (0..640).map(|_| Ok::<_, std::io::Error>(vec![7; 64 * 1024]));
    let unmeasured = Part::stream(Body::wrap_stream(futures_util::stream::iter(pieces)));
    send(&house, &id, "send-document", form().part("file", unmeasured)).await.failed(413);
    let request = house.bare("POST", &format!("/api/sessions/{id}/messages/send-document"));
    let form = form().part("file", Part::bytes(vec![7; 20 * MEGABYTE]));
    house.answer(request.header("X-API-Key", "wrong").multipart(form)).await.failed(413);
    assert_eq!((house.unfinished_files(), house.kept_files()), (0, 0));
}

#[tokio::test]
async fn a_form_may_be_larger_than_any_other_body() {
    let house = House::open_with(|settings| settings.body_limit = 10_000).await;
    let (id, mut link) = house.ready("main").await;
    let form = form().part("file", Part::bytes(vec![7; 900_000]));
    send(&house, &id, "send-document", form).await.good(201);
    assert_eq!(sent(&mut link).await.1.size_bytes, Some(900_000));
}

#[tokio::test]
async fn a_form_that_breaks_off_leaves_nothing() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let begin = format!(
        "--b\r\nContent-Disposition: form-data; name=\"chatId\"\r\n\r\n{ADA}\r\n\
         --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n{}",
        "x".repeat(200_000)
    );
    let head = |length: usize| {
        format!(
            "POST /api/sessions/{id}/messages/send-document HTTP/1.1\r\nHost: x\r\nX-API-Key: {ADMIN}\r\n\
             Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        )
    };
    let address = house.base.strip_prefix("http://").unwrap();
    // The whole body comes, but its end is missing.
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(format!("{}{begin}", head(begin.len())).as_bytes()).await.unwrap();
    let mut answer = String::new();
    soon("an answer", socket.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert_eq!(house.unfinished_files(), 0);
    // The connection ends in the middle of the file.
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(format!("{}{begin}", head(begin.len() + 1000)).as_bytes()).await.unwrap();
    soon("the file is begun", async {
        while house.unfinished_files() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    drop(socket);
    soon("the file is removed", async {
        while house.unfinished_files() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(house.kept_files(), 0);
    assert!(link.asked.try_recv().is_err(), "nothing was sent");
}

#[tokio::test]
async fn a_form_with_a_key_takes_effect_once() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let ask = async |caption: &str, bytes: &'static [u8]| {
        let form = form().text("caption", caption.to_owned()).part("file", picture(bytes));
        let request = house.request("POST", &format!("/api/sessions/{id}/messages/send-image"));
        house.answer(request.header("Idempotency-Key", "key-1").multipart(form)).await
    };
    let first = ask("look", b"a picture").await.good(201);
    sent(&mut link).await;
    // Each form has another boundary; what counts is what it says.
    let again = ask("look", b"a picture").await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.good(201), first);
    for (caption, bytes) in [("look", b"another picture".as_slice()), ("look!", b"a picture")] {
        let other = ask(caption, bytes).await;
        other.failed(422);
    }
    assert!(link.asked.try_recv().is_err(), "nothing was sent again");
    assert_eq!((house.unfinished_files(), house.kept_files()), (0, 1));
}
