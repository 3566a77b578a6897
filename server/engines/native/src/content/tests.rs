use buffa::MessageField;
use openwa_model::content::{Detail, MessageKind};
use whatsapp_rust::waproto::whatsapp::{self as wa, message as inner};

use super::*;

fn text(body: &str) -> wa::Message {
    wa::Message { conversation: Some(body.into()), ..Default::default() }
}

fn wrapped(message: wa::Message) -> MessageField<inner::FutureProofMessage> {
    MessageField::some(inner::FutureProofMessage { message: MessageField::some(message) })
}

#[test]
fn each_kind_of_content_is_recognised() {
    let table: Vec<(wa::Message, MessageKind, &str)> = vec![
        (text("hi"), MessageKind::Text, "hi"),
        (
            wa::Message {
                extended_text_message: MessageField::some(inner::ExtendedTextMessage {
                    text: Some("see".into()),
                    ..Default::default()
                }),
                ..Default::default()
            },
            MessageKind::Text,
            "see",
        ),
        (
            wa::Message {
                audio_message: MessageField::some(inner::AudioMessage { ptt: Some(true), ..Default::default() }),
                ..Default::default()
            },
            MessageKind::Voice,
            "",
        ),
        (
            wa::Message { audio_message: MessageField::some(inner::AudioMessage::default()), ..Default::default() },
            MessageKind::Audio,
            "",
        ),
        (
            wa::Message { ptv_message: MessageField::some(inner::VideoMessage::default()), ..Default::default() },
            MessageKind::Video,
            "",
        ),
        (
            wa::Message { sticker_message: MessageField::some(inner::StickerMessage::default()), ..Default::default() },
            MessageKind::Sticker,
            "",
        ),
        (
            wa::Message {
                document_with_caption_message: wrapped(wa::Message {
                    document_message: MessageField::some(inner::DocumentMessage {
                        caption: Some("the plan".into()),
                        ..Default::default()
                    }),
                    ..Default::default()
                }),
                ..Default::default()
            },
            MessageKind::Document,
            "the plan",
        ),
        (
            wa::Message {
                call_log_messsage: MessageField::some(inner::CallLogMessage::default()),
                ..Default::default()
            },
            MessageKind::Call,
            "",
        ),
        (
            wa::Message {
                placeholder_message: MessageField::some(inner::PlaceholderMessage::default()),
                ..Default::default()
            },
            MessageKind::Masked,
            "",
        ),
        (
            wa::Message { event_message: MessageField::some(inner::EventMessage::default()), ..Default::default() },
            MessageKind::Unknown,
            "",
        ),
        (
            wa::Message { ephemeral_message: wrapped(text("gone soon")), ..Default::default() },
            MessageKind::Text,
            "gone soon",
        ),
    ];
    for (message, kind, body) in table {
        let content = read(&message).unwrap();
        assert_eq!((content.kind, &*content.body), (kind, body));
    }
}

#[test]
fn what_only_carries_keys_or_votes_is_no_message() {
    for message in [
        wa::Message::default(),
        wa::Message { sender_key_distribution_message: MessageField::some(Default::default()), ..Default::default() },
        wa::Message { poll_update_message: MessageField::some(Default::default()), ..Default::default() },
        wa::Message { pin_in_chat_message: MessageField::some(Default::default()), ..Default::default() },
    ] {
        assert!(read(&message).is_none());
    }
}

#[test]
fn an_image_keeps_what_is_needed_to_fetch_it() {
    let message = wa::Message {
        image_message: MessageField::some(inner::ImageMessage {
            caption: Some("sun".into()),
            mimetype: Some("image/png".into()),
            file_length: Some(42),
            direct_path: Some("/v/x".into()),
            media_key: Some(vec![1; 32]),
            file_sha256: Some(vec![2; 32]),
            file_enc_sha256: Some(vec![3; 32]),
            ..Default::default()
        }),
        ..Default::default()
    };
    let content = read(&message).unwrap();
    let media = content.media.as_ref().unwrap();
    assert_eq!((&*media.mimetype, media.size_bytes, &*content.body), ("image/png", Some(42), "sun"));
    let remote = Remote::from_text(media.remote.as_deref().unwrap()).unwrap();
    assert_eq!(wacore::download::Downloadable::media_key(&remote), Some(&[1; 32][..]));
}

#[test]
fn an_answer_names_what_it_answers_and_whom_it_mentions() {
    let message = wa::Message {
        extended_text_message: MessageField::some(inner::ExtendedTextMessage {
            text: Some("@15550000002 yes".into()),
            context_info: MessageField::some(wa::ContextInfo {
                stanza_id: Some("3EB0AA".into()),
                participant: Some("15550000001:3@s.whatsapp.net".into()),
                quoted_message: MessageField::some(text("shall we?")),
                mentioned_jid: vec!["15550000002@s.whatsapp.net".into(), "nonsense".into()],
                ..Default::default()
            }),
            ..Default::default()
        }),
        ..Default::default()
    };
    let content = read(&message).unwrap();
    let quoted = content.quoted().unwrap();
    assert_eq!((quoted.id.as_str(), &*quoted.body), ("3EB0AA", "shall we?"));
    assert_eq!(quoted.sender, Jid::phone("15550000001"));
    assert_eq!(content.mentions(), [Jid::phone("15550000002")]);
}

#[test]
fn places_cards_and_polls_bring_their_details() {
    let place = wa::Message {
        location_message: MessageField::some(inner::LocationMessage {
            degrees_latitude: Some(1.5),
            degrees_longitude: Some(-2.5),
            name: Some("Pier".into()),
            ..Default::default()
        }),
        ..Default::default()
    };
    assert!(matches!(
        read(&place).unwrap().detail,
        Some(Detail::Location { latitude: 1.5, longitude: -2.5, description: Some(name), .. }) if name == "Pier"
    ));
    let cards = wa::Message {
        contacts_array_message: MessageField::some(inner::ContactsArrayMessage {
            contacts: vec![inner::ContactMessage { vcard: Some("BEGIN:VCARD".into()), ..Default::default() }; 2],
            ..Default::default()
        }),
        ..Default::default()
    };
    assert!(matches!(read(&cards).unwrap().detail, Some(Detail::Contact { vcards }) if vcards.len() == 2));
    let poll = wa::Message {
        poll_creation_message_v3: MessageField::some(inner::PollCreationMessage {
            name: Some("When?".into()),
            options: vec![inner::poll_creation_message::Option {
                option_name: Some("Now".into()),
                ..Default::default()
            }],
            selectable_options_count: Some(1),
            ..Default::default()
        }),
        ..Default::default()
    };
    let Some(Detail::Poll { name, options, multiple, .. }) = read(&poll).unwrap().detail else { panic!() };
    assert_eq!((&*name, options, multiple), ("When?", vec!["Now".to_owned()], false));
}

#[test]
fn endless_wrappers_and_endless_text_are_cut_short() {
    let mut message = text("deep");
    for _ in 0..DEEPEST + 1 {
        message = wa::Message { ephemeral_message: wrapped(message), ..Default::default() };
    }
    assert!(read(&message).is_none());
    let long = text(&"ü".repeat(LONGEST_TEXT + 10));
    assert_eq!(read(&long).unwrap().body.chars().count(), LONGEST_TEXT);
}

use crate::media::remote::Remote;
