//! The Rust SDK of [OpenWA](https://github.com/openwa/openwa), the self-hosted WhatsApp gateway.
//!
//! [`Client`] is the door: made once, cheap to clone, used from as many tasks as you like.
//!
//! - [`Client::builder`] has the options; [`Client::from_env`] reads `OPENWA_BASE_URL` and `OPENWA_API_KEY`.
//! - [`Error`] is what every call fails with: a [kind](ErrorKind) to branch on, the gateway's own code and sentence,
//!   and what to do about it.
//! - [`Upload`] is a file to send, streamed from wherever it is; [`raw::Download`] one that is fetched.
//! - [`webhook`] tells a delivery of your gateway from a forged one, and reads it.
//! - [`raw`] is below all of that: calls made of method, path and bytes. The Python and Node packages, the command
//!   line and the MCP server are built on it.
//!
//! Calls are repeated where that is safe: see [`ClientBuilder::max_retries`].

#![warn(missing_docs)]

mod answer;
mod attempts;
mod backoff;
mod call;
mod client;
mod error;
mod follow;
pub mod raw;
mod tls;
mod upload;
pub mod webhook;

pub use client::{Client, ClientBuilder};
pub use error::{Error, ErrorKind};
pub use upload::Upload;
