//! How the server is started.

use std::{io, net::SocketAddr};

use clap::Parser;

/// The gateway as an MCP server, over standard input and output unless told to listen.
///
/// The gateway's address is read from OPENWA_BASE_URL, its key from OPENWA_API_KEY. Tools only read unless --write is given.
#[derive(Debug, Parser)]
#[command(name = "openwa-mcp", version)]
pub(crate) struct Settings {
    /// The gateway's address [default: http://127.0.0.1:2785]
    #[arg(long, value_name = "URL", env = "OPENWA_BASE_URL", hide_env_values = true)]
    pub(crate) url: Option<String>,
    /// Offer the tools that send and change as well, as MCP_READONLY=false does
    #[arg(long)]
    write: bool,
    /// Whether tools only read
    #[arg(long, env = "MCP_READONLY", hide = true, default_value_t = true, action = clap::ArgAction::Set)]
    readonly: bool,
    /// Serve streamable HTTP here, at /mcp, to callers that send their key as X-API-Key or as a bearer token
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// A name under which it is reached, besides this machine's own, such as mcp.example.org
    #[arg(long = "allowed-host", value_name = "HOST", requires = "listen")]
    pub(crate) allowed_hosts: Vec<String>,
}

impl Settings {
    /// Whether the tools that send and change are offered.
    pub(crate) fn may_write(&self) -> bool {
        self.write || !self.readonly
    }
}

/// Why it did not start, or did not go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("no API key: set OPENWA_API_KEY to one of the gateway's keys")]
    NoKey,
    #[error(transparent)]
    Client(#[from] openwa_client::Error),
    #[error("cannot listen on {address}: {why}. Choose another port with --listen")]
    Listen { address: SocketAddr, why: io::Error },
    #[error("the conversation ended: {0}")]
    Protocol(String),
}

impl StartError {
    /// 2 where a person has to call it differently, 1 for the rest.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::NoKey | Self::Client(_) => 2,
            Self::Listen { .. } | Self::Protocol(_) => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_only_reads_unless_told_otherwise() {
        let may_write =
            |arguments: &[&str]| Settings::try_parse_from([&["openwa-mcp"], arguments].concat()).unwrap().may_write();
        assert!(!may_write(&[]));
        assert!(!may_write(&["--readonly", "true"]));
        assert!(may_write(&["--write"]));
        assert!(may_write(&["--readonly", "false"]));
        assert!(Settings::try_parse_from(["openwa-mcp", "--allowed-host", "a"]).is_err());
    }
}
