//! Rendered Rust in the form that `cargo fmt` leaves alone.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use crate::{error::Error, tree::root};

/// The text as rustfmt writes it with the repository's settings; other languages' files as they are.
pub(crate) fn formatted(path: &Path, text: String) -> Result<String, Error> {
    if path.extension().is_none_or(|it| it != "rs") {
        return Ok(text);
    }
    let refused = |reason: String| Error::Rustfmt { path: path.to_owned(), reason };
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout"])
        .current_dir(root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| refused(format!("it does not start ({error}); `rustup component add rustfmt` installs it")))?;
    let mut input = child.stdin.take().ok_or_else(|| refused("it takes no input".to_owned()))?;
    // rustfmt answers once it has read everything, but its complaints may fill a pipe before.
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output().map_err(|error| refused(error.to_string()))?;
    let written = writer.join().is_ok_and(|it| it.is_ok());
    if !output.status.success() || !written {
        return Err(refused(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    String::from_utf8(output.stdout).map_err(|error| refused(error.to_string()))
}
