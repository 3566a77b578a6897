//! API keys, and what a key says about itself.

use openwa_core::{
    Gateway,
    gateway::{KeyPatch, NewKey},
};
use openwa_model::{
    engine::EngineKind,
    id::SessionId,
    key::{ApiKey, Role},
    secret::Secret,
};
use poem_openapi::{Object, OpenApi, param::Path, types::MaybeUndefined};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    answer::{Answer, Created, NoContent, Shown},
    app::Tag,
    auth::{Admin, Caller, Deployment, NoChats, Viewer},
    input::Body,
    wire::{KeyPath, Moment},
    words::Word,
};

pub(crate) struct Keys(pub(crate) Gateway);

/// One API key. The key itself is shown once, when it is made.
#[derive(Object, Serialize)]
#[oai(rename = "ApiKey", rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyResponse {
    /// Its id.
    id: Uuid,
    /// What a person calls it.
    name: String,
    /// Its first twelve characters.
    key_prefix: String,
    /// What it may do.
    role: Word<Role>,
    /// The IPv4 addresses and networks it may come from; any when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_ips: Option<Vec<String>>,
    /// The sessions it may touch; all when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_sessions: Option<Vec<Uuid>>,
    /// The chats it may touch; all when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_chats: Option<Vec<String>>,
    /// False once it was revoked.
    is_active: bool,
    /// When it stops working; never when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Moment>,
    /// When it was last used.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<Moment>,
    /// How often it was used.
    usage_count: u64,
    /// When it was made.
    created_at: Moment,
    /// The key; only in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key: Option<String>,
}

impl KeyResponse {
    fn of(key: ApiKey, text: Option<&Secret>) -> Self {
        Self {
            id: key.id.0,
            name: key.name,
            key_prefix: key.prefix,
            role: Word(key.role),
            allowed_ips: key.allowed_ips,
            allowed_sessions: key.allowed_sessions.map(|all| all.into_iter().map(|it| it.0).collect()),
            allowed_chats: key.allowed_chats,
            is_active: key.active,
            expires_at: key.expires_at.map(Moment),
            last_used_at: key.last_used_at.map(Moment),
            usage_count: key.usage_count,
            created_at: Moment(key.created_at),
            api_key: text.map(|it| it.expose().to_owned()),
        }
    }
}

/// A key to be made.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct CreateApiKey {
    /// What a person calls it.
    #[oai(validator(min_length = 3, max_length = 100))]
    name: String,
    /// What it may do; `operator` when absent.
    role: Option<Word<Role>>,
    /// The IPv4 addresses and networks it may come from.
    #[oai(validator(max_items = 1000))]
    allowed_ips: Option<Vec<String>>,
    /// The sessions it may touch.
    #[oai(validator(max_items = 1000))]
    allowed_sessions: Option<Vec<Uuid>>,
    /// The chats it may touch.
    #[oai(validator(max_items = 1000))]
    allowed_chats: Option<Vec<String>>,
    /// When it stops working.
    expires_at: Option<Moment>,
}

/// What to change about a key; null lifts a limit.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct UpdateApiKey {
    /// What a person calls it.
    #[oai(validator(min_length = 3, max_length = 100))]
    name: Option<String>,
    /// What it may do.
    role: Option<Word<Role>>,
    /// The IPv4 addresses and networks it may come from.
    #[oai(nullable, validator(max_items = 1000))]
    allowed_ips: MaybeUndefined<Vec<String>>,
    /// The sessions it may touch.
    #[oai(nullable, validator(max_items = 1000))]
    allowed_sessions: MaybeUndefined<Vec<Uuid>>,
    /// The chats it may touch.
    #[oai(nullable, validator(max_items = 1000))]
    allowed_chats: MaybeUndefined<Vec<String>>,
    /// When it stops working.
    #[oai(nullable)]
    expires_at: MaybeUndefined<Moment>,
}

/// What a key says about itself.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyValidation {
    /// Always true: a bad key is answered with 401.
    valid: bool,
    /// What it may do.
    role: Word<Role>,
    /// The engine of new sessions.
    engine_type: String,
    /// Whether it is limited to some sessions or chats.
    scoped: bool,
}

fn patch<T, U>(given: MaybeUndefined<T>, read: impl FnOnce(T) -> U) -> Option<Option<U>> {
    match given {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(it) => Some(Some(read(it))),
    }
}

fn session_ids(ids: Vec<Uuid>) -> Vec<SessionId> {
    ids.into_iter().map(SessionId).collect()
}

#[OpenApi]
impl Keys {
    /// Ask what a key may do
    ///
    /// Answers for the key that the request carries.
    #[oai(path = "/auth/validate", method = "post", operation_id = "validateKey", tag = "Tag::Keys")]
    async fn validate(&self, caller: Caller<Viewer, NoChats>) -> Answer<Shown<KeyValidation>> {
        Ok(Shown(KeyValidation {
            valid: true,
            role: Word(caller.key.role),
            engine_type: EngineKind::Native.name().to_owned(),
            scoped: caller.is_scoped(),
        }))
    }

    /// List API keys
    #[oai(path = "/auth/api-keys", method = "get", operation_id = "listKeys", tag = "Tag::Keys")]
    async fn list(&self, _caller: Caller<Admin, Deployment>) -> Answer<Shown<Vec<KeyResponse>>> {
        let keys = self.0.keys().await?;
        Ok(Shown(keys.into_iter().map(|it| KeyResponse::of(it, None)).collect()))
    }

    /// Make an API key
    ///
    /// The answer holds the key; it is not shown again.
    #[oai(path = "/auth/api-keys", method = "post", operation_id = "createKey", tag = "Tag::Keys")]
    async fn create(
        &self,
        _caller: Caller<Admin, Deployment>,
        body: Body<CreateApiKey>,
    ) -> Answer<Created<KeyResponse>> {
        let CreateApiKey { name, role, allowed_ips, allowed_sessions, allowed_chats, expires_at } = body.value;
        let new = NewKey {
            name,
            role: role.map_or(Role::Operator, |it| it.0),
            allowed_ips,
            allowed_sessions: allowed_sessions.map(session_ids),
            allowed_chats,
            expires_at: expires_at.map(|it| it.0),
        };
        let (key, text) = self.0.create_key(new).await?;
        Ok(Created(KeyResponse::of(key, Some(&text))))
    }

    /// Get an API key
    #[oai(path = "/auth/api-keys/:keyId", method = "get", operation_id = "getKey", tag = "Tag::Keys")]
    async fn get(
        &self,
        _caller: Caller<Admin, Deployment>,
        #[oai(name = "keyId")] key: Path<KeyPath>,
    ) -> Answer<Shown<KeyResponse>> {
        Ok(Shown(KeyResponse::of(self.0.key(key.0.id()?).await?, None)))
    }

    /// Change an API key
    ///
    /// What is left out stays; null lifts a limit.
    #[oai(path = "/auth/api-keys/:keyId", method = "put", operation_id = "updateKey", tag = "Tag::Keys")]
    async fn update(
        &self,
        _caller: Caller<Admin, Deployment>,
        #[oai(name = "keyId")] key: Path<KeyPath>,
        body: Body<UpdateApiKey>,
    ) -> Answer<Shown<KeyResponse>> {
        let UpdateApiKey { name, role, allowed_ips, allowed_sessions, allowed_chats, expires_at } = body.value;
        let change = KeyPatch {
            name,
            role: role.map(|it| it.0),
            allowed_ips: patch(allowed_ips, |it| it),
            allowed_sessions: patch(allowed_sessions, session_ids),
            allowed_chats: patch(allowed_chats, |it| it),
            expires_at: patch(expires_at, |it| it.0),
        };
        Ok(Shown(KeyResponse::of(self.0.update_key(key.0.id()?, change).await?, None)))
    }

    /// Delete an API key
    ///
    /// It stops working at once and its row goes. The last key of an admin cannot be deleted.
    #[oai(path = "/auth/api-keys/:keyId", method = "delete", operation_id = "deleteKey", tag = "Tag::Keys")]
    async fn delete(
        &self,
        _caller: Caller<Admin, Deployment>,
        #[oai(name = "keyId")] key: Path<KeyPath>,
    ) -> Answer<NoContent> {
        self.0.delete_key(key.0.id()?).await?;
        Ok(NoContent)
    }

    /// Revoke an API key
    ///
    /// It stops working for good; its row stays.
    #[oai(path = "/auth/api-keys/:keyId/revoke", method = "post", operation_id = "revokeKey", tag = "Tag::Keys")]
    async fn revoke(
        &self,
        _caller: Caller<Admin, Deployment>,
        #[oai(name = "keyId")] key: Path<KeyPath>,
    ) -> Answer<Shown<KeyResponse>> {
        Ok(Shown(KeyResponse::of(self.0.revoke_key(key.0.id()?).await?, None)))
    }
}
