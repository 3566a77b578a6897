//! Automation rules: texts that are sent by themselves in answer to what comes in.

use jiff::Timestamp;

use crate::{
    id::{RuleId, SessionId},
    webhook::Filters,
};

/// A text that answers messages by itself. Of a session's rules, the first that fits answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AutomationRule {
    /// Its id.
    pub id: RuleId,
    /// The session it belongs to.
    pub session: SessionId,
    /// What people call it.
    pub name: String,
    /// Whether it answers at all.
    pub is_enabled: bool,
    /// What has to hold of a message; without, any message fits.
    pub conditions: Option<Filters>,
    /// The answer.
    pub reply_text: String,
    /// For how long it keeps silent in a chat after it answered there; 0 for not at all.
    pub cooldown_seconds: u32,
    /// When it was made. No two rules of a session were made at the same time.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl AutomationRule {
    /// The longest it may keep silent in a chat: a day.
    pub const MAX_COOLDOWN_SECONDS: u32 = 24 * 60 * 60;

    /// Whether it still keeps silent in a chat where it last answered at `answered_at`. A clock that was set back does
    /// not silence it for longer than its cooldown.
    pub fn is_quiet(&self, answered_at: Timestamp, now: Timestamp) -> bool {
        now.duration_since(answered_at).as_secs().unsigned_abs() < u64::from(self.cooldown_seconds)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_rule_keeps_silent_for_its_cooldown() {
        let at = |seconds: i64| Timestamp::from_second(1_700_000_000 + seconds).unwrap();
        for (cooldown_seconds, now, is_quiet) in
            [(60, 0, true), (60, 59, true), (60, 60, false), (60, -59, true), (60, -60, false), (0, 0, false)]
        {
            let rule = AutomationRule {
                id: RuleId(Uuid::nil()),
                session: SessionId(Uuid::nil()),
                name: "hours".to_owned(),
                is_enabled: true,
                conditions: None,
                reply_text: "Nine to six".to_owned(),
                cooldown_seconds,
                created_at: at(0),
                updated_at: at(0),
            };
            assert_eq!(rule.is_quiet(at(0), at(now)), is_quiet, "{cooldown_seconds} s, after {now} s");
        }
    }
}
