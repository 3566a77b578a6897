//! Places, fixed or moving.

use openwa_model::content::{Detail, MessageKind};
use whatsapp_rust::waproto::whatsapp as wa;

use super::{Content, filled};

pub(super) fn read(message: &wa::Message) -> Option<Content<'_>> {
    if let Some(it) = message.location_message.as_option() {
        let body = it.comment.as_deref().or(it.name.as_deref());
        let content = Content::new(MessageKind::Location, body, it.context_info.as_option());
        return Some(content.with_detail(Detail::Location {
            latitude: it.degrees_latitude.unwrap_or_default(),
            longitude: it.degrees_longitude.unwrap_or_default(),
            description: filled(&it.name),
            address: filled(&it.address),
            url: filled(&it.url),
        }));
    }
    let it = message.live_location_message.as_option()?;
    let content = Content::new(MessageKind::Location, it.caption.as_deref(), it.context_info.as_option());
    Some(content.with_detail(Detail::Location {
        latitude: it.degrees_latitude.unwrap_or_default(),
        longitude: it.degrees_longitude.unwrap_or_default(),
        description: filled(&it.caption),
        address: None,
        url: None,
    }))
}
