//! App state: what the account's devices agree on, as a series of encrypted patches. The phone gives
//! its companions the key, reads what they write and writes itself.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wacore::appstate::decode::Mutation as Decoded;
use wacore::appstate::hash::{HashState, generate_patch_mac};
use wacore::appstate::keys::{ExpandedAppStateKeys, expand_app_state_keys};
use wacore::appstate::processor::process_patch;
use wacore::appstate::schemas::{COLLECTIONS, NCT_SALT_SYNC, SETTING_PUSH_NAME, Schema};
use wacore::appstate::{AppStateError, encode_record};
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;
use waproto::whatsapp as wa;
use waproto::whatsapp::message::protocol_message::Type;
use waproto::whatsapp::syncd_mutation::SyncdOperation;

use super::actor::{Actor, request};
use super::compose::{milliseconds, protocol};
use super::error::PhoneError;
use super::observation::Kind;
use crate::{ambient, hex_text, stanza};

/// How often a phone writes anew when other devices were faster.
const MOST_ATTEMPTS: usize = 5;

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

    /// The keys of the patches, when this is the key they are made with.
    fn expand(&self, id: &[u8]) -> Result<Arc<ExpandedAppStateKeys>, AppStateError> {
        if id == self.id { Ok(Arc::new(expand_app_state_keys(&self.data))) } else { Err(AppStateError::KeyNotFound) }
    }
}

/// What the account's devices agree on, as far as this phone has read it.
#[derive(Default)]
pub(crate) struct Collections(BTreeMap<&'static str, Known>);

/// One collection as the phone knows it.
#[derive(Default)]
struct Known {
    hash: HashState,
    /// The MAC of each value, by the MAC of its index.
    macs: HashMap<Vec<u8>, Vec<u8>>,
    entries: BTreeMap<Vec<String>, Value>,
}

/// One thing that is set.
#[derive(Clone, Debug)]
pub struct AppStateEntry {
    pub collection: &'static str,
    pub index: Vec<String>,
    /// The fields of the action, named as WhatsApp names them.
    pub value: Value,
}

/// What a phone changes in the app state.
#[derive(Clone, Debug)]
pub(crate) struct Mutation {
    pub(crate) schema: &'static Schema,
    /// What follows the name of the action in the index.
    pub(crate) index: Vec<String>,
    /// Nothing takes it out.
    pub(crate) value: Option<wa::SyncActionValue>,
}

impl Actor {
    /// Writes into the app state.
    pub(super) async fn mutate(&mut self, mutation: &Mutation) -> Result<(), PhoneError> {
        let name = mutation.schema.collection.as_str();
        for _ in 0..MOST_ATTEMPTS {
            self.catch_up(name).await?;
            let version = self.collections.version(name);
            let patch = self.collections.patch(&self.record.app_state_key, name, mutation)?;
            let patch = NodeBuilder::new("patch").bytes(patch).build();
            let answer = self.sync(name, version, Some(patch)).await?;
            if !stanza::is(&answer, "type", "error") {
                return self.catch_up(name).await.map(|_| ());
            }
            // Another device was faster; its patch comes first.
        }
        Err(PhoneError::RequestRefused(409))
    }

    /// Writes the owner's name, unless a device has written one, and what contact tokens are made with if
    /// that is where clients look for it.
    pub(super) async fn publish_name(&mut self) -> Result<(), PhoneError> {
        self.catch_up(SETTING_PUSH_NAME.collection.as_str()).await?;
        if !self.collections.has(&[SETTING_PUSH_NAME.name]) {
            self.mutate(&named(self.record.name(&self.info))).await?;
        }
        if let Some(salt) = self.network.contact_salt(&self.info.number).filter(|salt| salt.with_app_state) {
            self.mutate(&salted(salt.bytes)).await?;
        }
        self.record.is_name_published = true;
        Ok(())
    }

    /// Reads what is new in every collection and gives all that is set.
    pub(super) async fn app_state(&mut self) -> Result<Vec<AppStateEntry>, PhoneError> {
        for collection in COLLECTIONS {
            self.catch_up(collection.as_str()).await?;
        }
        Ok(self.collections.entries())
    }

    /// Other devices have changed something: reads it and takes note.
    pub(super) async fn notice_app_state(&mut self, notification: &Node) -> Result<(), PhoneError> {
        for changed in notification.get_children_by_tag("collection") {
            let name = stanza::text(changed, "name");
            let Some(collection) = COLLECTIONS.iter().find(|collection| collection.as_str() == name) else {
                continue;
            };
            for mutation in self.catch_up(collection.as_str()).await? {
                let is_removed = mutation.operation == SyncdOperation::REMOVE;
                self.observations.note(
                    Kind::AppState,
                    None,
                    None,
                    json!({
                        "collection": collection.as_str(),
                        "index": mutation.index,
                        "removed": is_removed,
                        "value": mutation.action_value.as_ref().map(shown),
                    }),
                );
            }
        }
        Ok(())
    }

    /// Reads what is new in a collection.
    async fn catch_up(&mut self, name: &'static str) -> Result<Vec<Decoded>, PhoneError> {
        let mut read = Vec::new();
        loop {
            let version = self.collections.version(name);
            let answer = self.sync(name, version, None).await?;
            for patch in stanza::grandchildren(&answer, "patches") {
                read.extend(self.collections.apply(&self.record.app_state_key, name, stanza::content(patch))?);
            }
            let has_more = stanza::is(&answer, "has_more_patches", "true");
            // An answer that brings nothing new would be given for ever.
            if !has_more || self.collections.version(name) == version {
                return Ok(read);
            }
        }
    }

    /// Exchanges one collection with the network and gives its part of the answer.
    async fn sync(&mut self, name: &'static str, version: u64, patch: Option<Node>) -> Result<Node, PhoneError> {
        let collection = NodeBuilder::new("collection")
            .attr("name", name)
            .attr("version", version)
            .attr("return_snapshot", "false")
            .children(patch)
            .build();
        let sync = NodeBuilder::new("sync").children([collection]).build();
        let answer = self.ask(request("w:sync:app:state", "set").children([sync])).await?;
        stanza::grandchildren(&answer, "sync").first().cloned().ok_or(PhoneError::NoAnswer)
    }
}

impl Collections {
    fn version(&self, name: &str) -> u64 {
        self.0.get(name).map_or(0, |known| known.hash.version)
    }

    /// Whether anything is set under this index.
    pub(super) fn has(&self, index: &[&str]) -> bool {
        self.0.values().any(|known| known.entries.keys().any(|key| key == index))
    }

    fn entries(&self) -> Vec<AppStateEntry> {
        let entries = self.0.iter().flat_map(|(collection, known)| {
            known.entries.iter().map(|(index, value)| AppStateEntry {
                collection,
                index: index.clone(),
                value: value.clone(),
            })
        });
        entries.collect()
    }

    /// Takes a patch over that the network has given out.
    fn apply(&mut self, key: &AppStateKey, name: &'static str, patch: &[u8]) -> Result<Vec<Decoded>, PhoneError> {
        let patch = waproto::codec::syncd_patch_decode(patch).map_err(|error| unreadable(&error))?;
        let known = self.0.entry(name).or_default();
        let macs = &known.macs;
        // A patch that cannot be read leaves everything as it was.
        let mut hash = known.hash.clone();
        let result =
            process_patch(&patch, &mut hash, |id| key.expand(id), |index| Ok(macs.get(index).cloned()), true, name)
                .map_err(|error| unreadable(&error))?;
        known.hash = hash;
        for removed in &result.removed_index_macs {
            known.macs.remove(removed);
        }
        for added in result.added_macs {
            known.macs.insert(added.index_mac, added.value_mac);
        }
        for mutation in &result.mutations {
            match (&mutation.operation, &mutation.action_value) {
                (SyncdOperation::SET, Some(value)) => {
                    known.entries.insert(mutation.index.clone(), shown(value));
                }
                _ => {
                    known.entries.remove(&mutation.index);
                }
            }
        }
        Ok(result.mutations)
    }

    /// The next patch of a collection.
    fn patch(&self, key: &AppStateKey, name: &str, mutation: &Mutation) -> Result<Vec<u8>, PhoneError> {
        let keys = expand_app_state_keys(&key.data);
        let index: Vec<&str> =
            std::iter::once(mutation.schema.name).chain(mutation.index.iter().map(String::as_str)).collect();
        let index = serde_json::to_vec(&index).map_err(|error| unreadable(&error))?;
        let operation = if mutation.value.is_some() { SyncdOperation::SET } else { SyncdOperation::REMOVE };
        let value = mutation.value.clone().unwrap_or_default();
        let value = wa::SyncActionValue { timestamp: Some(milliseconds()), ..value };
        let version = i32::try_from(mutation.schema.version).unwrap_or(1);
        let (record, _) = encode_record(operation, &index, &value, &keys, &key.id, &ambient::random_bytes(), version);
        let known = self.0.get(name);
        let mut state = known.map(|known| known.hash.clone()).unwrap_or_default();
        let mutations = vec![record];
        let earlier = |index: &[u8], _| Ok(known.and_then(|known| known.macs.get(index).cloned()));
        state.update_hash(&mutations, earlier).1.map_err(|error| unreadable(&error))?;
        state.version += 1;
        let mut patch = wa::SyncdPatch {
            snapshot_mac: Some(state.generate_snapshot_mac(name, &keys.snapshot_mac)),
            key_id: wa::KeyId { id: Some(key.id.clone()) }.into(),
            mutations,
            ..Default::default()
        };
        patch.patch_mac = Some(generate_patch_mac(&patch, name, &keys.patch_mac, state.version));
        Ok(waproto::codec::syncd_patch_to_vec(&patch))
    }
}

/// What the owner goes by.
pub(super) fn named(name: &str) -> Mutation {
    let setting = wa::sync_action_value::PushNameSetting { name: Some(name.to_owned()) };
    Mutation {
        schema: &SETTING_PUSH_NAME,
        index: Vec::new(),
        value: Some(wa::SyncActionValue { push_name_setting: setting.into(), ..Default::default() }),
    }
}

/// What contact tokens are made with.
fn salted(salt: Vec<u8>) -> Mutation {
    let action = wa::sync_action_value::NctSaltSyncAction { salt: Some(salt) };
    Mutation {
        schema: &NCT_SALT_SYNC,
        index: Vec::new(),
        value: Some(wa::SyncActionValue { nct_salt_sync_action: action.into(), ..Default::default() }),
    }
}

fn unreadable(error: &impl std::fmt::Display) -> PhoneError {
    PhoneError::AppState(error.to_string())
}

/// The fields of the one action in a value.
fn shown(value: &wa::SyncActionValue) -> Value {
    let Ok(Value::Object(fields)) = serde_json::to_value(value) else {
        return Value::Null;
    };
    let action = fields.into_iter().find(|(name, value)| name != "timestamp" && !value.is_null());
    action.map_or(Value::Null, |(_, action)| camel_case(action))
}

fn camel_case(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(fields.map(|(name, value)| (camel(&name), camel_case(value))).collect())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(camel_case).collect()),
        value => value,
    }
}

fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    camel
}
