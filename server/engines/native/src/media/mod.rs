//! Files: down from WhatsApp's media hosts, up to them, and the small pictures shown before them.

mod again;
mod download;
mod portrait;
pub(crate) mod remote;
mod thumbnail;
mod upload;

use std::{path::PathBuf, sync::Arc};

use openwa_model::{
    engine::{EngineError, ErrorKind, Retry},
    files::Files,
};
use tokio::sync::Semaphore;

pub(crate) use self::{again::ask_again, download::is_gone, upload::Sending};

/// How many pictures are decoded at a time; each may take a hundred megabytes.
const DECODINGS: usize = 2;

/// What all sessions share, so that many transfers at once neither fill the memory nor use up the threads.
pub(crate) struct MediaLimits {
    transfers: Semaphore,
    decodings: Semaphore,
}

impl MediaLimits {
    pub(crate) fn new(transfers: usize) -> Self {
        Self { transfers: Semaphore::new(transfers.max(1)), decodings: Semaphore::new(DECODINGS) }
    }
}

/// One session's way to files.
#[derive(Clone)]
pub(crate) struct MediaStation {
    pub(crate) files: Arc<dyn Files>,
    pub(crate) limits: Arc<MediaLimits>,
}

/// A spooled file that is removed unless it is taken.
struct Spooled(Option<PathBuf>);

impl Spooled {
    async fn new(files: &dyn Files) -> Result<Self, EngineError> {
        Ok(Self(Some(files.spool().await.map_err(not_kept)?)))
    }

    fn path(&self) -> PathBuf {
        self.0.clone().unwrap_or_default()
    }

    fn take(mut self) -> PathBuf {
        self.0.take().unwrap_or_default()
    }
}

impl Drop for Spooled {
    fn drop(&mut self) {
        if let Some(path) = self.0.take()
            && let Err(error) = std::fs::remove_file(&path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(file.path = %path.display(), %error, "A temporary file could not be removed");
        }
    }
}

fn not_kept(error: openwa_model::files::FileError) -> EngineError {
    EngineError::new(ErrorKind::Store, Retry::Later, "The media store failed").because(error)
}
