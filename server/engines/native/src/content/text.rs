//! Text, plain or with a context: quotes, mentions, link previews.

use openwa_model::content::MessageKind;
use whatsapp_rust::waproto::whatsapp as wa;

use super::Content;

pub(super) fn read(message: &wa::Message) -> Option<Content<'_>> {
    if let Some(text) = message.extended_text_message.as_option() {
        return Some(Content::new(MessageKind::Text, text.text.as_deref(), text.context_info.as_option()));
    }
    let text = message.conversation.as_deref().filter(|it| !it.is_empty())?;
    Some(Content::new(MessageKind::Text, Some(text), None))
}
