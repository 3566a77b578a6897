//! Sending a file up: encrypted into a second file, streamed from there.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use openwa_model::{
    content::{Media, MessageKind},
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
    waproto::whatsapp as wa,
};

use super::{
    MediaStation, Spooled,
    thumbnail::{self, Picture},
};
use crate::failure;

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
    pub(crate) async fn message_with(
        &self,
        client: &Client,
        kind: MessageKind,
        media: &Media,
        caption: Option<&str>,
        context_info: Option<Box<wa::ContextInfo>>,
    ) -> Result<wa::Message, EngineError> {
        let path = self.local(media).await?;
        let media_type = match kind {
            MessageKind::Image => MediaType::Image,
            MessageKind::Video => MediaType::Video,
            MessageKind::Audio | MessageKind::Voice => MediaType::Audio,
            MessageKind::Document => MediaType::Document,
            other => {
                let message = format!("A message of type {} cannot be sent with a file", other.name());
                return Err(EngineError::new(ErrorKind::Invalid, Retry::Never, message));
            }
        };
        let picture = if kind == MessageKind::Image { self.look_at(path.clone()).await } else { Picture::default() };
        let upload = self.upload(client, &path, media_type).await?;
        let mimetype = Some(media.mimetype.clone()).filter(|it| !it.is_empty());
        let caption = caption.map(str::to_owned);
        Ok(match kind {
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
            MessageKind::Video => media::video_message(
                upload,
                VideoOptions { caption, mimetype, context_info, ..VideoOptions::default() },
            ),
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
                    ..AudioOptions::default()
                },
            ),
        })
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
