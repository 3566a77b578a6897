//! The API as callers meet it: the real app on a real socket, over a real gateway and store. Only
//! WhatsApp itself is played by the test.

mod audit;
mod bad_input;
mod business;
mod channels;
mod communities;
mod coverage;
mod described;
mod edge;
mod events;
mod groups;
mod hostile;
mod house;
mod infrastructure;
mod keys;
mod limits;
mod lists;
mod operations;
mod permissions;
mod search;
mod sends;
mod sessions;
mod sockets;
mod statistics;
mod statuses;
mod traps;
mod uploads;
mod webhooks;
