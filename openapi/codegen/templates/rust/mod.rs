{{ generated("//") }}
//! Made from the API document.

pub(crate) mod events;
pub mod models;
pub(crate) mod operations;
pub mod resources;
