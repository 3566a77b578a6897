//! The program `openwa`: the one place that knows every room and names concrete types.
//!
//! In reading order: the command line ([`cli`]) and the settings ([`config`], [`traffic`], [`environment`]); which
//! network may be joined ([`network`]); where ffmpeg is ([`ffmpeg`]); the folder with all data ([`data_folder`]), its keys
//! ([`vault_key`], [`first_key`]) and how they are written ([`private_file`]); the rooms put together
//! ([`assemble`]), with a network inside or none ([`sandbox`]); what is said and logged ([`greeting`], [`telemetry`]); from start to stop
//! ([`lifecycle`]) and what can go wrong on the way ([`start_error`]). Beside the gateway, in the same
//! program: what speaks to one that runs ([`commands`]).
//!
//! Never here: anything a gateway does.

mod assemble;
mod cli;
mod commands;
mod config;
mod data_folder;
mod deliveries;
mod environment;
mod ffmpeg;
mod first_key;
mod greeting;
mod lifecycle;
mod network;
mod private_file;
#[cfg_attr(not(feature = "sandbox"), path = "no_sandbox.rs")]
mod sandbox;
mod start_error;
mod telemetry;
mod traffic;
mod vault_key;

use std::{path::Path, process::ExitCode};

use clap::Parser;

use crate::{
    cli::{Cli, Command},
    config::Config,
    environment::Environment,
    start_error::StartError,
};

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("openwa: {}", error.in_full());
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(command: Command) -> Result<(), StartError> {
    match command {
        Command::Serve(flags) => {
            let config = Config::read(flags, &Environment::read(Path::new(".env"))?)?;
            network::permit(&config.network, network::Build::this())?;
            telemetry::start(config.log);
            tokio::runtime::Runtime::new()?.block_on(assemble::serve(config))
        }
        Command::Sandbox(flags) => {
            telemetry::start(config::log_settings(&Environment::read(Path::new(".env"))?)?);
            tokio::runtime::Runtime::new()?.block_on(sandbox::run_alone(flags))
        }
        Command::Version => {
            let sandbox =
                if cfg!(feature = "sandbox") { " with the sandbox network, never on the real one" } else { "" };
            println!("openwa {}{sandbox}", env!("CARGO_PKG_VERSION"));
            Ok(())
        }
        Command::Gateway(command) => Ok(commands::run(*command)?),
    }
}
