//! Why the program did not start, or did not go on.

use std::{error::Error, io, net::SocketAddr, path::PathBuf};

use openwa_core::GatewayError;
use openwa_model::{files::FileError, store::StoreError};

use crate::{
    commands::CommandError, config::ConfigError, data_folder::FolderError, network::NetworkRefused,
    vault_key::VaultKeyError,
};

/// Each sentence says what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Network(#[from] NetworkRefused),
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    VaultKey(#[from] VaultKeyError),
    #[error("the key file {file} cannot be read or written: {why}")]
    KeyFile { file: PathBuf, why: io::Error },
    #[error("the database {file} cannot be opened")]
    Database { file: PathBuf, source: StoreError },
    #[error(transparent)]
    Files(#[from] FileError),
    #[error("the gateway cannot start")]
    Gateway(#[from] GatewayError),
    #[cfg(feature = "sandbox")]
    #[error("the sandbox network cannot start")]
    Sandbox(#[from] openwa_sandbox::SandboxError),
    #[error("cannot listen on {address}: {why}. Choose another port with --port, or 0 for a free one.")]
    Listen { address: SocketAddr, why: io::Error },
    #[error("the {0} ended by itself, which is a bug; the log says more")]
    Ended(&'static str),
    #[error(transparent)]
    Command(#[from] CommandError),
    #[error(transparent)]
    System(#[from] io::Error),
}

impl StartError {
    /// 2 where a person has to change how it is called or set up, 1 for the rest.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) | Self::Network(_) | Self::Folder(_) | Self::VaultKey(_) => 2,
            Self::Command(error) => error.exit_code(),
            _ => 1,
        }
    }

    /// The sentence, and what caused it, for a person at a terminal.
    pub(crate) fn in_full(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            text.push_str(&format!(": {error}"));
            cause = error.source();
        }
        text
    }
}
