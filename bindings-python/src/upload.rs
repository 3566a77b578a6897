//! A file that Python reads, as a stream of the core.

use std::io;

use bytes::Bytes;
use futures_util::{Stream, stream};
use pyo3::{exceptions::PyTypeError, intern, prelude::*, pybacked::PyBackedBytes};

/// How much is read at a time.
const CHUNK: usize = 256 * 1024;

/// Anything with `read(size)` that gives bytes.
pub(crate) struct Reader(Py<PyAny>);

impl Reader {
    pub(crate) fn new(file: Py<PyAny>) -> Self {
        Self(file)
    }

    /// What it reads, on a thread that may wait.
    pub(crate) fn into_stream(self) -> impl Stream<Item = io::Result<Bytes>> + Send {
        stream::try_unfold(self, async |it| {
            let read = tokio::task::spawn_blocking(move || it.read()).await;
            read.map_err(io::Error::other)?.map_err(|error| io::Error::other(error.to_string()))
        })
    }

    fn read(self) -> PyResult<Option<(Bytes, Self)>> {
        Python::attach(|py| {
            let read = self.0.bind(py).call_method1(intern!(py, "read"), (CHUNK,))?;
            let bytes = read
                .extract::<PyBackedBytes>()
                .map_err(|_| PyTypeError::new_err("the file gives no bytes; open it in binary mode"))?;
            Ok((!bytes.is_empty()).then(|| (Bytes::from_owner(bytes), self)))
        })
    }
}
