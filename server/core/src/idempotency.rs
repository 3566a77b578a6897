//! Requests with an `Idempotency-Key`: what a second one under the same key gets.

use openwa_model::{
    Timestamp,
    id::MessageId,
    idempotency::{IdempotentRequest, StoredAnswer},
    message::{DeliveryStatus, Message},
};
use serde::{Deserialize, Serialize};

use crate::{error::GatewayError, gateway::SendOutcome};

/// The status a send is answered with.
const ACCEPTED: u16 = 201;
/// The statuses from here on tell of failures.
const FAILURES: u16 = 400;
/// Why it is not known what became of a write without an answer.
const CUT_OFF: &str = "the gateway was stopped while it was being done";

/// What the request is to do.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Nobody used this key: go on.
    Fresh,
    /// The first request came to nothing: forget it and go on.
    Void,
    /// Answer what the first request was answered.
    Replay(SendOutcome),
    /// Refuse.
    Refuse(GatewayError),
}

/// What a request gets, given the earlier one under its key and the message that one was to send.
pub(crate) fn judge(
    earlier: Option<&IdempotentRequest>,
    fingerprint: &str,
    is_sending: bool,
    message: Option<&Message>,
) -> Verdict {
    let Some(earlier) = earlier else { return Verdict::Fresh };
    if earlier.fingerprint != fingerprint {
        return Verdict::Refuse(GatewayError::IdempotencyReused);
    }
    if let Some(answer) = &earlier.answer
        && let Some(outcome) = read_answer(&answer.body)
    {
        return Verdict::Replay(outcome);
    }
    // The answer is not stored yet, or never was because the process died: the message says how it went.
    match (message.map(|it| (it, it.status)), is_sending) {
        (Some((message, DeliveryStatus::Sent | DeliveryStatus::Delivered | DeliveryStatus::Read)), _) => {
            Verdict::Replay(SendOutcome { id: message.id.clone(), timestamp: message.timestamp, replayed: true })
        }
        (_, true) => Verdict::Refuse(GatewayError::IdempotencyInProgress),
        (Some((_, DeliveryStatus::Failed)) | None, false) => Verdict::Void,
        (Some((_, DeliveryStatus::Pending)), false) => Verdict::Refuse(GatewayError::IdempotencyOutcomeUnknown),
    }
}

/// What a write that sends no message is to do.
#[derive(Debug)]
pub(crate) enum Standing {
    /// Nobody used this key: go on.
    Fresh,
    /// Answer what the first request was answered.
    Replay(StoredAnswer),
    /// Refuse.
    Refuse(GatewayError),
}

/// What a write gets, given the earlier one under its key. Nothing here says afterwards whether that one took effect, so
/// what was cut off stays unknown.
pub(crate) fn judge_write(earlier: Option<IdempotentRequest>, fingerprint: &str, is_under_way: bool) -> Standing {
    let in_progress = || Standing::Refuse(GatewayError::IdempotencyInProgress);
    let Some(earlier) = earlier else { return if is_under_way { in_progress() } else { Standing::Fresh } };
    if earlier.fingerprint != fingerprint {
        return Standing::Refuse(GatewayError::IdempotencyReused);
    }
    match earlier.answer {
        Some(answer) if answer.status < FAILURES => Standing::Replay(answer),
        Some(answer) => Standing::Refuse(GatewayError::IdempotencyOutcomeLost(told(&answer))),
        None if is_under_way => in_progress(),
        None => Standing::Refuse(GatewayError::IdempotencyOutcomeLost(CUT_OFF.to_owned())),
    }
}

/// What a failure said that leaves open whether anything was done.
fn told(answer: &StoredAnswer) -> String {
    let status = answer.status;
    match serde_json::from_slice::<Failure>(&answer.body) {
        Ok(Failure { message }) => format!("it failed with {status}, {message}"),
        Err(_) => format!("it failed with {status}"),
    }
}

#[derive(Deserialize)]
struct Failure {
    message: String,
}

/// The answer as it is kept.
pub(crate) fn written_answer(id: &MessageId, at: Timestamp) -> (u16, Vec<u8>) {
    let answer = Answer { message_id: id.clone(), timestamp: at.as_second(), millisecond: Some(at.as_millisecond()) };
    let body = serde_json::to_vec(&answer).expect("a struct of a string and a number is JSON");
    (ACCEPTED, body)
}

fn read_answer(body: &[u8]) -> Option<SendOutcome> {
    let answer: Answer = serde_json::from_slice(body).ok()?;
    let timestamp = match answer.millisecond {
        Some(at) => Timestamp::from_millisecond(at).ok()?,
        None => Timestamp::from_second(answer.timestamp).ok()?,
    };
    Some(SendOutcome { id: answer.message_id, timestamp, replayed: true })
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    message_id: MessageId,
    /// In seconds, as sends answer.
    timestamp: i64,
    /// The same moment, as statuses answer it.
    #[serde(default)]
    millisecond: Option<i64>,
}

#[cfg(test)]
mod tests {
    use openwa_model::{
        content::MessageKind,
        id::{RowId, SessionId},
        jid::Jid,
    };
    use uuid::Uuid;

    use super::*;

    fn id() -> MessageId {
        MessageId("3EB0AA".into())
    }

    fn at() -> Timestamp {
        Timestamp::from_second(1_700_000_000).unwrap()
    }

    fn earlier(is_answered: bool) -> IdempotentRequest {
        let (status, body) = written_answer(&id(), at());
        IdempotentRequest {
            owner: SessionId(Uuid::nil()).into(),
            key: "key".into(),
            fingerprint: "same".into(),
            message: Some(id()),
            answer: is_answered.then_some(StoredAnswer { status, body }),
            created_at: at(),
            expires_at: at(),
        }
    }

    fn message(status: DeliveryStatus) -> Message {
        Message {
            row: RowId(Uuid::nil()),
            session: SessionId(Uuid::nil()),
            id: id(),
            chat: Jid::phone("1"),
            sender: Jid::phone("2"),
            sender_phone: None,
            sender_lid: None,
            push_name: None,
            from_me: true,
            kind: MessageKind::Text,
            body: String::new(),
            timestamp: at(),
            status,
            error: None,
            quoted: None,
            mentions: vec![],
            media: None,
            detail: None,
            marks: Default::default(),
            edited_at: None,
            outgoing: None,
            created_at: at(),
        }
    }

    fn name(verdict: &Verdict) -> &'static str {
        match verdict {
            Verdict::Fresh => "fresh",
            Verdict::Void => "void",
            Verdict::Replay(outcome) => {
                assert_eq!(*outcome, SendOutcome { id: id(), timestamp: at(), replayed: true });
                "replay"
            }
            Verdict::Refuse(GatewayError::IdempotencyReused) => "reused",
            Verdict::Refuse(GatewayError::IdempotencyInProgress) => "in progress",
            Verdict::Refuse(GatewayError::IdempotencyOutcomeUnknown) => "unknown",
            Verdict::Refuse(_) => "something else",
        }
    }

    #[test]
    fn a_second_request_gets_what_the_first_came_to() {
        use DeliveryStatus::{Delivered, Failed, Pending, Read, Sent};
        let (answered, open) = (earlier(true), earlier(false));
        for (earlier, fingerprint, is_sending, status, verdict) in [
            (None, "same", false, None, "fresh"),
            (Some(&answered), "same", false, Some(Sent), "replay"),
            (Some(&answered), "other", false, Some(Sent), "reused"),
            (Some(&open), "other", true, Some(Pending), "reused"),
            (Some(&open), "same", true, Some(Pending), "in progress"),
            (Some(&open), "same", false, Some(Pending), "unknown"),
            (Some(&open), "same", false, Some(Sent), "replay"),
            (Some(&open), "same", true, Some(Sent), "replay"),
            (Some(&open), "same", true, Some(Failed), "in progress"),
            (Some(&open), "same", false, Some(Delivered), "replay"),
            (Some(&open), "same", false, Some(Read), "replay"),
            (Some(&open), "same", false, Some(Failed), "void"),
            (Some(&open), "same", false, None, "void"),
        ] {
            let message = status.map(message);
            let found = judge(earlier, fingerprint, is_sending, message.as_ref());
            assert_eq!(name(&found), verdict, "{fingerprint} {is_sending} {status:?}");
        }
    }

    #[test]
    fn a_second_write_gets_what_the_first_came_to() {
        let answered = |status: u16, body: &str| IdempotentRequest {
            answer: Some(StoredAnswer { status, body: body.into() }),
            ..earlier(false)
        };
        let failure = r#"{"statusCode":500,"message":"Engine failed: why"}"#;
        for (earlier, fingerprint, is_under_way, expected) in [
            (None, "same", false, "fresh"),
            (None, "same", true, "in progress"),
            (Some(earlier(false)), "other", true, "reused"),
            (Some(earlier(false)), "same", true, "in progress"),
            (Some(earlier(false)), "same", false, "lost: the gateway was stopped while it was being done"),
            (Some(answered(204, "")), "other", false, "reused"),
            (Some(answered(204, "")), "same", false, "204"),
            // It ended a moment ago.
            (Some(answered(204, "")), "same", true, "204"),
            (Some(answered(500, failure)), "same", false, "lost: it failed with 500, Engine failed: why"),
            (Some(answered(503, "")), "same", false, "lost: it failed with 503"),
        ] {
            let found = match judge_write(earlier, fingerprint, is_under_way) {
                Standing::Fresh => "fresh".to_owned(),
                Standing::Replay(answer) => answer.status.to_string(),
                Standing::Refuse(GatewayError::IdempotencyReused) => "reused".to_owned(),
                Standing::Refuse(GatewayError::IdempotencyInProgress) => "in progress".to_owned(),
                Standing::Refuse(GatewayError::IdempotencyOutcomeLost(why)) => format!("lost: {why}"),
                Standing::Refuse(error) => format!("{error:?}"),
            };
            assert_eq!(found, expected, "{fingerprint} {is_under_way}");
        }
    }
}
