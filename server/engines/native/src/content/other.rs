//! What has a kind but no file of its own, and what has no kind at all.

use openwa_model::content::{Detail, MessageKind, Product};
use whatsapp_rust::waproto::whatsapp::{
    self as wa,
    message::{self as inner, call_log_message::CallOutcome, product_message::ProductSnapshot},
};

use super::{Content, filled};

pub(super) fn read(message: &wa::Message) -> Option<Content<'_>> {
    if let Some(it) = message.order_message.as_option() {
        let detail = Detail::Order { id: filled(&it.order_id).unwrap_or_default(), token: filled(&it.token) };
        let text = it.message.as_deref().or(it.order_title.as_deref());
        return Some(Content::new(detail.kind(), text, it.context_info.as_option()).with_detail(detail));
    }
    if let Some(it) = message.product_message.as_option() {
        return Some(product(it));
    }
    if let Some(it) = message.call_log_messsage.as_option() {
        let missed = matches!(it.call_outcome, Some(CallOutcome::MISSED | CallOutcome::SILENCED_BY_DND));
        let detail = Detail::Call { video: it.is_video == Some(true), missed };
        return Some(Content::new(detail.kind(), None, None).with_detail(detail));
    }
    if message.call.is_set() {
        return Some(Content::new(MessageKind::Call, None, None));
    }
    if message.placeholder_message.is_set() {
        return Some(Content::new(MessageKind::Masked, None, None));
    }
    is_for_people(message).then(|| Content::new(MessageKind::Unknown, None, None))
}

fn product(message: &inner::ProductMessage) -> Content<'_> {
    let nothing = ProductSnapshot::default();
    let shown = message.product.as_option().unwrap_or(&nothing);
    let title = filled(&shown.title);
    let text = filled(&message.body).or_else(|| title.clone());
    let detail = Detail::Product(Product {
        id: filled(&shown.product_id).unwrap_or_default(),
        owner: message.business_owner_jid.as_deref().and_then(|it| it.parse().ok()),
        title,
        description: filled(&shown.description),
        currency: filled(&shown.currency_code),
        price_thousandths: shown.price_amount1000,
        url: filled(&shown.url),
    });
    Content::new(detail.kind(), text.as_deref(), message.context_info.as_option()).with_detail(detail)
}

/// Whether a message that nobody could read is one that a phone would show. What only carries keys,
/// votes or settings is not.
fn is_for_people(message: &wa::Message) -> bool {
    message.template_message.is_set()
        || message.highly_structured_message.is_set()
        || message.group_invite_message.is_set()
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
