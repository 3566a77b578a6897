//! The virtual phones: each is device 0 of its account and a real Signal client.
//!
//! In reading order: [`Phones`] makes and finds phones, [`Phone`] is the handle of one. Behind the
//! handle an `actor` owns the keys (`signal`) and works through commands and stanzas: `outbound` is
//! what it sends, `inbound` what it receives, `companions` what it does for the clients linked to it
//! (`app_state`, `history`, `media_retry`), `script` what it does by itself. `social`, `groups` and
//! `calls` are what it does beside messages, `change` what it writes into the app state, `noticing`
//! what it sees of others. `compose` and `decode` turn what people mean into `Message`s and back
//! ([`message`] and `content` are that meaning, `secret` opens what is sealed), `log` keeps messages
//! and [`observation`] the rest, and both ring when there is more; `drawer` is the phone's part of
//! the journal.
//!
//! Nothing here reaches into the network's state: a phone sees what any client sees.

mod actor;
mod app_state;
pub mod calls;
mod change;
pub(crate) mod chat;
mod companions;
mod compose;
mod content;
mod decode;
mod directory;
mod drawer;
mod error;
pub mod groups;
mod handle;
mod history;
mod inbound;
mod log;
mod media_retry;
pub mod message;
mod noticing;
pub mod observation;
mod outbound;
mod script;
mod secret;
mod signal;
mod social;
mod thumbnail;

pub use app_state::AppStateEntry;
pub use change::{AppStateChange, MessageName};
pub use chat::{Chat, NoChat};
pub(crate) use directory::Echoing;
pub use directory::Phones;
pub use error::PhoneError;
pub use handle::Phone;
pub use script::Script;
pub use social::{ChatState, Person, Profile};
