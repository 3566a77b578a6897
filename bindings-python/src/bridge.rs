//! What an event loop of asyncio is told of finished calls: all that are finished at once, by one bell.
//!
//! The runtime's threads never take the interpreter's lock. They put what they have into a queue and
//! write one byte to a socket that the loop watches; the loop then takes everything there is. Waking
//! the loop once for each call would cost more than the calls themselves.

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
#[cfg(unix)]
use std::{
    io::{Read, Write},
    os::{fd::AsRawFd, unix::net::UnixStream},
};

use pyo3::{intern, prelude::*};
use tokio::task::AbortHandle;

use crate::runtime::runtime;

/// Turns what a call brought into what its future resolves to, on the loop's own thread.
pub(crate) type Finish = Box<dyn for<'py> FnOnce(Python<'py>) -> PyResult<Bound<'py, PyAny>> + Send>;

/// The way back from the runtime's threads into one event loop.
#[pyclass(frozen, module = "openwa._native")]
pub(crate) struct Bridge {
    queue: Arc<Queue>,
    waiting: Mutex<Waiting>,
    #[cfg(unix)]
    heard: Option<UnixStream>,
}

struct Queue {
    finished: Mutex<Vec<(u64, Finish)>>,
    bell: Bell,
}

enum Bell {
    #[cfg(unix)]
    Socket(UnixStream),
    /// For loops that cannot watch a socket: a function that wakes the loop from any thread.
    Call(Py<PyAny>),
}

#[derive(Default)]
struct Waiting {
    last: u64,
    calls: HashMap<u64, (Py<PyAny>, AbortHandle)>,
}

#[pymethods]
impl Bridge {
    /// With a function to wake the loop by; without one, `fileno` is what the loop has to watch.
    #[new]
    #[pyo3(signature = (wake=None))]
    fn new(wake: Option<Py<PyAny>>) -> PyResult<Self> {
        #[cfg(unix)]
        let (bell, heard) = match wake {
            Some(wake) => (Bell::Call(wake), None),
            None => {
                let (bell, heard) = UnixStream::pair()?;
                bell.set_nonblocking(true)?;
                heard.set_nonblocking(true)?;
                (Bell::Socket(bell), Some(heard))
            }
        };
        #[cfg(not(unix))]
        let bell = Bell::Call(wake.ok_or_else(|| {
            pyo3::exceptions::PyNotImplementedError::new_err("there is no socket to watch on this system")
        })?);
        Ok(Self {
            queue: Arc::new(Queue { finished: Mutex::default(), bell }),
            waiting: Mutex::default(),
            #[cfg(unix)]
            heard,
        })
    }

    #[cfg(unix)]
    fn fileno(&self) -> Option<i32> {
        self.heard.as_ref().map(AsRawFd::as_raw_fd)
    }

    /// Resolves the futures of everything that is finished. The loop calls it.
    fn drain(&self, py: Python<'_>) -> PyResult<()> {
        self.hush();
        let finished = mem::take(&mut *lock(&self.queue.finished));
        for (ticket, finish) in finished {
            let Some((future, _)) = lock(&self.waiting).calls.remove(&ticket) else { continue };
            let future = future.into_bound(py);
            if future.call_method0(intern!(py, "done"))?.is_truthy()? {
                continue;
            }
            match finish(py) {
                Ok(value) => future.call_method1(intern!(py, "set_result"), (value,))?,
                Err(error) => future.call_method1(intern!(py, "set_exception"), (error.into_value(py),))?,
            };
        }
        Ok(())
    }

    /// Ends a call that nobody waits for any more.
    fn cancel(&self, ticket: u64) {
        let call = lock(&self.waiting).calls.remove(&ticket);
        if let Some((_, task)) = call {
            task.abort();
        }
    }

    /// Ends every call, when the loop is closed.
    fn close(&self) {
        let calls = mem::take(&mut lock(&self.waiting).calls);
        for (_, task) in calls.into_values() {
            task.abort();
        }
    }
}

impl Bridge {
    /// Runs a call in the background; `future` gets what it brings. The ticket cancels it.
    pub(crate) fn start<T: Send + 'static>(
        &self,
        future: Bound<'_, PyAny>,
        work: impl Future<Output = T> + Send + 'static,
        finish: impl for<'py> FnOnce(Python<'py>, T) -> PyResult<Bound<'py, PyAny>> + Send + 'static,
    ) -> PyResult<u64> {
        let runtime = runtime(future.py())?;
        let queue = self.queue.clone();
        let mut waiting = lock(&self.waiting);
        waiting.last += 1;
        let ticket = waiting.last;
        let task = runtime.spawn(async move {
            let outcome = work.await;
            queue.push(ticket, Box::new(move |py| finish(py, outcome)));
        });
        waiting.calls.insert(ticket, (future.unbind(), task.abort_handle()));
        Ok(ticket)
    }

    /// Takes the bytes that woke the loop.
    fn hush(&self) {
        #[cfg(unix)]
        if let Some(mut heard) = self.heard.as_ref() {
            let mut bytes = [0; 64];
            while matches!(heard.read(&mut bytes), Ok(64)) {}
        }
    }
}

impl Queue {
    fn push(&self, ticket: u64, finish: Finish) {
        let first = {
            let mut finished = lock(&self.finished);
            finished.push((ticket, finish));
            finished.len() == 1
        };
        // Whoever waits behind the first is taken together with it.
        if first {
            self.bell.ring();
        }
    }
}

impl Bell {
    fn ring(&self) {
        match self {
            // A full socket wakes the loop as well as one more byte would; a closed one has no loop.
            #[cfg(unix)]
            Self::Socket(socket) => drop((&mut &*socket).write(&[1])),
            Self::Call(wake) => Python::attach(|py| {
                // It fails once the loop is closed, and then nobody waits.
                drop(wake.call0(py));
            }),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
