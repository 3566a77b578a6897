//! The client: calls that wait, and calls that an event loop is told of.

use std::{
    collections::HashMap,
    env,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use openwa_client::{
    ClientBuilder, Error, Upload,
    raw::{Answer, Call, CallBody, Follow},
};
use pyo3::{
    exceptions::PyRuntimeError,
    prelude::*,
    pybacked::PyBackedBytes,
    types::{PyBytes, PyDict, PyTuple},
};

use crate::{
    bridge::Bridge,
    call::{Operation, Prepared, seconds},
    download::Download,
    events::Events,
    failure::{exception, headers},
    runtime::{OfProcess, wait},
    upload::Reader,
};

/// The gateway, seen from here. Copies with other options share its connections.
#[pyclass(frozen, module = "openwa._native")]
pub(crate) struct Client {
    shared: Arc<Shared>,
    own: Own,
}

struct Shared {
    builder: ClientBuilder,
    /// Locked only while the interpreter is held, and so free after a fork.
    made: Mutex<Option<OfProcess<openwa_client::Client>>>,
}

/// What a copy does differently.
#[derive(Clone, Default)]
struct Own {
    timeout: Option<Duration>,
    retries: Option<u32>,
    headers: Vec<(String, String)>,
}

#[pymethods]
impl Client {
    #[new]
    #[pyo3(signature = (base_url, api_key, timeout, max_retries, proxy, headers, python, certificates, longest_answer))]
    #[expect(clippy::too_many_arguments, reason = "Python's keyword arguments, each an option of its own")]
    fn new(
        py: Python<'_>,
        base_url: Option<String>,
        api_key: Option<String>,
        timeout: Option<f64>,
        max_retries: Option<u32>,
        proxy: Option<String>,
        headers: Option<HashMap<String, String>>,
        python: String,
        certificates: Vec<String>,
        longest_answer: Option<usize>,
    ) -> PyResult<Self> {
        let (version, system, machine) = (env!("CARGO_PKG_VERSION"), env::consts::OS, env::consts::ARCH);
        let user_agent = format!("openwa-python/{version} ({python}; {system} {machine})");
        let mut builder = openwa_client::Client::builder().user_agent(user_agent);
        if let Some(base_url) = base_url {
            builder = builder.base_url(base_url);
        }
        if let Some(api_key) = api_key {
            builder = builder.api_key(api_key);
        }
        if let Some(timeout) = timeout {
            builder = builder.timeout(seconds(timeout)?);
        }
        if let Some(times) = max_retries {
            builder = builder.max_retries(times);
        }
        if let Some(proxy) = proxy {
            builder = builder.proxy(proxy);
        }
        for (name, value) in headers.into_iter().flatten() {
            builder = builder.header(name, value);
        }
        if let Some(bytes) = longest_answer {
            builder = builder.longest_answer(bytes);
        }
        for pem in certificates {
            builder = builder.certificate(pem);
        }
        let made = builder.clone().build().map_err(|error| exception(py, &error))?;
        let made = Mutex::new(Some(OfProcess::new(made)));
        Ok(Self { shared: Arc::new(Shared { builder, made }), own: Own::default() })
    }

    /// Where the gateway is.
    #[getter]
    fn base_url(&self, py: Python<'_>) -> PyResult<String> {
        Ok(self.core(py)?.base_url().to_owned())
    }

    /// A copy that does some things differently.
    fn with_options(
        &self,
        timeout: Option<f64>,
        max_retries: Option<u32>,
        headers: Option<HashMap<String, String>>,
    ) -> PyResult<Self> {
        let mut own = self.own.clone();
        own.timeout = timeout.map(seconds).transpose()?.or(own.timeout);
        own.retries = max_retries.or(own.retries);
        own.headers.extend(headers.into_iter().flatten());
        Ok(Self { shared: self.shared.clone(), own })
    }

    /// Closes the connections. Calls fail from now on.
    fn close(&self) {
        let made = self.shared.made.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(made);
    }

    /// Makes a call and waits for the body of its answer.
    #[expect(clippy::too_many_arguments, reason = "one object less to make for each call")]
    fn request<'py>(
        &self,
        py: Python<'py>,
        operation: &Operation,
        arguments: &Bound<'py, PyTuple>,
        query: Option<&Bound<'py, PyDict>>,
        body: Option<&Bound<'py, PyBytes>>,
        key: Option<String>,
        timeout: Option<f64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let call = self.ready(operation.call(arguments, query, key, timeout)?, body);
        let core = self.core(py)?;
        body_of(py, wait(py, core.send(call))?)
    }

    /// Makes a call in the background; the future gets the body of its answer.
    #[expect(clippy::too_many_arguments, reason = "one object less to make for each call")]
    fn submit<'py>(
        &self,
        bridge: &Bridge,
        future: Bound<'py, PyAny>,
        operation: &Operation,
        arguments: &Bound<'py, PyTuple>,
        query: Option<&Bound<'py, PyDict>>,
        body: Option<&Bound<'py, PyBytes>>,
        key: Option<String>,
        timeout: Option<f64>,
    ) -> PyResult<u64> {
        let call = self.ready(operation.call(arguments, query, key, timeout)?, body);
        let core = self.core(future.py())?;
        bridge.start(future, async move { core.send(call).await }, body_of)
    }

    /// A call that is made by one of the methods below.
    #[expect(clippy::too_many_arguments, reason = "the parts of a request")]
    fn prepare<'py>(
        &self,
        operation: &Operation,
        arguments: &Bound<'py, PyTuple>,
        query: Option<&Bound<'py, PyDict>>,
        headers: Option<HashMap<String, String>>,
        body: Option<&Bound<'py, PyBytes>>,
        key: Option<String>,
        timeout: Option<f64>,
    ) -> PyResult<Prepared> {
        let mut call = self.ready(operation.call(arguments, query, key, timeout)?, body);
        call.headers.extend(headers.into_iter().flatten());
        Ok(Prepared::new(call))
    }

    /// A call with a file: a path, bytes, or something to read `length` bytes from.
    #[expect(clippy::too_many_arguments, reason = "the parts of a request")]
    fn prepare_upload<'py>(
        &self,
        operation: &Operation,
        arguments: &Bound<'py, PyTuple>,
        fields: Vec<(String, String)>,
        file: &Bound<'py, PyAny>,
        length: Option<u64>,
        name: Option<String>,
        mimetype: Option<String>,
        key: Option<String>,
        timeout: Option<f64>,
    ) -> PyResult<Prepared> {
        let mut file = match length {
            Some(length) => Upload::stream(Reader::new(file.clone().unbind()).into_stream(), length),
            None => match file.extract::<PyBackedBytes>() {
                Ok(bytes) => Upload::bytes(Bytes::from_owner(bytes)),
                Err(_) => Upload::path(file.extract::<std::path::PathBuf>()?),
            },
        };
        if let Some(name) = name {
            file = file.named(name);
        }
        if let Some(mimetype) = mimetype {
            file = file.mimetype(mimetype);
        }
        let mut call = self.ready(operation.call(arguments, None, key, timeout)?, None);
        call.body = CallBody::Upload { fields, file };
        Ok(Prepared::new(call))
    }

    /// Makes a call and waits for its answer: status, headers and body.
    fn send<'py>(&self, py: Python<'py>, call: &Prepared) -> PyResult<Bound<'py, PyAny>> {
        let (call, core) = (call.take()?, self.core(py)?);
        whole(py, wait(py, core.send(call))?)
    }

    /// The same in the background.
    fn submit_send(&self, bridge: &Bridge, future: Bound<'_, PyAny>, call: &Prepared) -> PyResult<u64> {
        let (call, core) = (call.take()?, self.core(future.py())?);
        bridge.start(future, async move { core.send(call).await }, whole)
    }

    /// Makes a call whose answer is a file, and waits for its beginning.
    fn download<'py>(&self, py: Python<'py>, call: &Prepared) -> PyResult<Bound<'py, PyAny>> {
        let (call, core) = (call.take()?, self.core(py)?);
        Download::of(py, wait(py, core.download(call))?)
    }

    /// The same in the background.
    fn submit_download(&self, bridge: &Bridge, future: Bound<'_, PyAny>, call: &Prepared) -> PyResult<u64> {
        let (call, core) = (call.take()?, self.core(future.py())?);
        bridge.start(future, async move { core.download(call).await }, Download::of)
    }

    /// The events that a call streams, after the one with this id or from now on.
    fn follow(&self, py: Python<'_>, call: &Prepared, after: Option<String>) -> PyResult<Events> {
        let mut follow = Follow::new(call.take()?);
        follow.after = after;
        Ok(Events::new(self.core(py)?.follow(follow)))
    }
}

impl Client {
    /// The core of this process: after a fork another one, with connections of its own.
    fn core(&self, py: Python<'_>) -> PyResult<openwa_client::Client> {
        let mut made = self.shared.made.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(current) = made.as_ref() else {
            return Err(PyRuntimeError::new_err("the client is closed; make another one"));
        };
        if let Ok(core) = current.here() {
            return Ok(core.clone());
        }
        let core = self.shared.builder.clone().build().map_err(|error| exception(py, &error))?;
        *made = Some(OfProcess::new(core.clone()));
        Ok(core)
    }

    fn ready(&self, mut call: Call, body: Option<&Bound<'_, PyBytes>>) -> Call {
        if let Some(body) = body {
            call.body = CallBody::Json(Bytes::copy_from_slice(body.as_bytes()));
        }
        call.timeout = call.timeout.or(self.own.timeout);
        call.retries = self.own.retries;
        call.headers.clone_from(&self.own.headers);
        call
    }
}

fn body_of(py: Python<'_>, answer: Result<Answer, Error>) -> PyResult<Bound<'_, PyAny>> {
    let answer = answer.map_err(|error| exception(py, &error))?;
    Ok(PyBytes::new(py, &answer.body).into_any())
}

fn whole(py: Python<'_>, answer: Result<Answer, Error>) -> PyResult<Bound<'_, PyAny>> {
    let answer = answer.map_err(|error| exception(py, &error))?;
    let parts = (answer.status, headers(py, &answer.headers)?, PyBytes::new(py, &answer.body));
    Ok(parts.into_pyobject(py)?.into_any())
}
