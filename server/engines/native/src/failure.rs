//! The library's errors, as the gateway sorts them.

use std::{error::Error, time::Duration};

use openwa_model::engine::{EngineError, ErrorKind, Retry};
use whatsapp_rust::{AppStateError, ClientError, ErrorChainExt, IqError, MexError, SendError, anyhow};

/// WhatsApp refused a send.
pub(crate) fn refused(code: u32) -> EngineError {
    let (retry, why) = match code {
        463 => (
            Retry::Never,
            "this account may not start new chats at the moment, or the recipient takes no messages from strangers",
        ),
        479 => (Retry::Never, "it finds the message malformed"),
        404 => (Retry::Never, "it does not know the recipient"),
        400..=428 | 430..=499 => (Retry::Never, "it does not take this message"),
        429 => (Retry::Later, "there were too many messages"),
        _ => (Retry::Later, "it has trouble of its own"),
    };
    let message = format!("WhatsApp refused the message with code {code}: {why}");
    EngineError { code: Some(code), ..EngineError::new(ErrorKind::Refused, retry, message) }
}

/// WhatsApp has not answered a send.
pub(crate) fn unconfirmed(within: Duration) -> EngineError {
    let message = format!("WhatsApp did not confirm within {} seconds; it may have happened, or not", within.as_secs());
    EngineError::new(ErrorKind::Unconfirmed, Retry::Later, message)
}

/// A message could not be sent.
pub(crate) fn of_send(error: SendError) -> EngineError {
    if let SendError::InvalidRequest(why) = &error {
        let message = format!("WhatsApp takes no such message: {why}");
        return EngineError::new(ErrorKind::Invalid, Retry::Never, message).because(error);
    }
    of_request("The message could not be sent", error)
}

/// A request that failed for whatever reason.
pub(crate) fn of_request(what: &str, error: impl Error + Send + Sync + 'static) -> EngineError {
    sorted(what, &error).because(error)
}

/// The same for the library's untyped errors.
pub(crate) fn of_any(what: &str, error: anyhow::Error) -> EngineError {
    let sorted = sorted(what, error.as_ref());
    let source: Box<dyn Error + Send + Sync> = error.into();
    sorted.because(source)
}

/// What the account's devices agree on could not be changed.
pub(crate) fn of_app_state(what: &str, error: AppStateError) -> EngineError {
    match &error {
        // The phone hands the keys over a moment after linking.
        AppStateError::InvalidRequest(why) if why.contains("sync key") => {
            let message = format!("{what}: the phone has not handed over its keys yet");
            EngineError::new(ErrorKind::NotConnected, Retry::Later, message).because(error)
        }
        AppStateError::InvalidRequest(why) => {
            EngineError::new(ErrorKind::Invalid, Retry::Never, format!("{what}: {why}")).because(error)
        }
        _ => of_request(what, error),
    }
}

fn sorted(what: &str, error: &(dyn Error + 'static)) -> EngineError {
    let rejection = error.server_rejection().map(|it| u32::from(it.code));
    if let Some(code) = rejection.or_else(|| chain(error).find_map(refused_question)) {
        let (kind, retry) = match code {
            404 => (ErrorKind::NotFound, Retry::Never),
            400 | 406 | 409 => (ErrorKind::Invalid, Retry::Never),
            429 | 500..=599 => (ErrorKind::Refused, Retry::Later),
            _ => (ErrorKind::Refused, Retry::Never),
        };
        let message = format!("{what}: WhatsApp answered {code}");
        return EngineError { code: Some(code), ..EngineError::new(kind, retry, message) };
    }
    if chain(error).any(is_gone) {
        return EngineError::new(
            ErrorKind::NotConnected,
            Retry::Later,
            format!("{what}: the link to WhatsApp is down"),
        );
    }
    if chain(error).any(|it| matches!(it.downcast_ref(), Some(IqError::Timeout))) {
        return EngineError::new(
            ErrorKind::Unconfirmed,
            Retry::Later,
            format!("{what}: WhatsApp did not answer in time"),
        );
    }
    EngineError::new(ErrorKind::Internal, Retry::Later, format!("{what}: {error}"))
}

/// An error and what it was caused by, outermost first.
pub(crate) fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |it: &&'a (dyn Error + 'static)| (*it).source())
}

/// The code with which WhatsApp refuses a question in JSON. The library has a type for that, but takes such an answer
/// for one that does not read, and then the code stands in the words alone.
fn refused_question(cause: &(dyn Error + 'static)) -> Option<u32> {
    if let Some(MexError::ExtensionError { code, .. }) = cause.downcast_ref() {
        return u32::try_from(*code).ok();
    }
    let words = cause.to_string();
    let (question, _) = words.strip_prefix("MEX fatal error (query=")?.split_once("): ")?;
    question.rsplit_once(", code=")?.1.parse().ok()
}

/// The HTTP status that a media host answered with, if that is what failed.
pub(crate) fn http_status(error: &anyhow::Error) -> Option<u16> {
    let error: &(dyn Error + 'static) = error.as_ref();
    error.http_status()
}

fn is_gone(cause: &(dyn Error + 'static)) -> bool {
    let by_client = matches!(
        cause.downcast_ref(),
        Some(ClientError::NotConnected | ClientError::NotLoggedIn | ClientError::Socket(_))
    );
    let by_request = matches!(
        cause.downcast_ref(),
        Some(IqError::NotConnected | IqError::Disconnected(_) | IqError::InternalChannelClosed | IqError::Socket(_))
    );
    by_client || by_request || matches!(cause.downcast_ref(), Some(SendError::NotLoggedIn))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_keeps_whatsapps_code_and_says_whether_to_try_again() {
        for (code, retry) in [(463, Retry::Never), (479, Retry::Never), (429, Retry::Later), (503, Retry::Later)] {
            let error = refused(code);
            assert_eq!((error.kind, error.retry, error.code), (ErrorKind::Refused, retry, Some(code)));
        }
    }

    #[test]
    fn failures_are_sorted_by_what_is_at_their_bottom() {
        let server = |code| IqError::ServerError { code, text: String::new(), error_type: None, backoff: None };
        for (error, kind) in [
            (SendError::Iq(server(404)), ErrorKind::NotFound),
            (SendError::Iq(server(403)), ErrorKind::Refused),
            (SendError::Iq(IqError::Timeout), ErrorKind::Unconfirmed),
            (SendError::Client(ClientError::NotConnected), ErrorKind::NotConnected),
            (SendError::NotLoggedIn, ErrorKind::NotConnected),
            (SendError::InvalidRequest("no".into()), ErrorKind::Invalid),
            (SendError::Internal(anyhow::anyhow!("?")), ErrorKind::Internal),
        ] {
            let text = error.to_string();
            assert_eq!(of_send(error).kind, kind, "{text}");
        }
    }

    #[test]
    fn a_refused_question_is_a_refusal_however_the_library_says_it() {
        for (code, kind) in [(403, ErrorKind::Refused), (404, ErrorKind::NotFound), (400, ErrorKind::Invalid)] {
            let words = anyhow::anyhow!("MEX fatal error (query=WAWebMexDeleteNewsletterJobMutation, code={code}): No");
            let typed = MexError::ExtensionError { code, message: "No".into() };
            for error in [MexError::Request(IqError::ParseError(words)), typed] {
                let error = of_request("It failed", error);
                assert_eq!((error.kind, error.code), (kind, u32::try_from(code).ok()));
            }
        }
        let unreadable = MexError::Request(IqError::ParseError(anyhow::anyhow!("Missing <result> node")));
        assert_eq!(of_request("It failed", unreadable).kind, ErrorKind::Internal);
    }
}
