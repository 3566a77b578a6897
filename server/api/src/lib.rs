//! The HTTP API: OpenWA's routes over the gateway. Nothing here thinks.
//!
//! In reading order: how it is put together (`app`), what every request passes (`edge`, `address`,
//! `limits`, `rest`, `operations`, `input`, `upload`, `rules`, `once`), who asks (`auth`) and what is written down of it (`auditor`), what can go wrong (`error`), what answers are
//! made of (`answer`, `file_answer`, `wire`, `words`), then one file a resource, each with its wire
//! types beside its handlers (`sessions`, `linking`, `session_settings`, `sends`, `kinds`, `choices`, `bulk`, `messages` with
//! `message_records`, `marks` and `history`, `media`, `chats`, `presence`, `contacts`, `profile`, `privacy`, `labels`,
//! `calls`, `groups`, `communities`, `channels`, `statuses`, `business`, `templates`, `automation_rules`, `webhooks` with
//! `deliveries`, `keys`, `events` with
//! `follower` and `event_socket`, `search`, `statistics`, `audit`, `infrastructure`, `health`, `metrics`), and
//! what all of it looks like from outside (`document`, `event_shapes`, `examples`).
//!
//! Never here: decisions about sessions or messages, SQL, WhatsApp's protocol, or a task that runs
//! by itself, but for the one that reads away what was refused.

mod app;

mod address;
mod edge;
mod input;
mod limits;
mod once;
mod operations;
mod rest;
mod rules;
mod upload;

mod answer;
mod auditor;
mod auth;
mod error;
mod file_answer;
mod wire;
mod words;

mod audit;
mod automation_rules;
mod bulk;
mod business;
mod calls;
mod channels;
mod chats;
mod choices;
mod communities;
mod contacts;
mod deliveries;
mod event_socket;
mod events;
mod follower;
mod groups;
mod health;
mod history;
mod infrastructure;
mod keys;
mod kinds;
mod labels;
mod linking;
mod marks;
mod media;
mod message_records;
mod messages;
mod metrics;
mod presence;
mod privacy;
mod profile;
mod search;
mod sends;
mod session_settings;
mod sessions;
mod statistics;
mod statuses;
mod sync;
mod templates;
mod webhooks;

mod document;
mod event_shapes;
mod examples;

pub use app::{ApiSettings, ApiState, app};
pub use document::document;
pub use infrastructure::Installation;
pub use limits::{RateLimit, RateLimits};
