//! What stands inside an incoming message: one file for each kind of content.
//!
//! A message is a structure with some hundred optional fields of which one is set, sometimes inside
//! wrappers. Each reader looks for its own fields; the first that finds something wins.

mod appointment;
mod card;
mod choice;
mod file;
mod marks;
mod other;
mod place;
mod poll;
mod text;

use openwa_model::content::{Detail, Marks, Media, MessageKind, Quoted};
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

    /// What the sender says about it; `message` is the whole of it, with its wrappers.
    pub(crate) fn marks(&self, message: &wa::Message) -> Marks {
        marks::read(message, self.context)
    }

    /// Who is mentioned.
    pub(crate) fn mentions(&self) -> Vec<Jid> {
        let mentioned = self.context.map(|it| it.mentioned_jid.as_slice()).unwrap_or_default();
        mentioned.iter().take(MOST_MENTIONS).filter_map(|it| it.parse().ok()).collect()
    }
}

/// The message inside its wrappers: vanishing, seen once, with a caption, in an album and the like.
pub(crate) fn unwrapped(message: &wa::Message) -> &wa::Message {
    layers(message).last().unwrap_or(message)
}

/// The message and what its wrappers hold, the outermost first.
fn layers(message: &wa::Message) -> impl Iterator<Item = &wa::Message> {
    std::iter::successors(Some(message), |it| wrapped_in(it)).take(DEEPEST + 1)
}

fn wrapped_in(message: &wa::Message) -> Option<&wa::Message> {
    let sent = message.device_sent_message.as_option().and_then(|it| it.message.as_option());
    let wrappers = [
        &message.ephemeral_message,
        &message.view_once_message,
        &message.view_once_message_v2,
        &message.view_once_message_v2_extension,
        &message.document_with_caption_message,
        &message.edited_message,
        &message.group_mentioned_message,
        &message.associated_child_message,
        &message.lottie_sticker_message,
        &message.poll_creation_message_v4,
        &message.spoiler_message,
        &message.bot_invoke_message,
    ];
    sent.or_else(|| wrappers.into_iter().find_map(|it| it.as_option()?.message.as_option()))
}

/// Whether there is a poll in it; `message` is unwrapped.
pub(crate) fn is_poll(message: &wa::Message) -> bool {
    poll::of(message).is_some()
}

/// Reads a message. `None` when there is nothing in it that a person would see.
pub(crate) fn read(message: &wa::Message) -> Option<Content<'_>> {
    let message = unwrapped(message);
    let readers =
        [text::read, file::read, place::read, card::read, poll::read, appointment::read, choice::read, other::read];
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

fn filled(text: &Option<String>) -> Option<String> {
    text.as_deref().filter(|it| !it.is_empty()).map(bounded)
}

#[cfg(test)]
mod tests;
