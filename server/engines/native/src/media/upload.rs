//! Sending a file up: encrypted into a second file, streamed from there.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use buffa::MessageField;
use openwa_model::{
    content::{Marks, Media, MessageKind, Playback},
    engine::{EngineError, ErrorKind, Retry},
};
use wacore::{
    download::MediaType,
    upload::{UploadSource, encrypt_media_streaming},
};
use whatsapp_rust::{
    Client, anyhow,
    media::{self, AudioOptions, DocumentOptions, ImageOptions, VideoOptions},
    upload::UploadResponse,
    waproto::whatsapp::{self as wa, message as inner},
};

use super::{
    MediaStation, Spooled,
    thumbnail::{self, Picture},
};
use crate::failure;

/// A file on its way out, and what is said about it.
pub(crate) struct Sending<'a> {
    pub(crate) kind: MessageKind,
    pub(crate) media: &'a Media,
    pub(crate) caption: Option<&'a str>,
    pub(crate) playback: Playback,
    pub(crate) marks: &'a Marks,
    pub(crate) context_info: Option<Box<wa::ContextInfo>>,
}

/// An encrypted file, read anew for each attempt.
struct EncryptedFile {
    path: PathBuf,
    length: u64,
}

impl UploadSource for EncryptedFile {
    fn len(&self) -> u64 {
        self.length
    }

    fn reader_from(&self, offset: u64) -> io::Result<Box<dyn Read + Send>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(offset))?;
        Ok(Box::new(file))
    }
}

impl MediaStation {
    /// Uploads a file and writes the message that carries it.
    pub(crate) async fn message_with(&self, client: &Client, sending: Sending<'_>) -> Result<wa::Message, EngineError> {
        let Sending { kind, media, caption, playback, marks, context_info } = sending;
        let media_type = match kind {
            MessageKind::Image => MediaType::Image,
            MessageKind::Video => MediaType::Video,
            MessageKind::Audio | MessageKind::Voice => MediaType::Audio,
            MessageKind::Document => MediaType::Document,
            MessageKind::Sticker => MediaType::Sticker,
            other => {
                let message = format!("A message of type {} cannot be sent with a file", other.name());
                return Err(EngineError::new(ErrorKind::Invalid, Retry::Never, message));
            }
        };
        let path = self.local(media).await?;
        let is_picture = matches!(kind, MessageKind::Image | MessageKind::Sticker);
        let picture = if is_picture { self.look_at(path.clone()).await } else { Picture::default() };
        let upload = self.upload(client, &path, media_type).await?;
        let mimetype = Some(media.mimetype.clone()).filter(|it| !it.is_empty());
        let caption = caption.map(str::to_owned);
        let message = match kind {
            MessageKind::Image => {
                let jpeg_thumbnail = picture.thumbnail;
                let mut message =
                    media::image_message(upload, ImageOptions { caption, mimetype, jpeg_thumbnail, context_info });
                if let (Some(image), Some((width, height))) =
                    (message.image_message.as_option_mut(), picture.dimensions)
                {
                    image.width = Some(width);
                    image.height = Some(height);
                }
                message
            }
            MessageKind::Video => {
                let options = VideoOptions {
                    caption,
                    mimetype,
                    gif_playback: marks.is_gif.then_some(true),
                    context_info,
                    jpeg_thumbnail: playback.thumbnail,
                    duration_seconds: playback.seconds,
                };
                let mut message = media::video_message(upload, options);
                if let (Some(video), Some((width, height))) =
                    (message.video_message.as_option_mut(), playback.dimensions)
                {
                    video.width = Some(width);
                    video.height = Some(height);
                }
                if marks.is_video_note {
                    // A round video is the same thing in another field.
                    message.ptv_message = std::mem::take(&mut message.video_message);
                }
                message
            }
            MessageKind::Sticker => sticker(upload, mimetype, &picture, context_info),
            MessageKind::Document => media::document_message(
                upload,
                DocumentOptions {
                    file_name: media.filename.clone(),
                    title: media.filename.clone(),
                    caption,
                    mimetype,
                    context_info,
                    ..DocumentOptions::default()
                },
            ),
            _ => media::audio_message(
                upload,
                AudioOptions {
                    ptt: (kind == MessageKind::Voice).then_some(true),
                    mimetype,
                    context_info,
                    duration_seconds: playback.seconds,
                    waveform: playback.waveform,
                },
            ),
        };
        Ok(if marks.is_view_once { view_once(message) } else { message })
    }

    pub(super) async fn local(&self, media: &Media) -> Result<PathBuf, EngineError> {
        let gone = || EngineError::new(ErrorKind::Media, Retry::Never, "The file to be sent is not there any more");
        let key = media.file.as_ref().ok_or_else(gone)?;
        self.files.local(key).await.map_err(super::not_kept)?.ok_or_else(gone)
    }

    async fn look_at(&self, path: PathBuf) -> Picture {
        let _decoding = self.limits.decodings.acquire().await;
        // A decoder that panics costs the preview, not the message.
        tokio::task::spawn_blocking(move || thumbnail::of(&path)).await.unwrap_or_default()
    }

    async fn upload(&self, client: &Client, path: &Path, media_type: MediaType) -> Result<UploadResponse, EngineError> {
        let _transfer = self.limits.transfers.acquire().await;
        let spooled = Spooled::new(&*self.files).await?;
        let (from, to) = (path.to_owned(), spooled.path());
        let encrypted = tokio::task::spawn_blocking(move || -> anyhow::Result<_> {
            let (reader, writer) = (BufReader::new(File::open(from)?), BufWriter::new(File::create(&to)?));
            let info = encrypt_media_streaming(reader, writer, media_type)?;
            let length = std::fs::metadata(&to)?.len();
            Ok((EncryptedFile { path: to, length }, info))
        });
        let (source, info) = encrypted.await.map_err(anyhow::Error::new).flatten().map_err(|error| {
            let source: Box<dyn std::error::Error + Send + Sync> = error.into();
            EngineError::new(ErrorKind::Media, Retry::Later, "The file to be sent could not be read").because(source)
        })?;
        client.upload_stream(source, info, media_type).await.map_err(not_uploaded)
    }
}

fn sticker(
    upload: UploadResponse,
    mimetype: Option<String>,
    picture: &Picture,
    context_info: Option<Box<wa::ContextInfo>>,
) -> wa::Message {
    let (width, height) = picture.dimensions.unzip();
    wa::Message {
        sticker_message: MessageField::some(inner::StickerMessage {
            url: Some(upload.url),
            direct_path: Some(upload.direct_path),
            media_key: Some(upload.media_key.to_vec()),
            file_sha256: Some(upload.file_sha256.to_vec()),
            file_enc_sha256: Some(upload.file_enc_sha256.to_vec()),
            file_length: Some(upload.file_length),
            media_key_timestamp: Some(upload.media_key_timestamp),
            mimetype: Some(mimetype.unwrap_or_else(|| "image/webp".to_owned())),
            width,
            height,
            is_animated: Some(picture.is_animated),
            context_info: context_info.map(|it| MessageField::some(*it)).unwrap_or_default(),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// A file that the recipient can open once only. WhatsApp's own apps look for the mark and for the wrapper.
fn view_once(mut message: wa::Message) -> wa::Message {
    let is_sound = message.audio_message.is_set();
    if let Some(image) = message.image_message.as_option_mut() {
        image.view_once = Some(true);
    }
    for video in [&mut message.video_message, &mut message.ptv_message] {
        if let Some(video) = video.as_option_mut() {
            video.view_once = Some(true);
        }
    }
    if let Some(sound) = message.audio_message.as_option_mut() {
        sound.view_once = Some(true);
    }
    let wrapper = MessageField::some(inner::FutureProofMessage { message: MessageField::some(message) });
    if is_sound {
        return wa::Message { view_once_message_v2_extension: wrapper, ..Default::default() };
    }
    wa::Message { view_once_message_v2: wrapper, ..Default::default() }
}

fn not_uploaded(error: anyhow::Error) -> EngineError {
    let status = failure::http_status(&error);
    let message = match status {
        Some(status) => format!("WhatsApp's media host refused the file ({status})"),
        None => "The file could not be uploaded to WhatsApp".to_owned(),
    };
    let refused = status.is_some_and(|it| it == 413 || it == 415);
    let (kind, retry) = if refused { (ErrorKind::Refused, Retry::Never) } else { (ErrorKind::Internal, Retry::Later) };
    let source: Box<dyn std::error::Error + Send + Sync> = error.into();
    EngineError::new(kind, retry, message).because(source)
}
