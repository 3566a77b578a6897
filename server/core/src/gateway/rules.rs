//! Automation rules: made and changed. They answer where messages come in (`inbound::automation`).

use std::time::Duration;

use openwa_model::{
    automation::AutomationRule,
    id::{RuleId, SessionId},
    webhook::Filters,
};

use super::{Gateway, Result};
use crate::{error::GatewayError, webhook::filters};

/// For how long a rule keeps silent in a chat after it answered there, where nothing is said.
const COOLDOWN_SECONDS: u32 = 60;

/// An automation rule to be made.
#[derive(Clone, Debug)]
pub struct NewRule {
    /// What people call it.
    pub name: String,
    /// The answer.
    pub reply_text: String,
    /// What has to hold of a message; without, any message fits.
    pub conditions: Option<Filters>,
    /// For how long it keeps silent in a chat after it answered there; 60 when it is not said.
    pub cooldown_seconds: Option<u32>,
    /// Whether it answers at all; true when it is not said.
    pub is_enabled: Option<bool>,
}

/// What to change about an automation rule; `None` leaves it as it is.
#[derive(Clone, Default, Debug)]
pub struct RulePatch {
    /// What people call it.
    pub name: Option<String>,
    /// The answer.
    pub reply_text: Option<String>,
    /// What has to hold of a message; an inner `None` lifts the conditions.
    pub conditions: Option<Option<Filters>>,
    /// For how long it keeps silent in a chat after it answered there.
    pub cooldown_seconds: Option<u32>,
    /// Whether it answers at all.
    pub is_enabled: Option<bool>,
}

impl Gateway {
    /// A session's automation rules, in the order in which they are tried.
    pub async fn rules(&self, session: SessionId) -> Result<Vec<AutomationRule>> {
        Ok(self.view_of(session).await?.rules(session).await?)
    }

    /// One automation rule of a session.
    pub async fn rule(&self, session: SessionId, id: RuleId) -> Result<AutomationRule> {
        let found = self.view_of(session).await?.rule(id).await?;
        found.filter(|it| it.session == session).ok_or(GatewayError::RuleNotFound(id))
    }

    /// Makes an automation rule. It is tried after those that are there.
    pub async fn create_rule(&self, session: SessionId, new: NewRule) -> Result<AutomationRule> {
        self.view_of(session).await?;
        let NewRule { name, reply_text, conditions, cooldown_seconds, is_enabled } = new;
        let cooldown_seconds = cooldown_seconds.unwrap_or(COOLDOWN_SECONDS);
        check(conditions.as_ref(), cooldown_seconds)?;
        let max = self.settings().automation_max_per_session;
        let mut unit = self.store().begin().await?;
        unit.session(session).await?.ok_or(GatewayError::SessionNotFound(session))?;
        let before = unit.rules(session).await?;
        if before.len() >= max as usize {
            return Err(GatewayError::TooManyRules { max });
        }
        let now = self.now();
        // The order of making is the order of trying, so no two have the same time.
        let after_all = before.last().and_then(|it| it.created_at.checked_add(Duration::from_millis(1)).ok());
        let created_at = after_all.map_or(now, |it| it.max(now));
        let rule = AutomationRule {
            id: RuleId(self.0.context.ports.minter.uuid(now)),
            session,
            name,
            is_enabled: is_enabled.unwrap_or(true),
            conditions,
            reply_text,
            cooldown_seconds,
            created_at,
            updated_at: created_at,
        };
        unit.add_rule(&rule).await?;
        unit.commit().await?;
        Ok(rule)
    }

    /// Changes an automation rule. It keeps its place in the order, and remembers where it answered.
    pub async fn update_rule(&self, session: SessionId, id: RuleId, patch: RulePatch) -> Result<AutomationRule> {
        self.view_of(session).await?;
        let mut unit = self.store().begin().await?;
        let found = unit.rule(id).await?.filter(|it| it.session == session);
        let before = found.ok_or(GatewayError::RuleNotFound(id))?;
        let RulePatch { name, reply_text, conditions, cooldown_seconds, is_enabled } = patch;
        let rule = AutomationRule {
            name: name.unwrap_or(before.name),
            reply_text: reply_text.unwrap_or(before.reply_text),
            conditions: conditions.unwrap_or(before.conditions),
            cooldown_seconds: cooldown_seconds.unwrap_or(before.cooldown_seconds),
            is_enabled: is_enabled.unwrap_or(before.is_enabled),
            updated_at: self.now(),
            ..before
        };
        check(rule.conditions.as_ref(), rule.cooldown_seconds)?;
        unit.save_rule(&rule).await?;
        unit.commit().await?;
        Ok(rule)
    }

    /// Deletes an automation rule. Answers it gave are sent.
    pub async fn delete_rule(&self, session: SessionId, id: RuleId) -> Result<()> {
        self.view_of(session).await?;
        let mut unit = self.store().begin().await?;
        unit.rule(id).await?.filter(|it| it.session == session).ok_or(GatewayError::RuleNotFound(id))?;
        unit.delete_rule(id).await?;
        unit.commit().await?;
        Ok(())
    }
}

fn check(conditions: Option<&Filters>, cooldown_seconds: u32) -> Result<()> {
    let longest = AutomationRule::MAX_COOLDOWN_SECONDS;
    if cooldown_seconds > longest {
        return Err(GatewayError::InvalidInput(format!("cooldownSeconds must not be greater than {longest}")));
    }
    conditions.map_or(Ok(()), |it| filters::check("conditions", it)).map_err(GatewayError::InvalidInput)
}
