//! The commands that speak to a gateway: the real program against the real gateway.

mod forwarding;
mod linking;
mod refusals;
mod sending;
mod shell;
mod terminal;
mod webhooks;
