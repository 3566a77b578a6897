//! The core's one error as the package's exceptions.

use openwa_client::{Error, raw::HeaderMap, webhook::WebhookError};
use pyo3::{
    intern,
    prelude::*,
    types::{PyBytes, PyDict},
};

/// The exception for it, of the class of its kind.
pub(crate) fn exception(py: Python<'_>, error: &Error) -> PyErr {
    let made = || -> PyResult<Bound<'_, PyAny>> {
        module(py)?.call_method1(
            intern!(py, "of_kind"),
            (
                error.kind().as_str(),
                error.to_string(),
                error.message(),
                error.status(),
                error.code(),
                error.retry_after().map(|it| it.as_secs_f64()),
                error.request_id(),
                headers(py, error.headers())?,
                PyBytes::new(py, error.body()),
            ),
        )
    };
    made().map_or_else(|failed| failed, PyErr::from_value)
}

/// The exception for a delivery that is not to be trusted.
pub(crate) fn webhook_exception(py: Python<'_>, error: &WebhookError) -> PyErr {
    let reason = match error {
        WebhookError::Missing => "missing",
        WebhookError::Malformed { .. } => "malformed",
        WebhookError::Wrong => "wrong",
        WebhookError::TooOld => "too_old",
        WebhookError::TooNew => "too_new",
        _ => "unreadable",
    };
    let made = || module(py)?.getattr(intern!(py, "OpenWAWebhookError"))?.call1((error.to_string(), reason));
    made().map_or_else(|failed| failed, PyErr::from_value)
}

/// Headers by their names in lower case; of several with one name, all, joined as HTTP joins them.
pub(crate) fn headers<'py>(py: Python<'py>, headers: &HeaderMap) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for name in headers.keys() {
        let values: Vec<_> = headers.get_all(name).iter().map(|it| String::from_utf8_lossy(it.as_bytes())).collect();
        dict.set_item(name.as_str(), values.join(", "))?;
    }
    Ok(dict)
}

fn module(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import(intern!(py, "openwa.errors"))
}
