//! The API as callers meet it: the real app on a real socket, over a real gateway and store. Only
//! WhatsApp itself is played by the test.

mod bad_input;
mod described;
mod edge;
mod events;
mod house;
mod keys;
mod link_previews;
mod lists;
mod media;
mod pages;
mod permissions;
mod sends;
mod sessions;
mod sockets;
mod templates;
mod uploads;
mod webhooks;
