//! Whether the account may write to strangers at the moment.
//!
//! WhatsApp tells it in two ways: it refuses a message with code 463, and it answers when asked. The refusal alone may
//! be about the one recipient, so it is asked then; where it does not answer, the refusal counts.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use openwa_model::{Timestamp, engine::Signal, session::Restriction};

use crate::link::Link;

/// What WhatsApp refuses messages to strangers with.
pub(crate) const CODE: u32 = 463;

/// How long WhatsApp may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why it is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterRefusal {
    Yes,
    No,
}

/// What is going on about it on one link.
#[derive(Default)]
pub(crate) struct Timelock {
    asking: AtomicBool,
    refused: AtomicBool,
}

/// Asks beside everything else, and has the answer committed. Asked twice at the same time is asked once.
pub(crate) fn ask(link: &Arc<Link>, after: AfterRefusal) {
    link.timelock.refused.fetch_or(after == AfterRefusal::Yes, Ordering::AcqRel);
    if link.timelock.asking.swap(true, Ordering::AcqRel) {
        return;
    }
    let link = Arc::downgrade(link);
    tokio::spawn(async move {
        let Some(link) = link.upgrade() else { return };
        let asked = tokio::time::timeout(PATIENCE, link.client.mex().fetch_reachout_timelock()).await;
        link.timelock.asking.store(false, Ordering::Release);
        let refused = link.timelock.refused.swap(false, Ordering::AcqRel);
        let after = if refused { AfterRefusal::Yes } else { AfterRefusal::No };
        let told = match asked {
            Ok(Ok(told)) => Some((told.is_active, told.time_enforcement_ends)),
            Ok(Err(error)) => {
                tracing::debug!(%error, "WhatsApp did not say whether the account may write to strangers");
                None
            }
            Err(_) => None,
        };
        if let Some(restriction) = judged(told, after) {
            link.listener.tell(Signal::Restricted(restriction));
        }
    });
}

/// What is to be told: a limit, that there is none, or nothing.
fn judged(told: Option<(Option<bool>, Option<String>)>, after: AfterRefusal) -> Option<Option<Restriction>> {
    let limit = |expires_at| Some(Restriction { kind: "reachout_timelock".into(), code: CODE, expires_at });
    match (told, after) {
        (Some((Some(true), ends)), _) => Some(limit(ends.as_deref().and_then(moment))),
        (Some((Some(false), _)), _) => Some(None),
        (_, AfterRefusal::Yes) => Some(limit(None)),
        (_, AfterRefusal::No) => None,
    }
}

/// WhatsApp writes seconds as text; 0 is no moment.
fn moment(seconds: &str) -> Option<Timestamp> {
    let seconds = seconds.parse::<i64>().ok().filter(|it| *it > 0)?;
    Timestamp::from_second(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_counts_unless_whatsapp_says_otherwise() {
        let limited = |expires_at| Some(Some(Restriction { kind: "reachout_timelock".into(), code: 463, expires_at }));
        let ends = Timestamp::from_second(1_800_000_000).ok();
        let told = |active, ends: Option<&str>| Some((active, ends.map(str::to_owned)));
        for (told, after, outcome) in [
            (None, AfterRefusal::Yes, limited(None)),
            (None, AfterRefusal::No, None),
            (told(None, None), AfterRefusal::Yes, limited(None)),
            (told(Some(false), None), AfterRefusal::Yes, Some(None)),
            (told(Some(false), None), AfterRefusal::No, Some(None)),
            (told(Some(true), Some("1800000000")), AfterRefusal::No, limited(ends)),
            (told(Some(true), Some("0")), AfterRefusal::No, limited(None)),
            (told(Some(true), Some("soon")), AfterRefusal::Yes, limited(None)),
        ] {
            assert_eq!(judged(told, after), outcome);
        }
    }
}
