//! Labels of a business account, and the chats that carry them.

use openwa_core::{Gateway, gateway::LabelChange};
use openwa_model::{label::Label, ops::LabelChat};
use poem_openapi::{Object, OpenApi, param::Path};
use serde::Serialize;

use crate::{
    answer::{Answer, Shown},
    app::Tag,
    auth::{AllChats, Caller, OneChat, Operator, Viewer},
    chats::ChatSummary,
    error::ApiError,
    input::Body,
    wire::{SessionPath, Success, chat_of},
};

/// WhatsApp's twenty colors of labels.
const COLORS: [&str; Label::COLORS as usize] = [
    "#ff9485", "#64c4ff", "#ffd429", "#dfaef0", "#99b6c1", "#55ccb3", "#ff9dff", "#d3a91d", "#6d7cce", "#d7e752",
    "#00d0e2", "#ffc5c7", "#93ceac", "#f74848", "#00a0f2", "#83e422", "#ffaf04", "#b5ebff", "#9ba6ff", "#9368cf",
];

pub(crate) struct Labels(pub(crate) Gateway);

/// One label.
#[derive(Object, Serialize)]
#[oai(rename = "Label", rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct LabelRecord {
    /// Its id.
    id: String,
    /// What it says.
    name: String,
    /// Its color, as `#` and six hexadecimal digits.
    hex_color: String,
}

impl From<Label> for LabelRecord {
    fn from(it: Label) -> Self {
        let color = COLORS.get(usize::from(it.color)).copied().unwrap_or(COLORS[0]);
        Self { id: it.id, name: it.name, hex_color: color.to_owned() }
    }
}

/// A label to make or to change.
#[derive(Object)]
pub(crate) struct SaveLabel {
    /// What it says; may be left out where the label is there already.
    #[oai(validator(min_length = 1, max_length = 100))]
    name: Option<String>,
    /// Its color, a place in WhatsApp's list of twenty.
    #[oai(validator(minimum(value = "0"), maximum(value = "19")))]
    color: Option<u8>,
}

/// A label to put on a chat.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct AddLabelToChat {
    /// The label.
    #[oai(validator(min_length = 1, max_length = 64))]
    label_id: String,
}

/// The id of a label, as a path has it.
fn label_of(text: &str) -> Answer<&str> {
    let good = (1..=Label::MAX_ID).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_graphic());
    good.then_some(text).ok_or_else(|| ApiError::invalid("labelId must be 1 to 64 visible ASCII characters"))
}

#[OpenApi]
impl Labels {
    /// List labels
    ///
    /// Only a WhatsApp Business account has them: others answer 422.
    #[oai(path = "/sessions/:sessionId/labels", method = "get", operation_id = "listLabels", tag = "Tag::Labels")]
    async fn list(
        &self,
        _caller: Caller<Viewer, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
    ) -> Answer<Shown<Vec<LabelRecord>>> {
        let labels = self.0.labels(session.0.id()?).await?;
        Ok(Shown(labels.into_iter().map(Into::into).collect()))
    }

    /// Get a label
    #[oai(
        path = "/sessions/:sessionId/labels/:labelId",
        method = "get",
        operation_id = "getLabel",
        tag = "Tag::Labels"
    )]
    async fn get(
        &self,
        _caller: Caller<Viewer, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        #[oai(name = "labelId")] id: Path<String>,
    ) -> Answer<Shown<LabelRecord>> {
        Ok(Shown(self.0.label(session.0.id()?, label_of(&id.0)?).await?.into()))
    }

    /// List the chats with a label
    ///
    /// As far as this gateway knows them.
    #[oai(
        path = "/sessions/:sessionId/labels/:labelId/chats",
        method = "get",
        operation_id = "listChatsWithLabel",
        tag = "Tag::Labels"
    )]
    async fn chats(
        &self,
        caller: Caller<Viewer, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        #[oai(name = "labelId")] id: Path<String>,
    ) -> Answer<Shown<Vec<ChatSummary>>> {
        let session = session.0.id()?;
        let chats = self.0.chats_with_label(session, label_of(&id.0)?).await?;
        let fence = caller.fence(&self.0, session).await?;
        let seen = chats.into_iter().filter(|it| fence.sees(&it.id)).collect();
        Ok(Shown(ChatSummary::all(&self.0, session, seen).await?))
    }

    /// Save a label
    ///
    /// Makes it, or changes what is given of it, on all devices of this account.
    #[oai(
        path = "/sessions/:sessionId/labels/:labelId",
        method = "put",
        operation_id = "saveLabel",
        tag = "Tag::Labels"
    )]
    async fn save(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        #[oai(name = "labelId")] id: Path<String>,
        body: Body<SaveLabel>,
    ) -> Answer<Shown<Success>> {
        let SaveLabel { name, color } = body.value;
        self.0.save_label(session.0.id()?, label_of(&id.0)?, LabelChange { name, color }).await?;
        Ok(Shown(Success::DONE))
    }

    /// Delete a label
    ///
    /// It goes from all chats.
    #[oai(
        path = "/sessions/:sessionId/labels/:labelId",
        method = "delete",
        operation_id = "deleteLabel",
        tag = "Tag::Labels"
    )]
    async fn delete(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        #[oai(name = "labelId")] id: Path<String>,
    ) -> Answer<Shown<Success>> {
        self.0.delete_label(session.0.id()?, label_of(&id.0)?).await?;
        Ok(Shown(Success::DONE))
    }

    /// List the labels of a chat
    #[oai(
        path = "/sessions/:sessionId/labels/chat/:chatId",
        method = "get",
        operation_id = "listLabelsOfChat",
        tag = "Tag::Labels"
    )]
    async fn of_chat(
        &self,
        caller: Caller<Viewer, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The chat.
        #[oai(name = "chatId")]
        chat_id: Path<String>,
    ) -> Answer<Shown<Vec<LabelRecord>>> {
        let (session, chat) = (session.0.id()?, chat_of(&chat_id.0)?);
        caller.may_use(&self.0, session, &chat).await?;
        let labels = self.0.labels_of_chat(session, &chat).await?;
        Ok(Shown(labels.into_iter().map(Into::into).collect()))
    }

    /// Put a label on a chat
    #[oai(
        path = "/sessions/:sessionId/labels/chat/:chatId",
        method = "post",
        operation_id = "addLabelToChat",
        tag = "Tag::Labels"
    )]
    async fn add(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The chat.
        #[oai(name = "chatId")]
        chat_id: Path<String>,
        body: Body<AddLabelToChat>,
    ) -> Answer<Shown<Success>> {
        let (session, chat) = (session.0.id()?, chat_of(&chat_id.0)?);
        caller.may_use(&self.0, session, &chat).await?;
        let label = label_of(&body.value.label_id)?.to_owned();
        self.0.label_chat(session, LabelChat { label, chat, is_labeled: true }).await?;
        Ok(Shown(Success::DONE))
    }

    /// Take a label off a chat
    #[oai(
        path = "/sessions/:sessionId/labels/chat/:chatId/:labelId",
        method = "delete",
        operation_id = "removeLabelFromChat",
        tag = "Tag::Labels"
    )]
    async fn remove(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The chat.
        #[oai(name = "chatId")]
        chat_id: Path<String>,
        #[oai(name = "labelId")] id: Path<String>,
    ) -> Answer<Shown<Success>> {
        let (session, chat) = (session.0.id()?, chat_of(&chat_id.0)?);
        caller.may_use(&self.0, session, &chat).await?;
        let label = label_of(&id.0)?.to_owned();
        self.0.label_chat(session, LabelChat { label, chat, is_labeled: false }).await?;
        Ok(Shown(Success::DONE))
    }
}
