//! Where media are kept: the local disk.
//!
//! A file is written under `spool/`, synced, and moved into its place under `kept/`, so that what
//! has a key is whole and survives a crash. Keys are made here and never come from outside text.
//!
//! Never here: what a file means, who may read it, HTTP.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use openwa_model::files::{FileError, FileKey, Files};
use tokio::fs;
use uuid::Uuid;

/// Files in a folder on this machine.
pub struct LocalFiles {
    spool: PathBuf,
    kept: PathBuf,
}

impl LocalFiles {
    /// Opens the folder, making it where needed, and clears what a crash left unfinished.
    pub async fn open(root: &Path) -> Result<Self, FileError> {
        let files = Self { spool: root.join("spool"), kept: root.join("kept") };
        match fs::remove_dir_all(&files.spool).await {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => (),
        }
        fs::create_dir_all(&files.spool).await?;
        fs::create_dir_all(&files.kept).await?;
        Ok(files)
    }

    /// Two levels of folders keep each of them small.
    fn place(&self, key: &FileKey) -> Option<PathBuf> {
        let id = Uuid::parse_str(&key.0).ok()?.simple().to_string();
        Some(self.kept.join(&id[id.len() - 2..]).join(id))
    }
}

#[async_trait]
impl Files for LocalFiles {
    async fn spool(&self) -> Result<PathBuf, FileError> {
        Ok(self.spool.join(Uuid::new_v4().simple().to_string()))
    }

    async fn keep(&self, spooled: PathBuf) -> Result<FileKey, FileError> {
        let key = FileKey(Uuid::now_v7().to_string());
        let place = self.place(&key).ok_or_else(|| std::io::Error::other("a fresh key must have a place"))?;
        let folder = place.parent().unwrap_or(&self.kept).to_owned();
        fs::File::open(&spooled).await?.sync_all().await?;
        fs::create_dir_all(&folder).await?;
        fs::rename(&spooled, &place).await?;
        fs::File::open(&folder).await?.sync_all().await?;
        Ok(key)
    }

    async fn local(&self, key: &FileKey) -> Result<Option<PathBuf>, FileError> {
        let Some(place) = self.place(key) else { return Ok(None) };
        Ok(fs::try_exists(&place).await?.then_some(place))
    }

    async fn remove(&self, key: &FileKey) -> Result<(), FileError> {
        let Some(place) = self.place(key) else { return Ok(()) };
        match fs::remove_file(place).await {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_kept_is_found_after_opening_again_and_what_is_not_is_cleared() {
        let folder = tempfile::tempdir().unwrap();
        let files = LocalFiles::open(folder.path()).await.unwrap();
        let (kept, left) = (files.spool().await.unwrap(), files.spool().await.unwrap());
        fs::write(&kept, b"picture").await.unwrap();
        fs::write(&left, b"half").await.unwrap();
        let key = files.keep(kept.clone()).await.unwrap();

        let files = LocalFiles::open(folder.path()).await.unwrap();
        let place = files.local(&key).await.unwrap().unwrap();
        assert_eq!(fs::read(place).await.unwrap(), b"picture");
        assert!(!fs::try_exists(&left).await.unwrap() && !fs::try_exists(&kept).await.unwrap());

        files.remove(&key).await.unwrap();
        files.remove(&key).await.unwrap();
        assert_eq!(files.local(&key).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_key_that_is_not_ours_names_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let files = LocalFiles::open(folder.path()).await.unwrap();
        for key in ["../../etc/passwd", "", "/etc/passwd"] {
            assert_eq!(files.local(&FileKey(key.into())).await.unwrap(), None);
        }
    }
}
