//! Automation rules: texts that answer messages by themselves.

use openwa_core::{
    Gateway,
    gateway::{NewRule, RulePatch},
};
use openwa_model::automation::AutomationRule;
use poem_openapi::{Object, OpenApi, param::Path, types::MaybeUndefined};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    answer::{Answer, Created, NoContent, Shown},
    app::Tag,
    auth::{AllChats, Caller, Operator},
    input::Body,
    webhooks::WebhookFilters,
    wire::{Moment, Nullable, RulePath, SessionPath},
};

pub(crate) struct AutomationRules(pub(crate) Gateway);

/// Where an automation rule's conditions stand in a body.
const CONDITIONS: &str = "conditions";

/// An automation rule to make.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct CreateAutomationRule {
    /// What people call it.
    #[oai(validator(min_length = 1, max_length = 100))]
    name: String,
    /// The text that is sent back into the chat, as it stands here.
    #[oai(validator(min_length = 1, max_length = 4096))]
    reply_text: String,
    /// What has to hold of a message, in the form of a webhook's filters. Without, any message fits.
    conditions: Option<WebhookFilters>,
    /// For how many seconds it keeps silent in a chat after it answered there; 60 when absent. 0 is never: then nothing
    /// holds back two programs that answer each other.
    #[oai(validator(minimum(value = "0"), maximum(value = "86400")))]
    cooldown_seconds: Option<u32>,
    /// Whether it answers at all; true when absent.
    enabled: Option<bool>,
}

/// What to change about an automation rule; what is left out stays.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct UpdateAutomationRule {
    /// What people call it.
    #[oai(validator(min_length = 1, max_length = 100))]
    name: Option<String>,
    /// The text that is sent back into the chat, as it stands here.
    #[oai(validator(min_length = 1, max_length = 4096))]
    reply_text: Option<String>,
    /// What has to hold of a message; null lifts the conditions.
    #[oai(nullable)]
    conditions: MaybeUndefined<WebhookFilters>,
    /// For how many seconds it keeps silent in a chat after it answered there.
    #[oai(validator(minimum(value = "0"), maximum(value = "86400")))]
    cooldown_seconds: Option<u32>,
    /// Whether it answers at all.
    enabled: Option<bool>,
}

/// One automation rule.
#[derive(Object, Serialize)]
#[oai(rename = "AutomationRule", rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct AutomationRuleResponse {
    /// Its id.
    id: Uuid,
    /// Its session.
    session_id: Uuid,
    /// What people call it.
    name: String,
    /// Whether it answers at all.
    enabled: bool,
    /// What has to hold of a message.
    conditions: Nullable<WebhookFilters>,
    /// The text that is sent back into the chat.
    reply_text: String,
    /// For how many seconds it keeps silent in a chat after it answered there.
    cooldown_seconds: u32,
    /// When it was made.
    created_at: Moment,
    /// When it last changed.
    updated_at: Moment,
}

impl From<AutomationRule> for AutomationRuleResponse {
    fn from(it: AutomationRule) -> Self {
        Self {
            id: it.id.0,
            session_id: it.session.0,
            name: it.name,
            enabled: it.is_enabled,
            conditions: Nullable(it.conditions.map(WebhookFilters::of)),
            reply_text: it.reply_text,
            cooldown_seconds: it.cooldown_seconds,
            created_at: Moment(it.created_at),
            updated_at: Moment(it.updated_at),
        }
    }
}

#[OpenApi]
impl AutomationRules {
    /// List the automation rules of a session
    ///
    /// In the order in which they are tried: the oldest first.
    #[oai(
        path = "/sessions/:sessionId/automation-rules",
        method = "get",
        operation_id = "listAutomationRules",
        tag = "Tag::AutomationRules"
    )]
    async fn list(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
    ) -> Answer<Shown<Vec<AutomationRuleResponse>>> {
        let rules = self.0.rules(session.0.id()?).await?;
        Ok(Shown(rules.into_iter().map(Into::into).collect()))
    }

    /// Make an automation rule
    ///
    /// Each message that comes in is answered by the first enabled rule that fits it, in private chats and groups. Not
    /// answered are the account's own messages and those older than five minutes. A rule that fits but keeps silent for
    /// its cooldown lets no other one answer.
    #[oai(
        path = "/sessions/:sessionId/automation-rules",
        method = "post",
        operation_id = "createAutomationRule",
        tag = "Tag::AutomationRules"
    )]
    async fn create(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<CreateAutomationRule>,
    ) -> Answer<Created<AutomationRuleResponse>> {
        let CreateAutomationRule { name, reply_text, conditions, cooldown_seconds, enabled } = body.value;
        let conditions = conditions.map(|it| it.read(CONDITIONS)).transpose()?;
        let new = NewRule { name, reply_text, conditions, cooldown_seconds, is_enabled: enabled };
        Ok(Created(self.0.create_rule(session.0.id()?, new).await?.into()))
    }

    /// Get an automation rule
    #[oai(
        path = "/sessions/:sessionId/automation-rules/:ruleId",
        method = "get",
        operation_id = "getAutomationRule",
        tag = "Tag::AutomationRules"
    )]
    async fn get(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        #[oai(name = "ruleId")] rule: Path<RulePath>,
    ) -> Answer<Shown<AutomationRuleResponse>> {
        Ok(Shown(self.0.rule(session.0.id()?, rule.0.id()?).await?.into()))
    }

    /// Change an automation rule
    ///
    /// What is left out stays, and so does its place among the others.
    #[oai(
        path = "/sessions/:sessionId/automation-rules/:ruleId",
        method = "put",
        operation_id = "updateAutomationRule",
        tag = "Tag::AutomationRules"
    )]
    async fn update(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        #[oai(name = "ruleId")] rule: Path<RulePath>,
        body: Body<UpdateAutomationRule>,
    ) -> Answer<Shown<AutomationRuleResponse>> {
        let UpdateAutomationRule { name, reply_text, conditions, cooldown_seconds, enabled } = body.value;
        let conditions = match conditions {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(it) => Some(Some(it.read(CONDITIONS)?)),
        };
        let patch = RulePatch { name, reply_text, conditions, cooldown_seconds, is_enabled: enabled };
        Ok(Shown(self.0.update_rule(session.0.id()?, rule.0.id()?, patch).await?.into()))
    }

    /// Delete an automation rule
    ///
    /// What it has answered stays.
    #[oai(
        path = "/sessions/:sessionId/automation-rules/:ruleId",
        method = "delete",
        operation_id = "deleteAutomationRule",
        tag = "Tag::AutomationRules"
    )]
    async fn delete(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        #[oai(name = "ruleId")] rule: Path<RulePath>,
    ) -> Answer<NoContent> {
        self.0.delete_rule(session.0.id()?, rule.0.id()?).await?;
        Ok(NoContent)
    }
}
