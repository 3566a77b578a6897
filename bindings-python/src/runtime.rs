//! One runtime for the process, made again after a fork.

use std::{
    mem,
    pin::pin,
    process,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use pyo3::{exceptions::PyRuntimeError, prelude::*};
use tokio::runtime::{Builder, Runtime};

/// How long a waiting call leaves Ctrl-C unanswered at most.
const SIGNALS: Duration = Duration::from_millis(100);

/// Requests wait for the network, not for a processor: two threads carry thousands of them.
const WORKERS: usize = 2;

/// The runtime, and the process it was made in.
///
/// The lock is only ever held by a thread that holds the interpreter, as the thread that forks does.
/// So it is never held by somebody else when a process is forked, and a child finds it free.
static RUNTIME: Mutex<Option<(u32, &'static Runtime)>> = Mutex::new(None);

/// The runtime of this process.
///
/// It is never dropped: a child of a fork has none of its threads and would wait for them, and a
/// process that ends does not need to.
pub(crate) fn runtime(_py: Python<'_>) -> PyResult<&'static Runtime> {
    let process = process::id();
    let mut current = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((made_in, runtime)) = *current
        && made_in == process
    {
        return Ok(runtime);
    }
    let runtime = Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .thread_name("openwa")
        .enable_all()
        .build()
        .map_err(|error| PyRuntimeError::new_err(format!("openwa cannot start its threads: {error}")))?;
    let runtime: &'static Runtime = Box::leak(Box::new(runtime));
    *current = Some((process, runtime));
    Ok(runtime)
}

/// Waits for a future with the interpreter released, and lets Python answer signals meanwhile.
pub(crate) fn wait<T: Send>(py: Python<'_>, future: impl Future<Output = T> + Send) -> PyResult<T> {
    let runtime = runtime(py)?;
    let mut future = pin!(future);
    loop {
        let round = async { tokio::time::timeout(SIGNALS, future.as_mut()).await };
        match py.detach(|| runtime.block_on(round)) {
            Ok(done) => return Ok(done),
            Err(_) => py.check_signals()?,
        }
    }
}

/// What belongs to the runtime of one process. In a child of a fork it is neither used nor dropped: its
/// locks may be held by threads that are not there.
pub(crate) struct OfProcess<T> {
    made_in: u32,
    value: Option<T>,
}

impl<T> OfProcess<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { made_in: process::id(), value: Some(value) }
    }

    pub(crate) fn is_here(&self) -> bool {
        self.made_in == process::id()
    }

    /// The value, in the process it was made in.
    pub(crate) fn here(&self) -> PyResult<&T> {
        let gone =
            || PyRuntimeError::new_err("this belongs to the process before the fork; ask the client for a new one");
        self.value.as_ref().filter(|_| self.is_here()).ok_or_else(gone)
    }
}

impl<T> Drop for OfProcess<T> {
    fn drop(&mut self) {
        if !self.is_here() {
            mem::forget(self.value.take());
        }
    }
}
