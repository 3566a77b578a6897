//! What tests are made of.
//!
//! In reading order: [`process`] runs the real program; [`gateway`] is a whole gateway, or a sandbox
//! network, in a folder of its own; [`client`] speaks to it and [`sandbox`] to the network's control
//! API; [`receiver`] takes webhooks and misbehaves on demand; [`baileys`] is a client nobody here
//! wrote. [`mod@store_conformance`] is the suite that every store has to pass. Nothing here sleeps to
//! wait: each wait ends with what it waits for, and its limit is only ever reached by a failing test.
//!
//! Never here: product code, or a stand-in for any of it.

pub mod baileys;
pub mod client;
pub mod gateway;
pub mod process;
pub mod receiver;
pub mod sandbox;
pub mod store_conformance;
