//! The whole house under test, through its front door: the real program, the sandbox network, real
//! HTTP. One binary, so that another test costs no further link.

mod bad_input;
mod baileys;
mod bulk;
mod channels;
mod chats;
mod cli;
mod contacts;
mod crash;
mod deliveries;
mod groups;
mod identity;
mod journey;
mod kinds;
mod large_file;
mod limits;
mod mcp;
mod media;
mod openapi;
mod presence;
mod readme;
mod refusals;
mod rules;
mod sdk_rust;
mod statuses;
mod story;
mod suites;
mod templates;
mod walls;
