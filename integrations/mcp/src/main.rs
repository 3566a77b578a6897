//! The gateway as an MCP server: what a model may read of it and, when asked for, do with it.
//!
//! In reading order: how it is started ([`settings`]); the tools, generated from the API document
//! ([`catalogue`]); how a tool's arguments become a call ([`arguments`]) and an answer becomes what a model can
//! read ([`answer`]); the protocol ([`server`]), over standard input and output or over HTTP ([`http`]).
//!
//! Never here: an operation's name, or anything that only one build of the gateway has.

mod answer;
mod arguments;
mod catalogue;
mod http;
mod server;
mod settings;

use std::process::ExitCode;

use clap::Parser;
use openwa_client::Client;
use rmcp::{ServiceExt, transport::io::stdio_pipes};

use crate::{
    server::{Access, Server},
    settings::{Settings, StartError},
};

fn main() -> ExitCode {
    match run(Settings::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("openwa-mcp: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn run(settings: Settings) -> Result<(), StartError> {
    let client = client(&settings)?;
    let server = Server::new(client, settings.may_write());
    match settings.listen {
        Some(address) => http::serve(server, address, &settings.allowed_hosts).await,
        None => serve_stdio(server.with_access(Access::Own)).await,
    }
}

/// Serves the one who started this program, until it closes standard input.
async fn serve_stdio(server: Server) -> Result<(), StartError> {
    let running = server.serve(stdio_pipes()).await.map_err(|error| StartError::Protocol(error.to_string()))?;
    running.waiting().await.map_err(|error| StartError::Protocol(error.to_string()))?;
    Ok(())
}

fn client(settings: &Settings) -> Result<Client, StartError> {
    let mut builder = Client::builder().user_agent(concat!("openwa-mcp/", env!("CARGO_PKG_VERSION")));
    if let Some(url) = &settings.url {
        builder = builder.base_url(url);
    }
    // Over HTTP each caller brings a key; this program's own must not stand in for one.
    let own = std::env::var("OPENWA_API_KEY").ok().filter(|it| !it.trim().is_empty());
    match (settings.listen, own) {
        (Some(_), _) => builder = builder.api_key(""),
        (None, Some(key)) => builder = builder.api_key(key),
        (None, None) => return Err(StartError::NoKey),
    }
    Ok(builder.build()?)
}
