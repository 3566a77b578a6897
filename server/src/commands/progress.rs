//! Bars for transfers, where a person watches.

use std::{
    io::{self, IsTerminal},
    path::Path,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use openwa_client::Upload;
use tokio::fs::File;

use super::{failure::CommandError, output::Output};

/// A bar of so many bytes; nothing is drawn unless standard error is a terminal.
pub(crate) fn bar(output: Output, length: Option<u64>, what: &str) -> ProgressBar {
    let target = match !output.is_json() && io::stderr().is_terminal() {
        true => ProgressDrawTarget::stderr(),
        false => ProgressDrawTarget::hidden(),
    };
    let bar = ProgressBar::with_draw_target(length, target);
    let template = match length {
        Some(_) => "{msg} [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec} {eta}",
        None => "{msg} {bytes} {bytes_per_sec}",
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style.progress_chars("=> "));
    bar.set_message(what.to_owned());
    bar
}

/// A file to send, and the bar that shows how much of it is gone.
pub(crate) async fn upload(output: Output, file: &Path) -> Result<(Upload, ProgressBar), CommandError> {
    let unreadable = |why| CommandError::Reading { file: file.to_owned(), why };
    let opened = File::open(file).await.map_err(unreadable)?;
    let about = opened.metadata().await.map_err(unreadable)?;
    if !about.is_file() {
        return Err(CommandError::usage(format!("{} is not a file", file.display())));
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let bar = bar(output, Some(about.len()), &super::output::shown(&name));
    if bar.is_hidden() {
        // By its path it can be sent again after a connection broke.
        return Ok((Upload::path(file), bar));
    }
    let mimetype = mime_guess::from_path(file).first_or_octet_stream();
    let upload = Upload::reader(bar.wrap_async_read(opened), about.len()).named(name);
    Ok((upload.mimetype(mimetype.essence_str()), bar))
}
