//! The traps of the wire (contract §8.8 and §13): what clients of OpenWA rely on and is cheap to get wrong. One file a
//! resource; each assertion names the section that it comes from.

mod keys;
mod messages;
mod requests;
mod sessions;
mod webhooks;
