//! The Rust SDK of OpenWA.
