//! The API as callers meet it: the real app on a real socket, over a real gateway and store. Only
//! WhatsApp itself is played by the test.

mod audit;
mod bad_input;
mod coverage;
mod described;
mod edge;
mod events;
mod hostile;
mod house;
mod infrastructure;
mod keys;
mod kinds;
mod limits;
mod link_previews;
mod lists;
mod media;
mod operations;
mod pages;
mod permissions;
mod search;
mod sends;
mod sessions;
mod sockets;
mod statistics;
mod templates;
mod traps;
mod uploads;
mod webhooks;
