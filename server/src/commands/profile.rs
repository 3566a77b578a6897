//! Logins: the address and the key of a gateway, in files that only their owner may read.

use std::{
    fs,
    io::{self, Read},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use openwa_model::secret::Secret;
use serde::{Deserialize, Serialize};

use super::failure::CommandError;
use crate::{environment::Environment, private_file};

/// A file that is longer than this was not written by a login.
const LONGEST: u64 = 64 * 1024;

/// A gateway and how to be let in.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    pub(crate) url: String,
    pub(crate) key: Secret,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    url: String,
    api_key: String,
}

impl Profile {
    /// The stored login of this name, if there is one.
    pub(crate) fn read(name: &str, environment: &Environment) -> Result<Option<Self>, CommandError> {
        let Some(file) = file(name, environment)? else { return Ok(None) };
        let text = match read(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(why) => return Err(CommandError::Reading { file, why }),
        };
        let stored: Stored = serde_json::from_str(&text).map_err(|_| {
            let sentence = format!("{} is not what a login writes: remove it and log in again", file.display());
            CommandError::usage(sentence)
        })?;
        Ok(Some(Self { url: stored.url, key: Secret::new(stored.api_key) }))
    }

    /// Stores it under this name, and says where.
    pub(crate) fn write(&self, name: &str, environment: &Environment) -> Result<PathBuf, CommandError> {
        let nowhere = || CommandError::usage("there is no folder for the login: set HOME or XDG_CONFIG_HOME");
        let file = file(name, environment)?.ok_or_else(nowhere)?;
        let stored = Stored { url: self.url.clone(), api_key: self.key.expose().to_owned() };
        let text = serde_json::to_string_pretty(&stored).unwrap_or_else(|_| unreachable!("two texts can be written"));
        let folder = file.parent().unwrap_or(Path::new("."));
        let written = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        let written = written.and_then(|()| private_file::write(&file, &format!("{text}\n")));
        match written {
            Ok(()) => Ok(file),
            Err(why) => Err(CommandError::Writing { file, why }),
        }
    }
}

/// The whole text of a small file.
pub(crate) fn read(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    fs::File::open(file)?.take(LONGEST).read_to_string(&mut text)?;
    Ok(text)
}

fn file(name: &str, environment: &Environment) -> Result<Option<PathBuf>, CommandError> {
    let sound = |it: u8| it.is_ascii_alphanumeric() || b"-_".contains(&it);
    if name.is_empty() || name.len() > 64 || !name.bytes().all(sound) {
        let sentence = "--profile takes a name of 1 to 64 letters, digits, hyphens or underscores";
        return Err(CommandError::usage(sentence));
    }
    let configuration = match environment.get("XDG_CONFIG_HOME").map(Path::new).filter(|it| it.is_absolute()) {
        Some(folder) => Some(folder.to_owned()),
        None => environment.get("HOME").map(|it| Path::new(it).join(".config")),
    };
    Ok(configuration.map(|it| it.join("openwa").join(format!("{name}.json"))))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_login_is_kept_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let configuration = folder.path().join("made/by/it");
        let environment =
            Environment::from([("XDG_CONFIG_HOME", configuration.to_str().unwrap()), ("HOME", "/nowhere")]);
        assert!(Profile::read("default", &environment).unwrap().is_none());

        let profile = Profile { url: "http://127.0.0.1:1".into(), key: Secret::new("owa") };
        let file = profile.write("default", &environment).unwrap();
        assert_eq!(file, configuration.join("openwa/default.json"));
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(file.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
        let read = Profile::read("default", &environment).unwrap().unwrap();
        assert_eq!((read.url.as_str(), read.key.expose()), ("http://127.0.0.1:1", "owa"));
        assert!(Profile::read("other", &environment).unwrap().is_none());

        fs::write(&file, "{}").unwrap();
        assert_eq!(Profile::read("default", &environment).unwrap_err().exit_code(), 2);
        assert_eq!(Profile::read("../default", &environment).unwrap_err().exit_code(), 2);
    }
}
