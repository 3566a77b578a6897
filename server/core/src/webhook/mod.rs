//! Events going out to webhooks, in two stages that meet only in the store: [`fan_out`] turns each event
//! into one delivery per subscribed webhook, its body frozen; [`attempts`] sends what is due.
//!
//! In between: [`filters`] (who wants what), [`body`] (the exact bytes), [`signature`], [`post`] (one request),
//! [`health`] (whom to leave alone for a while).

pub(crate) mod attempts;
pub(crate) mod body;
pub(crate) mod fan_out;
pub(crate) mod filters;
mod health;
pub(crate) mod post;
mod signature;
