//! The thread that does the networking: one, because a thread of JavaScript cannot take more than it delivers, and
//! because an answer then needs no further hop between threads.

use std::{io, sync::LazyLock};

use tokio::runtime::{Builder, Handle};

static RUNTIME: LazyLock<io::Result<Handle>> = LazyLock::new(start);

/// The runtime, which begins with the first client and ends with the process.
pub(crate) fn handle() -> Result<Handle, String> {
    RUNTIME.as_ref().cloned().map_err(|it| format!("the thread for the network cannot be started: {it}"))
}

fn start() -> io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    std::thread::Builder::new()
        .name("openwa".to_owned())
        .spawn(move || runtime.block_on(std::future::pending::<()>()))?;
    Ok(handle)
}
