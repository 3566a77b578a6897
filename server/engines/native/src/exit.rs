//! What an ending of the library's means for the session: every ending is one of five.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use openwa_model::{Timestamp, engine::Exit};
use tokio_util::sync::CancellationToken;
use wacore::{
    handshake::HandshakeError as CoreHandshakeError,
    types::events::{ConnectFailure, ConnectFailureReason, Event, LoggedOut, TemporaryBan},
};
use whatsapp_rust::{ConnectError, handshake::HandshakeError};

/// How long the reason may come after the connection is gone.
const REASON_AFTER_HANGING_UP: Duration = Duration::from_millis(500);

/// How long to stay away after a refusal that says nothing about its cause.
const AFTER_UNKNOWN_REFUSAL: jiff::SignedDuration = jiff::SignedDuration::from_mins(5);

/// How a link ended: the first reason counts, later ones are only its echo. Only a connection that
/// broke off gives way to a reason, because WhatsApp hangs up right after it has said why, and the
/// library may notice the one before the other.
#[derive(Default, Debug)]
pub(crate) struct Ending {
    exit: Mutex<Option<Exit>>,
    broken_off: Mutex<Option<Exit>>,
    reached: CancellationToken,
}

impl Ending {
    pub(crate) fn reach(&self, exit: Exit) {
        self.decide(exit);
        self.reached.cancel();
    }

    /// Settles how the link will have ended, before it ends.
    pub(crate) fn decide(&self, exit: Exit) {
        self.exit.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(exit);
    }

    /// The connection is gone. The library ends by itself then.
    pub(crate) fn break_off(&self, exit: Exit) {
        self.broken_off.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(exit);
    }

    pub(crate) async fn reached(&self) {
        self.reached.cancelled().await;
    }

    /// The connection was meant to go.
    pub(crate) fn mend(&self) {
        self.broken_off.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Waits for a reason that is still on its way.
    pub(crate) async fn settled(&self) {
        let _late = tokio::time::timeout(REASON_AFTER_HANGING_UP, self.reached()).await;
    }

    /// Why it ended, if it has.
    pub(crate) fn exit(&self) -> Option<Exit> {
        let exit = self.exit.lock().unwrap_or_else(PoisonError::into_inner).clone();
        exit.or_else(|| self.broken_off.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// The ending that an event is, if it is one.
pub(crate) fn of_event(event: &Event, now: Timestamp) -> Option<Exit> {
    match event {
        Event::LoggedOut(it) => Some(logged_out(it)),
        Event::StreamReplaced(_) => Some(Exit::Barred(
            "Another program uses the credentials of this session. Stop it, then start this session again.".into(),
        )),
        Event::TemporaryBan(it) => Some(banned(it, now)),
        Event::ConnectFailure(it) => Some(refused(it, now)),
        Event::ClientOutdated(_) => Some(Exit::Barred(
            "WhatsApp refuses the version of WhatsApp Web that this gateway claims to be. Set a newer one.".into(),
        )),
        Event::Disconnected(it) => Some(Exit::Dropped(format!("The link to WhatsApp broke off: {}.", it.reason))),
        Event::PairError(it) => {
            Some(Exit::Dropped(format!("The phone accepted the code, but linking failed: {}.", it.error)))
        }
        Event::PairingQrCodesExhausted(it) if it.disconnected => Some(nobody_scanned()),
        Event::PairPasskeyRequest(_) => Some(Exit::Barred(
            "WhatsApp wants this account to link with a passkey, which this gateway cannot do.".into(),
        )),
        _ => None,
    }
}

pub(crate) fn nobody_scanned() -> Exit {
    Exit::Dropped("No phone scanned a QR code in time. New codes are shown at the next attempt.".into())
}

fn logged_out(event: &LoggedOut) -> Exit {
    let why = match event.reason {
        ConnectFailureReason::AccountLocked => {
            "WhatsApp locked the account and unlinked this device. Open WhatsApp on the phone to see why."
        }
        _ => "The phone or WhatsApp unlinked this device. Link it again to go on.",
    };
    match event.logout_message.as_ref().and_then(|it| it.header.as_deref()) {
        Some(said) => Exit::LoggedOut(format!("{why} WhatsApp says: {}", shortened(said))),
        None => Exit::LoggedOut(why.into()),
    }
}

/// When a temporary ban ends.
pub(crate) fn ban_ends(ban: &TemporaryBan, now: Timestamp) -> Timestamp {
    let ends = now.checked_add(jiff::SignedDuration::from_secs(ban.expire.num_seconds().max(0)));
    ends.unwrap_or(Timestamp::MAX)
}

fn banned(ban: &TemporaryBan, now: Timestamp) -> Exit {
    let ends = ban_ends(ban, now);
    Exit::HeldUntil(ends, format!("WhatsApp banned the account until {ends:.0}: {}.", ban.code))
}

fn refused(failure: &ConnectFailure, now: Timestamp) -> Exit {
    use ConnectFailureReason as Reason;
    let said = failure.message.as_deref().map(shortened).map(|it| format!(" WhatsApp says: {it}")).unwrap_or_default();
    let code = failure.reason.code();
    match failure.reason {
        Reason::ServiceUnavailable | Reason::InternalServerError => {
            Exit::Dropped(format!("WhatsApp cannot take the login at the moment (code {code}).{said}"))
        }
        Reason::TempBanned => {
            Exit::Barred(format!("WhatsApp banned the account and did not say for how long (code {code}).{said}"))
        }
        Reason::BadUserAgent | Reason::ClientUnknown | Reason::CatExpired | Reason::CatInvalid | Reason::NotFound => {
            Exit::Barred(format!("WhatsApp refuses this client (code {code}).{said}"))
        }
        _ => {
            let until = now.checked_add(AFTER_UNKNOWN_REFUSAL).unwrap_or(Timestamp::MAX);
            Exit::HeldUntil(until, format!("WhatsApp refused the login without saying why (code {code}).{said}"))
        }
    }
}

/// The ending that a failed attempt to connect is. A chain of certificates that does not lead to
/// WhatsApp shows nowhere else.
pub(crate) fn of_connect_error(error: &ConnectError) -> Exit {
    if let ConnectError::Handshake(HandshakeError::Core(CoreHandshakeError::CertVerification(why))) = error {
        return Exit::Dropped(format!(
            "What answered is not WhatsApp: its certificates do not lead to WhatsApp's key ({why}). \
             Something on the way, such as a proxy or a filter, may be intercepting the connection. Nothing was sent to it.",
        ));
    }
    Exit::Dropped(format!("The link to WhatsApp could not be set up: {error}."))
}

pub(crate) fn of_failed_dial(why: &str) -> Exit {
    Exit::Dropped(format!("WhatsApp could not be reached: {why}."))
}

/// The server's words, bounded.
fn shortened(text: &str) -> String {
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use wacore::types::events::{PairingQrCodesExhausted, StreamReplaced};

    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap()
    }

    fn failure(code: i32) -> Event {
        Event::ConnectFailure(ConnectFailure::builder().reason(ConnectFailureReason::from(code)).build())
    }

    #[test]
    fn each_refusal_of_a_login_has_its_ending() {
        for (code, ending) in [
            (400, "held"),
            (402, "barred"),
            (409, "barred"),
            (418, "barred"),
            (500, "dropped"),
            (503, "dropped"),
            (599, "held"),
        ] {
            let exit = of_event(&failure(code), now()).unwrap();
            let got = match &exit {
                Exit::Dropped(_) => "dropped",
                Exit::HeldUntil(until, _) => {
                    assert!(*until > now());
                    "held"
                }
                Exit::Barred(_) => "barred",
                other => panic!("{code}: {other:?}"),
            };
            assert_eq!(got, ending, "{code}: {exit:?}");
            assert!(format!("{exit:?}").contains(&code.to_string()), "{exit:?}");
        }
    }

    #[test]
    fn being_unlinked_being_replaced_and_being_banned_are_told_apart() {
        let unlinked = LoggedOut::builder().on_connect(true).reason(ConnectFailureReason::LoggedOut).build();
        assert!(matches!(of_event(&Event::LoggedOut(unlinked), now()), Some(Exit::LoggedOut(_))));
        let replaced = Event::StreamReplaced(StreamReplaced::builder().build());
        assert!(matches!(of_event(&replaced, now()), Some(Exit::Barred(_))));
        let ban =
            TemporaryBan::builder().code(101.into()).expire(whatsapp_rust::wacore::chrono::Duration::hours(2)).build();
        let exit = of_event(&Event::TemporaryBan(ban), now());
        let Some(Exit::HeldUntil(until, _)) = exit else { panic!("{exit:?}") };
        assert_eq!(until.as_second(), now().as_second() + 7200);
    }

    #[test]
    fn codes_running_out_end_the_link_only_when_nothing_else_is_going_on() {
        for (disconnected, ends) in [(true, true), (false, false)] {
            let event = PairingQrCodesExhausted::builder().disconnected(disconnected).build();
            assert_eq!(of_event(&Event::PairingQrCodesExhausted(event), now()).is_some(), ends);
        }
    }

    #[test]
    fn a_false_server_is_named_as_such() {
        let error = CoreHandshakeError::CertVerification("intermediate signature failed XEdDSA verify".into());
        let exit = of_connect_error(&ConnectError::Handshake(HandshakeError::Core(error)));
        assert!(matches!(&exit, Exit::Dropped(why) if why.contains("not WhatsApp")), "{exit:?}");
    }

    #[test]
    fn only_the_first_ending_counts() {
        let ending = Ending::default();
        assert_eq!(ending.exit(), None);
        ending.reach(Exit::Stopped);
        ending.reach(Exit::Dropped("later".into()));
        assert_eq!(ending.exit(), Some(Exit::Stopped));
    }

    #[tokio::test]
    async fn a_reason_outranks_the_hanging_up_that_overtook_it() {
        let ending = std::sync::Arc::new(Ending::default());
        ending.break_off(Exit::Dropped("gone".into()));
        let waiting = tokio::spawn({
            let ending = std::sync::Arc::clone(&ending);
            async move {
                ending.settled().await;
                ending.exit()
            }
        });
        assert_eq!(ending.exit(), Some(Exit::Dropped("gone".into())));
        ending.reach(Exit::LoggedOut("unlinked".into()));
        assert_eq!(waiting.await.unwrap(), Some(Exit::LoggedOut("unlinked".into())));
    }

    #[test]
    fn a_connection_that_was_meant_to_go_is_no_ending() {
        let ending = Ending::default();
        ending.break_off(Exit::Dropped("gone".into()));
        ending.mend();
        assert_eq!(ending.exit(), None);
    }
}
