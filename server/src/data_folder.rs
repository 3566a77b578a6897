//! The folder that holds everything, used by one process at a time.

use std::{
    fs::{self, File, TryLockError},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FolderError {
    #[error(
        "another process uses {0} already. Stop it first, or give this one a folder of its own with --data-dir (--state-dir for a sandbox)."
    )]
    InUse(PathBuf),
    #[error("the folder {0} cannot be used: {1}")]
    Unusable(PathBuf, io::Error),
}

/// The right to use a folder. It ends with the process, however that ends.
#[derive(Debug)]
pub(crate) struct FolderLock(#[expect(dead_code, reason = "an open file is what holds the lock")] File);

impl FolderLock {
    /// Makes the folder where needed and claims it.
    pub(crate) fn claim(folder: &Path) -> Result<Self, FolderError> {
        let unusable = |why| FolderError::Unusable(folder.to_owned(), why);
        // Databases, keys and media of the owner are nobody else's business.
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(unusable)?;
        let file = File::options().create(true).append(true).open(folder.join(".lock")).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(FolderError::InUse(folder.to_owned())),
            Err(TryLockError::Error(why)) => Err(unusable(why)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_user_at_a_time() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("a/b");
        let first = FolderLock::claim(&folder).unwrap();
        assert!(matches!(FolderLock::claim(&folder), Err(FolderError::InUse(_))));
        drop(first);
        FolderLock::claim(&folder).unwrap();
    }

    #[test]
    fn a_file_is_no_folder() {
        let parent = tempfile::tempdir().unwrap();
        let file = parent.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(matches!(FolderLock::claim(&file), Err(FolderError::Unusable(..))));
    }
}
