//! What the program decides for all engines of this kind.

use std::time::Duration;

use openwa_model::media_types::MediaTypes;
use wacore::store::Device;

/// The library that speaks WhatsApp's protocol here, and its version.
pub const LIBRARY: (&str, &str) = ("whatsapp-rust", "0.7.0");

/// Which WhatsApp network to connect to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Network {
    /// WhatsApp's own.
    Real,
    /// A sandbox. Only a build with the feature `sandbox` can, and such a build can nothing else.
    Sandbox {
        /// Where its clients connect to: `ws://127.0.0.1:9080/ws/chat`.
        websocket_url: String,
        /// What takes the place of `https://<media host>`: `http://127.0.0.1:9080`.
        media_base_url: String,
    },
}

/// What the program decides for all engines of this kind.
#[derive(Clone, Debug)]
pub struct NativeSettings {
    /// Which network.
    pub network: Network,
    /// The version of WhatsApp Web to claim. WhatsApp refuses those it finds too old.
    pub version: (u32, u32, u32),
    /// The name under which the phone lists this device.
    pub device_name: String,
    /// How many one-time keys WhatsApp is given in advance. Each costs a key generation when linking.
    pub pre_key_count: usize,
    /// Whether the phone is asked for older chats when linking.
    pub history_sync: bool,
    /// How many messages of what it tells then are stored; none is 0.
    pub history_messages: usize,
    /// How many of one chat, the newest.
    pub history_messages_per_chat: usize,
    /// Media of incoming messages of these types are fetched before their event is written.
    pub automatic_media_types: MediaTypes,
    /// Media of incoming messages up to this size are fetched before their event is written.
    pub automatic_media_bytes: u64,
    /// For how long an incoming message waits for its media.
    pub automatic_media_timeout: Duration,
    /// How many files all sessions together send or fetch at a time.
    pub transfers: usize,
    /// How long a send waits for WhatsApp's answer before it counts as unconfirmed.
    pub send_timeout: Duration,
    /// How long one connection attempt may take, proxy and TLS included.
    pub dial_timeout: Duration,
}

impl NativeSettings {
    /// What suits WhatsApp's own network.
    pub fn real() -> Self {
        let known = Device::new();
        Self {
            network: Network::Real,
            version: (known.app_version_primary, known.app_version_secondary, known.app_version_tertiary),
            device_name: "OpenWA".to_owned(),
            pre_key_count: 812,
            history_sync: true,
            history_messages: 10_000,
            history_messages_per_chat: 200,
            automatic_media_types: MediaTypes::ALL,
            automatic_media_bytes: 16 * 1024 * 1024,
            automatic_media_timeout: Duration::from_secs(15),
            transfers: 16,
            send_timeout: Duration::from_secs(20),
            dial_timeout: Duration::from_secs(20),
        }
    }

    /// What suits a sandbox: fewer keys, because linking many sessions quickly is what sandboxes are for.
    pub fn sandbox(websocket_url: impl Into<String>, media_base_url: impl Into<String>) -> Self {
        let network = Network::Sandbox { websocket_url: websocket_url.into(), media_base_url: media_base_url.into() };
        Self { network, pre_key_count: 100, ..Self::real() }
    }
}

#[cfg(test)]
mod tests {
    use super::LIBRARY;

    #[test]
    fn the_library_is_the_one_that_is_built_in() {
        let lock = include_str!("../../../../Cargo.lock");
        let (name, version) = LIBRARY;
        assert!(lock.contains(&format!("name = \"{name}\"\nversion = \"{version}\"\n")), "{name} {version}");
    }
}
