//! What sessions and messages do, over the real store and an engine that does as the test says.

mod batches;
mod house;
mod identity;
mod ordering;
mod receiving;
mod restarting;
mod rules;
mod sending;
mod sessions;
