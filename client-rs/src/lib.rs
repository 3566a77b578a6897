//! The Rust SDK of [OpenWA](https://github.com/openwa/openwa), the self-hosted WhatsApp gateway.
//!
//! [`Client`] is the door: made once, cheap to clone, used from as many tasks as you like.
//!
//! - [`Client::builder`] has the options; [`Client::from_env`] reads `OPENWA_BASE_URL` and `OPENWA_API_KEY`.
//! - [`resources`] has the operations: `client.messages().send_text(…)`. [`models`] are the shapes of what they take and
//!   give, [`Pages`] a list in full.
//! - [`events`] are followed as they happen.
//! - [`Error`] is what every call fails with: a [kind](ErrorKind) to branch on, the gateway's own code and sentence,
//!   and what to do about it.
//! - [`Upload`] is a file to send, streamed from wherever it is; [`raw::Download`] one that is fetched.
//! - [`webhook`] tells a delivery of your gateway from a forged one, and reads it.
//! - [`OPERATIONS`] is the table of all operations, for programs that choose one by name.
//! - [`raw`] is below all of that: calls made of method, path and bytes. The Python and Node packages, the command
//!   line and the MCP server are built on it.
//!
//! ```no_run
//! # async fn example() -> Result<(), openwa_client::Error> {
//! let client = openwa_client::Client::new("http://127.0.0.1:2785", "owa_key")?;
//! let session = client.sessions().create("support").await?;
//! let sent = client.messages().send_text(&session.id, "15550000002@c.us", "Hello").await?;
//! println!("{}", sent.message_id);
//! # Ok(())
//! # }
//! ```
//!
//! Calls are repeated where that is safe: see [`ClientBuilder::max_retries`].

#![warn(missing_docs)]

mod answer;
mod attempts;
mod backoff;
mod call;
mod client;
mod error;
pub mod events;
mod follow;
mod generated;
mod open;
mod operation;
mod pages;
pub mod raw;
mod request;
mod tls;
mod upload;
pub mod webhook;

pub use client::{Client, ClientBuilder};
pub use error::{Error, ErrorKind};
pub use generated::{models, operations::OPERATIONS, resources};
pub use jiff::Timestamp;
pub use open::NullableText;
pub use operation::{AnswerKind, Operation, Parameter, Place, ValueKind};
pub use pages::Pages;
pub use request::{Pending, Request};
pub use upload::Upload;

/// The examples of the README are compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
