//! From the OpenAPI document to what every SDK and integration is made of.
//!
//! ```text
//! cargo codegen               writes every generated file, and says which were stale
//! cargo codegen check         the same, and ends with 1 when any was stale
//! cargo codegen ir            prints the intermediate form as JSON
//! cargo codegen compat        lists what breaks clients of the last release and is not in CHANGELOG.md
//! cargo codegen compat OLD NEW   lists what breaks clients of OLD
//! ```
//!
//! In reading order: [`document`] reads `openapi/openapi.json`; [`build`] cuts it into the intermediate
//! form of [`ir`], and refuses what no client could say; [`target`] lists what is rendered from it, each
//! by its [`template`]s with the [`filter`]s that spell names and comments; [`tree`] compares that with
//! what is committed. Beside that, [`older`] writes the same document for tools that only know OpenAPI
//! 3.0.3, and [`compat`] finds what would break a client of an earlier document.
//!
//! Nothing here knows the server, and nothing opens a socket.

mod build;
mod command;
mod compat;
mod document;
mod error;
mod filter;
mod format;
mod ir;
mod older;
mod target;
mod template;
mod text;
mod tree;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match command::run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
