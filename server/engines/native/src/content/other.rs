//! What has a kind but no file of its own, and what has no kind at all.

use openwa_model::content::MessageKind;
use whatsapp_rust::waproto::whatsapp as wa;

use super::Content;

pub(super) fn read(message: &wa::Message) -> Option<Content<'_>> {
    if let Some(it) = message.order_message.as_option() {
        return Some(Content::new(MessageKind::Order, it.message.as_deref(), it.context_info.as_option()));
    }
    if let Some(it) = message.product_message.as_option() {
        let title = it.product.as_option().and_then(|it| it.title.as_deref());
        return Some(Content::new(MessageKind::Product, it.body.as_deref().or(title), it.context_info.as_option()));
    }
    if message.call_log_messsage.is_set() || message.call.is_set() {
        return Some(Content::new(MessageKind::Call, None, None));
    }
    if message.placeholder_message.is_set() {
        return Some(Content::new(MessageKind::Masked, None, None));
    }
    answer(message).or_else(|| is_for_people(message).then(|| Content::new(MessageKind::Unknown, None, None)))
}

/// An answer given by a button or a list: to the person who chose it, it is text.
fn answer(message: &wa::Message) -> Option<Content<'_>> {
    if let Some(it) = message.template_button_reply_message.as_option() {
        let text = it.selected_display_text.as_deref();
        return Some(Content::new(MessageKind::Text, text, it.context_info.as_option()));
    }
    if let Some(it) = message.list_response_message.as_option() {
        return Some(Content::new(MessageKind::Text, it.title.as_deref(), it.context_info.as_option()));
    }
    if let Some(it) = message.buttons_response_message.as_option() {
        let chosen = it.selected_button_id.as_deref();
        return Some(Content::new(MessageKind::Text, chosen, it.context_info.as_option()));
    }
    let it = message.interactive_response_message.as_option()?;
    let text = it.body.as_option().and_then(|it| it.text.as_deref());
    Some(Content::new(MessageKind::Text, text, it.context_info.as_option()))
}

/// Whether a message that nobody could read is one that a phone would show. What only carries keys,
/// votes or settings is not.
fn is_for_people(message: &wa::Message) -> bool {
    message.template_message.is_set()
        || message.interactive_message.is_set()
        || message.buttons_message.is_set()
        || message.list_message.is_set()
        || message.highly_structured_message.is_set()
        || message.group_invite_message.is_set()
        || message.event_message.is_set()
        || message.invoice_message.is_set()
        || message.send_payment_message.is_set()
        || message.request_payment_message.is_set()
        || message.payment_invite_message.is_set()
        || message.sticker_pack_message.is_set()
        || message.newsletter_admin_invite_message.is_set()
        || message.scheduled_call_creation_message.is_set()
        || message.rich_response_message.is_set()
        || message.comment_message.is_set()
}
