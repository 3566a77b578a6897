//! The native module under the Node package: few generic calls that give back text and bytes.
//!
//! JavaScript asks by number and is answered by number. A call crosses over once, as strings; what it brings waits in
//! the `outbox`, and JavaScript is woken once for all that waits and takes it in one go. So thirty-two calls at a
//! time cost little more than thirty-two times their HTTP.
//!
//! - `transport` is the one class: calls, uploads, downloads and events, over `openwa-client`.
//! - `outbox` holds what came until JavaScript takes it.
//! - `tasks` are the ones that live longer than one answer: files and event streams.
//! - `values` is what crosses over.
//! - `runtime` is the one thread on which all of it runs.
//!
//! No operation and no type of the API is named here: JavaScript knows them, and parses.

mod outbox;
mod runtime;
mod tasks;
mod transport;
mod values;
