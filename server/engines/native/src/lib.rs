//! WhatsApp by its own protocol, over whatsapp-rust.
//!
//! In reading order: [`NativeSettings`] is what the program decides, [`NativeFactory`] makes engines
//! and refuses a network that this build cannot serve safely ([`accepts_any_certificate`]). `engine`
//! is one session's; while it runs it holds a `link`, which begins with a `login` and ends with an
//! `exit`. What comes in is a message, stored by `durability` before it is acknowledged and read by
//! `inbound` with one file of `content` for each kind, or it is `news`: `receipts`, `history`, the `past` that was
//! asked for, `group_news`, names, codes.
//! Votes and answers to appointments are `sealed` with the secret of another message.
//! What goes out is one of the `operations`: messages are written by `outbound`, WhatsApp's answer is
//! awaited in `acks`, errors are sorted in `failure`, `timelock` is the limit on writing to strangers, `status` dresses
//! what is posted. `chats` is how chats are kept, told and heard, `contacts` whom the account knows and blocks,
//! `account` what it shows of itself and sees of others, `privacy` to whom, `labels` and `calls` what their names say.
//! `media` moves files, `groups` tells of groups, `group_changes` changes them, `join_requests` are those who want to
//! come in, `communities` are groups of groups, `channels` are read and kept, `business` tells of sellers and their
//! goods.
//! Below: `backend` keeps the library's secrets in the vault; `transport`, `socket`, `http`, `proxy` and `tls`
//! reach the network; `jid` translates ids.
//!
//! Never here: the database, HTTP towards our own users, what a session does next. The library's
//! types do not leave this room.

mod account;
mod acks;
mod backend;
mod business;
mod calls;
mod channels;
mod chats;
mod communities;
mod contacts;
mod content;
mod durability;
mod engine;
mod exit;
mod factory;
mod failure;
mod group_changes;
mod group_news;
mod groups;
mod history;
mod http;
mod inbound;
mod jid;
mod join_requests;
mod labels;
mod link;
mod login;
mod media;
mod network_check;
mod news;
mod operations;
mod outbound;
mod past;
mod privacy;
mod proxy;
mod receipts;
mod sealed;
mod settings;
mod socket;
mod status;
mod timelock;
mod tls;
mod transport;

pub use factory::{CAPABILITIES, NativeFactory, NetworkRefused};
pub use network_check::accepts_any_certificate;
pub use settings::{LIBRARY, NativeSettings, Network};
