//! The command line. What it leaves out comes from the environment: see `config`.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};

use crate::commands::GatewayCommand;

/// A self-hosted WhatsApp gateway: HTTP in, WhatsApp out, and back as webhooks.
#[derive(Debug, Parser)]
#[command(name = "openwa", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs the gateway.
    Serve(ServeFlags),
    /// Runs a sandbox WhatsApp network by itself, for gateways and other clients to join.
    Sandbox(SandboxFlags),
    /// Says which version and build this is.
    Version,
    #[command(flatten)]
    Gateway(Box<GatewayCommand>),
}

/// Each flag goes before the environment variable of the same meaning.
#[derive(Debug, Default, Args)]
pub(crate) struct ServeFlags {
    /// Run a sandbox WhatsApp network inside this process, with its control API under /sandbox
    #[arg(long, conflicts_with = "sandbox_url")]
    pub(crate) sandbox: bool,
    /// Join a sandbox WhatsApp network that runs elsewhere, such as http://127.0.0.1:9080
    #[arg(long, value_name = "URL")]
    pub(crate) sandbox_url: Option<String>,
    /// Listen on this port, 0 for a free one [env: PORT, default: 2785]
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// Listen on this address [env: BIND_HOST, default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) bind_host: Option<String>,
    /// Keep everything in this folder [env: DATA_DIR, default: ./data]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data_dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SandboxFlags {
    /// Listen here for ws:// and http://
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9080")]
    pub(crate) listen: SocketAddr,
    /// Listen here for wss:// and https://, under a certificate authority made at the first start
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen_tls: Option<SocketAddr>,
    /// Keep the network's state in this folder
    #[arg(long, value_name = "FOLDER", default_value = "./data/sandbox")]
    pub(crate) state_dir: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn a_gateway_has_one_network() {
        let both = ["openwa", "serve", "--sandbox", "--sandbox-url", "http://127.0.0.1:9080"];
        assert!(Cli::try_parse_from(both).is_err());
    }
}
