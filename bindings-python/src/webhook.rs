//! Telling a delivery of the gateway from a forged one.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use openwa_client::webhook::Verifier;
use pyo3::{exceptions::PyValueError, prelude::*, pybacked::PyBackedBytes};

use crate::failure::webhook_exception;

/// Raises when none of the secrets signed this. `now` is in seconds since 1970, the clock's when absent.
#[pyfunction]
pub(crate) fn verify_webhook(
    py: Python<'_>,
    body: PyBackedBytes,
    headers: Vec<(String, String)>,
    secrets: Vec<String>,
    tolerance: f64,
    now: Option<f64>,
) -> PyResult<()> {
    let mut secrets = secrets.into_iter();
    let first = secrets.next().ok_or_else(|| PyValueError::new_err("give the secret of the webhook"))?;
    let tolerance = Duration::try_from_secs_f64(tolerance)
        .map_err(|_| PyValueError::new_err("the tolerance is a number of seconds, not below 0"))?;
    let verifier = secrets.fold(Verifier::new(first).tolerance(tolerance), Verifier::or);
    let now = match now {
        None => SystemTime::now(),
        Some(seconds) => Duration::try_from_secs_f64(seconds)
            .ok()
            .and_then(|it| UNIX_EPOCH.checked_add(it))
            .ok_or_else(|| PyValueError::new_err("now is a number of seconds since 1970"))?,
    };
    let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    verifier.verify_at(headers, &body, now).map_err(|error| webhook_exception(py, &error))
}
