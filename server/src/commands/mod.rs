//! The commands that speak to a running gateway, over the Rust SDK as anybody's program would.
//!
//! In reading order: what all of them are told ([`shared`]); where the gateway and its key are found
//! ([`connection`]) and kept ([`profile`]); what can go wrong ([`failure`]); how answers and transfers are
//! shown ([`output`], [`progress`]); how a session and a chat are named ([`names`]) and events read
//! ([`following`]). Then a file for each command.
//!
//! Never here: anything that needs an engine, the database or the lock of a data folder.

mod call;
mod completions;
mod connection;
mod events;
mod failure;
mod following;
mod listen;
mod login;
mod names;
mod output;
mod profile;
mod progress;
mod qr;
mod send;
mod sessions;
mod shared;
mod webhooks;

use std::path::Path;

use clap::Subcommand;

pub(crate) use failure::CommandError;

use crate::environment::Environment;

#[derive(Debug, Subcommand)]
pub(crate) enum GatewayCommand {
    /// Remembers the address and the key of a gateway
    Login(login::LoginFlags),
    /// Lists, makes, starts and ends sessions
    Sessions(sessions::SessionsFlags),
    /// Links a session to a phone: shows the code to scan until it is linked
    Qr(qr::QrFlags),
    /// Sends a text or a file
    Send(send::SendFlags),
    /// Shows events, with --follow as they come
    Events(events::EventsFlags),
    /// Lists, makes, tests and repairs webhooks
    Webhooks(webhooks::WebhooksFlags),
    /// Forwards events to an address of yours, signed as webhooks are, while you write a receiver
    Listen(listen::ListenFlags),
    /// Calls any operation of the API by its name
    Call(call::CallFlags),
    /// Prints a completion script for a shell
    Completions(completions::CompletionsFlags),
}

/// Runs one of them to its end.
pub(crate) fn run(command: GatewayCommand) -> Result<(), CommandError> {
    let environment = Environment::read(Path::new(".env"))?;
    // One thread is enough to wait for one gateway, and is the quickest to start.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        match command {
            GatewayCommand::Login(flags) => login::run(flags, &environment).await,
            GatewayCommand::Sessions(flags) => sessions::run(flags, &environment).await,
            GatewayCommand::Qr(flags) => qr::run(flags, &environment).await,
            GatewayCommand::Send(flags) => send::run(flags, &environment).await,
            GatewayCommand::Events(flags) => events::run(flags, &environment).await,
            GatewayCommand::Webhooks(flags) => webhooks::run(flags, &environment).await,
            GatewayCommand::Listen(flags) => listen::run(flags, &environment).await,
            GatewayCommand::Call(flags) => call::run(flags, &environment).await,
            GatewayCommand::Completions(flags) => completions::run(&flags),
        }
    });
    match ended {
        // Whoever read the output has seen enough, as `head` has.
        Err(CommandError::OutputClosed) => Ok(()),
        ended => ended,
    }
}
