//! A file made into what its kind of message needs: voice notes are Ogg with Opus, stickers WebP of 512 pixels.

use std::path::Path;

use openwa_model::{
    content::{MessageKind, Playback},
    files::{FileError, Files},
};
use tokio::{fs, io::AsyncReadExt};

use super::{Brought, incoming::Unfinished, naming::looks_like};
use crate::{
    conversion::{Converter, FILM, VOICE_NOTE, ogg},
    error::GatewayError,
    pictures::{Pictures, Sticker},
};

/// What stickers are.
const STICKER: &str = "image/webp";

/// Makes files fit.
pub(crate) struct Workshop<'a> {
    pub(crate) converter: &'a Converter,
    pub(crate) pictures: &'a Pictures,
    pub(crate) files: &'a dyn Files,
}

impl Workshop<'_> {
    /// The file as its kind of message needs it, and what a chat shows of it before it is played.
    pub(crate) async fn fit(
        &self,
        kind: MessageKind,
        brought: Brought,
    ) -> Result<(Brought, Option<Playback>), GatewayError> {
        match kind {
            MessageKind::Voice => self.voice(brought).await,
            MessageKind::Sticker => Ok((self.sticker(brought).await?, None)),
            MessageKind::Audio => {
                let playback = if is_known(&brought, "audio/").await? {
                    let heard = self.converter.listen(brought.unfinished.path()).await;
                    heard.map(|it| Playback { waveform: None, ..it })
                } else {
                    None
                };
                Ok((brought, playback))
            }
            MessageKind::Video => {
                let playback = match is_known(&brought, "video/").await? {
                    true => self.converter.look(brought.unfinished.path(), self.pictures).await,
                    false => None,
                };
                Ok((brought, playback))
            }
            _ => Ok((brought, None)),
        }
    }

    /// A voice note of any sound.
    pub(crate) async fn to_voice(&self, brought: Brought) -> Result<Brought, GatewayError> {
        let unfinished = Unfinished::begin(self.files).await?;
        self.converter.voice(brought.unfinished.path(), unfinished.path()).await?;
        converted(unfinished, VOICE_NOTE).await
    }

    /// A film that every client plays, of any film.
    pub(crate) async fn to_film(&self, brought: Brought) -> Result<Brought, GatewayError> {
        let unfinished = Unfinished::begin(self.files).await?;
        self.converter.film(brought.unfinished.path(), unfinished.path()).await?;
        converted(unfinished, FILM).await
    }

    async fn voice(&self, brought: Brought) -> Result<(Brought, Option<Playback>), GatewayError> {
        let head = beginning(brought.unfinished.path()).await?;
        let brought = if ogg::is_opus(&head) {
            Brought { mimetype: VOICE_NOTE.to_owned(), ..brought }
        } else if looks_like(&head).is_some() || !brought.mimetype.starts_with("audio/ogg") {
            if !self.converter.is_available() {
                return Err(self.unplayable(&head, &brought));
            }
            self.to_voice(brought).await?
        } else {
            // Nothing is known against it but that nothing is known about it.
            return Ok((brought, None));
        };
        let path = brought.unfinished.path();
        let playback = match self.converter.listen(path).await {
            Some(heard) => Some(heard),
            None => ogg::seconds(path).await.map(|it| Playback { seconds: Some(it), ..Playback::default() }),
        };
        Ok((brought, playback))
    }

    fn unplayable(&self, head: &[u8], brought: &Brought) -> GatewayError {
        let kind = looks_like(head).unwrap_or(&brought.mimetype);
        let kind: String = kind.split(';').next().unwrap_or(kind).chars().take(64).collect();
        self.converter.missing(&kind)
    }

    async fn sticker(&self, brought: Brought) -> Result<Brought, GatewayError> {
        let unfinished = Unfinished::begin(self.files).await?;
        let (from, into) = (brought.unfinished.path().to_owned(), unfinished.path().to_owned());
        match self.pictures.sticker(from, into).await {
            Sticker::AsItIs => Ok(Brought { mimetype: STICKER.to_owned(), ..brought }),
            Sticker::Made => converted(unfinished, STICKER).await,
            Sticker::Moves => Err(GatewayError::NotConvertible(
                "a sticker that moves has to come as an animated WebP of 512 by 512 pixels".to_owned(),
            )),
            Sticker::NoPicture => Err(GatewayError::NotConvertible(
                "a sticker is made of a WebP, PNG, JPEG or GIF, and of no more than 16 million pixels".to_owned(),
            )),
        }
    }
}

/// A file of this type that was made here.
async fn converted(unfinished: Unfinished, mimetype: &str) -> Result<Brought, GatewayError> {
    let size_bytes = fs::metadata(unfinished.path()).await.map_err(FileError::Io)?.len();
    Ok(Brought { unfinished, mimetype: mimetype.to_owned(), filename: None, size_bytes })
}

/// Whether a file looks like one of this family: others are not worth a process.
async fn is_known(brought: &Brought, family: &str) -> Result<bool, GatewayError> {
    let head = beginning(brought.unfinished.path()).await?;
    Ok(looks_like(&head).is_some_and(|it| it.starts_with(family) || it.starts_with("video/")))
}

async fn beginning(path: &Path) -> Result<Vec<u8>, FileError> {
    let mut head = Vec::with_capacity(ogg::HEAD);
    fs::File::open(path).await?.take(ogg::HEAD as u64).read_to_end(&mut head).await?;
    Ok(head)
}
