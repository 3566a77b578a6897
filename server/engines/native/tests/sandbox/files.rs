use std::{io::Cursor, time::SystemTime};

use image::{ImageFormat, RgbImage};
use openwa_model::{
    content::{Media, MessageKind, Outgoing, OutgoingContent},
    engine::ErrorKind,
    files::Files,
    media_types::MediaTypes,
    ops::{DownloadMedia, SendMessage},
};
use openwa_sandbox::{
    fault::Fault,
    phone::message::{Content, MediaKind, Outgoing as Written, OutgoingMedia, Traits},
};

use crate::house::{House, id, jid, received, writes};

fn picture() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    RgbImage::from_pixel(320, 200, image::Rgb([10, 120, 240])).write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

async fn kept(files: &dyn Files, bytes: &[u8], mimetype: &str, name: Option<&str>) -> Media {
    let path = files.spool().await.unwrap();
    tokio::fs::write(&path, bytes).await.unwrap();
    Media {
        mimetype: mimetype.to_owned(),
        filename: name.map(str::to_owned),
        size_bytes: Some(bytes.len() as u64),
        file: Some(files.keep(path).await.unwrap()),
        remote: None,
    }
}

fn written(bytes: Vec<u8>) -> Written {
    Written::Media(OutgoingMedia {
        kind: MediaKind::Image,
        bytes: bytes.into(),
        mimetype: "image/png".into(),
        file_name: None,
        caption: Some("look".into()),
        traits: Traits::default(),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_file_reaches_the_phone_whole() {
    let house = House::open().await;
    let (ada, bob) = (house.phone("Ada").await, house.phone("Bob").await);
    let session = house.linked(&ada).await;
    let large: Vec<u8> = (0..6 * 1024 * 1024_u32).map(|it| it as u8).collect();
    for (number, (kind, bytes, mimetype, name, shown)) in [
        (MessageKind::Image, picture(), "image/png", None, MediaKind::Image),
        (MessageKind::Video, vec![1; 70_000], "video/mp4", None, MediaKind::Video),
        (MessageKind::Audio, vec![2; 100], "audio/mpeg", None, MediaKind::Audio),
        (MessageKind::Voice, vec![3; 100], "audio/ogg; codecs=opus", None, MediaKind::Voice),
        (MessageKind::Document, large, "application/pdf", Some("plan.pdf"), MediaKind::Document),
    ]
    .into_iter()
    .enumerate()
    {
        let media = kept(&*house.files, &bytes, mimetype, name).await;
        let message_id = format!("3EB000000000000000000{number}");
        let outgoing = Outgoing {
            id: id(&message_id),
            chat: jid(&bob),
            content: OutgoingContent::Media { kind, media, caption: Some("see".into()), playback: None },
            quoted: None,
            mentions: vec![],
            marks: Default::default(),
            status: None,
        };
        session.ask(SendMessage(outgoing)).await.unwrap();
        let got = received(&bob, &message_id).await;
        let Content::Media(media) = &got.content else { panic!("{got:?}") };
        assert_eq!((media.kind, &*media.mimetype, media.problem.as_deref()), (shown, mimetype, None));
        assert_eq!(media.file_name.as_deref(), name);
        let has_caption = !matches!(kind, MessageKind::Audio | MessageKind::Voice);
        assert_eq!(media.caption.as_deref(), has_caption.then_some("see"));
        assert_eq!(bob.media_of(&got).await.as_deref(), Some(&*bytes));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incoming_picture_is_there_before_it_is_heard_of() {
    let house = House::open().await;
    let (ada, bob) = (house.phone("Ada").await, house.phone("Bob").await);
    let session = house.linked(&ada).await;
    let bytes = picture();
    let sent = writes(&bob, &jid(&ada), written(bytes.clone()), None).await;
    let heard = session.message(&sent).await;
    assert_eq!((heard.kind, &*heard.body), (MessageKind::Image, "look"));
    let media = heard.media.unwrap();
    assert_eq!((&*media.mimetype, media.size_bytes), ("image/png", Some(bytes.len() as u64)));
    let path = house.files.local(media.file.as_ref().unwrap()).await.unwrap().unwrap();
    assert_eq!(std::fs::read(path).unwrap(), bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_picture_is_fetched_when_asked_for_and_within_bounds() {
    let house = House::open_with(|it| openwa_engine_native::NativeSettings { automatic_media_bytes: 10, ..it }).await;
    let (ada, bob) = (house.phone("Ada").await, house.phone("Bob").await);
    let session = house.linked(&ada).await;
    let bytes = picture();
    let sent = writes(&bob, &jid(&ada), written(bytes.clone()), None).await;
    let media = session.message(&sent).await.media.unwrap();
    assert_eq!(media.file, None);

    let folder = tempfile::tempdir().unwrap();
    let fetch = |max_bytes, name: &str| {
        let into = folder.path().join(name);
        DownloadMedia { media: media.clone(), message: None, into, max_bytes }
    };
    let length = session.ask(fetch(1_000_000, "whole")).await.unwrap();
    assert_eq!(length, bytes.len() as u64);
    assert_eq!(std::fs::read(folder.path().join("whole")).unwrap(), bytes);
    let error = session.ask(fetch(20, "cut")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Media, "{error:?}");

    // What is uploaded from now on is there.
    let before = SystemTime::now();
    house.sandbox.network().faults().add(Fault::ExpireMedia { before }).unwrap();
    let error = session.ask(fetch(1_000_000, "gone")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Media, "{error:?}");
    assert!(error.message.contains("no longer"), "{}", error.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_files_of_permitted_types_are_fetched_by_themselves() {
    let types = MediaTypes::parse("image/jpeg, application/pdf").unwrap();
    let house =
        House::open_with(|it| openwa_engine_native::NativeSettings { automatic_media_types: types, ..it }).await;
    let (ada, bob) = (house.phone("Ada").await, house.phone("Bob").await);
    let session = house.linked(&ada).await;
    let sent = writes(&bob, &jid(&ada), written(picture()), None).await;
    let media = session.message(&sent).await.media.unwrap();
    assert_eq!((media.mimetype.as_str(), media.file), ("image/png", None));
    assert!(media.remote.is_some(), "it can be asked for later");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_cannot_be_fetched_does_not_hold_its_message_back() {
    let house = House::open().await;
    let (ada, bob) = (house.phone("Ada").await, house.phone("Bob").await);
    let session = house.linked(&ada).await;
    let before = SystemTime::now() + std::time::Duration::from_secs(60);
    house.sandbox.network().faults().add(Fault::ExpireMedia { before }).unwrap();
    let sent = writes(&bob, &jid(&ada), written(picture()), None).await;
    let media = session.message(&sent).await.media.unwrap();
    assert_eq!(media.file, None);
    assert!(media.remote.is_some(), "it can be asked for later");
}
