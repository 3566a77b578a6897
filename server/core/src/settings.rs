//! What a person may set, already read and checked.

use std::{path::PathBuf, time::Duration};

use openwa_model::{media_types::MediaTypes, secret::Secret};

use crate::guard::NetworkPolicy;

/// Where ffmpeg is, which converts sounds and films.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ffmpeg {
    /// Here.
    At(PathBuf),
    /// It was looked for and is not there.
    NotFound,
    /// Whoever runs the gateway does not want it to be used.
    SwitchedOff,
}

/// How sounds and films are converted.
#[derive(Clone, Debug)]
pub struct ConversionSettings {
    /// By what.
    pub ffmpeg: Ffmpeg,
    /// How long one conversion may take.
    pub timeout: Duration,
    /// The largest file it may make, in bytes.
    pub max_output_bytes: u64,
    /// How many run at once; four times as many may wait.
    pub at_once: usize,
}

/// How deliveries are tried again, and what is remembered of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DeliverySettings {
    /// The longest wait between two attempts, whatever the receiver asks for.
    pub longest_wait: Duration,
    /// After so many failures in a row a receiver is left alone for a while; 0 is never.
    pub pause_after: u32,
    /// For how long a receiver has to fail until an event tells of it.
    pub failing_after: Duration,
    /// How long a delivery waits for a receiver that fails all the while.
    pub give_up_after: Duration,
    /// How many attempts are remembered of each webhook; 0 is none.
    pub log_entries: u32,
    /// How long they are.
    pub log_lasts: Duration,
    /// How many deliveries that failed for good are kept, of all webhooks.
    pub failures: u32,
    /// How long they are.
    pub failures_last: Duration,
}

const HOUR: Duration = Duration::from_secs(60 * 60);

impl Default for DeliverySettings {
    fn default() -> Self {
        Self {
            longest_wait: HOUR,
            pause_after: 20,
            failing_after: Duration::from_secs(5 * 60),
            give_up_after: 3 * 24 * HOUR,
            log_entries: 1_000,
            log_lasts: 7 * 24 * HOUR,
            failures: 10_000,
            failures_last: 30 * 24 * HOUR,
        }
    }
}

/// How the gateway behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The name of this node; leases of sessions are held under it.
    pub node_id: String,
    /// The largest file taken in or fetched, in bytes.
    pub media_max_bytes: u64,
    /// Which types of files are taken in or fetched.
    pub media_types: MediaTypes,
    /// The largest file put into an event, in bytes; larger ones are named only.
    pub media_inline_max_bytes: u64,
    /// How long a receiver of webhooks may take.
    pub webhook_timeout: Duration,
    /// The wait before the second attempt; it doubles from there.
    pub webhook_retry_delay: Duration,
    /// The largest body of a delivery, in bytes.
    pub webhook_max_payload_bytes: usize,
    /// How many webhooks a session may have.
    pub webhook_max_per_session: u32,
    /// How deliveries are tried again, and what is remembered of them.
    pub deliveries: DeliverySettings,
    /// How sounds and films are converted.
    pub conversion: ConversionSettings,
    /// How long a template may be once it is filled in, in characters.
    pub template_max_chars: usize,
    /// How many messages a batch may have.
    pub bulk_max_messages: usize,
    /// How many batches of all sessions may be under way at once.
    pub bulk_max_concurrent: u64,
    /// How many messages one run of asking the phone about the past may be told.
    pub history_messages: u32,
    /// How many of one chat, where nothing else is said.
    pub history_messages_per_chat: u32,
    /// After how long without a link the phone is asked what passed meanwhile; never, where there is none.
    pub history_gap: Option<Duration>,
    /// How many automation rules a session may have.
    pub automation_max_per_session: u32,
    /// How long the page of a link may hold up the text it stands in.
    pub link_preview_timeout: Duration,
    /// Which addresses webhooks and media may be at.
    pub network: NetworkPolicy,
    /// The wait between two sessions that start by themselves.
    pub start_stagger: Duration,
    /// How long an engine may take for a send before its outcome counts as unknown.
    pub send_timeout: Duration,
    /// How long an engine may take for anything else.
    pub call_timeout: Duration,
    /// How long a session may take to stop before it is stopped by force.
    pub stop_timeout: Duration,
    /// How long sends under way may take to finish when the whole gateway stops.
    pub drain_timeout: Duration,
    /// How long a lease on a session lasts when nobody prolongs it.
    pub lease_lasts: Duration,
    /// How many calls to one engine may run at once; more wait.
    pub calls_in_flight: usize,
    /// How long an `Idempotency-Key` is remembered.
    pub idempotency_lasts: Duration,
    /// The pause before a message of unknown outcome is sent again under its id.
    pub resend_delay: Duration,
    /// How long the audit log goes back.
    pub audit_lasts: Duration,
    /// For how long a message of unknown outcome is sent again; an older one fails.
    pub resend_within: Duration,
    /// Mixed into the hashes of API keys, where it is set.
    pub api_key_pepper: Option<Secret>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            node_id: "openwa".to_owned(),
            media_max_bytes: 50 * 1024 * 1024,
            media_types: MediaTypes::ALL,
            media_inline_max_bytes: 1024 * 1024,
            webhook_timeout: Duration::from_secs(10),
            webhook_retry_delay: Duration::from_secs(5),
            webhook_max_payload_bytes: 1024 * 1024,
            webhook_max_per_session: 16,
            deliveries: DeliverySettings::default(),
            conversion: ConversionSettings {
                ffmpeg: Ffmpeg::NotFound,
                timeout: Duration::from_secs(60),
                max_output_bytes: 50 * 1024 * 1024,
                at_once: 2,
            },
            template_max_chars: 64 * 1024,
            bulk_max_messages: 100,
            bulk_max_concurrent: 50,
            history_messages: 10_000,
            history_messages_per_chat: 200,
            history_gap: Some(Duration::from_secs(12 * 60 * 60)),
            automation_max_per_session: 32,
            link_preview_timeout: Duration::from_secs(5),
            network: NetworkPolicy::default(),
            start_stagger: Duration::from_millis(50),
            send_timeout: Duration::from_secs(60),
            call_timeout: Duration::from_secs(60),
            stop_timeout: Duration::from_secs(10),
            drain_timeout: Duration::from_secs(5),
            lease_lasts: Duration::from_secs(30),
            calls_in_flight: 64,
            idempotency_lasts: Duration::from_secs(24 * 60 * 60),
            resend_delay: Duration::from_secs(30),
            audit_lasts: Duration::from_secs(90 * 24 * 60 * 60),
            resend_within: Duration::from_secs(24 * 60 * 60),
            api_key_pepper: None,
        }
    }
}
