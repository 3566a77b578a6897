//! Two phones write to each other.

use bytes::Bytes;
use openwa_sandbox::fault::Fault;
use openwa_sandbox::phone::message::{
    Contact, Content, Draft, Location, MediaKind, Outgoing, OutgoingMedia, Poll, Status, Traits,
};
use openwa_sandbox::phone::{Chat, PhoneError, Script};

use crate::harness::*;

#[tokio::test]
async fn a_text_arrives_is_delivered_and_read() {
    let sandbox = sandbox().await;
    let (anna, bert) = (phone(&sandbox, "anna").await, phone(&sandbox, "bert").await);

    let sent = anna.send(text(chat_with(&bert), "hello bert")).await.unwrap();
    assert!(sent.status >= Status::Sent);
    let received = first(&bert).await;
    assert_text(&received, "hello bert");
    assert_eq!(received.id, sent.id);
    assert_eq!(received.chat, chat_with(&anna));
    assert_eq!(received.from, chat_with(&anna));
    assert!(!received.from_me);
    assert_eq!(received.sender_name.as_deref(), Some("anna"));
    reaches(&anna, &sent.id, Status::Delivered).await;

    assert_eq!(bert.mark_read(chat_with(&anna), None).await.unwrap(), 1);
    reaches(&anna, &sent.id, Status::Read).await;
    assert_eq!(bert.mark_read(chat_with(&anna), None).await.unwrap(), 0);

    // And back, over the session that now exists both ways.
    let answer = bert.send(text(chat_with(&anna), "hello anna")).await.unwrap();
    let received = next(&anna, sent.sequence).await;
    assert_text(&received, "hello anna");
    assert_eq!(received.id, answer.id);
    drained(&anna).await;
    drained(&bert).await;
}

#[tokio::test]
async fn many_texts_arrive_in_order() {
    let sandbox = sandbox().await;
    let (anna, bert) = (phone(&sandbox, "anna").await, phone(&sandbox, "bert").await);
    for number in 0..100 {
        anna.send(text(chat_with(&bert), &number.to_string())).await.unwrap();
    }
    let mut after = 0;
    for number in 0..100 {
        let received = next(&bert, after).await;
        assert_text(&received, &number.to_string());
        after = received.sequence;
    }
}

#[tokio::test]
async fn an_image_travels_encrypted_and_arrives_whole() {
    let sandbox = sandbox().await;
    let (anna, bert) = (phone(&sandbox, "anna").await, phone(&sandbox, "bert").await);
    let bytes = Bytes::from(vec![7u8; 100_000]);
    let image = OutgoingMedia {
        kind: MediaKind::Image,
        bytes: bytes.clone(),
        mimetype: "image/png".into(),
        file_name: None,
        caption: Some("sevens".into()),
        traits: Traits::default(),
    };
    anna.send(draft(chat_with(&bert), Outgoing::Media(image))).await.unwrap();
    let received = first(&bert).await;
    let Content::Media(media) = &received.content else {
        panic!("no media: {received:?}");
    };
    assert_eq!(media.problem, None);
    assert_eq!(media.kind, MediaKind::Image);
    assert_eq!(media.mimetype, "image/png");
    assert_eq!(media.caption.as_deref(), Some("sevens"));
    assert_eq!(media.size_bytes, 100_000);
    assert_eq!(bert.media_of(&received).await, Some(bytes));
}

#[tokio::test]
async fn every_kind_of_media_keeps_its_kind_and_names() {
    let sandbox = sandbox().await;
    let (anna, bert) = (phone(&sandbox, "anna").await, phone(&sandbox, "bert").await);
    let mut after = 0;
    for (kind, mimetype) in [
        (MediaKind::Video, "video/mp4"),
        (MediaKind::Audio, "audio/mpeg"),
        (MediaKind::Voice, "audio/ogg; codecs=opus"),
        (MediaKind::Document, "application/pdf"),
        (MediaKind::Sticker, "image/webp"),
    ] {
        let named = kind == MediaKind::Document;
        let media = OutgoingMedia {
            kind,
            bytes: Bytes::from_static(b"the file"),
            mimetype: mimetype.into(),
            file_name: named.then(|| "paper.pdf".into()),
            caption: named.then(|| "read this".into()),
            traits: Traits::default(),
        };
        anna.send(draft(chat_with(&bert), Outgoing::Media(media))).await.unwrap();
        let received = next(&bert, after).await;
        after = received.sequence;
        let Content::Media(media) = received.content else {
            panic!("no media: {received:?}");
        };
        assert_eq!((media.kind, media.mimetype.as_str()), (kind, mimetype));
        assert_eq!(media.problem, None);
        assert_eq!(media.file_name.as_deref(), named.then_some("paper.pdf"));
        assert_eq!(media.caption.as_deref(), named.then_some("read this"));
    }
}

#[tokio::test]
async fn a_message_is_answered_reacted_to_edited_and_revoked() {
    let sandbox = sandbox().await;
    let (anna, bert) = (phone(&sandbox, "anna").await, phone(&sandbox, "bert").await);
    let sent = anna.send(text(chat_with(&bert), "lunch?")).await.unwrap();
    first(&bert).await;

    let reply = Draft { quoted: Some(sent.id.clone()), ..text(chat_with(&anna), "gladly") };
    let reply = bert.send(reply).await.unwrap();
    let received = next(&anna, sent.sequence).await;
    assert_text(&received, "gladly");
    assert_eq!(received.quoted.as_ref(), Some(&sent.id));

    let reaction = Outgoing::Reaction { target: reply.id.clone(), emoji: "🍝".into() };
    anna.send(draft(chat_with(&bert), reaction)).await.unwrap();
    let received = next(&bert, reply.sequence).await;
    let expected = Content::Reaction { target: reply.id.clone(), emoji: "🍝".into() };
    assert_eq!(received.content, expected);

    let edit = Outgoing::Edit { target: sent.id.clone(), text: "dinner?".into(), is_sealed: false };
    anna.send(draft(chat_with(&bert), edit)).await.unwrap();
    let received = next(&bert, received.sequence).await;
    let expected = Content::Edit { target: sent.id.clone(), text: "dinner?".into(), is_sealed: false };
    assert_eq!(received.content, expected);

    let revoke = Outgoing::Revoke { target: sent.id.clone() };
    anna.send(draft(chat_with(&bert), revoke)).await.unwrap();
    let received = next(&bert, received.sequence).await;
    let expected = Content::Revoke { target: sent.id.clone() };
    assert_eq!(received.content, expected);
}

#[tokio::test]
async fn polls_locations_and_contacts_arrive_as_they_were_sent() {
    let sandbox = sandbox().await;
    let (anna, bert) = (phone(&sandbox, "anna").await, phone(&sandbox, "bert").await);
    let contact = |name: &str| Contact { name: name.into(), vcard: format!("BEGIN:VCARD\nFN:{name}\nEND:VCARD") };
    let poll = Poll { question: "When?".into(), options: vec!["now".into(), "later".into()], selectable: 1 };
    let location = Location { latitude: 52.5, longitude: 13.4, name: Some("here".into()), ..Location::default() };
    let (one, two) = (vec![contact("carl")], vec![contact("carl"), contact("dora")]);
    let contents = [
        (Outgoing::Poll(poll.clone()), Content::Poll(poll)),
        (Outgoing::Location(location.clone()), Content::Location(location)),
        (Outgoing::Contacts { contacts: one.clone() }, Content::Contacts { contacts: one }),
        (Outgoing::Contacts { contacts: two.clone() }, Content::Contacts { contacts: two }),
    ];
    let mut after = 0;
    for (outgoing, expected) in contents {
        anna.send(draft(chat_with(&bert), outgoing)).await.unwrap();
        let received = next(&bert, after).await;
        assert_eq!(received.content, expected);
        after = received.sequence;
    }
}

#[tokio::test]
async fn a_phone_off_line_gets_its_messages_when_it_comes_back() {
    let sandbox = sandbox().await;
    let (anna, bert) = (phone(&sandbox, "anna").await, phone(&sandbox, "bert").await);
    bert.go_offline().await.unwrap();
    assert!(!bert.is_online());
    let first_sent = anna.send(text(chat_with(&bert), "one")).await.unwrap();
    let last_sent = anna.send(text(chat_with(&bert), "two")).await.unwrap();
    assert_eq!(first_sent.status, Status::Sent);
    assert!(matches!(bert.send(text(chat_with(&anna), "no")).await, Err(PhoneError::Offline)));

    bert.go_online().await.unwrap();
    let received = first(&bert).await;
    assert_text(&received, "one");
    assert_text(&next(&bert, received.sequence).await, "two");
    reaches(&anna, &last_sent.id, Status::Delivered).await;
}

#[tokio::test]
async fn who_is_not_on_the_network_cannot_be_written_to() {
    let sandbox = sandbox().await;
    let anna = phone(&sandbox, "anna").await;
    let nobody = Chat::Person("19995550000".into());
    assert!(matches!(anna.send(text(nobody, "hello?")).await, Err(PhoneError::NotOnNetwork(_))));
    assert!(anna.message("anything").is_none());
}

#[tokio::test]
async fn a_refused_message_says_so_and_the_next_one_goes_through() {
    let sandbox = sandbox().await;
    let (anna, bert) = (phone(&sandbox, "anna").await, phone(&sandbox, "bert").await);
    let fault = Fault::NackNextSends { number: Some(anna.info().number.clone()), code: 479, count: 1 };
    sandbox.network().faults().add(fault).unwrap();
    assert!(matches!(anna.send(text(chat_with(&bert), "refused")).await, Err(PhoneError::Refused(479))));
    assert_eq!(first(&anna).await.status, Status::Failed);
    anna.send(text(chat_with(&bert), "taken")).await.unwrap();
    assert_text(&first(&bert).await, "taken");
}

#[tokio::test]
async fn scripted_phones_read_and_echo_but_never_talk_forever() {
    let sandbox = sandbox().await;
    let anna = phone(&sandbox, "anna").await;
    let phones = sandbox.phones();
    let reader = phones.create("reader", None, Script::AutoRead).await.unwrap();
    let echo = phones.create("echo", None, Script::Echo).await.unwrap();

    let sent = anna.send(text(chat_with(&reader), "read me")).await.unwrap();
    reaches(&anna, &sent.id, Status::Read).await;

    let sent = anna.send(text(chat_with(&echo), "hall")).await.unwrap();
    let back = next(&anna, sent.sequence).await;
    assert_text(&back, "hall");
    assert_eq!(back.from, chat_with(&echo));

    // Two that echo: the first message is read and stays unanswered.
    let other = phones.create("other echo", None, Script::Echo).await.unwrap();
    let sent = other.send(text(chat_with(&echo), "echo?")).await.unwrap();
    reaches(&other, &sent.id, Status::Read).await;
    anna.send(text(chat_with(&echo), "still there?")).await.unwrap();
    let back = next(&anna, back.sequence + 1).await;
    assert_text(&back, "still there?");
    assert_eq!(other.messages(0, 10, std::time::Duration::ZERO).await.len(), 1);
}

#[tokio::test]
async fn a_note_to_oneself_stays_with_oneself() {
    let sandbox = sandbox().await;
    let anna = phone(&sandbox, "anna").await;
    let sent = anna.send(text(chat_with(&anna), "milk")).await.unwrap();
    assert!(sent.from_me);
    assert_eq!(sent.chat, chat_with(&anna));
    assert_eq!(sent.status, Status::Sent);
}
