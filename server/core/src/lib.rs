//! What the gateway does, whoever asks and whatever carries it: it knows ports only.
//!
//! In reading order: what it is set to ([`settings`]), what can go wrong ([`error`]), what it can be
//! asked ([`gateway`]); which sessions run (`supervisor`), one that runs (`running`) and the task behind it
//! (`session_task`), what engines say becoming rows and events (`inbound`, `payload`, `answers`), messages on their way
//! out (`outbound`) and those that got stuck there (`reconciler`), many of them one after another (`batch_sender`), what
//! the phone is asked about the past (`history_syncer`), requests that take effect once (`idempotency`, and
//! [`gateway::Claim`]); which addresses may be reached
//! ([`guard`]), the clients that reach them (`http`, `fetch`), files that come in with a request
//! ([`media_source`]), what is made of sounds and films (`conversion`) and of pictures
//! (`pictures`), cards of links (`link_preview`), pictures of codes ([`qr`]); events going out (`webhook`) and
//! the end of their log in memory (`tail`), and what is thrown away in time (`housekeeping`).
//!
//! Never here: SQL, HTTP routes, WhatsApp's protocol, or the name of any implementation of a port.
#![warn(missing_docs)]

pub mod error;
pub mod gateway;
pub mod settings;

mod answers;
mod batch_sender;
mod calls;
mod chat_changes;
mod history_syncer;
mod idempotency;
mod inbound;
mod outbound;
mod payload;
mod presence;
mod reconciler;
mod running;
mod session_task;
mod supervisor;
mod tail;

pub mod guard;
pub mod media_source;
pub mod qr;

mod conversion;
mod fetch;
mod housekeeping;
mod http;
mod keyring;
mod link_preview;
mod pictures;
mod webhook;

pub use error::GatewayError;
pub use gateway::{Gateway, Ports};
pub use settings::Settings;
pub use tail::News;
