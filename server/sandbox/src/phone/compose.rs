//! From what a phone is asked to send to the `Message` it encrypts.

use std::time::SystemTime;

use wacore::download::MediaType;
use waproto::whatsapp as wa;
use waproto::whatsapp::message::protocol_message::Type;

use super::decode;
use super::error::PhoneError;
use super::log::Log;
use super::message::{Contact, Content, Draft, Media, MediaKind, Message, Outgoing, OutgoingMedia, Poll};
use super::thumbnail;
use crate::ambient;
use crate::media::MediaHost;

/// The `edit` attribute of the stanza around a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EditMark {
    Edit,
    SenderRevoke,
    AdminRevoke,
}

impl EditMark {
    pub(crate) fn as_wire(self) -> &'static str {
        match self {
            Self::Edit => "1",
            Self::SenderRevoke => "7",
            Self::AdminRevoke => "8",
        }
    }

    /// The mark of a message that is sent again.
    pub(crate) fn of(content: &Content, targets_own: bool) -> Option<Self> {
        match content {
            Content::Edit { .. } => Some(Self::Edit),
            Content::Revoke { .. } if targets_own => Some(Self::SenderRevoke),
            Content::Revoke { .. } => Some(Self::AdminRevoke),
            _ => None,
        }
    }
}

/// A message ready to be encrypted.
pub(crate) struct Composed {
    pub(crate) message: wa::Message,
    pub(crate) content: Content,
    pub(crate) edit: Option<EditMark>,
}

/// Where a phone writes from: what is needed to name other messages and to store files.
pub(crate) struct Desk<'a> {
    pub(crate) log: &'a Log,
    pub(crate) media: &'a MediaHost,
    pub(crate) media_host: &'a str,
}

impl Desk<'_> {
    pub(crate) async fn compose(&self, draft: &Draft) -> Result<Composed, PhoneError> {
        let context = match &draft.quoted {
            Some(id) => Some(quote(&self.find(draft, id)?)),
            None => None,
        };
        let mut edit = None;
        let (message, content) = match &draft.content {
            Outgoing::Text { text } => (text_message(text, context), Content::Text { text: text.clone() }),
            Outgoing::Media(media) => self.media(media, context).await?,
            Outgoing::Reaction { target, emoji } => {
                let key = key(&self.find(draft, target)?);
                (reaction(key, emoji), content_of_reaction(target, emoji))
            }
            Outgoing::Edit { target, text } => {
                let original = self.find(draft, target)?;
                if !original.from_me {
                    return Err(PhoneError::NotTheAuthor);
                }
                edit = Some(EditMark::Edit);
                let content = Content::Edit { target: target.clone(), text: text.clone() };
                (edit_message(key(&original), text), content)
            }
            Outgoing::Revoke { target } => {
                let original = self.find(draft, target)?;
                let content = Content::Revoke { target: target.clone() };
                edit = EditMark::of(&content, original.from_me);
                (revoke(key(&original)), content)
            }
            Outgoing::Poll(poll) => (poll_message(poll, context), Content::Poll(poll.clone())),
            Outgoing::Location(location) => {
                let message = wa::Message {
                    location_message: wa::message::LocationMessage {
                        degrees_latitude: Some(location.latitude),
                        degrees_longitude: Some(location.longitude),
                        name: location.name.clone(),
                        address: location.address.clone(),
                        context_info: context.into(),
                        ..Default::default()
                    }
                    .into(),
                    ..Default::default()
                };
                (message, Content::Location(location.clone()))
            }
            Outgoing::Contacts { contacts } => {
                (contacts_message(contacts, context), Content::Contacts { contacts: contacts.clone() })
            }
        };
        Ok(Composed { message, content, edit })
    }

    fn find(&self, draft: &Draft, id: &str) -> Result<Message, PhoneError> {
        self.log.find(&draft.chat, id).ok_or_else(|| PhoneError::NoSuchMessage(id.to_owned()))
    }

    async fn media(
        &self,
        media: &OutgoingMedia,
        context: Option<wa::ContextInfo>,
    ) -> Result<(wa::Message, Content), PhoneError> {
        let kind = media_type(media.kind);
        let plain = media.bytes.clone();
        let (sealed, preview) = tokio::task::spawn_blocking(move || {
            let preview = (kind == MediaType::Image).then(|| thumbnail::of(&plain)).flatten();
            (wacore::upload::encrypt_media(&plain, kind), preview)
        })
        .await
        .map_err(|error| PhoneError::MediaEncryption(error.to_string()))?;
        let sealed = sealed.map_err(|error| PhoneError::MediaEncryption(error.to_string()))?;
        let path = self.media.store(sealed.data_to_upload.into(), ambient::wall_clock()).await?;
        let url = Some(format!("https://{}{path}", self.media_host));
        let size = media.bytes.len() as u64;

        macro_rules! file {
            ($message:ident { $($field:ident: $value:expr),* $(,)? }) => {
                wa::message::$message {
                    url,
                    mimetype: Some(media.mimetype.clone()),
                    file_sha256: Some(sealed.file_sha256.to_vec()),
                    file_length: Some(size),
                    media_key: Some(sealed.media_key.to_vec()),
                    file_enc_sha256: Some(sealed.file_enc_sha256.to_vec()),
                    direct_path: Some(path.clone()),
                    media_key_timestamp: Some(ambient::seconds() as i64),
                    context_info: context.into(),
                    $($field: $value,)*
                    ..Default::default()
                }
                .into()
            };
        }
        let caption = media.caption.clone();
        let (width, height, jpeg) = match preview {
            Some(preview) => (Some(preview.width), Some(preview.height), Some(preview.jpeg)),
            None => (None, None, None),
        };
        let mut message = wa::Message::default();
        match media.kind {
            MediaKind::Image => {
                message.image_message =
                    file!(ImageMessage { caption: caption, width: width, height: height, jpeg_thumbnail: jpeg });
            }
            MediaKind::Video => message.video_message = file!(VideoMessage { caption: caption }),
            MediaKind::Audio => message.audio_message = file!(AudioMessage {}),
            MediaKind::Voice => message.audio_message = file!(AudioMessage { ptt: Some(true) }),
            MediaKind::Document => {
                message.document_message = file!(DocumentMessage {
                    caption: caption,
                    title: media.file_name.clone(),
                    file_name: media.file_name.clone(),
                });
                if media.caption.is_some() {
                    message = wa::Message {
                        document_with_caption_message: wa::message::FutureProofMessage { message: message.into() }
                            .into(),
                        ..Default::default()
                    };
                }
            }
            MediaKind::Sticker => message.sticker_message = file!(StickerMessage {}),
        }
        let content = Content::Media(Media {
            kind: media.kind,
            mimetype: media.mimetype.clone(),
            file_name: media.file_name.clone(),
            caption: media.caption.clone(),
            size_bytes: size,
            sha256: hex::encode(sealed.file_sha256),
            problem: None,
            path,
            key: sealed.media_key.to_vec(),
        });
        Ok((message, content))
    }
}

/// The key derivation that a kind of media uses.
pub(crate) fn media_type(kind: MediaKind) -> MediaType {
    match kind {
        MediaKind::Image => MediaType::Image,
        MediaKind::Video => MediaType::Video,
        MediaKind::Audio | MediaKind::Voice => MediaType::Audio,
        MediaKind::Document => MediaType::Document,
        MediaKind::Sticker => MediaType::Sticker,
    }
}

fn text_message(text: &str, context: Option<wa::ContextInfo>) -> wa::Message {
    match context {
        None => wa::Message { conversation: Some(text.to_owned()), ..Default::default() },
        Some(context) => wa::Message {
            extended_text_message: wa::message::ExtendedTextMessage {
                text: Some(text.to_owned()),
                context_info: context.into(),
                ..Default::default()
            }
            .into(),
            ..Default::default()
        },
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

fn content_of_reaction(target: &str, emoji: &str) -> Content {
    Content::Reaction { target: target.to_owned(), emoji: emoji.to_owned() }
}

fn edit_message(key: wa::MessageKey, text: &str) -> wa::Message {
    protocol(wa::message::ProtocolMessage {
        key: key.into(),
        r#type: Some(Type::MESSAGE_EDIT),
        edited_message: text_message(text, None).into(),
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
    wa::Message {
        poll_creation_message_v3: creation.into(),
        // Votes are sealed with this.
        message_context_info: wa::MessageContextInfo {
            message_secret: Some(ambient::random_bytes::<32>().to_vec()),
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
        participant: (message.chat.is_group() && !message.from_me).then(|| message.author.clone()),
    }
}

/// `contextInfo` of an answer. What is quoted quotes nothing itself.
fn quote(message: &Message) -> wa::ContextInfo {
    let original = waproto::codec::message_decode(&message.encoded[..]).unwrap_or_default();
    let original = match &message.content {
        Content::Text { text } => text_message(text, None),
        _ => decode::unwrap(&original).clone(),
    };
    wa::ContextInfo {
        stanza_id: Some(message.id.clone()),
        participant: Some(message.author.clone()),
        quoted_message: original.into(),
        ..Default::default()
    }
}

/// Milliseconds since 1970.
pub(crate) fn milliseconds() -> i64 {
    let since = ambient::wall_clock().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
