//! Who may see what of the account, and reach it how.

use std::collections::BTreeMap;

use openwa_core::Gateway;
use openwa_model::privacy::{PrivacyCategory, PrivacyValue};
use poem_openapi::{Object, OpenApi, param::Path};
use serde::Serialize;

use crate::{
    answer::{Answer, Shown},
    app::Tag,
    auth::{AllChats, Caller, Operator, Viewer},
    error::ApiError,
    input::Body,
    wire::SessionPath,
    words::Word,
};

pub(crate) struct Privacy(pub(crate) Gateway);

/// Who may see what of the account. What WhatsApp does not tell is left out.
#[derive(Object, Default, Serialize)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PrivacySettings {
    /// Who sees when it was last on line.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen: Option<Word<PrivacyValue>>,
    /// Who sees whether it is on line.
    #[serde(skip_serializing_if = "Option::is_none")]
    online: Option<Word<PrivacyValue>>,
    /// Who sees its picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    profile_picture: Option<Word<PrivacyValue>>,
    /// Who sees the line about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<Word<PrivacyValue>>,
    /// Who may add it to groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    group_add: Option<Word<PrivacyValue>>,
    /// Whether it tells others what it has read.
    #[serde(skip_serializing_if = "Option::is_none")]
    read_receipts: Option<Word<PrivacyValue>>,
    /// Who may call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    call_add: Option<Word<PrivacyValue>>,
    /// Who may write to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<Word<PrivacyValue>>,
}

impl From<BTreeMap<PrivacyCategory, PrivacyValue>> for PrivacySettings {
    fn from(told: BTreeMap<PrivacyCategory, PrivacyValue>) -> Self {
        let of = |category| told.get(&category).copied().map(Word);
        Self {
            last_seen: of(PrivacyCategory::LastSeen),
            online: of(PrivacyCategory::Online),
            profile_picture: of(PrivacyCategory::ProfilePicture),
            about: of(PrivacyCategory::About),
            group_add: of(PrivacyCategory::GroupAdd),
            read_receipts: of(PrivacyCategory::ReadReceipts),
            call_add: of(PrivacyCategory::CallAdd),
            messages: of(PrivacyCategory::Messages),
        }
    }
}

/// What to change. Who is excepted (`contact_blacklist`) is chosen on the phone.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct UpdatePrivacySettings {
    /// Who sees when it was last on line: `all`, `contacts` or `none`.
    last_seen: Option<Word<PrivacyValue>>,
    /// Who sees whether it is on line: `all` or `match_last_seen`.
    online: Option<Word<PrivacyValue>>,
    /// Who sees its picture: `all`, `contacts` or `none`.
    profile_picture: Option<Word<PrivacyValue>>,
    /// Who sees the line about it: `all`, `contacts` or `none`.
    about: Option<Word<PrivacyValue>>,
    /// Who may add it to groups: `all`, `contacts` or `none`.
    group_add: Option<Word<PrivacyValue>>,
    /// Whether it tells others what it has read: `all` or `none`.
    read_receipts: Option<Word<PrivacyValue>>,
    /// Who may call it: `all` or `known`.
    call_add: Option<Word<PrivacyValue>>,
    /// Who may write to it: `all` or `contacts`.
    messages: Option<Word<PrivacyValue>>,
}

#[OpenApi]
impl Privacy {
    /// Get who may see what of this account
    ///
    /// As WhatsApp tells it now.
    #[oai(
        path = "/sessions/:sessionId/privacy",
        method = "get",
        operation_id = "getPrivacySettings",
        tag = "Tag::Profile"
    )]
    async fn get(
        &self,
        _caller: Caller<Viewer, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
    ) -> Answer<Shown<PrivacySettings>> {
        Ok(Shown(self.0.privacy(session.0.id()?).await?.into()))
    }

    /// Set who may see what of this account
    ///
    /// What is left out stays; answers what is set then.
    #[oai(
        path = "/sessions/:sessionId/privacy",
        method = "put",
        operation_id = "updatePrivacySettings",
        tag = "Tag::Profile"
    )]
    async fn update(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<UpdatePrivacySettings>,
    ) -> Answer<Shown<PrivacySettings>> {
        let it = body.value;
        let wanted = [
            (PrivacyCategory::LastSeen, it.last_seen),
            (PrivacyCategory::Online, it.online),
            (PrivacyCategory::ProfilePicture, it.profile_picture),
            (PrivacyCategory::About, it.about),
            (PrivacyCategory::GroupAdd, it.group_add),
            (PrivacyCategory::ReadReceipts, it.read_receipts),
            (PrivacyCategory::CallAdd, it.call_add),
            (PrivacyCategory::Messages, it.messages),
        ];
        let wanted: BTreeMap<_, _> = wanted.into_iter().filter_map(|(name, value)| Some((name, value?.0))).collect();
        // By its full name: the framework's `Type` has an `is_empty` of its own, which would be taken here.
        if BTreeMap::is_empty(&wanted) {
            return Err(ApiError::invalid("at least one setting must be given"));
        }
        Ok(Shown(self.0.set_privacy(session.0.id()?, wanted).await?.into()))
    }
}
