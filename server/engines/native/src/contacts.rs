//! Whom the account knows and blocks, and the address book that its devices share.

use std::sync::Arc;

use openwa_model::{
    engine::{EngineError, ErrorKind, Retry},
    jid::Jid,
    ops::{BlockContact, DeleteContact, GetProfilePicture, SaveContact, UnblockContact},
};
use wacore::{
    appstate::encode_record,
    appstate_sync::AppStateProcessor,
    request::{InfoQuery, InfoQueryType},
    store::traits::{AppSyncStore, Backend as LibraryBackend},
};
use whatsapp_rust::{
    BlockingError, NodeBuilder, TokioRuntime, anyhow, schemas,
    wacore_binary::{self as wire, NodeContent},
    waproto::whatsapp::{self as wa, syncd_mutation::SyncdOperation},
};

use crate::{
    failure, jid,
    operations::{NUMBERS_AT_ONCE, Operations},
};

const NOT_SAVED: &str = "The address book could not be changed on this account's devices";
/// How often it is tried to take a contact away while others change the address book.
const ATTEMPTS: u32 = 3;

impl Operations<'_> {
    pub(crate) async fn list_blocked(&self) -> Result<Vec<Jid>, EngineError> {
        let listed = self.link.client.blocking().get_blocklist().await;
        let listed = listed.map_err(|error| failure::of_request("WhatsApp did not tell who is blocked", error))?;
        Ok(listed.iter().filter_map(|it| jid::from_wire(&it.jid)).collect())
    }

    pub(crate) async fn block(&self, BlockContact { id }: BlockContact) -> Result<(), EngineError> {
        let wire = jid::to_wire(&id);
        self.learn_both_ids(std::slice::from_ref(&wire)).await?;
        self.link.client.blocking().block(&wire).await.map_err(|error| not_blocked(&id, error))
    }

    pub(crate) async fn unblock(&self, UnblockContact { id }: UnblockContact) -> Result<(), EngineError> {
        let wire = jid::to_wire(&id);
        self.learn_both_ids(std::slice::from_ref(&wire)).await?;
        self.link.client.blocking().unblock(&wire).await.map_err(|error| not_blocked(&id, error))
    }

    pub(crate) async fn profile_picture(&self, asked: GetProfilePicture) -> Result<Option<String>, EngineError> {
        let picture = self.link.client.contacts().get_profile_picture(&jid::to_wire(&asked.id), false).await;
        let picture = picture.map_err(|error| failure::of_request("WhatsApp did not tell of the picture", error))?;
        Ok(picture.map(|it| it.url))
    }

    pub(crate) async fn save_contact(&self, asked: SaveContact) -> Result<(), EngineError> {
        let SaveContact { phone, first_name, full_name } = asked;
        let actions = self.link.client.chat_actions();
        let saved = actions.save_contact(&jid::to_wire(&phone), Some(full_name), Some(first_name), true).await;
        saved.map_err(|error| failure::of_app_state(NOT_SAVED, error))
    }

    pub(crate) async fn delete_contact(&self, asked: DeleteContact) -> Result<(), EngineError> {
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                // The library catches up when it writes; what it writes here is taken away at once.
                let actions = self.link.client.chat_actions();
                let saved = actions.save_contact(&jid::to_wire(&asked.phone), None, None, false).await;
                saved.map_err(|error| failure::of_app_state(NOT_SAVED, error))?;
            }
            if self.take_away_contact(&asked).await? {
                return Ok(());
            }
        }
        let message = format!("{NOT_SAVED}: other devices change it at the same time; try again");
        Err(EngineError::new(ErrorKind::Refused, Retry::Later, message))
    }

    /// The library only ever sets what devices agree on. To take something away, the same patch is made here from its
    /// parts; the library takes it in with the next one it fetches, as if another device had sent it. False when
    /// others have changed the address book since the library looked, this very function among them.
    async fn take_away_contact(&self, asked: &DeleteContact) -> Result<bool, EngineError> {
        let failed = |error: anyhow::Error| failure::of_any(NOT_SAVED, error);
        let backend: Arc<dyn LibraryBackend> = Arc::clone(&self.link.backend) as _;
        let key_id = AppSyncStore::get_latest_sync_key_id(&*self.link.backend).await;
        let key_id = key_id.map_err(|error| failed(error.into()))?.ok_or_else(|| {
            let message = format!("{NOT_SAVED}: the phone has not handed over its keys yet");
            EngineError::new(ErrorKind::NotConnected, Retry::Later, message)
        })?;
        let processor = AppStateProcessor::new(backend, Arc::new(TokioRuntime));
        let keys = processor.get_app_state_key(&key_id).await.map_err(|error| failed(error.into()))?;
        let index = serde_json::json!(["contact", jid::to_wire_text(&asked.phone)]).to_string();
        let value = wa::SyncActionValue {
            timestamp: Some((self.link.listener.now)().as_millisecond()),
            contact_action: Some(wa::sync_action_value::ContactAction::default()).into(),
            ..Default::default()
        };
        let collection = schemas::CONTACT.collection.as_str();
        let mut iv = [0; 16];
        rand::Rng::fill_bytes(&mut rand::rng(), &mut iv);
        let version = i32::try_from(schemas::CONTACT.version).unwrap_or(i32::MAX);
        let (mutation, _) =
            encode_record(SyncdOperation::REMOVE, index.as_bytes(), &value, &keys, &key_id, &iv, version);
        let (patch, base) = processor.build_patch(collection, vec![mutation]).await.map_err(failed)?;
        let change = NodeBuilder::new("collection")
            .attr("name", collection)
            .attr("version", base)
            .attr("return_snapshot", "false")
            .children([NodeBuilder::new("patch").bytes(patch).build()]);
        let sync = NodeBuilder::new("sync").children([change.build()]).build();
        let asked = InfoQuery {
            namespace: "w:sync:app:state",
            query_type: InfoQueryType::Set,
            to: wire::Jid::new("", wire::Server::Pn),
            target: None,
            id: None,
            content: Some(NodeContent::Nodes(vec![sync])),
            timeout: None,
        };
        let answer = self.link.client.send_iq(asked).await;
        let answer = answer.map_err(|error| failure::of_request(NOT_SAVED, error))?;
        Ok(answer.get().get_optional_child_by_tag(&["sync", "collection", "error"]).is_none())
    }

    /// Whom one blocks is named by number and hidden id, and statuses go to hidden ids; WhatsApp is asked where only
    /// one of them is known.
    pub(crate) async fn learn_both_ids(&self, people: &[wire::Jid]) -> Result<(), EngineError> {
        let client = &self.link.client;
        let mut unknown = Vec::new();
        for person in people {
            if !matches!(client.get_lid_pn_entry(person).await, Ok(Some(_))) {
                unknown.push(person.clone());
            }
        }
        for some in unknown.chunks(NUMBERS_AT_ONCE) {
            let asked = client.contacts().is_on_whatsapp(some).await;
            asked.map_err(|error| failure::of_request("WhatsApp did not say who this is", error))?;
        }
        Ok(())
    }
}

fn not_blocked(id: &Jid, error: BlockingError) -> EngineError {
    if matches!(error, BlockingError::InvalidJid(_)) {
        let message = format!("WhatsApp does not know '{id}'");
        return EngineError::new(ErrorKind::NotFound, Retry::Never, message).because(error);
    }
    failure::of_request("WhatsApp did not change who is blocked", error)
}
