//! A file that is written as it comes.

use std::path::{Path, PathBuf};

use openwa_model::files::{FileError, Files};
use tokio::{
    fs::{self, File},
    io::AsyncWriteExt,
};

use super::{Learned, base64_text::Base64Text, naming::plain_name};
use crate::error::GatewayError;

/// A file on its way in. Each piece goes to the disk at once; dropping it removes what was written.
#[derive(Debug)]
pub struct Incoming {
    file: File,
    size_bytes: u64,
    max_bytes: u64,
    unfinished: Unfinished,
}

impl Incoming {
    pub(crate) async fn begin(files: &dyn Files, max_bytes: u64) -> Result<Self, GatewayError> {
        let unfinished = Unfinished::begin(files).await?;
        let file = fs::File::create(unfinished.path()).await.map_err(FileError::Io)?;
        Ok(Self { file, size_bytes: 0, max_bytes, unfinished })
    }

    /// Writes what comes next; refused when the file becomes larger than it may be.
    pub async fn write(&mut self, piece: &[u8]) -> Result<(), GatewayError> {
        self.size_bytes += piece.len() as u64;
        if self.size_bytes > self.max_bytes {
            return Err(GatewayError::MediaTooLarge { max: self.max_bytes });
        }
        Ok(self.file.write_all(piece).await.map_err(FileError::Io)?)
    }

    /// The file is whole. What its sender calls it, and which type it is said to be, count where nothing better is known.
    pub async fn finish(mut self, mimetype: Option<String>, filename: Option<&str>) -> Result<Received, GatewayError> {
        self.file.flush().await.map_err(FileError::Io)?;
        let filename = filename.and_then(plain_name);
        Ok(Received {
            unfinished: self.unfinished,
            learned: Learned { size_bytes: self.size_bytes, mimetype, filename },
        })
    }
}

/// A file on its way in as base64 text, decoded as it comes; dropping it removes what was written.
#[derive(Debug)]
pub struct IncomingText {
    incoming: Incoming,
    decoder: Base64Text,
    decoded: Vec<u8>,
}

impl IncomingText {
    pub(crate) fn new(incoming: Incoming) -> Self {
        Self { incoming, decoder: Base64Text::default(), decoded: Vec::new() }
    }

    /// Decodes and writes what comes next.
    pub async fn write(&mut self, text: &[u8]) -> Result<(), GatewayError> {
        self.decoder.push(text, &mut self.decoded)?;
        self.incoming.write(&self.decoded).await?;
        self.decoded.clear();
        Ok(())
    }

    /// The text is whole.
    pub async fn finish(mut self) -> Result<Received, GatewayError> {
        let mimetype = self.decoder.finish(&mut self.decoded)?;
        self.incoming.write(&self.decoded).await?;
        self.incoming.finish(mimetype, None).await
    }
}

/// A file that came in whole. Dropping it removes it.
#[derive(Debug)]
pub struct Received {
    unfinished: Unfinished,
    learned: Learned,
}

impl Received {
    pub(super) fn into_parts(self) -> (Unfinished, Learned) {
        (self.unfinished, self.learned)
    }
}

/// A file that is removed unless it was handed on.
#[derive(Debug)]
pub(super) struct Unfinished {
    path: PathBuf,
    is_handed_on: bool,
}

impl Unfinished {
    pub(super) async fn begin(files: &dyn Files) -> Result<Self, GatewayError> {
        Ok(Self { path: files.spool().await?, is_handed_on: false })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn done(mut self) {
        self.is_handed_on = true;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_handed_on
            && let Err(error) = std::fs::remove_file(&self.path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(error = &error as &dyn std::error::Error, "an unfinished file could not be removed");
        }
    }
}
