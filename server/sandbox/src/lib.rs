//! A WhatsApp network of our own: it speaks the real wire protocol to unmodified clients, and
//! every account on it has a phone that is a real Signal device.
//!
//! In reading order: [`network`] is the whole from outside; `world` is the state behind it
//! ([`account`], [`business`], [`device`], `passing`, `group`) and [`journal`] what of it outlives the process. A
//! client comes in through [`connection`] (`pki`, `handshake`, `link`), is linked ([`linking`]) or logs in (`login`),
//! and from then on sends stanzas: `message`, `receipt`, `presence`, and requests under `iq`; `roster`
//! says who is told of its devices, `privacy_token` who may reach whom, `scenario` which accounts are
//! treated differently, `call` and `media_retry` pass on what is said about calls and files. Channels are
//! `newsletter` and what is posted in them `newsletter_post`.
//! [`fault`] is what goes wrong on demand.
//!
//! At its edge: [`phone`] holds the virtual phones, [`media`] the media host, `control` the API by
//! which tests steer all of it, `mock_phone` the one call that other test suites know. [`Sandbox`] puts everything together, `listen` and `tls` serve it.
//!
//! Nothing here knows the gateway. Nothing is ever sent in clear: the network passes on what it
//! cannot read, only the phones at its edge can.

pub mod account;
mod ambient;
pub mod business;
mod call;
pub mod connection;
mod control;
pub mod device;
pub mod fault;
mod group;
mod handshake;
mod hex_text;
mod iq;
pub mod journal;
mod link;
pub mod linking;
mod listen;
mod login;
pub mod media;
mod media_retry;
mod message;
mod mock_phone;
pub mod network;
mod newsletter;
mod newsletter_post;
mod passing;
pub mod phone;
mod pki;
mod presence;
mod primary_link;
mod privacy_token;
mod receipt;
mod roster;
mod sandbox;
mod scenario;
mod stanza;
mod tls;
mod world;

pub use listen::Listening;
pub use sandbox::{Sandbox, SandboxConfig, SandboxError};
