//! What stands inside an incoming message: one file for each kind of content.
//!
//! A message is a structure with some hundred optional fields of which one is set, sometimes inside
//! wrappers. Each reader looks for its own fields; the first that finds something wins.

mod card;
mod file;
mod other;
mod place;
mod poll;
mod text;

use openwa_model::content::{Detail, Media, MessageKind, Quoted};
use openwa_model::{id::MessageId, jid::Jid};
use whatsapp_rust::waproto::whatsapp as wa;

use crate::status;

/// Wrappers inside wrappers beyond this are not unpacked.
const DEEPEST: usize = 8;

/// The longest text that is taken over, in characters. WhatsApp's own limit is the same.
const LONGEST_TEXT: usize = 65_536;

/// The most people a message can mention; a group has no more members.
const MOST_MENTIONS: usize = 1_024;

/// What one reader found.
pub(crate) struct Content<'a> {
    pub(crate) kind: MessageKind,
    pub(crate) body: String,
    pub(crate) media: Option<Media>,
    pub(crate) detail: Option<Detail>,
    context: Option<&'a wa::ContextInfo>,
}

impl<'a> Content<'a> {
    fn new(kind: MessageKind, body: Option<&str>, context: Option<&'a wa::ContextInfo>) -> Self {
        Self { kind, body: bounded(body.unwrap_or_default()), media: None, detail: None, context }
    }

    fn with_media(self, media: Media) -> Self {
        Self { media: Some(media), ..self }
    }

    fn with_detail(self, detail: Detail) -> Self {
        Self { detail: Some(detail), ..self }
    }

    /// The message this one answers.
    pub(crate) fn quoted(&self) -> Option<Quoted> {
        let context = self.context?;
        let id = context.stanza_id.as_deref().filter(|it| it.len() <= MessageId::MAX_LENGTH && !it.is_empty())?;
        let sender = context.participant.as_deref()?.parse().ok()?;
        let body = context.quoted_message.as_option().and_then(read).map(|it| it.body).unwrap_or_default();
        Some(Quoted { id: MessageId(id.to_owned()), sender, body })
    }

    /// Who is mentioned.
    pub(crate) fn mentions(&self) -> Vec<Jid> {
        let mentioned = self.context.map(|it| it.mentioned_jid.as_slice()).unwrap_or_default();
        mentioned.iter().take(MOST_MENTIONS).filter_map(|it| it.parse().ok()).collect()
    }
}

/// The message inside its wrappers: vanishing, seen once, with a caption, in an album and the like.
pub(crate) fn unwrapped(message: &wa::Message) -> &wa::Message {
    let mut inner = message;
    for _ in 0..DEEPEST {
        let sent = inner.device_sent_message.as_option().and_then(|it| it.message.as_option());
        let wrappers = [
            &inner.ephemeral_message,
            &inner.view_once_message,
            &inner.view_once_message_v2,
            &inner.view_once_message_v2_extension,
            &inner.document_with_caption_message,
            &inner.edited_message,
            &inner.group_mentioned_message,
            &inner.associated_child_message,
            &inner.lottie_sticker_message,
            &inner.poll_creation_message_v4,
            &inner.spoiler_message,
            &inner.bot_invoke_message,
        ];
        let wrapped = wrappers.into_iter().find_map(|it| it.as_option()?.message.as_option());
        match sent.or(wrapped) {
            Some(deeper) => inner = deeper,
            None => break,
        }
    }
    inner
}

/// Reads a message. `None` when there is nothing in it that a person would see.
pub(crate) fn read(message: &wa::Message) -> Option<Content<'_>> {
    let message = unwrapped(message);
    let readers = [text::read, file::read, place::read, card::read, poll::read, other::read];
    let content = readers.into_iter().find_map(|read| read(message))?;
    match status::of(message) {
        Some(post) if content.detail.is_none() => Some(content.with_detail(Detail::Status(post))),
        _ => Some(content),
    }
}

fn bounded(text: &str) -> String {
    match text.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => text[..end].to_owned(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
