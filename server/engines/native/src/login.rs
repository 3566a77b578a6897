//! Linking an account: QR codes come by themselves, a pairing code is asked for.

use std::{sync::Arc, time::Duration};

use openwa_model::{
    engine::{EngineError, ErrorKind, Retry},
    login::{LoginFlow, LoginStep},
};
use whatsapp_rust::pair_code::{PairCodeError, PairCodeOptions, PairCodeRejection, PairError};

use crate::link::Link;

/// How long the first code may take after the link is asked for.
const FIRST_CODE: Duration = Duration::from_secs(20);

/// What to do next to link an account.
pub(crate) async fn begin(link: &Arc<Link>, flow: LoginFlow) -> Result<LoginStep, EngineError> {
    if link.client.pn().is_some() {
        return Err(EngineError::new(ErrorKind::Invalid, Retry::Never, "An account is linked already"));
    }
    // WhatsApp takes requests for pairing codes only once it has sent its own codes.
    let shown = code_on_the_screen(link).await?;
    match flow {
        LoginFlow::Qr => Ok(shown),
        LoginFlow::PairingCode { number } => pairing_code(link, number).await,
    }
}

async fn code_on_the_screen(link: &Link) -> Result<LoginStep, EngineError> {
    let mut code = link.listener.code.subscribe();
    let shown = tokio::select! {
        shown = tokio::time::timeout(FIRST_CODE, code.wait_for(Option::is_some)) => shown,
        () = link.listener.ending.reached() => return Err(super::engine::not_connected()),
    };
    match shown {
        Ok(Ok(step)) => step.clone().ok_or_else(super::engine::not_connected),
        Ok(Err(_)) => Err(super::engine::not_connected()),
        Err(_) => Err(EngineError::new(ErrorKind::Unconfirmed, Retry::Later, "WhatsApp has sent no code yet")),
    }
}

async fn pairing_code(link: &Arc<Link>, number: String) -> Result<LoginStep, EngineError> {
    let options = || PairCodeOptions { phone_number: number.clone(), ..PairCodeOptions::default() };
    let mut asked = link.client.pair_with_code(options()).await;
    if let Err(PairError::PairCode(PairCodeError::CodeAlreadyOutstanding { .. })) = &asked {
        // Asked for again: the earlier code no longer counts.
        link.client.cancel_pair_code().await;
        asked = link.client.pair_with_code(options()).await;
    }
    let code = asked.map_err(refused)?;
    link.end_when_nobody_types();
    let expires_at = (link.listener.now)()
        .checked_add(whatsapp_rust::wacore::pair_code::PairCodeUtils::code_validity())
        .unwrap_or(openwa_model::Timestamp::MAX);
    Ok(LoginStep::PairingCode { code, expires_at })
}

fn refused(error: PairError) -> EngineError {
    use PairCodeError::{PhoneNumberNotInternational, PhoneNumberRequired, PhoneNumberTooShort};
    let (kind, retry, message) = match (&error, error.rejection()) {
        (PairError::PairCode(PhoneNumberRequired | PhoneNumberTooShort | PhoneNumberNotInternational), _) => {
            (ErrorKind::Invalid, Retry::Never, format!("WhatsApp cannot send a code to this number: {error}"))
        }
        (_, Some(rejection)) => {
            let (retry, why) = meaning(rejection);
            (ErrorKind::Refused, retry, format!("WhatsApp gives no pairing code: {why}"))
        }
        _ => (ErrorKind::Unconfirmed, Retry::Later, format!("WhatsApp gave no pairing code: {error}")),
    };
    EngineError::new(kind, retry, message).because(error)
}

fn meaning(rejection: PairCodeRejection) -> (Retry, &'static str) {
    match rejection {
        PairCodeRejection::BadRequest | PairCodeRejection::RateOverlimit => {
            (Retry::Later, "there were too many requests for this number; wait some minutes")
        }
        PairCodeRejection::Forbidden => (Retry::Never, "this number may not link devices"),
        PairCodeRejection::FeatureNotAvailable => (Retry::Never, "this account links by QR code only"),
        PairCodeRejection::InternalServerError | PairCodeRejection::Unknown(_) => {
            (Retry::Later, "it has trouble of its own; try again later")
        }
    }
}
