//! From a decrypted `Message` to what the phone's owner sees.
//!
//! Files are read in `file`, buttons, lists and what answers them in `form`. What is sealed with the
//! secret of another message is opened by whoever has that message.

mod file;
mod form;

use wacore_binary::Jid;
use waproto::whatsapp as wa;
use waproto::whatsapp::message::protocol_message::Type;
use waproto::whatsapp::message::secret_encrypted_message::SecretEncType;

use super::chat::Chat;
use super::message::{Contact, Content, Event, LinkPreview, Location, Poll, Surroundings};

/// Wrappers nest (view once in ephemeral in device-sent); deeper than this is nonsense.
const DEEPEST_WRAPPING: usize = 8;

/// What was read from a message.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) content: Content,
    pub(crate) surroundings: Surroundings,
    pub(crate) quoted: Option<String>,
    pub(crate) quoted_text: Option<String>,
}

/// Reads a message a person would see. Nothing for what only clients are told.
pub(crate) fn read(message: &wa::Message) -> Option<Seen> {
    let inner = unwrap(message);
    let (mut content, context) = content(inner)?;
    if let Content::Pin { seconds, .. } = &mut content {
        *seconds = inner.message_context_info.as_option().and_then(|info| info.message_add_on_duration_in_secs);
    }
    let mut surroundings = context.map(surroundings).unwrap_or_default();
    surroundings.is_view_once = is_view_once(message);
    surroundings.link_preview = inner.extended_text_message.as_option().and_then(link_preview);
    let quoted_text = context
        .and_then(|context| context.quoted_message.as_option())
        .and_then(|quoted| self::content(unwrap(quoted)))
        .and_then(|(quoted, _)| quoted.text().map(str::to_owned));
    Some(Seen { content, surroundings, quoted: context.and_then(|context| context.stanza_id.clone()), quoted_text })
}

type Read<'a> = (Content, Option<&'a wa::ContextInfo>);

fn content(message: &wa::Message) -> Option<Read<'_>> {
    if let Some(text) = &message.conversation {
        return Some(plain(Content::Text { text: text.clone() }));
    }
    if let Some(extended) = message.extended_text_message.as_option() {
        let text = extended.text.clone().unwrap_or_default();
        return Some((Content::Text { text }, extended.context_info.as_option()));
    }
    file::read(message)
        .or_else(|| referring(message))
        .or_else(|| shared(message))
        .or_else(|| form::read(message))
        .or_else(|| other(message))
}

/// What refers to another message.
fn referring(message: &wa::Message) -> Option<Read<'_>> {
    if let Some(reaction) = message.reaction_message.as_option() {
        return Some(plain(Content::Reaction {
            target: target(reaction.key.as_option()),
            emoji: reaction.text.clone().unwrap_or_default(),
        }));
    }
    if let Some(protocol) = message.protocol_message.as_option() {
        return protocol_content(protocol).map(plain);
    }
    if let Some(vote) = message.poll_update_message.as_option() {
        let target = target(vote.poll_creation_message_key.as_option());
        return Some(plain(Content::PollVote { target, options: None }));
    }
    if let Some(answer) = message.enc_event_response_message.as_option() {
        let target = target(answer.event_creation_message_key.as_option());
        return Some(plain(Content::EventResponse { target, answer: None, guests: None }));
    }
    if let Some(sealed) = message.secret_encrypted_message.as_option()
        && sealed.secret_enc_type == Some(SecretEncType::MESSAGE_EDIT)
    {
        let target = target(sealed.target_message_key.as_option());
        return Some(plain(Content::Edit { target, text: String::new(), is_sealed: true }));
    }
    let pin = message.pin_in_chat_message.as_option()?;
    let is_pinned = pin.r#type == Some(wa::message::pin_in_chat_message::Type::PIN_FOR_ALL);
    Some(plain(Content::Pin { target: target(pin.key.as_option()), is_pinned, seconds: None }))
}

/// Polls, events, places and contacts.
fn shared(message: &wa::Message) -> Option<Read<'_>> {
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
    if let Some(event) = message.event_message.as_option() {
        let content = Content::Event(Event {
            name: event.name.clone().unwrap_or_default(),
            description: event.description.clone(),
            start_time: event.start_time.unwrap_or_default(),
            end_time: event.end_time,
            location: event.location.as_option().map(place),
            join_link: event.join_link.clone(),
            is_canceled: event.is_canceled == Some(true),
        });
        return Some((content, event.context_info.as_option()));
    }
    if let Some(location) = message.location_message.as_option() {
        return Some((Content::Location(place(location)), location.context_info.as_option()));
    }
    if let Some(live) = message.live_location_message.as_option() {
        let location = Location {
            latitude: live.degrees_latitude.unwrap_or_default(),
            longitude: live.degrees_longitude.unwrap_or_default(),
            accuracy: live.accuracy_in_meters,
            speed: live.speed_in_mps,
            ..Location::default()
        };
        let content = Content::LiveLocation { location, caption: live.caption.clone() };
        return Some((content, live.context_info.as_option()));
    }
    if let Some(card) = message.contact_message.as_option() {
        let contacts = vec![contact(card)];
        return Some((Content::Contacts { contacts }, card.context_info.as_option()));
    }
    let cards = message.contacts_array_message.as_option()?;
    let contacts = cards.contacts.iter().map(contact).collect();
    Some((Content::Contacts { contacts }, cards.context_info.as_option()))
}

fn plain<'a>(content: Content) -> Read<'a> {
    (content, None)
}

fn place(location: &wa::message::LocationMessage) -> Location {
    Location {
        latitude: location.degrees_latitude.unwrap_or_default(),
        longitude: location.degrees_longitude.unwrap_or_default(),
        name: location.name.clone(),
        address: location.address.clone(),
        url: location.url.clone(),
        accuracy: location.accuracy_in_meters,
        speed: location.speed_in_mps,
    }
}

fn contact(card: &wa::message::ContactMessage) -> Contact {
    Contact { name: card.display_name.clone().unwrap_or_default(), vcard: card.vcard.clone().unwrap_or_default() }
}

fn protocol_content(protocol: &wa::message::ProtocolMessage) -> Option<Content> {
    let target = target(protocol.key.as_option());
    match protocol.r#type? {
        Type::REVOKE => Some(Content::Revoke { target }),
        Type::MESSAGE_EDIT => {
            let edited = protocol.edited_message.as_option();
            Some(Content::Edit { target, text: edited.map(text_of).unwrap_or_default(), is_sealed: false })
        }
        _ => None,
    }
}

/// The new text of a message in the envelope of a sealed edit.
pub(crate) fn edited_text(inner: &wa::Message) -> String {
    let edited = inner.protocol_message.as_option().and_then(|protocol| protocol.edited_message.as_option());
    text_of(edited.unwrap_or(inner))
}

fn text_of(message: &wa::Message) -> String {
    let read = content(unwrap(message));
    read.and_then(|(content, _)| content.text().map(str::to_owned)).unwrap_or_default()
}

fn target(key: Option<&wa::MessageKey>) -> String {
    key.and_then(|key| key.id.clone()).unwrap_or_default()
}

fn surroundings(context: &wa::ContextInfo) -> Surroundings {
    Surroundings {
        mentions: context
            .mentioned_jid
            .iter()
            .filter_map(|jid| jid.parse::<Jid>().ok())
            .map(|jid| Chat::of(&jid))
            .collect(),
        mentions_all: context.non_jid_mentions.is_some_and(|count| count > 0),
        forwarding_score: match (context.forwarding_score, context.is_forwarded) {
            (score, Some(true)) => Some(score.unwrap_or_default()),
            (score, _) => score.filter(|score| *score > 0),
        },
        expiration: context.expiration.unwrap_or_default(),
        is_view_once: false,
        link_preview: None,
    }
}

fn link_preview(text: &wa::message::ExtendedTextMessage) -> Option<LinkPreview> {
    let url = text.matched_text.clone()?;
    Some(LinkPreview { url, title: text.title.clone(), description: text.description.clone() })
}

/// Whether the message says of itself, or is wrapped in something that says, that it may be looked
/// at once.
fn is_view_once(message: &wa::Message) -> bool {
    let mut current = message;
    for _ in 0..DEEPEST_WRAPPING {
        let is_wrapped = current.view_once_message.is_set()
            || current.view_once_message_v2.is_set()
            || current.view_once_message_v2_extension.is_set();
        let says_so = [
            current.image_message.as_option().and_then(|image| image.view_once),
            current.video_message.as_option().and_then(|video| video.view_once),
            current.audio_message.as_option().and_then(|audio| audio.view_once),
        ];
        if is_wrapped || says_so.contains(&Some(true)) {
            return true;
        }
        match inside(current) {
            Some(inner) => current = inner,
            None => return false,
        }
    }
    false
}

/// Something a person would see but this phone does not show: named, so that a test can wait for it.
fn other(message: &wa::Message) -> Option<Read<'_>> {
    let names = [
        (message.order_message.is_set(), "order"),
        (message.call.is_set(), "call"),
        (message.album_message.is_set(), "album"),
        (message.secret_encrypted_message.is_set(), "secret"),
        (message.enc_reaction_message.is_set(), "enc-reaction"),
        (message.enc_comment_message.is_set(), "enc-comment"),
        (message.keep_in_chat_message.is_set(), "keep"),
        (message.sticker_pack_message.is_set(), "sticker-pack"),
    ];
    let (_, name) = names.into_iter().find(|(is_set, _)| *is_set)?;
    Some(plain(Content::Other { name: name.into() }))
}

/// Takes off the wrappers around the message a person sees.
pub(crate) fn unwrap(mut message: &wa::Message) -> &wa::Message {
    for _ in 0..DEEPEST_WRAPPING {
        match inside(message) {
            Some(inner) => message = inner,
            None => break,
        }
    }
    message
}

/// What is in the wrapper, if this is one.
fn inside(message: &wa::Message) -> Option<&wa::Message> {
    let sent = message.device_sent_message.as_option().and_then(|sent| sent.message.as_option());
    let inner = [
        &message.ephemeral_message,
        &message.view_once_message,
        &message.view_once_message_v2,
        &message.view_once_message_v2_extension,
        &message.document_with_caption_message,
        &message.edited_message,
        &message.group_status_message_v2,
    ]
    .into_iter()
    .find_map(|wrapper| wrapper.as_option()?.message.as_option());
    sent.or(inner)
}
