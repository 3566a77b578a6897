//! Messages with a file.

use waproto::whatsapp as wa;

use super::Read;
use crate::phone::message::{Content, Media, MediaKind, Traits};

macro_rules! media {
    ($kind:expr, $file:expr, $file_name:expr, $caption:expr, $traits:expr) => {{
        let media = Media {
            kind: $kind,
            mimetype: $file.mimetype.clone().unwrap_or_default(),
            file_name: $file_name,
            caption: $caption,
            size_bytes: $file.file_length.unwrap_or_default(),
            sha256: hex::encode($file.file_sha256.as_deref().unwrap_or_default()),
            traits: $traits,
            problem: None,
            path: $file.direct_path.clone().unwrap_or_default(),
            key: $file.media_key.clone().unwrap_or_default(),
        };
        Some((Content::Media(media), $file.context_info.as_option()))
    }};
}

pub(super) fn read(message: &wa::Message) -> Option<Read<'_>> {
    if let Some(image) = message.image_message.as_option() {
        let traits = Traits { width: image.width, height: image.height, ..Traits::default() };
        return media!(MediaKind::Image, image, None, image.caption.clone(), traits);
    }
    if let Some(video) = message.video_message.as_option() {
        let kind = if video.gif_playback == Some(true) { MediaKind::Gif } else { MediaKind::Video };
        return media!(kind, video, None, video.caption.clone(), of_video(video));
    }
    if let Some(video) = message.ptv_message.as_option() {
        return media!(MediaKind::VideoNote, video, None, video.caption.clone(), of_video(video));
    }
    if let Some(audio) = message.audio_message.as_option() {
        let kind = if audio.ptt == Some(true) { MediaKind::Voice } else { MediaKind::Audio };
        let traits = Traits { seconds: audio.seconds, ..Traits::default() };
        return media!(kind, audio, None, None, traits);
    }
    if let Some(document) = message.document_message.as_option() {
        let file_name = document.file_name.clone().or(document.title.clone());
        return media!(MediaKind::Document, document, file_name, document.caption.clone(), Traits::default());
    }
    let sticker = message.sticker_message.as_option()?;
    let traits = Traits {
        width: sticker.width,
        height: sticker.height,
        is_animated: sticker.is_animated == Some(true),
        ..Traits::default()
    };
    media!(MediaKind::Sticker, sticker, None, None, traits)
}

fn of_video(video: &wa::message::VideoMessage) -> Traits {
    Traits { seconds: video.seconds, width: video.width, height: video.height, is_animated: false }
}
