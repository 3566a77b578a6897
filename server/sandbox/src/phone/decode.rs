//! From a decrypted `Message` to what the phone's owner sees.

use waproto::whatsapp as wa;
use waproto::whatsapp::message::protocol_message::Type;

use super::message::{Contact, Content, Location, Media, MediaKind, Poll};

/// Wrappers nest (view once in ephemeral in device-sent); deeper than this is nonsense.
const DEEPEST_WRAPPING: usize = 8;

/// What was read from a message.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) content: Content,
    pub(crate) quoted: Option<String>,
}

/// Reads a message a person would see. Nothing for what only clients are told.
pub(crate) fn read(message: &wa::Message) -> Option<Seen> {
    let message = unwrap(message);
    let (content, context) = content(message)?;
    Some(Seen { content, quoted: context.and_then(|context| context.stanza_id.clone()) })
}

type Read<'a> = (Content, Option<&'a wa::ContextInfo>);

fn content(message: &wa::Message) -> Option<Read<'_>> {
    if let Some(text) = &message.conversation {
        return Some((Content::Text { text: text.clone() }, None));
    }
    if let Some(extended) = message.extended_text_message.as_option() {
        let text = extended.text.clone().unwrap_or_default();
        return Some((Content::Text { text }, extended.context_info.as_option()));
    }
    if let Some(media) = media(message) {
        return Some(media);
    }
    if let Some(reaction) = message.reaction_message.as_option() {
        return Some(plain(Content::Reaction {
            target: target(reaction.key.as_option()),
            emoji: reaction.text.clone().unwrap_or_default(),
        }));
    }
    if let Some(protocol) = message.protocol_message.as_option() {
        return protocol_content(protocol).map(plain);
    }
    if let Some(poll) =
        [&message.poll_creation_message, &message.poll_creation_message_v2, &message.poll_creation_message_v3]
            .into_iter()
            .find_map(|poll| poll.as_option())
    {
        let content = Content::Poll(Poll {
            question: poll.name.clone().unwrap_or_default(),
            options: poll.options.iter().filter_map(|option| option.option_name.clone()).collect(),
            selectable: poll.selectable_options_count.unwrap_or_default(),
        });
        return Some((content, poll.context_info.as_option()));
    }
    if let Some(vote) = message.poll_update_message.as_option() {
        return Some(plain(Content::PollVote { target: target(vote.poll_creation_message_key.as_option()) }));
    }
    if let Some(location) = message.location_message.as_option() {
        let content = Content::Location(Location {
            latitude: location.degrees_latitude.unwrap_or_default(),
            longitude: location.degrees_longitude.unwrap_or_default(),
            name: location.name.clone(),
            address: location.address.clone(),
        });
        return Some((content, location.context_info.as_option()));
    }
    if let Some(card) = message.contact_message.as_option() {
        let contacts = vec![contact(card)];
        return Some((Content::Contacts { contacts }, card.context_info.as_option()));
    }
    if let Some(cards) = message.contacts_array_message.as_option() {
        let contacts = cards.contacts.iter().map(contact).collect();
        return Some((Content::Contacts { contacts }, cards.context_info.as_option()));
    }
    other(message)
}

fn plain<'a>(content: Content) -> Read<'a> {
    (content, None)
}

fn contact(card: &wa::message::ContactMessage) -> Contact {
    Contact { name: card.display_name.clone().unwrap_or_default(), vcard: card.vcard.clone().unwrap_or_default() }
}

fn protocol_content(protocol: &wa::message::ProtocolMessage) -> Option<Content> {
    let target = target(protocol.key.as_option());
    match protocol.r#type? {
        Type::REVOKE => Some(Content::Revoke { target }),
        Type::MESSAGE_EDIT => {
            let edited = protocol.edited_message.as_option().and_then(read);
            let text = edited.and_then(|edited| edited.content.text().map(str::to_owned));
            Some(Content::Edit { target, text: text.unwrap_or_default() })
        }
        _ => None,
    }
}

fn target(key: Option<&wa::MessageKey>) -> String {
    key.and_then(|key| key.id.clone()).unwrap_or_default()
}

macro_rules! media {
    ($kind:expr, $file:expr, $file_name:expr, $caption:expr) => {{
        let media = Media {
            kind: $kind,
            mimetype: $file.mimetype.clone().unwrap_or_default(),
            file_name: $file_name,
            caption: $caption,
            size_bytes: $file.file_length.unwrap_or_default(),
            sha256: hex::encode($file.file_sha256.as_deref().unwrap_or_default()),
            problem: None,
            path: $file.direct_path.clone().unwrap_or_default(),
            key: $file.media_key.clone().unwrap_or_default(),
        };
        Some((Content::Media(media), $file.context_info.as_option()))
    }};
}

fn media(message: &wa::Message) -> Option<Read<'_>> {
    if let Some(image) = message.image_message.as_option() {
        return media!(MediaKind::Image, image, None, image.caption.clone());
    }
    if let Some(video) = message.video_message.as_option() {
        return media!(MediaKind::Video, video, None, video.caption.clone());
    }
    if let Some(audio) = message.audio_message.as_option() {
        let kind = if audio.ptt == Some(true) { MediaKind::Voice } else { MediaKind::Audio };
        return media!(kind, audio, None, None);
    }
    if let Some(document) = message.document_message.as_option() {
        let file_name = document.file_name.clone().or(document.title.clone());
        return media!(MediaKind::Document, document, file_name, document.caption.clone());
    }
    if let Some(sticker) = message.sticker_message.as_option() {
        return media!(MediaKind::Sticker, sticker, None, None);
    }
    None
}

/// Something a person would see but this phone does not show: named, so that a test can wait for it.
fn other(message: &wa::Message) -> Option<Read<'_>> {
    let names = [
        (message.list_message.is_set(), "list"),
        (message.buttons_message.is_set(), "buttons"),
        (message.template_message.is_set(), "template"),
        (message.interactive_message.is_set(), "interactive"),
        (message.group_invite_message.is_set(), "group-invite"),
        (message.live_location_message.is_set(), "live-location"),
        (message.event_message.is_set(), "event"),
        (message.pin_in_chat_message.is_set(), "pin"),
        (message.product_message.is_set(), "product"),
        (message.order_message.is_set(), "order"),
        (message.call.is_set(), "call"),
        (message.album_message.is_set(), "album"),
        (message.secret_encrypted_message.is_set(), "secret"),
    ];
    let (_, name) = names.into_iter().find(|(is_set, _)| *is_set)?;
    Some(plain(Content::Other { name: name.into() }))
}

/// Takes off the wrappers around the message a person sees.
pub(crate) fn unwrap(mut message: &wa::Message) -> &wa::Message {
    for _ in 0..DEEPEST_WRAPPING {
        let sent = message.device_sent_message.as_option().and_then(|sent| sent.message.as_option());
        let inner = [
            &message.ephemeral_message,
            &message.view_once_message,
            &message.view_once_message_v2,
            &message.view_once_message_v2_extension,
            &message.document_with_caption_message,
            &message.edited_message,
        ]
        .into_iter()
        .find_map(|wrapper| wrapper.as_option()?.message.as_option());
        match sent.or(inner) {
            Some(inner) => message = inner,
            None => break,
        }
    }
    message
}
