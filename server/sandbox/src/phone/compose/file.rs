//! Messages with a file: encrypted, uploaded and described.

use wacore::download::MediaType;
use waproto::whatsapp as wa;

use crate::ambient;
use crate::media::MediaHost;
use crate::phone::PhoneError;
use crate::phone::message::{Content, Media, MediaKind, OutgoingMedia, Traits};
use crate::phone::thumbnail;

pub(super) async fn compose(
    host: &MediaHost,
    host_name: &str,
    media: &OutgoingMedia,
    context: Option<wa::ContextInfo>,
    is_view_once: bool,
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
    let path = host.store(sealed.data_to_upload.into(), ambient::wall_clock()).await?;
    let url = Some(format!("https://{host_name}{path}"));
    let size = media.bytes.len() as u64;
    let seen = preview.as_ref().map(|preview| (preview.width, preview.height));
    let traits = Traits {
        width: media.traits.width.or(seen.map(|(width, _)| width)),
        height: media.traits.height.or(seen.map(|(_, height)| height)),
        ..media.traits
    };
    let once = is_view_once.then_some(true);

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
    macro_rules! video {
        ($is_gif:expr) => {
            file!(VideoMessage {
                caption: media.caption.clone(),
                seconds: traits.seconds,
                width: traits.width,
                height: traits.height,
                gif_playback: $is_gif,
                view_once: once,
            })
        };
    }
    let mut message = wa::Message::default();
    match media.kind {
        MediaKind::Image => {
            message.image_message = file!(ImageMessage {
                caption: media.caption.clone(),
                width: traits.width,
                height: traits.height,
                jpeg_thumbnail: preview.map(|preview| preview.jpeg),
                view_once: once,
            });
        }
        MediaKind::Video => message.video_message = video!(None),
        MediaKind::Gif => message.video_message = video!(Some(true)),
        MediaKind::VideoNote => message.ptv_message = video!(None),
        MediaKind::Audio => {
            message.audio_message = file!(AudioMessage { seconds: traits.seconds, view_once: once });
        }
        MediaKind::Voice => {
            message.audio_message = file!(AudioMessage { ptt: Some(true), seconds: traits.seconds, view_once: once });
        }
        MediaKind::Document => {
            message.document_message = file!(DocumentMessage {
                caption: media.caption.clone(),
                title: media.file_name.clone(),
                file_name: media.file_name.clone(),
            });
            if media.caption.is_some() {
                let wrapped = wa::message::FutureProofMessage { message: message.into() };
                message = wa::Message { document_with_caption_message: wrapped.into(), ..Default::default() };
            }
        }
        MediaKind::Sticker => {
            message.sticker_message = file!(StickerMessage {
                width: traits.width,
                height: traits.height,
                is_animated: traits.is_animated.then_some(true),
            });
        }
    }
    let content = Content::Media(Media {
        kind: media.kind,
        mimetype: media.mimetype.clone(),
        file_name: media.file_name.clone(),
        caption: media.caption.clone(),
        size_bytes: size,
        sha256: hex::encode(sealed.file_sha256),
        traits,
        problem: None,
        path,
        key: sealed.media_key.to_vec(),
    });
    Ok((message, content))
}

/// The key derivation that a kind of media uses.
pub(crate) fn media_type(kind: MediaKind) -> MediaType {
    match kind {
        MediaKind::Image => MediaType::Image,
        MediaKind::Video | MediaKind::Gif | MediaKind::VideoNote => MediaType::Video,
        MediaKind::Audio | MediaKind::Voice => MediaType::Audio,
        MediaKind::Document => MediaType::Document,
        MediaKind::Sticker => MediaType::Sticker,
    }
}
