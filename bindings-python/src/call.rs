//! From Python's arguments to a call of the core.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use openwa_client::raw::{Call, Keyed, Method, path};
use pyo3::{
    exceptions::{PyRuntimeError, PyTypeError, PyValueError},
    intern,
    prelude::*,
    pybacked::PyBackedStr,
    types::{PyBool, PyDict, PyList, PyString, PyTuple},
};

use crate::failure::exception;

/// An operation of the document: made once, used for each call of it.
#[pyclass(frozen, module = "openwa._native")]
pub(crate) struct Operation {
    method: Method,
    template: String,
    /// Whether it takes an idempotency key; then each call gets one.
    keyed: bool,
}

#[pymethods]
impl Operation {
    #[new]
    fn new(method: &str, template: String, keyed: bool) -> PyResult<Self> {
        let method = Method::from_bytes(method.as_bytes())
            .map_err(|_| PyValueError::new_err(format!("'{method}' is not a method of HTTP")))?;
        Ok(Self { method, template, keyed })
    }
}

impl Operation {
    /// A call of it, without a body.
    pub(crate) fn call(
        &self,
        arguments: &Bound<'_, PyTuple>,
        query: Option<&Bound<'_, PyDict>>,
        key: Option<String>,
        timeout: Option<f64>,
    ) -> PyResult<Call> {
        let py = arguments.py();
        let arguments = arguments.iter().map(|it| it.extract::<PyBackedStr>()).collect::<PyResult<Vec<_>>>()?;
        let arguments: Vec<&str> = arguments.iter().map(|it| &**it).collect();
        let path = path(&self.template, &arguments).map_err(|error| exception(py, &error))?;
        let mut call = Call::new(self.method.clone(), path);
        for (name, value) in query.into_iter().flatten() {
            if !value.is_none() {
                call.query.push((name.extract()?, text(&value)?));
            }
        }
        call.idempotency_key = match key {
            Some(key) => Keyed::Given(key),
            None if self.keyed => Keyed::Fresh,
            None => Keyed::None,
        };
        call.timeout = timeout.map(seconds).transpose()?;
        Ok(call)
    }
}

/// A call that is ready and waits to be made, once.
#[pyclass(frozen, module = "openwa._native")]
pub(crate) struct Prepared(Mutex<Option<Call>>);

impl Prepared {
    pub(crate) fn new(call: Call) -> Self {
        Self(Mutex::new(Some(call)))
    }

    pub(crate) fn take(&self) -> PyResult<Call> {
        let call = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        call.ok_or_else(|| PyRuntimeError::new_err("this call was made already"))
    }
}

/// Seconds as Python gives them; infinity is for ever.
pub(crate) fn seconds(seconds: f64) -> PyResult<Duration> {
    if seconds > 0.0 {
        return Ok(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX));
    }
    Err(PyValueError::new_err("a timeout is a number of seconds above 0; math.inf for none"))
}

/// A value of a query: lists joined by commas, moments in ISO 8601, the rest as JSON would have it.
fn text(value: &Bound<'_, PyAny>) -> PyResult<String> {
    let py = value.py();
    if value.is_instance_of::<PyString>() {
        return value.extract();
    }
    if let Ok(value) = value.cast::<PyBool>() {
        return Ok(if value.is_true() { "true" } else { "false" }.to_owned());
    }
    if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        let parts = value.try_iter()?.map(|it| text(&it?)).collect::<PyResult<Vec<_>>>()?;
        return Ok(parts.join(","));
    }
    if value.is_instance_of::<PyDict>() {
        return Err(PyTypeError::new_err("a value of a query cannot be a dict"));
    }
    if let Some(moment) = value.getattr_opt(intern!(py, "isoformat"))? {
        return moment.call0()?.extract();
    }
    value.str()?.extract()
}
