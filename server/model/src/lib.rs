//! The vocabulary of the gateway and the ports between its rooms.
//!
//! In reading order: what things are called ([`id`], [`jid`], [`session`], [`login`], [`content`],
//! [`media_types`], [`message`], [`early`], [`template`], [`batch`], [`automation`], [`chat`], [`contact`], [`group`], [`channel`], [`business`],
//! [`presence`], [`privacy`], [`label`], [`call`], [`event`], [`webhook`], [`key`], [`audit`], [`search`],
//! [`statistics`]), what a gateway
//! can be asked to do ([`ops`], [`capability`]), and the ports that rooms implement for one another
//! ([`engine`], [`store`], [`vault`], [`files`], [`clock`], [`bell`]).
//!
//! Never here: sockets, SQL, HTTP, a runtime, or anything that does something by itself.
#![warn(missing_docs)]

pub mod audit;
pub mod automation;
pub mod batch;
pub mod bell;
pub mod business;
pub mod call;
pub mod capability;
pub mod channel;
pub mod chat;
pub mod clock;
pub mod contact;
pub mod content;
pub mod early;
pub mod engine;
pub mod event;
pub mod files;
pub mod group;
pub mod id;
pub mod idempotency;
pub mod jid;
pub mod key;
pub mod label;
pub mod login;
pub mod media_types;
pub mod message;
pub mod ops;
pub mod presence;
pub mod privacy;
pub mod search;
pub mod secret;
pub mod session;
pub mod statistics;
pub mod store;
pub mod template;
pub mod vault;
pub mod webhook;

pub use jiff::Timestamp;
