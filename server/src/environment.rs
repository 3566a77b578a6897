//! Environment variables, and below them those of a `.env` file.

use std::{collections::BTreeMap, path::Path};

use crate::config::ConfigError;

/// Named values; blank ones count as unset.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment(BTreeMap<String, String>);

impl Environment {
    /// What this process was given, and below it what the file says, if there is one.
    pub(crate) fn read(file: &Path) -> Result<Self, ConfigError> {
        let mut values = BTreeMap::new();
        match dotenvy::from_path_iter(file) {
            Ok(lines) => {
                for line in lines {
                    let (name, value) = line.map_err(|error| ConfigError::file(file, error))?;
                    values.insert(name, value);
                }
            }
            Err(error) if error.not_found() => (),
            Err(error) => return Err(ConfigError::file(file, error)),
        }
        for (name, value) in std::env::vars_os() {
            let Ok(name) = name.into_string() else { continue };
            match value.into_string() {
                // A blank value, as Compose files forward it, does not hide the file's.
                Ok(value) if value.trim().is_empty() => (),
                Ok(value) => _ = values.insert(name, value),
                // Only a variable that is asked for can be wrong, and this is wrong for each of them.
                Err(_) => _ = values.insert(name, char::REPLACEMENT_CHARACTER.to_string()),
            }
        }
        Ok(Self(values))
    }

    /// The value without the space around it.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|it| it.trim()).filter(|it| !it.is_empty())
    }
}

#[cfg(test)]
impl<const N: usize> From<[(&str, &str); N]> for Environment {
    fn from(values: [(&str, &str); N]) -> Self {
        Self(values.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_stands_below_the_environment_and_a_missing_one_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(".env");
        assert!(Environment::read(&file).unwrap().get("OPENWA_TEST_ONLY_IN_FILE").is_none());

        std::fs::write(&file, "OPENWA_TEST_ONLY_IN_FILE=' 5 '\nPATH=from-file\n# a remark\n").unwrap();
        let environment = Environment::read(&file).unwrap();
        assert_eq!(environment.get("OPENWA_TEST_ONLY_IN_FILE"), Some("5"));
        assert_ne!(environment.get("PATH"), Some("from-file"), "tests run with a PATH");

        std::fs::write(&file, "this is no assignment\n").unwrap();
        let error = Environment::read(&file).unwrap_err().to_string();
        assert!(error.contains(".env"), "{error}");
    }

    #[test]
    fn blank_is_unset() {
        let environment = Environment::from([("PORT", "  "), ("LOG_LEVEL", " debug\n")]);
        assert_eq!((environment.get("PORT"), environment.get("LOG_LEVEL")), (None, Some("debug")));
    }
}
