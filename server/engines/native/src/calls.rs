//! Calls: those that ring now, and what becomes of them.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use openwa_model::{
    Timestamp,
    call::{CallHeard, CallMedia, CallOutcome},
    engine::{EngineError, ErrorKind, Retry, Signal},
    ops::{CreateCallLink, RejectCall},
};
use wacore::{
    stanza::group_call::{build_call_link_create, parse_call_link_create_ack},
    types::{
        call::{CallAction, IncomingCall, MissedCall},
        group_call::CallLinkMedia,
    },
};
use whatsapp_rust::{
    NodeFilter,
    wacore::chrono::{DateTime, Utc},
    wacore_binary as wire,
};

use crate::{failure, jid, operations::Operations};

/// How many calls may ring at once.
const MOST_RINGING: usize = 100;

/// The longest id of a call.
const LONGEST_ID: usize = 128;

/// The calls that ring.
#[derive(Default)]
pub(crate) struct Calls(Mutex<HashMap<String, Ringing>>);

/// One call that rings, and how it is addressed.
struct Ringing {
    peer: wire::Jid,
    creator: wire::Jid,
    heard: CallHeard,
}

impl Calls {
    /// What there is to tell of what somebody said about a call.
    pub(crate) fn hear(&self, call: &IncomingCall) -> Option<Signal> {
        let id = call.action.call_id();
        if id.is_empty() || id.len() > LONGEST_ID {
            return None;
        }
        let at = moment(call.timestamp);
        match &call.action {
            CallAction::Offer { call_creator, caller_pn, is_video, group_jid, .. } => {
                let ids = [caller_pn.as_ref(), Some(call_creator), Some(&call.from)];
                let from = jid::phone_among(ids).or_else(|| jid::lid_among(ids))?;
                let is_group = group_jid.is_some() || call.group.is_some();
                let heard = CallHeard { id: id.to_owned(), from, is_video: *is_video, is_group, outcome: None, at };
                self.ring(call, call_creator, heard)
            }
            CallAction::OfferNotice { call_creator, is_video, is_group, .. } => {
                let ids = [Some(call_creator), Some(&call.from)];
                let from = jid::phone_among(ids).or_else(|| jid::lid_among(ids))?;
                let heard =
                    CallHeard { id: id.to_owned(), from, is_video: *is_video, is_group: *is_group, outcome: None, at };
                self.ring(call, call_creator, heard)
            }
            CallAction::Terminate { reason, .. } => {
                let Ringing { heard, .. } = self.ringing().remove(id)?;
                let outcome = match reason.as_deref() {
                    Some("accepted_elsewhere") => CallOutcome::Accepted,
                    Some("rejected_elsewhere") => CallOutcome::Rejected,
                    _ => CallOutcome::Missed,
                };
                Some(Signal::Call(CallHeard { outcome: Some(outcome), at, ..heard }))
            }
            _ => None,
        }
    }

    fn ring(&self, call: &IncomingCall, creator: &wire::Jid, heard: CallHeard) -> Option<Signal> {
        let mut ringing = self.ringing();
        // The same call rings once, however often it is offered.
        if ringing.contains_key(&heard.id) || ringing.len() >= MOST_RINGING {
            return None;
        }
        let one = Ringing { peer: call.from.clone(), creator: creator.clone(), heard: heard.clone() };
        ringing.insert(heard.id.clone(), one);
        Some(Signal::Call(heard))
    }

    fn ringing(&self) -> MutexGuard<'_, HashMap<String, Ringing>> {
        // The map is whole between any two statements, so a panic elsewhere spoils nothing.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that rang while this device was not there.
pub(crate) fn missed(call: &MissedCall) -> Option<Signal> {
    let from = jid::from_wire(&call.from)?;
    if call.call_id.is_empty() || call.call_id.len() > LONGEST_ID {
        return None;
    }
    Some(Signal::Call(CallHeard {
        id: call.call_id.clone(),
        from,
        is_video: false,
        is_group: false,
        outcome: Some(CallOutcome::Missed),
        at: moment(call.timestamp),
    }))
}

fn moment(at: DateTime<Utc>) -> Timestamp {
    Timestamp::from_second(at.timestamp()).unwrap_or(Timestamp::UNIX_EPOCH)
}

impl Operations<'_> {
    pub(crate) async fn reject_call(&self, RejectCall { id }: RejectCall) -> Result<CallHeard, EngineError> {
        let ringing = self.link.listener.calls.ringing().remove(&id);
        let Some(Ringing { peer, creator, heard }) = ringing else {
            return Err(EngineError::new(ErrorKind::NotFound, Retry::Never, "No such call rings"));
        };
        let rejected = self.link.client.voip().reject_call(&id, &peer, &creator).await;
        rejected.map_err(|error| failure::of_request("The call could not be rejected", error))?;
        Ok(CallHeard { outcome: Some(CallOutcome::Rejected), at: (self.link.listener.now)(), ..heard })
    }

    /// The library asks for links only when it is built to take part in calls. The question is its own; the answer is
    /// waited for here.
    pub(crate) async fn create_call_link(&self, asked: CreateCallLink) -> Result<String, EngineError> {
        const FAILED: &str = "WhatsApp did not make a call link";
        let media = match asked.media {
            CallMedia::Audio => CallLinkMedia::Audio,
            CallMedia::Video => CallLinkMedia::Video,
        };
        let id = self.link.client.generate_message_id();
        let request = build_call_link_create(media, &id).map_err(|error| failure::of_any(FAILED, error))?;
        let answer = self.link.client.wait_for_node(NodeFilter::tag("ack").attr("id", id));
        let sent = self.link.client.send_node(request).await;
        sent.map_err(|error| failure::of_request(FAILED, error))?;
        let within = self.settings.send_timeout;
        let answer = match tokio::time::timeout(within, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) | Err(_) => return Err(failure::unconfirmed(within)),
        };
        let link = parse_call_link_create_ack(answer.get());
        link.map(|it| it.url())
            .map_err(|error| EngineError::new(ErrorKind::Refused, Retry::Never, format!("{FAILED}: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(action: CallAction) -> IncomingCall {
        IncomingCall::builder()
            .from("100000000000001:3@lid".parse().unwrap())
            .stanza_id("S".to_owned())
            .timestamp(DateTime::from_timestamp(1_800_000_000, 0).unwrap())
            .offline(false)
            .action(action)
            .build()
    }

    fn offer(id: &str) -> IncomingCall {
        said(CallAction::Offer {
            call_id: id.to_owned(),
            call_creator: "100000000000001:3@lid".parse().unwrap(),
            caller_pn: Some("15550000001@s.whatsapp.net".parse().unwrap()),
            caller_country_code: None,
            device_class: None,
            joinable: false,
            is_video: true,
            audio: vec![],
            group_jid: None,
        })
    }

    fn terminate(id: &str, reason: Option<&str>) -> IncomingCall {
        said(CallAction::Terminate {
            call_id: id.to_owned(),
            call_creator: "100000000000001:3@lid".parse().unwrap(),
            reason: reason.map(str::to_owned),
            duration: None,
            audio_duration: None,
        })
    }

    fn heard(signal: Option<Signal>) -> CallHeard {
        match signal {
            Some(Signal::Call(it)) => it,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_call_rings_once_and_ends_once() {
        for (reason, outcome) in [
            (None, CallOutcome::Missed),
            (Some("timeout"), CallOutcome::Missed),
            (Some("accepted_elsewhere"), CallOutcome::Accepted),
            (Some("rejected_elsewhere"), CallOutcome::Rejected),
        ] {
            let calls = Calls::default();
            let rings = heard(calls.hear(&offer("C1")));
            assert_eq!((rings.id.as_str(), rings.from.to_string().as_str()), ("C1", "15550000001@c.us"));
            assert_eq!((rings.is_video, rings.is_group, rings.outcome), (true, false, None));
            assert!(calls.hear(&offer("C1")).is_none());
            let ended = heard(calls.hear(&terminate("C1", reason)));
            assert_eq!((ended.outcome, ended.is_video), (Some(outcome), true), "{reason:?}");
            assert!(calls.hear(&terminate("C1", reason)).is_none());
        }
    }

    #[test]
    fn what_never_rang_is_no_news() {
        let calls = Calls::default();
        assert!(calls.hear(&terminate("C1", None)).is_none());
        assert!(calls.hear(&offer("")).is_none());
        assert!(calls.hear(&offer(&"x".repeat(LONGEST_ID + 1))).is_none());
        for number in 0..MOST_RINGING {
            assert!(calls.hear(&offer(&format!("C{number}"))).is_some());
        }
        assert!(calls.hear(&offer("one too many")).is_none());
    }
}
