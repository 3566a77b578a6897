//! What is told of webhooks themselves. Their addresses are left out: they may hold secrets, and whoever may only read
//! sees events.

use openwa_model::{
    Timestamp,
    event::{EventKind, NewEvent},
    id::WebhookId,
    webhook::WebhookHealth,
};
use serde_json::json;

use super::Events;

impl Events<'_> {
    /// `webhook.failing`; `last` is the receiver's status, if it answered, and what went wrong.
    pub(crate) fn webhook_failing(
        &self,
        webhook: WebhookId,
        health: &WebhookHealth,
        last: Option<(Option<u16>, &str)>,
        at: Timestamp,
    ) -> NewEvent {
        let key = format!("hook_{}_{webhook}_failing_{}", self.session, at.as_millisecond());
        let moment = |it: Timestamp| format!("{it:.3}");
        let data = json!({
            "sessionId": self.session, "webhookId": webhook, "failures": health.failures,
            "failingSince": moment(health.failing_since.unwrap_or(at)), "pausedUntil": health.paused_until.map(moment),
            "lastStatusCode": last.and_then(|it| it.0), "lastError": last.map(|it| it.1).unwrap_or_default(),
        });
        self.event(EventKind::WebhookFailing, None, at, key, data)
    }

    /// `webhook.recovered`; `before` is how its receiver fared until then.
    pub(crate) fn webhook_recovered(&self, webhook: WebhookId, before: &WebhookHealth, at: Timestamp) -> NewEvent {
        let key = format!("hook_{}_{webhook}_recovered_{}", self.session, at.as_millisecond());
        let data = json!({
            "sessionId": self.session, "webhookId": webhook, "failures": before.failures,
            "failingSince": format!("{:.3}", before.failing_since.unwrap_or(at)),
        });
        self.event(EventKind::WebhookRecovered, None, at, key, data)
    }
}
