//! What can go wrong with a command, in sentences that say what to do.

use std::{io, path::PathBuf};

use openwa_client::ErrorKind;

use crate::config::ConfigError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// It was called wrongly.
    #[error("{0}")]
    Usage(String),
    /// It was called well, and what was asked for did not come about.
    #[error("{0}")]
    Failed(String),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("no API key for {url}: run `openwa login --url {url}`, or set OPENWA_API_KEY")]
    NoKey { url: String },
    #[error("the gateway at {url} does not accept the API key {origin}: {why}; {advice}")]
    Refused { url: String, origin: String, why: String, advice: String },
    #[error(
        "the gateway is not reachable at {url}: {why}. Start it with `openwa serve`, or give another address with --url"
    )]
    Unreachable { url: String, why: String },
    #[error("{0}")]
    Gateway(openwa_client::Error),
    #[error("{file} cannot be read: {why}")]
    Reading { file: PathBuf, why: io::Error },
    #[error("{file} cannot be written: {why}")]
    Writing { file: PathBuf, why: io::Error },
    /// Nobody reads the output any more.
    #[error("the output was closed")]
    OutputClosed,
    #[error(transparent)]
    System(#[from] io::Error),
}

impl CommandError {
    /// 2 where a person has to call it differently, 1 for the rest.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Config(_) | Self::NoKey { .. } => 2,
            Self::Gateway(error) if error.kind() == ErrorKind::Configuration => 2,
            _ => 1,
        }
    }

    pub(crate) fn usage(sentence: impl Into<String>) -> Self {
        Self::Usage(sentence.into())
    }

    pub(crate) fn failed(sentence: impl Into<String>) -> Self {
        Self::Failed(sentence.into())
    }
}
