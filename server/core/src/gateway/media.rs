//! Files: brought in, made to fit, converted for whoever asks.

use std::path::Path;

use openwa_model::{
    content::{Media, MessageKind},
    id::SessionId,
};

use super::{Gateway, Result};
use crate::media_source::{Brought, Described, Incoming, IncomingText, Intake, MediaSource, Workshop};

/// What a file can be converted into.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Conversion {
    /// A voice note: Ogg with Opus.
    Voice,
    /// A film that every client plays: MP4 with H.264 and AAC.
    Video,
}

/// A file that was converted. Dropping it removes it.
#[derive(Debug)]
pub struct Converted(Brought);

impl Converted {
    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Its MIME type.
    pub fn mimetype(&self) -> &str {
        self.0.mimetype()
    }

    /// How long it is, in bytes.
    pub fn size_bytes(&self) -> u64 {
        self.0.size_bytes()
    }
}

impl Gateway {
    /// Begins to take in a file that is then handed on as [`MediaSource::Received`].
    pub async fn receive_file(&self) -> Result<Incoming> {
        Incoming::begin(&*self.0.context.ports.files, self.settings().media_max_bytes).await
    }

    /// The same, for a file that comes as base64 text.
    pub async fn receive_text(&self) -> Result<IncomingText> {
        Ok(IncomingText::new(self.receive_file().await?))
    }

    /// Whether there is anything to convert files with. The session has to be there.
    pub async fn can_convert(&self, session: SessionId) -> Result<bool> {
        self.view_of(session).await?;
        Ok(self.0.context.converter.is_available())
    }

    /// Converts a file. The session has to be there; it need not run.
    pub async fn convert(&self, session: SessionId, source: MediaSource, into: Conversion) -> Result<Converted> {
        self.view_of(session).await?;
        self.0.context.converter.check()?;
        let kind = match into {
            Conversion::Voice => MessageKind::Voice,
            Conversion::Video => MessageKind::Video,
        };
        let intake = self.intake(self.settings().media_max_bytes);
        let brought = intake.bring(source, Described { kind, mimetype: None, filename: None }).await?;
        let workshop = self.workshop();
        Ok(Converted(match into {
            Conversion::Voice => workshop.to_voice(brought).await?,
            Conversion::Video => workshop.to_film(brought).await?,
        }))
    }

    /// Brings a file in and keeps it as it is.
    pub(crate) async fn take_in(&self, source: MediaSource, described: Described, max_bytes: u64) -> Result<Media> {
        let intake = self.intake(max_bytes);
        intake.keep(intake.bring(source, described).await?).await
    }

    /// What brings files in, none larger than this.
    pub(crate) fn intake(&self, max_bytes: u64) -> Intake<'_> {
        let context = &self.0.context;
        Intake {
            client: &context.clients.media,
            network: &context.settings.network,
            files: &*context.ports.files,
            types: &context.settings.media_types,
            max_bytes,
        }
    }

    /// What makes files fit their kind of message.
    pub(crate) fn workshop(&self) -> Workshop<'_> {
        let context = &self.0.context;
        Workshop { converter: &context.converter, pictures: &context.pictures, files: &*context.ports.files }
    }
}
