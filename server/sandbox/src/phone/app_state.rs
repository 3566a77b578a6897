//! App state as the phone starts it: the key its companions share, and the owner's name as the
//! first patch of `critical_block`.

use serde::{Deserialize, Serialize};
use wacore::appstate::encode_record;
use wacore::appstate::hash::{HashState, generate_patch_mac};
use wacore::appstate::keys::expand_app_state_keys;
use waproto::whatsapp as wa;
use waproto::whatsapp::message::protocol_message::Type;

use super::compose::{milliseconds, protocol};
use crate::{ambient, hex_text};

pub(crate) const CRITICAL_BLOCK: &str = "critical_block";

/// The key under which the account's app state is encrypted.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct AppStateKey {
    #[serde(with = "hex_text")]
    id: Vec<u8>,
    #[serde(with = "hex_text")]
    data: Vec<u8>,
    created_at: u64,
}

impl AppStateKey {
    pub(crate) fn generate() -> Self {
        // An id is a device (0, the phone) and an epoch.
        let [a, b, c, d] = ambient::random_bytes();
        Self {
            id: vec![0, 0, a, b, c, d],
            data: ambient::random_bytes::<32>().to_vec(),
            created_at: ambient::seconds(),
        }
    }

    /// The message that gives the key to a companion.
    pub(crate) fn share(&self) -> wa::Message {
        let data = wa::message::AppStateSyncKeyData {
            key_data: Some(self.data.clone()),
            fingerprint: wa::message::AppStateSyncKeyFingerprint {
                raw_id: Some(1),
                current_index: Some(0),
                device_indexes: vec![0],
            }
            .into(),
            timestamp: Some(i64::try_from(self.created_at).unwrap_or(i64::MAX)),
        };
        let key = wa::message::AppStateSyncKey {
            key_id: wa::message::AppStateSyncKeyId { key_id: Some(self.id.clone()) }.into(),
            key_data: data.into(),
        };
        protocol(wa::message::ProtocolMessage {
            r#type: Some(Type::APP_STATE_SYNC_KEY_SHARE),
            app_state_sync_key_share: wa::message::AppStateSyncKeyShare { keys: vec![key] }.into(),
            ..Default::default()
        })
    }

    /// The first patch of `critical_block`, which carries what the owner goes by. Nothing when
    /// the hash cannot be computed, which no new collection is a reason for.
    pub(crate) fn name_patch(&self, name: &str) -> Option<Vec<u8>> {
        let keys = expand_app_state_keys(&self.data);
        let value = wa::SyncActionValue {
            timestamp: Some(milliseconds()),
            push_name_setting: wa::sync_action_value::PushNameSetting { name: Some(name.to_owned()) }.into(),
            ..Default::default()
        };
        let (mutation, _) = encode_record(
            wa::syncd_mutation::SyncdOperation::SET,
            br#"["setting_pushName"]"#,
            &value,
            &keys,
            &self.id,
            &ambient::random_bytes(),
            1,
        );
        let mut state = HashState::default();
        let mutations = vec![mutation];
        state.update_hash(&mutations, |_, _| Ok(None)).1.ok()?;
        state.version = 1;
        let mut patch = wa::SyncdPatch {
            snapshot_mac: Some(state.generate_snapshot_mac(CRITICAL_BLOCK, &keys.snapshot_mac)),
            key_id: wa::KeyId { id: Some(self.id.clone()) }.into(),
            mutations,
            ..Default::default()
        };
        let mac = generate_patch_mac(&patch, CRITICAL_BLOCK, &keys.patch_mac, state.version);
        patch.patch_mac = Some(mac);
        Some(waproto::codec::syncd_patch_to_vec(&patch))
    }
}
