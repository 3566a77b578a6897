//! `openwa login`.

use std::io::{self, IsTerminal, Read};

use clap::Args;
use console::Term;
use openwa_model::secret::Secret;
use serde_json::json;
use url::Url;

use super::{
    connection::{self, Gateway, KeySource},
    failure::CommandError,
    output::{Output, cell},
    profile::Profile,
    shared::Shared,
};
use crate::environment::Environment;

/// The longest key there is.
const LONGEST_KEY: u64 = 4096;

/// The key comes from OPENWA_API_KEY, else from the folder of a gateway that runs here, else it is asked for.
#[derive(Debug, Args)]
pub(crate) struct LoginFlags {
    #[command(flatten)]
    shared: Shared,
    /// Read the key from standard input
    #[arg(long)]
    key_stdin: bool,
}

pub(crate) async fn run(flags: LoginFlags, environment: &Environment) -> Result<(), CommandError> {
    let LoginFlags { shared, key_stdin } = flags;
    let output = Output::new(shared.json);
    let before = Profile::read(&shared.profile, environment)?;
    let url = connection::address(&shared, environment, before.as_ref())?;
    let (key, source) = if key_stdin { (piped()?, KeySource::Given) } else { found(environment, &url)? };
    let gateway = Gateway::at(&url, &key, source.clone())?;
    let valid = gateway.post("/api/auth/validate", &[], None).await?;

    let profile = Profile { url: connection::shown(&url), key };
    let file = profile.write(&shared.profile, environment)?;
    if output.is_json() {
        return output.document(&json!({"url": profile.url, "file": file, "role": valid["role"]}));
    }
    if let KeySource::Environment | KeySource::Folder(_) = source {
        output.note(&format!("With the key {source}."));
    }
    output.line(&format!("Logged in to {} as {}; kept in {}", profile.url, cell(&valid["role"]), file.display()))
}

fn found(environment: &Environment, url: &Url) -> Result<(Secret, KeySource), CommandError> {
    // Without the login that is to be replaced.
    match connection::key("", environment, None, url)? {
        Some(found) => Ok(found),
        None => Ok((asked(url)?, KeySource::Given)),
    }
}

fn piped() -> Result<Secret, CommandError> {
    let mut text = String::new();
    io::stdin().take(LONGEST_KEY).read_to_string(&mut text)?;
    given(&text)
}

fn asked(url: &Url) -> Result<Secret, CommandError> {
    let url = connection::shown(url);
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(CommandError::usage(format!(
            "there is no terminal to ask for the key of {url}: set OPENWA_API_KEY, or pipe it in with --key-stdin"
        )));
    }
    eprint!("API key of {url} (not shown): ");
    given(&Term::stderr().read_secure_line()?)
}

fn given(text: &str) -> Result<Secret, CommandError> {
    match text.trim() {
        "" => Err(CommandError::usage("the key is empty")),
        key => Ok(Secret::new(key)),
    }
}
