//! A file that the gateway sends, read as it comes.

use std::{path::PathBuf, sync::Arc};

use bytes::Bytes;
use openwa_client::{Error, raw};
use pyo3::{
    exceptions::PyRuntimeError,
    prelude::*,
    types::{PyBytes, PyDict},
};
use tokio::sync::Mutex;

use crate::{
    bridge::Bridge,
    failure::{exception, headers},
    runtime::{OfProcess, wait},
};

/// The file, until it is read.
type File = Arc<Mutex<Option<raw::Download>>>;

/// A download that has begun.
#[pyclass(frozen, module = "openwa._native")]
pub(crate) struct Download {
    #[pyo3(get)]
    status: u16,
    #[pyo3(get)]
    headers: Py<PyDict>,
    #[pyo3(get)]
    content_length: Option<u64>,
    #[pyo3(get)]
    content_type: Option<String>,
    #[pyo3(get)]
    file_name: Option<String>,
    #[pyo3(get)]
    request_id: Option<String>,
    file: OfProcess<File>,
}

#[pymethods]
impl Download {
    /// The next piece, once it is there; none at the end.
    fn chunk<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        piece(py, wait(py, next(self.file()?))?)
    }

    /// The same in the background.
    fn submit_chunk(&self, bridge: &Bridge, future: Bound<'_, PyAny>) -> PyResult<u64> {
        bridge.start(future, next(self.file()?), piece)
    }

    /// All of it, if it is at most so long.
    fn read<'py>(&self, py: Python<'py>, longest: usize) -> PyResult<Bound<'py, PyAny>> {
        piece(py, wait(py, all(self.file()?, longest))?)
    }

    /// The same in the background.
    fn submit_read(&self, bridge: &Bridge, future: Bound<'_, PyAny>, longest: usize) -> PyResult<u64> {
        bridge.start(future, all(self.file()?, longest), piece)
    }

    /// Writes all of it to a file, which is there only when it is complete; says how long it is.
    fn save<'py>(&self, py: Python<'py>, path: PathBuf) -> PyResult<Bound<'py, PyAny>> {
        written(py, wait(py, save(self.file()?, path))?)
    }

    /// The same in the background.
    fn submit_save(&self, bridge: &Bridge, future: Bound<'_, PyAny>, path: PathBuf) -> PyResult<u64> {
        bridge.start(future, save(self.file()?, path), written)
    }

    /// Gives up what is not read yet.
    fn close(&self) -> PyResult<()> {
        // Who reads at this moment reads to the end of its piece.
        if let Ok(mut file) = self.file.here()?.try_lock() {
            drop(file.take());
        }
        Ok(())
    }
}

impl Download {
    /// The Python object for it.
    pub(crate) fn of(py: Python<'_>, begun: Result<raw::Download, Error>) -> PyResult<Bound<'_, PyAny>> {
        let begun = begun.map_err(|error| exception(py, &error))?;
        let download = Self {
            status: begun.status,
            headers: headers(py, &begun.headers)?.unbind(),
            content_length: begun.content_length(),
            content_type: begun.content_type().map(str::to_owned),
            file_name: begun.file_name(),
            request_id: begun.request_id.clone(),
            file: OfProcess::new(Arc::new(Mutex::new(Some(begun)))),
        };
        Ok(Bound::new(py, download)?.into_any())
    }

    fn file(&self) -> PyResult<File> {
        Ok(self.file.here()?.clone())
    }
}

/// Why nothing more can be read.
enum Unread {
    Over,
    Failed(Error),
}

impl Unread {
    fn exception(&self, py: Python<'_>) -> PyErr {
        match self {
            Self::Over => PyRuntimeError::new_err("the download was read or closed already; ask for it again"),
            Self::Failed(error) => exception(py, error),
        }
    }
}

async fn next(file: File) -> Result<Option<Bytes>, Unread> {
    let mut file = file.lock().await;
    let Some(download) = file.as_mut() else { return Ok(None) };
    let piece = download.chunk().await;
    if !matches!(piece, Ok(Some(_))) {
        *file = None;
    }
    piece.map_err(Unread::Failed)
}

async fn all(file: File, longest: usize) -> Result<Option<Bytes>, Unread> {
    let download = file.lock().await.take().ok_or(Unread::Over)?;
    download.bytes(longest).await.map(Some).map_err(Unread::Failed)
}

async fn save(file: File, path: PathBuf) -> Result<u64, Unread> {
    let download = file.lock().await.take().ok_or(Unread::Over)?;
    download.save(path).await.map_err(Unread::Failed)
}

fn piece(py: Python<'_>, read: Result<Option<Bytes>, Unread>) -> PyResult<Bound<'_, PyAny>> {
    let read = read.map_err(|error| error.exception(py))?;
    Ok(read.map(|it| PyBytes::new(py, &it)).into_pyobject(py)?)
}

fn written(py: Python<'_>, length: Result<u64, Unread>) -> PyResult<Bound<'_, PyAny>> {
    let length = length.map_err(|error| error.exception(py))?;
    Ok(length.into_pyobject(py)?.into_any())
}
