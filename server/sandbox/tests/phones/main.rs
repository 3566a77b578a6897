//! Phones among themselves, the media host and the control API, as a test or a person uses them.

mod control;
mod conversation;
mod groups;
mod harness;
mod linking;
mod media;
mod restart;
