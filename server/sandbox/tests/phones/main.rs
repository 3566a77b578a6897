//! Phones among themselves, the media host and the control API, as a test or a person uses them.

mod beside;
mod control;
mod conversation;
mod groups;
mod harness;
mod kinds;
mod linking;
mod media;
mod restart;
