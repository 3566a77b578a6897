//! The port to where media are kept.

use std::path::PathBuf;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Names one kept file.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FileKey(pub String);

/// Why a file could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The disk or service answered with an error.
    #[error("the media store failed: {0}; check that its folder exists, is writable and has space")]
    Io(#[from] std::io::Error),
}

/// Keeps files. Writers fill a local file first and hand it over, so that no file is ever half there.
#[async_trait]
pub trait Files: Send + Sync + 'static {
    /// The path of a new local file to write to; the caller removes it or hands it to [`Files::keep`].
    async fn spool(&self) -> Result<PathBuf, FileError>;
    /// Takes over a written file. Once this returns it survives a crash.
    async fn keep(&self, spooled: PathBuf) -> Result<FileKey, FileError>;
    /// A local path to read the file from; `None` when there is no such file.
    async fn local(&self, key: &FileKey) -> Result<Option<PathBuf>, FileError>;
    /// Removes a file; removing one that is not there is fine.
    async fn remove(&self, key: &FileKey) -> Result<(), FileError>;
}
