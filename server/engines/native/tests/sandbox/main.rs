//! The engine against the sandbox network: real handshakes, real encryption, real phones.

mod endings;
mod files;
mod house;
mod linking;
mod messages;
mod operations;
mod proxies;

#[path = "../../src/backend/memory_vault.rs"]
#[expect(dead_code, reason = "the room's own tests also use what these do not")]
mod memory_vault;
