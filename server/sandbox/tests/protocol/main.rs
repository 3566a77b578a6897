//! The network as an unmodified client sees it: every test drives the engine's own client against
//! a network on a loopback port.

mod accounts;
mod app_state;
mod beside;
mod communities;
mod companions;
mod faults;
mod groups;
mod harness;
mod kinds;
mod linking;
mod logins;
mod messages;
mod newsletters;
mod nonsense;
mod privacy_tokens;
mod restart;
