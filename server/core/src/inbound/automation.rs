//! Answers by rules. Whether one answers is decided in the unit that stores the message, and the answer is stored there
//! as a message to be sent: so it is sent once, whatever happens in between.

use openwa_model::{
    automation::AutomationRule,
    content::{Marks, Outgoing, OutgoingContent},
    event::NewEvent,
    id::RowId,
    jid::ChatKind,
    message::Message,
};

use super::{Inbound, Result};
use crate::{outbound, webhook::filters};

/// Older messages are not answered: what waited for a session that was off line has mostly been dealt with, and two
/// gateways that answer what the other one left waiting would never come to an end.
const OLDEST_SECONDS: i64 = 5 * 60;

impl Inbound<'_> {
    /// Answers a message that was just stored, by the first rule that fits; `told` is its event.
    pub(super) async fn reply(&mut self, message: &Message, told: &NewEvent) -> Result<()> {
        let age = self.now.duration_since(message.timestamp);
        if message.from_me || age.as_secs() > OLDEST_SECONDS || !can_be_answered(message.chat.kind()) {
            return Ok(());
        }
        let Some(account) = self.draft.live.account.clone() else { return Ok(()) };
        let Some(rule) = self.rule_for(told).await? else { return Ok(()) };
        if rule.cooldown_seconds > 0 {
            let answered_at = self.unit.rule_answered_at(rule.id, &message.chat).await?;
            // A rule that fits but keeps silent lets no other one speak: which one answers does not depend on the time.
            if answered_at.is_some_and(|it| rule.is_quiet(it, self.now)) {
                return Ok(());
            }
            self.unit.note_rule_answer(rule.id, &message.chat, self.now).await?;
        }
        let minter = &self.context.ports.minter;
        let outgoing = Outgoing {
            id: minter.message_id(),
            chat: message.chat.clone(),
            // A card of a link would have to be fetched, and nothing is fetched in a unit.
            content: OutgoingContent::Text { body: rule.reply_text, preview: None },
            quoted: None,
            mentions: Vec::new(),
            marks: Marks::default(),
            status: None,
        };
        let reply = outbound::pending(RowId(minter.uuid(self.now)), self.session, account, outgoing, self.now);
        outbound::store(self.unit, &reply).await?;
        tracing::info!(session.id = %self.session, rule.id = %rule.id, message.id = %reply.id, "a rule answers");
        self.draft.replies.push(reply);
        Ok(())
    }

    async fn rule_for(&mut self, told: &NewEvent) -> Result<Option<AutomationRule>> {
        if self.rules.is_none() {
            let rules = self.unit.rules(self.session).await?;
            self.rules = Some(rules.into_iter().filter(|it| it.is_enabled).collect());
        }
        let fits = |rule: &&AutomationRule| {
            rule.conditions.as_ref().is_none_or(|it| filters::let_through(it, told.kind, &told.data))
        };
        Ok(self.rules.iter().flatten().find(fits).cloned())
    }
}

/// Where an answer reaches whoever wrote. In a channel or among statuses it would be published.
fn can_be_answered(kind: ChatKind) -> bool {
    match kind {
        ChatKind::Individual | ChatKind::Group => true,
        ChatKind::Channel | ChatKind::Status | ChatKind::Broadcast => false,
    }
}
