//! Events as they come.
//!
//! A task reads ahead a little and puts what it has into a queue; Python takes from that queue at once
//! what is there, and waits only when nothing is. A wait that is given up therefore loses no event.

use std::{
    collections::VecDeque,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use openwa_client::{
    Error,
    raw::{Event, EventStream},
};
use pyo3::{prelude::*, types::PyBytes};
use tokio::{
    sync::{Notify, Semaphore},
    task::AbortHandle,
};

use crate::{
    bridge::Bridge,
    failure::exception,
    runtime::{OfProcess, runtime, wait},
};

/// How many events are read ahead.
const AHEAD: usize = 256;

/// A stream of events.
#[pyclass(frozen, module = "openwa._native")]
pub(crate) struct Events(OfProcess<Following>);

struct Following {
    ahead: Arc<Ahead>,
    reader: Mutex<Reader>,
}

enum Reader {
    /// Nothing is asked for yet.
    Idle(Box<EventStream>),
    Running(AbortHandle),
    Closed,
}

struct Ahead {
    queue: Mutex<Queue>,
    changed: Notify,
    room: Semaphore,
}

#[derive(Default)]
struct Queue {
    events: VecDeque<Result<Event, Error>>,
    is_over: bool,
    last_id: Option<String>,
}

#[pymethods]
impl Events {
    /// The next event, if it is there: its id, its kind, and JSON.
    fn take<'py>(&self, py: Python<'py>) -> PyResult<Option<(String, String, Bound<'py, PyBytes>)>> {
        let ahead = &self.0.here()?.ahead;
        let Some(event) = lock(&ahead.queue).events.pop_front() else { return Ok(None) };
        ahead.room.add_permits(1);
        let event = event.map_err(|error| exception(py, &error))?;
        lock(&ahead.queue).last_id = Some(event.id.clone());
        Ok(Some((event.id, event.kind, PyBytes::new(py, &event.data))))
    }

    /// Waits until there is something to take; says whether there is, or ever will be.
    fn wait(&self, py: Python<'_>) -> PyResult<bool> {
        let ahead = self.start(py)?;
        wait(py, async move { ahead.some().await })
    }

    /// The same in the background.
    fn submit_wait(&self, bridge: &Bridge, future: Bound<'_, PyAny>) -> PyResult<u64> {
        let ahead = self.start(future.py())?;
        bridge.start(future, async move { ahead.some().await }, |py, some| {
            Ok(some.into_pyobject(py)?.to_owned().into_any())
        })
    }

    /// The id of the last event that was taken: where to go on from after a restart.
    #[getter]
    fn last_id(&self) -> PyResult<Option<String>> {
        Ok(lock(&self.0.here()?.ahead.queue).last_id.clone())
    }

    /// Ends the stream; who waits for it is told.
    fn close(&self) -> PyResult<()> {
        self.0.here()?.close();
        Ok(())
    }
}

impl Events {
    pub(crate) fn new(stream: EventStream) -> Self {
        let queue = Queue { last_id: stream.last_id().map(str::to_owned), ..Queue::default() };
        let ahead = Ahead { queue: Mutex::new(queue), changed: Notify::new(), room: Semaphore::new(AHEAD) };
        let reader = Mutex::new(Reader::Idle(Box::new(stream)));
        Self(OfProcess::new(Following { ahead: Arc::new(ahead), reader }))
    }

    /// Begins to read, when the first event is asked for.
    fn start(&self, py: Python<'_>) -> PyResult<Arc<Ahead>> {
        let Following { ahead, reader } = self.0.here()?;
        let runtime = runtime(py)?;
        let mut reader = lock(reader);
        *reader = match mem::replace(&mut *reader, Reader::Closed) {
            Reader::Idle(stream) => Reader::Running(runtime.spawn(ahead.clone().read(*stream)).abort_handle()),
            running => running,
        };
        Ok(ahead.clone())
    }
}

impl Following {
    fn close(&self) {
        if let Reader::Running(task) = mem::replace(&mut *lock(&self.reader), Reader::Closed) {
            task.abort();
        }
        let mut queue = lock(&self.ahead.queue);
        queue.events.clear();
        queue.is_over = true;
        self.ahead.changed.notify_waiters();
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.close();
    }
}

impl Ahead {
    async fn read(self: Arc<Self>, mut stream: EventStream) {
        loop {
            let Ok(place) = self.room.acquire().await else { return };
            place.forget();
            let event = stream.next().await;
            let is_over = event.is_none();
            {
                let mut queue = lock(&self.queue);
                queue.events.extend(event);
                queue.is_over |= is_over;
            }
            self.changed.notify_waiters();
            if is_over {
                return;
            }
        }
    }

    async fn some(&self) -> bool {
        loop {
            let changed = self.changed.notified();
            let mut changed = std::pin::pin!(changed);
            // From here on a change wakes, so that none is missed between the look and the wait.
            changed.as_mut().enable();
            {
                let queue = lock(&self.queue);
                if !queue.events.is_empty() || queue.is_over {
                    return !queue.events.is_empty();
                }
            }
            changed.await;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
