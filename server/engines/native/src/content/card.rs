//! Contact cards, one or several.

use openwa_model::content::{Detail, MessageKind};
use whatsapp_rust::waproto::whatsapp as wa;

use super::{Content, bounded};

/// WhatsApp sends at most as many at once.
const MOST_CARDS: usize = 257;

pub(super) fn read(message: &wa::Message) -> Option<Content<'_>> {
    let (name, context, cards) = match message.contact_message.as_option() {
        Some(it) => (it.display_name.as_deref(), it.context_info.as_option(), std::slice::from_ref(it)),
        None => {
            let it = message.contacts_array_message.as_option()?;
            (it.display_name.as_deref(), it.context_info.as_option(), it.contacts.as_slice())
        }
    };
    let vcards = cards.iter().take(MOST_CARDS).filter_map(|it| it.vcard.as_deref()).map(bounded).collect();
    Some(Content::new(MessageKind::Contact, name, context).with_detail(Detail::Contact { vcards }))
}
