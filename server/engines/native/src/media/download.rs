//! Fetching a file: streamed, decrypted on the way, bounded in size.

use std::{
    fs::File,
    io::{self, Seek, SeekFrom, Write},
    path::Path,
    time::Duration,
};

use openwa_model::{
    content::Media,
    engine::{EngineError, ErrorKind, Retry},
    files::FileKey,
};
use wacore::download::DownloadWriter;
use whatsapp_rust::{Client, anyhow};

use super::{MediaStation, Spooled, not_kept, remote::Remote};
use crate::failure;

/// A file that refuses to grow beyond its limit, whatever its sender said about its size.
struct Bounded {
    file: File,
    most: u64,
    length: u64,
}

/// The file is larger than asked for.
#[derive(Debug, thiserror::Error)]
#[error("the file has more than {0} bytes")]
struct TooLarge(u64);

impl Write for Bounded {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let end = self.length.saturating_add(buffer.len() as u64);
        if end > self.most {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, TooLarge(self.most)));
        }
        let written = self.file.write(buffer)?;
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Bounded {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.file.seek(position)
    }
}

impl DownloadWriter for Bounded {
    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)?;
        self.length = length;
        Ok(())
    }
}

impl MediaStation {
    /// Fetches a file into a new local one; says how long it is.
    pub(crate) async fn fetch_into(
        &self,
        client: &Client,
        media: &Media,
        into: &Path,
        max_bytes: u64,
    ) -> Result<u64, EngineError> {
        let remote = media.remote.as_deref().and_then(Remote::from_text).ok_or_else(|| {
            EngineError::new(ErrorKind::Media, Retry::Never, "This message's file was never offered for download")
        })?;
        // The semaphore is never closed, so that this only waits.
        let _transfer = self.limits.transfers.acquire().await;
        let file = File::create(into).map_err(|error| {
            EngineError::new(ErrorKind::Store, Retry::Later, "The media store failed").because(error)
        })?;
        let writer = Bounded { file, most: max_bytes, length: 0 };
        let written = client.download_to_writer(&remote, writer).await.map_err(not_fetched)?;
        Ok(written.length)
    }

    /// Fetches a file and keeps it, unless that takes too long.
    pub(crate) async fn fetch_and_keep(
        &self,
        client: &Client,
        media: &Media,
        max_bytes: u64,
        within: Duration,
    ) -> Result<(FileKey, u64), EngineError> {
        let spooled = Spooled::new(&*self.files).await?;
        let fetched = tokio::time::timeout(within, self.fetch_into(client, media, &spooled.path(), max_bytes)).await;
        let length = fetched.map_err(|_| {
            let message = format!("WhatsApp's media host did not deliver within {} seconds", within.as_secs());
            EngineError::new(ErrorKind::Unconfirmed, Retry::Later, message)
        })??;
        let key = self.files.keep(spooled.take()).await.map_err(not_kept)?;
        Ok((key, length))
    }
}

fn not_fetched(error: anyhow::Error) -> EngineError {
    let too_large = failure::chain(error.as_ref()).find_map(|it| {
        let inner = it.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        inner.and_then(|it| it.downcast_ref::<TooLarge>()).or(it.downcast_ref()).map(|it| it.0)
    });
    let (kind, retry, message) = match (too_large, failure::http_status(&error)) {
        (Some(most), _) => (ErrorKind::Media, Retry::Never, format!("The file has more than {most} bytes")),
        (None, Some(status)) if GONE.contains(&status) => {
            let message = "WhatsApp's media host has this file no longer; ask the sender to send it again";
            (ErrorKind::Media, Retry::Never, message.to_owned())
        }
        (None, Some(status)) => (ErrorKind::Media, Retry::Later, format!("WhatsApp's media host answered {status}")),
        (None, None) => {
            (ErrorKind::Unconfirmed, Retry::Later, "The file could not be fetched from WhatsApp".to_owned())
        }
    };
    let code = failure::http_status(&error).filter(|_| too_large.is_none()).map(u32::from);
    let source: Box<dyn std::error::Error + Send + Sync> = error.into();
    EngineError { code, ..EngineError::new(kind, retry, message) }.because(source)
}

/// What the media host answers about files that it has no longer: it forgets them, and the addresses run out.
const GONE: [u16; 3] = [403, 404, 410];

/// Whether a file could not be fetched because the media host has it no longer.
pub(crate) fn is_gone(error: &EngineError) -> bool {
    error.kind == ErrorKind::Media && error.code.is_some_and(|it| GONE.iter().any(|gone| u32::from(*gone) == it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_does_not_grow_beyond_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let file = File::create(folder.path().join("f")).unwrap();
        let mut bounded = Bounded { file, most: 10, length: 0 };
        bounded.write_all(b"12345678").unwrap();
        let error = bounded.write_all(b"9ab").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        let told = not_fetched(anyhow::Error::new(error).context("download failed"));
        assert_eq!((told.kind, told.retry), (ErrorKind::Media, Retry::Never));
        assert!(told.message.contains("10 bytes"), "{}", told.message);
        bounded.truncate(0).unwrap();
        bounded.write_all(b"again").unwrap();
    }
}
