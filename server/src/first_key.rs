//! The first admin key: in the data folder before it is in the database, so that no crash between the
//! two leaves a gateway whose key nobody knows.

use std::{io, path::Path};

use openwa_core::Gateway;
use openwa_model::{clock::Minter, secret::Secret};

use crate::{private_file, start_error::StartError};

/// Makes sure that there is a key; answers it when it was made just now.
pub(crate) async fn ensure(
    gateway: &Gateway,
    configured: Option<Secret>,
    file: &Path,
    minter: &dyn Minter,
) -> Result<Option<Secret>, StartError> {
    if !gateway.keys().await?.is_empty() {
        return Ok(None);
    }
    let unusable = |why| StartError::KeyFile { file: file.to_owned(), why };
    let key = match configured {
        Some(key) => key,
        None => match std::fs::read_to_string(file) {
            Ok(text) if is_key(text.trim()) => Secret::new(text.trim()),
            Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(unusable(why)),
            _ => mint(minter),
        },
    };
    private_file::write(file, &format!("{}\n", key.expose())).map_err(unusable)?;
    Ok(gateway.ensure_first_key(Some(key)).await?)
}

const PREFIX: &str = "owa_k1_";

fn mint(minter: &dyn Minter) -> Secret {
    let mut bytes = [0; 32];
    minter.fill(&mut bytes);
    Secret::new(format!("{PREFIX}{}", hex::encode(bytes)))
}

fn is_key(text: &str) -> bool {
    text.strip_prefix(PREFIX).is_some_and(|it| it.len() == 64 && it.bytes().all(|it| it.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use openwa_model::clock::SystemMinter;

    use super::*;

    #[test]
    fn a_minted_key_is_one_and_no_two_are_alike() {
        let (one, other) = (mint(&SystemMinter), mint(&SystemMinter));
        assert!(is_key(one.expose()) && one != other);
        assert!(!is_key("owa_k1_00") && !is_key(&one.expose().replacen("owa_k1_", "owa_k2_", 1)));
    }
}
