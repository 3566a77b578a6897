//! What `tests/sdk/behaviours.md` lists, as far as it is done against the faulty server. What is done against the
//! gateway itself is in `tests/tests/it/sdk_rust.rs`.

mod calls;
mod errors;
mod events;
mod faulty;
mod files;
mod paging;
mod retries;
mod spans;
mod webhooks;
