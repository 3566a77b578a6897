//! The virtual phones: each is device 0 of its account and a real Signal client.
//!
//! In reading order: [`Phones`] makes and finds phones, [`Phone`] is the handle of one. Behind the
//! handle an `actor` owns the keys (`signal`) and works through commands and stanzas: `outbound` is
//! what it sends, `inbound` what it receives, `companions` what it does for the clients linked to it
//! (`app_state`, `history`), `script` what it does by itself. `compose` and `decode` turn what
//! people mean into `Message`s and back, [`message`] is that meaning, `log` keeps it and rings when
//! it changes, `drawer` is the phone's part of the journal.
//!
//! Nothing here reaches into the network's state: a phone sees what any client sees.

mod actor;
mod app_state;
pub(crate) mod chat;
mod companions;
mod compose;
mod decode;
mod directory;
mod drawer;
mod error;
mod handle;
mod history;
mod inbound;
mod log;
pub mod message;
mod outbound;
mod script;
mod signal;
mod thumbnail;

pub use chat::{Chat, NoChat};
pub(crate) use directory::Echoing;
pub use directory::Phones;
pub use error::PhoneError;
pub use handle::Phone;
pub use script::Script;
