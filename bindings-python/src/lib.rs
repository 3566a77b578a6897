//! The native module under the Python package: few generic calls that return bytes.
//!
//! What a call is, when it is made again, how it fails and how events are followed is decided in
//! `openwa-client`; here it is only made reachable from Python. In reading order: `call` makes Python's
//! arguments into a call; `client` makes calls, either waiting with the interpreter released or in the
//! background; `bridge` tells an event loop of what is finished; `runtime` is what all of it runs on,
//! and what happens after a fork. `download`, `upload` and `events` are what streams; `failure`
//! and `webhook` the rest.
//!
//! There is no line here for an operation or a type of the API: those are Python, generated from the
//! document. They decode the bytes, which is faster than building objects here.

mod bridge;
mod call;
mod client;
mod download;
mod events;
mod failure;
mod runtime;
mod upload;
mod webhook;

/// The module `openwa._native`; its stub is `python/openwa/_native.pyi`.
#[pyo3::pymodule]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::{
        bridge::Bridge,
        call::{Operation, Prepared},
        client::Client,
        download::Download,
        events::Events,
        webhook::verify_webhook,
    };

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
