//! From what a phone is asked to send to the `Message` it encrypts.
//!
//! Files are in `file`, buttons, lists and what answers them in `form`; what is sealed with the
//! secret of another message is in [`super::secret`].

mod file;
mod form;

use std::time::SystemTime;

use waproto::whatsapp as wa;
use waproto::whatsapp::message::protocol_message::Type;

pub(crate) use self::file::media_type;
use super::chat::Chat;
use super::decode;
use super::error::PhoneError;
use super::log::Log;
use super::message::{Contact, Content, Draft, Event, Location, Message, Outgoing, Poll, Surroundings};
use super::secret::{self, Sealing};
use crate::ambient;
use crate::media::MediaHost;

/// A message ready to be encrypted.
pub(crate) struct Composed {
    pub(crate) message: wa::Message,
    pub(crate) content: Content,
    pub(crate) surroundings: Surroundings,
    /// The id and the content of the message it answers.
    pub(crate) quoted: Option<(String, Content)>,
}

/// Where a phone writes from: what is needed to name other messages and to store files.
pub(crate) struct Desk<'a> {
    pub(crate) log: &'a Log,
    pub(crate) media: &'a MediaHost,
    pub(crate) media_host: &'a str,
    /// The phone's owner, as others name it: by number and by hidden id.
    pub(crate) own: (String, String),
}

impl Desk<'_> {
    pub(crate) async fn compose(&self, draft: &Draft) -> Result<Composed, PhoneError> {
        let quoted = match &draft.quoted {
            Some(id) => Some(self.find(draft, id)?),
            None => None,
        };
        let context = context_info(&draft.surroundings, quoted.as_ref());
        let (mut message, content) = self.content(draft, context).await?;
        if draft.surroundings.is_view_once {
            message = once(message);
        }
        if content.stands_alone() {
            // With this, votes, answers and edits are sealed that refer to the message.
            message.message_context_info = wa::MessageContextInfo {
                message_secret: Some(ambient::random_bytes::<32>().to_vec()),
                ..Default::default()
            }
            .into();
        }
        let quoted = quoted.map(|quoted| (quoted.id, quoted.content));
        Ok(Composed { message, content, surroundings: draft.surroundings.clone(), quoted })
    }

    async fn content(
        &self,
        draft: &Draft,
        context: Option<wa::ContextInfo>,
    ) -> Result<(wa::Message, Content), PhoneError> {
        Ok(match &draft.content {
            Outgoing::Text { text } => {
                (text_message(text, context, &draft.surroundings), Content::Text { text: text.clone() })
            }
            Outgoing::Media(media) => {
                file::compose(self.media, self.media_host, media, context, draft.surroundings.is_view_once).await?
            }
            Outgoing::Reaction { target, emoji } => {
                let key = key(&self.find(draft, target)?);
                (reaction(key, emoji), Content::Reaction { target: target.clone(), emoji: emoji.clone() })
            }
            Outgoing::Edit { target, text, is_sealed } => {
                let original = self.find(draft, target)?;
                if !original.from_me {
                    return Err(PhoneError::NotTheAuthor);
                }
                let mut message = edit_message(key(&original), text);
                if *is_sealed {
                    message = secret::seal_edit(&self.sealing(&original)?, key(&original), &message)?;
                }
                (message, Content::Edit { target: target.clone(), text: text.clone(), is_sealed: *is_sealed })
            }
            Outgoing::Revoke { target } => {
                (revoke(key(&self.find(draft, target)?)), Content::Revoke { target: target.clone() })
            }
            Outgoing::Poll(poll) => (poll_message(poll, context), Content::Poll(poll.clone())),
            Outgoing::PollVote { target, options } => {
                let poll = self.find(draft, target)?;
                check_options(&poll, options)?;
                let message = secret::seal_vote(&self.sealing(&poll)?, key(&poll), options)?;
                (message, Content::PollVote { target: target.clone(), options: Some(options.clone()) })
            }
            Outgoing::Event(event) => (event_message(event, context), Content::Event(event.clone())),
            Outgoing::EventResponse { target, answer, guests } => {
                let event = self.find(draft, target)?;
                if !matches!(event.content, Content::Event(_)) {
                    return Err(PhoneError::Unsuitable(format!("{target} is no event")));
                }
                let message = secret::seal_answer(&self.sealing(&event)?, key(&event), *answer, *guests)?;
                let content = Content::EventResponse { target: target.clone(), answer: Some(*answer), guests: *guests };
                (message, content)
            }
            Outgoing::Location(location) => {
                let message = wa::Message { location_message: place(location, context).into(), ..Default::default() };
                (message, Content::Location(location.clone()))
            }
            Outgoing::LiveLocation { location, caption } => (
                live_location(location, caption.as_deref(), context),
                Content::LiveLocation { location: location.clone(), caption: caption.clone() },
            ),
            Outgoing::Contacts { contacts } => {
                (contacts_message(contacts, context), Content::Contacts { contacts: contacts.clone() })
            }
            Outgoing::Buttons(buttons) => (form::buttons(buttons, context), Content::Buttons(buttons.clone())),
            Outgoing::List(list) => (form::list(list, context), Content::List(list.clone())),
            Outgoing::Reply { form: reply_form, target, reply } => {
                let asked = self.find(draft, target)?;
                let context = context_info(&draft.surroundings, Some(&asked)).unwrap_or_default();
                let content = Content::Reply { form: *reply_form, target: target.clone(), reply: reply.clone() };
                (form::reply(*reply_form, reply, context), content)
            }
            Outgoing::Product(product) => (form::product(product, context), Content::Product(product.clone())),
            Outgoing::GroupInvite(invite) => (form::invite(invite, context), Content::GroupInvite(invite.clone())),
            Outgoing::Pin { target, is_pinned, seconds } => {
                let message = pin(key(&self.find(draft, target)?), *is_pinned, *seconds);
                (message, Content::Pin { target: target.clone(), is_pinned: *is_pinned, seconds: *seconds })
            }
        })
    }

    fn find(&self, draft: &Draft, id: &str) -> Result<Message, PhoneError> {
        self.log.find(&draft.chat, id).ok_or_else(|| PhoneError::NoSuchMessage(id.to_owned()))
    }

    /// By what something is sealed that refers to this message.
    fn sealing<'m>(&self, original: &'m Message) -> Result<Sealing<'m>, PhoneError> {
        let secret = secret::of(original)
            .ok_or_else(|| PhoneError::Unsuitable(format!("{} came without a secret to seal with", original.id)))?;
        let (number, lid) = &self.own;
        let by = if original.author.ends_with("@lid") { lid } else { number };
        Ok(Sealing { secret, target: &original.id, author: &original.author, by: by.clone() })
    }
}

fn check_options(poll: &Message, options: &[String]) -> Result<(), PhoneError> {
    let Content::Poll(asked) = &poll.content else {
        return Err(PhoneError::Unsuitable(format!("{} is no poll", poll.id)));
    };
    match options.iter().find(|option| !asked.options.contains(option)) {
        Some(option) => Err(PhoneError::Unsuitable(format!("the poll has no option {option:?}"))),
        None if asked.selectable > 0 && options.len() > asked.selectable as usize => {
            Err(PhoneError::Unsuitable(format!("the poll allows {} options at most", asked.selectable)))
        }
        None => Ok(()),
    }
}

/// `contextInfo`: what is quoted, who is named, how often it was passed on. Nothing when there is
/// nothing to say.
fn context_info(surroundings: &Surroundings, quoted: Option<&Message>) -> Option<wa::ContextInfo> {
    let mut context = match quoted {
        Some(quoted) => quote(quoted),
        None => wa::ContextInfo::default(),
    };
    context.mentioned_jid = surroundings.mentions.iter().filter_map(Chat::jid).map(|jid| jid.to_string()).collect();
    context.non_jid_mentions = surroundings.mentions_all.then_some(1);
    context.is_forwarded = surroundings.forwarding_score.is_some().then_some(true);
    context.forwarding_score = surroundings.forwarding_score;
    context.expiration = Some(surroundings.expiration).filter(|seconds| *seconds > 0);
    (context != wa::ContextInfo::default()).then_some(context)
}

fn text_message(text: &str, context: Option<wa::ContextInfo>, surroundings: &Surroundings) -> wa::Message {
    if context.is_none() && surroundings.link_preview.is_none() {
        return wa::Message { conversation: Some(text.to_owned()), ..Default::default() };
    }
    let preview = surroundings.link_preview.clone();
    wa::Message {
        extended_text_message: wa::message::ExtendedTextMessage {
            text: Some(text.to_owned()),
            matched_text: preview.as_ref().map(|preview| preview.url.clone()),
            title: preview.as_ref().and_then(|preview| preview.title.clone()),
            description: preview.and_then(|preview| preview.description),
            context_info: context.into(),
            ..Default::default()
        }
        .into(),
        ..Default::default()
    }
}

fn plain_text(text: &str) -> wa::Message {
    text_message(text, None, &Surroundings::default())
}

/// The wrapper by which a message may be looked at once.
fn once(message: wa::Message) -> wa::Message {
    let is_audio = message.audio_message.is_set();
    let wrapped = wa::message::FutureProofMessage { message: message.into() };
    if is_audio {
        wa::Message { view_once_message_v2_extension: wrapped.into(), ..Default::default() }
    } else {
        wa::Message { view_once_message_v2: wrapped.into(), ..Default::default() }
    }
}

fn reaction(key: wa::MessageKey, emoji: &str) -> wa::Message {
    wa::Message {
        reaction_message: wa::message::ReactionMessage {
            key: key.into(),
            text: Some(emoji.to_owned()),
            sender_timestamp_ms: Some(milliseconds()),
            ..Default::default()
        }
        .into(),
        ..Default::default()
    }
}

fn edit_message(key: wa::MessageKey, text: &str) -> wa::Message {
    protocol(wa::message::ProtocolMessage {
        key: key.into(),
        r#type: Some(Type::MESSAGE_EDIT),
        edited_message: plain_text(text).into(),
        timestamp_ms: Some(milliseconds()),
        ..Default::default()
    })
}

fn revoke(key: wa::MessageKey) -> wa::Message {
    protocol(wa::message::ProtocolMessage { key: key.into(), r#type: Some(Type::REVOKE), ..Default::default() })
}

pub(crate) fn protocol(message: wa::message::ProtocolMessage) -> wa::Message {
    wa::Message { protocol_message: message.into(), ..Default::default() }
}

fn pin(key: wa::MessageKey, is_pinned: bool, seconds: Option<u32>) -> wa::Message {
    use wa::message::pin_in_chat_message::Type as PinType;
    wa::Message {
        pin_in_chat_message: wa::message::PinInChatMessage {
            key: key.into(),
            r#type: Some(if is_pinned { PinType::PIN_FOR_ALL } else { PinType::UNPIN_FOR_ALL }),
            sender_timestamp_ms: Some(milliseconds()),
        }
        .into(),
        message_context_info: wa::MessageContextInfo { message_add_on_duration_in_secs: seconds, ..Default::default() }
            .into(),
        ..Default::default()
    }
}

fn poll_message(poll: &Poll, context: Option<wa::ContextInfo>) -> wa::Message {
    let options = poll.options.iter().map(|option| wa::message::poll_creation_message::Option {
        option_name: Some(option.clone()),
        ..Default::default()
    });
    let creation = wa::message::PollCreationMessage {
        name: Some(poll.question.clone()),
        options: options.collect(),
        selectable_options_count: Some(poll.selectable),
        context_info: context.into(),
        ..Default::default()
    };
    wa::Message { poll_creation_message_v3: creation.into(), ..Default::default() }
}

fn event_message(event: &Event, context: Option<wa::ContextInfo>) -> wa::Message {
    wa::Message {
        event_message: wa::message::EventMessage {
            name: Some(event.name.clone()),
            description: event.description.clone(),
            start_time: Some(event.start_time),
            end_time: event.end_time,
            location: event.location.as_ref().map(|location| place(location, None)).into(),
            join_link: event.join_link.clone(),
            is_canceled: Some(event.is_canceled),
            context_info: context.into(),
            ..Default::default()
        }
        .into(),
        ..Default::default()
    }
}

fn place(location: &Location, context: Option<wa::ContextInfo>) -> wa::message::LocationMessage {
    wa::message::LocationMessage {
        degrees_latitude: Some(location.latitude),
        degrees_longitude: Some(location.longitude),
        name: location.name.clone(),
        address: location.address.clone(),
        url: location.url.clone(),
        accuracy_in_meters: location.accuracy,
        speed_in_mps: location.speed,
        context_info: context.into(),
        ..Default::default()
    }
}

fn live_location(location: &Location, caption: Option<&str>, context: Option<wa::ContextInfo>) -> wa::Message {
    wa::Message {
        live_location_message: wa::message::LiveLocationMessage {
            degrees_latitude: Some(location.latitude),
            degrees_longitude: Some(location.longitude),
            accuracy_in_meters: location.accuracy,
            speed_in_mps: location.speed,
            caption: caption.map(str::to_owned),
            sequence_number: Some(milliseconds()),
            context_info: context.into(),
            ..Default::default()
        }
        .into(),
        ..Default::default()
    }
}

fn contacts_message(contacts: &[Contact], context: Option<wa::ContextInfo>) -> wa::Message {
    let mut cards: Vec<_> = contacts
        .iter()
        .map(|contact| wa::message::ContactMessage {
            display_name: Some(contact.name.clone()),
            vcard: Some(contact.vcard.clone()),
            ..Default::default()
        })
        .collect();
    if let [card] = &mut cards[..] {
        let mut card = std::mem::take(card);
        card.context_info = context.into();
        return wa::Message { contact_message: card.into(), ..Default::default() };
    }
    wa::Message {
        contacts_array_message: wa::message::ContactsArrayMessage {
            display_name: Some(format!("{} contacts", cards.len())),
            contacts: cards,
            context_info: context.into(),
        }
        .into(),
        ..Default::default()
    }
}

/// How a message is named to others, as the phone sees it.
fn key(message: &Message) -> wa::MessageKey {
    wa::MessageKey {
        remote_jid: message.chat.jid().map(|jid| jid.to_string()),
        from_me: Some(message.from_me),
        id: Some(message.id.clone()),
        participant: (message.chat.has_members() && !message.from_me).then(|| message.author.clone()),
    }
}

/// `contextInfo` of an answer. What is quoted quotes nothing itself.
fn quote(message: &Message) -> wa::ContextInfo {
    let original = waproto::codec::message_decode(&message.encoded[..]).unwrap_or_default();
    let mut original = match &message.content {
        Content::Text { text } => plain_text(text),
        _ => decode::unwrap(&original).clone(),
    };
    // Whoever reads the answer shall not be able to open votes of the original.
    original.message_context_info = Default::default();
    wa::ContextInfo {
        stanza_id: Some(message.id.clone()),
        participant: Some(message.author.clone()),
        quoted_message: original.into(),
        remote_jid: matches!(message.chat, Chat::Status).then(|| message.chat.to_string()),
        ..Default::default()
    }
}

/// Milliseconds since 1970.
pub(crate) fn milliseconds() -> i64 {
    let since = ambient::wall_clock().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
