//! `openwa completions`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{failure::CommandError, output};
use crate::cli::Cli;

#[derive(Debug, Args)]
pub(crate) struct CompletionsFlags {
    /// For this shell; put the output where it looks, such as ~/.local/share/bash-completion/completions/openwa
    shell: Shell,
}

pub(crate) fn run(flags: &CompletionsFlags) -> Result<(), CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(flags.shell, &mut Cli::command(), "openwa", &mut script);
    output::write(&script)
}
