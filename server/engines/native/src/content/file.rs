//! Pictures, videos, sounds, documents, stickers: what is fetched from a media host.

use openwa_model::content::{Media, MessageKind};
use wacore::download::{Downloadable, MediaType};
use whatsapp_rust::waproto::whatsapp as wa;

use super::{Content, bounded};
use crate::media::remote::Remote;

pub(super) fn read(message: &wa::Message) -> Option<Content<'_>> {
    if let Some(it) = message.image_message.as_option() {
        let content = Content::new(MessageKind::Image, it.caption.as_deref(), it.context_info.as_option());
        return Some(content.with_media(media(it, it.mimetype.as_deref(), "image/jpeg", None)));
    }
    if let Some(it) = message.video_message.as_option().or(message.ptv_message.as_option()) {
        let content = Content::new(MessageKind::Video, it.caption.as_deref(), it.context_info.as_option());
        return Some(content.with_media(media(it, it.mimetype.as_deref(), "video/mp4", None)));
    }
    if let Some(it) = message.audio_message.as_option() {
        let kind = if it.ptt == Some(true) { MessageKind::Voice } else { MessageKind::Audio };
        let content = Content::new(kind, None, it.context_info.as_option());
        return Some(content.with_media(media(it, it.mimetype.as_deref(), "audio/ogg; codecs=opus", None)));
    }
    if let Some(it) = message.document_message.as_option() {
        let content = Content::new(MessageKind::Document, it.caption.as_deref(), it.context_info.as_option());
        let name = it.file_name.as_deref().or(it.title.as_deref());
        return Some(content.with_media(media(it, it.mimetype.as_deref(), "application/octet-stream", name)));
    }
    let it = message.sticker_message.as_option()?;
    let content = Content::new(MessageKind::Sticker, None, it.context_info.as_option());
    Some(content.with_media(media(it, it.mimetype.as_deref(), "image/webp", None)))
}

fn media(source: &dyn Downloadable, mimetype: Option<&str>, usual: &str, name: Option<&str>) -> Media {
    let mimetype = mimetype.filter(|it| !it.is_empty()).unwrap_or(usual);
    debug_assert!(!matches!(source.app_info(), MediaType::History | MediaType::AppState));
    Media {
        mimetype: mimetype.chars().take(255).collect(),
        filename: name.filter(|it| !it.is_empty()).map(|it| bounded(it).chars().take(255).collect()),
        size_bytes: source.file_length(),
        file: None,
        remote: Remote::of(source).map(|it| it.to_text()),
    }
}
