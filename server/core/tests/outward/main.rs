//! What callers and receivers see of webhooks and keys, over the real store and real HTTP.

mod deliveries;
mod house;
mod keys;
mod webhooks;
