//! The HTTP API: OpenWA's routes over the gateway. Nothing here thinks.
//!
//! In reading order: how it is put together (`app`), what every request passes (`edge`, `rest`,
//! `operations`, `input`, `upload`, `rules`), who asks (`auth`), what can go wrong (`error`), what answers are
//! made of (`answer`, `file_answer`, `wire`, `words`), then one file a resource, each with its wire
//! types beside its handlers (`sessions`, `linking`, `session_settings`, `sends`, `messages` with
//! `message_records`, `media`, `chats`, `contacts`, `groups`, `templates`, `webhooks`, `keys`, `events` with
//! `follower` and `event_socket`, `health`), and
//! what all of it looks like from outside (`document`, `event_shapes`, `examples`).
//!
//! Never here: decisions about sessions or messages, SQL, WhatsApp's protocol, or a task that runs
//! by itself, but for the one that reads away what was refused.

mod app;

mod edge;
mod input;
mod operations;
mod rest;
mod rules;
mod upload;

mod answer;
mod auth;
mod error;
mod file_answer;
mod wire;
mod words;

mod chats;
mod contacts;
mod event_socket;
mod events;
mod follower;
mod groups;
mod health;
mod keys;
mod linking;
mod media;
mod message_records;
mod messages;
mod sends;
mod session_settings;
mod sessions;
mod templates;
mod webhooks;

mod document;
mod event_shapes;
mod examples;

pub use app::{ApiSettings, ApiState, app};
pub use document::document;
