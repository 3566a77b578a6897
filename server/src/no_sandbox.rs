//! What stands in for the sandbox network in a build without it: no network, and a refusal to run one.

use poem::endpoint::BoxEndpoint;
use url::Url;

use crate::{cli::SandboxFlags, config::Config, network::NetworkRefused, start_error::StartError};

/// There is none.
pub(crate) struct Inside;

impl Inside {
    pub(crate) async fn start_if_chosen(_config: &Config) -> Result<Self, StartError> {
        Ok(Self)
    }

    pub(crate) fn url(&self) -> Option<&Url> {
        None
    }

    pub(crate) fn mounts(&self) -> Vec<(String, BoxEndpoint<'static>)> {
        Vec::new()
    }

    pub(crate) async fn end(self) {}
}

/// Refuses.
pub(crate) async fn run_alone(_flags: SandboxFlags) -> Result<(), StartError> {
    Err(NetworkRefused::PlainBuild.into())
}
