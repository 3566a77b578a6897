//! The API as callers meet it: the real app on a real socket, over a real gateway and store. Only
//! WhatsApp itself is played by the test.

mod audit;
mod bad_input;
mod business;
mod calls;
mod channels;
mod chats;
mod communities;
mod contacts;
mod coverage;
mod described;
mod edge;
mod events;
mod groups;
mod hostile;
mod house;
mod infrastructure;
mod keys;
mod labels;
mod limits;
mod lists;
mod marks;
mod operations;
mod permissions;
mod presence;
mod privacy;
mod profile;
mod search;
mod sends;
mod sessions;
mod sockets;
mod statistics;
mod statuses;
mod traps;
mod uploads;
mod webhooks;
