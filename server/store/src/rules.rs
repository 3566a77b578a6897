//! Automation rules, and when they last answered where.

use async_trait::async_trait;
use openwa_model::{
    Timestamp,
    automation::AutomationRule,
    id::{RuleId, SessionId},
    jid::Jid,
    store::{Result, RuleReads, RuleWrites, StoreError},
};
use sqlx::query;

use crate::{
    dialect::{Row, Statement},
    row::{Fields, millis, optional_json},
    work::{Source, Work},
    writer::Turn,
};

#[async_trait]
impl<S: Source> RuleReads for Work<S> {
    async fn rule(&mut self, id: RuleId) -> Result<Option<AutomationRule>> {
        let row = self.source.one(query("SELECT * FROM automation_rules WHERE id = $1").bind(id.to_string())).await?;
        row.map(|it| read(&it)).transpose()
    }

    async fn rules(&mut self, session: SessionId) -> Result<Vec<AutomationRule>> {
        let statement = query("SELECT * FROM automation_rules WHERE session = $1 ORDER BY created_at, id");
        self.source.all(statement.bind(session.to_string())).await?.iter().map(read).collect()
    }

    async fn rule_answered_at(&mut self, id: RuleId, chat: &Jid) -> Result<Option<Timestamp>> {
        let statement = query("SELECT answered_at FROM automation_answers WHERE rule = $1 AND chat = $2");
        let row = self.source.one(statement.bind(id.to_string()).bind(chat.to_string())).await?;
        row.map(|it| Fields::of("automation_answers", &it).instant("answered_at")).transpose()
    }
}

#[async_trait]
impl RuleWrites for Work<Turn> {
    async fn add_rule(&mut self, rule: &AutomationRule) -> Result<()> {
        let statement = query(
            "INSERT INTO automation_rules (id, name, enabled, conditions, reply_text, cooldown_seconds, updated_at, \
             session, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
        );
        let statement = bind(statement, rule)?.bind(rule.session.to_string()).bind(millis(rule.created_at));
        match self.source.run(statement).await? {
            0 => Err(StoreError::Conflict("an automation rule with this id")),
            _ => Ok(()),
        }
    }

    async fn save_rule(&mut self, rule: &AutomationRule) -> Result<bool> {
        let statement = query(
            "UPDATE automation_rules SET name = $2, enabled = $3, conditions = $4, reply_text = $5, \
             cooldown_seconds = $6, updated_at = $7 WHERE id = $1",
        );
        Ok(self.source.run(bind(statement, rule)?).await? > 0)
    }

    async fn delete_rule(&mut self, id: RuleId) -> Result<bool> {
        let statement = query("DELETE FROM automation_rules WHERE id = $1");
        Ok(self.source.run(statement.bind(id.to_string())).await? > 0)
    }

    async fn note_rule_answer(&mut self, id: RuleId, chat: &Jid, at: Timestamp) -> Result<()> {
        let statement = query(
            "INSERT INTO automation_answers (rule, chat, answered_at) VALUES ($1, $2, $3) \
             ON CONFLICT (rule, chat) DO UPDATE SET answered_at = excluded.answered_at",
        );
        let statement = statement.bind(id.to_string()).bind(chat.to_string()).bind(millis(at));
        self.source.run(statement).await.map(drop)
    }

    async fn expire_rule_answers(&mut self, before: Timestamp) -> Result<u64> {
        let statement = query("DELETE FROM automation_answers WHERE answered_at < $1");
        self.source.run(statement.bind(millis(before))).await
    }
}

fn bind<'q>(statement: Statement<'q>, rule: &AutomationRule) -> Result<Statement<'q>> {
    Ok(statement
        .bind(rule.id.to_string())
        .bind(rule.name.clone())
        .bind(i64::from(rule.is_enabled))
        .bind(optional_json(rule.conditions.as_ref())?)
        .bind(rule.reply_text.clone())
        .bind(i64::from(rule.cooldown_seconds))
        .bind(millis(rule.updated_at)))
}

fn read(row: &Row) -> Result<AutomationRule> {
    let fields = Fields::of("automation_rules", row);
    Ok(AutomationRule {
        id: RuleId(fields.parsed("id")?),
        session: SessionId(fields.parsed("session")?),
        name: fields.get("name")?,
        is_enabled: fields.flag("enabled")?,
        conditions: fields.optional_json("conditions")?,
        reply_text: fields.get("reply_text")?,
        cooldown_seconds: fields.count("cooldown_seconds")?,
        created_at: fields.instant("created_at")?,
        updated_at: fields.instant("updated_at")?,
    })
}
