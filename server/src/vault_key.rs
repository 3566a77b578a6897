//! The key that credentials and Signal state are encrypted with: from configuration, else from a file
//! beside the data that only its owner may read.

use std::{fmt, io, path::Path};

use openwa_model::clock::Minter;

use crate::private_file;

/// 32 secret bytes; their `Debug` shows nothing of them.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct VaultKey(pub(crate) [u8; 32]);

impl VaultKey {
    /// Reads 64 hexadecimal digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut key = [0; 32];
        hex::decode_to_slice(text.trim(), &mut key).ok()?;
        Some(Self(key))
    }
}

impl fmt::Debug for VaultKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VaultKey(…)")
    }
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VaultKeyError {
    #[error("the vault key in {file} cannot be read or written: {why}")]
    File { file: String, why: io::Error },
    #[error(
        "{file} does not hold a vault key (64 hexadecimal digits). Put the right one back: without it no session can be opened."
    )]
    Malformed { file: String },
    #[error(
        "{file} is missing, but {database} is there and was encrypted with it. Put the file back or set VAULT_KEY; to start anew, move the whole folder away."
    )]
    Missing { file: String, database: String },
}

/// The file's key; made with the file when there is no database yet.
pub(crate) fn from_file(data_dir: &Path, database: &Path, minter: &dyn Minter) -> Result<VaultKey, VaultKeyError> {
    let path = data_dir.join(".vault-key");
    let file = path.display().to_string();
    match std::fs::read_to_string(&path) {
        Ok(text) => VaultKey::parse(&text).ok_or(VaultKeyError::Malformed { file }),
        Err(why) if why.kind() != io::ErrorKind::NotFound => Err(VaultKeyError::File { file, why }),
        Err(_) if database.exists() => Err(VaultKeyError::Missing { file, database: database.display().to_string() }),
        Err(_) => {
            let mut key = [0; 32];
            minter.fill(&mut key);
            match private_file::write(&path, &format!("{}\n", hex::encode(key))) {
                Ok(()) => Ok(VaultKey(key)),
                Err(why) => Err(VaultKeyError::File { file, why }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use openwa_model::clock::SystemMinter;

    use super::*;

    #[test]
    fn it_is_made_once_and_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("openwa.sqlite");
        let first = from_file(folder.path(), &database, &SystemMinter).unwrap();
        std::fs::write(&database, "").unwrap();
        assert_eq!(from_file(folder.path(), &database, &SystemMinter).unwrap(), first);
        assert_eq!(format!("{first:?}"), "VaultKey(…)");
    }

    #[test]
    fn a_lost_or_broken_file_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("openwa.sqlite");
        std::fs::write(&database, "").unwrap();
        let lost = from_file(folder.path(), &database, &SystemMinter).unwrap_err();
        assert!(matches!(lost, VaultKeyError::Missing { .. }), "{lost}");

        std::fs::write(folder.path().join(".vault-key"), "00ff").unwrap();
        let broken = from_file(folder.path(), &database, &SystemMinter).unwrap_err();
        assert!(matches!(broken, VaultKeyError::Malformed { .. }), "{broken}");
    }
}
